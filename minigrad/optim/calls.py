"""Arithmetic on raw arrays, in place, as lists of calls: an update of an optimiser consists of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

PIECE = 32768  # elements; a few arrays of them fit into 1 MiB
add, subtract, multiply, divide = np.add, np.subtract, np.multiply, np.divide
Array = np.ndarray[Any, np.dtype[Any]]  # what numpy.typing.NDArray[Any] is, without the import
# Functions, each with its arguments: a tuple is made and called in three quarters of a partial's time.
Calls = list[tuple[Any, ...]]
# Makes the calls for a piece: of a parameter, of its gradient, which is not written, and of what is kept.
Update = Callable[..., Calls]


def pieces(*arrays: Array) -> Sequence[tuple[Array, ...]]:
    """Arrays of one shape, cut into flat pieces that stay in a core's cache between one line and the next.

    An update that passes over a large parameter once for every line of its formula takes half as long again.
    An array that is small, or does not lie in memory in one row, comes as it is.
    """
    size = arrays[0].size
    if size <= PIECE or not all(array.flags.c_contiguous for array in arrays):
        return (arrays,)
    starts = range(0, size, PIECE)
    flat = [array.reshape(-1) for array in arrays]
    return [tuple(array[start : start + PIECE] for array in flat) for start in starts]


def number(value: float, dtype: np.dtype[Any]) -> Array:
    """A number beside arrays of a dtype: as a 0-d array it takes half of the time of a Python number."""
    return np.asarray(value, dtype)


def factor_of(value: float, dtype: np.dtype[Any]) -> Array:
    """A factor of arrays: float32 beside float16, so that products are formed in it, as in PyTorch."""
    return np.asarray(value, np.float32 if dtype.char == "e" else dtype)


def multiple_of(value: float, dtype: np.dtype[Any]) -> Array:
    """A factor for `add_multiple`, which PyTorch rounds to the dtype first, float16 too."""
    return factor_of(float(dtype.type(value)), dtype)


def lerp(weight: float, dtype: np.dtype[Any]) -> Callable[[Array, Array, Array], Calls]:
    """A function of (start, end, scratch): start += weight·(end - start).

    It is formed from the nearer end, so that weight 1 gives `end` itself.
    """
    near = weight < 0.5
    part = factor_of(weight if near else 1 - weight, dtype)
    difference = partial(subtract, dtype=np.float32) if dtype.char == "e" else subtract

    def calls(start: Array, end: Array, scratch: Array) -> Calls:
        return [
            (difference, end, start, scratch),
            (multiply, scratch, part, scratch),
            (add, start, scratch, start) if near else (subtract, end, scratch, start),
        ]

    return calls


def add_multiple(total: Array, value: Array, a: Array, scratch: Array, out: Array) -> Calls:
    """out = total + value·a."""
    return [(multiply, a, value, scratch), (add, total, scratch, out)]


def add_product(total: Array, value: Array, a: Array, b: Array, scratch: Array, out: Array) -> Calls:
    """out = total + value·a·b, formed from the left: value·a² may be finite where a² is not."""
    return [(multiply, a, value, scratch), (multiply, scratch, b, scratch), (add, total, scratch, out)]


def add_quotient(total: Array, value: Array, a: Array, b: Array, scratch: Array) -> Calls:
    """total += value·a/b, formed from the left."""
    return [(multiply, a, value, scratch), (divide, scratch, b, scratch), (add, total, scratch, total)]
