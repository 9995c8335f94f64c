"""Products of Householder's reflections, as LAPACK's QR factorisation leaves them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad._tensor.calls import CALLS, RECORD
from minigrad._tensor.convert import require_tensors
from minigrad._tensor.named_results import written_as
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.ops import factors as _factors, solving as _solving  # noqa: F401 (their records enter the registry)
from minigrad.ops.arrays import kin
from minigrad.ops.refusal import refuses

__all__ = ["geqrf", "householder_product", "orgqr", "ormqr"]


@written_as("geqrf")
class Geqrf(NamedTuple):
    """The result of `geqrf`."""

    a: Tensor
    tau: Tensor


def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first n columns of H_1 @ H_2 @ ... @ H_k, with H_i = 1 - tau_i v_i v_i^T.

    Arguments:
        input: a floating tensor A (..., m, n), m >= n. Column i has v_i below the diagonal; above it v_i is
            0, on it 1, and there A is not read.
        tau: of the same dtype, (..., k), k <= n.

    Returns:
        (..., m, n), the Q of `linalg.qr` where A and tau come from `geqrf`.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    Source: Schreiber and Van Loan, "A storage-efficient WY representation for products of Householder
    transformations" (1989).

    >>> import minigrad as torch
    >>> A = torch.tensor([[3.0, 1.0], [4.0, 1.0]])
    >>> torch.allclose(torch.linalg.householder_product(*torch.geqrf(A)), torch.linalg.qr(A).Q)
    True
    """
    _, n = _check("linalg.householder_product", input, tau)
    V, T = _reflections(input, tau)
    return _eye(input)[:, :n] - V @ (T @ V[..., :n, :].mT)


orgqr = householder_product


def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """`other` multiplied by the square matrix H_1 @ H_2 @ ... @ H_k of `householder_product`.

    Arguments:
        input: a floating tensor (..., m, k), the vectors, as there.
        tau: of the same dtype, (..., k).
        other: matrices: (..., m, n) for left=True, else (..., n, m).
        left: whether the product stands at the left of `other`.
        transpose: multiply by its transpose.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> A = torch.tensor([[3.0, 1.0], [4.0, 1.0]])
    >>> R = torch.ormqr(*torch.geqrf(A), A, transpose=True).triu()
    >>> torch.allclose(R, torch.linalg.qr(A).R)
    True
    """
    require_tensors("ormqr", other=other)
    m, _ = _check("ormqr", input, tau)
    if other.ndim < 2 or other.shape[-2 if left else -1] != m:
        raise RuntimeError(
            f"ormqr: with left={bool(left)}, other must have {m} {'rows' if left else 'columns'}, "
            f"but has shape {tuple(other.shape)}"
        )
    V, T = _reflections(input, tau)
    T = T.mT if transpose else T
    return other - V @ (T @ (V.mT @ other)) if left else other - ((other @ V) @ T) @ V.mT


def _check(name: str, A: Tensor, tau: Tensor) -> tuple[int, int]:
    require_tensors(name, A=A, tau=tau)
    if A.ndim < 2 or tau.ndim != A.ndim - 1 or tau.shape[:-1] != A.shape[:-2]:
        raise RuntimeError(
            f"{name}: A must be matrices and tau as many vectors, but their shapes are {tuple(A.shape)} and "
            f"{tuple(tau.shape)}"
        )
    m, n = A.shape[-2:]
    if m < n or tau.shape[-1] > n:
        raise RuntimeError(
            f"{name}: A must have at least as many rows as columns, and tau no more numbers than A columns, "
            f"but their shapes are {tuple(A.shape)} and {tuple(tau.shape)}"
        )
    if tau.dtype != A.dtype:
        raise RuntimeError(f"{name}: A is of {A.dtype.name} and tau of {tau.dtype.name}; they must be alike")
    return m, n


def _eye(A: Tensor) -> Tensor:
    return wrap(np.eye(A.shape[-2], dtype=A._array.dtype, like=kin(A._array)), None)


def _reflections(A: Tensor, tau: Tensor) -> tuple[Tensor, Tensor]:
    """V and an upper triangle T with H_1 @ ... @ H_k = 1 - V T V^T.

    T^-1 has 1 / tau on its diagonal, and above it the products of the vectors: T = (1 + D S)^-1 D, D being
    diag(tau). So a tau of 0, which is no reflection, is as good as any.
    """
    k = tau.shape[-1]
    V = A[..., :k].tril(-1) + _eye(A)[:, :k]
    scaled = tau.unsqueeze(-1) * (V.mT @ V).triu(1)
    return V, CALLS["solve_triangular"](scaled, tau.diag_embed(), upper=True, unitriangular=True)


def geqrf(input: Tensor) -> Geqrf:
    """LAPACK's form of A = Q @ R, of which `householder_product` makes Q; `linalg.qr` gives both at once.

    Arguments:
        input: a floating tensor (..., m, n).

    Returns:
        (a, tau): R from the diagonal on and the vectors of the reflections below it; and their factors.

    Raises:
        NotImplementedError: in a backward that reaches `input`, as in PyTorch; `linalg.qr` has a derivative.

    >>> import minigrad as torch
    >>> torch.geqrf(torch.tensor([[0.0], [2.0]]))
    torch.return_types.geqrf(
    a=tensor([[-2.],
            [ 1.]]),
    tau=tensor([1.]))
    """
    require_tensors("geqrf", input=input)
    a, tau = RECORD["geqrf"]([input.detach()], {})
    return Geqrf(refuses("geqrf", a, input), refuses("geqrf", wrap(tau, None), input))
