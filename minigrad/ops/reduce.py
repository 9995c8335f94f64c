"""Derivatives of reductions and scans. `dim` is None (all axes), an int or a tuple.

`spread` undoes a reduction: it repeats the arriving gradient along the axes that were reduced.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import (
    Array,
    cast,
    count,
    normalize_dim,
    normalize_dims,
    reverse_scan as reverse_scan_kernel,
    shifted,
    spread,
)
from .op import REAL, Op
from .special import sign


def _axes(x: Array, dim: Any) -> tuple[int, ...]:
    return normalize_dims(dim, x.ndim)


def _fold(ufunc: Any, x: Array, dim: Any, keepdim: bool, **how: Any) -> Array:
    """A ufunc's reduction over `dim`."""
    return ufunc.reduce(x, axis=normalize_dims(dim, x.ndim), keepdims=keepdim, **how)


def _reduction(values: Any) -> Any:
    """The domain of a reduction: an array, and any way to name some of its axes."""

    def domain(d: Any) -> Any:
        shape = d.shape(min_side=1)
        return (d.values(shape, values),), {"dim": d.dims(shape), "keepdim": d.flag()}

    return domain


def _distinct_reduction(d: Any) -> Any:
    shape = d.shape(min_side=1)
    return (d.distinct(shape),), {"dim": d.dims(shape), "keepdim": d.flag()}


def _whole_number_sum(x: Array) -> Any:
    """Sums of integers and booleans are int64, also for uint8."""
    return np.int64 if x.dtype.kind in "biu" else None


sum_ = Op(
    "sum",
    lambda x, *, dim=None, keepdim=False: _fold(np.add, x, dim, keepdim, dtype=_whole_number_sum(x)),
    x=lambda g, x_shape, dim, keepdim: spread(g, x_shape, dim, keepdim),
    formula="d sum(x)/dx_i = 1",
    domain=_reduction(REAL),
)
mean = Op(
    "mean",
    lambda x, *, dim=None, keepdim=False: (
        _fold(np.add, x, dim, keepdim) / _float_like(x, count(x.shape, dim))
    ),
    x=lambda g, x_shape, dim, keepdim: spread(g / count(x_shape, dim), x_shape, dim, keepdim),
    formula="d mean(x)/dx_i = 1/n",
    domain=_reduction(REAL),
    result="floating",
)


def _float_like(x: Array, n: int) -> Any:
    """`n` as a scalar of x's dtype, so that dividing by 0 gives nan or inf as arrays do, not an exception."""
    return x.dtype.type(n)


# The product of the others, from both sides: exact where x holds zeros, which out / x is not.
def _prod_others(x: Array, dim: Any) -> Array:
    axes = normalize_dims(dim, x.ndim)
    if not axes or 0 in x.shape:
        return np.ones_like(x)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    flat = np.reshape(np.transpose(x, rest + axes), (*(x.shape[i] for i in rest), -1))
    before = np.cumprod(shifted(flat, -1, 1.0), axis=-1)
    after = np.flip(np.cumprod(shifted(np.flip(flat, -1), -1, 1.0), axis=-1), -1)
    others = np.reshape(before * after, tuple(x.shape[i] for i in rest + axes))
    return np.transpose(others, tuple(int(i) for i in np.argsort(rest + axes)))


prod = Op(
    "prod",
    lambda x, *, dim=None, keepdim=False: _fold(np.multiply, x, dim, keepdim, dtype=_whole_number_sum(x)),
    x=lambda g, x, x_shape, dim, keepdim: spread(g, x_shape, dim, keepdim) * _prod_others(x, dim),
    formula="d prod(x)/dx_i = product of the other x_j",
    domain=_reduction(REAL),
)
amax = Op(
    "amax",
    lambda x, *, dim=None, keepdim=False: _fold(np.maximum, _not_empty(x, dim), dim, keepdim),
    x=lambda g, x, x_shape, out, dim, keepdim: _share(g, x, out, x_shape, dim, keepdim),
    formula="1 at the largest x_i; k tied elements take 1/k each",
    domain=_distinct_reduction,
)
amin = Op(
    "amin",
    lambda x, *, dim=None, keepdim=False: _fold(np.minimum, _not_empty(x, dim), dim, keepdim),
    x=lambda g, x, x_shape, out, dim, keepdim: _share(g, x, out, x_shape, dim, keepdim),
    formula="1 at the smallest x_i; k tied elements take 1/k each",
    domain=_distinct_reduction,
)


