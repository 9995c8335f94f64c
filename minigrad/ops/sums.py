"""Sums of NumPy arrays, as accurate as PyTorch's: NumPy's own lose digits over many rows.

NumPy adds pairwise along the axis that is fastest in memory, and one by one along the others: the float32
mean of a million rows of 0.1 is 1 % off. Here some 100 numbers at most are added one by one in float32, and
such sums in float64. float16 is added as float32. Running sums and sums by place are float64's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import kin

Array = Any
ndarray = np.ndarray
_add: Any = np.add.reduce
_SHORT = 128  # as many numbers may be added one by one
_LONG = 65536  # so many numbers of one run are better added by BLAS
_BLOCK = 64  # as many rows of a longer axis are added to one
_CACHED = 2048  # numbers of a row (several in one, where they are shorter) that stay at hand meanwhile
_ONES = {char: np.ones(512, char) for char in "fd"}  # for sums by BLAS, which adds four or more at a time


def total(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """np.sum, accurate over any axes and memory layouts."""
    if type(x) is not ndarray:
        return np.sum(x, axis=axis, keepdims=keepdims)
    if type(axis) is tuple and len(axis) == 1:
        axis = axis[0]
    if x.itemsize == 2 or x.size > _SHORT:
        if x.dtype.kind != "f":
            pass
        elif x.itemsize == 2:
            with np.errstate(over="ignore"):
                return total(x.astype(np.float32), axis, keepdims).astype(x.dtype)
        elif axis is None:
            if not x.flags.forc:
                return _long_total(x, range(x.ndim), keepdims)
            if x.size > _LONG and x.dtype.char in _ONES:
                return _sum_run(x, keepdims)
        elif type(axis) is tuple:
            if math.prod([x.shape[a] for a in axis]) <= _SHORT:
                return _add(x, axis, None, None, keepdims)
            return _long_total(x, [a % x.ndim for a in axis], keepdims)
        elif axis in (-1, x.ndim - 1) and x.flags.c_contiguous and x.size > 1024:
            n = x.shape[-1]
            if n <= 2048:
                return _sum_columns(x, keepdims)
            if n % 512 == 0:
                return _add(_sum_columns(x.reshape(*x.shape[:-1], -1, 512), False), -1, None, None, keepdims)
            return _long_total(x, [x.ndim - 1], keepdims)
        elif x.ndim == 2 and axis in (0, -2):
            return sum_rows(x)[None] if keepdims else sum_rows(x)
        elif x.shape[axis] > _SHORT:
            return _long_total(x, [axis % x.ndim], keepdims)
    return _add(x, axis, None, None, keepdims)


def _sum_run(x: Array, keepdims: bool) -> Array:
    """The sum of one long run of memory, 512 at a time by BLAS: half of NumPy's time, and none of its drift.

    (Before version 2.3, NumPy adds the sums of its buffers one by one: 1e-5 off for ten million numbers.)
    """
    run = x.ravel("K")
    whole = x.size - x.size % 512
    rows = run[:whole].reshape(-1, 512).dot(_ONES[x.dtype.char])
    out = (_add(rows, dtype=np.float64) + _add(run[whole:], dtype=np.float64)).astype(x.dtype)
    return out.reshape((1,) * x.ndim) if keepdims else out


def _sum_columns(x: Array, keepdims: bool) -> Array:
    """The sum over a last axis that is not long, by BLAS: NumPy takes up to ten times as long."""
    n, ones = x.shape[-1], _ONES[x.dtype.char]
    rows = x.reshape(-1, n)
    sums = np.matmul(rows[:, :512], ones[:n])
    for start in range(512, n, 512):
        sums += np.matmul(rows[:, start : start + 512], ones[: n - start])
    return sums.reshape(*x.shape[:-1], 1) if keepdims else sums.reshape(x.shape[:-1])


def _long_total(x: Array, axes: Sequence[int], keepdims: bool) -> Array:
    """`total` over many: the longest of the axes along which NumPy adds one by one goes first, in blocks."""
    dtype = x.dtype
    while True:
        slow = _one_by_one(x, axes)
        if math.prod([x.shape[a] for a in slow]) <= _SHORT:
            wide = np.float64 if math.prod([x.shape[a] for a in axes]) > _LONG else None
            return _add(x, tuple(axes), wide, None, keepdims).astype(dtype, copy=False)
        x = _shorter(x, max(slow, key=lambda a: x.shape[a]))


def _one_by_one(x: Array, axes: Sequence[int]) -> list[int]:
    """The summed axes, less those that are one run through memory, along which NumPy adds pairwise."""
    slow = [a for a in axes if x.shape[a] > 1]
    order = sorted([a for a in range(x.ndim) if x.shape[a] > 1], key=lambda a: x.strides[a])
    end = x.strides[order[0]] if order else 0
    if end <= 0:  # repeated or turned round: then NumPy joins no axes
        return slow
    for a in order:
        if a not in slow or x.strides[a] != end:
            break
        slow.remove(a)
        end *= x.shape[a]
    return slow


def _shorter(x: Array, axis: int) -> Array:
    """`x` with sums of `_BLOCK` rows each, in float64, in the place of the rows along `axis` (one, of few).

    Short rows are added side by side, k at a time, for a loop over long ones is quick.
    """
    n = x.shape[axis]
    if n <= _SHORT:
        return _add(x, axis, None, None, True).astype(np.float64)
    width = max(1, abs(x.strides[axis]) // x.itemsize)
    k = max(1, min(_CACHED // width, n // _BLOCK))
    blocks = n // (k * _BLOCK)
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    leading = (slice(None),) * axis
    whole = blocks * k * _BLOCK
    sums = _add(x[(*leading, slice(whole))].reshape(*before, blocks, _BLOCK, k, *after), axis + 1)
    sums = sums.astype(np.float64).reshape(*before, blocks * k, *after)
    if whole == n:
        return sums
    return np.concatenate([sums, _shorter(x[(*leading, slice(whole, n))], axis)], axis)


def sum_rows(g: Array) -> Array:
    """The sum over the first axis; of a matrix by BLAS, times ones, in at most half of the time."""
    if type(g) is not ndarray or g.ndim != 2 or (ones := _ONES.get(g.dtype.char)) is None:
        return total(g, 0)  # which in its turn calls this for matrices of float32 or float64
    n = len(g)
    if n <= 512:
        return ones[:n].dot(g)
    width = g.shape[1]
    if width < 16 or not g.flags.forc:
        return _long_total(g, [0], False)
    whole = n - n % 512
    blocks = np.matmul(ones, g[:whole].reshape(-1, 512, width)).astype(np.float64)
    sums = total(blocks, 0) if whole == n else total(blocks, 0) + ones[: n - whole].dot(g[whole:])
    return sums.astype(g.dtype, copy=False)


def mixed_rows(weights: Array, x: Array) -> Array:
    """The sum of the rows of a NumPy matrix of float32 or float64, each times its weight."""
    if len(x) <= 512:
        return weights.dot(x)
    whole, width = len(x) - len(x) % 512, x.shape[1]
    blocks = np.matmul(weights[:whole].reshape(-1, 1, 512), x[:whole].reshape(-1, 512, width))
    sums = total(blocks[:, 0].astype(np.float64), 0) + weights[whole:].dot(x[whole:])
    return sums.astype(x.dtype)


def accumulate(ufunc: np.ufunc, x: Array, axis: int) -> Array:
    """Running sums or products: of integers in int64, of floats in float64, then rounded."""
    if type(x) is not ndarray:
        return (np.cumsum if ufunc is np.add else np.cumprod)(x, axis=axis)
    if x.dtype.kind != "f":
        return ufunc.accumulate(x, axis=axis, dtype=np.int64)
    if abs(x.strides[axis]) < _SHORT * x.itemsize:
        if not axis or x.size <= _BLOCK * _SHORT:
            out = ufunc.accumulate(x.astype(np.float64), axis=axis)
        else:
            run = _running_sums if ufunc is np.add else _running_products
            step = max(2, _LONG // 2 * len(x) // x.size)  # rows at a time, for the cache
            with np.errstate(over="ignore"):
                return np.concatenate(
                    [run(x[i : i + step], axis).astype(x.dtype) for i in range(0, len(x), step)]
                )
    else:  # long rows: one at a time, where NumPy goes down each column
        out = x.astype(np.float64)
        rows = np.moveaxis(out, axis, 0)
        for i in range(1, len(rows)):
            ufunc(rows[i - 1], rows[i], rows[i])
    with np.errstate(over="ignore"):
        return out.astype(x.dtype, copy=False)


def _running_sums(x: Array, axis: int) -> Array:
    """Running sums in float64 along an axis that is not the first, of two rows at once.

    They are the real and the imaginary part of one number. Each sum waits for the one before it, so two take
    the time of one.
    """
    pairs = np.zeros(((len(x) + 1) // 2, *x.shape[1:]), np.complex128)
    half = len(pairs)
    pairs.real, pairs.imag[: len(x) - half] = x[:half], x[half:]
    np.add.accumulate(pairs, axis=axis, out=pairs)
    return np.concatenate([pairs.real, pairs.imag[: len(x) - half]])


def _running_products(x: Array, axis: int) -> Array:
    return np.multiply.accumulate(x.astype(np.float64), axis=axis)


_FEW = 1 << 13  # numbers that are added sooner one by one than in sorted rows


def add_at(shape: tuple[int, ...], index: Any, g: Array) -> Array:
    """Zeros of `shape` with `g` added at `index`, made of integer arrays or masks: repeats add up."""
    if g.dtype.kind != "f" or type(g) is not ndarray:
        out = np.zeros(shape, g.dtype, like=kin(g))
        np.add.at(out, index, g)
        return out
    if g.itemsize > 2 and g.size <= _SHORT:  # a few: a fifth of the time in which they would be sorted
        out = np.zeros(shape, g.dtype)
        np.add.at(out, index, g)
        return out
    only = index[0] if type(index) is tuple and len(index) == 1 else index
    # One array of integers takes whole rows; anything else is laid out as single elements.
    of_rows = type(only) is ndarray and only.dtype.kind in "iu"
    lead = 1 if of_rows else len(shape)
    n, width = math.prod(shape[:lead]), math.prod(shape[lead:])
    if of_rows and n:
        places = only.astype(np.intp, copy=False) % n
    elif (
        type(index) is tuple
        and len(index) == lead
        and all(type(i) is ndarray and i.dtype.kind == "i" for i in index)
    ):
        places = np.ravel_multi_index(np.broadcast_arrays(*index), shape[:lead], mode="wrap")
    else:
        places = np.arange(n).reshape(shape[:lead])[index]
    whole = places.shape + shape[lead:]
    rows = g if g.shape == whole else np.broadcast_to(g, whole)
    rows, places = rows.reshape(places.size, width), places.reshape(-1, 1)
    if rows.size <= _FEW and n * width <= 8 * rows.size:  # each number has a place of its own
        out = np.bincount((places * width + np.arange(width)).ravel(), rows.ravel(), n * width)
    else:
        out = _add_rows(rows, places.ravel(), n)
    return out.reshape(shape).astype(g.dtype, copy=False)


def _add_rows(rows: Array, places: Array, n: int) -> Array:
    """An array of `n` rows: at each place the sum of those `rows` that belong there."""
    width = rows.shape[1]
    if width == 1 and n <= 32 * len(rows):
        return np.bincount(places, rows[:, 0], n)
    wide = np.dtype(np.float32) if rows.itemsize == 2 else rows.dtype
    out = np.zeros((n, width), wide)
    if not rows.size:
        return out
    order = np.argsort(places)
    ordered = places[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    counts = np.diff(first, append=len(rows))
    targets = ordered[first]
    if counts.max() > 32:
        cells = np.empty((len(rows), width), np.int64)
        cells[order] = np.repeat(np.arange(len(first)) * width, counts)[:, None] + np.arange(width)
        out[targets] = np.bincount(cells.ravel(), rows.ravel(), len(first) * width).reshape(-1, width)
        return out
    out[targets] = rows[order[first]]
    for turn in range(1, counts.max()):  # the second row of each place that has two, and so on
        more = counts > turn
        first, counts, targets = first[more], counts[more], targets[more]
        out[targets] += rows[order[first + turn]]
    return out
