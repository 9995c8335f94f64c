"""Running results along an axis: the largest so far, the smallest so far, the logarithm of the sum so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.calls import CALLS, RECORD
from minigrad._tensor.compositions.ranks import Chosen
from minigrad._tensor.convert import as_spelled, require_tensors
from minigrad._tensor.named_results import variant
from minigrad._tensor.record import wrap
from minigrad.ops.arrays import arrayed
from minigrad.ops.kernels import normalize_dim

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor

_KINDS: dict[str, type[Chosen]] = {name: variant(Chosen, name) for name in ("cummax", "cummin")}


def _running(name: str, input: T, dim: int) -> Chosen:
    require_tensors(name, input=input)
    values, indices = RECORD[name]((input,), {"dim": dim})
    return _KINDS[name](values, wrap(arrayed(indices), None))


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
    return _running("cummax", input, dim)


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
    return _running("cummin", input, dim)


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
