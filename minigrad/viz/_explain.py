"""`explain`: how a tensor was computed and what flows back, in words."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from minigrad._tensor.backward import run_backward
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.nn import Module
from minigrad.viz._graph import read
from minigrad.viz._markdown import markdown_of
from minigrad.viz._names import Named
from minigrad.viz._numbers import raw
from minigrad.viz._paths import Path, count_paths, paths_to
from minigrad.viz._recording import Recorder, Visit
from minigrad.viz._scene import Entry, Scene
from minigrad.viz._words import text_of

SHOWN_PATHS = 6


@dataclass
class Sum:
    """The gradient of one leaf, and the paths of which it is the sum."""

    leaf: Entry
    total: Any
    count: int
    paths: list[Path]


@dataclass
class Account:
    """All that there is to tell.

    Attributes:
        scene: the recorded program.
        gradient: what the walk starts with.
        visits: what the walk did; nothing where the graph was freed.
        sums: a sum over paths for each leaf that has a gradient; None where the scene is cut short.
        refusal: why no gradient flows, where none does.
    """

    scene: Scene
    gradient: Any
    visits: list[Visit]
    sums: list[Sum] | None
    refusal: str = ""


class Explanation:
    """The account of a tensor: printed and in a notebook it is text, for a document Markdown with LaTeX."""

    def __init__(self, account: Account) -> None:
        self._account = account

    @property
    def text(self) -> str:
        """For a terminal."""
        return text_of(self._account)

    @property
    def markdown(self) -> str:
        """For a document: Markdown with LaTeX between dollar signs."""
        return markdown_of(self._account)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """For a notebook: the text, for a page that is offline has nothing that sets LaTeX."""
        style = "white-space:pre-wrap;font-size:13px;line-height:1.5;background:none;color:inherit"
        return f'<pre style="{style}">{escape(self.text)}</pre>'


def explain(
    tensor: Tensor,
    gradient: Tensor | None = None,
    names: Named | None = None,
    params: Named | Module | None = None,
    *,
    max_nodes: int = 40,
) -> Explanation:
    """Tell in words how a tensor was computed, what flows back at each op, and along which paths.

    First the recorded program, line by line, with your own lines where they are known (inside
    `viz.watch()` or `detect_anomaly()`). Then backward, newest op first: each rule with the names and
    the numbers of your program. Last, for each leaf, the sum over all paths from
    the output to it, which is what a gradient is.

    The numbers are those of a real backward that keeps the graph and touches no `.grad`; hooks on the way
    run, as in any.

    Arguments:
        tensor: what to explain; it must have been recorded.
        gradient: what arrives at the tensor, of its shape; ones where it is left out.
        names: names of tensors, a dict or pairs. Left out, the variables of your program are asked.
        params: a model, or names and parameters. Left out, your variables are asked too.
        max_nodes: of a larger graph only the newest part is told.

    Raises:
        RuntimeError: where nothing was recorded.

    >>> import minigrad as torch
    >>> from minigrad import viz
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> y = x * x
    >>> print(viz.explain(y))
    y = 4, from 1 leaf by 1 op
    <BLANKLINE>
    FORWARD: the operations that were recorded
      x               2; leaf
      y = x * x       4; keeps x
    <BLANKLINE>
    BACKWARD: the newest operation first; g is the gradient that has arrived at it
      y = x * x       g = 1
        to x (1st)    g · x = 1 · 2 = 2
        to x (2nd)    g · x = 1 · 2 = 2, which makes 4
    <BLANKLINE>
    LEAVES: a gradient is the sum over all paths to the leaf
      x: 2 paths
        y → x (1st)   2
        y → x (2nd)   2
        together      4
    """
    scene = read("explain", tensor, names, params, max_nodes=max_nodes)
    if gradient is None:
        gradient = wrap(np.ones(tensor.shape, tensor.dtype), None)
    start = raw(gradient)
    if any(entry.freed for entry in scene.entries):
        return Explanation(Account(scene, start, [], [], "freed"))
    leaves = [entry for entry in scene.entries if entry.node is not None and entry.op is None]
    recorder = Recorder(scene)
    recorder.run(lambda: run_backward((tensor,), (gradient,), retain_graph=True))
    if scene.left_out:
        return Explanation(Account(scene, start, recorder.visits, None))
    arrived = {visit.entry: visit.g for visit in recorder.visits}
    counts = count_paths(scene)
    sums = [
        Sum(leaf, arrived[leaf], counts[leaf], paths_to(scene, leaf, start, SHOWN_PATHS))
        for leaf in leaves
        if leaf in arrived
    ]
    return Explanation(Account(scene, start, recorder.visits, sums))
