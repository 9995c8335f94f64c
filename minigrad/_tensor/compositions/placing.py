"""Elements taken from and put to places: of the flat tensor, of slices, under masks, and combined there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import as_spelled, require_tensors
from minigrad._tensor.index import normalize as normalize_index
from minigrad._tensor.record import wrap
from minigrad.ops.index import first_outside
from minigrad.ops.kernels import normalize_dim

from .choosing import mask_of
from .index import _check_along, _covered, _integer, check_bounds

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def _flat_places(name: str, input: T, index: T) -> Any:
    if index.dtype != np.int64:
        raise RuntimeError(f"{name}(): Expected a long tensor for index, but got {index.dtype.name}")
    n, places = input.numel(), index._array
    if (wrong := first_outside(places, n, -n)) is not None:
        raise IndexError(
            f"{name}(): out of range: tried to access index {wrong} on a tensor of {n} elements."
        )
    return np.where(places < 0, places + n, places)


def take(input: T, index: T) -> T:
    """The elements at places of the tensor as if its elements stood in one row.

    Arguments:
        input: a tensor.
        index: an int64 tensor of the shape of the result; negative places count from the end.

    Raises:
        IndexError: for a place outside.

    >>> import minigrad as torch
    >>> torch.take(torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, -1]))
    tensor([1, 4])
    """
    require_tensors("take", input=input, index=index)
    return input.reshape(-1)[wrap(_flat_places("take", input, index), None)]


def put(input: T, index: T, source: T, accumulate: bool = False) -> T:
    """`input` with the elements of `source` at places, as if its elements stood in one row.

    Arguments:
        input: a tensor.
        index: an int64 tensor of places.
        source: a tensor of as many elements, of the dtype of `input`.
        accumulate: add to the values there; else the last value stays at a place that comes twice.

    Raises:
        IndexError: for a place outside.
        RuntimeError: for another number of elements, or another dtype.

    >>> import minigrad as torch
    >>> torch.put(torch.zeros(2, 2), torch.tensor([3]), torch.tensor([5.0]))
    tensor([[0., 0.],
            [0., 5.]])
    """
    require_tensors("put", input=input, index=index, source=source)
    places = _flat_places("put_", input, index).reshape(-1)
    if source.dtype != input.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{input.dtype.name} and source.dtype = {source.dtype.name}"
        )
    if source.numel() != places.size:
        raise RuntimeError(
            f"put_(): Expected source and index to have the same number of elements, but got "
            f"{source.numel()} and {places.size}"
        )
    flat, values = input.reshape(-1), source.reshape(-1)
    if accumulate:
        return (flat + values._scatter_index(index=(places,), shape=flat.shape)).reshape(input.shape)
    return CALLS["index_put"](flat, values, index=(places,)).reshape(input.shape)


@as_spelled
def index_copy(input: T, dim: int, index: T, source: T) -> T:
    """`input` with the slices of `source` at the positions `index` along `dim`.

    Arguments:
        input: a tensor.
        dim: an axis.
        index: an int64 vector.
        source: a tensor of the input's dtype and shape, but as long as `index` along `dim`.

    Raises:
        IndexError: for a place outside the axis, and for shapes that do not fit.
        RuntimeError: for another dtype.

    >>> import minigrad as torch
    >>> torch.index_copy(torch.zeros(3), 0, torch.tensor([2]), torch.ones(1))
    tensor([0., 0., 1.])
    """
    require_tensors("index_copy", input=input, index=index, source=source)
    if index.dtype != np.int64:
        raise IndexError(f"index_copy_(): Expected a long tensor for index, but got {index.dtype.name}")
    if source.dtype != input.dtype:
        raise RuntimeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{input.dtype.name} and (source) {source.dtype.name}"
        )
    axis = normalize_dim(dim, input.ndim)
    whole = input if input.ndim else input.reshape(1)
    places = index._array.reshape(-1)
    check_bounds("index_copy_()", index, axis, whole.shape[axis])
    wanted = (*whole.shape[:axis], places.size, *whole.shape[axis + 1 :])
    if tuple(source.shape) != wanted and input.ndim:
        raise RuntimeError(f"index_copy_(): source must have shape {wanted}, got {tuple(source.shape)}")
    put_there = (slice(None),) * axis + (places,)
    return CALLS["index_put"](whole, source.reshape(wanted), index=put_there).reshape(input.shape)


def index_put(input: T, indices: Sequence[Any], values: T, accumulate: bool = False) -> T:
    """`input` with `values` at `input[indices]`.

    Arguments:
        input: a tensor.
        indices: a tuple of tensors of integers, or a mask, as between brackets.
        values: a tensor that broadcasts to the places.
        accumulate: add to the values there; repeats add up.

    Raises:
        IndexError: for a place outside.

    >>> import minigrad as torch
    >>> torch.index_put(torch.zeros(3), (torch.tensor([1]),), torch.tensor(5.0))
    tensor([0., 5., 0.])
    """
    require_tensors("index_put", input=input, values=values)
    if values.dtype != input.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype.name} for the "
            f"destination and {values.dtype.name} for the source."
        )
    index = normalize_index(tuple(slice(None) if i is None else i for i in indices), input._array.shape)
    if not accumulate:
        return CALLS["index_put"](input, values, index=index)
    wanted = np.empty(input.shape, np.bool_)[index].shape
    return input + values.expand(wanted)._scatter_index(index=index, shape=input.shape)


def masked_select(input: T, mask: T) -> T:
    """The elements where a mask is True, in one row.

    Arguments:
        input: a tensor.
        mask: a boolean tensor; the two broadcast.

    Raises:
        RuntimeError: for a mask that is not boolean.

    >>> import minigrad as torch
    >>> torch.masked_select(torch.tensor([1, 2, 3]), torch.tensor([True, False, True]))
    tensor([1, 3])
    """
    mask_of("masked_select", mask)
    shape = np.broadcast_shapes(input.shape, mask.shape)
    return input.expand(shape)[mask.expand(shape)]


def masked_scatter(input: T, mask: T, source: T) -> T:
    """`input` with the first elements of `source`, in their order, where a mask is True.

    Arguments:
        input: a tensor.
        mask: a boolean tensor; the two broadcast.
        source: a tensor of the input's dtype, with enough elements.

    Raises:
        RuntimeError: for a mask that is not boolean, another dtype, and too few elements.

    >>> import minigrad as torch
    >>> torch.masked_scatter(torch.zeros(3), torch.tensor([True, False, True]), torch.tensor([5.0, 6.0]))
    tensor([5., 0., 6.])
    """
    require_tensors("masked_scatter", input=input, mask=mask, source=source)
    mask_of("masked_scatter", mask)
    if source.dtype != input.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {input.dtype.name} and "
            f"{source.dtype.name}"
        )
    shape = np.broadcast_shapes(input.shape, mask.shape)
    places = np.broadcast_to(mask._array, shape)
    n = int(places.sum())
    if source.numel() < n:
        raise RuntimeError(f"masked_scatter: {n} places, but source has {source.numel()} elements")
    return CALLS["index_put"](input.expand(shape).contiguous(), source.reshape(-1)[:n], index=(places,))


_REDUCE = ("sum", "prod", "mean", "amax", "amin")


def _combined(name: str, input: T, places: Any, src: T, reduce: str, include_self: bool) -> T:
    """`input` as one row, with the elements of `src` combined at `places` of it.

    Every place gets a row of its own: the value there, then those that come to it. The rows are reduced.
    """
    if reduce not in _REDUCE:
        raise RuntimeError(f"{name}: reduce must be one of {', '.join(_REDUCE)}, not {reduce!r}")
    if src.dtype != input.dtype:
        raise RuntimeError(
            f"{name}: self ({input.dtype.name}) and src ({src.dtype.name}) must have the same dtype"
        )
    if input.dtype == np.bool_:
        if reduce == "mean":
            raise NotImplementedError(f"{name}: booleans have no mean")
        return _combined(name, input.long(), places, src.long(), reduce, include_self).bool()
    flat, values, n = input.reshape(-1), src.reshape(-1), input.numel()
    counts = np.bincount(places, minlength=n)
    touched = wrap(counts > 0, None)
    if reduce in ("sum", "mean"):
        start = flat if include_self else flat.masked_fill(touched, 0)
        out = start + values._scatter_index(index=(places,), shape=(n,))
        if reduce == "mean":
            size = np.maximum(counts + include_self, 1)
            size = wrap(size.astype(input._array.dtype), None)
            out = out / size if input.is_floating_point() else out.div(size, rounding_mode="floor")
            out = out if include_self else CALLS["where"](touched, out, flat)
        return out.reshape(input.shape)
    order = np.argsort(places, kind="stable")
    rank = np.empty(places.size, np.int64)
    rank[order] = np.arange(places.size) - (np.cumsum(counts) - counts)[places[order]]
    width = int(counts.max(initial=0)) + 1
    own = input._array.dtype
    limits = (-math.inf, math.inf) if own.kind == "f" else (np.iinfo(own).min, np.iinfo(own).max)
    nothing = {"prod": 1, "amax": limits[0], "amin": limits[1]}[reduce]
    rows = wrap(np.full((n, width), nothing, own), None)
    kept = flat if include_self else flat.masked_fill(touched, nothing)
    rows = CALLS["index_put"](rows, kept, index=(slice(None), 0))
    rows = CALLS["index_put"](rows, values, index=(places, rank + 1))
    return getattr(rows, reduce)(1).to(input.dtype).reshape(input.shape)


@as_spelled
def scatter_reduce(input: T, dim: int, index: T, src: T, reduce: str, *, include_self: bool = True) -> T:
    """`input` with src[i][j] combined at [index[i][j]][j] for dim = 0, and so on.

    Arguments:
        input: a tensor.
        dim: an axis.
        index: an int64 tensor of as many axes, no longer than the input but along `dim`.
        src: a tensor of the input's dtype, at least as large as `index`.
        reduce: "sum", "prod", "mean", "amax" or "amin".
        include_self: whether the values there count too.

    Raises:
        RuntimeError: for shapes or dtypes that do not fit, and for an index outside the axis.

    >>> import minigrad as torch
    >>> torch.scatter_reduce(torch.ones(2), 0, torch.tensor([0, 0, 1]), torch.tensor([2.0, 3.0, 4.0]), "prod")
    tensor([6., 4.])
    """
    require_tensors("scatter_reduce", input=input, index=index, src=src)
    if not input.ndim:
        row = scatter_reduce(
            input.reshape(1), 0, index.reshape(-1), src.reshape(-1), reduce, include_self=include_self
        )
        return row.reshape(())
    _check_along("scatter_reduce", input, dim, index, src)
    axis = normalize_dim(dim, input.ndim)
    where = list(np.indices(index.shape, sparse=True))
    where[axis] = index._array
    places = np.broadcast_to(np.ravel_multi_index(np.broadcast_arrays(*where), input.shape), index.shape)
    return _combined("scatter_reduce", input, places.reshape(-1), _covered(src, index), reduce, include_self)


@as_spelled
def index_reduce(input: T, dim: int, index: T, source: T, reduce: str, *, include_self: bool = True) -> T:
    """`input` with the slices of `source` combined at the positions `index` along `dim`.

    Arguments:
        input: a tensor.
        dim: an axis.
        index: an int32 or int64 vector.
        source: a tensor of the input's dtype and shape, but as long as `index` along `dim`.
        reduce: "prod", "mean", "amax" or "amin".
        include_self: whether the values there count too.

    Raises:
        RuntimeError: for shapes or dtypes that do not fit.

    >>> import minigrad as torch
    >>> torch.index_reduce(torch.zeros(2), 0, torch.tensor([1, 1]), torch.tensor([2.0, 4.0]), "amax")
    tensor([0., 4.])
    """
    require_tensors("index_reduce", input=input, index=index, source=source)
    if not input.ndim:
        rows = input.reshape(1), source.reshape(-1)
        return index_reduce(rows[0], dim, index, rows[1], reduce, include_self=include_self).reshape(())
    _integer("index_reduce", index)
    axis = normalize_dim(dim, input.ndim)
    check_bounds("index_reduce(): index out of range in self", index, axis, input.shape[axis])
    wanted = (*input.shape[:axis], index.numel(), *input.shape[axis + 1 :])
    if tuple(source.shape) != wanted:
        raise RuntimeError(f"index_reduce: source must have shape {wanted}, got {tuple(source.shape)}")
    if reduce == "sum":
        raise RuntimeError("index_reduce: reduce must be one of prod, mean, amax, amin; index_add adds")
    wide = index._array.reshape([-1 if i == axis else 1 for i in range(input.ndim)])
    spread = wrap(np.array(np.broadcast_to(wide, wanted), np.int64), None)
    return scatter_reduce(input, axis, spread, source, reduce, include_self=include_self)
