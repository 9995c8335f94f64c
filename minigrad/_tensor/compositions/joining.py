"""Tensors side by side, grids of them, and products of all their elements."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import require_one_dtype, tensors_in
from minigrad._tensor.out import taking_out
from minigrad._tensor.record import Recorded, wrap
from minigrad.ops import distances as _distances  # noqa: F401 (its record)
from minigrad.ops.arrays import kin
from minigrad.ops.kernels import normalize_dim

from .index import check_bounds

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def _given(name: str, tensors: Any) -> list[T]:
    """The tensors of a call that takes them one by one or in a sequence."""
    if type(tensors) is tuple and len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tensors[0]
    return list(tensors_in(name, tensors))


def _cat(tensors: list[T], dim: int) -> T:
    return CALLS["cat"](tuple(tensors), dim=dim)


def atleast_1d(*tensors: T) -> Any:
    """The tensors with at least one axis; a tuple of them where several are given.

    Arguments:
        tensors: tensors, one by one or in one sequence.

    >>> import minigrad as torch
    >>> torch.atleast_1d(torch.tensor(3))
    tensor([3])
    """
    return _each(tensors, lambda x: x.reshape(1) if x.ndim == 0 else x)


def atleast_2d(*tensors: T) -> Any:
    """The tensors with at least two axes: vectors become rows.

    Arguments:
        tensors: tensors, one by one or in one sequence.

    >>> import minigrad as torch
    >>> torch.atleast_2d(torch.arange(2))
    tensor([[0, 1]])
    """
    return _each(tensors, lambda x: x.reshape(1, -1) if x.ndim < 2 else x)


def atleast_3d(*tensors: T) -> Any:
    """The tensors with at least three axes: a new last axis for a matrix, (1, n, 1) for a vector.

    Arguments:
        tensors: tensors, one by one or in one sequence.

    >>> import minigrad as torch
    >>> torch.atleast_3d(torch.arange(2)).shape
    torch.Size([1, 2, 1])
    """
    return _each(
        tensors, lambda x: x.reshape(1, -1, 1) if x.ndim < 2 else x.unsqueeze(-1) if x.ndim == 2 else x
    )


def _each(tensors: tuple[Any, ...], widen: Any) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], Recorded):
        return widen(tensors[0])
    return tuple(map(widen, _given("atleast", tensors)))


@taking_out
def hstack(tensors: Any) -> T:
    """The tensors side by side: along the second axis, vectors along their only one.

    Arguments:
        tensors: a sequence of tensors.

    >>> import minigrad as torch
    >>> torch.hstack([torch.tensor([1, 2]), torch.tensor([3])])
    tensor([1, 2, 3])
    """
    parts = [atleast_1d(x) for x in _given("hstack", tensors)]
    return _cat(parts, 0 if parts[0].ndim == 1 else 1)


@taking_out
def vstack(tensors: Any) -> T:
    """The tensors one below the other: along the first axis, vectors as rows.

    Arguments:
        tensors: a sequence of tensors.

    >>> import minigrad as torch
    >>> torch.vstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return _cat([atleast_2d(x) for x in _given("vstack", tensors)], 0)


row_stack = vstack


@taking_out
def dstack(tensors: Any) -> T:
    """The tensors one behind the other: along the third axis.

    Arguments:
        tensors: a sequence of tensors.

    >>> import minigrad as torch
    >>> torch.dstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])
    """
    return _cat([atleast_3d(x) for x in _given("dstack", tensors)], 2)


