"""Orthogonal polynomials of degree n, which have no derivative here, as in PyTorch: by their recurrences.

DLMF 18.9. Loaded when first used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import everything, kin
from .kernels import Array, cast, kernel
from .op import Interval, Op

_NEXT = Callable[[int, Array, Array, Array], Array]


def _forward(first: Callable[[Array], Array], following: _NEXT) -> Callable[[Array, Array], Array]:
    """The degree is cut down to a whole number; a negative one gives 0."""

    def polynomial(x: Array, n: Array) -> Array:
        shape = np.broadcast_shapes(x.shape, n.shape)
        y = np.broadcast_to(x.astype(np.float64), shape)
        degree = np.broadcast_to(np.trunc(n.astype(np.float64)), shape)
        before: Any = np.ones(shape, like=kin(x))
        now = first(y)
        out = np.where(degree < 1, before, now)
        degrees = everything(degree)
        for k in range(1, int(np.max(degrees)) if degrees.size else 0):
            before, now = now, following(k, y, now, before)
            out = np.where(degree == k + 1, now, out)
        return cast(np.where(degree < 0, 0.0, out), x.dtype) if x.dtype.kind == "f" else out

    return polynomial


def _domain(d: Any) -> Any:
    left, right = d.shapes(2, max_dims=2)
    n = np.floor(d.values(right, Interval(0.0, 6.0)))
    return (d.values(left, Interval(-2.0, 2.0)), n), {}


def _record(name: str, first: Callable[[Array], Array], following: _NEXT) -> Op:
    forward = kernel(_forward(first, following))
    return Op(name, forward, inputs="x n", formula="none", domain=_domain, result="float")


def _chebyshev(k: int, x: Array, now: Array, before: Array) -> Array:
    return 2 * x * now - before


def _shifted(k: int, x: Array, now: Array, before: Array) -> Array:
    return (4 * x - 2) * now - before


chebyshev_t = _record("chebyshev_polynomial_t", lambda x: x, _chebyshev)
chebyshev_u = _record("chebyshev_polynomial_u", lambda x: 2 * x, _chebyshev)
chebyshev_v = _record("chebyshev_polynomial_v", lambda x: 2 * x - 1, _chebyshev)
chebyshev_w = _record("chebyshev_polynomial_w", lambda x: 2 * x + 1, _chebyshev)
shifted_t = _record("shifted_chebyshev_polynomial_t", lambda x: 2 * x - 1, _shifted)
shifted_u = _record("shifted_chebyshev_polynomial_u", lambda x: 4 * x - 2, _shifted)
shifted_v = _record("shifted_chebyshev_polynomial_v", lambda x: 4 * x - 3, _shifted)
shifted_w = _record("shifted_chebyshev_polynomial_w", lambda x: 4 * x - 1, _shifted)
hermite_h = _record(
    "hermite_polynomial_h", lambda x: 2 * x, lambda k, x, now, before: 2 * x * now - 2 * k * before
)
hermite_he = _record("hermite_polynomial_he", lambda x: x, lambda k, x, now, before: x * now - k * before)
laguerre = _record(
    "laguerre_polynomial_l",
    lambda x: 1 - x,
    lambda k, x, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1),
)
legendre = _record(
    "legendre_polynomial_p",
    lambda x: x,
    lambda k, x, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1),
)
