"""The norm of vectors, which much else is made of."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.calls import CALLS
from minigrad._tensor.tensor import Tensor
from minigrad.ops.kernels import normalize_dims


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
    if float(ord) < 0 and any(x.shape[axis] == 0 for axis in normalize_dims(dim, x.ndim)):
        raise RuntimeError(
            f"linalg.vector_norm: the norm of order {ord} of no elements does not exist; "
            f"the input has shape {tuple(x.shape)}"
        )
    return CALLS["vector_norm"](x, ord=float(ord), dim=dim, keepdim=keepdim)
