"""The names of linear algebra that stand in the package itself, and as methods of tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

from minigrad._tensor.convert import require_tensors
from minigrad._tensor.named_results import variant, written_as
from minigrad._tensor.tensor import Tensor
from minigrad.ops.solving import solve_by_factor

from . import factors, pivoted, products, solving
from .pivoted import lu_unpack
from .solving import Slogdet, det, solve_triangular

__all__ = [
    "cholesky", "cholesky_inverse", "cholesky_solve", "det", "inverse", "logdet", "lu", "lu_solve",
    "lu_unpack", "matrix_power", "pinverse", "qr", "slogdet", "svd", "triangular_solve",
]  # fmt: skip


@written_as("svd")
class SVD(NamedTuple):
    """The result of `svd` under its old name: A = U @ diag(S) @ V^T."""

    U: Tensor
    S: Tensor
    V: Tensor


@written_as("triangular_solve")
class TriangularSolve(NamedTuple):
    """The result of `triangular_solve`: the solution, and a copy of A."""

    solution: Tensor
    cloned_coefficient: Tensor


_QR: type[factors.QR] = variant(factors.QR, "qr")
_LU_WITH_INFO: type[pivoted.LUFactorEx] = variant(pivoted.LUFactorEx, "_lu_with_info")
_SLOGDET: type[Slogdet] = variant(Slogdet, "slogdet")


def inverse(input: Tensor) -> Tensor:
    """The inverse of each matrix, as `linalg.inv`.

    Arguments:
        input: a floating tensor (..., n, n).

    >>> import minigrad as torch
    >>> torch.inverse(torch.eye(2) * 2)
    tensor([[0.5000, 0.0000],
            [0.0000, 0.5000]])
    """
    return solving.inv(input)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudo-inverse of each matrix, as `linalg.pinv`.

    Arguments:
        input: a floating tensor (..., m, n).
        rcond: singular values of at most rcond times the largest count as 0.

    >>> import minigrad as torch
    >>> torch.pinverse(torch.ones(1, 2))
    tensor([[0.5000],
            [0.5000]])
    """
    return solving.pinv(input, rtol=rcond)


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant of each matrix: -inf for a singular one, nan for a negative one.

    Arguments:
        input: a floating tensor (..., n, n).

    >>> import minigrad as torch
    >>> torch.logdet(torch.eye(2))
    tensor(0.)
    """
    sign, log = solving.slogdet(input)
    return log.where(sign != -1, log.new_tensor(float("nan")))


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The triangle L with L @ L^T = A, as `linalg.cholesky`.

    Arguments:
        input: symmetric positive definite matrices (..., n, n).
        upper: give L^T.

    >>> import minigrad as torch
    >>> torch.cholesky(torch.eye(2) * 4)
    tensor([[2., 0.],
            [0., 2.]])
    """
    return factors.cholesky(input, upper=upper)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The solution X of A @ X = B, of which the Cholesky factor is known.

    Arguments:
        B: matrices (..., n, k).
        L: the factors (..., n, n) of A: A = L @ L^T.
        upper: whether they are upper triangles, A = L^T @ L.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> torch.cholesky_solve(torch.tensor([[4.0]]), torch.tensor([[2.0]]))
    tensor([[1.]])
    """
    require_tensors("cholesky_solve", B=B, L=L)
    if B.ndim < 2 or L.ndim < 2:
        raise RuntimeError(f"cholesky_solve: B and L must be matrices, got {B.ndim}-D and {L.ndim}-D")
    half, back = (L.mT, L) if upper else (L, L.mT)
    middle = solve_by_factor(half, B, upper=False, unitriangular=False)
    solution: Tensor = solve_by_factor(back, middle, upper=True, unitriangular=False)
    return solution


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, of which the Cholesky factor is known.

    Arguments:
        L: the factors (..., n, n) of A: A = L @ L^T.
        upper: whether they are upper triangles, A = L^T @ L.

    >>> import minigrad as torch
    >>> torch.cholesky_inverse(torch.tensor([[2.0]]))
    tensor([[0.2500]])
    """
    require_tensors("cholesky_inverse", L=L)
    half = L.mT if upper else L
    eye = L.new_zeros(L.shape)
    eye.diagonal(0, -2, -1).fill_(1)
    inverse = solve_by_factor(half, eye, upper=False, unitriangular=False)
    return inverse.mT.matmul(inverse)


