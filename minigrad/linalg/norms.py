"""Norms of matrices, and the numbers that singular values tell: rank and condition."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import require_tensors
from minigrad._tensor.tensor import Tensor
from minigrad.ops.kernels import normalize_dim, normalize_dims

from .factors import svdvals
from .solving import inv_ex, tolerances
from .vectors import vector_norm

_INF = float("inf")


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """A vector norm, or, of two axes with `ord` given, a matrix norm.

    Arguments:
        A: a floating tensor.
        ord: None for the vector norm of order 2. Of one axis a number, as for `vector_norm`; of two as for
            `matrix_norm`.
        dim: an axis or two; None for all.
        keepdim: whether these axes stay, with size 1.
        dtype: convert A to it first.

    Raises:
        RuntimeError: for an order that does not fit to the axes.

    >>> import minigrad as torch
    >>> torch.linalg.norm(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor(5.)
    """
    require_tensors("linalg.norm", A=A)
    axes = normalize_dims(dim, A.ndim)
    if dim is not None and len(axes) not in (1, 2):
        raise RuntimeError(f"linalg.norm: dim must name one axis or two, got {dim}; vector_norm takes any")
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if len(axes) == 1 and not isinstance(ord, str):
        return vector_norm(A, ord, axes, keepdim, dtype=dtype)
    if len(axes) != 2:
        raise RuntimeError(
            f"linalg.norm: with ord={ord!r} the input must be 1-D or 2-D (or dim say so), got {A.ndim}-D"
        )
    return matrix_norm(A, ord, axes, keepdim, dtype=dtype)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of each matrix.

    Arguments:
        A: a floating tensor of two axes at least.
        ord: "fro", the root of the sum of squares; "nuc", the sum of the singular values; 2 and -2, the
            largest and the smallest of them; 1 and -1, the largest and the smallest sum of a column's
            absolute values; inf and -inf, those of a row's.
        dim: the two axes of the matrices.
        keepdim: whether these axes stay, with size 1.
        dtype: convert A to it first.

    Raises:
        RuntimeError: for another order, and for fewer axes.

    >>> import minigrad as torch
    >>> A = torch.tensor([[3.0, 0.0], [0.0, -4.0]])
    >>> torch.linalg.matrix_norm(A), torch.linalg.matrix_norm(A, "nuc"), torch.linalg.matrix_norm(A, 2)
    (tensor(5.), tensor(7.), tensor(4.))
    """
    require_tensors("linalg.matrix_norm", A=A)
    if A.ndim < 2:
        raise RuntimeError(f"linalg.matrix_norm: the input must have at least 2 dimensions, got {A.ndim}")
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be two axes, got {dim!r}")
    rows, columns = (normalize_dim(d, A.ndim) for d in dim)
    if rows == columns:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got {tuple(dim)}")
    if ord not in ("fro", "nuc", 1, -1, 2, -2, _INF, -_INF):
        raise RuntimeError(
            f"linalg.matrix_norm: order {ord!r} is not supported; use fro, nuc, 1, -1, 2, -2, inf or -inf"
        )
    A = A if dtype is None else A.to(dtype)
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        values = svdvals(A.movedim((rows, columns), (-2, -1)))
        found = values.sum(-1) if ord == "nuc" else values.amax(-1) if ord == 2 else values.amin(-1)
        if not keepdim:
            return found
        for axis in sorted((rows, columns)):
            found = found.unsqueeze(axis)
        return found
    summed, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = A.abs().sum(summed, keepdim=True)
    out = sums.amax(kept, keepdim=True) if ord > 0 else sums.amin(kept, keepdim=True)
    return out if keepdim else CALLS["squeeze"](out, dim=(rows, columns))


def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number: the norm of each matrix times the norm of its inverse.

    Arguments:
        A: a floating tensor (..., m, n).
        p: an order, as for `matrix_norm`; None and 2 for the largest singular value over the smallest, -2 for
            the smallest over the largest. All but these need square matrices.

    Returns:
        inf for a singular matrix.

    >>> import minigrad as torch
    >>> torch.linalg.cond(torch.tensor([[2.0, 0.0], [0.0, 0.5]]))
    tensor(4.)
    """
    require_tensors("linalg.cond", A=A)
    if A.ndim > 1 and not A.numel():
        return A.new_zeros(A.shape[:-2])
    if p in (None, 2, -2):
        values = svdvals(A)
        first, last = values[..., 0], values[..., -1]
        return last / first if p == -2 else first / last
    inverse, info = inv_ex(A)
    singular = info > 0
    inverse = inverse.masked_fill(singular.unsqueeze(-1).unsqueeze(-1), 0.0)  # its nan has no singular values
    return (matrix_norm(A, p) * matrix_norm(inverse, p)).masked_fill(singular, _INF)


def matrix_rank(
    A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    """How many singular values of each matrix are not 0, up to rounding. No gradient flows through it.

    Arguments:
        A: a floating tensor (..., m, n).
        tol: the old name of `atol`.
        hermitian: whether the matrices are symmetric; the result is the same.
        atol, rtol: singular values of at most max(atol, rtol * the largest) count as 0. Each is a number, or
            a tensor with one for each matrix. Without them, rtol is max(m, n) times the spacing of floats at
            1; with an `atol` above 0 alone it is 0.

    >>> import minigrad as torch
    >>> torch.linalg.matrix_rank(torch.tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    require_tensors("linalg.matrix_rank", A=A)
    values = svdvals(A.detach())
    if not values.shape[-1]:
        return values.sum(-1).long()
    atol, rtol = (tol, 0.0) if tol is not None else tolerances(A, atol, rtol)
    relative, absolute = (
        x.unsqueeze(-1) if isinstance(x, Tensor) else values.new_tensor(x) for x in (rtol, atol)
    )
    return (values > (values[..., :1] * relative).maximum(absolute)).sum(-1)
