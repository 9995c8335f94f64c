"""Elements picked, placed and added along an axis, at the positions in an integer tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.convert import as_spelled, require_tensors
from minigrad._tensor.record import Recorded
from minigrad.ops.index import first_outside
from minigrad.ops.kernels import normalize_dim
from minigrad.ops.refusal import refuses

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


@as_spelled
def index_select(input: T, dim: int, index: T) -> T:
    """The slices along `dim` at the positions of a one-dimensional integer tensor.

    Arguments:
        input: a tensor of any shape.
        dim: an axis.
        index: an int32 or int64 vector; places may repeat.

    Raises:
        IndexError: for a place outside the axis, and for an index of more axes.
        RuntimeError: for an index of another dtype.

    Derivative: each slice of the gradient is added where its slice came from.

    >>> import minigrad as torch
    >>> torch.index_select(torch.eye(3), 0, torch.tensor([2]))
    tensor([[0., 0., 1.]])
    """
    require_tensors("index_select", input=input, index=index)
    dim = normalize_dim(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(
            f"index_select: index must be a vector, got shape {tuple(index.shape)}; use gather or x[index]"
        )
    if index.dtype.kind not in "iu" or index.dtype == np.uint8:
        raise RuntimeError(
            f"index_select: expected an int32 or int64 index, got {index.dtype.name}; use .long()"
        )
    n = input.shape[dim] if input.ndim else 1
    check_bounds("index_select(): index out of range in self", index, dim, n)
    return input[(slice(None),) * dim + (index.reshape(-1),)] if input.ndim else input.clone()


def check_bounds(
    name: str, index: T, dim: int, n: int, kind: type[Exception] = IndexError, least: int = 0
) -> None:
    """Raise unless each place lies in [least, n)."""
    if (wrong := first_outside(index._array, n, least)) is not None:
        raise kind(f"{name}: index {wrong} is out of bounds for dimension {dim} with size {n}")


def index_add(input: T, dim: int, index: T, source: T, *, alpha: float = 1) -> T:
    """`input` with the slices of `source` added at the positions `index` along `dim`; repeats add up.

    Arguments:
        input: a tensor of any shape.
        dim: an axis.
        index: an int32 or int64 vector of n places.
        source: a tensor of the input's dtype and shape, but of size n along `dim`.
        alpha: a factor of `source`.

    Raises:
        IndexError: for a place outside the axis, and for an index of more axes.
        RuntimeError: for shapes or dtypes that do not fit.

    >>> import minigrad as torch
    >>> torch.index_add(torch.zeros(3), 0, torch.tensor([0, 0]), torch.ones(2))
    tensor([2., 0., 0.])
    """
    require_tensors("index_add", input=input, index=index, source=source)
    if input.ndim == 0:
        return index_add(input.reshape(1), dim, index, source.reshape(-1), alpha=alpha).reshape(())
    dim = normalize_dim(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(f"index_add: index must be a vector, got shape {tuple(index.shape)}")
    _integer("index_add", index)
    index = index.reshape(-1)
    error = IndexError if input.ndim == 1 else RuntimeError  # as in PyTorch
    check_bounds("index_add(): index out of range in self", index, dim, input.shape[dim], error)
    if source.dtype != input.dtype:
        raise RuntimeError(
            f"index_add: self ({input.dtype.name}) and source ({source.dtype.name}) must have the same dtype"
        )
    where = (slice(None),) * dim + (index._array,)
    expected = (*input.shape[:dim], index.numel(), *input.shape[dim + 1 :])
    if source.shape != expected:
        raise RuntimeError(f"index_add: source must have shape {expected}, got {tuple(source.shape)}")
    return input + (source if alpha == 1 else source * alpha)._scatter_index(index=where, shape=input.shape)


def _integer(name: str, index: T) -> None:
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(
            f"{name}: expected an int64 or int32 index, got {index.dtype.name}; use index.long()"
        )


def _check_along(name: str, input: T, dim: int, index: T, src: T | None = None) -> None:
    require_tensors(name, input=input, index=index, **({} if src is None else {"src": src}))
    _integer(name, index)
    if index.ndim != input.ndim and index.numel():
        raise RuntimeError(
            f"{name}: index of shape {tuple(index.shape)} must have the {input.ndim} dimensions of the input"
        )
    dim = normalize_dim(dim, input.ndim)
    for i, n in enumerate(index.shape):
        if (i != dim and n > input.shape[i]) or (src is not None and n > src.shape[i]):
            bound = (
                input.shape
                if src is None
                else f"{tuple(input.shape)} (apart from dimension {dim}) and {tuple(src.shape)}"
            )
            raise RuntimeError(f"{name}: size of index {tuple(index.shape)} must not exceed {bound}")
    check_bounds(f"{name}()", index, dim, input.shape[dim] if input.ndim else 1, RuntimeError)


def _flat(name: str, *tensors: T) -> bool:
    """True if vectors and a 0-d tensor among them meet, which then counts as a vector."""
    require_tensors(name, **{f"operand {i}": x for i, x in enumerate(tensors)})
    return min(x.ndim for x in tensors) == 0 and max(x.ndim for x in tensors) < 2


@as_spelled
def gather(input: T, dim: int, index: T) -> T:
    """out[i][j] = input[index[i][j]][j] for dim = 0, and so on; out has the shape of `index`.

    Arguments:
        input: a tensor of any shape.
        dim: an axis.
        index: an int32 or int64 tensor of as many axes, no longer than the input but along `dim`.

    Raises:
        RuntimeError: for shapes or dtypes that do not fit, and for an index outside the axis.

    Derivative: each gradient is added where its element came from.

    >>> import minigrad as torch
    >>> torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    if _flat("gather", input, index):
        return gather(input.reshape(-1), dim, index.reshape(-1)).reshape(index.shape)
    _check_along("gather", input, dim, index)
    return input._gather(index, dim=dim)


