"""Hurwitz's zeta function. Loaded when it is first used."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import arrayed, everything, kin
from .gamma_kernels import _BERNOULLI
from .kernels import Array, cast, kernel
from .op import POSITIVE, Interval, Op


def _hurwitz(s: Array, q: Array) -> Array:
    """The sum of (q + k)^-s over k from 0 on: some terms, then Euler and Maclaurin's rest, DLMF 25.11.5."""
    shape = np.broadcast_shapes(s.shape, q.shape)
    p, x = (np.broadcast_to(arrayed(v.astype(np.float64)), shape) for v in (s, q))
    whole = x == np.floor(x)
    pole, outside = (x <= 0) & whole, (p < 1) | ((x <= 0) & (p != np.floor(p)))
    fine = ~pole & ~outside & (p > 1) & np.isfinite(p) & np.isfinite(x)
    p, x = np.where(fine, p, 2.0), np.where(fine, x, 1.0)
    numbers = everything(x)
    steps = 12 + math.ceil(max(0.0, -float(np.min(numbers)) if numbers.size else 0.0))
    total: Any = np.zeros(shape, like=kin(x))
    for k in range(steps):
        total = total + (x + k) ** -p
    z = x + steps
    total = total + z ** (1 - p) / (p - 1) + z**-p / 2
    term = p * z ** (-p - 1)
    for j, bernoulli in enumerate(_BERNOULLI, 1):
        total = total + term * (bernoulli / math.factorial(2 * j))
        term = term * (p + 2 * j - 1) * (p + 2 * j) / (z * z)
    # As SciPy's older function: inf at the poles, nan where a negative number has a fractional power.
    total = np.where(fine, total, np.nan)
    total = np.where(pole & ~(s < 1), math.inf, np.where(s == 1, math.inf, total))
    total = np.where(np.isnan(s) | np.isnan(q), math.nan, total)
    return arrayed(cast(total, np.result_type(s.dtype, q.dtype)))


zeta = Op(
    "zeta", kernel(_hurwitz), inputs="s q",
    q=lambda g, s, q: -g * s * _next(s, q),
    read="-g * s times zeta(s + 1, q)",
    formula="d zeta(s, q)/dq = -s * zeta(s + 1, q)",
    domain=(Interval(1.5, 4.0), POSITIVE),
)  # fmt: skip


def _next(s: Array, q: Array) -> Array:
    return zeta(arrayed(s + 1), q)
