"""Pictures: curves (`plot`, the extra matplotlib) and recorded graphs (`graph`, the extra graphviz)."""

from minigrad.viz._graph import graph
from minigrad.viz._plot import plot

__all__ = ["graph", "plot"]
