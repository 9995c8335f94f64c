"""Derivatives of factorisations that LAPACK fixes up to signs: eigenvalues, singular values, QR.

An op has one output, so the factors stand below each other in one matrix, and are cut out of it afterwards.
Vectors of two equal values are any of a plane: there a gradient that reaches the vectors is an error. The
rules are those of Townsend, "Differentiating the singular value decomposition" (2016), and of Walter and
Lehmann, "Algorithmic differentiation of linear algebra functions" (2010).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import kin
from .kernels import Array, ndarray
from .lapack import (
    LinAlgError,
    eigh as eigh_kernel,
    geqrf as geqrf_kernel,
    qr as qr_kernel,
    solve_triangular,
    svd as svd_kernel,
    swap,
    unlike,
)
from .op import Interval, Op

_APART = Interval(-0.6, 0.6, avoid=(0.0,))


def _symmetric(d: Any) -> Any:
    n, batch = d.integer(1, 3), d.shape(max_dims=1)
    half = np.tril(d.values((*batch, n, n), _APART) / n, -1)
    return (half + swap(half) + np.diag(np.arange(n) * 1.5 - 1),), {}


eigh = Op(
    "eigh", eigh_kernel, inputs="A", by_values=True,
    A=lambda g, out: _eigh_rule(g, out),
    read="the symmetric part of V ((V^T gV) / (w_j - w_i) + diag(gw)) V^T",
    formula="grad A = the symmetric part of V ((V^T gV) / (w_j - w_i) + diag(gw)) V^T, with 0 for i = j",
    domain=_symmetric,
    result="floating",
    symmetric=True,
)  # fmt: skip


def _eigh_rule(g: Array, out: Array) -> Array:
    values, V = out[..., 0, :], out[..., 1:, :]
    if not values.shape[-1]:
        return g[..., 1:, :]
    if _ends_at_values(g[..., 1:, :]):
        left = V * g[..., :1, :]
    else:
        gaps = _inverse_gaps("eigh", "eigenvalues", values, g[..., 1:, :])
        left = np.matmul(V, np.matmul(swap(V), g[..., 1:, :]) * gaps + _diagonal(g[..., 0, :]))
    found = np.matmul(left, swap(V))
    return (found + swap(found)) / 2


def _ends_at_values(*vectors: Array) -> bool:
    """True where no gradient reaches the vectors, as of a loss of singular values: half of the work."""
    return all(type(g) is ndarray and not g.any() for g in vectors)


def _diagonal(x: Array) -> Array:
    """The rows of x as diagonal matrices."""
    return np.expand_dims(x, -2) * np.eye(x.shape[-1], dtype=x.dtype, like=kin(x))


def _inverse_gaps(name: str, what: str, values: Array, *vectors: Array) -> Array:
    """1 / (w_j - w_i), 0 on the diagonal; refused where two are equal and a gradient reaches the vectors."""
    apart = unlike(values)
    alone = np.eye(values.shape[-1], dtype=np.bool_, like=kin(values))
    for g in vectors:
        reached = np.any(g != 0, axis=(-2, -1))
        if np.any(reached & ~np.all(apart | alone, axis=(-2, -1))):
            raise LinAlgError(
                f"linalg.{name}: two {what} are equal, and a gradient reaches their vectors, which are not "
                f"determined: there is no derivative. A loss of the {what} alone has one; else move the "
                "matrix a little"
            )
    gaps = values[..., None, :] - values[..., :, None]
    return apart / np.where(apart, gaps, np.ones_like(gaps))


def _any_matrix(d: Any) -> tuple[Array, int, int]:
    m, n, batch = d.integer(1, 3), d.integer(1, 3), d.shape(max_dims=1)
    k = max(m, n)
    return (d.values((*batch, k, k), _APART) / k + np.diag(1.0 + 0.8 * np.arange(k)))[..., :m, :n], m, n


svd = Op(
    "svd", svd_kernel, inputs="A", by_values=True,
    A=lambda g, A_shape, out, full_matrices: _svd_rule(g, A_shape, out, full_matrices),
    read="U (skew(U^T gU)/E S + S skew(V^T gV)/E + diag(gs)) V^T, and the parts beside U and V",
    formula="grad A = U (skew(U^T gU)/E S + S skew(V^T gV)/E + diag(gs)) V^T, E_ij = s_j^2 - s_i^2;"
    " if tall + (I - U U^T) gU S^-1 V^T, if wide + U S^-1 gV^T (I - V V^T)",
    domain=lambda d: ((_any_matrix(d)[0],), {}),
    result="floating",
)  # fmt: skip


def _svd_rule(g: Array, shape: tuple[int, ...], out: Array, full_matrices: bool) -> Array:
    m, n = shape[-2:]
    k = min(m, n)
    if not k:
        return np.zeros(shape, g.dtype, like=kin(g))
    U, S, V = out[..., :m, :k], out[..., m, :k], out[..., m + 1 :, :k]
    gU, gS, gV = g[..., :m, :k], g[..., m, :k], g[..., m + 1 :, :k]
    if full_matrices and m != n and np.any((g[..., :m, k:m] if m > n else g[..., m + 1 :, k:n]) != 0):
        raise LinAlgError(
            "linalg.svd: a gradient reaches the vectors that full_matrices=True adds, which are not "
            "determined: there is no derivative. Use full_matrices=False"
        )
    if _ends_at_values(gU, gV):
        return np.matmul(U * np.expand_dims(gS, -2), swap(V))
    row = np.expand_dims(S, -2)
    E = _inverse_gaps("svd", "singular values", S, gU, gV) / _sums(row)
    UgU, VgV = np.matmul(swap(U), gU), np.matmul(swap(V), gV)
    inner = (UgU - swap(UgU)) * E * row + swap(row) * ((VgV - swap(VgV)) * E) + _diagonal(gS)
    found = np.matmul(np.matmul(U, inner), swap(V))
    if m > n:
        found = found + np.matmul((gU - np.matmul(U, UgU)) / row, swap(V))
    if n > m:
        found = found + np.matmul(U / row, swap(gV - np.matmul(V, VgV)))
    return found


def _sums(row: Array) -> Array:
    """s_i + s_j, but 1 where both are 0: they are equal then."""
    sums = row + swap(row)
    return np.where(sums == 0, np.ones_like(sums), sums)


qr = Op(
    "qr", qr_kernel, inputs="A",
    A=lambda g, A_shape, out, complete: _qr_rule(g, A_shape, out, complete),
    read="(gQ + Q M) R^-T, M symmetric with the upper half of gR R^T - Q^T gQ",
    formula="grad A = (gQ + Q M) R^-T, M symmetric with the upper half of gR R^T - Q^T gQ",
    domain=lambda d: ((_any_matrix(d)[0],), {}),
    result="floating",
)  # fmt: skip


def _qr_rule(g: Array, shape: tuple[int, ...], out: Array, complete: bool) -> Array:
    m, n = shape[-2:]
    k = min(m, n)
    if complete and m > n:
        raise LinAlgError(
            "linalg.qr: with mode='complete' a tall matrix has no derivative: the columns that are added to "
            "Q are not determined. Use mode='reduced'"
        )
    Q, Rt, gQ, gRt = out[..., :m, :], out[..., m:, :], g[..., :m, :], g[..., m:, :]
    # A wide matrix is (X, Y) with X square: R = (U, Q^T Y), so that the part of Y adds to the gradient of Q.
    rest = gRt[..., k:, :]
    further = np.matmul(Q, swap(rest))
    if n > m:
        gQ = gQ + np.matmul(np.matmul(Q, swap(Rt[..., k:, :])), rest)
    R, gR = swap(Rt[..., :k, :]), swap(gRt[..., :k, :])
    upper = np.triu(np.matmul(gR, swap(R)) - np.matmul(swap(Q), gQ))
    M = upper + swap(np.triu(upper, 1))
    # Z R^T = gQ + Q M, by columns R Z^T = (...)^T
    first = swap(solve_triangular(R, swap(gQ + np.matmul(Q, M)), upper=True))
    return np.concatenate([first, further], -1) if n > m else first


geqrf = Op(
    "geqrf", geqrf_kernel, inputs="A",
    formula="none; qr has one",
    domain=lambda d: ((_any_matrix(d)[0],), {}),
    result="floating",
    constants=("tau",),
)  # fmt: skip
