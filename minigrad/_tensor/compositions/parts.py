"""Parts of tensors and other orders of their elements: pieces, windows, turns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.convert import as_spelled, require_tensors, sizes_of
from minigrad._tensor.record import Recorded, wrap
from minigrad.ops.kernels import normalize_dim

from .shape import _cut, split

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def rot90(input: T, k: int = 1, dims: Sequence[int] = (0, 1)) -> T:
    """Turned by 90 degrees `k` times, from the first of two axes to the second.

    Arguments:
        input: a tensor of at least two axes.
        k: how often; a negative number turns back.
        dims: the two axes.

    Raises:
        RuntimeError: for other axes.

    >>> import minigrad as torch
    >>> torch.rot90(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    require_tensors("rot90", input=input)
    if len(dims) != 2 or input.ndim < 2:
        raise RuntimeError("rot90: expected two dims, of a tensor of at least two axes")
    a, b = (normalize_dim(d, input.ndim) for d in dims)
    if a == b:
        raise RuntimeError(f"rot90: expected two different dims, got {tuple(dims)}")
    turns = k % 4
    if turns == 1:
        return input.flip(b).transpose(a, b)
    if turns == 3:
        return input.flip(a).transpose(a, b)
    return input.flip(a, b) if turns else input.clone()


def fliplr(input: T) -> T:
    """The second axis reversed.

    Arguments:
        input: a tensor of at least two axes.

    >>> import minigrad as torch
    >>> torch.fliplr(torch.tensor([[1, 2]]))
    tensor([[2, 1]])
    """
    if input.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return input.flip(1)


def flipud(input: T) -> T:
    """The first axis reversed.

    Arguments:
        input: a tensor of at least one axis.

    >>> import minigrad as torch
    >>> torch.flipud(torch.tensor([1, 2]))
    tensor([2, 1])
    """
    if input.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return input.flip(0)


def ravel(input: T) -> T:
    """All elements in one axis, as `reshape(input, (-1,))`."""
    return input.reshape(-1)


def unflatten(input: T, dim: int, sizes: Any) -> T:
    """One axis as several.

    Arguments:
        input: a tensor.
        dim: the axis.
        sizes: of the new axes; one may be -1.

    Raises:
        RuntimeError: for sizes with another product.

    >>> import minigrad as torch
    >>> torch.unflatten(torch.ones(2, 6), 1, (3, -1)).shape
    torch.Size([2, 3, 2])
    """
    require_tensors("unflatten", input=input)
    sizes = tuple(sizes)
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    axis = normalize_dim(dim, input.ndim)
    n, known = input.shape[axis], int(np.prod([s for s in sizes if s != -1]))
    if sizes.count(-1) > 1 or (known != n if -1 not in sizes else not known or n % known):
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({n})"
        )
    return input.reshape(*input.shape[:axis], *sizes, *input.shape[axis + 1 :])


