"""The factorisation of symmetric matrices A = L D L^T, with blocks of 1 and of 2 on the diagonal of D.

Bunch and Kaufman, "Some stable methods for calculating inertia and solving symmetric linear systems" (1977),
in LAPACK's form: by SciPy where it is installed, else by the same steps here. It has no derivative here, as
in PyTorch. Loaded when it is first used.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import kin
from .kernels import Array
from .lapack import matrices, routine, squares
from .op import REAL, Op
from .solving import _positive

_WORK = 64  # columns that LAPACK may keep in between
_ALPHA = (1 + math.sqrt(17)) / 8  # how much larger a pivot elsewhere must be


def _ldl(A: Array) -> tuple[Array, Array]:
    """D on the diagonal and, of its blocks of 2, beside it; L below; and the row swapped with each.

    Rows count from 1; both rows of a block of 2 have a negative number.
    """
    squares("ldl_factor", A)
    n, b = A.shape[-1], math.prod(A.shape[:-2])
    rows = np.arange(n, like=kin(A))
    lower, zero = rows[:, None] >= rows, A.dtype.type(0)
    sytrf = routine("sytrf", A) if n else None
    if sytrf is not None and A.ndim == 2:
        found, pivots, _ = sytrf(A, 1, _WORK * n)
        return np.where(lower, found, zero), pivots
    X = np.reshape(np.where(lower, A, zero), (b, n, n))
    pivots = np.zeros((b, n), np.int32, like=kin(A))
    for i in range(b):
        if sytrf is None:
            _factor(X[i], pivots[i])
        else:
            X[i], pivots[i], _ = sytrf(X[i], 1, _WORK * n)
    return np.reshape(X, A.shape), np.reshape(pivots, A.shape[:-1])


def _factor(A: Array, pivots: Array) -> None:
    """One matrix in place, of which the lower triangle is read."""
    n, k = len(A), 0
    while k < n:
        p, two = _pivot(A, k)
        last = k + two
        if p != last:
            _swap(A, k, last, p)
        pivots[k : last + 1] = -(p + 1) if two else p + 1
        below, D = A[last + 1 :, k : last + 1], A[k : last + 1, k : last + 1]
        if len(below) and (two or float(D[0, 0])):
            if two:
                a, c, d = (float(x) for x in (D[0, 0], D[1, 0], D[1, 1]))
                # the inverse of the block, scaled by c so that nothing overflows
                scale = c * ((a / c) * (d / c) - 1)
                L = (below * (np.array([d / c, a / c], A.dtype, like=kin(A))) - below[:, ::-1]) / scale
            else:
                L = below / D
            A[last + 1 :, last + 1 :] -= np.tril(L @ below.T)
            A[last + 1 :, k : last + 1] = L
        k = last + 1


def _pivot(A: Array, k: int) -> tuple[int, int]:
    """The row to swap with, and 1 for a block of 2; else 0."""
    own = float(np.abs(A[k, k]))
    if k == len(A) - 1:
        return k, 0
    column = np.abs(A[k + 1 :, k])
    i = k + 1 + int(np.argmax(column))
    largest = float(column[i - k - 1])
    if own >= _ALPHA * largest:  # also where both are 0
        return k, 0
    row = max(float(np.max(np.abs(A[i, k:i]))), float(np.max(np.abs(A[i + 1 :, i]), initial=0.0)))
    if own >= _ALPHA * largest * (largest / row):
        return k, 0
    return i, int(float(np.abs(A[i, i])) < _ALPHA * row)


def _swap(A: Array, k: int, last: int, p: int) -> None:
    """Rows and columns `last` and p of what is left, of which the lower triangle stands there."""
    inner = slice(last + 1, p)
    pairs: list[tuple[Any, Any]] = [
        ((slice(p + 1, None), last), (slice(p + 1, None), p)),
        ((inner, last), (p, inner)),
        ((last, last), (p, p)),
    ]
    if last > k:
        pairs.append(((last, k), (p, k)))
    for first, second in pairs:
        kept = A[first].copy()
        A[first] = A[second]
        A[second] = kept


def _ldl_solve(LD: Array, pivots: Array, B: Array) -> Array:
    """X with A X = B, from the factors of A."""
    squares("ldl_solve", LD)
    matrices("ldl_solve", B)
    if B.shape[-2] != LD.shape[-1]:
        raise ValueError(f"linalg.ldl_solve: A has {LD.shape[-1]} rows and B {B.shape[-2]}")
    batch = np.broadcast_shapes(LD.shape[:-2], pivots.shape[:-1], B.shape[:-2])
    X = _stack(B, batch, 2).copy()
    factors, rows = _stack(LD, batch, 2), _stack(pivots, batch, 1)
    sytrs = routine("sytrs", factors, X)
    for i in range(len(X)):
        swaps = [int(p) for p in rows[i]]
        if not _fit(swaps):
            raise ValueError(
                f"linalg.ldl_solve: each pivot must be a row, from 1 to {len(swaps)}, or twice the same row "
                f"with a minus, but they are {swaps}; are they those of ldl_factor?"
            )
        if sytrs is not None and X.size:
            X[i], _ = sytrs(factors[i], swaps, X[i], 1)
        else:
            _solve(factors[i], swaps, X[i])
    return np.reshape(X, (*batch, *B.shape[-2:]))


def _stack(x: Array, batch: tuple[int, ...], ndim: int) -> Array:
    """Matrices or rows for each place of a batch, one after the other."""
    if not batch:
        return x[None]
    shape = x.shape[x.ndim - ndim :]
    return np.reshape(np.broadcast_to(x, (*batch, *shape)), (math.prod(batch), *shape))


def _fit(pivots: list[int]) -> bool:
    """True if each is a row, and both rows of a block of 2 have one: LAPACK reads where they point."""
    n, k = len(pivots), 0
    while k < n:
        p = pivots[k]
        if not 0 < abs(p) <= n or (pivots[k : k + 2] != [p, p] and p < 0):
            return False
        k += 1 + (p < 0)
    return True


def _solve(A: Array, pivots: list[int], X: Array) -> None:
    """One system in place: by L and D from the first row on, then back by L^T."""
    n, k, blocks = len(pivots), 0, []
    while k < n:
        last = k + (pivots[k] < 0)
        blocks.append((k, last))
        _swap_rows(X, last, abs(pivots[k]) - 1)
        block = slice(k, last + 1)
        X[last + 1 :] -= A[last + 1 :, block] @ X[block]
        D = A[block, block]
        if last > k:
            D = np.tril(D) + np.tril(D, -1).T
            X[block] = np.linalg.solve(D, X[block])
        else:
            X[block] /= D
        k = last + 1
    for k, last in reversed(blocks):
        block = slice(k, last + 1)
        X[block] -= A[last + 1 :, block].T @ X[last + 1 :]
        _swap_rows(X, last, abs(pivots[k]) - 1)


def _swap_rows(X: Array, i: int, j: int) -> None:
    if i != j:
        kept = X[i].copy()
        X[i] = X[j]
        X[j] = kept


ldl_factor = Op(
    "ldl_factor", _ldl, inputs="A",
    formula="none",
    domain=_positive,
    result="floating",
    constants=("pivots",),
)  # fmt: skip


def _factored(d: Any) -> Any:
    (A,), _ = _positive(d)
    LD, pivots = _ldl(A)
    return (LD, pivots, d.values((A.shape[-1], d.integer(1, 2)), REAL)), {}


ldl_solve = Op(
    "ldl_solve", _ldl_solve, inputs="LD pivots B",
    formula="none",
    domain=_factored,
    result="floating",
)  # fmt: skip
