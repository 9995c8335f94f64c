"""Derivatives of rarer functions: those around the error function and the gamma function, and other powers.

Loaded when a function of these is first used.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import is_array, kin
from .kernels import Array, cast, kernel
from .op import NONZERO, POSITIVE, REAL, UNIT, Interval, Op
from .rounding import between_multiples, by_steps

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def _each(function: Any) -> Any:
    """A function of one number of Python's, of each element, in float64."""
    apply = np.frompyfunc(function, 1, 1)

    def of_array(x: Array) -> Array:
        found = apply(x.astype(np.float64))
        return _as_given(found.astype(np.float64) if is_array(found) else np.asarray(found, np.float64), x)

    return of_array


def _as_given(out: Array, x: Array) -> Array:
    """In the dtype of floats; integers gave float64, which the record narrows."""
    return cast(out, x.dtype) if x.dtype.kind == "f" else out


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
erfc = Op(
    "erfc", kernel(_each(math.erfc)),
    x=lambda g, x: g * -_TWO_OVER_ROOT_PI * np.exp(-x * x),
    read="-g * 2 / sqrt(pi) * exp(-x * x)",
    formula="d erfc(x)/dx = -2/sqrt(pi) * exp(-x^2)",
    domain=REAL,
    result="float",
)  # fmt: skip


def _scaled_erfc(x: float) -> float:
    """exp(x^2) erfc(x); far out its asymptotic series, DLMF 7.12.1."""
    if not x > 25:
        return math.exp(x * x) * math.erfc(x) if x > -26.7 else (math.inf if x == x else x)
    y = 0.5 / (x * x)
    return (1 - y * (1 - 3 * y * (1 - 5 * y * (1 - 7 * y)))) / (x * math.sqrt(math.pi))


erfcx = Op(
    "erfcx", kernel(_each(_scaled_erfc)),
    x=lambda g, x, out: g * (2 * x * out - _TWO_OVER_ROOT_PI),
    read="g * (2 * x * out - 2 / sqrt(pi))",
    formula="d exp(x^2) erfc(x)/dx = 2x exp(x^2) erfc(x) - 2/sqrt(pi)",
    domain=REAL,
    result="float",
)  # fmt: skip


def _inverse_erf(x: float) -> float:
    """Newton's steps for erfc(y) = 1 - |x|: its relative error stays small where erf is nearly 1."""
    size, rest = abs(x), 1 - abs(x)
    if not size < 1:
        return math.copysign(math.inf, x) if size == 1 else math.nan
    if size < 1e-8:
        return x / _TWO_OVER_ROOT_PI
    # The first guess: Winitzki, "A handy approximation for the error function and its inverse" (2008).
    ln, a = math.log(rest) + math.log1p(size), 0.147
    half = 2 / (math.pi * a) + ln / 2
    y = math.sqrt(math.sqrt(half * half - ln / a) - half)
    for _ in range(3):
        miss = (math.erf(y) - size) if size < 0.5 else (rest - math.erfc(y))
        step = miss / (_TWO_OVER_ROOT_PI * math.exp(-y * y))
        y -= step / (1 + y * step)  # Halley's: it knows the second derivative, -2 y times the first
    return math.copysign(y, x)


erfinv = Op(
    "erfinv", kernel(_each(_inverse_erf)),
    x=lambda g, out: g / _TWO_OVER_ROOT_PI * np.exp(out * out),
    read="g * sqrt(pi) / 2 * exp(out * out)",
    formula="d erfinv(x)/dx = sqrt(pi)/2 * exp(erfinv(x)^2)",
    domain=UNIT,
    result="float",
)  # fmt: skip

# --- the gamma function ------------------------------------------------------------------------------------


def _log_gamma(x: float) -> float:
    if x <= 0 and x == math.floor(x):
        return math.inf
    return math.lgamma(x) if math.isfinite(x) else (math.inf if x == x else x)


_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def _psi(x: Array, n: int) -> Array:
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
        return _as_given(out, given)
    pole = (x == np.floor(x)) & (x <= 0)
    lowest = np.where(np.isfinite(x) & ~pole, x, 1.0)
    out = _psi_above(np.where(pole, 1.0, x), n, lowest)
    return _as_given(np.where(pole, math.inf if n % 2 else math.nan, out), given)


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


def _digamma(x: Array) -> Array:
    return digamma(x)


def _polygamma(x: Array, n: int) -> Array:
    return polygamma(x, n=n)


lgamma = Op(
    "lgamma", kernel(_each(_log_gamma)),
    x=lambda g, x: g * _digamma(x),
    read="g times digamma of x",
    formula="d log|gamma(x)|/dx = digamma(x)",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
digamma = Op(
    "digamma", kernel(lambda x: _psi(x, 0)),
    x=lambda g, x: g * _polygamma(x, 1),
    read="g times the next derivative at x",
    formula="d digamma(x)/dx = polygamma(1, x)",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
polygamma = Op(
    "polygamma", lambda x, *, n: _psi(x, n),
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
    if not np.all(b) and np.asarray(a).dtype.kind != "f" and np.asarray(b).dtype.kind != "f":
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
