"""Reverse mode, all of it: what a graph is made of, and the walk that differentiates it.

A recorded op makes one `Node`. The node takes the next tick of one clock, so inputs are always older
than outputs and *decreasing tick is a topological order*: of the nodes whose gradient waits, `backward`
takes the newest, whose gradient must be complete, and sends it on to the parents. There is no recursion,
so a chain of a million ops is no special case.

The same clock catches in-place writes. A write stamps the written buffer with the next tick; a saved
array whose buffer was written after its node was made no longer holds what the derivative needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np

from minigrad.engine import messages
from minigrad.engine.mode import current, run_user
from minigrad.engine.node import NO_EDGE, Edge, Node, ever, laid_out, linked
from minigrad.engine.writes import writes
from minigrad.ops.kernels import cast, unbroadcast


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
    observer = current().observer
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
        name = op.stands.get(name, name)
        if name not in op.inputs and name != "others":
            return value
        if op.variadic:
            return tuple(
                wrap(v, e[0]) if e and v is not None else v for v, e in zip(value, edges, strict=True)
            )
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
