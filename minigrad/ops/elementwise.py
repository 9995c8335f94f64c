"""Derivatives of functions that act on each element alone. `g` arrives at the output `out`.

Operands broadcast; the engine sums a gradient back to its operand's shape, so no rule does.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import Array, cast, keep, ndarray, sigmoid as sigmoid_kernel
from .op import BY_FORWARD, NONZERO, POSITIVE, REAL, Interval, Op
from .special import erf as erf_kernel, sign as sign_kernel

# --- arithmetic -------------------------------------------------------------------------------------

add = Op(
    "add", np.add,
    a=lambda g: g,
    b=lambda g: g,
    formula="d(a + b)/da = 1,  d(a + b)/db = 1",
    domain=(REAL, REAL),
)  # fmt: skip
sub = Op(
    "sub", np.subtract,
    a=lambda g: g,
    b=lambda g: -g,
    formula="d(a - b)/da = 1,  d(a - b)/db = -1",
    domain=(REAL, REAL),
    bools="to invert a mask write ~mask or logical_not(); two masks differ where mask ^ other",
)  # fmt: skip
mul = Op(
    "mul", np.multiply,
    a=lambda g, b: g * b,
    b=lambda g, a: g * a,
    formula="d(a * b)/da = b,  d(a * b)/db = a",
    domain=(REAL, REAL),
)  # fmt: skip
div = Op(
    "div", np.true_divide,
    a=lambda g, b: g / b,
    b=lambda g, a, b: -g * (a / b) / b,  # not of out: a quotient is what a user scales in place
    formula="d(a/b)/da = 1/b,  d(a/b)/db = -(a/b)/b",
    domain=(REAL, NONZERO),
    result="float",
)  # fmt: skip
neg = Op(
    "neg", np.negative,
    x=lambda g: -g,
    formula="d(-x)/dx = -1",
    domain=REAL,
    bools="to invert a mask write ~mask or logical_not()",
)  # fmt: skip
square = Op(
    "square", lambda x: np.square(x, dtype=np.int64 if x.dtype.kind == "b" else None),
    x=lambda g, x: g * 2 * x,
    formula="d(x^2)/dx = 2 * x",
    domain=REAL,
)  # fmt: skip
BY_FORWARD[np.square] = square  # NumPy's function that it stands for
reciprocal = Op(
    "reciprocal", lambda x: 1 / x,
    x=lambda g, out: -g * out * out,
    formula="d(1/x)/dx = -(1/x)^2",
    domain=NONZERO,
    result="float",
)  # fmt: skip
abs_ = Op(
    "abs", np.abs,
    x=lambda g, x: g * sign_kernel(x),
    formula="d|x|/dx = sign(x),  0 at x = 0",
    domain=NONZERO,
)  # fmt: skip


# --- exponentials and logarithms ---------------------------------------------------------------------

exp = Op(
    "exp", np.exp,
    x=lambda g, out: g * out,
    formula="d exp(x)/dx = exp(x)",
    domain=REAL,
    result="float",
)  # fmt: skip
expm1 = Op(
    "expm1", np.expm1,
    x=lambda g, out: g * (out + 1),
    formula="d(exp(x) - 1)/dx = exp(x)",
    domain=REAL,
    result="float",
)  # fmt: skip
log = Op(
    "log", np.log,
    x=lambda g, x: g / x,
    formula="d log(x)/dx = 1/x",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
log2 = Op(
    "log2", np.log2,
    x=lambda g, x: g / (x * 0.6931471805599453),
    read="g / (x * log(2))",
    formula="d log2(x)/dx = 1/(x * log(2))",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
log10 = Op(
    "log10", np.log10,
    x=lambda g, x: g / (x * 2.302585092994046),
    read="g / (x * log(10))",
    formula="d log10(x)/dx = 1/(x * log(10))",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
log1p = Op(
    "log1p", np.log1p,
    x=lambda g, x: g / (1 + x),
    formula="d log(1 + x)/dx = 1/(1 + x)",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
sqrt = Op(
    "sqrt", np.sqrt,
    x=lambda g, out: g / (2 * out),
    formula="d sqrt(x)/dx = 1/(2 sqrt(x))",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
rsqrt = Op(
    "rsqrt", lambda x: 1 / np.sqrt(x),
    x=lambda g, out: -0.5 * g * out * out * out,
    formula="d x^(-1/2)/dx = -1/2 x^(-3/2)",
    domain=POSITIVE,
    result="float",
)  # fmt: skip
# --- trigonometric and hyperbolic ----------------------------------------------------------------------

sin = Op(
    "sin", np.sin,
    x=lambda g, x: g * np.cos(x),
    formula="d sin(x)/dx = cos(x)",
    domain=REAL,
    result="float",
)  # fmt: skip
cos = Op(
    "cos", np.cos,
    x=lambda g, x: -g * np.sin(x),
    formula="d cos(x)/dx = -sin(x)",
    domain=REAL,
    result="float",
)  # fmt: skip
tan = Op(
    "tan", np.tan,
    x=lambda g, out: g * (1 + out * out),
    formula="d tan(x)/dx = 1 + tan(x)^2",
    domain=Interval(-1.2, 1.2),
    result="float",
)  # fmt: skip
sinh = Op(
    "sinh", np.sinh,
    x=lambda g, x: g * np.cosh(x),
    formula="d sinh(x)/dx = cosh(x)",
    domain=REAL,
    result="float",
)  # fmt: skip
cosh = Op(
    "cosh", np.cosh,
    x=lambda g, x: g * np.sinh(x),
    formula="d cosh(x)/dx = sinh(x)",
    domain=REAL,
    result="float",
)  # fmt: skip
tanh = Op(
    "tanh", np.tanh,
    x=lambda g, out: g * (1 - out * out),
    formula="d tanh(x)/dx = 1 - tanh(x)^2",
    domain=REAL,
    result="float",
)  # fmt: skip
sigmoid = Op(
    "sigmoid", sigmoid_kernel,
    x=lambda g, out: g * out * (1 - out),
    formula="d sigmoid(x)/dx = sigmoid(x) * (1 - sigmoid(x))",
    domain=REAL,
    result="float",
)  # fmt: skip
erf = Op(
    "erf", erf_kernel,
    x=lambda g, x: g * 1.1283791670955126 * np.exp(-x * x),
    read="g * 2 / sqrt(pi) * exp(-x * x)",
    formula="d erf(x)/dx = 2/sqrt(pi) * exp(-x^2)",
    domain=REAL,
    result="float",
)  # fmt: skip

# --- any power ----------------------------------------------------------------------------------------


def _number_or_arrays(d: Any) -> Any:
    """Two arrays, or a number in the place of one: a number has no dtype, and meets other code."""
    base, exponent = d.shapes(2)
    kind = d.choice(("arrays", "arrays", "base", "exponent"))
    a = d.choice((2, 2.5, 0.75)) if kind == "base" else d.values(base, POSITIVE)
    b = d.choice((2, 3, 3.0, -1, 0.5, 4)) if kind == "exponent" else d.values(exponent, REAL)
    return (a, b), {}


def _power(a: Any, b: Any) -> Array:
    """`a ** b`; of the cube by products, as PyTorch does: np.power takes ten times as long."""
    if b.__class__ in (int, float) and b == 3 and type(a) is ndarray and a.dtype.kind == "f":
        return a * a * a
    try:
        return a**b
    except ValueError:
        if not isinstance(b, ndarray) or b.dtype.kind != "i":
            raise
    # 1 / a^n of whole numbers, cut off, as in PyTorch; a negative number of Python raises.
    ones = np.where(a == 1, 1, np.where(a == -1, 1 - 2 * (b % 2), 0))
    return np.where(b < 0, ones, a ** np.maximum(b, 0)).astype(np.result_type(a, b))


pow_ = Op(
    "pow", _power, inputs="a b",
    a=lambda g, a, b: g * b * a ** _one_less(a, b),
    b=lambda g, a, b, out: g * out * _log_of_base(a, b),
    read={"a": "g * b * a**(b - 1)", "b": "g * out * log(a)"},
    formula="d(a^b)/da = b * a^(b-1),  d(a^b)/db = a^b * log(a)",
    domain=lambda d: _number_or_arrays(d),
)  # fmt: skip
xlogy = Op(
    "xlogy",
    lambda a, b: a * np.log(np.where((a == 0) & (b == b), 1, b)),
    a=lambda g, a, b: keep(g * np.log(b), ~((a == 0) & (b <= 0))),
    b=lambda g, a, b: g * a / b,
    read={"a": "g * log(b)"},
    formula="d(a * log(b))/da = log(b), but 0 where a = 0 and b <= 0;  d(a * log(b))/db = a/b",
    domain=lambda d: (
        ((s := d.shapes(2)) and d.values(s[0], NONZERO), d.values(s[1], Interval(0.3, 4.0))),
        {},
    ),
    result="float",
)


def _one_less(a: Array, b: Array) -> Array:
    """The exponent b - 1, but 0 for 0 ** 0: there the factor b gives 0, and must not meet inf = 0 ** -1.

    Nor for nan ** 0, which is 1 for every base.
    """
    if isinstance(b, (int, float)):
        return b - 1 if b else 0
    # Only there: at 2 ** 0 the derivative by b of this one is 1/2. And cast, for a b that is an array of no
    # dimensions becomes a NumPy scalar here, too weak beside a boolean tensor to stay float64.
    return b - 1 + cast(~(np.abs(a) > 0) & (b == 0), a.dtype)


def _log_of_base(a: Array, b: Array) -> Array:
    """log(a); but 0 at base 0 with b >= 0, where a ** b log(a) -> 0."""
    if not isinstance(a, (int, float)):
        return np.log(np.where((a == 0) & (b >= 0), 1, a))
    # Of a number, not np.where(..., 1, a): a choice between two numbers is a float32 tensor of its own.
    if a:
        return float(np.log(a))
    return np.where(b >= 0, np.zeros_like(b), -math.inf)


def _lerp(a: Array, b: Array, weight: Any) -> Array:
    """From whichever end is nearer."""
    span = b - a
    if isinstance(weight, (int, float)):
        return a + span * weight if abs(weight) < 0.5 else b - span * (1 - weight)
    return np.where(np.abs(weight) < 0.5, a + span * weight, b - span * (1 - weight))


lerp = Op(
    "lerp", _lerp, inputs="a b weight",
    a=lambda g, weight: g * (1 - weight),
    b=lambda g, weight: g * weight,
    weight=lambda g, a, b: g * (b - a),
    formula="d(a + w (b - a))/da = 1 - w,  d/db = w,  d/dw = b - a",
    domain=(REAL, REAL, REAL),
    result="floating",
    promote=False,
)  # fmt: skip
