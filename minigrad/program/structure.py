"""The tensors in a call's result, and how the result is put together again from others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad._tensor.tensor import Tensor

_PLAIN = (int, float, str, bool, bytes, type(None))


def flatten(result: Any, positions: dict[int, int]) -> tuple[list[Any], Any]:
    """The tensors of a result, each once, and its structure; None where it holds something else.

    Arguments:
        positions: of the tensors that are inputs, by id; they are no outputs.

    A structure is ("out", k), ("in", position), ("plain", value), or (type, names or None, parts).
    """
    found: list[Any] = []
    known: dict[int, int] = {}
    failed = False

    def describe(x: Any) -> Any:
        nonlocal failed
        if isinstance(x, Tensor):
            if id(x) in positions:
                return "in", positions[id(x)]
            if id(x) not in known:
                known[id(x)] = len(found)
                found.append(x)
            return "out", known[id(x)]
        if isinstance(x, _PLAIN):
            return "plain", x
        if isinstance(x, dict):
            failed = failed or type(x) is not dict
            return dict, tuple(x), [describe(part) for part in x.values()]
        if isinstance(x, (tuple, list)):
            return type(x), None, [describe(part) for part in x]
        failed = True
        return "plain", None

    structure = describe(result)
    return found, None if failed else structure


def rebuilt(structure: Any, outs: Sequence[Any], inputs: Any) -> Any:
    """A result of the structure with these outputs; inputs(position) is the tensor that is an input."""
    kind = structure[0]
    if kind == "out":
        return outs[structure[1]]
    if kind == "in":
        return inputs(structure[1])
    if kind == "plain":
        return structure[1]
    parts = [rebuilt(part, outs, inputs) for part in structure[2]]
    if kind is dict:
        return dict(zip(structure[1], parts, strict=True))
    if hasattr(kind, "_make"):
        return kind._make(parts)
    return kind(parts)
