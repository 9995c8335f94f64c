"""`graph`: a picture of the recorded graph, the one that `backward` walks."""

from __future__ import annotations

import re
import textwrap
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.nn import Module
from minigrad.viz._boxes import Box, Fold, boxes_of, folded
from minigrad.viz._cards import FONT, KINDS, SIGNS, SMALL, THEMES, Theme, card, legend, module_card, plain
from minigrad.viz._names import Named, Names
from minigrad.viz._numbers import strip
from minigrad.viz._rules import form_of, formula_of, rule_of
from minigrad.viz._scene import Entry, Operand, Scene, known_of, names_of
from minigrad.viz._written import written

if TYPE_CHECKING:
    import graphviz

_SIZE = re.compile(r'width="([\d.]+)pt" height="[\d.]+pt"')
ADVICE = (
    "graph: drawing needs the program dot, of the system package graphviz: "
    "apt install graphviz, or brew install graphviz. Without it, .source holds the picture's text, "
    "and minigrad.explain(tensor) tells the same in words."
)


def graph(
    tensor: Tensor,
    names: Named | None = None,
    params: Named | Module | None = None,
    max_nodes: int = 500,
    *,
    depth: int | None = None,
    fold: Fold = False,
    direction: str = "forward",
    theme: str = "light",
) -> graphviz.Digraph:
    """Draw how a tensor was computed: leaves, recorded ops, and which operand each value became.

    Each op stands once, with the tensor that it made: shape, dtype and values. Small tensors show numbers,
    large ones a strip (the upper row above 0, the lower below, darker for more). Below stand its gradient, if
    it has one, and the values that it saves for backward. A backward may have freed them; the graph behind is
    then gone. Each operand of an op has its place, so `x * x` shows two arrows. In an SVG the pointer shows
    the derivative. Values are known where a derivative keeps them, where a variable holds them, and for all
    ops inside `watch()`. Looking changes nothing.

    Arguments:
        tensor: what to draw; it must have been recorded.
        names: names of tensors, a dict or pairs. Left out, the variables of your program are asked.
        params: a model, or names and parameters as `model.named_parameters()` gives them; a box is drawn
            around what a module did. Left out, your variables are asked too.
        max_nodes: beyond it the newest are drawn, and one node says how many more there are.
        depth: draw only what lies so many steps back.
        fold: True draws each of the innermost modules (a `Linear`, ...) as one node; a path or a class name,
            or several, folds those. The ops of a module are known exactly inside `watch(model)`;
            otherwise an op belongs to the module whose parameters it uses.
        direction: "forward" has arrows as values flow, "backward" as gradients do, with each op's rules.
        theme: "light" or "dark".

    The picture is a `graphviz.Digraph`: a notebook shows it, `render("name", format="svg")` writes it
    (both run the program `dot`), and `source` is its text.

    Raises:
        RuntimeError: where nothing was recorded.
        ImportError: where the Python package graphviz is missing.
        graphviz.ExecutableNotFound: from `render`, where the program `dot` is missing.

    >>> import minigrad as torch
    >>> from minigrad.viz import graph
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> picture = graph((x * x).sum())
    >>> picture.source.count("->")
    3
    """
    scene = read("graph", tensor, names, params, depth, max_nodes)
    if direction not in ("forward", "backward"):
        raise ValueError(f"graph: direction is 'forward' or 'backward', not {direction!r}")
    if theme not in THEMES:
        raise ValueError(f"graph: theme is 'light' or 'dark', not {theme!r}")
    boxes = boxes_of(scene)
    picture = _Picture(scene, boxes, folded("graph", boxes, fold), THEMES[theme], direction == "backward")
    return picture.draw(_digraph_class())


