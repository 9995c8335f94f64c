"""Smooth functions by polynomials on short pieces: a few steps of NumPy's for each block of elements.

Each octave from 1 on, [2^k, 2^(k + 1)), has 64 pieces. The first bits of a float64 number are thus the number
of its piece.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import is_array, is_foreign
from .kernels import Array, laid_out

_LOW = 46  # bits of a float64 number that say where it lies in its piece
_FIRST, _MIDDLE = 1023 << 6, 1 << 45  # the number of the piece that begins at 1; half of a piece
_BLOCK = 16384  # elements: so few that their intermediate results stay in the processor's cache


def fitted(function: Callable[[Array], Array], octaves: int) -> list[Array]:
    """The factors of t^0 to t^7 in every piece, t from its middle, of a function of the distance from 1."""
    starts = np.ldexp(1 + np.arange(64) / 64, np.arange(octaves)[:, None]).ravel()
    half = np.repeat(np.ldexp(1 / 128, np.arange(octaves)), 64)
    angles = np.pi * (np.arange(17) + 0.5) / 17
    places = (starts + half)[:, None] + half[:, None] * np.cos(angles)
    values = function((places - 1).ravel()).reshape(places.shape)
    middle = values[:, 8:9]
    degrees = np.arange(8)[:, None]
    series = (values - middle) @ np.cos(degrees * angles).T * (np.where(degrees, 2, 1).T / 17)
    powers = np.zeros((8, 8))  # of Chebyshev's polynomials, by their recurrence
    powers[0, 0] = powers[1, 1] = 1
    for k in range(2, 8):
        powers[k, 1:] = 2 * powers[k - 1, :-1]
        powers[k] -= powers[k - 2]
    rows = (series @ powers).T
    rows[0] += middle[:, 0]
    return [row / half**k for k, row in enumerate(rows)]


def polynomial(u: Array, factors: list[Array]) -> Array:
    """The fitted function at float64 numbers u from 1 to the end of the pieces; it overwrites u."""
    bits = u.view(np.int64)
    row = bits >> _LOW
    middle = row << _LOW
    middle += _MIDDLE
    u -= middle.view(np.float64)
    row -= _FIRST
    out = factors[-1].take(row, mode="clip")
    for factor in factors[-2::-1]:
        out *= u
        out += factor.take(row, mode="clip", out=middle.view(np.float64))
    return out


def one_by_one(function: Callable[[float], float], x: Array) -> Array:
    """A function of one number of Python's, of each element, in float64."""
    found = np.frompyfunc(function, 1, 1)(x.astype(np.float64))
    return found.astype(np.float64) if is_array(found) else np.asarray(found, np.float64)


def by_blocks(
    x: Array,
    block: Callable[[Array, int], Array],
    rest: Callable[[Array], Array],
    low: float,
    high: float,
) -> Array:
    """A function of each element, in the dtype of floats: `block` between the bounds, `rest` for all others.

    `block` is told how many factors a polynomial needs: 4 for float32, 8 for float64.
    """
    if is_foreign(x):
        found = rest(x.astype(np.float64))
        return found.astype(x.dtype) if x.dtype.kind == "f" else found
    flat: Any = np.reshape(x, -1)
    out = np.empty(flat.shape, x.dtype if x.dtype.kind == "f" else np.float64)
    terms = 4 if x.dtype.char in "ef" else 8
    with np.errstate(all="ignore"):
        for start in range(0, flat.size, _BLOCK):
            some = flat[start : start + _BLOCK].astype(np.float64)
            if some.min() > low and some.max() < high:
                out[start : start + _BLOCK] = block(some, terms)
            else:
                inside = (some > low) & (some < high)
                found = np.empty_like(some)
                found[inside] = block(some[inside], terms)
                found[~inside] = rest(some[~inside])
                out[start : start + _BLOCK] = found
    return laid_out(np.reshape(out, x.shape), x)
