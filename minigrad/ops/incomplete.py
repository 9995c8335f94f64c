"""The parts of the gamma and beta integrals below and above a point, and how that point moves.

The integrals are sums over the points of a tanh-sinh rule (Takahasi and Mori, "Double exponential formulas
for numerical integration", 1974). At its ends an integrand may be infinite, or very steep.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import arrayed, kin
from .gamma_kernels import lgamma, log_gamma_above_one, psi
from .kernels import ONE
from .pieces import chosen, fitted, one_by_one, polynomial

Array = Any
ndarray = np.ndarray
_FAR = 45.0  # e^-45 is nothing beside 1, in float64
_BLOCK = 512


def _unit(a: Array, *others: Array) -> tuple[Array, Array, Array]:
    """log s, log(1 - s) and the log of the weight at points s from 0 to 1, for s^(a - 1) near 0."""
    steps = 16 if max(float(x.max()) for x in (a, *others)) < 50 else 32  # the integrand may be steeper
    start, end = -math.asinh(_FAR / math.pi / min(float(a.min()), 1.0)), math.asinh(_FAR / math.pi)
    w: Any = np.arange(math.floor(start * steps), math.ceil(end * steps) + 1, like=kin(a)) / steps
    y = math.pi * np.sinh(w)
    log_s, log_rest = -np.logaddexp(0, -y), -np.logaddexp(0, y)
    return log_s, log_rest, log_s + log_rest + np.log(math.pi * np.cosh(w) / steps)


def _half_line(z: Array) -> tuple[Array, Array]:
    """r and the log of the weight at points r from 0 on, for exp(-z r): even steps of log r."""
    start, end = -37 - math.log(max(1.0, float(z.max()))), math.log(800 / float(z.min()))
    y: Any = np.arange(math.floor(6 * start), math.ceil(6 * end) + 1, like=kin(z)) / 6
    return np.exp(y), y - math.log(6)


def _in_blocks(function: Callable[..., Array], *columns: Array, block: int = _BLOCK) -> Array:
    """A function of columns, a block at a time."""
    if 0 < len(columns[0]) <= block:
        return function(*columns)
    parts = [function(*(x[i : i + block] for x in columns)) for i in range(0, len(columns[0]), block)]
    return np.concatenate(parts) if parts else columns[0][:, 0]


def _chosen(below: Array, first: Callable[..., Array], second: Callable[..., Array], *given: Array) -> Array:
    """One function where `below` holds, another elsewhere."""
    columns = [np.reshape(x, (-1, 1)) for x in given]
    flat: Any = np.reshape(below, -1)
    found: Any
    if type(below) is ndarray:
        found = np.empty(flat.shape)
        for mask, function in ((flat, first), (~flat, second)):
            if mask.any():
                found[mask] = _in_blocks(function, *(x[mask] for x in columns))
    else:
        found = np.where(flat, _in_blocks(first, *columns), _in_blocks(second, *columns))
    return np.reshape(found, below.shape)


def _together(*given: Array) -> list[Array]:
    """Arrays of one shape, in float64."""
    shape = np.broadcast_shapes(*(x.shape for x in given))
    return [np.broadcast_to(arrayed(x.astype(np.float64)), shape) for x in given]


def _gamma_below(a: Array, z: Array, factor: bool) -> Array:
    """The integral of (t/z)^(a - 1) e^(z - t) dt / z from 0 to z; or that times log t - digamma(a)."""
    log_s, log_rest, weight = _unit(a)
    terms = np.exp((a - 1) * log_s + z * np.exp(log_rest) + weight)
    return np.sum(terms * (np.log(z) + log_s - psi(a, 0)) if factor else terms, 1)


def _gamma_above(a: Array, z: Array, factor: bool) -> Array:
    """The same from z on."""
    r, weight = _half_line(z)
    grown = np.log1p(r)
    terms = np.exp((a - 1) * grown - z * r + weight)
    return np.sum(terms * (np.log(z) + grown - psi(a, 0)) if factor else terms, 1)


def _smaller_below(a: Array, z: Array) -> Array:
    """True where the part below z is the smaller of the two, roughly."""
    return z <= np.where(a < 1, 2 ** (-1 / np.minimum(a, 1.0)), a)


def _log_height(a: Array, z: Array) -> Array:
    """log of z^a e^-z / gamma(a); of a large a from Stirling's series (DLMF 5.11.1): no digit is lost."""
    large = np.where(a > 30, a, 30.0)
    far = z / large - 1
    log_ratio = np.where(np.abs(far) < 0.5, np.log1p(far), np.log(z / large))
    series = 1 / (12 * large) - 1 / (360 * large**3) + 1 / (1260 * large**5) - 1 / (1680 * large**7)
    of_large = large * (log_ratio - far) + 0.5 * np.log(large / (2 * math.pi)) - series
    return np.where(a > 30, of_large, a * np.log(z) - z - lgamma(np.minimum(a, 30.0)))


