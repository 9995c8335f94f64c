"""The parts of a graph: nodes, their edges, and the clock that orders them.

A recorded op makes one `Node`. The node takes the next tick of one clock, so inputs are always older than
outputs, and *a falling tick is a topological order* of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import count
from typing import Any

import numpy as np

from minigrad.ops.kernels import Shape
from minigrad.ops.op import Op

# (parent, rule, saved): the node that the gradient goes to, the rule that computes it, and the rule's values
# from the forward: one, or a tuple of any number. NO_EDGE marks an input that needs no gradient.
Edge = tuple[Any, Any, Any]
NO_EDGE: Edge = (None, None, None)

# Stands in the place of the first edge's saved values once a backward has let go of all of them.
FREED: Any = type("Freed", (), {"__repr__": lambda _: "FREED"})()

tick: Callable[[], int] = count(1).__next__


class Node:
    """A recorded op (or, with `op` None, a leaf): where a gradient stops on its way back.

    Attributes:
        tick: when it was recorded; every input is older.
        op: its record in the table of derivatives; None for a leaf.
        parent_a, saved_a: the edge to the first input: the input's node (None if it needs no gradient), and
            the values that the op's rule for it needs. A leaf's `saved_a` is a weak reference to its tensor.
        parent_b, saved_b: the same for the second input.
        further: the edges to all other inputs, linked: (parent, rule, saved, further), or (). An op that
            takes any number of inputs has all its edges here.
        shape, dtype: those of the output, hence of the gradient.
        exact: every rule returns the shape and dtype of its parent.
        watch: the user's attachments: a kept gradient, hooks. None for most nodes.

    The first two edges lie in the node itself: as tuples they would be three more objects for the garbage
    collector to go through. `edges` shows them as tuples.
    """

    __slots__ = (
        "__weakref__", "dtype", "exact", "further", "op", "parent_a", "parent_b", "saved_a", "saved_b",
        "shape", "tick", "watch",
    )  # fmt: skip
    tick: int
    op: Op | None
    parent_a: Node | None
    saved_a: Any
    parent_b: Node | None
    saved_b: Any
    further: tuple[Any, ...]
    shape: Shape
    dtype: np.dtype[Any]
    exact: bool
    watch: Watch | None

    @classmethod
    def make(cls, op: Op | None, edges: Sequence[Edge], shape: Shape, dtype: np.dtype[Any]) -> Node:
        """A new node with an edge for each input, in their order.

        There is no __init__: the shortcuts fill in a bare node, at half the price.
        """
        node = cls()
        node.tick, node.op, node.shape, node.dtype = tick(), op, shape, dtype
        node.exact, node.watch = False, None
        node.parent_a = node.parent_b = node.saved_a = node.saved_b = None
        if op is not None and not op.listed:
            node.parent_a, _, node.saved_a = edges[0]
            node.parent_b, _, node.saved_b = edges[1] if len(edges) > 1 else NO_EDGE
            edges = edges[2:]
        node.further = linked(edges)
        return node

    @property
    def edges(self) -> tuple[tuple[Any, ...] | None, ...] | None:
        """A tuple (parent, rule, *saved values) per input, None for an input that needs no gradient.

        The whole is None once a backward has freed its saved values, and () for a leaf.
        """
        op, further = self.op, self.further
        if op is None:
            return ()
        if self.freed:
            return None
        edges: list[Edge] = []
        if not op.listed:
            edges.append(NO_EDGE if self.parent_a is None else (self.parent_a, op.rule_a, self.saved_a))
            edges.append(NO_EDGE if self.parent_b is None else (self.parent_b, op.rule_b, self.saved_b))
        while further:
            parent, rule, saved, further = further
            edges.append((parent, rule, saved))
        if not op.listed:
            edges = [*edges, *[NO_EDGE] * len(op.inputs)][: len(op.inputs)]
        return tuple([laid_out(edge) for edge in edges])

    @property
    def freed(self) -> bool:
        """True if a backward has let go of its saved values; its links to other nodes stay, as in PyTorch."""
        return self.saved_a is FREED

    def parents(self) -> list[Node]:
        """The nodes to which its gradients go: none for a leaf, and none once it is freed."""
        found: list[Node] = []
        further = self.further
        if self.saved_a is FREED:
            return found
        if self.parent_a is not None:
            found.append(self.parent_a)
        if self.parent_b is not None:
            found.append(self.parent_b)
        while further:
            parent, _, _, further = further
            if parent is not None:
                found.append(parent)
        return found

    def name(self) -> str:
        """PyTorch's name for it: `TanhBackward0`, and `AccumulateGrad` for a leaf."""
        names = import_module("minigrad.engine.names")
        name: str = names.name_of(self)
        return name

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes to which its gradients go, as PyTorch gives them: also after a backward has freed it.

        >>> import minigrad as torch
        >>> x = torch.ones(1, requires_grad=True)
        >>> [(node.name(), place) for node, place in (x * x).grad_fn.next_functions]
        [('AccumulateGrad', 0), ('AccumulateGrad', 0)]
        """
        op, further = self.op, self.further
        if op is None:
            return ()
        found = [] if op.listed else [self.parent_a, self.parent_b]
        while further:
            parent, _, _, further = further
            found.append(parent)
        if not op.listed:
            found = [*found, *[None] * len(op.inputs)][: len(op.inputs)]
        return tuple((parent, 0) for parent in found)

    @property
    def variable(self) -> Any:
        """The tensor of a leaf, as PyTorch's AccumulateGrad nodes have it; None once the tensor is gone.

        Raises:
            AttributeError: for the node of an op.
        """
        if self.op is not None:
            raise AttributeError(f"{self.name()} has no variable: only the nodes of leaves have one")
        return None if self.saved_a is None else self.saved_a()

    def register_hook(self, fn: Any) -> Any:
        """Refuse: hooks of nodes are not covered, those of tensors are."""
        raise NotImplementedError(
            "minigrad has no hooks of nodes; use register_hook() of the tensor, which sees and may replace "
            "its gradient, or register_full_backward_hook() of a module"
        )

    register_prehook = register_hook

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for whatever a program wants to note about the node."""
        watch = self.watched()
        if watch.metadata is None:
            watch.metadata = {}
        return watch.metadata

    def resize(self, shape: Shape, dtype: np.dtype[Any]) -> None:
        """Take on the shape and dtype of a leaf's new data."""
        if self.shape != shape or self.dtype != dtype:
            self.shape, self.dtype = shape, dtype
            self.watched().resized = True

    def watched(self) -> Watch:
        """Its `watch`, made where there is none."""
        if self.watch is None:
            self.watch = Watch()
        return self.watch

    def __repr__(self) -> str:
        return f"<{self.name()} shape={tuple(self.shape)} tick={self.tick}>"


