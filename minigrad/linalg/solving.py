"""Inverses, determinants, and the solutions of linear equations."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from minigrad._tensor.calls import CALLS, RECORD
from minigrad._tensor.compositions.differences import broadcast_shapes
from minigrad._tensor.convert import require_tensors
from minigrad._tensor.named_results import written_as
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.ops import solving as _solving  # noqa: F401 (its records enter the registry)
from minigrad.ops.arrays import arrayed
from minigrad.ops.lapack import LinAlgError
from minigrad.ops.lu import factored, first_zero
from minigrad.ops.op import REAL, Op


@written_as("linalg_slogdet")
class Slogdet(NamedTuple):
    """The result of `slogdet`: the sign of the determinant, and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


@written_as("linalg_inv_ex")
class InvEx(NamedTuple):
    """The result of `inv_ex`: the inverse, and 0 for each matrix that has one."""

    inverse: Tensor
    info: Tensor


@written_as("linalg_solve_ex")
class SolveEx(NamedTuple):
    """The result of `solve_ex`: the solution, and 0 for each matrix that is not singular."""

    result: Tensor
    info: Tensor


@written_as("linalg_lstsq")
class Lstsq(NamedTuple):
    """The result of `lstsq`."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def inv(A: Tensor) -> Tensor:
    """The inverse of each matrix. To multiply by it, `solve(A, B)` is faster and more accurate.

    Arguments:
        A: a floating tensor (..., n, n).

    Raises:
        LinAlgError: for a singular matrix; it says which.
        RuntimeError: for matrices that are not square.

    >>> import minigrad as torch
    >>> torch.linalg.inv(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    require_tensors("linalg.inv", A=A)
    return CALLS["inv"](A)


def inv_ex(A: Tensor, *, check_errors: bool = False) -> InvEx:
    """As `linalg.inv`, but a singular matrix is told by a number.

    Arguments:
        A: a floating tensor (..., n, n).
        check_errors: raise as `linalg.inv` does.

    Returns:
        The inverses, nan for a singular matrix; and for each matrix 0, or, where it is singular, the place of
        the first 0 on the diagonal of the U of its LU factorisation, counted from 1.

    >>> import minigrad as torch
    >>> torch.linalg.inv_ex(torch.zeros(2, 2)).info
    tensor(1, dtype=torch.int32)
    """
    require_tensors("linalg.inv_ex", A=A)
    try:
        found = inv(A)
    except LinAlgError:
        if check_errors:
            raise
    else:
        return InvEx(found, wrap(np.zeros(A.shape[:-2], np.int32), None))
    info = _singular(A)
    good = (info == 0).unsqueeze(-1).unsqueeze(-1)
    found = inv(A.where(good, wrap(np.eye(A.shape[-1], dtype=A._array.dtype), None)))
    return InvEx(found.where(good, A.new_tensor(math.nan)), info)


def _singular(A: Tensor) -> Tensor:
    """For each matrix that LAPACK finds singular the place of the first 0 in U's diagonal, from 1 on."""
    info = np.zeros(A.shape[:-2], np.int32)
    for place in np.ndindex(info.shape):
        try:
            np.linalg.inv(A._array[place])
        except np.linalg.LinAlgError:
            info[place] = int(first_zero(np.diagonal(factored(A._array[place])[0]))) or A.shape[-1]
    return wrap(info, None)


def det(A: Tensor) -> Tensor:
    """The determinant of each matrix. Its gradient is right for singular matrices too.

    Arguments:
        A: a floating tensor (..., n, n).

    >>> import minigrad as torch
    >>> torch.linalg.det(torch.tensor([[1.0, 2.0], [3.0, 5.0]]))
    tensor(-1.)
    """
    require_tensors("linalg.det", A=A)
    return CALLS["det"](A)


def slogdet(A: Tensor) -> Slogdet:
    """The sign of the determinant of each matrix, and log |det|, which neither overflows nor underflows.

    Arguments:
        A: a floating tensor (..., n, n).

    Returns:
        (sign, logabsdet): 0 and -inf for a singular matrix. No gradient flows through the sign.

    Raises:
        LinAlgError: in backward, for a singular matrix, where the logarithm has no derivative.

    >>> import minigrad as torch
    >>> torch.linalg.slogdet(torch.eye(2) * -2)
    torch.return_types.linalg_slogdet(
    sign=tensor(1.),
    logabsdet=tensor(1.3863))
    """
    require_tensors("linalg.slogdet", A=A)
    log, sign = RECORD["logabsdet"]([A], {})
    everywhere = wrap(np.ones(sign.shape, np.bool_), None)
    return Slogdet(wrap(sign, None).where(everywhere, log), log)  # recorded, with a gradient of 0


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The solution X of A @ X = B.

    Arguments:
        A: a floating tensor (..., n, n).
        B: of the same dtype: matrices (..., n, k), or vectors: (n), or A's shape without the last axis. The
            leading axes of matrices broadcast.
        left: False solves X @ A = B, for matrices B of shape (..., k, n).

    Raises:
        LinAlgError: for a singular matrix; it says which.
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> torch.linalg.solve(torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    require_tensors("linalg.solve", A=A, B=B)
    if _is_vector(A, B):
        if not left:
            raise RuntimeError("linalg.solve: left=False needs matrices B, not vectors; write B.unsqueeze(0)")
        return CALLS["solve"](A, B.unsqueeze(-1)).squeeze(-1)
    return CALLS["solve"](A, B) if left else CALLS["solve"](A.mT, B.mT).mT


def _is_vector(A: Tensor, B: Tensor) -> bool:
    return B.ndim == 1 or (A.ndim - 1 == B.ndim and B.shape == A.shape[:-1])


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> SolveEx:
    """As `linalg.solve`, but a singular matrix is told by a number.

    Arguments:
        A, B, left: as for `linalg.solve`.
        check_errors: raise as `linalg.solve` does.

    Returns:
        The solutions, nan for a singular matrix; and for each matrix 0 or a number as that of `inv_ex`.

    >>> import minigrad as torch
    >>> torch.linalg.solve_ex(torch.zeros(1, 1), torch.ones(1)).info
    tensor(1, dtype=torch.int32)
    """
    require_tensors("linalg.solve_ex", A=A, B=B)
    try:
        found = solve(A, B, left=left)
    except LinAlgError:
        if check_errors:
            raise
    else:
        return SolveEx(found, wrap(np.zeros(A.shape[:-2], np.int32), None))
    info = _singular(A)
    good = (info == 0).unsqueeze(-1).unsqueeze(-1)
    found = solve(A.where(good, wrap(np.eye(A.shape[-1], dtype=A._array.dtype), None)), B, left=left)
    good = good.squeeze(-1) if _is_vector(A, B) else good
    return SolveEx(found.where(good, A.new_tensor(math.nan)), info)


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """The solution X of A @ X = B for a triangular A. A 0 on its diagonal gives inf and nan, not an error.

    Arguments:
        A: a floating tensor (..., n, n), of which one triangle is read.
        B: matrices (..., n, k) of the same dtype; the leading axes broadcast.
        upper: True for an upper triangle, False for a lower one.
        left: False solves X @ A = B.
        unitriangular: take the diagonal as 1, and do not read it.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> A = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
    >>> torch.linalg.solve_triangular(A, torch.tensor([[2.0], [3.0]]), upper=False)
    tensor([[1.],
            [2.]])
    """
    require_tensors("linalg.solve_triangular", A=A, B=B)
    if not left:
        return solve_triangular(A.mT, B.mT, upper=not upper, unitriangular=unitriangular).mT
    return CALLS["solve_triangular"](A, B, upper=bool(upper), unitriangular=bool(unitriangular))


def pinv(
    A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    """The pseudo-inverse (Moore and Penrose) of each matrix.

    Arguments:
        A: a floating tensor (..., m, n).
        rcond: the old name of `rtol`.
        hermitian: whether the matrices are symmetric; their lower triangles are read.
        atol, rtol: singular values of at most max(atol, rtol * the largest) count as 0. Each is a number, or
            a tensor with one for each matrix. Without them, rtol is max(m, n) times the spacing of floats at
            1; with an `atol` above 0 alone it is 0.

    The gradient is that of matrices whose rank does not change.

    >>> import minigrad as torch
    >>> torch.linalg.pinv(torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    require_tensors("linalg.pinv", A=A)
    if hermitian and A.ndim > 1:
        A = _mirrored(A)
    atol, rtol = tolerances(A, atol, rcond if rtol is None else rtol)
    if isinstance(atol, Tensor) or isinstance(rtol, Tensor):
        return _pinv_each(A, *(A.new_tensor(x) if not isinstance(x, Tensor) else x for x in (atol, rtol)))
    return CALLS["pinv"](A, atol=float(atol), rtol=float(rtol))


# The gradient is that of any matrix, as in PyTorch: not gathered on the triangle that is read.
_mirrored: Op = Op(
    "mirrored", lambda A: np.tril(A) + np.swapaxes(np.tril(A, -1), -1, -2),
    A=lambda g: g,
    formula="the lower triangle on both sides",
    domain=REAL,
    register=False,
)  # fmt: skip


def _pinv_each(A: Tensor, atol: Tensor, rtol: Tensor) -> Tensor:
    """The pseudo-inverses of matrices that have tolerances of their own."""
    batch = broadcast_shapes(A.shape[:-2], atol.shape, rtol.shape)
    A, atol, rtol = A.expand(*batch, *A.shape[-2:]), atol.expand(batch), rtol.expand(batch)
    found = [pinv(A[i], atol=atol[i].item(), rtol=rtol[i].item()) for i in np.ndindex(*batch)]
    return CALLS["stack"](found).reshape(*batch, *found[0].shape) if found else A.mT.clone()


def tolerances(A: Tensor, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """Below which absolute and which relative size a singular value counts as 0."""
    atol = 0.0 if atol is None else atol
    if rtol is not None or A.ndim < 2:
        return atol, 0.0 if rtol is None else rtol
    usual = max(A.shape[-2:]) * _spacing(A)
    if isinstance(atol, Tensor):
        return atol, A.new_tensor(usual).where(atol <= 0, A.new_tensor(0.0))
    return atol, 0.0 if atol > 0 else usual


def _spacing(A: Tensor) -> float:
    return float(np.finfo(A._array.dtype).eps) if A.is_floating_point() else 0.0


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Lstsq:
    """X for which |A @ X - B| is least; of several, the one of the least norm.

    Arguments:
        A: a floating tensor (..., m, n).
        B: of the same dtype: matrices (..., m, k), or vectors: (m), or A's shape without the last axis.
        rcond: singular values of at most rcond times the largest count as 0; None for max(m, n) times the
            spacing of floats at 1.
        driver: accepted for PyTorch's sake ("gels", "gelsy", "gelsd", "gelss"); all use singular values.

    Returns:
        (solution, residuals, rank, singular_values). As in PyTorch, the residuals, the sums of squares of
        A @ X - B, are there for m > n and full rank with "gels", "gelsd" and "gelss"; the singular values
        with "gelsd" and "gelss"; else they are empty.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> torch.linalg.lstsq(torch.tensor([[1.0], [1.0]]), torch.tensor([[1.0], [3.0]])).solution.round(
    ...     decimals=3
    ... )
    tensor([[2.]])
    """
    require_tensors("linalg.lstsq", A=A, B=B)
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(f"linalg.lstsq: driver must be gels, gelsy, gelsd or gelss, not {driver!r}")
    if A.ndim < 2 or B.ndim < 1:
        raise RuntimeError("linalg.lstsq: A must have at least 2 dimensions, and B at least 1")
    vector = _is_vector(A, B)
    b = B.unsqueeze(-1) if vector else B
    m, n = A.shape[-2:]
    if b.shape[-2] != m:
        raise RuntimeError(f"linalg.lstsq: A has {m} rows and B {b.shape[-2]}")
    cut = max(m, n) * _spacing(A) if rcond is None else rcond
    X = CALLS["matmul"](pinv(A, rtol=cut), b)
    values = np.linalg.svd(A._array, compute_uv=False)
    rank = (values > cut * values[..., :1]).sum(-1)
    empty = A.new_empty(0)
    full = m > n and driver not in (None, "gelsy") and bool((rank == n).all())
    residuals = (A.matmul(X) - b).square().sum(-2) if full else empty
    return Lstsq(
        X.squeeze(-1) if vector else X,
        residuals.squeeze(-1) if full and vector and residuals.ndim > 1 else residuals,
        empty.long() if driver == "gels" else wrap(arrayed(rank), None),
        wrap(values, None) if driver in ("gelsd", "gelss") else empty,
    )


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of A as a map from its last axes to its first ones: as of `tensordot`.

    Arguments:
        A: a floating tensor, the product of whose first `ind` sizes is the product of the others.
        ind: how many axes are the first ones.

    Raises:
        RuntimeError: for other sizes.
        LinAlgError: for a singular map.

    >>> import minigrad as torch
    >>> torch.linalg.tensorinv(torch.eye(6).reshape(2, 3, 6), ind=2).shape
    torch.Size([6, 2, 3])
    """
    require_tensors("linalg.tensorinv", A=A)
    if ind <= 0:
        raise RuntimeError(f"linalg.tensorinv: ind must be positive, got {ind}")
    first, last = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    n = math.prod(first)
    if n != math.prod(last):
        raise RuntimeError(
            f"linalg.tensorinv: the first {ind} axes {first} and the others {last} have different products"
        )
    return inv(A.reshape(n, n)).reshape(*last, *first)


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B.

    Arguments:
        A: a floating tensor, whose first axes have the shape of B.
        B: a tensor of the same dtype.
        dims: axes of A to move to the end first.

    Raises:
        RuntimeError: for other sizes.

    >>> import minigrad as torch
    >>> torch.linalg.tensorsolve(torch.eye(6).reshape(2, 3, 6), torch.ones(2, 3))
    tensor([1., 1., 1., 1., 1., 1.])
    """
    require_tensors("linalg.tensorsolve", A=A, B=B)
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    shape = tuple(A.shape[B.ndim :])
    n = math.prod(shape)
    if n != B.numel() or n * n != A.numel():
        raise RuntimeError(
            f"linalg.tensorsolve: A of shape {tuple(A.shape)} is no square map for B of {tuple(B.shape)}"
        )
    return solve(A.reshape(n, n), B.reshape(n)).reshape(shape)