def qr(input: Tensor, some: bool = True) -> factors.QR:
    """A = Q @ R, as `linalg.qr`.

    Arguments:
        input: a floating tensor (..., m, n).
        some: False gives m columns to Q.

    >>> import minigrad as torch
    >>> torch.qr(torch.eye(2)).Q.shape
    torch.Size([2, 2])
    """
    return _QR(*factors.qr(input, "reduced" if some else "complete"))


def slogdet(input: Tensor) -> Slogdet:
    """(sign, log |det|) of each matrix, as `linalg.slogdet`.

    Arguments:
        input: square matrices, (..., n, n).

    >>> import minigrad as torch
    >>> torch.slogdet(2 * torch.eye(2)).logabsdet
    tensor(1.3863)
    """
    return _SLOGDET(*solving.slogdet(input))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> SVD:
    """A = U @ diag(S) @ V^T: V is not transposed, unlike that of `linalg.svd`.

    Arguments:
        input: a floating tensor (..., m, n).
        some: False gives square U and V.
        compute_uv: False gives zeros in the place of U and V.

    >>> import minigrad as torch
    >>> torch.svd(torch.tensor([[2.0, 0.0], [0.0, 1.0]])).S
    tensor([2., 1.])
    """
    if not compute_uv:
        m, n = input.shape[-2:]
        zeros = input.new_zeros
        return SVD(zeros((*input.shape[:-2], m, m)), factors.svdvals(input), zeros((*input.shape[:-2], n, n)))
    U, S, Vh = factors.svd(input, not some)
    return SVD(U, S, Vh.mT)


def matrix_power(input: Tensor, n: int) -> Tensor:
    """A multiplied n times by itself, as `linalg.matrix_power`.

    Arguments:
        input: a floating tensor (..., n, n).
        n: a whole number.

    >>> import minigrad as torch
    >>> torch.matrix_power(torch.eye(1) * 2, 5)
    tensor([[32.]])
    """
    return products.matrix_power(input, n)


def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolve:
    """The solution of A @ X = b for a triangular A, as `linalg.solve_triangular`.

    Arguments:
        b: matrices (..., n, k).
        A: triangles (..., n, n).
        upper: whether they are upper ones.
        transpose: solve A^T @ X = b.
        unitriangular: take the diagonal as 1.

    >>> import minigrad as torch
    >>> torch.triangular_solve(torch.tensor([[4.0]]), torch.tensor([[2.0]])).solution
    tensor([[2.]])
    """
    left, up = (A.mT, not upper) if transpose else (A, upper)
    return TriangularSolve(solve_triangular(left, b, upper=up, unitriangular=unitriangular), A.clone())


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """The factors of A = P @ L @ U, as `linalg.lu_factor`, but those of singular matrices too.

    Arguments:
        A: a floating tensor (..., m, n).
        pivot: only True.
        get_infos: give `info` as well, as `linalg.lu_factor_ex`.

    >>> import minigrad as torch
    >>> factors, pivots = torch.lu(torch.eye(2) * 2)
    >>> pivots
    tensor([1, 2], dtype=torch.int32)
    """
    found = pivoted.lu_factor_ex(A, pivot=pivot)
    return _LU_WITH_INFO(*found) if get_infos else found[:2]


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """The solution of A @ X = b, of which the factors are known, as `linalg.lu_solve`.

    Arguments:
        b: matrices (..., n, k).
        LU_data, LU_pivots: the result of `lu(A)`.

    >>> import minigrad as torch
    >>> torch.lu_solve(torch.ones(2, 1), *torch.lu(torch.eye(2) * 2))
    tensor([[0.5000],
            [0.5000]])
    """
    return pivoted.lu_solve(LU_data, LU_pivots, b)
