"""Derivatives of picking and placing elements. Integer arrays and masks are constants, without a rule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import everything, kin
from .kernels import (
    Array,
    c_order,
    cast as cast_kernel,
    check,
    copied,
    keep,
    laid_out,
    ndarray,
    normalize_dim,
)
from .op import REAL, Op
from .places import (
    add_along as add_along_kernel,
    along,
    cells,
    emptied,
    is_basic,
    scatter_index as scatter_index_kernel,
    take_along as take_along_kernel,
)

getitem = Op(
    "getitem",
    lambda x, *, index: _picked(x, index),
    x=lambda g, x_shape, index: scatter_index_kernel(g, index, x_shape),
    read="g at the indexed places, 0 elsewhere",
    formula="the gradient at the indexed places, 0 elsewhere; if one is indexed twice, the sum",
    domain=lambda d: ((d.values(s := d.shape(min_side=1), REAL),), {"index": d.index(s)}),
    view=True,
)


def _picked(x: Array, index: Any) -> Array:
    out = x[index]
    if type(out) is not ndarray or out.flags.c_contiguous or is_basic(index):
        return out
    return out.copy()  # NumPy puts the axes of index arrays first in memory, PyTorch in their place


scatter_index = Op(
    "scatter_index", scatter_index_kernel, inputs="x",
    x=lambda g, index: g[index],
    read="the part of g at the indexed places",
    formula="the gradient at the indexed places",
    domain=lambda d: (
        (d.values(np.empty(s := d.shape(min_side=1))[(i := d.index(s))].shape, REAL),),
        {"index": i, "shape": s},
    ),
)  # fmt: skip


def _put(x: Array, value: Array, index: Any) -> Array:
    out = x.copy()
    while value.ndim and value.shape[0] == 1:  # NumPy puts no such value at a mask, though it broadcasts
        value = value[0]
    out[index] = value
    return out


def _lengthened(g: Array, ndim: int) -> Array:
    """`g` with leading axes of length 1: a value may have those where the place that it is put in has not."""
    return g if g.ndim >= ndim else np.reshape(g, (1,) * (ndim - g.ndim) + g.shape)


def _of_those_that_stayed(g: Array, index: Any) -> Array:
    """g at the places that were written; of two values put in one place, the later takes it alone."""
    part = g[index]
    if is_basic(index):
        return part
    like = kin(g)
    size = math.prod(part.shape)
    short = np.int32 if size < 2**31 else np.int64
    numbers = np.arange(size, dtype=short, like=like).reshape(part.shape)
    stayed = np.empty(g.shape, short, like=like)
    stayed[index] = numbers
    alone = stayed[index] == numbers
    return part if type(alone) is ndarray and alone.all() else keep(part, alone)


def _put_domain(d: Any) -> Any:
    """A value of the shape of its place, or one that broadcasts to it, if by axes of length 1 in front."""
    shape = d.shape(min_side=1)
    index = d.index(shape)
    place = np.empty(shape)[index].shape
    others = (place[1:], (1, *place), (1, 1, *place), (1,) * len(place))
    value = place if d.equal_shapes else d.choice((place, *others))
    return (d.values(shape, REAL), d.values(value, REAL)), {"index": index}


index_put = Op(
    "index_put",
    lambda x, value, *, index: _put(x, value, index),
    x=lambda g, index: emptied(g, index),
    value=lambda g, value_shape, index: _lengthened(_of_those_that_stayed(g, index), len(value_shape)),
    read={
        "x": "g where the old values stayed, 0 elsewhere",
        "value": "the part of g at the places where it stayed",
    },
    formula="each value takes the gradient where it stayed",
    domain=_put_domain,
    promote=False,
)


def _lookup(d: Any) -> tuple[Array, Array, int]:
    """An array, and an index array that fits into it along a dim."""
    shape = d.shape(min_dims=1, min_side=1)
    dim = d.dim(shape)
    axis = dim % len(shape)
    places = tuple(d.integer(1, 4) if i == axis else d.integer(1, n) for i, n in enumerate(shape))
    return d.values(shape, REAL), d.ints(places, 0, shape[axis] - 1), dim


def _gather_domain(d: Any) -> Any:
    x, index, dim = _lookup(d)
    return (x, index), {"dim": dim}


def _add_along_domain(d: Any) -> Any:
    x, index, dim = _lookup(d)
    return (d.values(index.shape, REAL), index), {"dim": dim, "shape": x.shape}


gather = Op(
    "gather", take_along_kernel, inputs="x index",
    x=lambda g, x_shape, index, dim: add_along_kernel(g, index, dim, x_shape),
    read="g added up at the places that it was gathered from",
    formula="the gradient added at the gathered places",
    domain=_gather_domain,
)  # fmt: skip
add_along = Op(
    "add_along", add_along_kernel, inputs="x index",
    x=lambda g, index, dim: take_along_kernel(g, index, dim),
    read="the part of g at the places that were added to",
    formula="the gradient at the places that were added to",
    domain=_add_along_domain,
)  # fmt: skip


def _scatter_domain(d: Any) -> Any:
    x, _, dim = _lookup(d)
    axis = dim % x.ndim
    shape = tuple(d.integer(1, n) for n in x.shape)  # some places are left alone, some written twice
    return (x, d.ints(shape, 0, x.shape[axis] - 1), d.values(shape, REAL)), {"dim": dim}


def _place(x: Array, index: Array, src: Array, dim: int) -> Array:
    out = x.copy()
    row, places = _in_a_row(out, index, dim)
    row[places] = src
    return row.reshape(x.shape)


def _in_a_row(x: Array, index: Array, dim: int) -> tuple[Array, Any]:
    """`x` and the places that `index` names in it; of NumPy's in one dimension, which is faster."""
    if type(index) is not ndarray or not x.ndim:
        return x, along(index, dim, x.ndim) if x.ndim else ()
    return np.reshape(x, (-1,)), cells(index, dim, x.shape)


