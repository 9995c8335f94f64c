"""Reverse mode: the walk from an output back to the leaves.

A node's inputs are older than the node. So the newest of the waiting nodes has no user that is still to be
visited: its gradient is complete. The walk visits it, sends its gradient through the op's rules to the
parents, and takes the next. There is no recursion: a chain of a million ops is no special case.

This is the plain walk. `attended_walk` also serves targets, observers and higher derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

from minigrad.engine import messages
from minigrad.engine.hooks import Kept, attend, fitted
from minigrad.engine.node import FREED, Node, bare
from minigrad.engine.writes import refuse_stale, writes
from minigrad.ops.kernels import Array


def walk(roots: Sequence[tuple[Node, Array]], retain: bool, wrap: Any) -> tuple[dict[Node, Array], Kept]:
    """The gradients of the leaves behind `roots`, and of the nodes on the way that keep theirs.

    Arguments:
        roots: where to start, and the gradient that arrives there.
        retain: keep the saved values, so that the graph can be walked again.
        wrap: makes a tensor of (array, node), for hooks.

    Raises:
        RuntimeError: a node on the way was freed, or a value that it saved was written since.
    """
    # Gradients in flight belong to this call: an interrupted backward leaves nothing to the next.
    arrived: dict[Node, Array] = {}
    waiting: list[tuple[int, Node]] = []  # a heap, newest first; leaves wait in `arrived` alone
    # The first gradient to arrive is borrowed (`add` hands one array to both parents). The second makes a
    # sum, which is ours; later ones are added to it in place.
    ours: set[Node] = set()
    kept: Kept = []

    for node, g in roots:
        if node in arrived:
            arrived[node] = arrived[node] + g
        else:
            arrived[node] = g if node.op is not None else g.copy()
            if node.op is not None:
                heappush(waiting, (-node.tick, node))

    while waiting:
        node = heappop(waiting)[1]
        g = arrived.pop(node)
        if node.watch is not None:
            g = attend(node, g, kept, wrap)
        op: Any = node.op
        parent, saved, second, further = node.parent_a, node.saved_a, node.parent_b, node.further
        if saved is FREED:
            raise RuntimeError(messages.freed(node))
        if node.tick < writes.latest:
            refuse_stale(node)
        rule = op.rule_a
        while True:  # for each edge: the first, the second, the further ones
            if parent is not None:
                d = rule(g, *saved) if type(saved) is tuple else rule(g, saved)
                if d is not None:  # a user's Function may return None: no gradient
                    if not node.exact and (d.shape != parent.shape or d.dtype is not parent.dtype):
                        d = fitted(d, parent)
                    if parent not in arrived:
                        if parent.op is not None:
                            heappush(waiting, (-parent.tick, parent))
                        elif d is g:  # a leaf keeps its gradient, and `g` itself may go to others too
                            d = d.copy()
                        arrived[parent] = d
                    elif parent in ours:
                        arrived[parent] += d
                    else:
                        arrived[parent] = arrived[parent] + d
                        ours.add(parent)
                    d = None  # where it was added, its memory is free for the next rule
            if second is not None:
                parent, rule, saved, second = second, op.rule_b, node.saved_b, None
            elif further:
                parent, rule, saved, further = further
            else:
                break
        if not retain and op.saves:
            node.saved_a, node.saved_b = FREED, None
            if op.saves_further:
                node.further = bare(node.further)

    for leaf, g in arrived.items():
        if leaf.watch is not None and (leaf.watch.hooks or leaf.watch.resized):
            arrived[leaf] = attend(leaf, g, kept, wrap)
    return arrived, kept
