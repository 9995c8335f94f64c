"""The logarithm of the gamma function, and its derivatives."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .arrays import kin
from .kernels import ONE, Array, cast, ndarray
from .pieces import by_blocks, chosen, fitted, one_by_one, polynomial


def as_given(out: Array, x: Array) -> Array:
    """In the dtype of floats; integers gave float64, which the record narrows."""
    return cast(out, x.dtype) if x.dtype.kind == "f" else out


_FAR = 1000.0
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def psi(x: Array, n: int) -> Array:
    """The n-th derivative of the logarithm's of gamma: a recurrence upwards, then Stirling's series.

    DLMF 5.5.2, 5.11.2 and 5.15.5, 5.15.8. Below 0 the reflection 5.5.4 for n = 0; else so many more steps.
    """
    given, x = x, x.astype(np.float64)
    if n == 0:
        below = x < 0
        pole = (x == np.floor(x)) & (x <= 0)
        start = np.where(below, 1 - x, np.where(x == 0, 1.0, x))
        out = _psi_above(start, 0)
        # The angle without its whole turns: pi x is not exact for a large x.
        turn = np.where(below & ~pole, x - np.round(x), 0.25)
        out = np.where(below, out - math.pi / np.tan(math.pi * turn), out)
        out = np.where(pole, np.where(x == 0, np.copysign(math.inf, -x), math.nan), out)
        return as_given(out, given)
    pole = (x == np.floor(x)) & (x <= 0)
    lowest = np.where(np.isfinite(x) & ~pole, x, 1.0)
    out = _psi_above(np.where(pole, 1.0, x), n, lowest)
    return as_given(np.where(pole, math.inf if n % 2 else math.nan, out), given)


def _psi_above(x: Array, n: int, lowest: Any = None) -> Array:
    steps = 12 + int(max(0.0, -np.min(np.minimum(x if lowest is None else lowest, 0.0)) if x.size else 0.0))
    sign, factorial = (-1) ** (n + 1), math.factorial(n)
    out = np.zeros(x.shape, like=kin(x))
    for k in range(steps):
        out += (sign * factorial) * (x + k) ** -float(n + 1)
    z = x + steps
    if n == 0:
        tail = np.log(z) - 0.5 / z
    else:
        tail = sign * (math.factorial(n - 1) * z ** -float(n) + 0.5 * factorial * z ** -float(n + 1))
    for j, bernoulli in enumerate(_BERNOULLI, 1):
        size = math.factorial(2 * j + n - 1) / math.factorial(2 * j)
        tail = tail + (-1 if n == 0 else sign) * bernoulli * size * z ** -float(2 * j + n)
    return out + tail


def _one_log(x: float) -> float:
    if not math.isfinite(x):
        return abs(x)
    return math.inf if x <= 0 and x == math.floor(x) else math.lgamma(x)


def _log_near_two(t: Array) -> Array:
    """log gamma(2 + t) for t from -0.5 to 1: Taylor's series."""
    out = np.zeros_like(t)
    for k in range(56, 0, -1):
        slope = psi(np.array(2.0), k - 1) if k > 1 else 1 - np.euler_gamma
        out = (out + slope / math.factorial(k)) * t
    return out


def _log_over_zeros(x: Array) -> Array:
    """log gamma(1 + x) over x (x - 1), which is no 0; near these no digit is lost."""
    least, less = _log_near_two(np.minimum(x, 0.5)), _log_near_two(np.clip(x - 1, -0.5, 1))
    above = np.where(x < 2, less, one_by_one(math.lgamma, 1 + x))
    return np.where(x < 0.5, least - np.log1p(x), above) / (x * (x - 1))


@functools.cache
def _of_log() -> list[Array]:
    return fitted(lambda u: _log_over_zeros(u - 1), 10)


def log_gamma_above_one(x: Array) -> Array:
    """log gamma(1 + x) for x from 0 to 1, of a small x too to the last digit."""
    return polynomial(x + 1, _of_log()) * x * (x - 1)


def _log_block(x: Array, terms: int) -> Array:
    """Below 1 it is log gamma(1 + x) - log(x)."""
    above = x >= 1
    out = polynomial(x + ~above, _of_log()[:terms])
    rest = x - above  # from x itself: near 1 no digit is lost
    out *= rest
    rest -= 1
    out *= rest
    out += 0 - np.log(np.minimum(x, ONE[x.dtype]))  # with 0 at 1, not -0
    return out


def _log_far(x: Array) -> Array:
    """Stirling's series, DLMF 5.11.1, with the digits of x log x - x in one product."""
    return (x - 0.5) * (np.log(x) - 1) + 0.5 * (math.log(2 * math.pi) - 1) + (1 / 12 - 1 / (360 * x * x)) / x


def _log_rest(x: Array) -> Array:
    """Far out by Stirling's series; below 0 by the reflection, DLMF 5.5.3."""
    if type(x) is not ndarray:
        return one_by_one(_one_log, x)

    def positive(x: Array) -> Array:
        return chosen(x < _FAR, lambda x: _log_block(x, 8), _log_far, x)

    def reflected(x: Array) -> Array:
        turn = np.abs(np.sin(math.pi * (x - np.rint(x))))  # pi x has other last digits than x
        out = math.log(math.pi) - np.log(turn) - np.log(-x) - positive(-x)
        return np.where(np.isinf(x) | (x == 0), math.inf, out)

    return chosen(x <= 0, reflected, positive, x)


def lgamma(x: Array) -> Array:
    """log |gamma(x)|."""
    return by_blocks(x, _log_block, _log_rest, 0.0, _FAR)


@functools.cache
def _of_psi(n: int) -> list[Array]:
    return fitted(lambda u: psi(u, n), 10)


def _psi_block(x: Array, terms: int) -> Array:
    out = polynomial(x + 1, _of_psi(0)[:terms])
    out -= 1 / x
    return out


def _slope_block(x: Array, terms: int) -> Array:
    out = polynomial(x + 1, _of_psi(1)[:terms])
    out += 1 / (x * x)
    return out


def _psi_rest(x: Array) -> Array:
    def far(x: Array) -> Array:
        return np.log(x) - (0.5 + (1 / 12 - 1 / (120 * x * x)) / x) / x

    return chosen(x >= _FAR, far, lambda x: psi(x, 0), x)


def digamma(x: Array) -> Array:
    """The derivative of log |gamma(x)|."""
    return by_blocks(x, _psi_block, _psi_rest, 0.0, _FAR)


def _slope_rest(x: Array) -> Array:
    """Far out by Stirling's series; below 0 by the reflection, DLMF 5.15.6."""
    if type(x) is not ndarray:
        return psi(x, 1)
    size = np.where(x < 0, 1 - x, x)

    def far(x: Array) -> Array:
        return (1 + (0.5 + (1 / 6 - 1 / (30 * x * x)) / x) / x) / x

    above = chosen(size < _FAR, lambda x: _slope_block(x, 8), far, size)
    below = (math.pi / np.sin(math.pi * (x - np.rint(x)))) ** 2 - above
    below = np.where(np.isinf(x), math.nan, np.where(x == np.floor(x), math.inf, below))
    return np.where(x < 0, below, np.where(x == 0, math.inf, above))


def polygamma(x: Array, *, n: int) -> Array:
    """The n-th derivative of `digamma`."""
    if n == 1:
        return by_blocks(x, _slope_block, _slope_rest, 0.0, _FAR)
    poles = (x <= 0) & (x == np.floor(x))  # for an even n the sides differ: PyTorch's is one
    return np.where(poles, np.asarray((-1) ** (n + 1) * np.inf, x.dtype), psi(x, n))
