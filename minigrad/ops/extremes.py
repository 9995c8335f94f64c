"""Derivatives of the largest and the smallest, of all elements or along an axis, and where they stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import arrayed, fold, kin
from .kernels import (
    Array,
    c_order,
    cast,
    normalize_dim,
    normalize_dims,
    spread,
    wide,
)
from .op import Op


def folded(ufunc: Any, x: Array, dim: Any, keepdim: bool, **how: Any) -> Array:
    """A ufunc's reduction over `dim`."""
    return c_order(fold(ufunc, x, normalize_dims(dim, x.ndim), keepdim, **how))


def _distinct_reduction(d: Any) -> Any:
    shape = d.shape(min_side=1)
    return (d.distinct(shape),), {"dim": d.dims(shape), "keepdim": d.flag()}


amax = Op(
    "amax",
    lambda x, *, dim=None, keepdim=False: folded(np.maximum, _not_empty(x, dim), dim, keepdim),
    x=lambda g, x, x_shape, out, dim, keepdim: share(g, x, out, x_shape, dim, keepdim),
    read="g at the largest element (ties share it), 0 elsewhere",
    formula="1 at the largest element, 0 elsewhere; k tied elements take 1/k each",
    domain=_distinct_reduction,
)
amin = Op(
    "amin",
    lambda x, *, dim=None, keepdim=False: folded(np.minimum, _not_empty(x, dim), dim, keepdim),
    x=lambda g, x, x_shape, out, dim, keepdim: share(g, x, out, x_shape, dim, keepdim),
    read="g at the smallest element (ties share it), 0 elsewhere",
    formula="1 at the smallest element, 0 elsewhere; k tied elements take 1/k each",
    domain=_distinct_reduction,
)


def _not_empty(x: Array, dim: Any) -> Array:
    """`x`, refused where a named axis holds nothing to choose from."""
    if 0 in x.shape and dim not in (None, ()):
        for axis in normalize_dims(dim, x.ndim):
            if x.shape[axis] == 0:
                raise IndexError(
                    f"expected dimension {axis} of shape {tuple(x.shape)} to have elements to choose from"
                )
    return x


def share(g: Array, x: Array, out: Array, shape: Any, dim: Any, keepdim: bool) -> Array:
    """The gradient at the extreme elements, shared evenly where several tie; nan in the place of 0/0."""
    chosen = x == spread(out, shape, dim, keepdim)
    ties = np.sum(chosen, axis=normalize_dims(dim, len(shape)), keepdims=True)
    g = wide(g)
    return spread(g, shape, dim, keepdim) * chosen / cast(ties, g.dtype)


# A nan is the extreme of all, and takes the gradient, as in PyTorch; amax makes nan of every gradient then.
max_ = Op(
    "max",
    lambda x: fold(np.maximum, x),
    x=lambda g, x, x_shape, out: _share_all(g, x, x_shape, out),
    read="g at the largest element (ties share it), 0 elsewhere",
    formula="1 at the largest element, 0 elsewhere; k tied elements take 1/k each",
    domain=lambda d: ((d.distinct(d.shape(min_side=1)),), {}),
)
min_ = Op(
    "min",
    lambda x: fold(np.minimum, x),
    x=lambda g, x, x_shape, out: _share_all(g, x, x_shape, out),
    read="g at the smallest element (ties share it), 0 elsewhere",
    formula="1 at the smallest element, 0 elsewhere; k tied elements take 1/k each",
    domain=lambda d: ((d.distinct(d.shape(min_side=1)),), {}),
)


def _share_all(g: Array, x: Array, shape: Any, out: Array) -> Array:
    chosen = (x == out) | (x != x)
    g = wide(g)
    return np.where(chosen, np.broadcast_to(g, shape) / cast(np.sum(chosen), g.dtype), 0)


def _pick_extreme(argument: Any, x: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    dim = normalize_dim(dim, _not_empty(x, dim).ndim)
    if x.ndim == 0:
        return x.copy(), np.zeros((), np.int64)
    indices = argument(x, axis=dim, keepdims=True)
    values = np.take_along_axis(x, indices, axis=dim)
    return (values, indices) if keepdim else (np.squeeze(values, dim), np.squeeze(indices, dim))


def _distinct_along(d: Any) -> Any:
    shape = d.shape(min_dims=1, min_side=1)
    return (d.distinct(shape),), {"dim": d.dim(shape), "keepdim": d.flag()}


max_dim = Op(
    "max_dim",
    lambda x, *, dim, keepdim=False: _pick_extreme(np.argmax, x, dim, keepdim),
    x=lambda g, x_shape, indices, dim, keepdim: to_chosen(g, indices, x_shape, dim, keepdim),
    constants=("indices",),
    read="g at the largest element, 0 elsewhere",
    formula="1 at the largest element, 0 elsewhere",
    domain=_distinct_along,
)
min_dim = Op(
    "min_dim",
    lambda x, *, dim, keepdim=False: _pick_extreme(np.argmin, x, dim, keepdim),
    x=lambda g, x_shape, indices, dim, keepdim: to_chosen(g, indices, x_shape, dim, keepdim),
    constants=("indices",),
    read="g at the smallest element, 0 elsewhere",
    formula="1 at the smallest element, 0 elsewhere",
    domain=_distinct_along,
)


def to_chosen(g: Array, indices: Array, shape: Any, dim: int, keepdim: bool) -> Array:
    """Place `g` at `indices` along `dim`: a comparison with the positions, so no scatter is needed."""
    if not shape:
        return g
    axis = normalize_dim(dim, len(shape))
    positions = np.arange(shape[axis], like=kin(g)).reshape(
        tuple(-1 if i == axis else 1 for i in range(len(shape)))
    )
    kept = indices if keepdim else np.expand_dims(indices, axis)
    return np.where(positions == kept, spread(g, shape, dim, keepdim), 0)


def _position(argument: Any, x: Array, dim: int | None, keepdim: bool) -> Array:
    if dim is None and x.size == 0:
        raise IndexError(
            f"expected elements to choose from, or a dim to choose along, in shape {tuple(x.shape)}"
        )
    axis = None if dim is None else normalize_dim(dim, _not_empty(x, dim).ndim)
    return arrayed(argument(x, axis=axis if x.ndim else None, keepdims=keepdim))


argmax = Op(
    "argmax",
    lambda x, *, dim=None, keepdim=False: _position(np.argmax, x, dim, keepdim),
    formula="the index of the largest element, no derivative",
    domain=_distinct_along,
    result="int",
)
argmin = Op(
    "argmin",
    lambda x, *, dim=None, keepdim=False: _position(np.argmin, x, dim, keepdim),
    formula="the index of the smallest element, no derivative",
    domain=_distinct_along,
    result="int",
)
