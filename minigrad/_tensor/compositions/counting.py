"""Counts, bins and ranks: how often values occur, where they would stand, which is in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minigrad._tensor.calls import RECORD
from minigrad._tensor.convert import as_constant
from minigrad._tensor.named_results import written_as
from minigrad._tensor.out import taking_out
from minigrad._tensor.record import Recorded, wrap
from minigrad._tensor.tracing import for_each_sample
from minigrad.ops import ranks as _ranks  # noqa: F401 (its records)
from minigrad.ops.arrays import arrayed
from minigrad.ops.kernels import normalize_dim
from minigrad.ops.refusal import without_derivative

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


@written_as("median")
class Median(NamedTuple):
    """The medians along an axis, and where they stand."""

    values: Any
    indices: Any


@written_as("histogram")
class Histogram(NamedTuple):
    """The counts of a histogram, and the edges of its bins."""

    hist: Any
    bin_edges: Any


@taking_out
@for_each_sample
def median(input: T, dim: int | None = None, keepdim: bool = False) -> Any:
    """The element in the middle, the lower one of two, nan where one is; with `dim` (values, indices).

    Arguments:
        input: a tensor with elements.
        dim: an axis; None takes all elements.
        keepdim: keep the axis with size 1.

    Derivative: 1 for the element taken; without `dim`, equal ones share it.

    >>> import minigrad as torch
    >>> torch.median(torch.tensor([3.0, 1.0, 2.0, 4.0]))
    tensor(2.)
    """
    array = input._array
    if dim is None:
        if not array.size:
            return input.new_full((), float("nan"))
        found = array.max() if array.dtype.kind == "f" and np.isnan(array).any() else None
        found = np.sort(array, axis=None)[(array.size - 1) // 2] if found is None else found
        mask = np.isnan(array) if found != found else array == found
        taken = input[as_constant(mask)]
        return taken.amax() if found == found else taken.sum() / taken.numel()
    axis = normalize_dim(dim, input.ndim)
    if input.ndim and not array.shape[axis]:
        raise IndexError(f"median(): expected reduction dim {dim} to have non-zero size")
    values, indices = RECORD["median_dim"]((input,), {"dim": dim, "keepdim": keepdim})
    return Median(values, wrap(arrayed(indices), None))


@taking_out
def nansum(input: T, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> T:
    """The sum of the elements that are not nan.

    Arguments:
        input: a tensor.
        dim: an axis or a tuple of axes; None takes all.
        keepdim: keep the axes with size 1.
        dtype: convert the input to it first.

    >>> import minigrad as torch
    >>> torch.nansum(torch.tensor([1.0, float("nan"), 2.0]))
    tensor(3.)
    """
    return input.masked_fill(input.isnan(), 0).sum(dim, keepdim, dtype=dtype)


@taking_out
def nanmean(input: T, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> T:
    """The mean of the elements that are not nan.

    Arguments:
        input: a floating tensor.
        dim: an axis or a tuple of axes; None takes all.
        keepdim: keep the axes with size 1.
        dtype: convert the input to it first.

    Raises:
        RuntimeError: for a tensor that is not floating.

    >>> import minigrad as torch
    >>> torch.nanmean(torch.tensor([1.0, float("nan"), 2.0]))
    tensor(1.5000)
    """
    if not input.is_floating_point():
        raise RuntimeError(f"nanmean(): expected a floating input, but got {input.dtype.name}")
    total = nansum(input, dim, keepdim, dtype=dtype)
    return total / (~input.isnan()).sum(dim, keepdim).to(total.dtype)


def std_mean(
    input: T, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[T, T]:
    """The standard deviation and the mean.

    Arguments:
        input: a floating tensor.
        dim: an axis or a tuple of axes; None takes all.
        unbiased: False for correction 0.
        keepdim: keep the axes with size 1.
        correction: the number that is subtracted from the count; 1 where it is left out.

    >>> import minigrad as torch
    >>> torch.std_mean(torch.tensor([1.0, 3.0]), correction=0)
    (tensor(1.), tensor(2.))
    """
    axes = None if isinstance(dim, bool) else dim
    return input.std(dim, unbiased, keepdim, correction=correction), input.mean(axes, keepdim)


def var_mean(
    input: T, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[T, T]:
    """The variance and the mean.

    Arguments:
        input: a floating tensor.
        dim: an axis or a tuple of axes; None takes all.
        unbiased: False for correction 0.
        keepdim: keep the axes with size 1.
        correction: the number that is subtracted from the count; 1 where it is left out.

    >>> import minigrad as torch
    >>> torch.var_mean(torch.tensor([1.0, 3.0]), correction=0)
    (tensor(1.), tensor(2.))
    """
    axes = None if isinstance(dim, bool) else dim
    return input.var(dim, unbiased, keepdim, correction=correction), input.mean(axes, keepdim)


@without_derivative
def unique(
    input: T,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different values, in order; a backward that reaches them raises.

    Arguments:
        input: a tensor.
        sorted: accepted; they are sorted always.
        return_inverse: also where each element went.
        return_counts: also how often each value occurs.
        dim: compare the slices along an axis instead of elements.

    >>> import minigrad as torch
    >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    if not return_inverse and not return_counts:
        return as_constant(np.unique(input._array, axis=dim, equal_nan=False))
    values, inverse, counts = np.unique(
        input._array, return_inverse=True, return_counts=True, axis=dim, equal_nan=False
    )
    inverse = inverse.reshape(input._array.shape if dim is None else -1)
    extra = [x for x, wanted in ((inverse, return_inverse), (counts, return_counts)) if wanted]
    return tuple(as_constant(x) for x in (values, *extra))


@without_derivative
@for_each_sample
def bincount(input: T, weights: T | None = None, minlength: int = 0) -> T:
    """How often each of 0, 1, 2, ... occurs.

    Arguments:
        input: a vector of integers that are not negative.
        weights: the weight of each occurrence, of the same length.
        minlength: at least so many counts.

    Raises:
        RuntimeError: for other inputs.

    >>> import minigrad as torch
    >>> torch.bincount(torch.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    array = input._array
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array < 0).any():
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError("bincount: minlength should be >= 0")
    if weights is None:
        return as_constant(np.bincount(array, minlength=minlength))
    if weights.shape != input.shape:
        raise RuntimeError("bincount: weights should be 1-d and have the same length as input")
    own = weights._array.dtype
    counts = np.bincount(array, weights._array, minlength)
    return as_constant(counts.astype(own if own == np.float32 else np.float64))


