"""The error function's kin: its complement, plain and without its steep factor, and its inverse."""

from __future__ import annotations

import functools
import math

import numpy as np

from .kernels import Array, ndarray
from .pieces import by_blocks, chosen, fitted, one_by_one, polynomial

_SIGN = np.array(-(2**63))
_FAR = 1000.0
TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def _upper_half(x: float) -> float:
    """x without the last 27 bits, so that its square is a float64 number."""
    scaled = x * 134217729.0
    return scaled - (scaled - x)


def _one_scaled(x: float) -> float:
    """exp(x^2) erfc(x); far out its asymptotic series, DLMF 7.12.1."""
    if not x > 25:
        if not x > -26.7:
            return math.inf if x == x else x
        half = _upper_half(x)
        return math.exp(half * half) * (math.erfc(x) * math.exp((x - half) * (x + half)))
    y, series = 0.5 / (x * x), 1.0
    for k in range(13, 0, -2):
        series = 1 - k * y * series
    return series / (x * math.sqrt(math.pi))


@functools.cache
def _of_scaled() -> list[Array]:
    return fitted(lambda u: one_by_one(_one_scaled, u - 1), 10)


def _fall(size: Array, terms: int) -> Array:
    """exp(-x^2): x^2 in two parts, as its rounding would be many units of the result's."""
    if terms == 4:  # the square of a float32 number is a float64 number
        square = size * size
        np.negative(square, out=square)
        return np.exp(square, out=square)
    half = (size.view(np.int64) & -134217728).view(np.float64)
    return np.exp(-half * half) * np.exp((half - size) * (size + half))


def _complement_block(x: Array, terms: int) -> Array:
    size = np.abs(x)
    out = polynomial(size + 1, _of_scaled()[:terms])
    out *= _fall(size, terms)
    # Below 0 it is 2 - out. On bits: the sign alone is -0.0, and half of it, as integers, is -2.0.
    bits = x.view(np.int64) & _SIGN
    out.view(np.int64)[...] ^= bits
    bits >>= 1
    out -= bits.view(np.float64)
    return out


def _scaled_block(x: Array, terms: int) -> Array:
    size = np.abs(x)
    out = polynomial(size + 1, _of_scaled()[:terms])
    if x.min() < 0:
        below = x < 0
        out[below] = 2 / _fall(size[below], terms) - out[below]
    return out


def _complement_rest(x: Array) -> Array:
    if type(x) is not ndarray:
        return one_by_one(math.erfc, x)
    return np.where(x >= _FAR, 0.0, np.where(x < 0, 2.0, x))  # and nan


def erfc(x: Array) -> Array:
    """1 - erf(x), and all digits of it where erf is nearly 1."""
    return by_blocks(x, _complement_block, _complement_rest, -100.0, _FAR)


def _scaled_rest(x: Array) -> Array:
    def far(x: Array) -> Array:
        y = 0.5 / (x * x)
        return (1 - y + 3 * y * y) / (x * math.sqrt(math.pi))

    def few(x: Array) -> Array:
        return one_by_one(_one_scaled, x)

    return chosen(x >= _FAR, far, lambda x: chosen(x < -27, lambda x: x * -math.inf, few, x), x)


def erfcx(x: Array) -> Array:
    """exp(x^2) erfc(x)."""
    return by_blocks(x, _scaled_block, _scaled_rest, -26.5, _FAR)


def _inverse(size: float, rest: float) -> float:
    """y with erf(y) = size and erfc(y) = rest: Newton's steps towards the smaller one.

    The first guess: Winitzki, "A handy approximation for the error function and its inverse" (2008).
    """
    if size < 1e-8:
        return size / TWO_OVER_ROOT_PI
    ln, a = math.log(rest) + math.log1p(size), 0.147
    half = 2 / (math.pi * a) + ln / 2
    y = math.sqrt(math.sqrt(half * half - ln / a) - half)
    for _ in range(3):
        miss = (math.erf(y) - size) if size < 0.5 else (rest - math.erfc(y))
        step = miss / (TWO_OVER_ROOT_PI * math.exp(-y * y))
        y -= step / (1 + y * step)  # Halley's: it knows the second derivative, -2 y times the first
    return y


def _one_inverse(x: float) -> float:
    if not abs(x) < 1:
        return math.copysign(math.inf, x) if abs(x) == 1 else math.nan
    return math.copysign(_inverse(abs(x), 1 - abs(x)), x)


def _inverse_over_size(w: float) -> float:
    """erfinv(x) / x at w = -log(1 - x^2), of which it is a smooth function: there is no end at x = 1."""
    size = math.sqrt(-math.expm1(-w))
    return _inverse(size, math.exp(-w) / (1 + size)) / size if size else 1 / TWO_OVER_ROOT_PI


@functools.cache
def _of_inverse() -> list[Array]:
    return fitted(lambda u: one_by_one(_inverse_over_size, np.minimum(u - 1, 700.0)), 10)


def _inverse_block(x: Array, terms: int) -> Array:
    u = 1 - x
    u *= 1 + x
    np.log(u, out=u)
    out = polynomial(np.subtract(1, u, out=u), _of_inverse()[:terms])
    out *= x
    return out


def erfinv(x: Array) -> Array:
    """y with erf(y) = x."""
    return by_blocks(x, _inverse_block, lambda x: one_by_one(_one_inverse, x), -1.0, 1.0)


def _one_normal(x: float) -> float:
    if not 0 < x < 1:
        return -math.inf if x == 0 else math.inf if x == 1 else math.nan
    tails = 2 * min(x, 1 - x)  # and not 1 - 2x: the result is right far out
    return math.copysign(math.sqrt(2) * _inverse(1 - tails, tails), x - 0.5)


def _normal_block(x: Array, terms: int) -> Array:
    tails = np.minimum(x, 1 - x)
    tails *= 2
    u = np.log(tails * (2 - tails))  # of 1 - (1 - tails)^2, without its rounding
    out = polynomial(np.subtract(1, u, out=u), _of_inverse()[:terms])
    out *= 1 - tails
    out *= math.sqrt(2)
    return np.copysign(out, x - 0.5, out=out)


def ndtri(x: Array) -> Array:
    """y below which the part x of a standard normal distribution lies."""
    return by_blocks(x, _normal_block, lambda x: one_by_one(_one_normal, x), 1e-300, 1.0)
