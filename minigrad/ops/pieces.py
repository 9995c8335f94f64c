"""Smooth functions by polynomials on short pieces: a few steps of NumPy's for each block of elements.

The pieces lie in octaves or evenly. An octave [2^k, 2^(k + 1)) has 64 pieces, so that the first bits of a
float64 number are the number of its piece. Even pieces are for functions that oscillate.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import is_array, is_foreign
from .kernels import Array, laid_out, ndarray

# As arrays, for a Python number takes NumPy longer.
_LOW = np.array(46)  # bits of a float64 number that say where it lies in its piece
_MIDDLE = np.array(1 << 45)  # half of a piece
_BLOCK = 16384  # elements: so few that their intermediate results stay in the processor's cache


def _series(function: Callable[[Array], Array], middle: Array, half: Array, terms: int) -> Array:
    """A row of factors for t^0, for t^1 and so on, t from -1 to 1 in every piece: a Chebyshev series."""
    angles = np.pi * (np.arange(2 * terms + 1) + 0.5) / (2 * terms + 1)
    nodes = np.rint(np.cos(angles) * 2**20) / 2**20  # so few bits that no place is rounded
    places = middle[:, None] + half[:, None] * nodes
    values = function(places.ravel()).reshape(places.shape)
    centre = values[:, terms : terms + 1]
    degrees = np.arange(terms)[:, None]
    series = (values - centre) @ np.linalg.pinv(np.cos(degrees * np.arccos(nodes)))
    powers = np.zeros((terms, terms))  # of Chebyshev's polynomials, by their recurrence
    powers[0, 0] = powers[1, 1] = 1
    for k in range(2, terms):
        powers[k, 1:] = 2 * powers[k - 1, :-1]
        powers[k] -= powers[k - 2]
    rows = (series @ powers).T
    rows[0] += centre[:, 0]
    return rows


def fitted(function: Callable[[Array], Array], octaves: int, first: int = 0) -> list[Array]:
    """The factors of t^0 to t^7 in every piece, t from its middle, of a function from 2^first on."""
    starts = np.ldexp(1 + np.arange(64) / 64, np.arange(first, first + octaves)[:, None]).ravel()
    half = np.repeat(np.ldexp(1 / 128, np.arange(first, first + octaves)), 64)
    start = np.array([2.0**first])
    with np.errstate(all="ignore"):
        factors = [row / half**k for k, row in enumerate(_series(function, starts + half, half, 8))]
        miss = polynomial(start.copy(), factors, first) - function(start)
    if np.isfinite(miss[0]):
        factors[0][0] -= miss[0]  # a value at the start, such as erfc(0) = 1, is exact
    return factors


@functools.cache
def _first_row(octave: int) -> Array:
    """The first bits of 2^octave: the number of the piece that begins there."""
    return np.array((1023 + octave) << 6)


def polynomial(u: Array, factors: list[Array], first: int = 0) -> Array:
    """The fitted function at float64 numbers u from 2^first to the end of the pieces; it overwrites u."""
    row = u.view(np.int64) >> _LOW
    bits = row << _LOW
    bits += _MIDDLE
    middle = bits.view(np.float64)
    u -= middle
    row -= _first_row(first)
    out = factors[-1].take(row, mode="clip")
    for factor in factors[-2::-1]:
        out *= u
        out += factor.take(row, mode="clip", out=middle)
    return out


# A function on even pieces: the factors of t^0, t^1 and so on, t counting pieces from the middle; the pieces
# per unit; the number of the piece whose middle is 0.
Even = tuple[list[Array], Array, Array]


def evenly(function: Callable[[Array], Array], start: int, end: int, per_unit: int, terms: int = 8) -> Even:
    """A function from `start` to `end`, each of which is the middle of a piece."""
    middle = np.arange(start * per_unit, end * per_unit + 1) / per_unit
    rows = _series(function, middle, np.full(middle.shape, 0.5 / per_unit), terms)
    factors = [row * 2.0**k for k, row in enumerate(rows)]
    return factors, np.array(float(per_unit)), np.array(-start * per_unit)


def on_even(x: Array, pieces: Even, terms: int) -> Array:
    """The function at float64 numbers between its ends; it overwrites x."""
    factors, per_unit, first = pieces
    x *= per_unit
    middle = np.rint(x)
    x -= middle
    row = middle.astype(np.intp)
    if first:
        row += first
    out = factors[terms - 1].take(row, mode="clip")
    for factor in factors[terms - 2 :: -1]:
        out *= x
        out += factor.take(row, mode="clip", out=middle)
    return out


def lines(function: Callable[[Array], Array], end: int, per_unit: int) -> tuple[Array, Array]:
    """An even function as straight lines, so short that float32 loses no digit: level + i slope of each."""
    level, slope = evenly(function, 0, end, per_unit, 2)[0]
    return (level + 1j * slope).astype(np.complex64), np.array(per_unit, np.float32)


def on_lines(x: Array, level_and_slope: Array, per_unit: Array) -> Array:
    """The function at float32 numbers; an IndexError if one is beyond the end."""
    out = np.abs(x)
    out *= per_unit
    middle = np.rint(out)
    out -= middle
    line = level_and_slope.take(middle.astype(np.intp))
    out *= line.imag
    out += line.real
    return out


def chosen(where: Array, first: Callable[..., Array], second: Callable[..., Array], *given: Array) -> Array:
    """One function where a condition holds, another elsewhere, each called only if it is needed.

    NumPy's arrays are taken apart; of others both functions get all elements.
    """
    if type(where) is not ndarray:
        return np.where(where, first(*given), second(*given))
    flat = where.ravel()
    places = flat.nonzero()[0]
    if len(places) == where.size:
        return first(*given)
    if not len(places):
        return second(*given)
    out = np.empty(where.shape)
    columns = [x.ravel() for x in given]
    for some, function in ((places, first), ((~flat).nonzero()[0], second)):
        out.reshape(-1)[some] = function(*[x.take(some) for x in columns])
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

    `block` is told how many factors a polynomial needs: 4 for float32, 8 for float64. It gets float64 numbers
    that it may overwrite.
    """
    if is_foreign(x):
        found = rest(x.astype(np.float64))
        return found.astype(x.dtype) if x.dtype.kind == "f" else found
    dtype: Any = x.dtype if x.dtype.kind == "f" else np.float64
    terms = 4 if x.dtype.char in "ef" else 8
    return in_blocks(x, lambda x: _one_block(x, block, rest, low, high, terms), dtype)


