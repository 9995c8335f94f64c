"""Derivatives of the inverse functions: an angle from its sine, a number from its hyperbolic sine."""

from __future__ import annotations

import numpy as np

from .kernels import Array
from .op import ABOVE_ONE, NONZERO, POSITIVE, REAL, UNIT, Op

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
