"""NumPy's functions on tensors that nothing records: computed on their arrays, with NumPy's own dtypes.

The kind of a result, array or tensor, is that with PyTorch, as programs go on with its methods. One dtype is
not: comparisons are bool, where PyTorch's are uint8, of which `~` makes no mask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine.mode import current, mode
from minigrad.engine.writes import writes
from minigrad.ops.arrays import WRITING, is_foreign

from .record import Recorded, history_of

# An op stands for each of these, and PyTorch's tensors give arrays: their methods are NumPy's, where `std`
# divides by n and `max(0)` has no positions.
OF_ARRAYS = {
    np.broadcast_to, np.concatenate, np.diagonal, np.dot, np.einsum, np.expand_dims, np.full_like,
    np.ones_like, np.ravel, np.roll, np.stack, np.tile, np.trace, np.tril, np.triu, np.where, np.zeros_like,
}  # fmt: skip
# No op stands for these, and PyTorch's tensors give tensors.
OF_TENSORS = {
    np.apply_along_axis, np.argpartition, np.argsort, np.around, np.array_split, np.delete, np.diagflat,
    np.dsplit, np.ediff1d, np.fix, np.hsplit, np.isneginf, np.isposinf, np.linalg.inv,
    np.linalg.pinv, np.linalg.qr, np.linalg.vecdot, np.linspace, np.logspace, np.ptp, np.real, np.repeat,
    np.rollaxis, np.searchsorted, np.split, np.take, np.trim_zeros, np.vsplit,
}  # fmt: skip


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


def plain(values: Any) -> bool:
    """True if NumPy may compute a call by itself.

    Its tensors are over NumPy's arrays, no gradient is recorded that flows to them, and it is no rule of a
    derivative that calls.
    """
    tensors = _tensors(values)
    now = current()
    if now.deriving or any(is_foreign(x._array) for x in tensors):
        return False
    return not now.recording or all(history_of(x) is None for x in tensors)


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