@taking_out
@for_each_sample
def histc(input: T, bins: int = 100, min: float = 0, max: float = 0) -> T:
    """How many elements fall into each of `bins` equal bins; those outside count nowhere.

    Arguments:
        input: a floating tensor.
        bins: their number.
        min, max: the ends; where both are equal, those of the data.

    Raises:
        RuntimeError: for no bins, ends in the wrong order, ends that are not finite.

    >>> import minigrad as torch
    >>> torch.histc(torch.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    array = input._array.reshape(-1)
    if array.dtype.kind != "f":
        raise NotImplementedError(f"histc: expected a floating input, but got {array.dtype}")
    if bins <= 0:
        raise RuntimeError("histc: bins must be > 0")
    low, high = float(min), float(max)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"histc: range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError("histc: max must be larger than min")
    inside = array[(array >= low) & (array <= high)]
    places = ((inside - array.dtype.type(low)) * bins / array.dtype.type(high - low)).astype(np.int64)
    return as_constant(np.bincount(np.minimum(places, bins - 1), minlength=bins).astype(array.dtype))


@taking_out
@without_derivative
@for_each_sample
def histogram(
    input: T, bins: Any = 100, *, range: Any = None, weight: T | None = None, density: bool = False
) -> Histogram:
    """The counts of the elements between edges, and the edges.

    Arguments:
        input: a floating tensor.
        bins: the number of equal bins, 100 where it is left out, or a vector of edges in order.
        range: the two ends of equal bins; those of the data without it.
        weight: the weight of each element.
        density: divide so that the areas sum to 1.

    >>> import minigrad as torch
    >>> torch.histogram(torch.tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0), density=False).hist
    tensor([0., 2., 1., 0.])
    """
    array = input._array.reshape(-1)
    if array.dtype.kind != "f":
        raise NotImplementedError(f"histogram: expected a floating input, but got {array.dtype}")
    if isinstance(bins, Recorded):
        edges = bins._array
    elif bins < 1:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins}")
    else:
        ends = (array.min(), array.max()) if range is None and array.size else range or (0.0, 1.0)
        low, high = (ends[0] - 0.5, ends[1] + 0.5) if ends[0] == ends[1] else ends
        edges = np.linspace(low, high, bins + 1, dtype=array.dtype)
    weights = None if weight is None else weight._array.reshape(-1)
    counts, _ = np.histogram(array, edges, weights=weights, density=density)
    return Histogram(as_constant(counts.astype(array.dtype)), as_constant(edges))


@taking_out
@for_each_sample
def searchsorted(
    sorted_sequence: T,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: T | None = None,
) -> T:
    """Where the values would have to stand in a sorted sequence, without a gradient.

    Arguments:
        sorted_sequence: a sorted vector, or as many of them as there are rows of `input`.
        input: the values, a tensor or a number.
        out_int32: give int32 instead of int64.
        right: after equal elements instead of before.
        side: "left" or "right", the same in words.
        sorter: the order that sorts the sequence, where it is not sorted.

    >>> import minigrad as torch
    >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 4]))
    tensor([1, 2])
    """
    if side not in (None, "left", "right"):
        raise RuntimeError(f"searchsorted: side can only be 'left' or 'right' but got {side}")
    if right and side == "left":
        raise RuntimeError("searchsorted: side and right can't be set to opposites")
    way: Any = "right" if right or side == "right" else "left"
    rows, values = sorted_sequence._array, input._array if isinstance(input, Recorded) else np.asarray(input)
    if sorter is not None:
        rows = np.take_along_axis(rows, sorter._array, axis=-1)
    if rows.ndim == 1:
        found = arrayed(np.searchsorted(rows, values, side=way))
    elif rows.ndim != values.ndim or rows.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            f"searchsorted: apart from the last dimension, {rows.shape} and {values.shape} must be equal"
        )
    else:
        pairs = zip(rows.reshape(-1, rows.shape[-1]), values.reshape(-1, values.shape[-1]), strict=True)
        found = np.array([np.searchsorted(a, v, side=way) for a, v in pairs]).reshape(values.shape)
    if values.dtype.kind == "f":  # nan is beyond all, also beyond a nan in the sequence, as in PyTorch
        found = np.where(values == values, found, rows.shape[-1])
    return as_constant(found.astype(np.int32 if out_int32 else np.int64))


@taking_out
def bucketize(input: Any, boundaries: T, *, out_int32: bool = False, right: bool = False) -> T:
    """The number of the bin between `boundaries` in which each value lies.

    Arguments:
        input: a tensor or a number.
        boundaries: a sorted vector.
        out_int32: give int32 instead of int64.
        right: a value equal to a boundary belongs to the bin above.

    >>> import minigrad as torch
    >>> torch.bucketize(torch.tensor([0.5, 3.0]), torch.tensor([1.0, 3.0]))
    tensor([0, 1])
    """
    if boundaries.ndim != 1:
        raise RuntimeError(f"bucketize: boundaries must be a vector, got shape {tuple(boundaries.shape)}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
