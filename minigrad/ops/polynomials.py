"""Orthogonal polynomials of degree n, which have no derivative here, as in PyTorch: by their recurrences.

Each is told by a, b and c of P_(k + 1) = (a x + b) P_k - c P_(k - 1) for every k from 0 on, where P_0 = 1 and
P_(-1) = 0: DLMF 18.9.1. Loaded when first used.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import everything, kin
from .kernels import Array, cast, kernel, ndarray
from .op import Interval, Op
from .pieces import in_blocks

Step = tuple[float, float, float]


@functools.cache
def _numbers(step: Callable[[int], Step], k: int) -> list[Any]:
    """a, b and c as arrays, with which NumPy is quicker; None for a factor of 1 and for an addend of 0."""
    return [None if x == idle else np.array(float(x)) for x, idle in zip(step(k), (1, 0, 1), strict=True)]


def _line(x: Array, a: Any, b: Any) -> Array:
    scaled = x if a is None else a * x
    return scaled if b is None else scaled + b


def _next(line: Array, c: Any, now: Array, before: Array) -> Array:
    return line * now - (before if c is None else c * before)


def _of_degree(x: Array, degree: int, step: Callable[[int], Step]) -> Array:
    """The polynomial of one degree."""
    if degree < 1:
        return np.full(x.shape, float(degree == 0))
    a, b, _ = _numbers(step, 0)
    before: Any = 1.0
    now, known, line = _line(x, a, b), None, x
    for k in range(1, degree):
        a, b, c = _numbers(step, k)
        if (new := step(k)[:2]) != known:  # Chebyshev's is the same in all steps
            known, line = new, _line(x, a, b)
        before, now = now, _next(line, c, now, before)
    return now


def _of_degrees(x: Array, n: Array, step: Callable[[int], Step]) -> Array:
    """Those of the degrees in an array."""
    shape = np.broadcast_shapes(x.shape, n.shape)
    y = np.broadcast_to(x, shape)
    degree = np.broadcast_to(np.trunc(n.astype(np.float64)), shape)
    before: Any = np.ones(shape, like=kin(x))
    now = _line(y, *_numbers(step, 0)[:2])
    out = np.where(degree < 1, before, now)
    degrees = everything(degree)
    for k in range(1, int(np.max(degrees)) if degrees.size else 0):
        a, b, c = _numbers(step, k)
        before, now = now, _next(_line(y, a, b), c, now, before)
        out = np.where(degree == k + 1, now, out)
    return np.where(degree < 0, 0.0, out)


def _forward(x: Array, n: Any, step: Callable[[int], Step]) -> Array:
    """The degree, a number or an array, is cut down to a whole number; a negative one gives 0."""
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    if not hasattr(n, "shape"):
        n = np.asarray(n)
    if not type(x) is type(n) is ndarray:
        return cast(_of_degrees(x.astype(np.float64), n, step), dtype)
    if not n.shape:
        degree = int(n)
        return in_blocks(x, lambda x: _of_degree(x.astype(np.float64), degree, step), dtype)
    x, n = np.broadcast_arrays(x, n)
    return in_blocks(x, lambda x, n: _of_degrees(x.astype(np.float64), n, step), dtype, n)


def _domain(d: Any) -> Any:
    left, right = d.shapes(2, max_dims=2)
    n = np.floor(d.values(right, Interval(0.0, 6.0)))
    return (d.values(left, Interval(-2.0, 2.0)), n), {}


def _record(name: str, step: Callable[[int], Step]) -> Op:
    def forward(x: Array, n: Array) -> Array:
        return _forward(x, n, step)

    return Op(name, kernel(forward), inputs="x n", formula="none", domain=_domain, result="float")


# Chebyshev's kinds differ in their first step. The shifted ones are those of 2x - 1.
_LATER, _SHIFTED = (2, 0, 1), (4, -2, 1)
chebyshev_t = _record("chebyshev_polynomial_t", lambda k: _LATER if k else (1, 0, 0))
chebyshev_u = _record("chebyshev_polynomial_u", lambda k: _LATER if k else (2, 0, 0))
chebyshev_v = _record("chebyshev_polynomial_v", lambda k: _LATER if k else (2, -1, 0))
chebyshev_w = _record("chebyshev_polynomial_w", lambda k: _LATER if k else (2, 1, 0))
shifted_t = _record("shifted_chebyshev_polynomial_t", lambda k: _SHIFTED if k else (2, -1, 0))
shifted_u = _record("shifted_chebyshev_polynomial_u", lambda k: _SHIFTED if k else (4, -2, 0))
shifted_v = _record("shifted_chebyshev_polynomial_v", lambda k: _SHIFTED if k else (4, -3, 0))
shifted_w = _record("shifted_chebyshev_polynomial_w", lambda k: _SHIFTED if k else (4, -1, 0))
hermite_h = _record("hermite_polynomial_h", lambda k: (2, 0, 2 * k))
hermite_he = _record("hermite_polynomial_he", lambda k: (1, 0, k))
laguerre = _record("laguerre_polynomial_l", lambda k: (-1 / (k + 1), (2 * k + 1) / (k + 1), k / (k + 1)))
legendre = _record("legendre_polynomial_p", lambda k: ((2 * k + 1) / (k + 1), 0, k / (k + 1)))