def in_blocks(x: Array, function: Callable[..., Array], dtype: Any, *others: Array) -> Array:
    """function(x, *others), arrays of one shape, a block at a time, as `dtype`."""
    if 0 < x.size <= _BLOCK and x.ndim and x.flags.c_contiguous:
        found = function(x, *others)
        return found if found.dtype is dtype else found.astype(dtype, copy=False)
    flat: list[Any] = [np.reshape(column, -1) for column in (x, *others)]
    out = np.empty(x.size, dtype)
    for start in range(0, x.size, _BLOCK):
        out[start : start + _BLOCK] = function(*[column[start : start + _BLOCK] for column in flat])
    return laid_out(np.reshape(out, x.shape), x)


def _one_block(
    x: Array,
    block: Callable[[Array, int], Array],
    rest: Callable[[Array], Array],
    low: float,
    high: float,
    terms: int,
) -> Array:
    x = x.astype(np.float64)
    if np.minimum.reduce(x, axis=None) > low and np.maximum.reduce(x, axis=None) < high:
        return block(x, terms)
    with np.errstate(all="ignore"):
        inside = (x > low) & (x < high)
        out = np.empty(x.shape)
        if inside.any():
            out[inside] = block(x[inside], terms)
        out[~inside] = rest(x[~inside])
    return out
