"""The factorisation A = P L U: a permutation of the rows, a lower triangle and an upper one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad._tensor.calls import CALLS, RECORD
from minigrad._tensor.convert import require_tensors
from minigrad._tensor.named_results import variant, written_as
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.ops import solving as _solving  # noqa: F401 (its records enter the registry)
from minigrad.ops.arrays import kin
from minigrad.ops.kernels import beyond
from minigrad.ops.lapack import LinAlgError
from minigrad.ops.lu import first_zero, order_of


@written_as("linalg_lu")
class LU(NamedTuple):
    """The result of `lu` and `lu_unpack`: A = P @ L @ U."""

    P: Tensor
    L: Tensor
    U: Tensor


@written_as("linalg_lu_factor")
class LUFactor(NamedTuple):
    """The result of `lu_factor`: both triangles in one, and the row that was swapped with each row."""

    LU: Tensor
    pivots: Tensor


@written_as("linalg_lu_factor_ex")
class LUFactorEx(NamedTuple):
    """The result of `lu_factor_ex`: that of `lu_factor`, and 0 for each matrix whose U has an inverse."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


_UNPACKED: type[LU] = variant(LU, "lu_unpack")


def lu_factor(A: Tensor, *, pivot: bool = True) -> LUFactor:
    """The factors of A = P @ L @ U in LAPACK's form, which `lu_solve` takes.

    Arguments:
        A: a floating tensor (..., m, n).
        pivot: only True: the largest element of a column, of those that are left, is its pivot.

    Returns:
        (LU, pivots): U from the diagonal on, below it L, whose own diagonal is 1; and for each of the first
        min(m, n) rows the row that it was swapped with, in turn, counted from 1.

    Raises:
        LinAlgError: for matrices with a 0 on the diagonal of U; `lu_factor_ex` takes them.
        RuntimeError: for pivot=False.

    >>> import minigrad as torch
    >>> torch.linalg.lu_factor(torch.tensor([[1.0, 2.0], [4.0, 4.0]]))
    torch.return_types.linalg_lu_factor(
    LU=tensor([[4.0000, 4.0000],
            [0.2500, 1.0000]]),
    pivots=tensor([2, 2], dtype=torch.int32))
    """
    return LUFactor(*_factored("lu_factor", A, pivot, check_errors=True)[:2])


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> LUFactorEx:
    """As `linalg.lu_factor`, but a U without an inverse is told by a number.

    Arguments:
        A, pivot: as for `linalg.lu_factor`.
        check_errors: raise as `linalg.lu_factor` does.

    Returns:
        (LU, pivots, info); `info` is 0, or the place of the first 0 on the diagonal of U, counted from 1.

    >>> import minigrad as torch
    >>> torch.linalg.lu_factor_ex(torch.ones(2, 2)).info
    tensor(2, dtype=torch.int32)
    """
    return _factored("lu_factor_ex", A, pivot, check_errors)


def _packed(name: str, A: Tensor, pivot: bool) -> tuple[Tensor, Any]:
    require_tensors(f"linalg.{name}", A=A)
    if not pivot:
        raise RuntimeError(f"linalg.{name}: LU without pivoting is not implemented on the CPU")
    packed, pivots = RECORD["lu"]([A], {})
    return packed, pivots


def _factored(name: str, A: Tensor, pivot: bool, check_errors: bool) -> LUFactorEx:
    packed, pivots = _packed(name, A, pivot)
    info = first_zero(np.diagonal(packed._array, 0, -2, -1))
    if check_errors and info.any():
        which = tuple(int(i) for i in np.argwhere(info)[0]) if info.ndim else ()
        place = f"(matrix {', '.join(map(str, which))} of the batch) " if which else ""
        at = int(info[which])
        raise LinAlgError(
            f"linalg.{name}: {place}U[{at},{at}] is zero, counted from 1: lu_solve would divide by it; "
            "lu_factor_ex gives the factors all the same"
        )
    return LUFactorEx(packed, wrap(pivots, None), wrap(info, None))


def lu(A: Tensor, *, pivot: bool = True) -> LU:
    """The factors of A = P @ L @ U.

    Arguments:
        A: a floating tensor (..., m, n).
        pivot: only True, as for `lu_factor`.

    Returns:
        (P, L, U): a permutation (..., m, m); (..., m, k), a lower triangle whose diagonal is 1; (..., k, n),
        an upper one; k = min(m, n). No gradient flows through P.

    Raises:
        RuntimeError: for pivot=False.

    >>> import minigrad as torch
    >>> P, L, U = torch.linalg.lu(torch.tensor([[1.0, 2.0], [4.0, 4.0]]))
    >>> L, U
    (tensor([[1.0000, 0.0000],
            [0.2500, 1.0000]]), tensor([[4., 4.],
            [0., 1.]]))
    """
    packed, pivots = _packed("lu", A, pivot)
    return LU(_permutation(packed, pivots), *_triangles(packed))


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> LU:
    """The three matrices of a factorisation by `linalg.lu_factor`.

    Arguments:
        LU_data: its first result, (..., m, n).
        LU_pivots: its second result, (..., min(m, n)).
        unpack_data: False gives empty tensors in the place of L and U.
        unpack_pivots: False gives an empty tensor in the place of P.

    Raises:
        RuntimeError: for pivots that are not whole numbers, or not as many as LU_data needs.

    >>> import minigrad as torch
    >>> A = torch.tensor([[1.0, 2.0], [4.0, 4.0]])
    >>> P, L, U = torch.lu_unpack(*torch.linalg.lu_factor(A))
    >>> torch.equal(P @ L @ U, A)
    True
    """
    require_tensors("lu_unpack", LU_data=LU_data, LU_pivots=LU_pivots)
    _check_pivots("lu_unpack", LU_data, LU_pivots)
    empty = (LU_data.new_empty(0),) * 2
    P = _permutation(LU_data, LU_pivots._array) if unpack_pivots else empty[0]
    return _UNPACKED(P, *(_triangles(LU_data) if unpack_data else empty))


