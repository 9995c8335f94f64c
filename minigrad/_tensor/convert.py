"""From Python's data to arrays, and from the ways a call may be written to one of them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .dtype import as_dtype, get_default_dtype
from .record import Recorded, wrap


def sizes_of(sizes: tuple[Any, ...], named: Any = None) -> tuple[int, ...]:
    """f(2, 3), f((2, 3)) and f(shape=(2, 3)) mean the same."""
    if named is not None:
        sizes = (*sizes, named)
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = tuple(sizes[0])
    try:
        return tuple(operator.index(n) for n in sizes)
    except TypeError:
        raise TypeError(f"sizes and dims must be integers, not {sizes!r}") from None


def as_operand(x: Any) -> Any:
    """An array as a tensor, by value: what the user writes to it later must not reach what was saved."""
    return wrap(x.astype(as_dtype(x.dtype)), None) if isinstance(x, np.ndarray) else x


def as_array(data: Any, dtype: Any = None) -> Any:
    """Nested lists, numbers, arrays or tensors as an ndarray of a supported dtype.

    Without `dtype`, Python floats become the default dtype; arrays and NumPy scalars keep their own.
    """
    if isinstance(data, Recorded):
        return data._array if dtype is None else _as(data._array, as_dtype(dtype))
    if isinstance(data, np.ndarray):
        return _as(data, as_dtype(data.dtype if dtype is None else dtype))
    try:
        array = np.array(_plain(data))
    except ValueError as error:
        raise ValueError(
            "expected nested sequences of equal lengths at each level, like [[1, 2], [3, 4]]"
        ) from error
    if dtype is not None:
        return _as(array, as_dtype(dtype))
    if array.size == 0 and not isinstance(data, np.generic):
        return array.astype(get_default_dtype())
    if array.dtype == np.float64 and not _has_numpy_float(data):
        return _as(array, get_default_dtype())
    return _as(array, as_dtype(array.dtype))


def _as(array: Any, dtype: Any) -> Any:
    with np.errstate(all="ignore"):  # what does not fit becomes inf, as in PyTorch, without a word
        return array.astype(dtype, copy=False)


def _has_numpy_float(data: Any) -> bool:
    """Whether NumPy's scalars, whose dtype counts, are among the numbers."""
    if isinstance(data, (list, tuple)):
        return any(map(_has_numpy_float, data))
    return isinstance(data, np.floating)


def _plain(data: Any) -> Any:
    """Nested sequences with Python's numbers in the place of tensors."""
    if isinstance(data, (list, tuple)):
        return [_plain(x) for x in data]
    return data._array.tolist() if isinstance(data, Recorded) else data
