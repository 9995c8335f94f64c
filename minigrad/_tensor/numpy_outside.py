"""NumPy's functions that no op stands for, on tensors that nothing records: computed on their arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.engine.mode import mode
from minigrad.engine.writes import writes
from minigrad.ops.arrays import WRITING

from .record import Recorded, history_of


def _tensors(value: Any) -> list[Any]:
    if isinstance(value, Recorded):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return []
    return [x for part in value for x in _tensors(part)]


def recorded_among(values: Any) -> bool:
    """True if a gradient is recorded that flows to a tensor among the arguments of a call."""
    return mode.recording and any(history_of(x) is not None for x in _tensors(values))


def _arrays(value: Any) -> Any:
    if isinstance(value, Recorded):
        return value._array
    if isinstance(value, dict):
        return {key: _arrays(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_arrays, value))
    return value


def outside(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The function on the arrays of the tensors, which share their memory."""
    result = function(*_arrays(args), **_arrays(kwargs))
    if function in WRITING:
        writes.stamp(*[x._array for x in _tensors(args[0])])
    return result