def _where_left(g: Array, index: Array, dim: int) -> Array:
    """`g` where `index` names no place, 0 elsewhere."""
    row, places = _in_a_row(g, index, dim)
    return np.reshape(emptied(row, places), g.shape)


scatter = Op(
    "scatter",
    lambda x, index, src, *, dim: _place(x, index, src, dim),
    x=lambda g, index, dim: _where_left(g, index, dim),
    src=lambda g, index, dim: _of_those_that_stayed(*_in_a_row(g, index, dim)),
    read={
        "x": "g where the old values stayed, 0 elsewhere",
        "src": "the part of g at the places where it stayed",
    },
    formula="each value takes the gradient where it stayed",
    domain=_scatter_domain,
    promote=False,
)


def _ordered(x: Array, dim: int, descending: bool) -> tuple[Array, Array]:
    axis = normalize_dim(dim, x.ndim)
    if x.ndim == 0:
        return x.copy(), np.zeros((), np.int64)
    if descending:  # stable: sort the reversed array upwards, then reverse, so that equals keep their order
        n = x.shape[axis]
        order = n - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)
    else:
        order = np.argsort(x, axis=axis, kind="stable")
    return laid_out(np.take_along_axis(x, order, axis), x), laid_out(c_order(order), x)


def _foremost(x: Array, k: int, dim: int, largest: bool) -> tuple[Array, Array]:
    """The first k of `_ordered`; of many by a partition, and only the k put in order."""
    axis = normalize_dim(dim, x.ndim)
    n = x.shape[axis] if x.ndim else 1
    if 0 < 4 * k < n:
        rows = np.moveaxis(x, axis, -1)
        at = n - k if largest else k - 1
        edge = np.partition(rows, at, -1)[..., at : at + 1]
        chosen = rows >= edge if largest else rows <= edge
        if (np.count_nonzero(chosen, axis=-1) > k).any():
            tied = rows == edge  # more than there is room for: the first of them
            room = k - np.count_nonzero(chosen & ~tied, axis=-1, keepdims=True)
            chosen &= ~tied | (np.cumsum(tied, -1) <= room)
        if (np.count_nonzero(chosen, axis=-1) == k).all():
            places = np.nonzero(chosen)[-1].reshape(*rows.shape[:-1], k)
            values, order = _ordered(np.take_along_axis(rows, places, -1), -1, largest)
            places = np.take_along_axis(places, order, -1)
            return c_order(np.moveaxis(values, -1, axis)), c_order(np.moveaxis(places, -1, axis))
    values, order = _ordered(x, dim, largest)
    first = (..., *(slice(0, k if i == axis else None) for i in range(x.ndim)))
    return values[first].copy(), order[first].copy()


def _sort_domain(d: Any) -> Any:
    shape = d.shape(min_dims=1, min_side=1)
    return (d.distinct(shape),), {"dim": d.dim(shape), "descending": d.flag()}


def _topk_domain(d: Any) -> Any:
    shape = d.shape(min_dims=1, min_side=1)
    dim = d.dim(shape)
    return (d.distinct(shape),), {"k": d.integer(1, shape[dim]), "dim": dim, "largest": d.flag()}


sort = Op(
    "sort",
    lambda x, *, dim=-1, descending=False: _ordered(x, dim, descending),
    x=lambda g, x_shape, indices, dim: add_along_kernel(g, indices, dim, x_shape),
    constants=("indices",),
    read="each element of g back at the place of the element that was sorted",
    formula="each element's gradient returns to where the element stood",
    domain=_sort_domain,
)
topk = Op(
    "topk",
    lambda x, *, k, dim=-1, largest=True: _foremost(x, k, dim, largest),
    x=lambda g, x_shape, indices, dim: add_along_kernel(g, indices, dim, x_shape),
    constants=("indices",),
    read="each element of g back at the place of the element that was picked",
    formula="each element's gradient returns to where the element stood",
    domain=_topk_domain,
)
Op(
    "argsort",
    lambda x, *, dim=-1, descending=False: _ordered(x, dim, descending)[1],
    formula="the order of the elements, no derivative",
    domain=_sort_domain,
    result="int",
)
cast = Op(
    "cast", cast_kernel, inputs="x",
    x=lambda g: g,
    formula="the same value in another dtype: the gradient in the old one",
    domain=lambda d: ((d.values(d.shape(), REAL),), {"dtype": np.dtype(np.float64)}),
    result="given",
)  # fmt: skip
clone = Op(
    "clone",
    lambda x: copied(x),
    x=lambda g: g,
    formula="d x/dx = 1",
    domain=REAL,
)
contiguous = Op(
    "contiguous",
    lambda x: x.copy(),
    x=lambda g: g,
    formula="d x/dx = 1",
    domain=REAL,
)


@check
def first_outside(index: Array, n: int, least: int = 0) -> Any:
    """The first of the integers that is not in [least, n), or None."""
    if type(index) is not ndarray:
        index = everything(index)
    if not index.size or (index.min() >= least and index.max() < n):
        return None
    wrong: Any = index[(index < least) | (index >= n)].ravel()[0]
    return wrong
