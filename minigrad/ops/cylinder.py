"""Bessel's functions and Airy's, which have no derivative here, as in PyTorch.

All are parts of one, K of an order v at z = x or z = ix: near 0 by power series, far out by Hankel's series,
and between by K(z) = the integral of exp(-z cosh t) cosh(v t) from 0 on. For z = ix the path is the one on
which the exponential does not turn. The trapezoidal rule finds it to the last digit, but in 89 steps. So it
is used for tables: where a function is mostly asked for, it is a polynomial on each of many short pieces.
Loaded when first used.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .arrays import is_foreign, kin
from .gamma_kernels import as_given
from .kernels import Array, kernel, ndarray
from .op import REAL, Interval, Op
from .pieces import (
    Even,
    by_blocks,
    chosen,
    evenly,
    fitted,
    in_blocks,
    lines,
    on_even,
    on_lines,
    polynomial,
)

_FAR, _STEP, _STEPS = 64.0, 1 / 16, 89
_EULER = 0.5772156649015329  # gamma
_ABOVE = Interval(0.3, 9.0)

# --- the formulas, for every x and every kind of array ------------------------------------------------------


@functools.cache
def _hankel(order: float) -> list[float]:
    """The factors of 1 / x^k in Hankel's series of exp(x) K(x): DLMF 10.40.2."""
    factors = [1.0]
    for k in range(1, 14):
        factors.append(factors[-1] * (4 * order * order - (2 * k - 1) ** 2) / (8 * k))
    return factors


def _horner(x: Array, factors: list[float]) -> Array:
    out: Any = factors[-1]
    for factor in factors[-2::-1]:
        out = out * x + factor
    return out


def _scaled_k(x: Array, order: float) -> Array:
    """exp(x) K(x), of x from 0.6 on: DLMF 10.32.9."""

    def near(x: Array) -> Array:
        total: Any = 0.0
        for i in range(_STEPS):
            u = i * _STEP
            weight = _STEP / 2 if i == 0 else _STEP
            total = total + np.exp(x * (-2 * math.sinh(u / 2) ** 2)) * (weight * math.cosh(order * u))
        return total

    def far(x: Array) -> Array:
        return _horner(1 / x, _hankel(order)) * np.sqrt(math.pi / 2 / x)

    return chosen(x > _FAR, far, near, x)


def _turned_k(x: Array, order: float, imaginary: bool) -> Array:
    """The real or the imaginary part of K(ix), of x from 0.6 on."""

    def near(x: Array) -> Array:
        real: Any = 0.0
        other: Any = 0.0
        for i in range(_STEPS):
            u = i * _STEP
            along, angle = order * u, -2 * order * math.atan(math.tanh(u / 2))
            cosh = complex(math.cosh(along) * math.cos(angle), math.sinh(along) * math.sin(angle))
            factor = (_STEP / 2 if i == 0 else _STEP) * cosh * complex(1, -1 / math.cosh(u))
            height = np.exp(x * (-math.sinh(u) * math.tanh(u)))
            real, other = real + height * factor.real, other + height * factor.imag
        return turn(x, real, other)

    def far(x: Array) -> Array:
        factors, square = _hankel(order), -1 / (x * x)  # the factor of 1 / x^k is that of K times (-i)^k
        even, odd = _horner(square, factors[::2]), -_horner(square, factors[1::2]) / x
        root = np.sqrt(math.pi / 4 / x)  # and its angle, that of 1 - i
        return turn(x, root * (even + odd), root * (odd - even))

    def turn(x: Array, real: Array, other: Array) -> Array:
        cosine, sine = np.cos(x), np.sin(x)
        return other * cosine - real * sine if imaginary else real * cosine + other * sine

    return chosen(x > _FAR, far, near, x)


def _series(q: Array, order: int) -> tuple[Array, Array]:
    """The sum of q^k / (k! (k + order)!), and that with the factor psi(k + 1) + psi(k + order + 1)."""
    term: Any = np.ones(q.shape, like=kin(q))
    psi = -2 * _EULER + order
    plain, with_psi = term, term * psi
    for k in range(1, 16):
        term = term * q / (k * (k + order))
        psi += 1 / k + 1 / (k + order)
        plain, with_psi = plain + term, with_psi + term * psi
    return plain, with_psi


