"""Products and linear algebra of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import RULES, Array, DeclinedError, Level, aligned, depth, front, operands, rule


@rule(np.matmul)
def matmul(level: Level, a: Any, b: Any) -> Array:
    """Products of each sample; those with one matrix for all samples are one product."""
    na, nb = depth(a), depth(b)
    if not na or not nb or a.shape[-1] != b.shape[-2 if nb > 1 else 0]:
        raise ValueError(f"matmul: shapes {tuple(a.shape)} and {tuple(b.shape)} do not fit")
    x, y = front(level, a), front(level, b)
    if nb == 1:
        if na == 2 and x.shape[0] == 1:
            return np.matmul(y, np.swapaxes(x[0], 0, 1))
        column = y.reshape(y.shape[0], *(1,) * (na - 2), -1, 1)
        if na > 1:
            return np.matmul(x, column)[..., 0]
        return np.matmul(x[:, None], column)[:, 0, 0]
    if nb == 2 and y.shape[0] == 1 and x.shape[0] > 1:  # one matrix for all
        if na == 1:
            return np.matmul(x, y[0])
        rows = np.matmul(x.reshape(-1, x.shape[-1]), y[0])
        return rows.reshape(*x.shape[:-1], y.shape[-1])
    if na == 1:
        x = x.reshape(x.shape[0], *(1,) * (nb - 1), -1)
        return np.matmul(x, y)[..., 0, :]
    if na == nb == 2 and x.shape[0] == 1 and y.shape[0] > 1 and x.shape[1] > 7:  # one matrix before all
        columns = np.swapaxes(y, 1, 2).reshape(-1, y.shape[1])
        wide = np.matmul(x[0], columns.T)
        return np.swapaxes(wide.reshape(-1, y.shape[0], y.shape[2]), 0, 1)
    ndim = max(na, nb)
    return np.matmul(aligned(level, a, ndim), aligned(level, b, ndim))


@rule(np.dot)
def _dot(level: Level, a: Any, b: Any) -> Array:
    if not depth(a) or not depth(b):
        return np.multiply(*operands(level, (a, b)))
    if depth(b) > 2:
        raise DeclinedError
    return matmul(level, a, b)


@rule(np.einsum)
def _einsum(level: Level, subscripts: Any, *xs: Any, optimize: Any = False) -> Array:
    if not isinstance(subscripts, str):
        raise DeclinedError
    terms, arrow, out = subscripts.replace(" ", "").partition("->")
    if not arrow:
        letters = [c for c in terms if c.isalpha()]
        out = ("..." if "..." in terms else "") + "".join(
            sorted(c for c in set(letters) if letters.count(c) == 1)
        )
    unused = next(c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba" if c not in subscripts)
    laid = [front(level, x) for x in xs]
    one = all(x.shape[0] == 1 for x in laid)
    batched = [x.shape[0] > 1 or level.size == 1 or one for x in laid]
    pairs = list(zip(terms.split(","), laid, batched, strict=True))
    parts = [unused + term if has else term for term, _, has in pairs]
    arrays = [x if has else x[0] for _, x, has in pairs]
    return np.einsum(f"{','.join(parts)}->{unused}{out}", *arrays, optimize=optimize)


def _of_matrices(function: Any) -> None:
    """NumPy's functions of matrices take stacks of them."""

    def of_stacks(level: Level, a: Any, *args: Any, **how: Any) -> Any:
        if depth(a) < 2 or any(hasattr(x, "level") for x in args):
            raise DeclinedError
        return function(front(level, a), *args, **how)

    RULES[function] = of_stacks


for _function in (
    np.linalg.inv, np.linalg.cholesky, np.linalg.svd, np.linalg.eigh, np.linalg.eigvalsh, np.linalg.det,
    np.linalg.slogdet, np.linalg.qr, np.linalg.matrix_power,
):  # fmt: skip
    _of_matrices(_function)


@rule(np.linalg.solve)
def _solve(level: Level, a: Any, b: Any) -> Array:
    ndim = max(depth(a), depth(b))
    if depth(b) == 1:
        column = np.reshape(front(level, b), (-1, *(1,) * (ndim - 2), b.shape[0], 1))
        return np.linalg.solve(aligned(level, a, ndim), column)[..., 0]
    return np.linalg.solve(aligned(level, a, ndim), aligned(level, b, ndim))
