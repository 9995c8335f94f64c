"""Derivatives of the modified Bessel functions of the first kind, and of the gamma integral.

Loaded when a function of these is first used.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .arrays import arrayed, kin
from .gamma import lgamma
from .gamma_kernels import as_given
from .incomplete import gamma_part
from .kernels import Array, cast, kernel
from .op import NONZERO, POSITIVE, REAL, Op
from .pieces import by_blocks, chosen, fitted, polynomial
from .special import sign

# --- Bessel's functions ---------------------------------------------------------------------------------

_NEAR = 30.0


def _scaled(x: Array, order: int) -> Array:
    """exp(-|x|) I(x) of order 0 or 1: the mean of a wave over a turn, or Hankel's series far out.

    DLMF 10.32.3, by the trapezoidal rule, and 10.40.1.
    """

    def near(size: Array) -> Array:
        total = np.zeros(size.shape, like=kin(size))
        for k in range(32):
            c = math.cos(math.pi * (k + 0.5) / 64)  # and its twin, -c
            twin = -np.expm1(-2 * c * size) if order else 1 + np.exp(-2 * c * size)
            total = total + np.exp(size * (c - 1)) * twin * c**order
        return total / 64

    def far(size: Array) -> Array:
        term, series = 1.0, 1.0
        for k in range(1, 25):
            term = -term * (4 * order**2 - (2 * k - 1) ** 2) / (8 * k * size)
            series = series + term
        return series / np.sqrt(2 * math.pi * size)

    size = np.abs(x.astype(np.float64))
    out = chosen(size > _NEAR, far, near, size)
    return as_given(np.where(x < 0, -out, out) if order else out, x)


@functools.cache
def _of_scaled(order: int) -> list[Array]:
    """Of the scaled function; of order 1 over x, as it is odd."""
    return fitted(lambda u: _scaled(u - 1, order) / (u - 1) ** order, 10)


def _even_block(x: Array, terms: int) -> Array:
    return polynomial(np.abs(x) + 1, _of_scaled(0)[:terms])


def _odd_block(x: Array, terms: int) -> Array:
    return polynomial(np.abs(x) + 1, _of_scaled(1)[:terms]) * x + 0.0  # 0, not -0, at -0


@kernel
def _i0(x: Array) -> Array:
    return by_blocks(
        x,
        lambda x, terms: np.exp(np.abs(x)) * _even_block(x, terms),
        lambda x: np.exp(np.abs(x)) * _scaled(x, 0),
        -700.0,
        700.0,
    )


@kernel
def _i1(x: Array) -> Array:
    return by_blocks(
        x,
        lambda x, terms: np.exp(np.abs(x)) * _odd_block(x, terms),
        lambda x: np.exp(np.abs(x)) * _scaled(x, 1),
        -700.0,
        700.0,
    )


@kernel
def _i0e(x: Array) -> Array:
    return by_blocks(x, _even_block, lambda x: _scaled(x, 0), -1000.0, 1000.0)


@kernel
def _i1e(x: Array) -> Array:
    return by_blocks(x, _odd_block, lambda x: _scaled(x, 1), -1000.0, 1000.0)


def _over(x: Array, y: Array, at_zero: float) -> Array:
    """y / x, and the limit at 0."""
    zero = x == 0
    return np.where(zero, cast(zero, x.dtype) * at_zero, y / np.where(zero, cast(zero, x.dtype), x))


def _slope_of_i0(x: Array) -> Array:
    return i1(x)


def _scaled_i1(x: Array) -> Array:
    return i1e(x)


i0 = Op(
    "i0", _i0,
    x=lambda g, x: g * _slope_of_i0(x),
    read="g times I1 at x",
    formula="d I0(x)/dx = I1(x)",
    domain=REAL,
    result="float",
)  # fmt: skip
i1 = Op(
    "i1", _i1,
    x=lambda g, x, out: g * (i0(x) - _over(x, out, 0.5)),
    read="g times I0 at x - out / x",
    formula="d I1(x)/dx = I0(x) - I1(x)/x,  1/2 at 0",
    domain=NONZERO,
    result="float",
)  # fmt: skip
i0e = Op(
    "i0e", _i0e,
    x=lambda g, x, out: g * (_scaled_i1(x) - sign(x) * out),
    read="g times the scaled I1 at x - sign(x) * out",
    formula="d e^-|x| I0(x)/dx = e^-|x| I1(x) - sign(x) e^-|x| I0(x)",
    domain=NONZERO,
    result="float",
)  # fmt: skip
i1e = Op(
    "i1e", _i1e,
    x=lambda g, x, out: g * (i0e(x) - sign(x) * out - _over(x, out, 0.5)),
    read="g times the scaled I0 at x - (sign(x) + 1 / x) * out",
    formula="d e^-|x| I1(x)/dx = e^-|x| I0(x) - (sign(x) + 1/x) e^-|x| I1(x)",
    domain=NONZERO,
    result="float",
)  # fmt: skip

# --- the gamma integral ---------------------------------------------------------------------------------


def _part(upper: bool) -> Any:
    @kernel
    def part(a: Array, x: Array) -> Array:
        found = gamma_part(a, x, upper)
        return arrayed(cast(found, np.result_type(a.dtype, x.dtype)))

    return part


def _density(a: Array, x: Array) -> Array:
    """The density of the gamma distribution."""
    return np.exp((a - 1) * np.log(x) - x - lgamma(a))


igamma = Op(
    "igamma", _part(upper=False), inputs="a x",
    x=lambda g, a, x: g * _density(a, x),
    read="g * exp((a - 1) * log(x) - x - log gamma(a))",
    formula="d P(a, x)/dx = x^(a - 1) e^-x / gamma(a)",
    domain=(POSITIVE, POSITIVE),
)  # fmt: skip
igammac = Op(
    "igammac", _part(upper=True), inputs="a x",
    x=lambda g, a, x: -g * _density(a, x),
    read="-g * exp((a - 1) * log(x) - x - log gamma(a))",
    formula="d Q(a, x)/dx = -x^(a - 1) e^-x / gamma(a)",
    domain=(POSITIVE, POSITIVE),
)  # fmt: skip
