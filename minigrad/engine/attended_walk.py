"""The walk for everything that the plain one leaves out: targets, an observer, higher derivatives.

It is written to be read, and as fast as that allows. On every program it must return the gradients of the
plain walk, bit for bit; a property test holds that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Any

from minigrad.engine import messages
from minigrad.engine.hooks import Kept, attend, fitted
from minigrad.engine.node import FREED, NO_EDGE, Edge, Node, bare, laid_out
from minigrad.engine.writes import refuse_stale, writes
from minigrad.ops.arrays import fresh


def attended_walk(
    roots: Sequence[tuple[Node, Any]],
    retain: bool,
    wrap: Any,
    create: bool = False,
    targets: Iterable[Node] | None = None,
    observer: Any = None,
) -> tuple[dict[Node, Any], Kept]:
    """The gradients of the leaves (or of the targets), and of the nodes on the way that keep theirs.

    A target that keeps its gradient is among the latter.

    Arguments:
        roots: where to start, and the gradient that arrives there.
        retain: keep the saved values, so that the graph can be walked again.
        wrap: makes a tensor of (array, node).
        create: run the rules on tensors in the place of raw arrays. They are recorded then: that is all
            there is to higher derivatives.
        targets: walk only towards these nodes, and return theirs only.
        observer: see `mode.Mode`.

    Raises:
        RuntimeError: a node on the way was freed, or a value that it saved was written since.
        NotImplementedError: `create` where an op has no second derivative.
    """
    goals = None if targets is None else set(targets)
    wanted = None if goals is None else _leading_to(goals, [node for node, _ in roots])
    arrived: dict[Node, Any] = {}  # the gradients in flight
    waiting: list[tuple[int, Node]] = []  # a heap, newest first; leaves wait in `arrived` alone
    results: dict[Node, Any] = {}
    kept: Kept = []

    def arrive(node: Node, g: Any) -> None:
        if node in arrived:
            arrived[node] = arrived[node] + g
        else:
            arrived[node] = g
            if node.op is not None:
                heappush(waiting, (-node.tick, node))

    for node, g in roots:
        if wanted is None or node in wanted:
            arrive(node, g if create or node.op is not None else g.copy())
        elif len(roots) == 1 and node.watch is not None:
            attend(node, g, [], wrap, create)  # as in PyTorch, the hooks of a single root run in any case

    while waiting:
        node = heappop(waiting)[1]
        g = arrived.pop(node)
        if node.watch is not None:
            g = attend(node, g, kept, wrap, create)
        if observer is not None:
            observer.arrive(node, g)
        if goals is not None and node in goals:
            if node.watch is None or not node.watch.keep:  # a kept gradient is among `kept`
                results[node] = g if create else fresh(g)
            if wanted is not None and wanted.isdisjoint(node.parents()):
                continue  # no other target lies behind it: it stays as it is
        if node.freed:
            raise RuntimeError(messages.freed(node))
        if node.tick < writes.latest:
            refuse_stale(node)
        for parent, rule, saved in _edges_with_tensors(node, wrap) if create else _edges(node):
            if parent is None or (wanted is not None and parent not in wanted):
                continue
            d = rule(g, *saved) if type(saved) is tuple else rule(g, saved)
            if d is None:  # a user's Function may return None: no gradient
                continue
            if d.shape != parent.shape or d.dtype != parent.dtype:
                d = fitted(d, parent)
            if observer is not None:
                observer.send(node, laid_out((parent, rule, saved)), d)
            # A leaf keeps its gradient, so it may not be `g` itself, which others get too.
            arrive(parent, d.copy() if d is g and parent.op is None and not create else d)
        op: Any = node.op
        freed = op.saves and not retain
        if freed:
            node.saved_a, node.saved_b = FREED, None
            if op.saves_further:
                node.further = bare(node.further)
        if observer is not None:
            observer.leave(node, freed)

    for leaf, g in arrived.items():
        results[leaf] = g if leaf.watch is None else attend(leaf, g, kept, wrap, create)
        if observer is not None:
            observer.arrive(leaf, results[leaf])
    return results, kept


def _edges(node: Node) -> list[Edge]:
    """The edges of a node."""
    op: Any = node.op
    edges: list[Edge] = []
    if node.parent_a is not None:
        edges.append((node.parent_a, op.rule_a, node.saved_a))
    if node.parent_b is not None:
        edges.append((node.parent_b, op.rule_b, node.saved_b))
    further = node.further
    while further:
        parent, rule, saved, further = further
        edges.append((parent, rule, saved))
    return edges


def _edges_with_tensors(node: Node, wrap: Any) -> list[Edge]:
    """The edges, with saved inputs and outputs as tensors that know their place in the graph.

    A saved output is kept as a raw array (a tensor would hold the node that holds it: a cycle), and a saved
    input's node is the parent of that input's own edge. So the tensors can be remade here.
    """
    op: Any = node.op
    if op.once:
        raise NotImplementedError(messages.once(node))
    if not op.needs:  # a Function's rules make their own tensors
        return _edges(node)
    edges: Any = node.edges

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
        needs = op.needs[op.inputs[0 if op.variadic else position]]
        return parent, rule, tuple(remake(name, value) for name, value in zip(needs, saved, strict=True))

    return [with_tensors(position, edge) for position, edge in enumerate(edges)]


def _leading_to(goals: set[Node], roots: Sequence[Node]) -> set[Node]:
    """The nodes behind `roots` from which a goal can be reached, goals included.

    A freed node on the way is refused, unless it is older than all goals: then none lies behind it.
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
