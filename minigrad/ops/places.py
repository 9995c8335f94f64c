"""Kernels that take elements from places, and add or put them there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import fresh, is_array, is_foreign, kin
from .kernels import Array, Shape, copied, is_tensor, keep, kernel, ndarray, normalize_dim
from .sums import add_at, total


def is_basic(index: Any) -> bool:
    """True if an index is made of ints, slices, None and Ellipsis only, so that it gives a view."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(p, (list, bool, np.bool_)) or is_array(p) for p in parts)


@kernel
def scatter_index(g: Array, index: Any, shape: Shape) -> Array:
    """Zeros of `shape` with `g` added at `index`: repeated positions add up."""
    if not is_basic(index):
        return add_at(shape, index, g)
    out = np.zeros(shape, g.dtype, like=kin(g))
    out[index] = g
    return out


def emptied(g: Array, index: Any) -> Array:
    """`g` with 0 at `index`, where an assignment has put other values."""
    if is_tensor(g) or is_foreign(g) or hasattr(g, "level"):
        mask = np.ones(g.shape, np.bool_, like=kin(g))
        mask[index] = False
        return keep(g, mask)
    out = fresh(g)  # it may be a NumPy scalar
    out[index] = 0
    return out


def along(index: Array, dim: int, ndim: int) -> tuple[Array, ...]:
    """The full index tuple for an integer array that indexes one axis, as gather and scatter do.

    The other axes of `index` may be shorter than the indexed array's; they address its first part.
    """
    axes = range(index.ndim)  # np.ogrid makes the same, in over three times the time
    like = kin(index)
    grid: list[Array] = [
        np.arange(index.shape[i], like=like).reshape([-1 if i == j else 1 for j in axes]) for i in axes
    ]
    grid[normalize_dim(dim, ndim)] = index
    return tuple(grid)


@kernel
def take_along(x: Array, index: Array, dim: int) -> Array:
    """out[i][j] = x[index[i][j]][j] for dim = 0, and so on."""
    if not x.ndim:
        return np.broadcast_to(x, index.shape).copy()
    if type(x) is type(index) is ndarray and x.flags.c_contiguous:
        parts = [
            x[rows].ravel().take(cells(index[rows], dim, x[rows].shape), mode="wrap")
            for rows in _blocks(x.shape, index.shape, dim)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    return x[along(index, dim, x.ndim)]


def _blocks(shape: Shape, of_index: Shape, dim: int) -> list[slice]:
    """The rows that a gather, or its opposite, takes at a time: so many that the cells stay in the cache."""
    if shape[0] != of_index[0] or not normalize_dim(dim, len(shape)):
        return [slice(None)]
    return row_blocks(of_index)


def row_blocks(shape: Shape) -> list[slice]:
    """Slices of the first axis, of some 32,768 elements each; the last may have fewer."""
    step = max(1, 32768 * shape[0] // max(1, math.prod(shape)))
    return [slice(start, start + step) for start in range(0, shape[0], step)] or [slice(None)]


def cells(index: Array, dim: int, shape: Shape) -> Array:
    """The cells in the flattened array that `along` addresses: in half the time of NumPy's own index."""
    axis = normalize_dim(dim, len(shape))
    steps = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    found = index * steps[axis] if steps[axis] != 1 else index
    for i, n in enumerate(index.shape):
        if i != axis and n > 1:
            places = np.arange(n) * steps[i]
            found = found + places.reshape([-1 if i == j else 1 for j in range(index.ndim)])
    return found


@kernel
def add_along(g: Array, index: Array, dim: int, shape: Shape) -> Array:
    """Zeros of `shape` with `g` added at `index` along `dim`: the opposite of `take_along`."""
    if not shape:
        return np.reshape(total(g), ())
    if type(g) is type(index) is ndarray and g.dtype.kind == "f":
        out = np.empty(shape, g.dtype)
        few = index.shape[normalize_dim(dim, len(shape))] <= 128 and g.itemsize > 2
        sum_type = g.dtype if few else np.float64
        for rows in _blocks(shape, index.shape, dim):
            sums = np.zeros(out[rows].size, sum_type)
            places = cells(index[rows], dim, out[rows].shape)
            np.add.at(sums, places.ravel(), g[rows].ravel().astype(sum_type, copy=False))
            out[rows] = sums.reshape(out[rows].shape)
        return out
    return add_at(shape, along(index, dim, len(shape)), g)


@kernel
def pad(x: Array, pad: Any, value: float = 0.0) -> Array:
    """Grow (or, where negative, crop) axes: PyTorch lists (before, after) pairs from the last axis on."""
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ValueError(
            f"pad: {tuple(pad)} must hold a (before, after) pair for at most {x.ndim} axes, last first"
        )
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    widths = [(0, 0)] * (x.ndim - len(pairs)) + pairs[::-1]
    crop = tuple(slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(widths, x.shape, strict=True))
    x = x[crop]
    grow = [(max(a, 0), max(b, 0)) for a, b in widths]
    if not any(map(any, grow)):
        return copied(x)
    if is_foreign(x):
        return np.pad(x, grow, constant_values=value)
    out = np.full([n + a + b for n, (a, b) in zip(x.shape, grow, strict=True)], value, x.dtype)
    out[tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, grow, strict=True))] = x
    return out


@kernel
def embed_diagonal(g: Array, shape: Shape, offset: int, dim1: int, dim2: int) -> Array:
    """Zeros of `shape` with the last axis of `g` on a diagonal: the opposite of `np.diagonal`."""
    out = np.zeros(shape, g.dtype, like=kin(g))
    view = np.moveaxis(out, (dim1, dim2), (-2, -1))
    n = g.shape[-1]
    rows, columns = np.arange(n) + max(-offset, 0), np.arange(n) + max(offset, 0)
    view[..., rows, columns] = g
    return out
