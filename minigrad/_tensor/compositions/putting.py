"""A tensor put into a larger one: on a diagonal, in place of a part, or as a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import require_tensors
from minigrad._tensor.dtype import result_type
from minigrad._tensor.record import wrap
from minigrad.ops.kernels import normalize_dim

from .parts import slice_at

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def diag_embed(input: T, offset: int = 0, dim1: int = -2, dim2: int = -1) -> T:
    """The last axis as the diagonal of two new axes, with zeros beside it.

    Arguments:
        input: a tensor of at least one axis.
        offset: 0 for the main diagonal, positive above it, negative below.
        dim1, dim2: the places of the new axes.

    Raises:
        RuntimeError: for one axis twice.

    >>> import minigrad as torch
    >>> torch.diag_embed(torch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    require_tensors("diag_embed", input=input)
    first, second = (normalize_dim(d, input.ndim + 1) for d in (dim1, dim2))
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    n = input.shape[-1] + abs(offset)
    shape = list(input.shape[:-1])
    for axis in sorted((first, second)):
        shape.insert(axis, n)
    return input._embed_diagonal(shape=tuple(shape), offset=offset, dim1=first, dim2=second)


def diagflat(input: T, offset: int = 0) -> T:
    """All elements as the diagonal of a matrix.

    Arguments:
        input: a tensor.
        offset: 0 for the main diagonal, positive above it, negative below.

    >>> import minigrad as torch
    >>> torch.diagflat(torch.tensor([1, 2]), 1).shape
    torch.Size([3, 3])
    """
    return input.reshape(-1).diag(offset)


def _put_at(name: str, input: T, src: T, index: Any) -> T:
    require_tensors(name, input=input, src=src)
    wanted = np.empty(input.shape, np.bool_)[index].shape
    if src.shape != wanted:
        raise RuntimeError(
            f"{name}: expected src to have a size equal to the slice of self. src size = {tuple(src.shape)}, "
            f"slice size = {wanted}"
        )
    return CALLS["index_put"](input, src.to(input.dtype), index=index)


def select_scatter(input: T, src: T, dim: int, index: int) -> T:
    """`input` with `src` in the place of one slice.

    Arguments:
        input: a tensor.
        src: a tensor of the shape of the slice.
        dim: an axis.
        index: the place of the slice.

    Raises:
        RuntimeError: for another shape.

    >>> import minigrad as torch
    >>> torch.select_scatter(torch.zeros(2, 2), torch.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    return _put_at("select_scatter", input, src, (*slice_at(input, dim, index), Ellipsis))


def slice_scatter(
    input: T, src: T, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> T:
    """`input` with `src` in the place of a part along `dim`.

    Arguments:
        input: a tensor.
        src: a tensor of the shape of the part.
        dim: an axis.
        start, end, step: of the part, as in a slice.

    Raises:
        RuntimeError: for another shape.

    >>> import minigrad as torch
    >>> torch.slice_scatter(torch.zeros(4), torch.ones(2), start=1, end=3)
    tensor([0., 1., 1., 0.])
    """
    axis = normalize_dim(dim, input.ndim)
    return _put_at("slice_scatter", input, src, (slice(None),) * axis + (slice(start, end, step), Ellipsis))


def diagonal_scatter(input: T, src: T, offset: int = 0, dim1: int = 0, dim2: int = 1) -> T:
    """`input` with `src` as a diagonal of two axes.

    Arguments:
        input: a tensor of at least two axes.
        src: a tensor of the shape of `diagonal(input)`.
        offset, dim1, dim2: which diagonal, as there.

    Raises:
        RuntimeError: for another shape.

    >>> import minigrad as torch
    >>> torch.diagonal_scatter(torch.zeros(2, 2), torch.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    require_tensors("diagonal_scatter", input=input, src=src)
    old = input.diagonal(offset, dim1, dim2)
    if src.shape != old.shape:
        raise RuntimeError(
            f"diagonal_scatter: expected src to have a size equal to the slice of self. src size = "
            f"{tuple(src.shape)}, slice size = {tuple(old.shape)}"
        )
    flags = {"shape": tuple(input.shape), "offset": offset, "dim1": dim1, "dim2": dim2}
    on = wrap(np.ones(old.shape, np.bool_), None)._embed_diagonal(**flags)
    return CALLS["where"](on, src.to(input.dtype)._embed_diagonal(**flags), input)


def block_diag(*tensors: Any) -> T:
    """The matrices along the diagonal, with zeros beside them.

    Arguments:
        tensors: of at most two axes; a vector counts as a row.

    >>> import minigrad as torch
    >>> torch.block_diag(torch.ones(1, 2), torch.tensor([[5.0]]))
    tensor([[1., 1., 0.],
            [0., 0., 5.]])
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    if any(x.ndim > 2 for x in given):
        raise RuntimeError("torch.block_diag: Input tensors must have 2 or fewer dimensions.")
    own = result_type([x._array for x in given]) if given else None
    blocks = [(x if x.ndim == 2 else x.reshape(1, -1)).to(own) for x in given]
    if not blocks:
        return wrap(np.zeros((1, 0), np.float32), None)
    width, start, rows = sum(b.shape[1] for b in blocks), 0, []
    for b in blocks:
        after = width - start - b.shape[1]
        sides = (b.new_zeros(b.shape[0], start), b, b.new_zeros(b.shape[0], after))
        rows.append(CALLS["cat"](sides, dim=1))
        start += b.shape[1]
    return CALLS["cat"](tuple(rows), dim=0)
