"""Functions of one element that NumPy lacks, or has with another convention."""

from __future__ import annotations

import functools
import math

import numpy as np

from .arrays import is_foreign
from .kernels import ZERO, Array, kernel, laid_out, ndarray

_BLOCK = 8192  # elements: so few that their intermediate results stay in the processor's cache


@kernel
def erf(x: Array) -> Array:
    """The error function, within two units in the last place."""
    if is_foreign(x):
        return _erf_of_any(x)
    if x.dtype.char in "ef":
        return _erf_of_root(x * np.float32(math.sqrt(2))).astype(x.dtype, copy=False)
    flat = np.reshape(x, -1)
    out = np.empty(flat.shape)
    with np.errstate(invalid="ignore"):  # of a nan, which h brings back, the row may be any
        for start in range(0, flat.size, _BLOCK):
            block = flat[start : start + _BLOCK].astype(np.float64, copy=False)
            out[start : start + _BLOCK] = _erf_block(block)
    return laid_out(np.reshape(out, x.shape), x)


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


_PER_UNIT, _END = 256, 6  # Taylor's series is around the nearest of so many points


@functools.cache
def _taylor() -> list[Array]:
    """The factors of h^j at every point, where erf is Taylor's series in the distance h.

    They are erf itself from the C library, then its derivatives, which are Hermite polynomials times
    2/sqrt(pi) exp(-c^2) (DLMF 7.10.1). At the last point, and beyond, erf is 1 to the last digit.
    """
    c = np.arange(_END * _PER_UNIT + 1) / _PER_UNIT
    slope = 2 / math.sqrt(math.pi) * np.exp(-(c**2))
    return [
        np.array([math.erf(v) for v in c]),
        slope,
        slope * -c,
        slope * (2 * c**2 - 1) / 3,
        slope * (3 * c - 2 * c**3) / 6,
        slope * (4 * c**4 - 12 * c**2 + 3) / 30,
    ]


def _erf_block(x: Array) -> Array:
    h = np.clip(np.abs(x), None, _END)
    point = np.rint(h * _PER_UNIT)
    row = point.astype(np.intp)
    point /= _PER_UNIT
    h -= point
    factors = _taylor()
    out = factors[-1].take(row, mode="clip")
    for factor in factors[-2::-1]:
        out *= h
        out += factor.take(row, mode="clip")
    return np.copysign(out, x)


def normal_cdf(x: Array) -> Array:
    """Phi(x), the probability that a standard normal number is less than x; to 1e-7 for float32."""
    if type(x) is ndarray and x.dtype.char == "e":
        return normal_cdf(x.astype(np.float32)).astype(x.dtype)
    if type(x) is not ndarray or x.dtype.char != "f":
        return 0.5 * (1 + erf(x * math.sqrt(0.5)))
    out = _erf_of_root(x)
    out += 1
    out *= 0.5
    return out


_PIECE = 32768  # elements: as many stay in the processor's cache


@functools.cache
def _rational() -> tuple[list[Array], list[Array], Array]:
    """P and Q, where erf(x / sqrt(2)) is tanh(x P(x^2) / Q(x^2)) to 4e-9, and an x^2 where it is 1.

    They are fitted to atanh(erf(x / sqrt(2))). The coefficients begin with the highest power, 1 in Q.
    """
    p = 4.749769118239699, 186.51940357025634, 2452.3441617332155, 19782.370961913548
    q = 146.36176856549645, 1944.4655191278387, 24793.524612955254
    far = np.full(_PIECE, 160, np.float32)  # beside a single number np.minimum takes three times as long
    return [np.array(c, np.float32) for c in p], [np.array(c, np.float32) for c in q], far


def _erf_of_root(x: Array) -> Array:
    """erf(x / sqrt(2)) of float32 numbers, within four units in the last place: NumPy's tanh is fast."""
    flat = np.reshape(x, -1)
    out = np.empty_like(flat)
    (p, *ps), (q, *qs), far = _rational()
    for start in range(0, flat.size, _PIECE):
        piece, above = flat[start : start + _PIECE], out[start : start + _PIECE]
        u = piece * piece
        np.minimum(u, far[: u.size], out=u)
        np.multiply(u, p, out=above)
        above += ps[0]
        below = u + q
        for in_p, in_q in zip(ps[1:], qs, strict=True):
            above *= u
            above += in_p
            below *= u
            below += in_q
        above *= piece
        above /= below
        np.tanh(above, out=above)
    return laid_out(out.reshape(x.shape), x)


@kernel
def sign(x: Array) -> Array:
    """-1, 0 or 1; PyTorch's sign of nan is 0."""
    return x.copy() if x.dtype.kind == "b" else np.subtract(x > 0, x < 0, dtype=x.dtype)


@kernel
def log_sigmoid(x: Array) -> Array:
    """log(1 / (1 + exp(-x))), finite for every finite x."""
    return np.minimum(x, ZERO[x.dtype]) - np.log1p(np.exp(-np.abs(x)))
