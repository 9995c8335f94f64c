"""Derivatives of functions that act on each element alone. `g` arrives at the output `out`.

Operands broadcast; the engine sums a gradient back to its operand's shape, so no rule does.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import kind_of
from .kernels import Array, cast, ndarray, sigmoid as sigmoid_kernel
from .op import ABOVE_ONE, BY_FORWARD, NONZERO, POSITIVE, REAL, UNIT, Interval, Op
from .places import row_blocks
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


def _one_less(a: Array, b: Array) -> Array:
    """The exponent b - 1, but 0 for 0 ** 0: there the factor b gives 0, and must not meet inf = 0 ** -1."""
    if isinstance(b, (int, float)):
        return b - 1 if b else 0
    # Only there: at 2 ** 0 the derivative by b of this one is 1/2. And cast, for a b that is an array of no
    # dimensions becomes a NumPy scalar here, too weak beside a boolean tensor to stay float64.
    return b - 1 + cast((a == 0) & (b == 0), a.dtype)


def _log_of_base(a: Array, b: Array) -> Array:
    """log(a); but 0 at base 0 with b >= 0, where a ** b log(a) -> 0."""
    if not isinstance(a, (int, float)):
        return np.log(np.where((a == 0) & (b >= 0), 1, a))
    # Of a number, not np.where(..., 1, a): a choice between two numbers is a float32 tensor of its own.
    if a:
        return float(np.log(a))
    return np.where(b >= 0, np.zeros_like(b), -math.inf)


square = Op(
    "square", lambda x: np.square(x, dtype=np.int64 if x.dtype.kind == "b" else None),
    x=lambda g, x: g * 2 * x,
    formula="d(x^2)/dx = 2 * x",
    domain=REAL,
)  # fmt: skip
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


def _between_multiples(d: Any) -> Any:
    """Dividends well away from the multiples of their divisors, where the functions jump."""
    divisor = 3 + d.values(s := d.shape(), UNIT) / 9
    return (divisor * (d.values(s, Interval(0.2, 0.8)) + d.ints(s, 0, 2)), divisor), {}


remainder = Op(
    "remainder", lambda a, b: _remainder(a, _divisor(a, b)),
    a=lambda g: g,
    b=lambda g, a, b: -g * _floor_divide(a, b),
    read={"b": "-g * floor(a / b)"},
    formula="d(a mod b)/da = 1,  d(a mod b)/db = -floor(a/b)",
    domain=_between_multiples,
)  # fmt: skip
floor_divide = Op(
    "floor_divide", lambda a, b: _floor_divide(a, _divisor(a, b)),
    a=lambda g: np.zeros_like(g),
    b=lambda g: np.zeros_like(g),
    formula="floor(a/b) is flat between its steps: 0",
    domain=_between_multiples,
)  # fmt: skip


trunc_divide = Op(
    "trunc_divide", lambda a, b: _trunc_divide(a, b),
    a=lambda g: np.zeros_like(g),
    b=lambda g: np.zeros_like(g),
    formula="a/b without its decimals is flat between its steps: 0",
    domain=_between_multiples,
)  # fmt: skip


def _floor_divide(a: Any, b: Any) -> Array:
    return by_steps(np.floor_divide, np.floor, lambda *given: given[2], a, b)


def _remainder(a: Any, b: Any) -> Array:
    return by_steps(np.remainder, np.floor, lambda a, b, steps: a - steps * b, a, b)


def by_steps(slow: Any, rounded: Any, of: Any, a: Any, b: Any) -> Array:
    """of(a, b, rounded(a / b)) for float32 arrays, in float64: a tenth of the time of NumPy's `slow`.

    Below 2^29, no rounding of the quotient passes an integer, and a product with b has at most 53 digits.
    """
    few = type(a) is not ndarray or a.dtype.char != "f" or a.size < 4096
    if few or getattr(b, "dtype", a.dtype) != a.dtype:
        return slow(a, b)
    out = np.empty(a.shape, a.dtype)
    b = np.broadcast_to(np.asarray(b, a.dtype), np.broadcast_shapes(a.shape, np.shape(b)))
    if b.shape != a.shape or not np.isfinite(b).all():
        return slow(a, b)
    for rows in row_blocks(a.shape):
        steps = rounded(np.true_divide(a[rows], b[rows], dtype=np.float64))
        if not np.abs(steps).max() < 2**29:
            return slow(a, b)
        out[rows] = of(a[rows], b[rows], steps)
    return out


def _trunc_divide(a: Any, b: Any) -> Array:
    """The quotient towards 0; of integers exact, where a quotient of floats would not be."""
    if "f" in (kind_of(a), kind_of(b)):
        return np.trunc(np.true_divide(a, b))
    down = np.floor_divide(a, _divisor(a, b))
    return down + ((down * b != a) & ((a < 0) != (b < 0)))


def _divisor(a: Any, b: Any) -> Any:
    """`b`, refused where an integer would be divided by 0, for which there is no number."""
    if "f" not in (kind_of(a), kind_of(b)) and not np.all(b):
        raise ValueError("ZeroDivisionError: an integer divided by 0; convert with .float() for inf and nan")
    return b


# --- flat functions: the derivative is 0 wherever there is one ---------------------------------------

_BETWEEN_STEPS = Interval(-3.0, 3.0, avoid=(-3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3))
sign = Op(
    "sign", sign_kernel, inputs="x",
    x=lambda g: np.zeros_like(g),
    formula="d sign(x)/dx = 0",
    domain=NONZERO,
)  # fmt: skip
floor = Op(
    "floor", np.floor,
    x=lambda g: np.zeros_like(g),
    formula="d floor(x)/dx = 0",
    domain=_BETWEEN_STEPS,
)  # fmt: skip
ceil = Op(
    "ceil", np.ceil,
    x=lambda g: np.zeros_like(g),
    formula="d ceil(x)/dx = 0",
    domain=_BETWEEN_STEPS,
)  # fmt: skip
round_ = Op(
    "round", lambda x, *, decimals=0: np.round(x, decimals),
    x=lambda g: np.zeros_like(g),
    formula="d round(x)/dx = 0",
    domain=_BETWEEN_STEPS,
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
logaddexp = Op(
    "logaddexp", lambda a, b: _logaddexp(a, b),
    a=lambda g, a, b: g * sigmoid_kernel(a - b),
    b=lambda g, a, b: g * sigmoid_kernel(b - a),
    formula="d log(e^a + e^b)/da = sigmoid(a - b),  d/db = sigmoid(b - a)",
    domain=(REAL, REAL),
    result="float",
)  # fmt: skip


def _logaddexp(a: Array, b: Array) -> Array:
    """max(a, b) + log(1 + exp(-|a - b|)), in a fifteenth of the time of NumPy's own."""
    if type(a) is not ndarray or type(b) is not ndarray:
        return np.logaddexp(a, b)
    apart = np.abs(a - b)
    if not np.isfinite(apart).all():  # inf - inf is nan
        return np.logaddexp(a, b)
    return np.maximum(a, b) + np.log1p(np.exp(-apart))


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
asin = Op(
    "asin", np.arcsin,
    x=lambda g, x: g / np.sqrt(1 - x * x),
    formula="d asin(x)/dx = 1/sqrt(1 - x^2)",
    domain=UNIT,
    result="float",
)  # fmt: skip
acos = Op(
    "acos", np.arccos,
    x=lambda g, x: -g / np.sqrt(1 - x * x),
    formula="d acos(x)/dx = -1/sqrt(1 - x^2)",
    domain=UNIT,
    result="float",
)  # fmt: skip
atan = Op(
    "atan", np.arctan,
    x=lambda g, x: g / (1 + x * x),
    formula="d atan(x)/dx = 1/(1 + x^2)",
    domain=REAL,
    result="float",
)  # fmt: skip
atan2 = Op(
    "atan2", np.arctan2,
    a=lambda g, a, b: g * b * _inverse_or_zero(a * a + b * b),
    b=lambda g, a, b: -g * a * _inverse_or_zero(a * a + b * b),
    read={"a": "g * b / (a * a + b * b)", "b": "-g * a / (a * a + b * b)"},
    formula="d atan2(a, b)/da = b/(a^2 + b^2),  d/db = -a/(a^2 + b^2);  0 at a = b = 0",
    domain=(NONZERO, POSITIVE),
    result="float",
)  # fmt: skip


def _inverse_or_zero(x: Array) -> Array:
    return np.where(x == 0, 0, 1 / np.where(x == 0, 1, x))


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
asinh = Op(
    "asinh", np.arcsinh,
    x=lambda g, x: g / np.sqrt(1 + x * x),
    formula="d asinh(x)/dx = 1/sqrt(1 + x^2)",
    domain=REAL,
    result="float",
)  # fmt: skip
acosh = Op(
    "acosh", np.arccosh,
    x=lambda g, x: g / np.sqrt(x * x - 1),
    formula="d acosh(x)/dx = 1/sqrt(x^2 - 1)",
    domain=ABOVE_ONE,
    result="float",
)  # fmt: skip
atanh = Op(
    "atanh", np.arctanh,
    x=lambda g, x: g / (1 - x * x),
    formula="d atanh(x)/dx = 1/(1 - x^2)",
    domain=UNIT,
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

# NumPy's functions that these records stand for, though their forward is more than that.
for _ufunc, _op in (
    (np.square, square),
    (np.sign, sign),
    (np.remainder, remainder),
    (np.floor_divide, floor_divide),
    (np.logaddexp, logaddexp),
):
    BY_FORWARD[_ufunc] = _op
