"""LAPACK's factorisations, as NumPy calls them: which matrix failed, and shapes that do not fit, in words."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import arrayed, kin
from .kernels import Array, kernel, ndarray

_lapack: Any = np.linalg


class LinAlgError(RuntimeError):
    """A matrix for which there is no result, such as the inverse of a singular one.

    >>> import minigrad as torch
    >>> try:
    ...     torch.linalg.inv(torch.zeros(2, 2))
    ... except torch.linalg.LinAlgError as error:
    ...     print(error)
    linalg.inv: the matrix is singular, it has no inverse
    """


@functools.cache
def _scipy() -> Any:
    """SciPy's door to LAPACK, where SciPy is installed."""
    try:
        from scipy.linalg import lapack  # noqa: PLC0415 (an extra)
    except ImportError:
        return None
    return lapack


def routine(name: str, *given: Array) -> Any:
    """The routine of LAPACK for NumPy's matrices of one dtype, or None where it cannot be had.

    NumPy has these routines inside, and no function that gives their results. So there are functions of ours
    too, which take longer.
    """
    if any(type(x) is not ndarray or x.dtype is not given[0].dtype for x in given):
        return None
    lapack = _scipy()
    return lapack and getattr(lapack, ("s" if given[0].dtype.char == "f" else "d") + name)


def swap(m: Array) -> Array:
    """The transpose of each matrix."""
    return np.swapaxes(m, -1, -2)


def matrices(name: str, x: Array) -> None:
    """Refuse arrays that are neither a matrix nor a batch of matrices in a dtype of LAPACK."""
    if x.ndim < 2:
        raise ValueError(f"linalg.{name}: the input must have at least 2 dimensions, got {x.ndim}")
    if x.dtype.char not in "fd":
        raise ValueError(f"linalg.{name}: expected float32 or float64, got {x.dtype.name}; use .float()")


def squares(name: str, x: Array) -> None:
    """Refuse matrices that are not square."""
    matrices(name, x)
    if x.shape[-1] != x.shape[-2]:
        raise ValueError(
            f"linalg.{name}: the matrices must be square, but they are {x.shape[-2]} by {x.shape[-1]}"
        )


def by_matrix(name: str, why: str, function: Callable[..., Any], x: Array, *others: Array) -> Any:
    """function(x, *others); where it fails, an error that names the first matrix of the batch that does."""
    try:
        return function(x, *others)
    except _lapack.LinAlgError:
        for place in np.ndindex(x.shape[:-2]):
            try:
                function(x[place], *[np.zeros_like(y[(0,) * (y.ndim - 2)]) for y in others])
            except _lapack.LinAlgError:
                which = f"(matrix {', '.join(map(str, place))} of the batch) " if place else ""
                raise LinAlgError(f"linalg.{name}: {which}{why}") from None
        raise LinAlgError(f"linalg.{name}: {why}") from None


@kernel
def inv(A: Array) -> Array:
    """The inverse of each matrix."""
    squares("inv", A)
    return by_matrix("inv", "the matrix is singular, it has no inverse", _lapack.inv, A)


@kernel
def solve(A: Array, B: Array) -> Array:
    """X with A X = B, for matrices B."""
    squares("solve", A)
    matrices("solve", B)
    if A.shape[-1] != B.shape[-2]:
        raise ValueError(
            f"linalg.solve: A has {A.shape[-1]} rows and B {B.shape[-2]}; each needs one equation"
        )
    return by_matrix("solve", "the matrix is singular, there is no unique solution", _lapack.solve, A, B)


_FEW = 16  # rows of a triangle that are solved one after the other
_SOME = 64  # rows that LAPACK solves at once


@kernel
def solve_triangular(A: Array, B: Array, *, upper: bool, unitriangular: bool = False) -> Array:
    """X with A X = B, reading one triangle of A only; a 0 on its diagonal gives inf and nan."""
    squares("solve_triangular", A)
    matrices("solve_triangular", B)
    if A.shape[-1] != B.shape[-2]:
        raise ValueError(f"linalg.solve_triangular: A has {A.shape[-1]} rows and B {B.shape[-2]}")
    if A.ndim == B.ndim == 2 and B.size and (trtrs := routine("trtrs", A, B)) is not None:
        # LAPACK counts by columns: what is not so is the transpose of its transpose
        turned = not A.flags.f_contiguous
        X, zero = trtrs(A.T if turned else A, B, turned == upper, turned, unitriangular)
        if not zero:
            return np.ascontiguousarray(X)
    shape = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    X = np.broadcast_to(B, (*shape, *B.shape[-2:])).copy()
    if upper:  # from the last row on: the same triangle, turned by half
        _substitute(A[..., ::-1, ::-1], X[..., ::-1, :], unitriangular)
    else:
        _substitute(A, X, unitriangular)
    return X


def _substitute(A: Array, X: Array, unit: bool) -> None:
    """Forward substitution, X in place: the upper half, its products taken off the lower, the lower half."""
    n = A.shape[-1]
    if n <= _SOME and type(A) is type(X) is ndarray and A.dtype.char in "fd" and _solved(A, X, unit):
        return
    if n > _FEW:
        m = n // 2
        _substitute(A[..., :m, :m], X[..., :m, :], unit)
        X[..., m:, :] -= A[..., m:, :m] @ X[..., :m, :]
        _substitute(A[..., m:, m:], X[..., m:, :], unit)
        return
    for i in range(n):
        if i:
            X[..., i : i + 1, :] -= A[..., i : i + 1, :i] @ X[..., :i, :]
        if not unit:
            X[..., i, :] /= A[..., i, i, None]


