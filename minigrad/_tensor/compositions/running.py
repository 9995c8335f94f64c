"""Running results along an axis: the largest so far, the smallest so far, the logarithm of the sum so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.compositions.ranks import Chosen
from minigrad._tensor.convert import as_operand, as_spelled, require_tensors
from minigrad._tensor.named_results import variant
from minigrad.ops.kernels import normalize_dim

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor

_KINDS: dict[str, type[Chosen]] = {name: variant(Chosen, name) for name in ("cummax", "cummin")}


def _running(name: str, ufunc: np.ufunc, input: T, dim: int) -> Chosen:
    require_tensors(name, input=input)
    axis = normalize_dim(dim, input.ndim)
    if not input.ndim:
        return _KINDS[name](input.clone(), as_operand(np.zeros((), np.int64)))
    input = input.contiguous()
    array = input._array
    best = ufunc.accumulate(array, axis)
    n = array.shape[axis]
    shape = [n if i == axis else 1 for i in range(array.ndim)]
    taken = (array == best) | (array != array)
    places = np.maximum.accumulate(np.where(taken, np.arange(n).reshape(shape), 0), axis)
    indices = as_operand(places.astype(np.int64))
    return _KINDS[name](input.gather(axis, indices), indices)


@as_spelled
def cummax(input: T, dim: int) -> Chosen:
    """The largest element so far along `dim`, and its place, the last of equal ones.

    Arguments:
        input: a tensor.
        dim: an axis.

    Derivative: each gradient goes to the element taken.

    >>> import minigrad as torch
    >>> torch.cummax(torch.tensor([1, 3, 2]), 0).values
    tensor([1, 3, 3])
    """
    return _running("cummax", np.maximum, input, dim)


@as_spelled
def cummin(input: T, dim: int) -> Chosen:
    """The smallest element so far along `dim`, and its place, the last of equal ones.

    Arguments:
        input: a tensor.
        dim: an axis.

    Derivative: each gradient goes to the element taken.

    >>> import minigrad as torch
    >>> torch.cummin(torch.tensor([2, 3, 1]), 0).values
    tensor([2, 2, 1])
    """
    return _running("cummin", np.minimum, input, dim)


@as_spelled
def logcumsumexp(input: T, dim: int) -> T:
    """The logarithm of the sum so far of exp(input) along `dim`, without leaving the logarithms.

    Arguments:
        input: a floating tensor.
        dim: an axis.

    >>> import minigrad as torch
    >>> torch.logcumsumexp(torch.zeros(3), 0)
    tensor([0.0000, 0.6931, 1.0986])
    """
    require_tensors("logcumsumexp", input=input)
    axis = normalize_dim(dim, input.ndim)
    if not input.is_floating_point():
        raise NotImplementedError(f"logcumsumexp: expected a floating tensor, got {input.dtype.name}")
    if not input.ndim:
        return input.clone()
    return CALLS["logcumsumexp"](input, dim=axis)
