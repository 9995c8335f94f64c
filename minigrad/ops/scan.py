"""Derivatives of scans: every partial sum or product along one axis. `dim` is an int."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import arrayed
from .kernels import (
    Array,
    c_order,
    kernel,
    ndarray,
    normalize_dim,
    reverse_scan as reverse_scan_kernel,
    shifted,
)
from .op import REAL, Op
from .sums import accumulate


def _scan(values: Any) -> Any:
    def domain(d: Any) -> Any:
        shape = d.shape(min_dims=1, min_side=1)
        return (d.values(shape, values),), {"dim": d.dim(shape)}

    return domain


def cumulate(ufunc: np.ufunc, x: Array, dim: int) -> Array:
    """The partial sums or products along `dim`; booleans and small integers become int64."""
    axis = normalize_dim(dim, x.ndim)
    return (
        c_order(accumulate(ufunc, x, axis))
        if x.ndim
        else x.astype(x.dtype if x.dtype.kind == "f" else np.int64)
    )


cumsum = Op(
    "cumsum",
    lambda x, *, dim: cumulate(np.add, x, dim),
    x=lambda g, dim: np.flip(cumulate(np.add, np.flip(g, dim), dim), dim) if g.ndim else g,
    read="the sum of g from each place to the end",
    formula="d cumsum(x)_j/dx_i = 1 for i <= j",
    domain=_scan(REAL),
)
cumprod = Op(
    "cumprod",
    lambda x, *, dim: cumulate(np.multiply, x, dim),
    x=lambda g, x, out, dim: shifted(out, dim, 1.0) * reverse_scan_kernel(g, x, dim) if g.ndim else g,
    read="the sum, from each place to the end, of g times the product of the other factors",
    formula="d cumprod(x)_j/dx_i = product of x_k over k <= j, k != i",
    domain=_scan(REAL),
)


@kernel
def log_scan(x: Array, *, dim: int) -> Array:
    """log of the partial sums of exp(x) along `dim`; float32 is added as float64."""
    if type(x) is ndarray:
        wider = x if x.dtype.char == "d" else x.astype(np.float64)
        return c_order(np.logaddexp.accumulate(wider, axis=dim).astype(x.dtype, copy=False))
    axis, step = normalize_dim(dim, x.ndim), 1
    out, before = x, (slice(None),) * axis
    while step < x.shape[axis]:  # each sum of twice as many as before
        first, others = out[(*before, slice(step))], out[(*before, slice(step, None))]
        added = np.logaddexp(others, out[(*before, slice(-step))])
        out, step = np.concatenate([first, added], axis=axis), 2 * step
    return arrayed(out + 0) if out is x else out


def _share_of_next(out: Array, dim: int) -> Array:
    """exp(out_(i - 1) - out_i), at most 1: 1 for two of the same infinity; and 1 at the start."""
    before = shifted(out, dim, 0.0)
    return np.exp(np.where(before == out, np.zeros_like(out), before - out))


logcumsumexp = Op(
    "logcumsumexp", log_scan,
    x=lambda g, x, out, dim: (
        np.exp(x - out) * reverse_scan_kernel(g, _share_of_next(out, dim), dim) if g.ndim else g
    ),
    read="exp(x - out) times s, where s_i = g_i + exp(out_i - out_(i+1)) * s_(i+1)",
    formula="d out_j/dx_i = exp(x_i - out_j) for i <= j",
    domain=_scan(REAL),
    result="floating",
)  # fmt: skip
reverse_scan = Op(
    "reverse_scan", reverse_scan_kernel, inputs="a x",
    a=lambda g, x, dim: _forward_scan(g, x, dim),
    x=lambda g, x, out, dim: shifted(_forward_scan(g, x, dim), dim, 0.0) * out,
    read={
        "a": "g scanned forward: each element plus its factor times the sum before it",
        "x": "g scanned forward, one place later, times the result",
    },
    formula="s_i = a_i + x_(i+1) s_(i+1):  ds/da runs forward, ds/dx_i = (that)_(i-1) s_i",
    domain=lambda d: (
        (d.values(s := d.shape(min_dims=1, min_side=1), REAL), d.values(s, REAL)),
        {"dim": d.dim(s)},
    ),
)  # fmt: skip


def _forward_scan(g: Array, x: Array, dim: int) -> Array:
    """r[i] = g[i] + x[i] r[i - 1]: the reverse scan of the reversed arrays."""
    return np.flip(reverse_scan_kernel(np.flip(g, dim), shifted(np.flip(x, dim), dim, 0.0), dim), dim)
