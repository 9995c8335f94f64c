"""Activations that are methods of tensors too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import require_tensors

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def hardshrink(input: T, lambd: float = 0.5) -> T:
    """x where |x| > lambd, 0 elsewhere.

    Arguments:
        input: a floating tensor of any shape.
        lambd: half the width of the gap.

    >>> import minigrad as torch
    >>> torch.nn.functional.hardshrink(torch.tensor([-1.0, 0.2, 2.0]))
    tensor([-1.,  0.,  2.])
    """
    require_tensors("hardshrink", input=input)
    return CALLS["hardshrink"](input, lambd=lambd)


def prelu(input: T, weight: T) -> T:
    """x for x > 0, weight x elsewhere; the weight is learned, one for all or one per channel.

    Arguments:
        input: a floating tensor; its channels are axis 1, or one for fewer than two axes.
        weight: of one element, or of shape (channels).

    Raises:
        RuntimeError: for a weight of another shape or dtype.

    Source: He et al., "Delving deep into rectifiers" (2015).

    >>> import minigrad as torch
    >>> torch.nn.functional.prelu(torch.tensor([-2.0, 2.0]), torch.tensor([0.25]))
    tensor([-0.5000,  2.0000])
    """
    require_tensors("prelu", input=input, weight=weight)
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, got {tuple(weight.shape)}")
    if weight.dtype != input.dtype:
        raise RuntimeError(
            f"prelu: the input has dtype {input.dtype.name} and weight {weight.dtype.name}; "
            "convert one with .to()"
        )
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() not in (1, channels) or (weight.numel() != 1 and not input.ndim):
        raise RuntimeError(
            f"prelu: for an input of shape {tuple(input.shape)} expected a weight of 1 or {channels} "
            f"elements, but got {weight.numel()}"
        )
    row = (weight.numel(), *(1,) * (input.ndim - 2)) if input.ndim > 1 else ()
    return CALLS["prelu"](input, weight.reshape(row))
