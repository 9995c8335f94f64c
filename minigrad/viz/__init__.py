"""Pictures and explanations: the recorded graph, backward step by step, curves of what was learnt."""

from __future__ import annotations

from minigrad.viz._activation import activation
from minigrad.viz._explain import explain
from minigrad.viz._graph import graph
from minigrad.viz._histograms import histograms, layers
from minigrad.viz._landscape import landscape
from minigrad.viz._player import player
from minigrad.viz._plot import plot
from minigrad.viz._watch import watch

__all__ = [
    # what was recorded
    "graph",
    "explain",
    "player",
    "watch",
    # curves
    "plot",
    "activation",
    "landscape",
    "histograms",
    "layers",
]
