"""Derivatives of the distances of pairs of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import Array, is_tensor, ndarray, wide
from .op import REAL, Op
from .sums import total


def _differences(a: Array, b: Array) -> Array:
    return a[..., :, None, :] - b[..., None, :, :]


def _distances(a: Array, b: Array) -> tuple[Array, Array]:
    """The distances of all pairs, and the differences of the rows: to square these loses no digits."""
    d = _differences(a, b)
    if type(d) is ndarray and d.itemsize > 2 and d.shape[-1] <= 128:
        return np.sqrt(np.einsum("...i,...i", d, d)), d
    w = wide(d)
    return np.sqrt(total(w * w, -1)).astype(d.dtype), d


def _pull(g: Array, a: Array, b: Array, out: Array, differences: Array, first: bool) -> Array:
    """Towards the rows of the other side, each with the weight g over the distance, and 0 where that is 0."""
    d = _differences(a, b) if is_tensor(g) else differences
    apart, d = out != 0, wide(d)
    weights = wide(g) * apart / np.where(apart, out, 1)
    if first:
        return np.matmul(weights[..., None, :], d)[..., 0, :]
    return -np.matmul(np.swapaxes(weights, -1, -2)[..., None, :], np.swapaxes(d, -2, -3))[..., 0, :]


def _rows(d: Any) -> Any:
    batch, n, m, k = d.shape(max_dims=1, min_side=1), d.integer(1, 3), d.integer(1, 3), d.integer(1, 3)
    a = d.values((*batch, n, k), REAL)
    return (a, d.values((*batch, m, k), REAL) + 7), {}


cdist = Op(
    "cdist",
    lambda a, b: _distances(a, b),
    a=lambda g, a, b, out, differences: _pull(g, a, b, out, differences, first=True),
    b=lambda g, a, b, out, differences: _pull(g, a, b, out, differences, first=False),
    constants=("differences",),
    read={
        "a": "the sum over the rows of b of g * (a - b) / out",
        "b": "the sum over the rows of a of g * (b - a) / out",
    },
    formula="d |a_i - b_j| / da_i = (a_i - b_j) / |a_i - b_j|, and 0 at 0;  d/db_j = the opposite",
    domain=_rows,
    result="floating",
)
