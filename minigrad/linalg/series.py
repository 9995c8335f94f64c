"""The exponential of a matrix, and decompositions that find only the largest values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad._tensor.convert import require_tensors
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor

from .factors import cholesky, eigh, qr, svd
from .solving import solve, solve_triangular

__all__ = ["lobpcg", "matrix_exp", "pca_lowrank", "svd_lowrank"]

# Of the quotient of two polynomials of degree 13 that is nearest to exp at 0: p(x) / p(-x).
_PADE = [
    math.factorial(13)
    * math.factorial(26 - k)
    / (math.factorial(26) * math.factorial(k) * math.factorial(13 - k))
    for k in range(14)
]
_NORM = 5.37  # up to this norm the quotient is exp to the last digit of float64


def matrix_exp(A: Tensor) -> Tensor:
    """The sum of A^k / k! over all k, the exponential of square matrices.

    Arguments:
        A: a floating tensor (..., n, n).

    Returns:
        The same shape.

    Raises:
        RuntimeError: for matrices that are not square.

    Source: Higham, "The scaling and squaring method for the matrix exponential revisited" (2005).

    >>> import minigrad as torch
    >>> torch.linalg.matrix_exp(torch.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    require_tensors("linalg.matrix_exp", A=A)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise RuntimeError(f"linalg.matrix_exp: expected square matrices, got shape {tuple(A.shape)}")
    if not A.is_floating_point():
        raise RuntimeError(f"linalg.matrix_exp: expected a floating tensor, got {A.dtype}")
    if 0 in A.shape:
        return A.clone()
    norm = A.detach().abs().sum(-2).max().item()
    times = max(0, math.ceil(math.log2(norm / _NORM))) if 0 < norm < math.inf else 0
    x = A / 2.0**times
    one = wrap(np.eye(A.shape[-1], dtype=A._array.dtype), None)
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x2 @ x4
    c = [number / _PADE[0] for number in _PADE]
    odd = x @ (x6 @ (c[13] * x6 + c[11] * x4 + c[9] * x2) + c[7] * x6 + c[5] * x4 + c[3] * x2 + c[1] * one)
    even = x6 @ (c[12] * x6 + c[10] * x4 + c[8] * x2) + c[6] * x6 + c[4] * x4 + c[2] * x2 + one
    result = solve(even - odd, even + odd)
    for _ in range(times):
        result = result @ result
    return result


def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Any = None
) -> tuple[Tensor, Tensor, Tensor]:
    """The q largest singular values, about, with their vectors: A is near U diag(S) V^T.

    The range of A is found from its products with random vectors.

    Arguments:
        A: a floating tensor (..., m, n).
        q: how many; more than are looked for make them more exact.
        niter: how often the range is multiplied by A and its transpose.
        M: subtracted from A, of its shape.

    Returns:
        U (..., m, q), S (..., q) and V (..., n, q).

    Raises:
        ValueError: for a q or an niter that is negative or too large.

    Source: Halko, Martinsson and Tropp, "Finding structure with randomness" (2011).

    >>> import minigrad as torch
    >>> U, S, V = torch.svd_lowrank(torch.tensor([[3.0, 0.0], [0.0, 0.0]]), q=1)
    >>> S
    tensor([3.])
    """
    require_tensors("svd_lowrank", A=A)
    A = A if M is None else A - M
    m, n = A.shape[-2:]
    q = 6 if q is None else q
    if not 0 <= q <= min(m, n):
        raise ValueError(f"svd_lowrank: q={q} must be between 0 and {min(m, n)}, the shorter side of A")
    if m < n:
        V, S, U = svd_lowrank(A.mT, q, niter)
        return U, S, V
    Q = qr(A @ A.detach().new_empty((n, q)).normal_())[0]
    for _ in range(2 if niter is None else niter):
        Q = qr(A @ qr(A.mT @ Q)[0])[0]
    U, S, Vh = svd(Q.mT @ A, full_matrices=False)
    return Q @ U, S, Vh.mT


def pca_lowrank(
    A: Tensor, q: int | None = None, center: bool = True, niter: int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """The principal components of the rows of A: `svd_lowrank` of A without its mean row.

    Arguments:
        A: a floating tensor (..., m, n): m samples of n features.
        q: how many components; at most 6 where it is left out.
        center: False where the mean is not subtracted.
        niter: as `svd_lowrank`.

    Returns:
        U, S and V; V's columns are the principal directions, S**2 / (m - 1) the variances along them.

    Raises:
        ValueError: for a q that is negative or too large.

    >>> import minigrad as torch
    >>> torch.pca_lowrank(torch.tensor([[1.0, 0.0], [3.0, 0.0]]), q=1)[1]
    tensor([1.4142])
    """
    require_tensors("pca_lowrank", A=A)
    m, n = A.shape[-2:]
    q = min(6, m, n) if q is None else q
    if not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)


def lobpcg(
    A: Tensor,
    k: int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: int | None = None,
    iK: Tensor | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: Any = None,
    ortho_iparams: Any = None,
    ortho_fparams: Any = None,
    ortho_bparams: Any = None,
) -> tuple[Tensor, Tensor]:
    """The k largest or smallest eigenvalues of symmetric matrices, and their vectors: A V = B V diag(E).

    PyTorch comes near them in steps; here all are found, by `linalg.eigh`, and k of them given.

    Arguments:
        A: symmetric matrices (..., m, m), with m at least 3 k, as PyTorch needs.
        k: how many; where it is left out, the columns of X, or 1.
        B: symmetric positive definite matrices of that shape; None for the identity.
        X: PyTorch's first guess; here it only tells k.
        n, iK, niter, tol, method, ortho_iparams, ortho_fparams, ortho_bparams: of PyTorch's steps; accepted.
        largest: False gives the smallest ones, ascending.
        tracker: refused; there are no steps to watch.

    Returns:
        E (..., k) and V (..., m, k), with V^T B V = 1. The sign of a column is LAPACK's.

    Raises:
        ValueError: for fewer than 3 k rows.
        NotImplementedError: for a tracker.

    >>> import minigrad as torch
    >>> torch.lobpcg(torch.diag(torch.tensor([1.0, 5.0, 3.0])))[0]
    tensor([5.])
    """
    require_tensors("lobpcg", A=A, **{name: x for name, x in (("B", B), ("X", X)) if x is not None})
    if tracker is not None:
        raise NotImplementedError("lobpcg: there are no steps for a tracker to watch: eigh finds all at once")
    if k is None:
        k = 1 if X is None else X.shape[-1]
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise RuntimeError(f"lobpcg: expected square matrices, got shape {tuple(A.shape)}")
    if A.shape[-1] < 3 * k:
        raise ValueError(
            f"lobpcg: A must have at least 3 rows for each eigenvalue, but has {A.shape[-1]} for {k}; "
            "linalg.eigh gives all"
        )
    A = (A + A.mT) / 2
    if B is not None:  # with B = L L^T the matrix L^-1 A L^-T has the same eigenvalues
        L = cholesky(B)
        half = solve_triangular(L, A, upper=False)
        values, vectors = eigh(solve_triangular(L, half.mT, upper=False))
        vectors = solve_triangular(L.mT, vectors, upper=True)
    else:
        values, vectors = eigh(A)
    if largest is False:
        return values[..., :k], vectors[..., :k]
    return values.flip(-1)[..., :k], vectors.flip(-1)[..., :k]
