"""Products and powers of matrices and vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.compositions import joining
from minigrad._tensor.convert import require_tensors
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor

from .solving import inv


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A multiplied n times by itself; for a negative n its inverse.

    Arguments:
        A: a floating tensor (..., n, n).
        n: a whole number; 0 gives the identity.

    Raises:
        RuntimeError: for matrices that are not square.
        LinAlgError: for a negative power of a singular matrix.

    >>> import minigrad as torch
    >>> torch.linalg.matrix_power(torch.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    require_tensors("linalg.matrix_power", A=A)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise RuntimeError(f"linalg.matrix_power: expected square matrices, got shape {tuple(A.shape)}")
    if n == 0:
        eye = wrap(np.eye(A.shape[-1], dtype=A._array.dtype), None)
        return A.where(wrap(np.zeros(A.shape, np.bool_), None), eye)
    if n < 0:
        A, n = inv(A), -n
    if n == 1:
        return A.clone()
    half = matrix_power(A, n // 2) if n > 3 else A
    square = half.matmul(half)
    return square.matmul(A) if n % 2 else square


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices, in the order of fewest multiplications.

    Arguments:
        tensors: two or more matrices of one dtype; the first may be a row, the last a column, of one axis.

    Raises:
        RuntimeError: for other shapes.

    >>> import minigrad as torch
    >>> torch.linalg.multi_dot([torch.ones(2, 3), torch.ones(3, 4), torch.ones(4)])
    tensor([12., 12.])
    """
    items = list(tensors)
    if len(items) < 2:
        raise RuntimeError(f"linalg.multi_dot: expected at least 2 tensors but got {len(items)}")
    require_tensors("linalg.multi_dot", **{f"tensors[{i}]": x for i, x in enumerate(items)})
    for i, x in enumerate(items):
        if x.ndim != 2 and not (x.ndim == 1 and i in (0, len(items) - 1)):
            raise RuntimeError(
                f"linalg.multi_dot: tensor {i} must be a matrix, but has shape {tuple(x.shape)}; the first "
                "and the last may be vectors"
            )
    row, column = items[0].ndim == 1, items[-1].ndim == 1
    items[0] = items[0].unsqueeze(0) if row else items[0]
    items[-1] = items[-1].unsqueeze(1) if column else items[-1]
    for i in range(len(items) - 1):
        if items[i].shape[1] != items[i + 1].shape[0]:
            raise RuntimeError(
                f"linalg.multi_dot: tensors {i} and {i + 1} with shapes {tuple(items[i].shape)} and "
                f"{tuple(items[i + 1].shape)} cannot be multiplied"
            )
    out = _product(items)
    out = out.squeeze(0) if row else out
    return out.squeeze(-1) if column else out


def _product(items: list[Tensor]) -> Tensor:
    """The classical dynamic programme: the cheapest way for every run of the chain."""
    n = len(items)
    sizes = [x.shape[0] for x in items] + [items[-1].shape[1]]
    cost = {(i, i): 0 for i in range(n)}
    cut: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], cut[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )

    def run(i: int, j: int) -> Tensor:
        return items[i] if i == j else run(i, cut[i, j]).matmul(run(cut[i, j] + 1, j))

    return run(0, n - 1)


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product in three dimensions.

    Arguments:
        input, other: tensors of shapes that broadcast, with 3 elements along `dim`.
        dim: the axis of the vectors.

    Raises:
        RuntimeError: where that axis has not 3 elements.

    >>> import minigrad as torch
    >>> torch.linalg.cross(torch.tensor([1, 0, 0]), torch.tensor([0, 1, 0]))
    tensor([0, 0, 1])
    """
    require_tensors("linalg.cross", input=input, other=other)
    return joining.cross(input, other, dim)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The inner products of vectors along `dim`.

    Arguments:
        x, y: floating tensors of one dtype, of shapes that broadcast.
        dim: the axis of the vectors.

    Raises:
        RuntimeError: for integers, and for two dtypes.

    >>> import minigrad as torch
    >>> torch.linalg.vecdot(torch.ones(2, 3), torch.ones(3))
    tensor([3., 3.])
    """
    require_tensors("linalg.vecdot", x=x, y=y)
    if not x.is_floating_point() or x.dtype != y.dtype:
        raise RuntimeError(
            f"linalg.vecdot: x and y must be floating tensors of one dtype, got {x.dtype.name} and "
            f"{y.dtype.name}"
        )
    return (x * y).sum(dim)


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product, as `torch.matmul`.

    Arguments:
        input, other: tensors, as for `matmul`.

    >>> import minigrad as torch
    >>> torch.linalg.matmul(torch.ones(1, 2), torch.ones(2, 1))
    tensor([[2.]])
    """
    require_tensors("linalg.matmul", input=input, other=other)
    return input.matmul(other)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of each matrix: a view.

    Arguments:
        A: a tensor of two axes at least.
        offset: which diagonal: 0 the main one, positive above it, negative below.
        dim1, dim2: the axes of the matrices.

    >>> import minigrad as torch
    >>> torch.linalg.diagonal(torch.ones(5, 2, 2)).shape
    torch.Size([5, 2])
    """
    require_tensors("linalg.diagonal", A=A)
    return A.diagonal(offset, dim1, dim2)


def vander(x: Tensor, N: int | None = None) -> Tensor:
    """The powers 0 to N - 1 of each element, as rows (Vandermonde's matrix).

    Arguments:
        x: a tensor (..., n).
        N: how many powers; None for n.

    >>> import minigrad as torch
    >>> torch.linalg.vander(torch.tensor([2, 3]), N=3)
    tensor([[1, 2, 4],
            [1, 3, 9]])
    """
    require_tensors("linalg.vander", x=x)
    if (N is None and x.ndim == 0) or (N is not None and N <= 1):
        raise RuntimeError(f"linalg.vander: expected a vector at least, or N above 1, not {x.ndim}-D and {N}")
    x = x if x.ndim else x.unsqueeze(0)
    n = x.shape[-1] if N is None else N
    powers = x.unsqueeze(-1).expand(*x.shape, n - 1).cumprod(-1)
    ones = wrap(np.ones((*x.shape, 1), powers._array.dtype), None)
    return CALLS["cat"]((ones, powers), dim=-1)