# J - iY = (2i / pi) e^(i pi order / 2) K(ix): DLMF 10.27.8


def _j(x: Array, order: int) -> Array:
    def near(x: Array) -> Array:
        return (x / 2) ** order * _series(-x * x / 4, order)[0]

    def far(x: Array) -> Array:
        return _turned_k(x, order, not order) * (-2 / math.pi)

    size = np.abs(x)
    out = chosen(size < 1, near, far, size)
    return out * np.copysign(1.0, x) if order else out


def _y(x: Array, order: int) -> Array:
    def near(x: Array) -> Array:
        plain, with_psi = _series(-x * x / 4, order)
        close = (x / 2) ** order * (2 * np.log(x / 2) * plain - with_psi)
        return (close - 2 / x if order else close) / math.pi

    def far(x: Array) -> Array:
        return _turned_k(x, order, bool(order)) * (2 / math.pi if order else -2 / math.pi)

    return _from_0_on(x, chosen(x < 1, near, far, x), -math.inf)


def _k(x: Array, order: int) -> Array:
    """exp(x) K(x)."""

    def near(x: Array) -> Array:
        plain, with_psi = _series(x * x / 4, order)
        close = (-1) ** (order + 1) * (x / 2) ** order * (np.log(x / 2) * plain - with_psi / 2)
        return (close + 1 / x if order else close) * np.exp(x)

    return _from_0_on(x, chosen(x < 1, near, lambda x: _scaled_k(x, order), x), math.inf)


def _from_0_on(x: Array, out: Array, at_0: float) -> Array:
    return np.where(x < 0, math.nan, np.where(x == 0, at_0, out))


def _airy(x: Array) -> Array:
    """Ai: a power series near 0; else K of order 1/3 at 2/3 |x|^(3/2), DLMF 9.6.2; below 0 turned, 9.2.14."""

    def near(x: Array) -> Array:
        first: Any = np.ones(x.shape, like=kin(x))
        second, cube = x, x**3
        f, g = first, second
        for k in range(1, 12):
            first, second = first * cube / ((3 * k - 1) * 3 * k), second * cube / (3 * k * (3 * k + 1))
            f, g = f + first, g + second
        return 0.3550280538878172 * f - 0.2588194037928068 * g

    def right(x: Array) -> Array:
        z = 2 / 3 * x * np.sqrt(x)
        return _scaled_k(z, 1 / 3) * np.exp(-z) * np.sqrt(x / 3) / math.pi

    def left(x: Array) -> Array:
        # 2 Re(e^(i pi / 3) Ai(|x| e^(i pi / 3))): the root of the second adds a half of its angle: i
        z = 2 / 3 * -x * np.sqrt(-x)
        return _turned_k(z, 1 / 3, True) * -2 * np.sqrt(-x / 3) / math.pi

    out = chosen(np.abs(x) < 1, near, lambda x: chosen(x > 0, right, left, x), x)
    return np.where(np.isfinite(x), out, math.nan)


# --- by pieces ----------------------------------------------------------------------------------------------

_LEAST, _ABOUT, _MUCH = 2.0**-30, 8.0, 2.0**30  # for logarithms and powers octaves, for waves even pieces


@functools.cache
def _pieces_of_j(order: int) -> Even:
    """J of order 0, or of order 1 over x."""
    return evenly(lambda x: _j(x + 1e-30, order) / (x + 1e-30) ** order, 0, 64, 64)  # at 0 the limit


@functools.cache
def _lines_of_j(order: int) -> tuple[Array, Array]:
    wide = _pieces_of_j(order)
    return lines(lambda x: on_even(np.abs(x), wide, 8), 8, 4096)


def _j_by_pieces(x: Array, order: int) -> Array:
    if type(x) is ndarray and x.dtype.char == "f":
        return in_blocks(x, lambda x: _j_by_lines(x, order), x.dtype)
    return _j_by_polynomials(x, order)