def _solved(A: Array, X: Array, unit: bool) -> bool:
    """X in place by LAPACK, which exchanges no rows of an upper triangle; False where that is not finite.

    It multiplies by the zeros of the other triangle, which is no matter for finite numbers only.
    """
    turned = np.triu(A[..., ::-1, ::-1], int(unit))
    if unit:
        turned += np.eye(A.shape[-1], dtype=A.dtype)
    try:
        found = _lapack.solve(turned, X[..., ::-1, :])
    except np.linalg.LinAlgError:
        return False
    if not np.isfinite(found).all():
        return False
    X[...] = found[..., ::-1, :]
    return True


@kernel
def det(A: Array) -> Array:
    """The determinant of each matrix."""
    squares("det", A)
    return arrayed(_lapack.det(A))


def slogdet(A: Array) -> tuple[Array, Array]:
    """log |det A|, and the sign of det A."""
    squares("slogdet", A)
    sign, log = _lapack.slogdet(A)
    return arrayed(log), arrayed(sign)


@kernel
def cholesky(A: Array) -> Array:
    """The lower triangle L with L L^T = A; of A the lower triangle is read."""
    squares("cholesky", A)
    why = "the matrix is not positive definite; a small multiple of the identity, added to it, may help"
    return by_matrix("cholesky", why, _lapack.cholesky, A)


@kernel
def pinv(A: Array, *, atol: float = 0.0, rtol: float = 0.0) -> Array:
    """The pseudo-inverse of each matrix; singular values up to max(atol, rtol * the largest) count as 0."""
    matrices("pinv", A)
    if 0 in A.shape[-2:]:
        return np.zeros((*A.shape[:-2], A.shape[-1], A.shape[-2]), A.dtype, like=kin(A))
    U, S, Vh = by_matrix("pinv", _NO_END, _svd, A)
    least = np.maximum(S[..., :1] * S.dtype.type(rtol), S.dtype.type(atol))
    inverse = np.where(least < S, 1 / np.where(S == 0, 1, S), np.zeros_like(S))
    return swap(Vh) @ (inverse[..., None] * swap(U))


_NO_END = "the iteration did not converge; are there nan or inf in the matrix?"


def _svd(A: Array) -> Any:
    return _lapack.svd(A, full_matrices=False)


@kernel
def eigh(A: Array) -> Array:
    """(..., n + 1, n): the eigenvalues in a row, the eigenvectors as columns below it."""
    squares("eigh", A)
    values, vectors = by_matrix("eigh", _NO_END, _lapack.eigh, A)
    return np.concatenate([values[..., None, :], vectors], -2)


@kernel
def svd(A: Array, *, full_matrices: bool = False) -> Array:
    """Rows of U, a row of singular values, rows of V: columns left over are 0. See `parts_of_svd`."""
    matrices("svd", A)
    m, n = A.shape[-2:]
    if 0 in (m, n):
        U, S, Vh = (_eyes(A, m, full_matrices), np.zeros((*A.shape[:-2], 0), A.dtype, like=kin(A)),
                    swap(_eyes(A, n, full_matrices)))  # fmt: skip
    else:
        U, S, Vh = by_matrix("svd", _NO_END, lambda x: _lapack.svd(x, full_matrices=full_matrices), A)
    width = max(m, n) if full_matrices else min(m, n)
    out = np.zeros((*A.shape[:-2], m + 1 + n, width), A.dtype, like=kin(A))
    out[..., :m, : U.shape[-1]] = U
    out[..., m, : S.shape[-1]] = S
    out[..., m + 1 :, : Vh.shape[-2]] = swap(Vh)
    return out


def _eyes(A: Array, n: int, full: bool) -> Array:
    """The singular vectors of matrices without elements."""
    eye = np.eye(n, dtype=A.dtype, like=kin(A))[:, : n if full else 0]
    return np.broadcast_to(eye, (*A.shape[:-2], *eye.shape))


@kernel
def qr(A: Array, *, complete: bool = False) -> Array:
    """(..., m + n, k): the rows of Q, below them those of R^T."""
    matrices("qr", A)
    Q, R = by_matrix("qr", _NO_END, lambda x: _lapack.qr(x, mode="complete" if complete else "reduced"), A)
    return np.concatenate([Q, swap(R)], -2)


@kernel
def geqrf(A: Array) -> tuple[Array, Array]:
    """R from the diagonal on, the vectors of Householder's reflections below it; and their factors."""
    matrices("geqrf", A)
    h, tau = _lapack.qr(A, mode="raw")
    return swap(h), tau


def unlike(values: Array) -> Array:
    """A boolean matrix for each row of values: True where two of them differ by more than rounding."""
    gap = np.abs(values[..., None, :] - values[..., :, None])
    largest = np.max(np.abs(values), axis=-1, keepdims=True)[..., None]
    return gap > largest * (4 * math.sqrt(values.shape[-1]) * float(np.finfo(values.dtype).eps))
