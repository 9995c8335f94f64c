"""Ranks: the k-th value, quantiles, the most frequent value, smallest and largest, values that repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minigrad._tensor.calls import CALLS, RECORD
from minigrad._tensor.convert import as_constant, as_operand, as_spelled, require_tensors
from minigrad._tensor.named_results import variant, written_as
from minigrad._tensor.record import Recorded, wrap
from minigrad.ops import ranks as _ranks  # noqa: F401 (its records)
from minigrad.ops.arrays import arrayed, everything
from minigrad.ops.kernels import normalize_dim, normalize_dims
from minigrad.ops.refusal import without_derivative

from .counting import Median

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


class Chosen(NamedTuple):
    """Chosen elements along an axis, and where they stood."""

    values: Any
    indices: Any


@written_as("aminmax")
class Ends(NamedTuple):
    """The smallest and the largest elements."""

    min: Any
    max: Any


_KTHVALUE: type[Chosen] = variant(Chosen, "kthvalue")
_MODE: type[Chosen] = variant(Chosen, "mode")
_NANMEDIAN: type[Median] = variant(Median, "nanmedian")


def _picked(kind: Any, input: T, dim: int, places: Any, keepdim: bool) -> Any:
    """The elements at `places`, an array with size 1 along `dim`, as `kind`."""
    indices = as_operand(places.astype(np.int64))
    values = input.gather(dim, indices)
    return kind(values, indices) if keepdim else kind(values.squeeze(dim), indices.squeeze(dim))


def _of_vector(input: T, function: Any) -> Any:
    """A 0-d tensor counts as a vector of one element."""
    found = function(input.reshape(1))
    return type(found)(*[part.reshape(()) for part in found])


@as_spelled
def kthvalue(input: T, k: int, dim: int = -1, keepdim: bool = False) -> Chosen:
    """The k-th smallest elements along `dim`, and where they stand.

    Arguments:
        input: a tensor; nan counts as the largest.
        k: from 1 on.
        dim: an axis.
        keepdim: keep the axis with size 1.

    Raises:
        RuntimeError: for a `k` outside the axis.

    Derivative: 1 for the element taken.

    >>> import minigrad as torch
    >>> torch.kthvalue(torch.tensor([3.0, 1.0, 2.0]), 2)
    torch.return_types.kthvalue(
    values=tensor(2.),
    indices=tensor(2))
    """
    require_tensors("kthvalue", input=input)
    axis = normalize_dim(dim, input.ndim)
    if not 1 <= k <= (input.shape[axis] if input.ndim else 1):
        raise RuntimeError("kthvalue(): selected number k out of range for dimension " + str(axis))
    values, indices = RECORD["kthvalue"]((input,), {"k": k, "dim": dim, "keepdim": keepdim})
    return _KTHVALUE(values, wrap(arrayed(indices), None))


@as_spelled
def mode(input: T, dim: int = -1, keepdim: bool = False) -> Chosen:
    """The most frequent values along `dim`, the smallest of several, and the last place of each.

    Arguments:
        input: a tensor.
        dim: an axis.
        keepdim: keep the axis with size 1.

    Derivative: 1 for the element taken.

    >>> import minigrad as torch
    >>> torch.mode(torch.tensor([3, 1, 3]))
    torch.return_types.mode(
    values=tensor(3),
    indices=tensor(2))
    """
    require_tensors("mode", input=input)
    axis = normalize_dim(dim, input.ndim)
    if not input.ndim:
        return _of_vector(input, lambda x: mode(x, 0, True))
    if not input.shape[axis]:
        raise IndexError(f"mode(): expected reduction dim {dim} to have non-zero size")

    def last_of_most(row: Any) -> Any:
        values, counts = np.unique(row, return_counts=True)
        return np.flatnonzero(row == values[counts.argmax()])[-1:]

    places = np.apply_along_axis(last_of_most, axis, input._array)
    return _picked(_MODE, input, axis, places, keepdim)


def msort(input: T) -> T:
    """Sorted along the first axis, as `sort(input, 0)` without the places.

    >>> import minigrad as torch
    >>> torch.msort(torch.tensor([2, 1]))
    tensor([1, 2])
    """
    return input.sort(0).values if input.ndim else input.clone()


@as_spelled
def nanmedian(input: T, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of the elements that are not nan, as `median(input)` of them.

    Arguments:
        input: a tensor.
        dim: an axis; None takes all elements.
        keepdim: keep the axis with size 1.

    >>> import minigrad as torch
    >>> torch.nanmedian(torch.tensor([3.0, float("nan"), 1.0]))
    tensor(1.)
    """
    array = input._array
    if dim is None:
        kept = input.reshape(-1)[as_operand(array.reshape(-1) == array.reshape(-1))]
        return kept.median() if kept.numel() or not array.size else input.median()
    axis = normalize_dim(dim, input.ndim)
    if not input.ndim:
        return _of_vector(input, lambda x: nanmedian(x, 0, True))
    if not input.shape[axis]:
        raise IndexError(f"nanmedian(): expected reduction dim {dim} to have non-zero size")
    order = np.argsort(array, axis=axis, kind="stable")  # nan comes last
    kept = (array == array).sum(axis, keepdims=True)
    places = np.take_along_axis(order, np.maximum((kept - 1) // 2, 0), axis)
    return _picked(_NANMEDIAN, input, axis, places, keepdim)


def _quantile(name: str, input: T, q: Any, dim: Any, keepdim: bool, interpolation: str, skip: bool) -> T:
    require_tensors(name, input=input)
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    if input.dtype not in (np.float32, np.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if hasattr(q, "dtype"):
        if q.dtype != input.dtype:
            raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
        if q.ndim > 1:
            raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    q = q if hasattr(q, "dtype") else input.new_tensor(q)
    if not everything((q._array >= 0) & (q._array <= 1)).all():
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    if not input.numel():
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    axis = 0 if dim is None else normalize_dim(dim, input.ndim)
    rows = input.reshape(-1) if dim is None or not input.ndim else input.movedim(axis, -1)
    ordered = rows.sort(-1).values  # nan comes last
    array = ordered._array
    last = np.isnan(array).sum(-1, keepdims=True)
    n = array.shape[-1]
    level = q._array.reshape(-1)
    # Of a row with nan all quantiles are nan; or those of the others.
    rank = level * (np.maximum(n - last, 1) - 1) if skip else np.where(last > 0, n - 1.0, level * (n - 1))
    rank = rank.astype(array.dtype)
    rounded: Any = {"lower": np.floor, "higher": np.ceil, "nearest": np.round}.get(interpolation)
    if rounded is not None:
        out = ordered.gather(-1, as_operand(rounded(rank).astype(np.int64)))
    else:
        below = np.floor(rank)
        low = ordered.gather(-1, as_operand(below.astype(np.int64)))
        high = ordered.gather(-1, as_operand(np.ceil(rank).astype(np.int64)))
        part = np.full_like(rank, 0.5) if interpolation == "midpoint" else rank - below
        weight = as_operand(part)
        if interpolation == "linear" and q.requires_grad:
            slope = np.where(last > 0, 0 if not skip else np.maximum(n - last, 1) - 1, n - 1)
            weight = weight + (q - q.detach()).reshape(-1) * as_operand(slope.astype(array.dtype))
        out = low.lerp(high, weight)
    out = out.movedim(-1, 0)  # the levels come first
    if keepdim:
        shape = [1] * input.ndim if dim is None else list(input.shape)
        shape[axis : axis + 1] = [1] if input.ndim else []
        out = out.reshape(len(level), *shape)
    return out if q.ndim else out.squeeze(0)


@as_spelled
def quantile(
    input: T, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> T:
    """The values below which parts `q` of the elements lie; nan where one of them is.

    Arguments:
        input: a tensor of float32 or float64.
        q: a number between 0 and 1, or a vector of them, for which a first axis is added. A gradient flows
            to it with "linear".
        dim: an axis; None takes all elements.
        keepdim: keep the axis with size 1.
        interpolation: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".

    Raises:
        RuntimeError: for other dtypes and for a `q` outside [0, 1].

    >>> import minigrad as torch
    >>> torch.quantile(torch.tensor([0.0, 1.0, 2.0, 4.0]), 0.5)
    tensor(1.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@as_spelled
def nanquantile(
    input: T, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> T:
    """The quantiles of the elements that are not nan, as `quantile(input, q)` of them.

    Arguments:
        input, q, dim, keepdim, interpolation: as there.

    >>> import minigrad as torch
    >>> torch.nanquantile(torch.tensor([float("nan"), 1.0, 2.0]), 0.5)
    tensor(1.5000)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)


@as_spelled
def aminmax(input: T, *, dim: int | None = None, keepdim: bool = False) -> Ends:
    """The smallest and the largest element, of all or along `dim`.

    Arguments:
        input: a tensor with elements.
        dim: an axis; None takes all elements.
        keepdim: keep the axis with size 1.

    Derivative: equal ones share it, as those of `amin` and `amax` do.

    >>> import minigrad as torch
    >>> torch.aminmax(torch.tensor([3, 1, 2]))
    torch.return_types.aminmax(
    min=tensor(1),
    max=tensor(3))
    """
    require_tensors("aminmax", input=input)
    axes: Any = () if dim is None else dim
    return Ends(input.amin(axes, keepdim), input.amax(axes, keepdim))


@as_spelled
def count_nonzero(input: T, dim: Any = None) -> T:
    """How many elements are not 0; without a gradient.

    Arguments:
        input: a tensor.
        dim: an axis or a tuple of axes; None takes all.

    >>> import minigrad as torch
    >>> torch.count_nonzero(torch.tensor([0, 2, 3]))
    tensor(2)
    """
    axes = None if dim is None else normalize_dims(dim, input.ndim)
    return as_constant(np.count_nonzero(input._array, axis=axes))


@without_derivative
def unique_consecutive(
    input: T, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The values without those that repeat the one before; a backward that reaches them raises.

    Arguments:
        input: a tensor.
        return_inverse: also where each element went.
        return_counts: also how long each run is.
        dim: compare the slices along an axis instead of elements.

    >>> import minigrad as torch
    >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]), return_counts=True)
    (tensor([1, 2, 1]), tensor([2, 1, 1]))
    """
    array = input._array
    axis = 0 if dim is None else normalize_dim(dim, input.ndim)
    rows = array.reshape(-1) if dim is None else np.moveaxis(array, axis, 0)
    n = len(rows)
    new = np.ones(n, np.bool_)
    changes = rows[1:] != rows[:-1]
    new[1:] = changes.reshape(len(changes), -1).any(1) if changes.size else False
    starts = np.flatnonzero(new)
    values = rows[starts] if dim is None else np.moveaxis(rows[starts], 0, axis)
    inverse = np.cumsum(new) - 1
    inverse = inverse.reshape(array.shape) if dim is None else inverse
    counts = np.diff(np.append(starts, n))
    extra = [x for x, wanted in ((inverse, return_inverse), (counts, return_counts)) if wanted]
    return tuple(as_operand(x) for x in (values, *extra)) if extra else as_operand(values)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> T:
    """True where an element is among others.

    Arguments:
        elements, test_elements: tensors, or one of them a number.
        assume_unique: accepted; it changes nothing.
        invert: True where it is not.

    >>> import minigrad as torch
    >>> torch.isin(torch.tensor([1, 2, 3]), torch.tensor([1, 3]))
    tensor([ True, False,  True])
    """
    if not isinstance(elements, Recorded) and not isinstance(test_elements, Recorded):
        raise TypeError("isin(): elements or test_elements must be a Tensor")
    first, second = (x._array if isinstance(x, Recorded) else x for x in (elements, test_elements))
    return as_operand(np.isin(first, second, invert=invert))


@as_spelled
def renorm(input: T, p: float, dim: int, maxnorm: float) -> T:
    """The slices along `dim` scaled down to norm `maxnorm` where theirs is larger.

    Arguments:
        input: a floating tensor of at least two axes.
        p: the order of the norm, above 0.
        dim: an axis.
        maxnorm: the largest norm, not negative.

    Raises:
        RuntimeError: for other shapes and numbers.

    >>> import minigrad as torch
    >>> torch.renorm(torch.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    require_tensors("renorm", input=input)
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    if not p > 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    axis = normalize_dim(dim, input.ndim)
    others = tuple(i for i in range(input.ndim) if i != axis)
    sizes = CALLS["vector_norm"](input, ord=p, dim=others, keepdim=True)
    return input * CALLS["where"](sizes.detach() > maxnorm, maxnorm / (sizes + 1e-7), 1.0)
