"""Derivatives of products of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import Array, ndarray, product, unbroadcast
from .op import REAL, Op


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
    formula="d(A B): grad A = G B^T,  grad B = A^T G",
    domain=_matmul_domain,
    promote=False,
)  # fmt: skip


def _linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    if weight.ndim != 2:
        raise ValueError(
            f"linear: weight must be a matrix (out_features, in_features), not of shape {weight.shape}"
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
    formula="d(x W^T + b): grad x = G W,  grad W = G^T x,  grad b = sum of the rows of G",
    domain=_linear_domain,
    promote=False,
)


def explicit_equation(equation: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[list[str], str]:
    """The subscripts of each operand and of the output, with `...` and an implied output spelled out."""
    equation = equation.replace(" ", "")
    left, arrow, output = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum: {equation!r} names {len(terms)} operands, but {len(shapes)} were given")
    letters = {c for c in equation if c.isalpha()}
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in letters]
    widest = max(
        (len(s) - len(t.replace("...", "")) for t, s in zip(terms, shapes, strict=True) if "..." in t),
        default=0,
    )
    batch = "".join(free[:widest])
    spelled = []
    for term, shape in zip(terms, shapes, strict=True):
        named = len(term.replace("...", ""))
        if (len(shape) != named and "..." not in term) or len(shape) < named:
            raise ValueError(f"einsum: {term!r} names {named} axes, but its operand has shape {shape}")
        spelled.append(term.replace("...", batch[widest - (len(shape) - named) :]))
    if not arrow:
        once = sorted(c for c in letters if sum(t.count(c) for t in terms) == 1)
        output = "..." + "".join(once) if "..." in left else "".join(once)
    return spelled, output.replace("...", batch)


def _einsum(operands: tuple[Array, ...], equation: str) -> Array:
    try:
        return np.einsum(equation, *operands)
    except ValueError as error:
        known: dict[str, int] = {}
        for term, x in zip(
            explicit_equation(equation, tuple(x.shape for x in operands))[0], operands, strict=True
        ):
            for letter, n in zip(term, x.shape, strict=True):
                if 1 not in (n, known.setdefault(letter, n)) and known[letter] != n:
                    raise ValueError(
                        f"einsum: {letter!r} in {equation!r} has size {known[letter]} in one operand "
                        f"and {n} in another"
                    ) from error
        raise


def _einsum_rule(g: Array, i: int, operands: tuple[Array, ...], operands_shape: Any, equation: str) -> Array:
    """Contract the gradient with the other operands, back to the subscripts of operand i."""
    terms, output = explicit_equation(equation, operands_shape)
    size: dict[str, int] = {}
    for term, shape in zip(terms, operands_shape, strict=True):
        for letter, n in zip(term, shape, strict=True):
            size[letter] = max(n, size.get(letter, 1)) if n else 0
    arrays = [g] + [x for k, x in enumerate(operands) if k != i]
    names = [output] + [t for k, t in enumerate(terms) if k != i]
    used = {c for t in [*terms, output] for c in t}
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in used]
    target, seen = "", set()
    for letter in terms[i]:
        if letter in seen:  # a diagonal was taken: an identity puts it back
            twin = free.pop()
            arrays.append(np.eye(size[letter], dtype=g.dtype))
            names.append(letter + twin)
            target += twin
            continue
        if not any(letter in name for name in names):  # an axis summed away: its gradient is repeated
            arrays.append(np.ones(size[letter], dtype=g.dtype))
            names.append(letter)
        seen.add(letter)
        target += letter
    return np.einsum(",".join(names) + "->" + target, *arrays)


def _einsum_domain(d: Any) -> Any:
    size = {c: d.integer(1, 3) for c in "ijkl"}
    equation = d.choice(
        ("ij,jk->ik", "ij->ji", "ij->", "ii->i", "ii->", "i,j->ij", "ij,ij->i", "...ij,...jk->...ik",
         "ij,jk,kl->il", "i,i", "ij,j", "iij->j", "ij,kj,lj->ikl", "...i->...", "ijk,jil->kl",
         "...ij,...jk", "j...,ji...", "ji", "...i,i", "...,...i->i...")
    )  # fmt: skip
    terms = equation.partition("->")[0].split(",")
    shapes = []
    for term, batch in zip(terms, d.shapes(len(terms), max_dims=2), strict=True):
        before, dots, after = term.partition("...")
        sides = [tuple(size[c] for c in part) for part in (before, after)]
        shapes.append(sides[0] + (batch if dots else ()) + sides[1])
    return tuple(d.values(s, REAL) for s in shapes), {"equation": equation}


einsum = Op(
    "einsum",
    lambda *operands, equation: _einsum(operands, equation),
    operands=lambda g, i, operands, operands_shape, equation: _einsum_rule(
        g, i, operands, operands_shape, equation
    ),
    formula="the gradient contracted with the other operands",
    domain=_einsum_domain,
    promote=False,
)