def _not_empty(x: Array, dim: Any) -> Array:
    """`x`, refused where a named axis holds nothing to choose from."""
    if 0 in x.shape and dim not in (None, ()):
        for axis in normalize_dims(dim, x.ndim):
            if x.shape[axis] == 0:
                raise IndexError(
                    f"expected dimension {axis} of shape {x.shape} to have elements to choose from"
                )
    return x


def _share(g: Array, x: Array, out: Array, shape: Any, dim: Any, keepdim: bool) -> Array:
    """The gradient at the extreme elements, shared evenly where several tie."""
    extreme = spread(out, shape, dim, keepdim)
    chosen = (x == extreme) | ((x != x) & (extreme != extreme))  # nan is the extreme where there is one
    ties = np.sum(chosen, axis=normalize_dims(dim, len(shape)), keepdims=True)
    return np.where(chosen, spread(g, shape, dim, keepdim) / cast(ties, g.dtype), 0)


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
    x=lambda g, x_shape, indices, dim, keepdim: _to_chosen(g, indices, x_shape, dim, keepdim),
    constants=("indices",),
    formula="1 at the index of the largest element, 0 elsewhere",
    domain=_distinct_along,
)
min_dim = Op(
    "min_dim",
    lambda x, *, dim, keepdim=False: _pick_extreme(np.argmin, x, dim, keepdim),
    x=lambda g, x_shape, indices, dim, keepdim: _to_chosen(g, indices, x_shape, dim, keepdim),
    constants=("indices",),
    formula="1 at the index of the smallest element, 0 elsewhere",
    domain=_distinct_along,
)


def _to_chosen(g: Array, indices: Array, shape: Any, dim: int, keepdim: bool) -> Array:
    """Place `g` at `indices` along `dim`: a comparison with the positions, so no scatter is needed."""
    if not shape:
        return g
    axis = normalize_dim(dim, len(shape))
    positions = np.arange(shape[axis]).reshape(tuple(-1 if i == axis else 1 for i in range(len(shape))))
    kept = indices if keepdim else np.expand_dims(indices, axis)
    return np.where(positions == kept, spread(g, shape, dim, keepdim), 0)


def _position(argument: Any, x: Array, dim: int | None, keepdim: bool) -> Array:
    if dim is None and x.size == 0:
        raise IndexError(f"expected elements to choose from, or a dim to choose along, in shape {x.shape}")
    axis = None if dim is None else normalize_dim(dim, _not_empty(x, dim).ndim)
    return np.asarray(argument(x, axis=axis if x.ndim else None, keepdims=keepdim))


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


def _denominator(shape: Any, dim: Any, correction: float) -> Any:
    # PyTorch's: never negative; at 0 the division gives nan or inf, as NumPy scalars do.
    return np.float64(max(count(shape, dim) - correction, 0))


def _centered(x: Array, dim: Any) -> Array:
    axes = normalize_dims(dim, x.ndim)
    n = max(count(x.shape, dim), 1)
    return x - np.sum(x, axis=axes, keepdims=True) / n


def _var(x: Array, dim: Any, correction: float, keepdim: bool) -> Array:
    total = _fold(np.add, np.square(_centered(x, dim)), dim, keepdim)
    return total / x.dtype.type(_denominator(x.shape, dim, correction))