def linked(edges: Sequence[Edge]) -> Any:
    """Edges as `Node.further` keeps them: each with those that follow it."""
    further: Any = ()
    for edge in reversed(edges):
        further = (*edge, further)
    return further


def bare(further: tuple[Any, ...]) -> Any:
    """The edges of `Node.further` without rules and saved values: links to nodes alone."""
    parents = []
    while further:
        parent, _, _, further = further
        parents.append(parent)
    return linked([(parent, None, None) for parent in parents])


def laid_out(edge: Edge) -> tuple[Any, ...] | None:
    """An edge as `Node.edges` shows it: (parent, rule, *saved values), or None."""
    parent, rule, saved = edge
    if parent is None:
        return None
    return (parent, rule, *saved) if type(saved) is tuple else edge


class Watch:
    """The things that a user attached to a node.

    Attributes:
        grad: the kept gradient: None, a tensor, or an array for which nobody has asked yet.
        keep: whether a non-leaf keeps its gradient.
        hooks: functions that see the gradient on its way, and may replace it.
        after: functions that run once a leaf's `.grad` is complete.
        resized: a leaf's data has been replaced by data of another shape or dtype.
        line: the user's source line, where `autograd.detect_anomaly()` or `viz.watch()` noted it.
        seen: the note of `viz.watch()` on the call.
        metadata: a program's own notes; None where there are none.
    """

    __slots__ = ("after", "grad", "hooks", "keep", "line", "metadata", "resized", "seen")

    def __init__(self) -> None:
        self.grad: Any = None
        self.keep = False
        self.hooks: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[], Any]] = {}
        self.resized = False
        self.line = ""
        self.seen: Any = None
        self.metadata: dict[Any, Any] | None = None
