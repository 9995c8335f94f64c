"""Functions of each element that are asked for less often: other powers, the gamma function, extremes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import in_one_dtype, require_tensors
from minigrad.ops import gamma  # noqa: F401 (its records)

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor

exp2, erfc, erfinv = CALLS["exp2"], CALLS["erfc"], CALLS["erfinv"]
lgamma, digamma, sinc = CALLS["lgamma"], CALLS["digamma"], CALLS["sinc"]


def polygamma(n: int, input: T) -> T:
    """The n-th derivative of digamma(input).

    Arguments:
        n: how often, at least 0.
        input: a tensor; integers become floats.

    Raises:
        RuntimeError: for a negative `n`.

    Derivative: polygamma(n + 1, input).

    >>> import minigrad as torch
    >>> torch.polygamma(1, torch.tensor([1.0]))
    tensor([1.6449])
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return CALLS["polygamma"](input, n=n) if n else digamma(input)


def mvlgamma(input: T, p: int) -> T:
    """The logarithm of the gamma function of p dimensions.

    log(C) + sum over i = 1..p of lgamma(input - (i - 1)/2), C = pi^(p (p - 1)/4).

    Arguments:
        input: a tensor of numbers above (p - 1)/2.
        p: the dimensions.

    Raises:
        RuntimeError: for p < 1.

    >>> import minigrad as torch
    >>> torch.mvlgamma(torch.tensor([2.0]), 2)
    tensor([0.4516])
    """
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    terms = [lgamma(input - i / 2) for i in range(p)]
    return sum(terms[1:], terms[0]) + p * (p - 1) / 4 * math.log(math.pi)


def logit(input: T, eps: float | None = None) -> T:
    """log(input / (1 - input)), the inverse of sigmoid; nan outside [0, 1].

    Arguments:
        input: a tensor; integers become floats.
        eps: clamp the input to [eps, 1 - eps] first.

    Derivative: 1/(input (1 - input)); 0 where it was clamped.

    >>> import minigrad as torch
    >>> torch.logit(torch.tensor([0.5, 1.0]), eps=0.25)
    tensor([0.0000, 1.0986])
    """
    if eps is not None and not 0 <= (eps := float(eps)) <= 0.5:
        raise RuntimeError(f"logit: eps must lie between 0 and 0.5, not {eps}")
    return CALLS["logit"](input if eps is None else input.clamp(eps, 1 - eps))


def hypot(input: T, other: T) -> T:
    """The root of input^2 + other^2, without an overflow in between.

    Arguments:
        input, other: floating tensors; shapes broadcast.

    Derivative: d/d input = input/out, d/d other = other/out.

    >>> import minigrad as torch
    >>> torch.hypot(torch.tensor([3.0]), torch.tensor([4.0]))
    tensor([5.])
    """
    require_tensors("hypot", input=input, other=other)
    if not (input.is_floating_point() or other.is_floating_point()):
        raise NotImplementedError("hypot: expected floating tensors; convert with .float()")
    return CALLS["hypot"](input, other)


def logaddexp2(input: T, other: T) -> T:
    """log2(2^input + 2^other).

    Arguments:
        input, other: tensors; shapes broadcast.

    >>> import minigrad as torch
    >>> torch.logaddexp2(torch.tensor([3.0]), torch.tensor([3.0]))
    tensor([4.])
    """
    require_tensors("logaddexp2", input=input, other=other)
    input, other = in_one_dtype(input, other)
    return CALLS["logaddexp"](input * math.log(2), other * math.log(2)) / math.log(2)


def float_power(input: Any, exponent: Any) -> T:
    """`input` to the power of `exponent`, in float64.

    Arguments:
        input, exponent: tensors, or one of them a number; shapes broadcast.

    >>> import minigrad as torch
    >>> torch.float_power(torch.tensor([2]), -1)
    tensor([0.5000], dtype=torch.float64)
    """
    base, power = (x.to(np.float64) if hasattr(x, "to") else float(x) for x in (input, exponent))
    return CALLS["pow"](base, power)


def fmax(input: T, other: T) -> T:
    """The larger of the two; where one is nan, the other.

    Arguments:
        input, other: tensors; shapes broadcast, dtypes meet in one.

    Derivative: 1 for the one that was taken, `input` of two equal ones.

    >>> import minigrad as torch
    >>> torch.fmax(torch.tensor([1.0, float("nan")]), torch.tensor([2.0, 3.0]))
    tensor([2., 3.])
    """
    require_tensors("fmax", input=input, other=other)
    first, second = input.detach(), other.detach()
    return CALLS["where"]((first >= second) | second.isnan(), input, other)


def fmin(input: T, other: T) -> T:
    """The smaller of the two; where one is nan, the other.

    Arguments:
        input, other: tensors; shapes broadcast, dtypes meet in one.

    Derivative: 1 for the one that was taken, `input` of two equal ones.

    >>> import minigrad as torch
    >>> torch.fmin(torch.tensor([1.0, float("nan")]), torch.tensor([2.0, 3.0]))
    tensor([1., 3.])
    """
    require_tensors("fmin", input=input, other=other)
    first, second = input.detach(), other.detach()
    return CALLS["where"]((first <= second) | second.isnan(), input, other)


def clamp_min(input: T, min: Any) -> T:
    """No element below `min`, as `clamp(input, min)`."""
    return CALLS["clamp"](input, min, None)


def clamp_max(input: T, max: Any) -> T:
    """No element above `max`, as `clamp(input, None, max)`."""
    return CALLS["clamp"](input, None, max)


def rsub(input: T, other: Any, *, alpha: float = 1) -> T:
    """other - alpha * input.

    Arguments:
        input: a tensor.
        other: a tensor or a number.
        alpha: a number; whole for integers.

    >>> import minigrad as torch
    >>> torch.rsub(torch.tensor([1.0]), 3)
    tensor([2.])
    """
    return other - (input if alpha == 1 else input * alpha)
