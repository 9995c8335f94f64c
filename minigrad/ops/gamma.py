"""Derivatives of rarer functions: those around the error function and the gamma function, and other powers.

Loaded when a function of these is first used.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import error_kernels, gamma_kernels
from .error_kernels import TWO_OVER_ROOT_PI
from .kernels import Array, cast, kernel
from .op import NONZERO, POSITIVE, REAL, UNIT, Interval, Op
from .rounding import between_multiples, by_steps

# --- powers, and the error function's kin ----------------------------------------------------------------

exp2 = Op(
    "exp2", np.exp2,
    x=lambda g, out: g * out * 0.6931471805599453,
    read="g * out * log(2)",
    formula="d 2^x/dx = 2^x * log(2)",
    domain=REAL,
    result="float",
)  # fmt: skip
hypot = Op(
    "hypot", np.hypot,
    a=lambda g, a, out: g * (a / out),
    b=lambda g, b, out: g * (b / out),
    formula="d sqrt(a^2 + b^2)/da = a/out,  d/db = b/out",
    domain=(NONZERO, NONZERO),
)  # fmt: skip
logit = Op(
    "logit", lambda x: np.log(x / (1 - x)),
    x=lambda g, x: g / np.where((x < 0) | (x > 1), math.nan, x * (1 - x)),
    read="g / (x * (1 - x))",
    formula="d log(x/(1 - x))/dx = 1/(x * (1 - x))",
    domain=Interval(0.1, 0.9),
    result="float",
)  # fmt: skip


def _sinc(x: Array) -> Array:
    angle = math.pi * np.where(x == 0, cast(x == 0, x.dtype), x)
    return np.where(x == 0, cast(x == 0, x.dtype), np.sin(angle) / angle)


def _sinc_slope(x: Array) -> Array:
    """(cos(pi x) pi x - sin(pi x)) / (pi x^2), and 0 at 0."""
    safe = np.where(x == 0, cast(x == 0, x.dtype), x)
    angle = math.pi * safe
    slope = (np.cos(angle) * angle - np.sin(angle)) / (angle * safe)
    return np.where(x == 0, np.zeros_like(x), slope)


sinc = Op(
    "sinc", kernel(_sinc),
    x=lambda g, x: g * _sinc_slope(x),
    read="g * (cos(pi * x) - sin(pi * x) / (pi * x)) / x",
    formula="d sinc(x)/dx = (cos(pi x) - sinc(x))/x,  0 at x = 0",
    domain=NONZERO,
    result="float",
)  # fmt: skip
entr = Op(
    "entr", lambda x: np.where(x > 0, -x * np.log(x), np.where(x == 0, 0 * x, np.where(x < 0, -np.inf, x))),
    x=lambda g, x: g * (-np.log(x) - 1),
    formula="d(-x log(x))/dx = -log(x) - 1",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
erfc = Op(
    "erfc", kernel(error_kernels.erfc),
    x=lambda g, x: g * -TWO_OVER_ROOT_PI * np.exp(-x * x),
    read="-g * 2 / sqrt(pi) * exp(-x * x)",
    formula="d erfc(x)/dx = -2/sqrt(pi) * exp(-x^2)",
    domain=REAL,
    result="float",
)  # fmt: skip
erfcx = Op(
    "erfcx", kernel(error_kernels.erfcx),
    x=lambda g, x, out: g * (2 * x * out - TWO_OVER_ROOT_PI),
    read="g * (2 * x * out - 2 / sqrt(pi))",
    formula="d exp(x^2) erfc(x)/dx = 2x exp(x^2) erfc(x) - 2/sqrt(pi)",
    domain=REAL,
    result="float",
)  # fmt: skip
erfinv = Op(
    "erfinv", kernel(error_kernels.erfinv),
    x=lambda g, out: g / TWO_OVER_ROOT_PI * np.exp(out * out),
    read="g * sqrt(pi) / 2 * exp(out * out)",
    formula="d erfinv(x)/dx = sqrt(pi)/2 * exp(erfinv(x)^2)",
    domain=UNIT,
    result="float",
)  # fmt: skip
ndtri = Op(
    "ndtri", kernel(error_kernels.ndtri),
    x=lambda g, out: g * math.sqrt(2 * math.pi) * np.exp(out * out / 2),
    read="g * sqrt(2 * pi) * exp(out * out / 2)",
    formula="d ndtri(x)/dx = sqrt(2 pi) * exp(ndtri(x)^2 / 2)",
    domain=Interval(0.1, 0.9),
    result="float",
)  # fmt: skip

# --- the gamma function ------------------------------------------------------------------------------------


def _digamma(x: Array) -> Array:
    return digamma(x)


def _polygamma(x: Array, n: int) -> Array:
    return polygamma(x, n=n)


lgamma = Op(
    "lgamma", kernel(gamma_kernels.lgamma), by_values=True,
    x=lambda g, x: g * _digamma(x),
    read="g times digamma of x",
    formula="d log|gamma(x)|/dx = digamma(x)",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
digamma = Op(
    "digamma", kernel(gamma_kernels.digamma),
    x=lambda g, x: g * _polygamma(x, 1),
    read="g times the next derivative at x",
    formula="d digamma(x)/dx = polygamma(1, x)",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
polygamma = Op(
    "polygamma", gamma_kernels.polygamma,
    x=lambda g, x, n: g * _polygamma(x, n + 1),
    read="g times the next derivative at x",
    formula="d polygamma(n, x)/dx = polygamma(n + 1, x)",
    domain=lambda d: ((d.values(d.shape(), POSITIVE),), {"n": d.choice((1, 2))}),
    result="float",
)  # fmt: skip

# --- steps -------------------------------------------------------------------------------------------------

trunc = Op(
    "trunc", np.trunc,
    x=lambda g: np.zeros_like(g),
    formula="d trunc(x)/dx = 0",
    domain=Interval(-3.0, 3.0, avoid=(-3, -2, -1, 0, 1, 2, 3)),
)  # fmt: skip


def _fmod(a: Any, b: Any) -> Array:
    if not np.all(b) and np.size(a) and np.asarray(a).dtype.kind != "f" and np.asarray(b).dtype.kind != "f":
        raise ValueError("ZeroDivisionError: an integer divided by 0; convert with .float() for inf and nan")
    return by_steps(np.fmod, np.trunc, lambda a, b, steps: a - steps * b, a, b)


fmod = Op(
    "fmod", _fmod, inputs="a b",
    a=lambda g: g,
    b=lambda g, a, b: -g * np.trunc(a / b),
    read={"b": "minus g times a / b without its decimals"},
    formula="d fmod(a, b)/da = 1,  d/db = -trunc(a/b)",
    domain=between_multiples,
)  # fmt: skip
copysign = Op(
    "copysign", np.copysign,
    a=lambda g, a, out: g * _ratio_or_zero(out, a),
    b=lambda g: np.zeros_like(g),
    read={"a": "g * (out / a)"},
    formula="d copysign(a, b)/da = out/a = 1 or -1,  0 at a = 0;  d/db = 0",
    domain=(NONZERO, NONZERO),
    result="float",
)  # fmt: skip


def _ratio_or_zero(out: Array, a: Array) -> Array:
    return np.where(a == 0, np.zeros_like(out), out / np.where(a == 0, cast(a == 0, a.dtype), a))
