"""What a graph is made of: nodes, their edges, and the clock that orders them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np

from minigrad.ops.kernels import Shape
from minigrad.ops.op import Op

# (parent, rule, saved): where a gradient goes, by which rule, and what the rule needs to know of the forward:
# one value, or a tuple of none or several. An input that needs no gradient has the edge of Nones.
Edge = tuple[Any, Any, Any]
NO_EDGE: Edge = (None, None, None)

tick: Callable[[], int] = count(1).__next__


class Node:
    """A recorded op (or, with `op` None, a leaf): where a gradient stops on its way back.

    Attributes:
        tick: when it was recorded; every input is older.
        op: its record in the table of derivatives; None for a leaf.
        edges: a tuple (parent, rule, *saved values) per input, None in the place of an input that
            needs no gradient; the whole is None once a backward has freed it. This is the form to look at.
        a, saved_a, b, saved_b: the same as it is kept, of the first two inputs: the parent, or None, and
            what the op's rule for it needs. They lie in the node itself: tuples would be three more objects
            for the garbage collector to go through.
        more: of further inputs, or of all if an op takes any number: (parent, rule, saved, more), or ().
        shape, dtype: those of the output, hence of the gradient.
        aligned: what a rule returns has its parent's shape and dtype; so where the op acts on each element
            alone, and every parent has this shape and dtype.
        watch: what the user attached: gradient, hooks. None for most nodes.
    """

    __slots__ = (
        "__weakref__", "a", "aligned", "b", "dtype", "more", "op", "saved_a", "saved_b", "shape", "tick",
        "watch",
    )  # fmt: skip
    tick: int
    op: Op | None
    a: Node | None
    b: Node | None
    saved_a: Any
    saved_b: Any
    more: tuple[Any, ...]
    shape: Shape
    dtype: np.dtype[Any]
    watch: Watch | None
    aligned: bool

    @classmethod
    def make(cls, op: Op | None, edges: Sequence[Edge], shape: Shape, dtype: np.dtype[Any]) -> Node:
        """A new node, of edges for its inputs in their order.

        There is no __init__, so that the calls that know their edges get the bare class at half the price.
        """
        node = cls()
        node.tick, node.op, node.shape, node.dtype = tick(), op, shape, dtype
        node.watch, node.aligned = None, False
        if op is None or op.listed:
            node.a = node.b = None
        else:
            node.a, _, node.saved_a = edges[0]
            node.b, _, node.saved_b = edges[1] if len(edges) > 1 else NO_EDGE
            edges = edges[2:]
        node.more = linked(edges) if edges else ()
        return node

    @property
    def edges(self) -> tuple[tuple[Any, ...] | None, ...] | None:
        op, more = self.op, self.more
        if op is None:
            return ()
        if self.a is None and self.b is None and not more:
            return None
        edges: list[Edge] = []
        if not op.listed:
            edges.append(NO_EDGE if self.a is None else (self.a, op.rule_a, self.saved_a))
            edges.append(NO_EDGE if self.b is None else (self.b, op.rule_b, self.saved_b))
        while more:
            parent, rule, saved, more = more
            edges.append((parent, rule, saved))
        if not op.listed:
            edges = [*edges, *[NO_EDGE] * len(op.inputs)][: len(op.inputs)]
        return tuple([laid_out(edge) for edge in edges])

    def parents(self) -> list[Node]:
        """The nodes its gradients go to: none of a leaf, and none once a backward has freed it."""
        found, more = [], self.more
        if self.a is not None:
            found.append(self.a)
        if self.b is not None:
            found.append(self.b)
        while more:
            parent, _, _, more = more
            if parent is not None:
                found.append(parent)
        return found

    def name(self) -> str:
        """PyTorch's name for it: `TanhBackward0`, `AccumulateGrad` for a leaf."""
        if self.op is None:
            return "AccumulateGrad"
        return "".join(part.capitalize() for part in self.op.name.split("_")) + "Backward0"

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes its gradients go to, as PyTorch gives them."""
        return tuple((edge[0] if edge else None, 0) for edge in self.edges or ())

    def resize(self, shape: Shape, dtype: np.dtype[Any]) -> None:
        """Take on the shape and dtype of a leaf's new data."""
        if self.shape != shape or self.dtype != dtype:
            self.shape, self.dtype, ever.leaf_resized = shape, dtype, True

    def watched(self) -> Watch:
        if self.watch is None:
            self.watch = Watch()
        return self.watch

    def hooks(self) -> dict[int, Callable[[Any], Any]]:
        """Its table of hooks, for a new one."""
        ever.leaf_hooked = ever.leaf_hooked or self.op is None
        return self.watched().hooks

    def __repr__(self) -> str:
        return f"<{self.name()} shape={self.shape} tick={self.tick}>"


def linked(edges: Sequence[Edge]) -> Any:
    """Edges as `Node.more` keeps them: each with those that follow it."""
    more: Any = ()
    for edge in reversed(edges):
        more = (*edge, more)
    return more


def laid_out(edge: Edge) -> tuple[Any, ...] | None:
    """An edge as `Node.edges` shows it: (parent, rule, *saved values), or None."""
    parent, rule, saved = edge
    if parent is None:
        return None
    return (parent, rule, *saved) if type(saved) is tuple else edge


class Watch:
    """What a user attached to a node: its gradient when kept, and hooks.

    `grad` is a tensor, or an array for which nobody has asked yet. `hooks` see the gradient on its way and
    may replace it; `after` run once a leaf's `.grad` is complete. `line` is the user's source line, known
    where `autograd.detect_anomaly()` recorded it; `seen` is what `viz.watch()` noted of the call.
    """

    __slots__ = ("after", "grad", "hooks", "keep", "line", "seen")

    def __init__(self) -> None:
        self.grad: Any = None
        self.keep = False
        self.hooks: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[], Any]] = {}
        self.line = ""
        self.seen: Any = None


class _Ever:
    """Whether something rare has happened, for which every backward must look out from then on."""

    leaf_resized = False  # a leaf got `.data` of another shape or dtype
    leaf_hooked = False  # a leaf got a hook


ever = _Ever()