@as_spelled
def take_along_dim(input: T, indices: T, dim: int | None = None) -> T:
    """`gather` with the other axes broadcast; with dim None, into the flattened input.

    Arguments:
        input: a tensor of any shape.
        indices: an int32 or int64 tensor, such as `argsort` returns; negative ones count from the end.
        dim: an axis, or None.

    Raises:
        RuntimeError: for shapes or dtypes that do not fit, and for an index outside the axis.

    >>> import minigrad as torch
    >>> x = torch.tensor([[30, 10, 20]])
    >>> torch.take_along_dim(x, torch.argsort(x), dim=1)
    tensor([[10, 20, 30]])
    """
    require_tensors("take_along_dim", input=input, indices=indices)
    _integer("take_along_dim", indices)
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    if input.ndim != indices.ndim:
        raise RuntimeError(
            f"take_along_dim: input {tuple(input.shape)} and indices {tuple(indices.shape)} "
            f"must have equal dimensions"
        )
    indices = indices.where(indices >= 0, indices + (input.size(dim) if input.ndim else 1))
    dim = normalize_dim(dim, input.ndim)
    others = [(*x.shape[:dim], 1, *x.shape[dim + 1 :]) for x in (input, indices)]
    try:
        shared = np.broadcast_shapes(*others)
    except ValueError:
        raise RuntimeError(
            f"take_along_dim: apart from dimension {dim}, {tuple(input.shape)} and "
            f"{tuple(indices.shape)} do not broadcast"
        ) from None
    widened = input.expand(*shared[:dim], input.shape[dim], *shared[dim + 1 :])
    return gather(widened, dim, indices.expand(*shared[:dim], indices.shape[dim], *shared[dim + 1 :]))


@as_spelled
def scatter(input: T, dim: int, index: T, src: Any = None, *, value: Any = None, reduce: Any = None) -> T:
    """`input` with out[index[i][j]][j] = src[i][j] for dim = 0, and so on; `src` may be a number.

    Arguments:
        input: a tensor of any shape.
        dim: an axis.
        index: an int32 or int64 tensor of as many axes, no longer than the input but along `dim`.
        src: a tensor of the input's dtype, at least as large as `index`, or a number.
        value: the number by name.
        reduce: "add" or "multiply", to combine with the values there; a backward through it raises.

    Raises:
        RuntimeError: for shapes or dtypes that do not fit, and for an index outside the axis.

    Derivative: to `src` the gradient where it went, to `input` the gradient elsewhere.

    >>> import minigrad as torch
    >>> torch.scatter(torch.zeros(1, 3), 1, torch.tensor([[2]]), 5.0)
    tensor([[0., 0., 5.]])
    """
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError("scatter: reduce argument must be either add or multiply.")
    src = value if src is None else src
    if not isinstance(src, Recorded):
        src = input.new_full(index.shape, src)
    if reduce is not None:
        combined = input.detach().scatter_reduce(
            dim, index, src.detach(), "sum" if reduce == "add" else "prod"
        )
        return refuses(f"scatter(reduce={reduce!r})", combined, input, src)
    if _flat("scatter", input, index):
        return scatter(input.reshape(-1), dim, index.reshape(-1), src.reshape(-1)).reshape(input.shape)
    _check_along("scatter", input, dim, index, src)
    return input._scatter(index, _covered(src, index), dim=dim)


def scatter_add(input: T, dim: int, index: T, src: T) -> T:
    """`input` with src[i][j] added at [index[i][j]][j] for dim = 0, and so on; repeats add up.

    Arguments:
        input: a tensor of any shape.
        dim: an axis.
        index: an int32 or int64 tensor of as many axes, no longer than the input but along `dim`.
        src: a tensor of the input's dtype, at least as large as `index`.

    Raises:
        RuntimeError: for shapes or dtypes that do not fit, and for an index outside the axis.

    >>> import minigrad as torch
    >>> torch.scatter_add(torch.zeros(3), 0, torch.tensor([0, 0, 2]), torch.ones(3))
    tensor([2., 0., 1.])
    """
    if _flat("scatter_add", input, index, src):
        return scatter_add(input.reshape(-1), dim, index.reshape(-1), src.reshape(-1)).reshape(input.shape)
    _check_along("scatter_add", input, dim, index, src)
    if src.dtype != input.dtype:
        raise RuntimeError(
            f"scatter_add: self ({input.dtype.name}) and src ({src.dtype.name}) must have the same dtype"
        )
    return input + _covered(src, index)._add_along(index, dim=dim, shape=input.shape)


def _covered(src: T, index: T) -> T:
    """The first part of `src`, as large as `index`: the rest is not used."""
    return src if src.shape == index.shape else src[tuple(slice(n) for n in index.shape)]
