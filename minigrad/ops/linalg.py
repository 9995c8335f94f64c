"""Derivatives of products of matrices."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import fold, kin
from .kernels import Array, ndarray, product, unbroadcast
from .op import REAL, Op
from .sums import total


def _swap(m: Array) -> Array:
    return np.swapaxes(m, -1, -2)


def _matmul_a(g: Array, a_shape: tuple[int, ...], b: Array) -> Array:
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if len(a_shape) == 1:
        return np.squeeze(np.matmul(np.expand_dims(g, -2), _swap(b)), -2)
    return product(g, b.T) if b.ndim == 2 else np.matmul(g, _swap(b))


def _matmul_b(g: Array, a: Array, b_shape: tuple[int, ...]) -> Array:
    if a.ndim == 1:
        column = np.expand_dims(a, -1)
        return a * g if len(b_shape) == 1 else column * np.expand_dims(g, -2)
    if len(b_shape) == 1:
        return np.squeeze(np.matmul(_swap(a), np.expand_dims(g, -1)), -1)
    if len(b_shape) == 2 and a.ndim > 2:  # one product over all batches instead of a product and a sum
        a, g = _rows(a), _rows(g)
    return product(a.T, g) if type(g) is ndarray and g.ndim == 2 else np.matmul(_swap(a), g)


def _rows(x: Array) -> Array:
    """All leading axes as one: a matrix."""
    return x if x.ndim == 2 else np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _matmul_form_a(a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> str:
    if len(b_shape) == 1:
        return "g * b" if len(a_shape) == 1 else "outer(g, b)"
    return "b @ g" if len(a_shape) == 1 else "g @ b.T"


def _matmul_form_b(a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> str:
    if len(a_shape) == 1:
        return "g * a" if len(b_shape) == 1 else "outer(a, g)"
    return "a.T @ g"


def _matmul_domain(d: Any) -> Any:
    m, n, p = d.integer(1, 3), d.integer(1, 3), d.integer(1, 3)
    left, right = d.shapes(2, max_dims=2)
    a = d.choice(((n,), (m, n), (*left, m, n)))
    b = d.choice(((n,), (n, p), (*right, n, p)))
    return (d.values(a, REAL), d.values(b, REAL)), {}


matmul = Op(
    "matmul", np.matmul,
    a=lambda g, a_shape, b: _matmul_a(g, a_shape, b),
    b=lambda g, a, b_shape: _matmul_b(g, a, b_shape),
    read={"a": _matmul_form_a, "b": _matmul_form_b},
    formula="grad a = g @ b^T,  grad b = a^T @ g",
    domain=_matmul_domain,
    bools="convert them with .int()",
    promote=False,
)  # fmt: skip


def _linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    if weight.ndim != 2:
        raise ValueError(
            f"linear: weight must be a matrix (out_features, in_features), not of shape {tuple(weight.shape)}"
        )
    out = product(x, weight.T)
    return out if bias is None else np.add(out, bias, out)


def _linear_weight(g: Array, x: Array) -> Array:
    if x.ndim == 2:
        return product(g.T, x)
    return np.expand_dims(g, -1) * x if x.ndim == 1 else product(_rows(g).T, _rows(x))


def _linear_domain(d: Any) -> Any:
    batch, n_in, n_out = d.shape(max_dims=2, min_side=1), d.integer(1, 3), d.integer(1, 3)
    bias = d.values((*d.choice(((), batch[-1:])), n_out), REAL) if d.flag() else None
    return (d.values((*batch, n_in), REAL), d.values((n_out, n_in), REAL), bias), {}


linear = Op(
    "linear",
    _linear,
    x=lambda g, weight: product(g, weight),
    weight=lambda g, x: _linear_weight(g, x),
    bias=lambda g, bias_shape: unbroadcast(g, bias_shape),
    read={"x": "g @ weight", "weight": "g.T @ x", "bias": "the rows of g, summed"},
    formula="grad x = g @ weight,  grad weight = g^T @ x,  grad bias = the sum of the rows of g",
    domain=_linear_domain,
    promote=False,
    exact=True,
)


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@functools.lru_cache(maxsize=256)
def explicit_equation(equation: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], str]:
    """The subscripts of each operand and of the output, with `...` and an implied output spelled out."""
    equation = equation.replace(" ", "")
    left, arrow, output = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum: {equation!r} names {len(terms)} operands, but {len(shapes)} were given")
    for part in (*terms, output):
        if not all(c in _LETTERS for c in part.replace("...", "", 1)):
            raise ValueError(f"einsum: {part!r} in {equation!r} is not made of letters and one '...'")
    free = [c for c in _LETTERS if c not in equation]
    widest = max((len(s) - len(t) + 3 for t, s in zip(terms, shapes, strict=True) if "..." in t), default=0)
    batch = "".join(free[: max(widest, 0)])
    spelled = []
    for term, shape in zip(terms, shapes, strict=True):
        named = len(term.replace("...", ""))
        if (len(shape) != named and "..." not in term) or len(shape) < named:
            raise ValueError(f"einsum: {term!r} names {named} axes, but its operand has shape {shape}")
        spelled.append(term.replace("...", batch[widest - (len(shape) - named) :]))
    if not arrow:
        once = sorted(c for c in set(left) if c in _LETTERS and left.count(c) == 1)
        output = "..." + "".join(once) if "..." in left else "".join(once)
    output = output.replace("...", batch)
    for c in output:
        if output.count(c) > 1 or not any(c in t for t in spelled):
            raise ValueError(f"einsum: each letter of the output stands there once and in an operand: {c!r}")
    known: dict[str, int] = {}
    for term, shape in zip(spelled, shapes, strict=True):
        for letter, n in zip(term, shape, strict=True):
            if 1 not in (n, known.setdefault(letter, n)) and known[letter] != n:
                raise ValueError(
                    f"einsum: {letter!r} in {equation!r} has size {known[letter]} in one operand "
                    f"and {n} in another"
                )
            if n != 1:
                known[letter] = n
    return tuple(spelled), output


def _einsum(operands: tuple[Array, ...], equation: str) -> Array:
    terms, output = explicit_equation(equation, tuple([x.shape for x in operands]))
    return _contract(terms, output, operands)


def _contract(terms: Sequence[str], output: str, arrays: Sequence[Array]) -> Array:
    """The sum of products, one pair after another; of Tensors as one op."""
    for x in arrays:
        if type(x) is not ndarray:
            return np.einsum(f"{','.join(terms)}->{output}", *arrays)
    if len(arrays) == 2:
        return _pair(terms[0], arrays[0], terms[1], arrays[1], output)
    (term, x), *waiting = zip(terms, arrays, strict=True)
    while waiting:
        # Next to a partner with a letter in common: without one the product is an outer one.
        k = next((k for k, (t, _) in enumerate(waiting) if not set(t).isdisjoint(term)), 0)
        other, y = waiting.pop(k)
        later = set(output).union(*(t for t, _ in waiting))
        kept = "".join([c for c in dict.fromkeys(term + other) if c in later]) if waiting else output
        term, x = kept, _pair(term, x, other, y, kept)
    return _summed(term, x, output)


def _summed(term: str, x: Array, output: str) -> Array:
    """The sum over the letters that the output has not, after diagonals: a view where nothing is summed."""
    if term == output:
        return x
    gone = "".join([c for c in dict.fromkeys(term) if c not in output])
    x = np.einsum(f"{term}->{output}{gone}", x)
    if not gone:
        return x
    axes = tuple(range(len(output), x.ndim))
    return total(x, axes) if x.dtype.kind == "f" else fold(np.add, x, axes, dtype=np.int64)  # PyTorch's dtype


def _pair(term: str, x: Array, other: str, y: Array, output: str) -> Array:
    """The product of two, summed over the letters that the output has not: by one matmul where it can."""
    plan = _matmul_plan(term, x.shape, other, y.shape, output)
    if plan is not None:
        swapped, order_a, shape_a, order_b, shape_b, shape, order = plan
        a, b = (y, x) if swapped else (x, y)
        out = product(a.transpose(order_a).reshape(shape_a), b.transpose(order_b).reshape(shape_b))
        return out.reshape(shape).transpose(order)
    # An axis of length 1 changes no product, also beside a longer one: left out, and put back by `_aligned`.
    term, x = _without_ones(term, x)
    other, y = _without_ones(other, y)
    # An axis that only one of them has is summed first.
    first = "".join([c for c in dict.fromkeys(term) if c in output or c in other])
    second = "".join([c for c in dict.fromkeys(other) if c in output or c in term])
    x, y = _summed(term, x, first), _summed(other, y, second)
    shared = [c for c in first if c in second]
    summed = "".join([c for c in shared if c not in output])
    batch = "".join([c for c in output if c in shared])
    if not summed:
        return _aligned(first, x, output) * _aligned(second, y, output)
    if batch and len(batch) == len([c for c in output if c in first or c in second]):
        terms = _aligned(first, x, batch + summed) * _aligned(second, y, batch + summed)
        x = total(terms, tuple(range(len(batch), terms.ndim))).astype(terms.dtype, copy=False)
        return _aligned(batch, x, output)
    there = "".join([c for c in output if c in first or c in second])
    return _aligned(there, _pair(first, x, second, y, there), output)  # by one matmul now


# A swap; for each factor the order of its axes and its shape; the shape and the order of the result.
Plan = tuple[bool, Sequence[int], Sequence[int], Sequence[int], Sequence[int], Sequence[int], Sequence[int]]


@functools.lru_cache(maxsize=1024)  # a small product takes less time than its plan
def _matmul_plan(
    first: str, x_shape: tuple[int, ...], second: str, y_shape: tuple[int, ...], output: str
) -> Plan | None:
    """How to sum a product of two by one matmul; None where more has to be done, or it is no matmul."""
    shared = [c for c in first if c in second]
    summed = "".join([c for c in shared if c not in output])
    batch = "".join([c for c in output if c in shared])
    rows, columns = ("".join([c for c in output if c in t and c not in shared]) for t in (first, second))
    sizes = dict(zip(first + second, x_shape + y_shape, strict=True))
    alone = [c for c in first + second if c not in output and c not in summed]
    twice = len(set(first)) < len(first) or len(set(second)) < len(second)
    if not summed or alone or twice or 1 in x_shape + y_shape or not (rows or columns or not batch):
        return None
    swapped = bool(rows and columns) and output.index(columns[0]) < output.index(rows[0])
    if swapped:
        first, rows, second, columns = second, columns, first, rows
    shape = [sizes[c] for c in batch]
    m, k, n = (math.prod([sizes[c] for c in part]) for part in (rows, summed, columns))
    return (
        swapped,
        [first.index(c) for c in batch + rows + summed],
        (*shape, m, k),
        [second.index(c) for c in batch + summed + columns],
        (*shape, k, n),
        [*shape, *[sizes[c] for c in rows + columns]],
        [(batch + rows + columns).index(c) for c in output],
    )


def _without_ones(term: str, x: Array) -> tuple[str, Array]:
    if 1 not in x.shape:
        return term, x
    return "".join([c for c, n in zip(term, x.shape, strict=True) if n != 1]), np.squeeze(x)


def _aligned(term: str, x: Array, output: str) -> Array:
    """The axes in the order of the output, with length 1 where there is none: a view."""
    x = np.transpose(x, [term.index(c) for c in output if c in term])
    return x if len(term) == len(output) else x[tuple([slice(None) if c in term else None for c in output])]


def _einsum_rule(g: Array, i: int, others: tuple[Array, ...], operands_shape: Any, equation: str) -> Array:
    """Contract the gradient with the other operands, back to the subscripts of operand i."""
    terms, output = explicit_equation(equation, operands_shape)
    if _only_contracts(equation, operands_shape, i):
        rest = [k for k in range(len(terms)) if k != i]
        return _contract([output, *[terms[k] for k in rest]], terms[i], [g, *[others[k] for k in rest]])
    size: dict[str, int] = {}
    for term, shape in zip(terms, operands_shape, strict=True):
        for letter, n in zip(term, shape, strict=True):
            size[letter] = n if n != 1 else size.get(letter, 1)
    arrays = [g] + [x for k, x in enumerate(others) if k != i]
    names = [output] + [t for k, t in enumerate(terms) if k != i]
    free = [c for c in _LETTERS if c not in size]
    target, seen = "", set()
    for letter, n in zip(terms[i], operands_shape[i], strict=True):
        if letter in seen:  # a diagonal was taken: an identity puts it back
            twin = free.pop()
            arrays.append(np.eye(size[letter], dtype=g.dtype, like=kin(g)))
            names.append(letter + twin)
            target += twin
            continue
        seen.add(letter)
        if n != size[letter]:  # of size 1, repeated as often as another operand asks
            continue
        given = [x.shape[name.index(letter)] for name, x in zip(names, arrays, strict=True) if letter in name]
        if n not in given:  # an axis summed away: its gradient is repeated
            arrays.append(np.ones(size[letter], dtype=g.dtype, like=kin(g)))
            names.append(letter)
        target += letter
    d = _contract(names, target, arrays)
    return d if len(target) == len(operands_shape[i]) else np.reshape(d, operands_shape[i])


@functools.lru_cache(maxsize=256)
def _only_contracts(equation: str, shapes: tuple[tuple[int, ...], ...], i: int) -> bool:
    """True if nothing has to be repeated, nor put on a diagonal: nearly always."""
    terms, output = explicit_equation(equation, shapes)
    elsewhere = set(output).union(*[term for k, term in enumerate(terms) if k != i])
    return (
        len(set(terms[i])) == len(terms[i])
        and elsewhere.issuperset(terms[i])
        and not any(1 in shape for shape in shapes)
    )


def _einsum_domain(d: Any) -> Any:
    size = {c: d.integer(1, 3) for c in "ijkl"}
    equation = d.choice(
        ("ij,jk->ik", "ij->ji", "ij->", "ii->i", "ii->", "i,j->ij", "ij,ij->i", "...ij,...jk->...ik",
         "ij,jk,kl->il", "i,i", "ij,j", "iij->j", "ij,kj,lj->ikl", "...i->...", "ijk,jil->kl",
         "...ij,...jk", "j...,ji...", "ji", "...i,i", "...,...i->i...", "...ij,...kj->ki...", "ij,jk->ki",
         "...i,...i->i", "ijl,kjl->ik", "ij,ijk->ik")
    )  # fmt: skip
    terms = equation.partition("->")[0].split(",")
    shapes = []
    for term, batch in zip(terms, d.shapes(len(terms), max_dims=2), strict=True):
        before, dots, after = term.partition("...")
        sides = [tuple(1 if term.count(c) == 1 and d.integer(0, 3) == 3 else size[c] for c in part)
                 for part in (before, after)]  # fmt: skip
        shapes.append(sides[0] + (batch if dots else ()) + sides[1])
    return tuple(d.values(s, REAL) for s in shapes), {"equation": equation}


einsum = Op(
    "einsum",
    lambda *operands, equation: _einsum(operands, equation),
    operands=lambda g, i, others, operands_shape, equation: _einsum_rule(
        g, i, others, operands_shape, equation
    ),
    read="g contracted with the other operands",
    formula="the gradient contracted with the other operands",
    domain=_einsum_domain,
    promote=False,
    view=True,
)