def _spread_reduction(d: Any) -> Any:
    shape = d.shape(min_dims=1, min_side=2)
    return (d.distinct(shape),), {"dim": d.dims(shape), "correction": d.choice((0, 1)), "keepdim": d.flag()}


var = Op(
    "var",
    lambda x, *, dim=None, correction=1, keepdim=False: _var(x, dim, correction, keepdim),
    x=lambda g, x, x_shape, dim, correction, keepdim: (
        spread(g * _inverse(2, x_shape, dim, correction), x_shape, dim, keepdim) * _centered(x, dim)
    ),
    formula="d var(x)/dx_i = 2 (x_i - mean)/(n - correction)",
    domain=_spread_reduction,
    result="floating",
)
std = Op(
    "std",
    lambda x, *, dim=None, correction=1, keepdim=False: np.sqrt(_var(x, dim, correction, keepdim)),
    x=lambda g, x, x_shape, out, dim, correction, keepdim: (
        spread(_zero_over_zero(g * _inverse(1, x_shape, dim, correction), out), x_shape, dim, keepdim)
        * _centered(x, dim)
    ),
    formula="d std(x)/dx_i = (x_i - mean)/((n - correction) std),  0 where std = 0",
    domain=_spread_reduction,
    result="floating",
)


def _inverse(numerator: float, shape: Any, dim: Any, correction: float) -> float:
    return float(np.divide(numerator, _denominator(shape, dim, correction)))


def _zero_over_zero(a: Array, b: Array) -> Array:
    """A / b, and 0 where b is 0."""
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b))


