"""Derivatives of reductions. `dim` is None (all axes), an int or a tuple.

`spread` undoes a reduction: it repeats the arriving gradient along the axes that were reduced.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import arrayed, fold, kin
from .extremes import folded, share
from .kernels import (
    Array,
    c_order,
    centered,
    count,
    ndarray,
    normalize_dims,
    shifted,
    spread,
    wide,
)
from .op import REAL, Op
from .scan import cumulate
from .special import sign
from .sums import total


def _axes(x: Array, dim: Any) -> tuple[int, ...]:
    return normalize_dims(dim, x.ndim)


def _sum(x: Array, dim: Any, keepdim: bool) -> Array:
    """The sum over `dim`; of integers and booleans in int64, also of uint8."""
    if x.dtype.kind != "f":
        return folded(np.add, x, dim, keepdim, dtype=np.int64)
    return c_order(total(x, None if dim is None else normalize_dims(dim, x.ndim), keepdim))


def _reduction(values: Any) -> Any:
    """The domain of a reduction: an array, and any way to name some of its axes."""

    def domain(d: Any) -> Any:
        shape = d.shape(min_side=1)
        return (d.values(shape, values),), {"dim": d.dims(shape), "keepdim": d.flag()}

    return domain


sum_ = Op(
    "sum",
    lambda x, *, dim=None, keepdim=False: _sum(x, dim, keepdim),
    x=lambda g, x_shape, dim, keepdim: spread(g, x_shape, dim, keepdim),
    read="g",
    formula="d sum(x)/dx_i = 1",
    domain=_reduction(REAL),
)
mean = Op(
    "mean",
    lambda x, *, dim=None, keepdim=False: _mean(wide(x), dim, keepdim),
    x=lambda g, x_shape, dim, keepdim: spread(wide(g) / count(x_shape, dim), x_shape, dim, keepdim),
    read="g / n",
    formula="d mean(x)/dx_i = 1/n",
    domain=_reduction(REAL),
    result="floating",
)


def _mean(x: Array, dim: Any, keepdim: bool) -> Array:
    # A count of x's dtype: dividing by one of 0 gives nan or inf as arrays do, not an exception.
    return _sum(x, dim, keepdim) / x.dtype.type(count(x.shape, dim))


# The product of the others, from both sides: exact where x holds zeros, which out / x is not.
def _prod_others(x: Array, dim: Any) -> Array:
    axes = normalize_dims(dim, x.ndim)
    if not axes or 0 in x.shape:
        return np.ones_like(x)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    flat = np.reshape(np.transpose(x, rest + axes), (*(x.shape[i] for i in rest), -1))
    before = cumulate(np.multiply, shifted(flat, -1, 1.0), -1)
    after = np.flip(cumulate(np.multiply, shifted(np.flip(flat, -1), -1, 1.0), -1), -1)
    others = np.reshape(before * after, tuple(x.shape[i] for i in rest + axes))
    return np.transpose(others, tuple(int(i) for i in np.argsort(rest + axes)))


def _prod_rule(g: Array, x: Array, out: Array, shape: Any, dim: Any, keepdim: bool) -> Array:
    if type(out) is type(x) is ndarray and x.dtype.char in "fd" and out.size:
        size = np.abs(out)
        if size.min() >= np.finfo(x.dtype).tiny and size.max() < np.inf:  # nothing is 0, nor lost its digits
            return spread(g * out, shape, dim, keepdim) / x
    return spread(g, shape, dim, keepdim) * _prod_others(x, dim)


prod = Op(
    "prod",
    lambda x, *, dim=None, keepdim=False: folded(
        np.multiply, x, dim, keepdim, dtype=None if x.dtype.kind == "f" else np.int64
    ),
    x=lambda g, x, out, x_shape, dim, keepdim: _prod_rule(g, x, out, x_shape, dim, keepdim),
    read="g times the product of the other elements",
    formula="d prod(x)/dx_i = product of the other x_j",
    domain=_reduction(REAL),
)


def _denominator(shape: Any, dim: Any, correction: float) -> Any:
    # PyTorch's: never negative; at 0 the division gives nan or inf, as NumPy scalars do.
    return np.float64(max(count(shape, dim) - correction, 0))


def _centered(x: Array, dim: Any) -> Array:
    x = wide(x)
    return centered(x, normalize_dims(dim, x.ndim))[0]


def _times_centered(g: Array, x: Array, dim: Any) -> Array:
    rest = _centered(x, dim)
    if type(rest) is ndarray and type(g) is ndarray:
        return np.multiply(rest, g, out=rest)  # new memory would cost more than the product
    return g * rest


def _var(x: Array, dim: Any, correction: float, keepdim: bool) -> Array:
    squares = _centered(x, dim)
    squares *= squares  # new memory would cost more than the product
    sums = _sum(squares, dim, keepdim)
    return sums / sums.dtype.type(_denominator(x.shape, dim, correction))


def _spread_reduction(d: Any) -> Any:
    shape = d.shape(min_dims=1, min_side=2)
    return (d.distinct(shape),), {"dim": d.dims(shape), "correction": d.choice((0, 1)), "keepdim": d.flag()}


var = Op(
    "var",
    lambda x, *, dim=None, correction=1, keepdim=False: _var(x, dim, correction, keepdim),
    x=lambda g, x, x_shape, dim, correction, keepdim: _times_centered(
        spread(wide(g) * _inverse(2, x_shape, dim, correction), x_shape, dim, keepdim), x, dim
    ),
    read="g * 2 * (x - mean(x)) / (n - correction)",
    formula="d var(x)/dx_i = 2 * (x_i - mean)/(n - correction)",
    domain=_spread_reduction,
    result="floating",
)
std = Op(
    "std",
    lambda x, *, dim=None, correction=1, keepdim=False: np.sqrt(_var(x, dim, correction, keepdim)),
    x=lambda g, x, x_shape, out, dim, correction, keepdim: _times_centered(
        spread(_over(wide(g) * _inverse(1, x_shape, dim, correction), wide(out)), x_shape, dim, keepdim),
        x,
        dim,
    ),
    read="g * (x - mean(x)) / ((n - correction) * out)",
    formula="d std(x)/dx_i = (x_i - mean)/((n - correction) * std),  0 where std = 0",
    domain=_spread_reduction,
    result="floating",
)


def _inverse(numerator: float, shape: Any, dim: Any, correction: float) -> float:
    return float(np.divide(numerator, _denominator(shape, dim, correction)))


def _over(g: Array, size: Array, power: float = 1.0) -> Array:
    """g / size^power, and 0 where the size is 0."""
    safe = np.where(size == 0, 1, size)
    return np.where(size == 0, 0, g / safe**power)


def _logsumexp(x: Array, dim: Any, keepdim: bool) -> Array:
    axes = _axes(x, dim)
    x = wide(x)
    top = fold(np.maximum, x, axes, True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    out = np.log(total(np.exp(x - top), axes, True)) + top
    return c_order(out if keepdim else np.squeeze(out, axes))


logsumexp = Op(
    "logsumexp",
    lambda x, *, dim, keepdim=False: _logsumexp(x, dim, keepdim),
    x=lambda g, x, out, x_shape, dim, keepdim: (
        spread(g, x_shape, dim, keepdim) * np.exp(x - spread(out, x_shape, dim, keepdim))
    ),
    read="g * exp(x - out)",
    formula="d logsumexp(x)/dx_i = exp(x_i - logsumexp(x)) = softmax(x)_i",
    domain=_reduction(REAL),
    result="float",
)


def _vector_norm(x: Array, ord: float, dim: Any, keepdim: bool) -> Array:
    size = np.abs(wide(x))
    if ord == np.inf:
        return folded(np.maximum, size, dim, keepdim)
    if ord == -np.inf:
        return folded(np.minimum, size, dim, keepdim)
    if ord == 0:
        return arrayed(_sum(size != 0, dim, keepdim)).astype(x.dtype)
    if ord == 1:
        return _sum(size, dim, keepdim)
    if ord == 2:
        return np.sqrt(_sum(size * size, dim, keepdim))
    return _sum(size**ord, dim, keepdim) ** (1.0 / ord)


def _vector_norm_rule(g: Array, x: Array, out: Array, ord: float, dim: Any, keepdim: bool) -> Array:
    shape = x.shape
    g, x, out = wide(g), wide(x), wide(out)
    if ord in (np.inf, -np.inf):
        size, extreme = np.abs(x), spread(out, shape, dim, keepdim)
        return np.where(size == extreme, share(g, size, out, shape, dim, keepdim), 0) * sign(x)
    if ord == 0:
        return np.zeros_like(x)
    if ord == 1:
        return spread(g, shape, dim, keepdim) * sign(x)
    if ord == 2:
        return x * spread(_over(g, out), shape, dim, keepdim)
    size = np.abs(x)
    safe = np.where(size == 0, 1, size)
    direction = np.where(size == 0, 0, sign(x) * safe ** (ord - 1))
    return direction * spread(_over(g, out, ord - 1), shape, dim, keepdim)


def _norm_domain(d: Any) -> Any:
    shape = d.shape(min_side=1)
    order = d.choice((2.0, 1.0, 3.0, 1.5, np.inf, -np.inf))
    x = d.distinct(shape) * d.signs(shape)
    return (x,), {"ord": order, "dim": d.dims(shape), "keepdim": d.flag()}


vector_norm = Op(
    "vector_norm",
    lambda x, *, ord=2.0, dim=None, keepdim=False: _vector_norm(x, ord, dim, keepdim),
    x=_vector_norm_rule,
    read="g * sign(x) * (abs(x) / out)**(ord - 1)",
    formula="d ||x||_p/dx_i = sign(x_i) * (|x_i|/||x||_p)^(p-1),  0 at x = 0",
    domain=_norm_domain,
    result="floating",
)


def _quantify(ufunc: Any, x: Array, dim: Any, keepdim: bool) -> Array:
    """PyTorch's all and any: over no axis for an empty dim, and uint8 for uint8, its masks of old."""
    axes = () if isinstance(dim, (tuple, list)) and not dim else _axes(x, dim)
    found = fold(ufunc, x if x.dtype.kind == "b" else x != 0, axes, keepdim)
    return c_order(arrayed(found).astype(np.uint8 if x.dtype.char == "B" else np.bool_, copy=False))


all_ = Op(
    "all",
    lambda x, *, dim=None, keepdim=False: _quantify(np.logical_and, x, dim, keepdim),
    formula="whether all elements are true, no derivative",
    domain=_reduction(REAL),
    result="bool",
)
any_ = Op(
    "any",
    lambda x, *, dim=None, keepdim=False: _quantify(np.logical_or, x, dim, keepdim),
    formula="whether any element is true, no derivative",
    domain=_reduction(REAL),
    result="bool",
)


def _matrix(x: Array) -> Array:
    if x.ndim != 2:
        raise ValueError(f"expected a matrix, got shape {tuple(x.shape)}")
    if x.dtype.kind == "b":
        raise NotImplementedError("trace is not there for bool; convert with .long()")
    return x


trace = Op(
    "trace",
    lambda x: _sum(np.diagonal(_matrix(x)), None, False),
    x=lambda g, x_shape: g * np.eye(*x_shape, dtype=g.dtype, like=kin(g)),
    read="g on the diagonal, 0 elsewhere",
    formula="d trace(x)/dx_ij = 1 for i = j",
    domain=lambda d: ((d.values((d.integer(1, 4), d.integer(1, 4)), REAL),), {}),
)
