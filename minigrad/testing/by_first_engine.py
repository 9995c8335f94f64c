"""The walk of the first engine over a graph that the fast engine recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad._tensor.record import history_of
from minigrad.first_engine import Value, gradients

Array = Any


class UnknownError(Exception):
    """The graph has a node that the first engine cannot walk through; the text says which."""


class _Recorded:
    """A node in the place of an op: its edges, with their saved values, are the rules."""

    variadic = False

    def __init__(self, edges: Sequence[Any], name: str) -> None:
        self.inputs = [str(i) for i in range(len(edges))]
        self.needs: dict[str, tuple[str, ...]] = dict.fromkeys(self.inputs, ())
        self.rules = {
            i: _rule(edge, name) for i, edge in zip(self.inputs, edges, strict=True) if edge is not None
        }


def _rule(edge: Any, name: str) -> Callable[[Any], Any]:
    parent, rule, *saved = edge

    def pull(g: Any) -> Any:
        found = rule(g, *saved)
        if found is None:  # a Function of the user's that sends nothing back
            return np.zeros(parent.shape, parent.dtype)
        if not isinstance(found, np.ndarray | np.generic):
            raise UnknownError(f"{name} has several outputs and one backward")
        return found.astype(parent.dtype, copy=False)  # as the fast engine fits it

    return pull


def first_gradients(
    outputs: Sequence[Any], cotangents: Sequence[Array], inputs: Sequence[Any]
) -> list[Array | None]:
    """The gradient of each input, added up by the first engine; the graph stays as it is.

    Raises:
        UnknownError: for a node of several outputs.
    """
    roots = [history_of(out) for out in outputs]
    nodes = _oldest_first(roots)
    values: dict[Any, Value] = {}
    for node in nodes:
        nothing = np.broadcast_to(np.zeros((), node.dtype), node.shape)
        edges = node.edges or ()
        given = tuple(None if edge is None else values[edge[0]] for edge in edges)
        values[node] = Value(nothing, _Recorded(edges, node.name()), given)
        values[node].known = {}
    found: dict[Value, Any] = {}
    for root, g in zip(roots, cotangents, strict=True):
        for value, part in gradients(values[root], g).items():
            found[value] = found[value] + part if value in found else part
    places = [values.get(history_of(x)) for x in inputs]
    return [None if value is None else found.get(value) for value in places]


def _oldest_first(roots: Sequence[Any]) -> list[Any]:
    seen, waiting = set(roots), list(roots)
    while waiting:
        for parent in waiting.pop().parents():
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return sorted(seen, key=lambda node: node.tick)
