"""Functions of one element that NumPy lacks, or has with another convention."""

from __future__ import annotations

import functools
import math

import numpy as np

from .arrays import is_foreign
from .kernels import ZERO, Array, kernel, laid_out

_BLOCK = 8192  # elements whose intermediate results stay in the processor's cache


@kernel
def erf(x: Array) -> Array:
    """The error function, within two units in the last place."""
    if is_foreign(x):
        return _erf_of_any(x)
    dtype = np.float32 if x.dtype in (np.float32, np.float16) else np.float64
    flat, table = np.reshape(x, -1), _taylor(np.dtype(dtype).char)
    out = np.empty(flat.shape, dtype)
    with np.errstate(invalid="ignore"):  # of a nan, which h brings back, the row may be any
        for start in range(0, flat.size, _BLOCK):
            block = flat[start : start + _BLOCK].astype(dtype, copy=False)
            out[start : start + _BLOCK] = _erf_block(block, *table)
    out = np.reshape(out, x.shape).astype(x.dtype if x.dtype.kind == "f" else out.dtype, copy=False)
    return laid_out(out, x)


def _erf_of_any(x: Array) -> Array:
    """`erf` in NumPy's functions alone: a power series near 0, and beyond it a Chebyshev series of erfc."""
    z = np.minimum(np.abs(x), 6.0)
    near = np.where(z < 0.5, x, 0.0)
    power, series = near, near
    for n in range(1, 12):
        power = power * near * near / -n
        series = series + power / (2 * n + 1)
    first, *others = _erfc_series()
    t = 2 * (2 / (2 + z) - _CENTRE) / _WIDTH
    b, c = 0.0 * t, 0.0 * t
    for factor in others[::-1]:  # Clenshaw's recurrence
        b, c = 2 * t * b - c + factor, b
    beyond = 1 - (t * b - c + first) * np.exp(-z * z)
    out = np.where(z < 0.5, 2 / math.sqrt(math.pi) * series, np.where(x < 0, -beyond, beyond))
    return np.where(x != x, x, out).astype(x.dtype if x.dtype.kind == "f" else np.float64)


_CENTRE, _WIDTH = (2 / 2.5 + 2 / 8) / 2, 2 / 2.5 - 2 / 8  # of 2 / (2 + z), for z from 0.5 to 6


@functools.cache
def _erfc_series() -> list[float]:
    """The Chebyshev coefficients of erfc(z) exp(z^2) as a function of 2 / (2 + z), for z from 0.5 to 6."""

    def at(t: float) -> float:
        z = 2 / (_CENTRE + t * _WIDTH / 2) - 2
        return math.erfc(z) * math.exp(z * z)

    angles = np.pi * (np.arange(32) + 0.5) / 32
    values = np.array([at(t) for t in np.cos(angles).tolist()])
    return [float(values.mean()), *(float(2 * np.mean(values * np.cos(k * angles))) for k in range(1, 25))]


@functools.cache
def _taylor(char: str) -> tuple[int, Array, list[Array]]:
    """How many points there are in 1, `_BLOCK` times the last point, and the factors of h^j at every point.

    erf is Taylor's series around the nearest point. There are so many for float32 that the first two terms
    are enough: to look factors up takes longer than all else. The factors are erf itself from the C library,
    then its derivatives, which are Hermite polynomials times 2/sqrt(pi) exp(-c^2) (DLMF 7.10.1). At the last
    point, and beyond, erf is 1 to the last digit.
    """
    per_unit, end = (4096, 4) if char == "f" else (256, 6)
    c = np.arange(end * per_unit + 1) / per_unit
    slope = 2 / math.sqrt(math.pi) * np.exp(-(c**2))
    factors = [np.array([math.erf(v) for v in c]), slope]
    if char == "d":
        factors += [
            slope * -c,
            slope * (2 * c**2 - 1) / 3,
            slope * (3 * c - 2 * c**3) / 6,
            slope * (4 * c**4 - 12 * c**2 + 3) / 30,
        ]
    return per_unit, np.full(_BLOCK, end, char), [factor.astype(char) for factor in factors]


def _erf_block(x: Array, per_unit: int, end: Array, factors: list[Array]) -> Array:
    h = np.abs(x)
    np.minimum(h, end[: h.size], out=h)  # beside a single number it takes three times as long
    point = np.rint(h * per_unit)
    row = point.astype(np.int32).astype(np.intp)  # a third of the time of one step
    point /= per_unit
    h -= point
    out = factors[-1].take(row, mode="clip")
    for factor in factors[-2::-1]:
        out *= h
        out += factor.take(row, mode="clip")
    bits, sign_bit = _BITS[out.itemsize]
    signed = out.view(bits)
    signed |= x.view(bits) & sign_bit  # np.copysign takes twice as long
    return out


_BITS = {4: (np.int32, np.int32(-(2**31))), 8: (np.int64, np.int64(-(2**63)))}


@kernel
def sign(x: Array) -> Array:
    """-1, 0 or 1; PyTorch's sign of nan is 0."""
    return x.copy() if x.dtype.kind == "b" else np.subtract(x > 0, x < 0, dtype=x.dtype)


@kernel
def log_sigmoid(x: Array) -> Array:
    """log(1 / (1 + exp(-x))), finite for every finite x."""
    return np.minimum(x, ZERO[x.dtype]) - np.log1p(np.exp(-np.abs(x)))