def read(
    what: str, tensor: Any, names: Any, params: Any, depth: int | None = None, max_nodes: int | None = None
) -> Scene:
    """The scene behind a tensor, or the error that says why there is none."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{what}: shows the graph behind a tensor, not a {type(tensor).__name__}")
    if max_nodes is not None and max_nodes < 1:
        raise ValueError(f"{what}: max_nodes is {max_nodes}; it must be at least 1")
    if depth is not None and depth < 0:
        raise ValueError(f"{what}: depth is {depth}; it must be at least 0")
    if not tensor.requires_grad:
        raise RuntimeError(
            f"{what}: nothing is recorded behind this tensor: no input required grad, "
            "or it was detached or built under no_grad()."
        )
    return Scene(tensor, Names(names, params), depth=depth, max_nodes=max_nodes)


class _Picture:
    """A scene on its way to a Digraph."""

    def __init__(
        self,
        scene: Scene,
        boxes: dict[Entry, tuple[Box, ...]],
        inside: dict[Entry, Box],
        theme: Theme,
        backward: bool,
    ) -> None:
        self.scene, self.boxes, self.inside, self.theme, self.backward = scene, boxes, inside, theme, backward
        self.number = {entry: f"n{i}" for i, entry in enumerate(reversed(scene.entries))}
        for box in dict.fromkeys(inside.values()):
            first = min(self.number[entry] for entry in inside if inside[entry] == box)
            self.number |= {entry: f"m{first[1:]}" for entry in inside if inside[entry] == box}

    def draw(self, kind: Any) -> Any:
        theme = self.theme
        picture = kind(
            graph_attr={
                "rankdir": "LR", "bgcolor": theme.ground, "nodesep": "0.22", "ranksep": "0.4", "pad": "0.15",
                "fontname": FONT, "fontsize": "10", "fontcolor": theme.quiet,
                "label": legend(self._kinds(), theme), "labelloc": "b", "labeljust": "l",
            },
            node_attr={"shape": "plain", "fontname": FONT, "fontsize": "12", "fontcolor": theme.text},
            edge_attr={
                "color": theme.quiet, "arrowsize": "0.6", "penwidth": "1.1", "fontname": FONT,
                "fontsize": "9", "fontcolor": theme.gradient,
            },
        )  # fmt: skip
        self._nodes(picture)
        if self.scene.left_out:
            text = f"and {self.scene.left_out:,} more"
            picture.node(
                "more", text, shape="box", style="dashed,rounded", color=theme.quiet, fontcolor=theme.quiet
            )
        self._edges(picture)
        return picture

    def _kinds(self) -> list[str]:
        """The kinds of boxes that are drawn, in the order of the legend."""
        alone = [entry for entry in self.scene.entries if entry not in self.inside]
        found = {"output" if e is self.scene.root and e.op else "freed" if e.freed else e.kind for e in alone}
        found |= {"module"} if self.inside else set()
        operands = [(entry, operand) for entry in alone for operand in entry.operands]
        if any(o.source is None or o.edge is None for _, o in operands if o.source or o.edge):
            found.add("dashed")
        found |= {"dotted" for entry in self.scene.entries if isinstance(entry.detached, Entry)}
        found |= {"gradient" for entry in self.scene.entries if entry.grad is not None}
        values = [value for entry in alone for value in (entry.value, entry.grad) if value is not None]
        found |= {"bars" for value in values if np.size(value) > SMALL and strip(value)}
        found |= {"gradient"} if self.backward else set()
        return [kind for kind in (*KINDS, *SIGNS) if kind in found]

    def _nodes(self, picture: Any) -> None:
        """Each box with its content; what stands in no box first."""
        tree: dict[Any, Any] = {}
        for entry in self.scene.entries:
            place = tree
            for box in self.boxes.get(entry, ()):
                if box == self.inside.get(entry):
                    break
                place = place.setdefault(box, {})
            place.setdefault(None, []).append(entry)
        self._fill(picture, tree)

    def _fill(self, picture: Any, tree: dict[Any, Any]) -> None:
        drawn: set[str] = set()
        for entry in tree.get(None, ()):
            if self.number[entry] in drawn:
                continue
            drawn.add(self.number[entry])
            picture.node(self.number[entry], self._label(entry), tooltip=_tooltip(entry))
        for box in sorted((box for box in tree if box is not None), key=attrgetter("number")):
            with picture.subgraph(name=f"cluster_{box.path}_{box.number}") as cluster:
                cluster.attr(
                    label=box.title, style="rounded", color=self.theme.box, labeljust="l", tooltip=box.options
                )
                self._fill(cluster, tree[box])

    def _label(self, entry: Entry) -> str:
        box = self.inside.get(entry)
        if box is None:
            return card(
                entry, self.theme, root=entry is self.scene.root, ports="right" if self.backward else "left"
            )
        return module_card(box, [e for e in self.inside if self.inside[e] == box], self.theme)

    def _edges(self, picture: Any) -> None:
        drawn = set()
        modules = {self.number[entry] for entry in self.inside}
        for entry in self.scene.entries:
            several = len(entry.operands) > 1 and entry not in self.inside
            for operand in entry.operands:
                tail = self.number[operand.source] if operand.source is not None else "more"
                head = self.number[entry]
                if (operand.source is None and operand.edge is None) or tail == head:
                    continue
                if head in modules and (tail, head) in drawn:
                    continue
                drawn.add((tail, head))
                port = f":i{operand.place}" if several else ""
                how = {} if operand.edge is not None and operand.source is not None else {"style": "dashed"}
                if not self.backward:
                    picture.edge(tail, f"{head}{port}:w" if port else head, **how)
                elif operand.edge is not None:
                    rule = {"label": _rule(entry, operand)} if entry not in self.inside else {}
                    picture.edge(f"{head}{port}:e" if port else head, tail, **how, **rule)
                else:  # no gradient flows to a constant
                    picture.edge(f"{head}{port}:e" if port else head, tail, dir="none", **how)
            if isinstance(entry.detached, Entry):
                picture.edge(self.number[entry.detached], self.number[entry], style="dotted", dir="none")


def _rule(entry: Entry, operand: Operand) -> str:
    found = rule_of(entry.op, operand.place) if entry.op is not None else None
    text = (
        written(form_of(entry.op, found[0], known_of(entry)), names_of(entry)) if entry.op and found else ""
    )
    lines = textwrap.wrap(text, 28, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f" {line} " for line in lines)


def _tooltip(entry: Entry) -> str:
    if entry.op is not None:
        return (
            plain(formula_of(entry) or entry.call)
            .replace("\\", "\N{SET MINUS}")
            .replace('"', "\N{DOUBLE PRIME}")
        )
    if entry.kind == "constant":
        return "constant: no gradient flows here"
    if entry.kind == "operand":
        return "a backward has freed the edge that led here"
    return "leaf: its gradient is in .grad"


def _digraph_class() -> type[graphviz.Digraph]:
    try:
        import graphviz
    except ImportError as error:
        raise ImportError("graph draws with the Python package graphviz: pip install graphviz") from error

    class Digraph(graphviz.Digraph):  # type: ignore[misc]
        """A graphviz.Digraph that says which system package holds the program it needs."""

        def __repr__(self) -> str:
            drawn = sum("->" not in line for line in self.body if "[label=" in line)
            return (
                f"<Digraph of {drawn} nodes: a notebook shows it, render(...) draws it, .source is its text>"
            )

        def render(self, *args: Any, **kwargs: Any) -> str:
            try:
                written = str(super().render(*args, **kwargs))
            except graphviz.ExecutableNotFound as error:
                raise _with_advice(error) from None
            if written.endswith(".svg"):
                path = Path(written)
                path.write_text(_scaled(path.read_text(encoding="utf-8")), encoding="utf-8")
            return written

        def pipe(self, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().pipe(*args, **kwargs)
            except graphviz.ExecutableNotFound as error:
                raise _with_advice(error) from None

        def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
            """The form for a notebook: the picture, or its text and the advice where there is no `dot`."""
            try:
                shown = super()._repr_mimebundle_(*args, **kwargs)
            except graphviz.ExecutableNotFound:
                return {"text/plain": f"{ADVICE}\n\n{self.source}"}
            return {kind: _scaled(text) if "svg" in kind else text for kind, text in shown.items()}

    return Digraph


def _scaled(svg: str) -> str:
    """An SVG that shrinks to the width of its page, and never grows beyond its own."""
    return _SIZE.sub(r'width="100%" style="max-width:\1pt;height:auto"', svg, count=1)


def _with_advice(error: Exception) -> Exception:
    error.args = (ADVICE,)
    return error