def gamma_parts(a: Array, z: Array) -> tuple[Array, Array]:
    """The probabilities of less and of more than z for a draw of the gamma distribution: P(a, z), Q(a, z)."""
    a, z = _together(a, z)
    inside = (a > 0) & (z > 0) & np.isfinite(a) & np.isfinite(z)
    a_in, z_in = np.where(inside, a, 1.0), np.where(inside, z, 1.0)
    below = _smaller_below(a_in, z_in)
    part = _chosen(
        below, lambda a, z: _gamma_below(a, z, False), lambda a, z: _gamma_above(a, z, False), a_in, z_in
    )
    part = part * np.exp(_log_height(a_in, z_in))
    lower, upper = np.where(below, part, 1 - part), np.where(below, 1 - part, part)
    # The ends: all of it lies below inf, and none below 0; with a = 0 all lies at 0.
    none, whole = (z == 0) & (a > 0), ((z > 0) & (a == 0)) | ((z == math.inf) & (a >= 0) & (a < math.inf))
    none = none | ((a == math.inf) & (z >= 0) & (z < math.inf))
    for mask, value in ((none, 0.0), (whole, 1.0), (~inside & ~none & ~whole, math.nan)):
        lower, upper = np.where(mask, value, lower), np.where(mask, 1 - value, upper)
    return lower, upper


# --- the same where a is not large, in fewer steps ---------------------------------------------------------

_MODERATE, _LEAST = 1000.0, 2.0**-30
_LARGE_BLOCK = 2048
_F64 = np.dtype(np.float64)


def gamma_part(a: Array, z: Array, upper: bool) -> Array:
    """P(a, z), or Q(a, z)."""
    shape = np.broadcast_shapes(a.shape, z.shape)
    if not type(a) is type(z) is ndarray or 0 in shape:
        return gamma_parts(a, z)[upper]
    exact = np.result_type(a, z).itemsize > 4
    a, z = (
        (x if x.shape == shape else np.broadcast_to(x, shape)).astype(np.float64).reshape(-1) for x in (a, z)
    )

    def moderate(a: Array, z: Array) -> Array:
        return _in_blocks(lambda a, z: _moderate(a, z, upper, exact), a, z, block=_LARGE_BLOCK)

    if a.min() > _LEAST and a.max() < _MODERATE and z.min() > 0 and z.max() < math.inf:
        return moderate(a, z).reshape(shape)
    fits = (a > _LEAST) & (z > 0) & (a < _MODERATE) & (z < math.inf)
    return chosen(fits, moderate, lambda a, z: gamma_parts(a, z)[upper], a, z).reshape(shape)


def _moderate(a: Array, z: Array, upper: bool, exact: bool) -> Array:
    """A sum gives one part, and 1 less it is the other, unless that is so small that digits were lost."""
    small, least = 1.0 if exact else 0.2, a.min()  # of a small a the part above z is small, of any z
    end = 1.5 if exact or least < small else 5.0
    enough = 1e-17 if exact else 2e-12 if upper else 1e-9

    def tail(a: Array, z: Array, height: Array) -> Array:
        return _tail(a, z, height, exact) if upper else 1 - _tail(a, z, height, exact)

    def rest(a: Array, z: Array, height: Array) -> Array:
        if upper and least < small:
            return chosen(a < small, _complement, by_series, a, z, height)
        return by_series(a, z, height)

    def by_series(a: Array, z: Array, height: Array) -> Array:
        found = _power_series(a, z, height, end, enough)
        return 1 - found if upper else found

    return chosen(z > np.maximum(a + np.sqrt(a), end), tail, rest, a, z, _height(a, z, exact))


@functools.cache
def _of_highest() -> list[Array]:
    """Of a^a e^-a / gamma(a): by the formula, or by Stirling's series."""

    def highest(a: Array) -> Array:
        small = np.minimum(a, 30.0)
        of_small = small**small * np.exp(-small) / one_by_one(math.gamma, small)
        return np.where(a > 30, np.exp(_log_height(a, a)), of_small)

    return fitted(highest, 40, -30)


def _height(a: Array, z: Array, exact: bool) -> Array:
    """z^a e^-z / gamma(a)."""
    beyond = (z - a) / a
    fall = np.log(z / a)
    if exact:  # near a the logarithm and `beyond` are nearly alike
        fall = np.where(np.abs(beyond) < 0.5, np.log1p(beyond), fall)
    fall -= beyond
    fall *= a
    np.exp(fall, out=fall)
    fall *= polynomial(a.copy(), _of_highest()[: 8 if exact else 6], -30)
    return fall


