"""Derivatives of inverses, solutions, determinants and triangular roots of matrices.

The rules are those of Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008); of the Cholesky factor, Murray, "Differentiation of the Cholesky decomposition"
(2016); of the pseudo-inverse, Golub and Pereyra (1973).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import kin
from .kernels import Array, shifted
from .lapack import (
    cholesky as cholesky_kernel,
    det as det_kernel,
    inv as inv_kernel,
    pinv as pinv_kernel,
    slogdet,
    solve as solve_kernel,
    solve_triangular as solve_triangular_kernel,
    svd as svd_kernel,
    swap,
)
from .op import REAL, UNIT, Op
from .scan import cumulate


def _well_posed(d: Any, n: int, batch: tuple[int, ...] = ()) -> Array:
    """Matrices far from a singular one: in each row the diagonal outweighs the rest."""
    return d.values((*batch, n, n), UNIT) / max(n, 1) + np.diag(1.2 + 0.4 * np.arange(n))


def _square(d: Any) -> Any:
    return (_well_posed(d, d.integer(1, 3), d.shape(max_dims=1)),), {}


inv = Op(
    "inv", inv_kernel, inputs="A",
    A=lambda g, out: -np.matmul(np.matmul(swap(out), g), swap(out)),
    read="-A^-T g A^-T",
    formula="grad A = -A^-T @ g @ A^-T",
    domain=_square,
    result="floating",
)  # fmt: skip


def _system(d: Any) -> Any:
    n = d.integer(1, 3)
    left, right = d.shapes(2, max_dims=2)
    return (_well_posed(d, n, left), d.values((*right, n, d.integer(1, 3)), REAL)), {}


solve = Op(
    "solve", solve_kernel, inputs="A B",
    A=lambda g, A, out: -np.matmul(solve_kernel(swap(A), g), swap(out)),
    B=lambda g, A: solve_kernel(swap(A), g),
    read={"A": "the solution Y of A^T Y = g, times -out^T", "B": "the solution Y of A^T Y = g"},
    formula="grad B = A^-T @ g,  grad A = -(grad B) @ X^T",
    domain=_system,
    result="floating",
    promote=False,
)  # fmt: skip


def _triangle(x: Array, upper: bool, strict: bool = False) -> Array:
    return np.triu(x, int(strict)) if upper else np.tril(x, -int(strict))


def _transposed(A: Array, g: Array, upper: bool, unitriangular: bool) -> Array:
    """The solution of A^T X = g."""
    return solve_triangular_kernel(swap(A), g, upper=not upper, unitriangular=unitriangular)


solve_triangular = Op(
    "solve_triangular", solve_triangular_kernel, inputs="A B",
    A=lambda g, A, out, upper, unitriangular: -_triangle(
        np.matmul(_transposed(A, g, upper, unitriangular), swap(out)), upper, unitriangular
    ),
    B=lambda g, A, upper, unitriangular: _transposed(A, g, upper, unitriangular),
    read={
        "A": "the triangle of -Y out^T, Y being the solution of A^T Y = g",
        "B": "the solution Y of A^T Y = g",
    },
    formula="grad B = A^-T @ g,  grad A = the triangle of -(grad B) @ X^T",
    domain=lambda d: (_system(d)[0], {"upper": d.flag(), "unitriangular": d.flag()}),
    result="floating",
    promote=False,
)  # fmt: skip


# As PyTorch's derivative of a solution by a factor of Cholesky's: not cut to the triangle that is read.
solve_by_factor: Op = Op(
    "solve_by_factor", solve_triangular_kernel, inputs="A B",
    A=lambda g, A, out, upper, unitriangular: -np.matmul(
        _transposed(A, g, upper, unitriangular), swap(out)
    ),
    B=lambda g, A, upper, unitriangular: _transposed(A, g, upper, unitriangular),
    formula="grad B = A^-T @ g,  grad A = -(grad B) @ X^T",
    domain=lambda d: (_system(d)[0], {"upper": d.flag(), "unitriangular": False}),
    result="floating",
    promote=False,
    register=False,
)  # fmt: skip


def _as_matrix(g: Array) -> Array:
    return np.expand_dims(np.expand_dims(g, -1), -1)


det = Op(
    "det", det_kernel, inputs="A", by_values=True,
    A=lambda g, A, out: _as_matrix(g) * _cofactors(A, out),
    read="g times the cofactors of A",
    formula="grad A = g * det(A) * A^-T, the cofactors of A",
    domain=_square,
    result="floating",
)  # fmt: skip


def _cofactors(A: Array, out: Array) -> Array:
    """d det(A)/dA: det(A) A^-T; of a singular matrix by its singular values, det(U V^T) U D V^T.

    D has the products of all the other singular values.
    """
    singular = _as_matrix(out == 0)
    if not np.any(singular):
        return _as_matrix(out) * swap(inv_kernel(A))
    n = A.shape[-1]
    # Each way gets matrices for which it is good.
    regular = np.where(singular, np.eye(n, dtype=A.dtype, like=kin(A)), A)
    packed = svd_kernel(np.where(singular, A, np.diag(np.arange(1.0, n + 1, like=kin(A))).astype(A.dtype)))
    U, S, V = packed[..., :n, :], packed[..., n, :], packed[..., n + 1 :, :]
    before = cumulate(np.multiply, shifted(S, -1, 1.0), -1)
    after = np.flip(cumulate(np.multiply, shifted(np.flip(S, -1), -1, 1.0), -1), -1)
    sign = _as_matrix(det_kernel(U) * det_kernel(V))
    found = sign * np.matmul(U * np.expand_dims(before * after, -2), swap(V))
    return np.where(singular, found, _as_matrix(out) * swap(inv_kernel(regular)))


logabsdet = Op(
    "logabsdet", slogdet, inputs="A",
    A=lambda g, A: _as_matrix(g) * swap(inv_kernel(A)),
    read="g times A^-T",
    formula="d log|det A|/dA = A^-T",
    domain=_square,
    result="floating",
    constants=("sign",),
)  # fmt: skip


def _positive(d: Any) -> Any:
    """Positive definite matrices."""
    n, batch = d.integer(1, 3), d.shape(max_dims=1)
    half = np.tril(d.values((*batch, n, n), UNIT) / n, -1)
    return (half + swap(half) + np.diag(1.2 + 0.4 * np.arange(n)),), {}


cholesky = Op(
    "cholesky", cholesky_kernel, inputs="A",
    A=lambda g, out: _cholesky_rule(g, out),
    read="the symmetric part of L^-T P L^-1, P the lower half of L^T g",
    formula="grad A = the symmetric part of L^-T @ P @ L^-1, P the lower half of L^T @ g",
    domain=_positive,
    result="floating",
    symmetric=True,
)  # fmt: skip


def _cholesky_rule(g: Array, L: Array) -> Array:
    P = np.tril(np.matmul(swap(L), g))
    P = P * (1 - np.eye(L.shape[-1], dtype=g.dtype, like=kin(g)) / 2)  # of the diagonal one half
    left = solve_triangular_kernel(swap(L), P, upper=True)
    found = solve_triangular_kernel(swap(L), swap(left), upper=True)
    return (found + swap(found)) / 2


def _full_rank(d: Any) -> Any:
    m, n, batch = d.integer(1, 3), d.integer(1, 3), d.shape(max_dims=1)
    full = _well_posed(d, max(m, n), batch)
    return (full[..., :m, :n],), {}


pinv = Op(
    "pinv", pinv_kernel, inputs="A",
    A=lambda g, A, out: _pinv_rule(g, A, out),
    read="-P^T g P^T + (I - A P) g^T P P^T + P^T P g^T (I - P A)",
    formula="grad A = -P^T g P^T + (I - A P) g^T P P^T + P^T P g^T (I - P A), of constant rank",
    domain=_full_rank,
    result="floating",
)  # fmt: skip


def _pinv_rule(g: Array, A: Array, P: Array) -> Array:
    Pt, gt = swap(P), swap(g)
    Pg, gP = np.matmul(P, gt), np.matmul(gt, P)
    beyond = np.matmul(gP - np.matmul(A, np.matmul(P, gP)), Pt)  # 0 unless the rank is below the rows
    before = np.matmul(Pt, Pg - np.matmul(np.matmul(Pg, P), A))  # 0 unless it is below the columns
    return beyond + before - np.matmul(np.matmul(Pt, g), Pt)
