"""Norms under their linear-algebra names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad._tensor.calls import CALLS
from minigrad._tensor.tensor import Tensor
from minigrad.ops.kernels import normalize_dims
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


def vector_norm(
    x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """(sum |x_i|^ord)^(1/ord) over `dim`; the largest |x_i| for inf; the number of non-zeros for 0.

    Arguments:
        x: a floating tensor.
        ord: the order, a number.
        dim: an axis or a tuple of axes; None for all.
        keepdim: whether these axes stay, with size 1.
        dtype: convert x to it first.

    >>> import minigrad as torch
    >>> torch.linalg.vector_norm(torch.tensor([3.0, -4.0]), ord=1)
    tensor(7.)
    """
    x = x if dtype is None else x.to(dtype)
    return CALLS["vector_norm"](x, ord=float(ord), dim=dim, keepdim=keepdim)


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """A vector norm, or, of two axes with `ord` given, a matrix norm (fro, 1, -1, inf, -inf).

    Arguments:
        A: a floating tensor.
        ord: None for the vector norm of order 2; a number; "fro" for matrices. Of one axis it is the
            order of a vector norm. Of two, 1 and -1 are the largest and the smallest sum of a column's
            absolute values, inf and -inf those of a row's.
        dim: an axis or two; None for all.
        keepdim: whether these axes stay, with size 1.
        dtype: convert A to it first.

    Raises:
        RuntimeError: for an order that does not fit to the axes.
        NotImplementedError: for "nuc", 2 and -2 of matrices, which need singular values.

    >>> import minigrad as torch
    >>> torch.linalg.norm(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor(5.)
    """
    A = A if dtype is None else A.to(dtype)
    axes = normalize_dims(dim, A.ndim)
    if dim is not None and len(axes) not in (1, 2):
        raise RuntimeError(f"linalg.norm: dim must name one axis or two, got {dim}; vector_norm takes any")
    if ord is None:
        return vector_norm(A, 2, dim, keepdim)
    if ord == "fro":
        if len(axes) != 2:
            raise RuntimeError(
                f"linalg.norm: the Frobenius norm needs two axes, got {len(axes)}; use vector_norm"
            )
        return vector_norm(A, 2, axes, keepdim)
    if len(axes) == 1:
        return vector_norm(A, ord, axes, keepdim)
    if len(axes) != 2:
        raise RuntimeError(
            f"linalg.norm: with ord={ord!r} the input must be 1-D or 2-D (or dim say so), got {A.ndim}-D"
        )
    if ord in ("nuc", 2, -2):
        raise NotImplementedError(
            f"linalg.norm: the matrix norm {ord!r} needs singular values, which minigrad does not have"
        )
    if ord not in (1, -1, float("inf"), float("-inf")):
        raise RuntimeError(
            f"linalg.norm: order {ord!r} not supported for a matrix; use fro, 1, -1, inf or -inf"
        )
    summed, kept = (axes[0], axes[1]) if abs(ord) == 1 else (axes[1], axes[0])
    sums = A.abs().sum(summed, keepdim=True)
    out = sums.amax(kept, keepdim=True) if ord > 0 else sums.amin(kept, keepdim=True)
    return out if keepdim else CALLS["squeeze"](out, dim=tuple(axes))
