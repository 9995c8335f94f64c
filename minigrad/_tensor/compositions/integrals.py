"""The gamma integral, the zeta function and Bessel's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import in_one_dtype, require_tensors
from minigrad._tensor.record import Recorded
from minigrad.ops import bessel, zeta as _zeta  # noqa: F401 (their records)
from minigrad.ops.refusal import refuses

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor

i0 = CALLS["i0"]


def igamma(input: T, other: T) -> T:
    """The probability that a draw of the gamma distribution is less: its integral from 0, over the whole.

    Arguments:
        input: the concentration, positive; it has no derivative here, as in PyTorch.
        other: the end of the integral, not negative; shapes broadcast.

    Raises:
        NotImplementedError: in a backward that reaches `input`.

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
        NotImplementedError: in a backward that reaches `input`.

    >>> import minigrad as torch
    >>> torch.igammac(torch.tensor([1.0]), torch.tensor([2.0]))
    tensor([0.1353])
    """
    return _part("igammac", input, other)


def _part(name: str, input: Any, other: Any) -> T:
    require_tensors(name, input=input, other=other)
    a, b = in_one_dtype(input.detach(), other)
    if not a.is_floating_point():
        raise NotImplementedError(f"{name}: expected floating tensors; convert with .float()")
    return refuses(f"{name}: 'input'", CALLS[name](a, b), input)


def zeta(input: Any, other: Any) -> T:
    """Hurwitz's zeta function, the sum of (other + k) to the power of -input over k = 0, 1, 2 and so on.

    Arguments:
        input: the power, above 1, a tensor or a number; it has no derivative here, as in PyTorch.
        other: a tensor or a number; shapes broadcast. Integers become floats first.

    Returns:
        inf for a power of 1, and where `other` is 0, -1, -2 and so on; nan for a power below 1.

    Raises:
        NotImplementedError: in a backward that reaches `input`.

    Derivative: -input * zeta(input + 1, other), with respect to `other`.

    >>> import minigrad as torch
    >>> torch.special.zeta(torch.tensor([2.0]), 1)
    tensor([1.6449])
    """
    if not isinstance(input, Recorded) and not isinstance(other, Recorded):
        require_tensors("special.zeta", input=input)
    s, q = (_floating(x, y) for x, y in ((input, other), (other, input)))
    return refuses("special.zeta: 'input'", CALLS["zeta"](*in_one_dtype(s.detach(), q)), s)


def _floating(x: Any, beside: Any) -> Any:
    """A tensor of floats; a number takes the dtype of the tensor beside it."""
    if isinstance(x, Recorded):
        return x if x.is_floating_point() else x.float()  # type: ignore[attr-defined]
    return _floating(beside, x).new_tensor(float(x))
