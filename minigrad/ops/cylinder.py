"""Bessel's functions and Airy's, which have no derivative here, as in PyTorch.

All are parts of one, K of an order v at z = x or z = ix: near 0 by power series, far out by Hankel's series,
and between by K(z) = the integral of exp(-z cosh t) cosh(v t) from 0 on. For z = ix the path is the one on
which the exponential does not turn. The trapezoidal rule finds it to the last digit. Loaded when first used.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import kin
from .gamma_kernels import as_given
from .kernels import Array, kernel
from .op import REAL, Interval, Op

_FAR, _STEP = 30.0, 1 / 16
_EULER = 0.5772156649015329  # gamma
_ABOVE = Interval(0.3, 9.0)


def _scaled_k(x: Array, order: float) -> Array:
    """exp(x) K(x), of x from 0.6 on: DLMF 10.32.9 and 10.40.2."""
    far = x > _FAR
    near, away = np.where(far, 1.0, x), np.where(far, x, _FAR)
    total: Any = np.zeros(x.shape, like=kin(x))
    for i in range(89):
        u = i * _STEP
        weight = _STEP / 2 if i == 0 else _STEP
        total = total + np.exp(near * (1 - math.cosh(u))) * (weight * math.cosh(order * u))
    term: Any = np.ones(x.shape, like=kin(x))
    series = term
    for k in range(1, 26):
        term = term * ((4 * order * order - (2 * k - 1) ** 2) / (8 * k)) / away
        series = series + term
    return np.where(far, series * np.sqrt(math.pi / 2 / away), total)


def _turned_k(x: Array, order: float) -> tuple[Array, Array]:
    """K(ix), of x from 0.6 on: its real and its imaginary part."""
    far = x > _FAR
    near, away = np.where(far, 1.0, x), np.where(far, x, _FAR)
    real: Any = np.zeros(x.shape, like=kin(x))
    imaginary: Any = real
    for i in range(89):
        u = i * _STEP
        along, angle = order * u, -2 * order * math.atan(math.tanh(u / 2))
        cosh = complex(math.cosh(along) * math.cos(angle), math.sinh(along) * math.sin(angle))
        factor = (_STEP / 2 if i == 0 else _STEP) * cosh * complex(1, -1 / math.cosh(u))
        height = np.exp(near * (-math.sinh(u) * math.tanh(u)))
        real, imaginary = real + height * factor.real, imaginary + height * factor.imag
    term: Any = np.ones(x.shape, like=kin(x))
    parts: Any = [term, np.zeros(x.shape, like=kin(x))]
    for k in range(1, 26):
        term = term * ((4 * order * order - (2 * k - 1) ** 2) / (8 * k)) / away
        sign = 1 if k % 4 in (0, 3) else -1  # of (-i)^k
        parts[k % 2] = parts[k % 2] + sign * term
    root = np.sqrt(math.pi / 4 / away)  # and its angle, that of 1 - i
    real = np.where(far, root * (parts[0] + parts[1]), real)
    imaginary = np.where(far, root * (parts[1] - parts[0]), imaginary)
    cosine, sine = np.cos(x), np.sin(x)
    return real * cosine + imaginary * sine, imaginary * cosine - real * sine


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


def _split(x: Array) -> tuple[Array, Array, Array]:
    """|x| in float64; where it is small, and there it, else 1; elsewhere it, else 1."""
    size = np.abs(x.astype(np.float64))
    small = size < 1
    return small, np.where(small, size, 0.5), np.where(small, 1.0, size)


def _wave(x: Array, order: int) -> tuple[Array, Array, Array, Array]:
    """Where |x| is small; there it; and elsewhere J and Y: J - iY = (2i / pi) e^(i pi order / 2) K(ix)."""
    small, near, away = _split(x)
    real, imaginary = _turned_k(away, order)
    J, Y = (-real, imaginary) if order else (-imaginary, -real)
    return small, near, J * (2 / math.pi), Y * (2 / math.pi)


def _j(x: Array, order: int) -> Array:
    small, near, far, _ = _wave(x, order)
    out = np.where(small, (near / 2) ** order * _series(-near * near / 4, order)[0], far)
    out = np.where(x == 0, float(order == 0), out)
    return as_given(np.where(x < 0, -out, out) if order else out, x)


def _y(x: Array, order: int) -> Array:
    small, near, _, far = _wave(x, order)
    plain, with_psi = _series(-near * near / 4, order)
    power = (near / 2) ** order
    close = power * (2 * np.log(near / 2) * plain - with_psi)
    out = np.where(small, (close - 2 / near if order else close) / math.pi, far)
    return as_given(_from_0_on(x, out, -math.inf), x)


def _from_0_on(x: Array, out: Array, at_0: float) -> Array:
    return np.where(x < 0, math.nan, np.where(x == 0, at_0, out))


def _k(x: Array, order: int, scaled: bool) -> Array:
    small, near, away = _split(x)
    plain, with_psi = _series(near * near / 4, order)
    power = (near / 2) ** order
    close = (-1) ** (order + 1) * power * (np.log(near / 2) * plain - with_psi / 2)
    close = close + 1 / near if order else close
    far = _scaled_k(np.where(away == math.inf, 1e300, away), order)
    if scaled:
        out = np.where(small, close * np.exp(near), np.where(away == math.inf, 0.0, far))
    else:
        out = np.where(small, close, far * np.exp(-away))
    return as_given(_from_0_on(x, out, math.inf), x)


def _airy(x: Array) -> Array:
    """Ai: a power series near 0; else K of order 1/3 at 2/3 |x|^(3/2), DLMF 9.6.2; below 0 turned, 9.2.14."""
    given, x = x, x.astype(np.float64)
    small = np.abs(x) < 1
    near, away = np.where(small, x, 0.0), np.where(small, 1.0, np.abs(x))
    first: Any = np.ones(x.shape, like=kin(x))
    second = near
    f, g, cube = first, second, near**3
    for k in range(1, 12):
        first, second = first * cube / ((3 * k - 1) * 3 * k), second * cube / (3 * k * (3 * k + 1))
        f, g = f + first, g + second
    close = 0.3550280538878172 * f - 0.2588194037928068 * g
    z = 2 / 3 * away * np.sqrt(away)
    right = _scaled_k(z, 1 / 3) * np.exp(-z) * np.sqrt(away / 3) / math.pi
    # 2 Re(e^(i pi / 3) Ai(|x| e^(i pi / 3))): the root of the second adds a half of its angle, which makes i
    left = -_turned_k(z, 1 / 3)[1] * 2 * np.sqrt(away / 3) / math.pi
    out = np.where(small, close, np.where(x > 0, right, left))
    return as_given(np.where(np.isfinite(x), out, math.nan), given)


def _spherical(x: Array) -> Array:
    zero = x == 0
    safe = np.where(zero | np.isinf(x), 1.0, x.astype(np.float64))
    return as_given(np.where(zero, 1.0, np.where(np.isinf(x), 0.0, np.sin(safe) / safe)), x)


def _record(name: str, forward: Any, domain: Interval = _ABOVE) -> Op:
    return Op(name, kernel(forward), inputs="x", formula="none", domain=domain, result="float")


bessel_j0 = _record("bessel_j0", lambda x: _j(x, 0), REAL)
bessel_j1 = _record("bessel_j1", lambda x: _j(x, 1), REAL)
bessel_y0 = _record("bessel_y0", lambda x: _y(x, 0))
bessel_y1 = _record("bessel_y1", lambda x: _y(x, 1))
modified_bessel_k0 = _record("modified_bessel_k0", lambda x: _k(x, 0, False))
modified_bessel_k1 = _record("modified_bessel_k1", lambda x: _k(x, 1, False))
scaled_modified_bessel_k0 = _record("scaled_modified_bessel_k0", lambda x: _k(x, 0, True))
scaled_modified_bessel_k1 = _record("scaled_modified_bessel_k1", lambda x: _k(x, 1, True))
spherical_bessel_j0 = _record("spherical_bessel_j0", _spherical, REAL)
airy_ai = _record("airy_ai", _airy, REAL)
