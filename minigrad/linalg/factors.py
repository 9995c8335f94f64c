"""Factorisations: Cholesky, eigenvalues of symmetric matrices, singular values, QR."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import require_tensors
from minigrad._tensor.named_results import written_as
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.ops import factors as _factors, solving as _solving  # noqa: F401 (their records enter the registry)
from minigrad.ops.lapack import LinAlgError


@written_as("linalg_eigh")
class Eigh(NamedTuple):
    """The result of `eigh`: ascending eigenvalues, and the eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


@written_as("linalg_svd")
class SVD(NamedTuple):
    """The result of `svd`: A = U @ diag(S) @ Vh, the singular values descending."""

    U: Tensor
    S: Tensor
    Vh: Tensor


@written_as("linalg_qr")
class QR(NamedTuple):
    """The result of `qr`: A = Q @ R, the columns of Q orthonormal, R an upper triangle."""

    Q: Tensor
    R: Tensor


@written_as("linalg_cholesky_ex")
class CholeskyEx(NamedTuple):
    """The result of `cholesky_ex`: the factor, and 0 for each matrix that has one."""

    L: Tensor
    info: Tensor


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The triangle L with L @ L^T = A.

    Arguments:
        A: symmetric positive definite matrices (..., n, n), of which the lower triangle is read.
        upper: give L^T, and read the upper triangle.

    Raises:
        LinAlgError: for a matrix that is not positive definite; it says which.

    The gradient is symmetric: half of it belongs to the triangle that is not read.

    >>> import minigrad as torch
    >>> torch.linalg.cholesky(torch.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    require_tensors("linalg.cholesky", A=A)
    return CALLS["cholesky"](A.mT).mT if upper and A.ndim > 1 else CALLS["cholesky"](A)


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> CholeskyEx:
    """As `linalg.cholesky`, but a matrix that is not positive definite is told by a number.

    Arguments:
        A: symmetric matrices (..., n, n).
        upper: give upper triangles.
        check_errors: raise as `linalg.cholesky` does.

    Returns:
        The triangles, nan for a matrix that has none; and for each matrix 0, or the size of its smallest
        leading part that is not positive definite.

    >>> import minigrad as torch
    >>> torch.linalg.cholesky_ex(-torch.eye(2)).info
    tensor(1, dtype=torch.int32)
    """
    require_tensors("linalg.cholesky_ex", A=A)
    try:
        L = cholesky(A, upper=upper)
    except LinAlgError:
        if check_errors:
            raise
    else:
        return CholeskyEx(L, wrap(np.zeros(A.shape[:-2], np.int32), None))
    array = A.mT._array if upper else A._array
    info = np.zeros(A.shape[:-2], np.int32)
    for place in np.ndindex(info.shape):
        info[place] = _not_positive(array[place])
    good = wrap(info == 0, None).unsqueeze(-1).unsqueeze(-1)
    filled = A.where(good, wrap(np.eye(A.shape[-1], dtype=array.dtype), None))
    L = cholesky(filled, upper=upper)
    return CholeskyEx(L.where(good, L.new_tensor(float("nan"))), wrap(info, None))


def _not_positive(A: Any) -> int:
    """The size of the smallest leading part that has no Cholesky factor; 0 where all have."""
    for n in range(1, len(A) + 1):
        try:
            np.linalg.cholesky(A[:n, :n])
        except np.linalg.LinAlgError:
            return n
    return 0


def eigh(A: Tensor, UPLO: str = "L") -> Eigh:
    """The eigenvalues of symmetric matrices, and their eigenvectors: A = V @ diag(w) @ V^T.

    Arguments:
        A: symmetric matrices (..., n, n), of which one triangle is read.
        UPLO: "L" for the lower triangle, "U" for the upper one.

    Returns:
        (eigenvalues, eigenvectors): ascending (..., n), and columns of length 1 (..., n, n). The sign of a
        column is LAPACK's, and a loss should not depend on it.

    Raises:
        LinAlgError: in backward, where two eigenvalues are equal and a gradient reaches the vectors.

    >>> import minigrad as torch
    >>> torch.linalg.eigh(torch.tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    tensor([1., 3.])
    """
    require_tensors("linalg.eigh", A=A)
    if str(UPLO).upper() not in ("L", "U"):
        raise RuntimeError(f"linalg.eigh: expected UPLO argument to be 'L' or 'U', got {UPLO!r}")
    packed = CALLS["eigh"](A.mT if str(UPLO).upper() == "U" and A.ndim > 1 else A)
    return Eigh(packed[..., 0, :].contiguous(), packed[..., 1:, :])


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of symmetric matrices, ascending. They have a derivative also where two are equal.

    Arguments:
        A: symmetric matrices (..., n, n).
        UPLO: the triangle that is read, as for `eigh`.

    >>> import minigrad as torch
    >>> torch.linalg.eigvalsh(torch.eye(2))
    tensor([1., 1.])
    """
    return eigh(A, UPLO).eigenvalues


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """The singular values of matrices, and their vectors: A = U @ diag(S) @ Vh.

    Arguments:
        A: a floating tensor (..., m, n).
        full_matrices: whether U and Vh are square; else they have min(m, n) columns and rows.
        driver: accepted; on the CPU PyTorch has one only.

    Returns:
        (U, S, Vh), S descending. The sign of a column of U, and of the row of Vh beside it, is LAPACK's.

    Raises:
        LinAlgError: in backward, where two singular values are equal and a gradient reaches the vectors, and
            where a gradient reaches the columns that full_matrices=True adds.

    >>> import minigrad as torch
    >>> U, S, Vh = torch.linalg.svd(torch.tensor([[3.0, 0.0], [0.0, 2.0], [0.0, 0.0]]))
    >>> U.shape, S, Vh.shape
    (torch.Size([3, 3]), tensor([3., 2.]), torch.Size([2, 2]))
    """
    require_tensors("linalg.svd", A=A)
    packed = CALLS["svd"](A, full_matrices=bool(full_matrices))
    m, n = A.shape[-2:]
    k = min(m, n)
    left, right = (m, n) if full_matrices else (k, k)
    return SVD(packed[..., :m, :left], packed[..., m, :k].contiguous(), packed[..., m + 1 :, :right].mT)


def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values of matrices, descending. They have a derivative also where two are equal.

    Arguments:
        A: a floating tensor (..., m, n).
        driver: as for `svd`.

    >>> import minigrad as torch
    >>> torch.linalg.svdvals(torch.tensor([[0.0, 2.0], [3.0, 0.0]]))
    tensor([3., 2.])
    """
    return svd(A, False, driver=driver).S


def qr(A: Tensor, mode: str = "reduced") -> QR:
    """A = Q @ R with orthonormal columns in Q and an upper triangle R.

    Arguments:
        A: a floating tensor (..., m, n).
        mode: "reduced" gives Q min(m, n) columns; "complete" m, and then a tall matrix has no derivative; "r"
            gives R only, and an empty Q.

    Returns:
        (Q, R). The signs are those of LAPACK's Householder reflections.

    Raises:
        LinAlgError: in backward through a complete factorisation of a tall matrix.

    >>> import minigrad as torch
    >>> Q, R = torch.linalg.qr(torch.tensor([[3.0, 1.0], [4.0, 1.0]]))
    >>> (
    ...     torch.allclose(Q @ R, torch.tensor([[3.0, 1.0], [4.0, 1.0]])),
    ...     torch.allclose(R[0, 0].abs(), torch.tensor(5.0)),
    ... )
    (True, True)
    """
    require_tensors("linalg.qr", A=A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"linalg.qr: mode must be 'reduced', 'complete' or 'r', not {mode!r}")
    packed = CALLS["qr"](A, complete=mode == "complete")
    m = A.shape[-2]
    return QR(A.new_empty(0) if mode == "r" else packed[..., :m, :], packed[..., m:, :].mT)