def _power_series(a: Array, z: Array, height: Array, end: float, enough: float) -> Array:
    """P(a, z), DLMF 8.11.4: the sum of z^n / (a (a + 1) ... (a + n)), times the height."""
    most = float(z.max())
    least = 0.0 if most <= end else (math.sqrt(most + 0.25) - 0.5) ** 2  # the smallest a for this z
    terms, last = 0, 1.0
    while last > enough:
        terms += 1
        last *= most / (least + terms)
    total: Any = 1.0
    n = np.arange(terms, 0.0, -1)[:, None]
    for ratio in z / (a + n):  # from the last one: each is a factor of all that follow
        total = np.multiply(total, ratio, out=ratio)
        total += ONE[_F64]
    total *= height
    total /= a
    return total


@functools.cache
def _alternating() -> tuple[Array, Array]:
    n = np.arange(1.0, 25.0)
    return n[:, None], np.cumprod(-1 / n)


def _complement(a: Array, z: Array, height: Array) -> Array:
    """Q(a, z) of a < 1 and z < 2: 1 - z^a / gamma(a + 1), and DLMF 8.7.1 without its first term."""
    log_z = np.log(z)
    log_ratio = a * log_z - log_gamma_above_one(a)
    n, factors = _alternating()
    rest = factors @ (np.exp(n * log_z) / (a + n))
    return -np.expm1(log_ratio) - np.exp(log_ratio) * a * rest


@functools.cache
def _even_steps(per_unit: int) -> tuple[Array, Array]:
    """Points t from 0 to 70, and weights, for integrands with exp(-t): even steps of x, t = exp(x - e^-x)."""
    x = np.arange(math.ceil(-3.7 * per_unit), math.ceil(4.3 * per_unit)) / per_unit
    t = np.exp(x - np.exp(-x))
    return t, t * (1 + np.exp(-x)) * np.exp(-t) / per_unit


def _tail(a: Array, z: Array, height: Array, exact: bool) -> Array:
    """Q(a, z) far above a: the integral of (1 + r)^(a - 1) e^(-z r) from 0 on, times the height."""
    t, weights = _even_steps(8 if exact else 5)
    rate = z - a + 1  # at which it falls at first
    r = t / rate[:, None]
    bend = np.log(1 + r)
    bend -= r
    bend *= a[:, None] - 1
    return np.exp(bend, out=bend) @ weights / rate * height


def gamma_slope(a: Array, z: Array) -> Array:
    """How a draw z of the gamma distribution moves with its concentration a, at a fixed probability P(a, z).

    dz/da = -(dP/da)/(dP/dz): Figurnov et al., "Implicit reparameterization gradients" (2018), equation 6.
    """
    a, z = _together(a, z)
    safe = np.where(z > 0, z, 1.0)
    below = _smaller_below(a, safe)
    found = _chosen(
        below, lambda a, z: -_gamma_below(a, z, True), lambda a, z: _gamma_above(a, z, True), a, safe
    )
    return np.where(z > 0, z * found, 0.0)


def _beta_below(a: Array, b: Array, x: Array, log_rest_x: Array) -> Array:
    log_s, log_rest, weight = _unit(a, b)
    s, rest = np.exp(log_s), np.exp(log_rest)
    log_beyond = np.log(np.exp(log_rest_x) * s + rest)  # 1 - x s
    terms = np.exp((a - 1) * log_s + (b - 1) * (log_beyond - log_rest_x) + weight)
    return np.sum(terms * (np.log(x) + log_s - psi(a, 0) + psi(a + b, 0)), 1)


def _beta_above(a: Array, b: Array, x: Array, log_rest_x: Array) -> Array:
    log_s, log_rest, weight = _unit(b, a)
    s, rest = np.exp(log_s), np.exp(log_rest)
    log_t = np.log(x * s + rest)  # 1 - (1 - x) s
    terms = np.exp((b - 1) * log_s + (a - 1) * (log_t - np.log(x)) + weight)
    return np.sum(terms * (log_t - psi(a, 0) + psi(a + b, 0)), 1)


def beta_slope(a: Array, b: Array, x: Array) -> Array:
    """How a draw x of the beta distribution moves with a, over 1 - x, at a fixed probability of less."""
    a, b, x = _together(a, b, x)
    inside = (x > 0) & (x < 1)
    x_in = np.where(inside, x, 0.5)
    below, log_rest = x_in <= a / (a + b), np.log1p(-x_in)
    found = _chosen(
        below,
        lambda a, b, x, y: -_beta_below(a, b, x, y) * (x / np.exp(y))[:, 0],
        lambda a, b, x, y: _beta_above(a, b, x, y),
        a, b, x_in, log_rest,
    )  # fmt: skip
    return np.where(inside, found, 0.0)
