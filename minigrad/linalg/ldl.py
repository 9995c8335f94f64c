"""Symmetric matrices that need not be positive definite: A = L @ D @ L^T, and equations with it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad._tensor.calls import CALLS, RECORD
from minigrad._tensor.convert import require_tensors
from minigrad._tensor.named_results import written_as
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.ops import ldl as _ldl  # noqa: F401 (its records enter the registry)
from minigrad.ops.lapack import LinAlgError
from minigrad.ops.lu import first_zero
from minigrad.ops.refusal import refuses


@written_as("linalg_ldl_factor")
class LDLFactor(NamedTuple):
    """The result of `ldl_factor`: the factors in one matrix, and the rows that were swapped."""

    LD: Tensor
    pivots: Tensor


@written_as("linalg_ldl_factor_ex")
class LDLFactorEx(NamedTuple):
    """The result of `ldl_factor_ex`: that of `ldl_factor`, and 0 for each matrix whose D has an inverse."""

    LD: Tensor
    pivots: Tensor
    info: Tensor


def ldl_factor(input: Tensor, *, hermitian: bool = False) -> LDLFactor:
    """The factors of A = L @ D @ L^T in LAPACK's form, which `ldl_solve` takes.

    Arguments:
        input: symmetric matrices A (..., n, n), of which the lower triangle is read.
        hermitian: the same for matrices of real numbers.

    Returns:
        (LD, pivots): a triangle, D on its diagonal and below that L; and for each row the row that it was
        swapped with, counted from 1, negative for both rows of a block of 2 in D.

    Raises:
        LinAlgError: where a block of D is 0; `ldl_factor_ex` takes such matrices.
        NotImplementedError: in a backward that reaches the input, as in PyTorch.

    Source: Bunch and Kaufman, "Some stable methods for calculating inertia and solving symmetric linear
    systems" (1977).

    >>> import minigrad as torch
    >>> torch.linalg.ldl_factor(torch.tensor([[4.0, 2.0], [2.0, 5.0]]))
    torch.return_types.linalg_ldl_factor(
    LD=tensor([[4.0000, 0.0000],
            [0.5000, 4.0000]]),
    pivots=tensor([1, 2], dtype=torch.int32))
    """
    LD, pivots, _ = _factored("ldl_factor", input, check_errors=True)
    return LDLFactor(LD, pivots)


def ldl_factor_ex(input: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> LDLFactorEx:
    """As `linalg.ldl_factor`, but a D without an inverse is told by a number.

    Arguments:
        input, hermitian: as for `linalg.ldl_factor`.
        check_errors: raise as `linalg.ldl_factor` does.

    Returns:
        (LD, pivots, info); `info` is 0, or the place of the first 0 on the diagonal of D, counted from 1.

    >>> import minigrad as torch
    >>> torch.linalg.ldl_factor_ex(torch.zeros(2, 2)).info
    tensor(1, dtype=torch.int32)
    """
    return LDLFactorEx(*_factored("ldl_factor_ex", input, check_errors))


def _factored(name: str, A: Tensor, check_errors: bool) -> tuple[Tensor, Tensor, Tensor]:
    require_tensors(f"linalg.{name}", input=A)
    LD, pivots = RECORD["ldl_factor"]([A.detach()], {})
    diagonal = np.diagonal(LD._array, 0, -2, -1)
    info = first_zero(diagonal)
    if info.any():
        info = first_zero(np.where(pivots < 0, 1, diagonal))  # no block of 2 is 0
    if check_errors and info.any():
        raise LinAlgError(
            f"linalg.{name}: a block of D is zero: ldl_solve would divide by it; ldl_factor_ex gives the "
            "factors all the same"
        )
    found = refuses(f"linalg.{name}", LD, A) if A.requires_grad else LD
    return found, wrap(pivots, None), wrap(info, None)


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """The solution X of A @ X = B, of which the factors are known.

    Arguments:
        LD, pivots: the result of `ldl_factor(A)`.
        B: matrices (..., n, k) of the same dtype; the leading axes broadcast.
        hermitian: the same for matrices of real numbers.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.
        NotImplementedError: in a backward that reaches LD or B, as in PyTorch; `linalg.solve` has a
            derivative.

    >>> import minigrad as torch
    >>> factors = torch.linalg.ldl_factor(torch.tensor([[0.0, 2.0], [2.0, 0.0]]))
    >>> torch.linalg.ldl_solve(*factors, torch.tensor([[2.0], [4.0]]))
    tensor([[2.],
            [1.]])
    """
    require_tensors("linalg.ldl_solve", LD=LD, pivots=pivots, B=B)
    if LD.dtype != B.dtype:
        raise RuntimeError(
            f"linalg.ldl_solve: LD is of {LD.dtype.name} and B of {B.dtype.name}; they must be alike"
        )
    if pivots.dtype.kind not in "iu" or pivots.shape[-1:] != LD.shape[-1:]:
        raise RuntimeError(
            f"linalg.ldl_solve: expected {LD.shape[-1]} whole numbers as pivots, got {pivots.dtype.name} of "
            f"shape {tuple(pivots.shape)}"
        )
    X = CALLS["ldl_solve"](LD.detach(), pivots, B.detach())
    return refuses("linalg.ldl_solve", X, LD, B)