@taking_out
def column_stack(tensors: Any) -> T:
    """The tensors side by side, vectors as columns.

    Arguments:
        tensors: a sequence of tensors.

    >>> import minigrad as torch
    >>> torch.column_stack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    parts = [x.reshape(-1, 1) if x.ndim < 2 else x for x in _given("column_stack", tensors)]
    return _cat(parts, 1)


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[T, ...]:
    """The coordinates of a grid: for vectors of n and m, two tensors of (n, m), views of the vectors.

    Arguments:
        tensors: vectors of one dtype, one by one or in one sequence; a 0-d tensor counts as a vector of 1.
        indexing: "ij": the first vector runs along the first axis. "xy": it runs along the second.
            None means "ij", with a warning.

    Raises:
        RuntimeError: for other tensors, dtypes that differ, another `indexing`.

    >>> import minigrad as torch
    >>> torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4]), indexing="ij")[0]
    tensor([[1, 1],
            [2, 2]])
    """
    parts = _given("meshgrid", tensors)
    if indexing is None:
        warnings.warn(
            'meshgrid: say indexing="ij", which is meant without it, or indexing="xy"',
            UserWarning,
            stacklevel=2,
        )
    elif indexing not in ("ij", "xy"):
        raise RuntimeError(f'meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in parts:
        if x.ndim > 1:
            raise RuntimeError(f"meshgrid: expected 0-d or 1-d tensors, but got shape {tuple(x.shape)}")
        if x.dtype != parts[0].dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    swapped = indexing == "xy" and len(parts) > 1
    if swapped:
        parts[:2] = parts[1::-1]
    shape = [x.numel() for x in parts]
    grids = []
    for i, x in enumerate(parts):
        sizes = [1] * len(parts)
        sizes[i] = shape[i]
        grids.append(x.reshape(sizes).expand(shape))
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def cartesian_prod(*tensors: Any) -> T:
    """All ways to take one element of each vector, a row for each.

    Arguments:
        tensors: vectors of one dtype.

    >>> import minigrad as torch
    >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3]))
    tensor([[1, 3],
            [2, 3]])
    """
    parts = _given("cartesian_prod", tensors)
    if len(parts) == 1:
        return parts[0]
    return CALLS["stack"](tuple(g.reshape(-1) for g in meshgrid(*parts, indexing="ij")), dim=1)


@taking_out
def kron(input: T, other: T) -> T:
    """The Kronecker product: `other` in the place of each element of `input`, times that element.

    Arguments:
        input, other: tensors of any shape.

    >>> import minigrad as torch
    >>> torch.kron(torch.tensor([1, 10]), torch.tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    n = max(input.ndim, other.ndim)
    a, b = ([1] * (n - x.ndim) + list(x.shape) for x in (input, other))
    wide = [m for size in a for m in (size, 1)]
    deep = [m for size in b for m in (1, size)]
    return (input.reshape(wide) * other.reshape(deep)).reshape([p * q for p, q in zip(a, b, strict=True)])


@taking_out
def tensordot(a: T, b: T, dims: Any = 2) -> T:
    """The sum of products over pairs of axes.

    Arguments:
        a, b: tensors.
        dims: a number n for the last n axes of `a` with the first n of `b`, or two lists of axes. An axis of
            size 1 goes with one of any size.

    Raises:
        RuntimeError: for axes of unequal sizes.

    >>> import minigrad as torch
    >>> torch.tensordot(torch.ones(2, 3), torch.ones(3, 4), dims=1).shape
    torch.Size([2, 4])
    """
    if isinstance(dims, Recorded):
        dims = dims._array.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise RuntimeError(f"tensordot expects dims <= the dimensions of both, but got dims={dims}")
        dims = (range(a.ndim - dims, a.ndim), range(dims))
    first, second = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(first) != len(second):
        raise RuntimeError("tensordot: both dimension lists should have same length")
    first = [normalize_dim(d, a.ndim) for d in first]
    second = [normalize_dim(d, b.ndim) for d in second]
    for p, q in zip(first, second, strict=True):
        if a.shape[p] == 1 != b.shape[q]:
            b = b.sum(q, keepdim=True, dtype=b.dtype)
        elif b.shape[q] == 1 != a.shape[p]:
            a = a.sum(p, keepdim=True, dtype=a.dtype)
        if a.shape[p] != b.shape[q]:
            raise RuntimeError(
                f"tensordot: contracted dimensions need to match, but first has size {a.shape[p]} in dim {p} "
                f"and second has size {b.shape[q]} in dim {q}"
            )
    rest_a = [d for d in range(a.ndim) if d not in first]
    rest_b = [d for d in range(b.ndim) if d not in second]
    shape = [a.shape[d] for d in rest_a] + [b.shape[d] for d in rest_b]
    count = int(np.prod([a.shape[d] for d in first], dtype=np.int64))
    left = a.permute(rest_a + first).reshape(-1 if count else int(np.prod(shape[: len(rest_a)])), count)
    right = b.permute(second + rest_b).reshape(count, -1 if count else int(np.prod(shape[len(rest_a) :])))
    return (left @ right).reshape(shape)


@taking_out
def cross(input: T, other: T, dim: int | None = None) -> T:
    """The vector product in three dimensions.

    Arguments:
        input, other: tensors of shapes that broadcast, with 3 elements along `dim`.
        dim: the axis of the vectors; None takes the first of size 3, with a warning.

    Raises:
        RuntimeError: where that axis has not 3 elements.

    >>> import minigrad as torch
    >>> torch.cross(torch.tensor([1, 0, 0]), torch.tensor([0, 1, 0]), dim=0)
    tensor([0, 0, 1])
    """
    if input.ndim != other.ndim:
        raise RuntimeError("cross: inputs must have the same number of dimensions")
    if dim is None:
        dim = next((i for i, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("cross: no dimension of size 3 in input")
        if input.ndim > 1:
            warnings.warn("cross: say dim=, which is guessed without it", UserWarning, stacklevel=2)
    dim = normalize_dim(dim, input.ndim)
    require_one_dtype("cross", input, other)
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"cross: inputs dimension {dim} must have length 3. Got {input.shape[dim]} and {other.shape[dim]}"
        )
    return input.roll(-1, dim) * other.roll(-2, dim) - input.roll(-2, dim) * other.roll(-1, dim)


_CDIST_MODES = (
    "use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist",
)  # fmt: skip


def cdist(x1: T, x2: T, p: float = 2.0, compute_mode: str = _CDIST_MODES[0]) -> T:
    """The distances of all pairs of rows: (..., n, d) and (..., m, d) give (..., n, m).

    Arguments:
        x1, x2: floating tensors; leading axes broadcast.
        p: the order of the norm of the differences, not negative.
        compute_mode: accepted, one of PyTorch's three; the differences themselves are squared in each.

    Raises:
        RuntimeError: for integers, a negative p, and shapes that do not go together.
        ValueError: for another compute_mode.

    >>> import minigrad as torch
    >>> torch.cdist(torch.zeros(1, 2), torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    if x1.ndim < 2 or x2.ndim < 2:
        raise RuntimeError("cdist only supports at least 2D tensors")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"cdist: rows must have equal lengths, got {x1.shape[-1]} and {x2.shape[-1]}")
    if not x1.is_floating_point() or not x2.is_floating_point():
        raise RuntimeError(f"cdist: expected floating tensors, got {x1.dtype.name} and {x2.dtype.name}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if compute_mode not in _CDIST_MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    if not x1.shape[-1]:  # no differences: all distances are 0, also in the norm of the largest
        p = 2.0
    if p == 2:
        return CALLS["cdist"](x1, x2)
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3))._vector_norm(ord=float(p), dim=-1)


def repeat_interleave(input: T, repeats: Any = None, dim: int | None = None, *, output_size: Any = None) -> T:
    """Each element (or slice along `dim`) several times, one after the other.

    Arguments:
        input: a tensor; flattened where `dim` is None. Alone, it holds repeats, and the places come out.
        repeats: how often, or a tensor with a number for each.
        dim: an axis.
        output_size: accepted; it changes nothing.

    >>> import minigrad as torch
    >>> torch.repeat_interleave(torch.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    if repeats is None:
        repeats, input = input, input.new_tensor(np.arange(input.numel()), dtype=np.int64)
    if dim is None:
        input, dim = input.reshape(-1), 0
    n = input.shape[normalize_dim(dim, input.ndim)]
    times = repeats._array.reshape(-1) if isinstance(repeats, Recorded) else np.asarray([repeats])
    if times.dtype.kind != "i":
        raise RuntimeError(f"repeat_interleave: repeats must be int32 or int64, not {times.dtype}")
    if (times < 0).any():
        raise RuntimeError("repeat_interleave: repeats can not be negative")
    if times.size not in (1, n):
        raise RuntimeError("repeat_interleave: repeats must have the same size as input along dim")
    if type(repeats) is int and input.ndim:
        return CALLS["repeat_each"](input, times=repeats, dim=dim)
    places = np.repeat(np.arange(n), np.broadcast_to(times, n))
    return input.index_select(dim, input.new_tensor(places, dtype=np.int64))


def index_fill(input: T, dim: int, index: T, value: Any) -> T:
    """`input` with one number in all slices at the positions `index` along `dim`.

    Arguments:
        input: a tensor.
        dim: an axis.
        index: a vector of integers.
        value: a number, or a 0-d tensor.

    >>> import minigrad as torch
    >>> torch.index_fill(torch.zeros(3), 0, torch.tensor([1]), 5.0)
    tensor([0., 5., 0.])
    """
    dim = normalize_dim(dim, input.ndim)
    n = input.shape[dim] if input.ndim else 1
    places = index._array
    if places.ndim > 1:
        raise RuntimeError(f"index_fill: index must be a vector or 0-d, not of shape {tuple(places.shape)}")
    if index.dtype != np.int64:
        raise IndexError(f"index_fill: expected an int64 index, got {index.dtype.name}; use index.long()")
    check_bounds("index_fill()", index, dim, n, least=-n)
    marked = np.isin(np.arange(n, like=kin(places)), np.where(places < 0, places + n, places))
    shape = [n if i == dim else 1 for i in range(input.ndim)]
    return input.masked_fill(wrap(marked.reshape(shape), None), value)
