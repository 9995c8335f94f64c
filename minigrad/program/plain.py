"""After a trace: plain arrays in the place of traced ones, in results, graphs and gradients."""

from __future__ import annotations

import gc
from typing import Any

from minigrad._tensor.record import history_of
from minigrad._tensor.tensor import Tensor
from minigrad.engine.node import Node, linked

from .structure import flatten
from .traced import Traced, plain


def strip(result: Any, seen: set[int]) -> None:
    """Put plain arrays into the tensors of a result, and into the graph behind them up to the nodes seen."""
    tensors, _ = flatten(result, {})
    waiting: list[Node] = []
    for x in tensors:
        _strip_tensor(x)
        node = history_of(x)
        if node is not None:
            waiting.append(node)
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        _strip_node(node)
        waiting += node.parents()


def _strip_node(node: Node) -> None:
    if node.parent_a is not None:
        node.saved_a = plain(node.saved_a)
    if node.parent_b is not None:
        node.saved_b = plain(node.saved_b)
    further, edges = node.further, []
    while further:
        parent, rule, saved, further = further
        edges.append((parent, rule, plain(saved)))
    node.further = linked(edges)


def bring_back(trace: Any) -> bool:
    """Put plain arrays in the place of traced ones that are still in use, and tell if there were any."""
    if not any(ref() is not None for ref in trace.made):
        return False
    gc.collect()  # the user's own cycles keep nothing
    alive = [x for x in [ref() for ref in trace.made] if x is not None]
    for x in alive:
        for holder in gc.get_referrers(x):
            if isinstance(holder, Tensor):
                holder._array = x.array
            elif isinstance(holder, Node):
                _strip_node(holder)
    return bool(alive)


def _strip_tensor(x: Any) -> None:
    root = getattr(x, "_root", None)
    if root is not None and type(root._array) is Traced:
        root._array = root._array.array
    if type(x._array) is Traced:
        x._array = x._array.array


def plain_grad(grad: Any) -> Any:
    """A gradient over a plain array."""
    if type(grad) is Traced:
        return grad.array
    if isinstance(grad, Tensor):
        _strip_tensor(grad)
    return grad