def _permutation(LU_data: Tensor, pivots: Any) -> Tensor:
    """P: a row for each row of A, at the place to which it went."""
    order = order_of(pivots, LU_data.shape[-2])
    return wrap((order[..., None, :] == _counted(order)[:, None]).astype(LU_data._array.dtype), None)


def _triangles(LU_data: Tensor) -> tuple[Tensor, Tensor]:
    """L, with ones on its diagonal, and U."""
    m, n = LU_data.shape[-2:]
    k = min(m, n)
    one = wrap(np.eye(m, k, dtype=LU_data._array.dtype, like=kin(LU_data._array)), None)
    lower, upper = LU_data if k == n else LU_data[..., :k], LU_data if k == m else LU_data[..., :k, :]
    return lower.tril(-1) + one, upper.triu()


def _counted(order: Any) -> Any:
    return np.arange(order.shape[-1], like=kin(order))


def _check_pivots(name: str, LU_data: Tensor, pivots: Tensor) -> None:
    if LU_data.ndim < 2:
        raise RuntimeError(f"{name}: the factors must be matrices, got shape {tuple(LU_data.shape)}")
    if pivots.dtype.kind not in "iu":
        raise RuntimeError(f"{name}: the pivots must be whole numbers (torch.int32), got {pivots.dtype.name}")
    k = min(LU_data.shape[-2:])
    if pivots.ndim < 1 or pivots.shape[-1] != k:
        raise RuntimeError(
            f"{name}: factors of shape {tuple(LU_data.shape)} need {k} pivots each, got {tuple(pivots.shape)}"
        )
    if (found := beyond(pivots._array, 1, LU_data.shape[-2])) is not None:
        raise RuntimeError(
            f"{name}: pivots must lie between 1 and {LU_data.shape[-2]}, the rows of the factors, but they "
            f"reach from {int(found[0])} to {int(found[1])}; are they those of lu_factor?"
        )


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """The solution X of A @ X = B, of which the factors are known.

    Arguments:
        LU, pivots: the result of `lu_factor(A)`, (..., n, n) and (..., n).
        B: matrices (..., n, k) of the same dtype; the leading axes broadcast.
        left: False solves X @ A = B, for B of shape (..., k, n).
        adjoint: solve for A^T in the place of A.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> factors = torch.linalg.lu_factor(torch.tensor([[0.0, 2.0], [4.0, 0.0]]))
    >>> torch.linalg.lu_solve(*factors, torch.tensor([[2.0], [4.0]]))
    tensor([[1.],
            [1.]])
    """
    require_tensors("linalg.lu_solve", LU=LU, pivots=pivots, B=B)
    _check_pivots("linalg.lu_solve", LU, pivots)
    n = LU.shape[-1]
    if LU.shape[-2] != n or B.ndim < 2 or B.shape[-2 if left else -1] != n:
        side = "rows" if left else "columns"
        raise RuntimeError(
            f"linalg.lu_solve: B must be matrices of as many {side} as the square LU has, but their shapes "
            f"are {tuple(B.shape)} and {tuple(LU.shape)}"
        )
    if not left:
        return lu_solve(LU, pivots, B.mT, adjoint=not adjoint).mT
    order = order_of(pivots._array, n)
    solve = CALLS["solve_triangular"]
    if adjoint:  # A^T = U^T L^T P^T
        half = solve(LU.mT, B, upper=False, unitriangular=False)
        return _rows(solve(LU.mT, half, upper=True, unitriangular=True), np.argsort(order, axis=-1))
    half = solve(LU, _rows(B, order), upper=False, unitriangular=True)
    return solve(LU, half, upper=True, unitriangular=False)


def _rows(x: Tensor, order: Any) -> Tensor:
    """Rows of each matrix, in an order; the leading axes broadcast."""
    batch = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
    index = np.broadcast_to(np.expand_dims(order, -1), (*batch, *x.shape[-2:]))
    return CALLS["gather"](x.expand(*batch, *x.shape[-2:]), wrap(index, None), dim=-2)
