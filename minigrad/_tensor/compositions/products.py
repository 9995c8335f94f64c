"""Sums with factors of products of matrices, and products under other names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.convert import require_tensors
from minigrad._tensor.older_order import factors_first
from minigrad._tensor.record import Recorded

from .algebra import bmm, dot, mm, mv, outer

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def _summed(name: str, input: T, product: T, beta: float, alpha: float) -> T:
    """beta * input + alpha * product; with beta = 0, nan and inf in `input` count for nothing."""
    if input.dtype != product.dtype:
        raise RuntimeError(
            f"{name}: expected operands of the same dtype, got {input.dtype.name} and {product.dtype.name}"
        )
    if product.dtype.kind in "iu":
        if name == "addr" and float in (type(alpha), type(beta)):
            raise RuntimeError("addr: For integral input tensors, alpha and beta must not be fractions.")
        alpha, beta = int(alpha), int(beta)  # as PyTorch cuts them
    if product.dtype == np.bool_:
        old, new = (x.logical_and(x.new_tensor(bool(f))) for x, f in ((input, beta), (product, alpha)))
        return old.logical_or(new)
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return product + input.masked_fill(input.new_ones((), dtype=bool), 0)
    return (input if beta == 1 else input * beta) + product


def addmv(input: T, mat: T, vec: T, *older: T, beta: float = 1, alpha: float = 1) -> T:
    """beta * input + alpha * (mat @ vec).

    Arguments:
        input: a tensor that broadcasts to (n).
        mat, vec: a matrix (n, m) and a vector (m), all of one dtype.
        older: the last tensors, where beta and alpha stand before, as before PyTorch 1.5.
        beta, alpha: numbers. With beta = 0, nan and inf in `input` count for nothing.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> torch.addmv(torch.ones(1), torch.ones(1, 2), torch.ones(2), alpha=2)
    tensor([5.])
    """
    if older:
        given = (input, mat, vec, *older)
        input, mat, vec, beta, alpha = factors_first("addmv", given, beta, alpha)
    return _summed("addmv", input, mv(mat, vec), beta, alpha)


def addr(input: T, vec1: T, vec2: T, *older: T, beta: float = 1, alpha: float = 1) -> T:
    """beta * input + alpha * outer(vec1, vec2).

    Arguments:
        input: a tensor that broadcasts to (n, m).
        vec1, vec2: vectors (n) and (m), all of one dtype.
        older: the last tensors, where beta and alpha stand before, as before PyTorch 1.5.
        beta, alpha: numbers. With beta = 0, nan and inf in `input` count for nothing.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> torch.addr(torch.zeros(1, 2), torch.ones(1), torch.tensor([2.0, 3.0]))
    tensor([[2., 3.]])
    """
    if older:
        given = (input, vec1, vec2, *older)
        input, vec1, vec2, beta, alpha = factors_first("addr", given, beta, alpha)
    return _summed("addr", input, outer(vec1, vec2), beta, alpha)


def baddbmm(input: T, batch1: T, batch2: T, *older: T, beta: float = 1, alpha: float = 1) -> T:
    """beta * input + alpha * bmm(batch1, batch2).

    Arguments:
        input: a tensor that broadcasts to (b, n, p).
        batch1, batch2: tensors (b, n, m) and (b, m, p), all of one dtype.
        older: the last tensors, where beta and alpha stand before, as before PyTorch 1.5.
        beta, alpha: numbers. With beta = 0, nan and inf in `input` count for nothing.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> torch.baddbmm(torch.ones(1), torch.ones(1, 1, 2), torch.ones(1, 2, 1))
    tensor([[[3.]]])
    """
    if older:
        given = (input, batch1, batch2, *older)
        input, batch1, batch2, beta, alpha = factors_first("baddbmm", given, beta, alpha)
    return _summed("baddbmm", input, bmm(batch1, batch2), beta, alpha)


def addbmm(input: T, batch1: T, batch2: T, *older: T, beta: float = 1, alpha: float = 1) -> T:
    """beta * input + alpha * the sum of bmm(batch1, batch2) over the batch.

    Arguments:
        input: a tensor that broadcasts to (n, p).
        batch1, batch2: tensors (b, n, m) and (b, m, p), all of one dtype.
        older: the last tensors, where beta and alpha stand before, as before PyTorch 1.5.
        beta, alpha: numbers. With beta = 0, nan and inf in `input` count for nothing.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> torch.addbmm(torch.ones(1, 1), torch.ones(2, 1, 2), torch.ones(2, 2, 1))
    tensor([[5.]])
    """
    if older:
        given = (input, batch1, batch2, *older)
        input, batch1, batch2, beta, alpha = factors_first("addbmm", given, beta, alpha)
    return _summed("addbmm", input, bmm(batch1, batch2).sum(0, dtype=batch1.dtype), beta, alpha)


def inner(input: T, other: T) -> T:
    """The sums of products over the last axes of both; with a 0-d tensor, the product.

    Arguments:
        input, other: tensors with last axes of one size.

    Raises:
        RuntimeError: for other shapes.

    >>> import minigrad as torch
    >>> torch.inner(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    require_tensors("inner", input=input, other=other)
    if not input.ndim or not other.ndim:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes "
            f"{tuple(input.shape)} and {tuple(other.shape)}"
        )
    flat = input.reshape(-1, input.shape[-1]).matmul(other.reshape(-1, other.shape[-1]).mT)
    return flat.reshape(*input.shape[:-1], *other.shape[:-1])


def vdot(input: T, other: T) -> T:
    """The inner product of two vectors, as `dot(input, tensor)`.

    Arguments:
        input, other: vectors of one length and one dtype.
    """
    return dot(input, other)


ger = outer


def chain_matmul(*matrices: Any) -> T:
    """The product of several matrices.

    Arguments:
        matrices: at least one.

    >>> import minigrad as torch
    >>> torch.chain_matmul(torch.ones(1, 2), torch.ones(2, 2), torch.ones(2, 1))
    tensor([[4.]])
    """
    given = matrices[0] if len(matrices) == 1 and not isinstance(matrices[0], Recorded) else matrices
    product = given[0]
    for one in given[1:]:
        product = mm(product, one)
    return product
