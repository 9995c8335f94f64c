"""Derivatives of elements chosen by their rank along an axis, and of the largest and smallest so far."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import fresh, kin
from .extremes import to_chosen
from .kernels import Array, Shape, c_order, ndarray, normalize_dim
from .op import Op
from .places import add_along as add_along_kernel


def _of_rank(x: Array, rank: int, axis: int) -> tuple[Array, Array]:
    """The elements that a stable sort along `axis` puts at `rank`, and their places; the axis is kept."""
    if type(x) is ndarray:
        rows = x.swapaxes(axis, -1)
        found = np.partition(rows, rank, -1)[..., rank : rank + 1]
        alike = rows == found
        if np.count_nonzero(alike) == found.size and alike.any(-1).all():  # one in each row
            places = alike.argmax(-1, keepdims=True)
            return found.swapaxes(axis, -1).copy(), c_order(places.swapaxes(axis, -1))
        if x.dtype.kind != "f" or not np.isnan(rows).any():  # of several alike, by how many are smaller
            before = np.count_nonzero(rows < found, axis=-1, keepdims=True)
            nth = np.cumsum(alike, -1) > rank - before
            places = c_order(nth.argmax(-1, keepdims=True).swapaxes(axis, -1))
            return np.take_along_axis(x, places, axis), places
    places = np.take(np.argsort(x, axis=axis, kind="stable"), [rank], axis=axis)
    return np.take_along_axis(x, places, axis), places


def _at_rank(x: Array, rank: int, dim: int, keepdim: bool, nan_first: bool = False) -> tuple[Array, Array]:
    axis = normalize_dim(dim, x.ndim)
    if x.ndim == 0:
        return x.copy(), np.zeros((), np.int64)
    values, places = _of_rank(x, rank, axis)
    if nan_first and x.dtype.kind == "f":
        gone = np.isnan(x)
        if type(x) is not ndarray or gone.any():
            first = np.argmax(gone, axis=axis, keepdims=True)
            places = np.where(np.any(gone, axis=axis, keepdims=True), first, places)
            values = np.take_along_axis(x, places, axis)
    return (values, places) if keepdim else (np.squeeze(values, axis), np.squeeze(places, axis))


def _distinct(d: Any, ranked: bool) -> Any:
    shape = d.shape(min_dims=1, min_side=1)
    dim = d.dim(shape)
    k = {"k": d.integer(1, shape[dim])} if ranked else {}
    return (d.distinct(shape),), {**k, "dim": dim, "keepdim": d.flag()}


kthvalue = Op(
    "kthvalue",
    lambda x, *, k, dim=-1, keepdim=False: _at_rank(x, k - 1, dim, keepdim),
    x=lambda g, x_shape, indices, dim, keepdim: to_chosen(g, indices, x_shape, dim, keepdim),
    constants=("indices",),
    read="g at the element taken, 0 elsewhere",
    formula="1 at the k-th smallest element, 0 elsewhere",
    domain=lambda d: _distinct(d, ranked=True),
)
median_dim = Op(
    "median_dim",
    lambda x, *, dim=-1, keepdim=False: _at_rank(x, _middle(x, dim), dim, keepdim, nan_first=True),
    x=lambda g, x_shape, indices, dim, keepdim: to_chosen(g, indices, x_shape, dim, keepdim),
    constants=("indices",),
    read="g at the element in the middle, 0 elsewhere",
    formula="1 at the element in the middle, 0 elsewhere",
    domain=lambda d: _distinct(d, ranked=False),
)


def _middle(x: Array, dim: int) -> int:
    return (int(x.shape[dim]) - 1) // 2 if x.ndim else 0


def _so_far(ufunc: Any, x: Array, axis: int) -> Array:
    """The running extremes along `axis` of an array in rows, by steps of twice as many elements as before.

    NumPy's `accumulate` waits for one element after the other.
    """
    n, step = x.shape[axis], 1
    if type(x) is not ndarray:
        out, before = x, (slice(None),) * axis
        while step < n:
            others = ufunc(out[(*before, slice(step, None))], out[(*before, slice(-step))])
            out, step = np.concatenate([out[(*before, slice(step))], others], axis=axis), 2 * step
        return out
    if n < 64 or x.size < 8192:
        return ufunc.accumulate(x, axis)
    inner = math.prod(x.shape[axis + 1 :])
    out = x
    spare = [np.empty(out.shape, out.dtype), np.empty(out.shape, out.dtype)]
    while step < n:
        known, out = out, spare[0]
        old, new, shift = known.reshape(-1), out.reshape(-1), step * inner
        ufunc(old[shift:], old[:-shift], out=new[shift:])
        start = (*(slice(None),) * axis, slice(step))
        out[start] = known[start]  # also where the elements before are those of another row
        spare, step = spare[::-1], 2 * step
    return out


def _running(ufunc: Any, x: Array, dim: int) -> tuple[Array, Array]:
    """The extremes so far along `dim`, and their places, the last of equal ones; a nan stays."""
    axis = normalize_dim(dim, x.ndim)
    if x.ndim == 0:
        return x.copy(), np.zeros((), np.int64)
    x = c_order(x)
    best = _so_far(ufunc, x, axis)
    taken = (x == best) | (x != x) if x.dtype.kind == "f" else x == best
    n, like = x.shape[axis], kin(x)
    if type(x) is ndarray and axis == x.ndim - 1 and n:
        flat = np.flatnonzero(taken)
        if len(flat) * 32 < x.size:  # few runs of one place
            places = np.repeat(flat % n, np.diff(flat, append=x.size)).reshape(x.shape)
            return (fresh(x) if best is x else best), places
    numbers = np.arange(n, like=like).reshape(tuple(-1 if i == axis else 1 for i in range(x.ndim)))
    places = _so_far(np.maximum, np.where(taken, numbers, 0), axis)
    return (fresh(x) if best is x else best), places


def _to_runs(g: Array, places: Array, dim: int, shape: Shape) -> Array:
    """`g` added up at `places`, which do not fall along `dim`: each place is that of a run."""
    if (
        not shape
        or type(g) is not ndarray
        or type(places) is not ndarray
        or g.dtype.kind != "f"
        or not g.size
    ):
        return add_along_kernel(g, places, dim, shape)
    axis = normalize_dim(dim, len(shape))
    rows, at = np.moveaxis(g, axis, -1), np.moveaxis(places, axis, -1)
    starts = np.empty(at.shape, np.bool_)
    starts[..., 0] = True
    np.not_equal(at[..., 1:], at[..., :-1], out=starts[..., 1:])
    first = np.flatnonzero(starts)
    sums = np.add.reduceat(rows.astype(np.float64).reshape(-1), first)
    out = np.zeros(rows.shape, g.dtype)
    out.reshape(-1)[first - first % shape[axis] + at.reshape(-1)[first]] = sums
    return c_order(np.moveaxis(out, -1, axis))


def _scanned(d: Any) -> Any:
    shape = d.shape(min_dims=1, min_side=1)
    return (d.distinct(shape),), {"dim": d.dim(shape)}


cummax = Op(
    "cummax",
    lambda x, *, dim: _running(np.maximum, x, dim),
    x=lambda g, x_shape, indices, dim: _to_runs(g, indices, dim, x_shape),
    constants=("indices",),
    read="g added up at the places of the largest elements so far",
    formula="the gradient added at the places of the largest elements so far",
    domain=_scanned,
)
cummin = Op(
    "cummin",
    lambda x, *, dim: _running(np.minimum, x, dim),
    x=lambda g, x_shape, indices, dim: _to_runs(g, indices, dim, x_shape),
    constants=("indices",),
    read="g added up at the places of the smallest elements so far",
    formula="the gradient added at the places of the smallest elements so far",
    domain=_scanned,
)