def _logsumexp(x: Array, dim: Any, keepdim: bool) -> Array:
    axes = _axes(x, dim)
    top = np.maximum.reduce(x, axis=axes, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    out = np.log(np.add.reduce(np.exp(x - top), axis=axes, keepdims=True)) + top
    return out if keepdim else np.squeeze(out, axes)


logsumexp = Op(
    "logsumexp",
    lambda x, *, dim, keepdim=False: _logsumexp(x, dim, keepdim),
    x=lambda g, x, out, x_shape, dim, keepdim: (
        spread(g, x_shape, dim, keepdim) * np.exp(x - spread(out, x_shape, dim, keepdim))
    ),
    formula="d logsumexp(x)/dx_i = exp(x_i - logsumexp(x)) = softmax(x)_i",
    domain=_reduction(REAL),
    result="float",
)


def _vector_norm(x: Array, ord: float, dim: Any, keepdim: bool) -> Array:
    size = np.abs(x)
    if ord == np.inf:
        return _fold(np.maximum, size, dim, keepdim)
    if ord == -np.inf:
        return _fold(np.minimum, size, dim, keepdim)
    if ord == 0:
        return _fold(np.add, size != 0, dim, keepdim, dtype=x.dtype)
    if ord == 1:
        return _fold(np.add, size, dim, keepdim)
    if ord == 2:
        return np.sqrt(_fold(np.add, x * x, dim, keepdim))
    return _fold(np.add, size**ord, dim, keepdim) ** (1.0 / ord)


def _vector_norm_rule(g: Array, x: Array, out: Array, ord: float, dim: Any, keepdim: bool) -> Array:
    shape = x.shape
    if ord in (np.inf, -np.inf):
        return _share(g, np.abs(x), out, shape, dim, keepdim) * sign(x)
    if ord == 0:
        return np.zeros_like(x)
    if ord == 1:
        return spread(g, shape, dim, keepdim) * sign(x)
    if ord == 2:
        return x * spread(_zero_over_zero(g, out), shape, dim, keepdim)
    size = np.abs(x)
    safe = np.where(size == 0, 1, size)
    direction = np.where(size == 0, 0, sign(x) * safe ** (ord - 1))
    return direction * spread(_zero_over_zero(g, out ** (ord - 1)), shape, dim, keepdim)


def _norm_domain(d: Any) -> Any:
    shape = d.shape(min_side=1)
    order = d.choice((2.0, 1.0, 3.0, 1.5, np.inf, -np.inf))
    x = d.distinct(shape) * d.signs(shape)
    return (x,), {"ord": order, "dim": d.dims(shape), "keepdim": d.flag()}


vector_norm = Op(
    "vector_norm",
    lambda x, *, ord=2.0, dim=None, keepdim=False: _vector_norm(x, ord, dim, keepdim),
    x=_vector_norm_rule,
    formula="d ||x||_p/dx_i = sign(x_i) (|x_i|/||x||_p)^(p-1),  0 at x = 0",
    domain=_norm_domain,
    result="floating",
)


def _quantify(ufunc: Any, x: Array, dim: Any, keepdim: bool) -> Array:
    """PyTorch's all and any: over no axis for an empty dim, and uint8 for uint8, its masks of old."""
    axes = () if isinstance(dim, (tuple, list)) and not dim else _axes(x, dim)
    found = ufunc.reduce(x != 0, axis=axes, keepdims=keepdim)
    return np.asarray(found, np.uint8 if x.dtype == np.uint8 else np.bool_)


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


def _scan(values: Any) -> Any:
    def domain(d: Any) -> Any:
        shape = d.shape(min_dims=1, min_side=1)
        return (d.values(shape, values),), {"dim": d.dim(shape)}

    return domain


def _cumulate(ufunc: np.ufunc, x: Array, dim: int) -> Array:
    axis = normalize_dim(dim, x.ndim)
    dtype = _whole_number_sum(x) or x.dtype
    return ufunc.accumulate(x, axis=axis, dtype=dtype) if x.ndim else x.astype(dtype)


cumsum = Op(
    "cumsum",
    lambda x, *, dim: _cumulate(np.add, x, dim),
    x=lambda g, dim: np.flip(np.cumsum(np.flip(g, dim), axis=dim), dim) if g.ndim else g,
    formula="d cumsum(x)_j/dx_i = 1 for i <= j",
    domain=_scan(REAL),
)
cumprod = Op(
    "cumprod",
    lambda x, *, dim: _cumulate(np.multiply, x, dim),
    x=lambda g, x, dim: (
        np.cumprod(shifted(x, dim, 1.0), axis=dim) * reverse_scan_kernel(g, x, dim) if g.ndim else g
    ),
    formula="d cumprod(x)_j/dx_i = product of x_k over k <= j, k != i",
    domain=_scan(REAL),
)
reverse_scan = Op(
    "reverse_scan", reverse_scan_kernel, inputs="a x",
    a=lambda g, x, dim: _forward_scan(g, x, dim),
    x=lambda g, x, out, dim: shifted(_forward_scan(g, x, dim), dim, 0.0) * out,
    formula="s_i = a_i + x_(i+1) s_(i+1):  ds/da runs forward, ds/dx_i = (that)_(i-1) s_i",
    domain=lambda d: (
        (d.values(s := d.shape(min_dims=1, min_side=1), REAL), d.values(s, REAL)),
        {"dim": d.dim(s)},
    ),
)  # fmt: skip


def _forward_scan(g: Array, x: Array, dim: int) -> Array:
    """r[i] = g[i] + x[i] r[i - 1]: the reverse scan of the reversed arrays."""
    return np.flip(reverse_scan_kernel(np.flip(g, dim), shifted(np.flip(x, dim), dim, 0.0), dim), dim)


def _matrix(x: Array) -> Array:
    if x.ndim != 2:
        raise ValueError(f"expected a matrix, got shape {x.shape}")
    return x


trace = Op(
    "trace",
    lambda x: np.trace(_matrix(x)),
    x=lambda g, x_shape: g * np.eye(*x_shape, dtype=g.dtype),
    formula="d trace(x)/dx_ij = 1 for i = j",
    domain=lambda d: ((d.values((d.integer(1, 4), d.integer(1, 4)), REAL),), {}),
)
