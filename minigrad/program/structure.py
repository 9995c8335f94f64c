"""The tensors in a call's result, and how the result is put together again from others."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Container, Sequence
from enum import Enum
from types import SimpleNamespace
from typing import Any

import numpy as np

from minigrad._tensor.device import device
from minigrad._tensor.named_dtype import dtype
from minigrad._tensor.tensor import Tensor

_PLAIN = (int, float, complex, str, bool, bytes, type(None), np.dtype, np.generic, dtype, device, Enum, range)


def flatten(result: Any, positions: dict[int, int], seen: Container[int] = ()) -> tuple[list[Any], Any]:
    """The tensors of a result, each once, and its structure; None where it holds something else.

    Arguments:
        positions: of the tensors that are inputs, by id; they are no outputs.
        seen: the ids of other things that the call could see, which stay the things that they are.

    A structure is ("out", k), ("in", position), ("plain", value), or (type, names or None, parts); and that
    of a function which returns `x.item()` is ("number", k).
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
        if isinstance(x, _PLAIN) or id(x) in seen:
            return "plain", x
        if type(x) in (dict, OrderedDict):
            return type(x), tuple(x), [describe(part) for part in x.values()]
        if type(x) is SimpleNamespace or _is_record(x):
            return type(x), tuple(vars(x)), [describe(part) for part in vars(x).values()]
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
    if kind == "number":
        return outs[structure[1]].item()
    if kind == "in":
        return inputs(structure[1])
    if kind == "plain":
        return structure[1]
    parts = [rebuilt(part, outs, inputs) for part in structure[2]]
    if kind in (dict, OrderedDict):
        return kind(zip(structure[1], parts, strict=True))
    if structure[1] is not None:
        made = kind.__new__(kind)
        vars(made).update(zip(structure[1], parts, strict=True))
        return made
    if hasattr(kind, "_make"):
        return kind._make(parts)
    return kind(parts)


def _is_record(x: Any) -> bool:
    """True for an object of a dataclass that is nothing else."""
    return dataclasses.is_dataclass(x) and type(x).__base__ is object and hasattr(x, "__dict__")
