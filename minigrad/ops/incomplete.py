"""The parts of the gamma and beta integrals below and above a point, and how that point moves.

The integrals are sums over the points of a tanh-sinh rule (Takahasi and Mori, "Double exponential formulas
for numerical integration", 1974). At its ends an integrand may be infinite, or very steep.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import arrayed, kin
from .gamma_kernels import lgamma, psi

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


def _in_blocks(function: Callable[..., Array], *columns: Array) -> Array:
    """A function of columns, a block at a time."""
    parts = [function(*(x[i : i + _BLOCK] for x in columns)) for i in range(0, len(columns[0]), _BLOCK)]
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
