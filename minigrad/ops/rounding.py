"""Derivatives of functions with steps: rounding, and the divisions that round.

Between its steps a function is flat, and its derivative 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import kind_of
from .kernels import Array, keep, ndarray
from .op import BY_FORWARD, NONZERO, REAL, UNIT, Interval, Op
from .places import row_blocks
from .special import sign as sign_kernel

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
    bools="convert them with .int()",
    domain=_BETWEEN_STEPS,
)  # fmt: skip


# --- divisions that round ------------------------------------------------------------------------------


def between_multiples(d: Any) -> Any:
    """Dividends well away from the multiples of their divisors, where the functions jump."""
    divisor = 3 + d.values(s := d.shape(), UNIT) / 9
    return (divisor * (d.values(s, Interval(0.2, 0.8)) + d.ints(s, 0, 2)), divisor), {}


remainder = Op(
    "remainder", lambda a, b: _remainder(a, _divisor(a, b)),
    a=lambda g: g,
    b=lambda g, a, b: -g * _floor_divide(a, b),
    read={"b": "-g * floor(a / b)"},
    formula="d(a mod b)/da = 1,  d(a mod b)/db = -floor(a/b)",
    domain=between_multiples,
)  # fmt: skip
floor_divide = Op(
    "floor_divide", lambda a, b: _floor_divide(a, _divisor(a, b)),
    a=lambda g: np.zeros_like(g),
    b=lambda g: np.zeros_like(g),
    formula="floor(a/b) is flat between its steps: 0",
    domain=between_multiples,
)  # fmt: skip


trunc_divide = Op(
    "trunc_divide", lambda a, b: _trunc_divide(a, b),
    a=lambda g: np.zeros_like(g),
    b=lambda g: np.zeros_like(g),
    formula="a/b without its decimals is flat between its steps: 0",
    domain=between_multiples,
)  # fmt: skip


def _next_after(a: Any, b: Any) -> Any:
    """np.nextafter; of many floats by their bits, which count those of one sign, in a tenth of its time."""
    plain = type(a) is type(b) is ndarray and a.dtype is b.dtype and a.dtype.char in "fd"
    if not plain or a.shape != b.shape or a.size < 1024 or not a.flags.c_contiguous:
        return np.nextafter(a, b)
    kind = np.int32 if a.itemsize == 4 else np.int64
    away = (b > a) == (a > 0)
    found = a.view(kind) + (2 * away.view(np.int8) - 1)
    out = found.view(a.dtype)
    special = (a == 0) | ~((a < b) | (a > b))  # at 0 the sign changes; equal numbers and nan stay
    if special.any():
        out[special] = np.nextafter(a[special], b[special])
    return out


nextafter = Op(
    "nextafter", _next_after, inputs="a b",
    a=lambda g, a, b: keep(g, a != b),
    b=lambda g: np.zeros_like(g),
    read={"a": "where(a != b, g, 0)"},
    formula="the next number after a, towards b: d/da = 1, but 0 where they are equal",
    domain=lambda d: ((d.values(s := d.shape(), REAL), d.values(s, Interval(4.0, 5.0))), {}),
    result="floating",
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
    if "f" not in (kind_of(a), kind_of(b)) and not np.all(b) and np.size(a):
        raise ValueError("ZeroDivisionError: an integer divided by 0; convert with .float() for inf and nan")
    return b


# NumPy's functions that these records stand for, though their forward is more than that.
BY_FORWARD.update({np.sign: sign, np.remainder: remainder, np.floor_divide: floor_divide})