def tensor_split(input: T, indices_or_sections: Any, dim: int = 0) -> tuple[T, ...]:
    """Parts along `dim`: so many, of nearly equal size, or cut at places. They are views.

    Arguments:
        input: a tensor of at least one axis.
        indices_or_sections: the number of parts, or the places of the cuts.
        dim: an axis.

    Raises:
        RuntimeError: for fewer than one part.

    >>> import minigrad as torch
    >>> torch.tensor_split(torch.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    require_tensors("tensor_split", input=input)
    if not input.ndim:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    axis = normalize_dim(dim, input.ndim)
    n, given = input.shape[axis], indices_or_sections
    given = given._array.tolist() if isinstance(given, Recorded) else given
    if isinstance(given, int):
        if given < 1:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        whole, rest = divmod(n, given)
        return split(input, [whole + (i < rest) for i in range(given)], axis)
    ends = [slice(i, None).indices(n)[0] for i in given]
    return _cut(input, axis, [slice(a, max(a, b)) for a, b in itertools.pairwise([0, *ends, n])])


def _split_along(name: str, axis: int, least: int) -> Any:
    def function(input: T, indices_or_sections: Any) -> tuple[T, ...]:
        require_tensors(name, input=input)
        if input.ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with "
                f"{input.ndim} dimensions!"
            )
        along = axis if input.ndim > 1 else 0
        if isinstance(indices_or_sections, int) and input.shape[along] % max(indices_or_sections, 1):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {along}, but the size of the dimension "
                f"{input.shape[along]} is not divisible by the split_size {indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, along)

    function.__name__ = function.__qualname__ = name
    more = ", of a vector along its only one" if name == "hsplit" else ""
    function.__doc__ = f"""Parts along axis {axis}{more}.

    Arguments:
        input: a tensor of at least {least} axes.
        indices_or_sections: the number of parts, by which the size can be divided, or the places of the cuts.

    Raises:
        RuntimeError: for other shapes and numbers.

    >>> import minigrad as torch
    >>> [x.shape[{axis}] for x in torch.{name}(torch.zeros(4, 4, 4), 2)]
    [2, 2]
    """
    return function


hsplit, vsplit, dsplit = (
    _split_along("hsplit", 1, 1),
    _split_along("vsplit", 0, 2),
    _split_along("dsplit", 2, 3),
)


def split_with_sizes(input: T, split_sizes: Sequence[int], dim: int = 0) -> tuple[T, ...]:
    """Parts of `input` of the given `split_sizes` along `dim`, as `split(tensor, split_sizes, dim)`."""
    return split(input, list(split_sizes), dim)


@as_spelled
def select(input: T, dim: int, index: int) -> T:
    """The slice at one place of an axis, which goes: a view.

    Arguments:
        input: a tensor of at least one axis.
        dim: an axis.
        index: the place; a negative one counts from the end.

    Raises:
        IndexError: for a place outside the axis.

    >>> import minigrad as torch
    >>> torch.select(torch.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    require_tensors("select", input=input)
    return input[slice_at(input, dim, index)]


def slice_at(input: T, dim: int, index: int) -> tuple[Any, ...]:
    """The index of the slice at one place along `dim`."""
    if not input.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = normalize_dim(dim, input.ndim)
    n, place = input.shape[axis], int(index)
    if not -n <= place < n:
        raise IndexError(
            f"select(): index {place} out of range for tensor of size {list(input.shape)} at dimension {axis}"
        )
    return (slice(None),) * axis + (place,)


def _unwritable(x: T) -> T:
    """PyTorch's is a view, ours a copy: a write to it, which would not reach the other, is an error."""
    x._array.flags.writeable = False
    return x


def unfold(input: T, dimension: int, size: int, step: int) -> T:
    """All windows of `size` elements along an axis, as a new last axis.

    Arguments:
        input: a tensor.
        dimension: the axis.
        size: of a window.
        step: from one window to the next.

    Raises:
        RuntimeError: for a size that is larger than the axis, and a step below 1.

    The result is a copy; it cannot be written in place.

    >>> import minigrad as torch
    >>> torch.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    axis = normalize_dim(dimension, input.ndim)
    n = input.shape[axis] if input.ndim else 1
    if size > n or size < 0:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {n} but size is {size}")
    if step < 1:
        raise RuntimeError(f"step is {step} but must be > 0")
    rows = input.reshape(1) if not input.ndim else input.movedim(axis, -1)
    starts = np.arange(0, n - size + 1, step)
    windows = rows[..., wrap(starts[:, None] + np.arange(size), None)]
    if not input.ndim:
        return _unwritable(windows.reshape(size))
    return _unwritable(windows.movedim(-2, axis).clone())


def as_strided(input: T, size: Any, stride: Any, storage_offset: int | None = None) -> T:
    """The elements of the memory at steps of `stride`, in another shape.

    Arguments:
        input: a tensor with its elements in rows.
        size, stride: of the result, as many.
        storage_offset: the place of the first element, from that of `input`.

    Raises:
        RuntimeError: for another layout, and for places outside of the tensor.

    The result is a copy; it cannot be written in place.

    >>> import minigrad as torch
    >>> torch.as_strided(torch.arange(4), (2, 2), (1, 2))
    tensor([[0, 2],
            [1, 3]])
    """
    require_tensors("as_strided", input=input)
    size, stride = sizes_of((size,)), sizes_of((stride,))
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if not input._array.flags.c_contiguous or (storage_offset is not None and input.storage_offset()):
        raise RuntimeError(
            "as_strided: the elements must stand in rows, in memory of their own; use .clone()"
        )
    places = np.full(size, storage_offset or 0, np.int64)
    for axis, (n, step) in enumerate(zip(size, stride, strict=True)):
        places += (np.arange(n) * step).reshape(-1, *[1] * (len(size) - axis - 1))
    if places.size and not (places.min() >= 0 and places.max() < input._array.size):
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)} are out of bounds for storage of size "
            f"{input._array.size}"
        )
    return _unwritable(input.reshape(-1)[wrap(places, None)])


def combinations(input: T, r: int = 2, with_replacement: bool = False) -> T:
    """All choices of `r` elements of a vector, in the order of their places.

    Arguments:
        input: a vector.
        r: how many.
        with_replacement: whether an element may be chosen again.

    Raises:
        RuntimeError: for other shapes, and a negative `r`.

    >>> import minigrad as torch
    >>> torch.combinations(torch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if not r:
        return input.new_empty(0)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(input.shape[0]), r)), np.int64).reshape(-1, r)
    return input[wrap(places, None)]


def sum_to_size(input: T, *size: Any) -> T:
    """The sum over the axes in which `size` has 1, or which it lacks: expand, backwards.

    Arguments:
        input: a tensor.
        size: a shape that broadcasts to that of `input`.

    Raises:
        RuntimeError: for another shape.

    >>> import minigrad as torch
    >>> torch.ones(2, 3).sum_to_size(3)
    tensor([2., 2., 2.])
    """
    wanted = sizes_of(size)
    extra = input.ndim - len(wanted)
    if extra < 0 or any(n not in (1, m) for n, m in zip(wanted, input.shape[extra:], strict=True)):
        raise RuntimeError(f"size {list(wanted)} is not expandable to size {list(input.shape)}.")
    ones = [extra + i for i, n in enumerate(wanted) if n == 1 and input.shape[extra + i] != 1]
    axes = (*range(extra), *ones)
    return input.sum(axes).reshape(wanted) if axes else input


def unravel_index(indices: T, shape: Any) -> tuple[T, ...]:
    """The places along the axes of a shape, from places in its elements counted in rows.

    Arguments:
        indices: a tensor of integers.
        shape: a number or a tuple of sizes.

    >>> import minigrad as torch
    >>> torch.unravel_index(torch.tensor([1, 4]), (2, 3))
    (tensor([0, 1]), tensor([1, 1]))
    """
    if indices.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes = (shape,) if isinstance(shape, int) else sizes_of((shape,))
    rest, found = indices._array.astype(np.int64), []
    for n in reversed(sizes):
        found.append(wrap(np.asarray(rest % n), None))
        rest = rest // n
    return tuple(reversed(found))
