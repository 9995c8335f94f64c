"""Reverse mode, all of it: what a graph is made of, and the walk that differentiates it.

A recorded op makes one `Node`. The node takes the next tick of one clock, so inputs are always older
than outputs and *decreasing tick is a topological order*: of the nodes whose gradient waits, `backward`
takes the newest, whose gradient must be complete, and sends it on to the parents. There is no recursion,
so a chain of a million ops is no special case.

The same clock catches in-place writes. A write stamps the written buffer with the next tick; a saved
array whose buffer was written after its node was made no longer holds what the derivative needs.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np

from . import _messages as messages
from ._array import Array, Shape, cast, unbroadcast
from ._op import Op

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

# Per thread, and per asyncio task. (Reading a ContextVar takes a third of the time of a threading.local.)
_recording: ContextVar[Any] = ContextVar("recording", default=True)
_observer: ContextVar[Any] = ContextVar("observer", default=None)
recording, set_recording = _recording.get, _recording.set  # `mode.recording`, for the path of every op


class _Mode:
    """What is recorded, and who looks on; each thread has its own.

    Attributes:
        recording: False records nothing, True records; a function records and is called as
            recording(node, inputs, out) for each new node.
        observer: None, or an object whose `arrive(node, g)` (after the node's hooks), `send(node, edge, d)`
            (for each edge that is walked, in order) and `leave(node, freed)` the walk calls: backward as it
            really happens.
    """

    @property
    def recording(self) -> Any:
        return _recording.get()

    @recording.setter
    def recording(self, value: Any) -> None:
        _recording.set(value)

    @property
    def observer(self) -> Any:
        return _observer.get()

    @observer.setter
    def observer(self, value: Any) -> None:
        _observer.set(value)


mode = _Mode()


def run_user(function: Callable[..., Any], *args: Any, record: bool) -> Any:
    """Call a hook, or a Function's backward: what it computes is recorded for a higher derivative only."""
    before = recording()
    set_recording(before and record)
    try:
        return function(*args)
    finally:
        set_recording(before)


class _Writes:
    """The tick of the latest in-place write, and of each written buffer's latest."""

    def __init__(self) -> None:
        self.latest = 0
        # By the id of the array that owns the memory: the tick, and what watches its end.
        self.stamps: dict[int, list[Any]] = {}

    def stamp(self, array: Array) -> None:
        self.put(array, self.begin())

    def begin(self) -> int:
        """The tick of a write, of which `put` tells the arrays."""
        self.latest = now = tick()
        return now

    def put(self, array: Array, now: int) -> None:
        owner = _owner(array)
        key = id(owner)
        known = self.stamps.get(key)
        if known is not None:
            known[0] = now
        else:
            self.stamps[key] = [now, weakref.ref(owner, lambda _: self.stamps.pop(key, None))]

    def of(self, array: Array) -> int:
        known = self.stamps.get(id(_owner(array)))
        return known[0] if known else 0


def _owner(array: Array) -> Array:
    while isinstance(base := getattr(array, "base", None), np.ndarray):
        array = base
    return array


writes = _Writes()


@np.errstate(all="ignore")  # cheaper as a decorator than as a context
def backward(
    roots: Sequence[tuple[Node, Any]],
    targets: Iterable[Node] | None,
    retain: bool,
    create: bool,
    deposit: Callable[[list[tuple[Node, Any]], list[tuple[Node, Any]]], None],
    wrap: Callable[[Any, Node | None], Any],
) -> None:
    """Walk from `roots` to the leaves, newest node first, then hand the gradients to `deposit`.

    Arguments:
        roots: where to start, and the gradient that arrives there.
        retain: keep what the nodes saved, so that the graph can be walked again.
        deposit: called once, as deposit(results, kept), lists of (node, gradient): of the leaves, or of the
            targets, and of the nodes that retain theirs. An ndarray that is no view is held by nobody else.
        wrap: makes a Tensor of (array, node).
        create: run the rules on Tensors instead of raw arrays, so that they are themselves recorded:
            that is all there is to higher derivatives.
        targets: walk only towards these nodes, and deposit only theirs.

    Raises:
        RuntimeError: when a node on the way has been freed, or a saved value was written since.
    """
    goals = set(targets or ())
    wanted = None if targets is None else _leading_to(goals, [root for root, _ in roots])
    observer = _observer.get()
    special = observer is not None or wanted is not None
    # Gradients in flight belong to this call, so an interrupted backward leaves nothing to the next.
    # The first to arrive is borrowed (`add` hands one array to both parents), the second makes a new
    # array, which is ours, and later ones are added to that in place.
    arrived: dict[Node, Any] = {}
    ours: set[Node] = set()
    waiting: list[tuple[int, Node]] = []  # a heap, newest first, of the nodes between roots and leaves
    results: list[tuple[Node, Any]] = []
    kept: list[tuple[Node, Any]] = []

    for root, g in roots:
        if wanted is not None and root not in wanted:
            continue
        if root in arrived:
            arrived[root] = arrived[root] + g
        elif root.op is not None:
            arrived[root] = g
            heappush(waiting, (-root.tick, root))
        else:
            arrived[root] = g if create else np.array(g)  # a leaf keeps what it gets
    while waiting:
        # Whoever could still send it a gradient is newer, and the newest has had its turn: it is complete.
        node = heappop(waiting)[1]
        g = arrived.pop(node)
        if special or node.watch is not None:
            g = _arrive(node, g, create, wrap, observer)
            if node.watch is not None and node.watch.keep:
                kept.append((node, g if create else np.array(g)))
            elif node in goals:
                results.append((node, g if create else np.array(g)))
            if wanted is not None and node in goals and wanted.isdisjoint(node.parents()):
                continue  # a goal behind which there is no other: it stays as it is
        parent, second, more = node.a, node.b, node.more
        if parent is None and second is None and not more:
            raise RuntimeError(messages.freed(node))
        if node.tick < writes.latest:
            _refuse_stale(node)
        op: Any = node.op
        aligned = node.aligned
        rule: Any
        if create:
            parent = second = None
            more = _with_tensors(node, wrap)
        elif parent is not None:
            rule, saved = op.rule_a, node.saved_a
        while True:  # for each edge: the first, the second, and more
            if parent is not None and (wanted is None or parent in wanted):
                if type(saved) is not tuple:
                    d = rule(g, saved)
                elif saved:
                    d = rule(g, *saved)
                else:  # with nothing to unpack, this is the sooner call
                    d = rule(g)
                if not aligned and d is not None and (d.shape != parent.shape or d.dtype is not parent.dtype):
                    d = _fitted(d, parent)
                if observer is not None and d is not None:
                    observer.send(node, laid_out((parent, rule, saved)), d)
                if d is None:  # a Function's backward may say so
                    pass
                elif parent not in arrived:
                    if parent.op is not None:
                        heappush(waiting, (-parent.tick, parent))
                    # A leaf keeps what it gets. What a rule makes is new, unless it passed on `g` itself, or
                    # a view. (A rule is linear in g, so it cannot return a saved value as it is.)
                    elif d is g and not create:
                        d = d.copy()
                    arrived[parent] = d
                elif parent in ours:
                    arrived[parent] += d
                else:
                    arrived[parent] = arrived[parent] + d
                    if not create:
                        ours.add(parent)
                d = None  # where it was added, its memory is free for the next rule
            if second is not None:
                parent, rule, saved = second, op.rule_b, node.saved_b
                second = None
            elif more:
                parent, rule, saved, more = more
            else:
                break
        if not retain:
            node.a = node.b = node.saved_a = node.saved_b = None
            node.more = ()
        if observer is not None:
            observer.leave(node, not retain)
    if special or ever.leaf_hooked or ever.leaf_resized:
        for leaf, g in arrived.items():
            if g.shape != leaf.shape or g.dtype is not leaf.dtype:
                g = _fitted(g, leaf)  # noqa: PLW2901
            g = _arrive(leaf, g, create, wrap, observer)  # noqa: PLW2901
            results.append((leaf, g))
    else:
        results += arrived.items()
    deposit(results, kept)


def _arrive(node: Node, g: Any, create: bool, wrap: Callable[[Any, Node | None], Any], observer: Any) -> Any:
    """A gradient is complete: hooks may replace it, and the observer sees it."""
    if node.watch is not None and node.watch.hooks:
        g = _run_hooks(node, g, create, wrap)
    if observer is not None:
        observer.arrive(node, g)
    return g


def _fitted(d: Any, parent: Node) -> Any:
    """A gradient in the shape and dtype of the value that it belongs to."""
    if d.shape != parent.shape:
        d = unbroadcast(d, parent.shape)
    return d if d.dtype is parent.dtype or d.dtype == parent.dtype else cast(d, parent.dtype)


def _leading_to(goals: set[Node], roots: Sequence[Node]) -> set[Node]:
    """The nodes behind `roots` from which a goal can be reached, goals included.

    What was freed is refused, unless it is no younger than all goals: then none lies behind it.
    """
    since = min((goal.tick for goal in goals), default=0)
    seen = set(roots)
    stack = list(seen)
    while stack:
        node = stack.pop()
        parents = node.parents()
        if not parents and node.op is not None and node.tick > since:
            raise RuntimeError(messages.freed(node))
        for parent in parents:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    found: set[Node] = set()
    for node in sorted(seen, key=lambda node: node.tick):  # parents before their users
        if node in goals or not found.isdisjoint(node.parents()):
            found.add(node)
    return found


def _with_tensors(node: Node, wrap: Callable[[Any, Node | None], Any]) -> Any:
    """The edges with their saved inputs and outputs as Tensors that know their place in the graph.

    A saved output is kept as a raw array (a Tensor would hold the node that holds it: a cycle), and a
    saved input's node is the parent of that input's own edge. So the Tensors can be remade here.
    """
    op, edges = node.op, node.edges
    assert op is not None
    assert edges is not None
    if op.once:
        raise NotImplementedError(messages.once(node))

    def remake(name: str, value: Any) -> Any:
        if name == "out":
            return wrap(value, node)
        if name not in op.inputs:
            return value
        if op.variadic:
            return tuple(wrap(v, e[0]) if e else v for v, e in zip(value, edges, strict=True))
        edge = edges[op.inputs.index(name)]
        return wrap(value, edge[0]) if edge else value

    def with_tensors(position: int, edge: tuple[Any, ...] | None) -> Edge:
        if edge is None:
            return NO_EDGE
        parent, rule, *saved = edge
        if op.needs:  # a Function's rules make their own Tensors
            needs = op.needs[op.inputs[0 if op.variadic else position]]
            saved = [remake(n, v) for n, v in zip(needs, saved, strict=True)]
        return parent, rule, tuple(saved)

    return linked([with_tensors(position, edge) for position, edge in enumerate(edges)])


def _run_hooks(node: Node, g: Any, create: bool, wrap: Callable[[Any, Node | None], Any]) -> Any:
    """Pass the gradient through the user's hooks, in the order of their registration.

    They get a copy: `g` may be the user's array, or on its way to another node too (`add` hands one array
    to both parents), and a hook may write to what it sees.
    """
    assert node.watch is not None
    seen = wrap(g._array.copy(), g._node) if create else wrap(np.array(g), None)
    for hook in tuple(node.watch.hooks.values()):
        replaced = run_user(hook, seen, record=create)
        if replaced is None:
            continue
        if not hasattr(replaced, "_array") or replaced.shape != node.shape or replaced.dtype != node.dtype:
            raise RuntimeError(messages.hook_result(node, replaced))
        seen = replaced
    return seen if create else seen._array.copy()  # the hook may have kept what it saw


def _refuse_stale(node: Node) -> None:
    """Raise if anything that the node saved was written after the node was recorded."""
    for edge in node.edges or ():
        for value in edge[2:] if edge else ():
            for array in value if isinstance(value, tuple) else (value,):
                if isinstance(array, np.ndarray) and writes.of(array) > node.tick:
                    raise RuntimeError(messages.stale(node, array))
