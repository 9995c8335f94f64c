"""The factorisation of matrices into a permutation and two triangles: A = P L U.

Loaded when a function of it is first used. NumPy has none: the kernel is SciPy's for a few matrices, where it
is installed, or ours.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import kin
from .kernels import Array, kernel, ndarray
from .lapack import matrices, routine, solve_triangular, swap
from .op import Op
from .places import take_along
from .solving import _well_posed

_NARROW = 8  # columns that are eliminated one after the other
_SEVERAL = 8  # so many matrices for each of their columns are better factored at once, in NumPy


def factored(A: Array) -> tuple[Array, Array]:
    """L below the diagonal, whose own is 1, and U from it on; and the row swapped with each, from 1 on."""
    matrices("lu_factor", A)
    m, n = A.shape[-2:]
    k, b = min(m, n), math.prod(A.shape[:-2])
    X = np.reshape(A, (b, m, n)).copy()
    pivots = np.zeros((b, k), np.int32, like=kin(A))
    if b < _SEVERAL * k and (getrf := routine("getrf", A)) is not None:
        for i in range(b):
            X[i], pivots[i], _ = getrf(X[i])
        pivots -= np.arange(k, dtype=np.int32)
    elif b and k:
        _eliminate(X, pivots, np.arange(b, like=kin(A)))
    pivots = pivots + np.arange(1, k + 1, dtype=np.int32, like=kin(A))
    return np.reshape(X, A.shape), np.reshape(pivots, (*A.shape[:-2], k))


def _eliminate(X: Array, pivots: Array, batch: Array) -> None:
    """Factor X in place, by halves of its columns (Toledo, 1997); `pivots` count from their own row."""
    m, n = X.shape[1:]
    if min(m, n) <= _NARROW:
        return _one_by_one(X, pivots, batch)
    h = min(m, n) // 2
    left, right = X[:, :, :h], X[:, :, h:]
    _eliminate(left, pivots[:, :h], batch)
    _swap_rows(right, pivots[:, :h], batch)
    right[:, :h] = solve_triangular(left[:, :h], right[:, :h], upper=False, unitriangular=True)
    right[:, h:] -= left[:, h:] @ right[:, :h]
    _eliminate(right[:, h:], pivots[:, h:], batch)
    _swap_rows(left[:, h:], pivots[:, h:], batch)


def _one_by_one(X: Array, pivots: Array, batch: Array) -> None:
    for j in range(min(X.shape[1:])):
        p = np.argmax(np.abs(X[:, j:, j]), axis=1)  # of equal ones the first, as LAPACK
        pivots[:, j] = p
        if np.any(p):
            _swap_row(X, j, p + j, batch)
        pivot = X[:, j, j]
        X[:, j + 1 :, j] /= np.where(pivot == 0, np.ones_like(pivot), pivot)[:, None]
        X[:, j + 1 :, j + 1 :] -= X[:, j + 1 :, j, None] * X[:, j, None, j + 1 :]


def _swap_rows(X: Array, pivots: Array, batch: Array) -> None:
    for j in range(pivots.shape[1]):
        if np.any(pivots[:, j]):
            _swap_row(X, j, pivots[:, j] + j, batch)


def _swap_row(X: Array, j: int, p: Array, batch: Array) -> None:
    kept = X[:, j].copy()
    X[:, j] = X[batch, p]
    X[batch, p] = kept


def first_zero(diagonal: Array) -> Array:
    """For each row the place of its first 0, from 1 on; 0 where there is none."""
    if type(diagonal) is ndarray and diagonal.all():
        return np.zeros(diagonal.shape[:-1], np.int32)
    zero = diagonal == 0
    if not zero.shape[-1]:
        return np.zeros(zero.shape[:-1], np.int32, like=kin(zero))
    return np.where(np.any(zero, axis=-1), np.argmax(zero, axis=-1) + 1, 0).astype(np.int32)


@kernel
def order_of(pivots: Array, m: int) -> Array:
    """The rows of A as they stand in L U, from the rows that were swapped: (P^T A)[i] = A[order[i]]."""
    batch, k = pivots.shape[:-1], pivots.shape[-1]
    flat = np.reshape(pivots, (math.prod(batch), k))
    if type(flat) is ndarray and len(flat) < _SEVERAL:
        return np.reshape(np.array([_swapped(row, m) for row in flat.tolist()], np.int64), (*batch, m))
    order = np.zeros((len(flat), m), np.int64, like=kin(pivots)) + np.arange(m, like=kin(pivots))
    rows = np.arange(len(flat), like=kin(pivots))
    for j in range(k if len(flat) else 0):
        _swap_row(order, j, flat[:, j] - 1, rows)
    return np.reshape(order, (*batch, m))


def _swapped(pivots: list[int], m: int) -> list[int]:
    order = [*range(m)]
    for j, p in enumerate(pivots):
        order[j], order[p - 1] = order[p - 1], order[j]
    return order


def rows_of(x: Array, order: Array) -> Array:
    """Rows of each matrix, in an order."""
    if order.ndim == 1:
        return x[order]
    return take_along(x, np.broadcast_to(np.expand_dims(order, -1), (*order.shape, x.shape[-1])), -2)


def _to_factor(d: Any) -> Any:
    m, n, batch = d.integer(1, 3), d.integer(1, 3), d.shape(max_dims=1)
    full = _well_posed(d, max(m, n), batch)[..., :m, :n]
    return (full[..., ::-1, :].copy() if d.flag() else full,), {}


lu = Op(
    "lu", factored, inputs="A",
    A=lambda g, out, pivots: _lu_rule(g, out, pivots),
    read="P L^-T (the lower half of L^T gL + the upper half of gU U^T) U^-T",
    formula="grad A = P L^-T (the lower half of L^T gL + the upper half of gU U^T) U^-T; if wide, L^T gL"
    " - gU2 U2^T and L^-T gU2 beside it; if tall, gU U^T - L2^T gL2 and gL2 U^-T below it",
    domain=_to_factor,
    result="floating",
    constants=("pivots",),
)  # fmt: skip


def _lu_rule(g: Array, out: Array, pivots: Array) -> Array:
    m, n = g.shape[-2:]
    k = min(m, n)
    if not k:
        return g
    first, g1 = out[..., :k, :k], g[..., :k, :k]
    rows = np.arange(k, like=kin(g))
    below = rows[:, None] > rows
    lower = np.matmul(swap(np.where(below, first, 0.0)), g1) + g1
    upper = np.matmul(np.where(below, 0.0, g1), swap(np.where(below, 0.0, first)))
    if n > m:
        lower = lower - np.matmul(g[..., k:], swap(out[..., k:]))
    if m > n:
        upper = upper - np.matmul(swap(out[..., k:, :]), g[..., k:, :])
    # L^T gL needs what stands below the diagonal of g only: L^T is an upper triangle
    inner = _left(first, np.where(below, lower, upper))
    found = _right(first, inner)
    if n > m:
        found = np.concatenate([found, _left(first, g[..., k:])], -1)
    if m > n:
        found = np.concatenate([found, _right(first, g[..., k:, :])], -2)
    return rows_of(found, np.argsort(order_of(pivots, m), axis=-1))


def _left(LU: Array, x: Array) -> Array:
    """L^-T x."""
    return solve_triangular(swap(LU), x, upper=True, unitriangular=True)


def _right(LU: Array, x: Array) -> Array:
    """x U^-T."""
    return swap(solve_triangular(LU, swap(x), upper=True))