def _j_by_lines(x: Array, order: int) -> Array:
    try:
        out = on_lines(x, *_lines_of_j(order))
    except IndexError:
        return _j_by_polynomials(x, order)
    if order:
        out *= x
    return out


def _j_by_polynomials(x: Array, order: int) -> Array:
    def block(x: Array, terms: int) -> Array:
        out = on_even(np.abs(x), _pieces_of_j(order), terms)
        return np.multiply(out, x, out=out) if order else out

    return by_blocks(x, block, lambda x: _j(x, order), -_FAR, _FAR)


@functools.cache
def _pieces_of_y(order: int) -> tuple[list[Array], Even]:
    octaves = fitted(lambda x: _y(x, order), 34, -30)
    return octaves, evenly(lambda x: _y(x, order), int(_ABOUT) - 1, 64, 64)


def _y_by_pieces(x: Array, order: int) -> Array:
    def near(x: Array, terms: int) -> Array:
        return polynomial(x, _pieces_of_y(order)[0][: max(terms, 5)], -30)

    def far(x: Array, terms: int) -> Array:
        return on_even(x, _pieces_of_y(order)[1], terms)

    def beyond(x: Array) -> Array:
        return by_blocks(x, far, lambda x: _y(x, order), _ABOUT - 1, _FAR)

    return by_blocks(x, near, beyond, _LEAST, _ABOUT * 2 if x.dtype.char == "f" else _ABOUT)


@functools.cache
def _pieces_of_k(order: int) -> list[Array]:
    return fitted(lambda x: _k(x, order), 60, -30)


def _k_by_pieces(x: Array, order: int, scaled: bool) -> Array:
    def block(x: Array, terms: int) -> Array:
        fall = None if scaled else np.exp(-x)
        out = polynomial(x, _pieces_of_k(order)[:terms], -30)
        return out if fall is None else np.multiply(out, fall, out=out)

    def rest(x: Array) -> Array:
        return _k(x, order) if scaled else _k(x, order) * np.exp(-x)

    return by_blocks(x, block, rest, _LEAST, _MUCH)


@functools.cache
def _pieces_of_airy() -> Even:
    return evenly(_airy, -16, 16, 64)


def _airy_by_pieces(x: Array) -> Array:
    def block(x: Array, terms: int) -> Array:
        return on_even(x, _pieces_of_airy(), max(terms, 5))

    return by_blocks(x, block, _airy, -16.0, 16.0)


def _spherical(x: Array) -> Array:
    wave = np.sin(x if x.dtype.kind == "f" else x.astype(np.float64)) / x
    if not is_foreign(x) and wave.size and not np.isnan(np.max(wave)):
        return wave
    return as_given(np.where(x == 0, 1.0, np.where(np.isinf(x), 0.0, wave)), x)


def _record(name: str, forward: Any, domain: Interval = _ABOVE) -> Op:
    return Op(name, kernel(forward), inputs="x", formula="none", domain=domain, result="float")


bessel_j0 = _record("bessel_j0", lambda x: _j_by_pieces(x, 0), REAL)
bessel_j1 = _record("bessel_j1", lambda x: _j_by_pieces(x, 1), REAL)
bessel_y0 = _record("bessel_y0", lambda x: _y_by_pieces(x, 0))
bessel_y1 = _record("bessel_y1", lambda x: _y_by_pieces(x, 1))
modified_bessel_k0 = _record("modified_bessel_k0", lambda x: _k_by_pieces(x, 0, False))
modified_bessel_k1 = _record("modified_bessel_k1", lambda x: _k_by_pieces(x, 1, False))
scaled_modified_bessel_k0 = _record("scaled_modified_bessel_k0", lambda x: _k_by_pieces(x, 0, True))
scaled_modified_bessel_k1 = _record("scaled_modified_bessel_k1", lambda x: _k_by_pieces(x, 1, True))
spherical_bessel_j0 = _record("spherical_bessel_j0", _spherical, REAL)
airy_ai = _record("airy_ai", _airy_by_pieces, REAL)
