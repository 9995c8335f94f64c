"""The gamma integral and Bessel's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import in_one_dtype, require_tensors
from minigrad.engine.mode import mode
from minigrad.ops import bessel  # noqa: F401 (its records)

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor

i0 = CALLS["i0"]


def igamma(input: T, other: T) -> T:
    """The probability that a draw of the gamma distribution is less: its integral from 0, over the whole.

    Arguments:
        input: the concentration, positive; no gradient flows to it, as in PyTorch.
        other: the end of the integral, not negative; shapes broadcast.

    Raises:
        NotImplementedError: for an `input` that requires grad.

    Derivative: other^(input - 1) exp(-other) / gamma(input), with respect to `other`.

    >>> import minigrad as torch
    >>> torch.igamma(torch.tensor([1.0]), torch.tensor([2.0]))
    tensor([0.8647])
    """
    return _part("igamma", input, other)


def igammac(input: T, other: T) -> T:
    """The probability that a draw of the gamma distribution is more: 1 - igamma(input, other).

    Arguments:
        input, other: as there.

    Raises:
        NotImplementedError: for an `input` that requires grad.

    >>> import minigrad as torch
    >>> torch.igammac(torch.tensor([1.0]), torch.tensor([2.0]))
    tensor([0.1353])
    """
    return _part("igammac", input, other)


def _part(name: str, input: Any, other: Any) -> T:
    require_tensors(name, input=input, other=other)
    for x in (input, other):
        if not x.is_floating_point():
            raise NotImplementedError(f"{name}: expected floating tensors; convert with .float()")
    if input.requires_grad and mode.recording:
        raise NotImplementedError(
            f"{name} has no derivative with respect to 'input', as in PyTorch; give it detached"
        )
    return CALLS[name](*in_one_dtype(input, other))
