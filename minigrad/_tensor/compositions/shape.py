"""Other shapes of the same elements: parts along an axis, axes merged and moved, diagonals."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minigrad._tensor.convert import as_spelled
from minigrad.ops.kernels import normalize_dim

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor

    T = Tensor


def _slice(input: T, dim: int, start: int, stop: int) -> T:
    return input[(slice(None),) * dim + (slice(start, stop),)]


@as_spelled
def narrow(input: T, dim: int, start: int, length: int) -> T:
    """`length` elements along `dim`, from `start`: a view.

    Arguments:
        input: a tensor of at least one axis.
        dim: an axis.
        start: the first place; negative ones count from the end.
        length: how many.

    Raises:
        IndexError, RuntimeError: for places outside the axis.

    >>> import minigrad as torch
    >>> torch.narrow(torch.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    if input.ndim == 0:
        raise RuntimeError("narrow: a 0-d tensor has no axis to take elements of")
    dim = normalize_dim(dim, input.ndim)
    n = input.shape[dim]
    start = operator.index(start)
    if not -n <= start <= n:
        raise IndexError(
            f"narrow: start out of range (expected to be in range of [-{n}, {n}], but got {start})"
        )
    start = start + n if start < 0 else start
    if not 0 <= start <= n or length < 0 or start + length > n:
        raise RuntimeError(f"narrow: start ({start}) + length ({length}) exceeds dimension size ({n})")
    return _slice(input, dim, start, start + length)


def split(input: T, split_size: int | Sequence[int], dim: int = 0) -> tuple[T, ...]:
    """Consecutive parts along `dim`: views, as `torch.split(tensor, split_size, dim)` gives them.

    Arguments:
        input: a tensor of at least one axis.
        split_size: the size of the parts (the last one may be smaller), or a list of sizes.
        dim: an axis.

    Raises:
        RuntimeError: for sizes that do not add up to that of the axis.

    >>> import minigrad as torch
    >>> torch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    dim = normalize_dim(dim, input.ndim)
    n = input.shape[dim]
    if isinstance(split_size, (int, np.integer)):
        size = int(split_size)
        if size < 0 or (size == 0 and n):
            raise RuntimeError(f"split: the size of a part must be positive, not {size}")
        sections = [min(size, n - i) for i in range(0, n, size)] if n else [0]
    else:
        sections = [int(s) for s in split_size]
        if sum(sections) != n or min(sections, default=0) < 0:
            raise RuntimeError(
                f"split: the sections {sections} must add up to the size {n} of dimension {dim}"
            )
    ends = itertools.accumulate(sections)
    return _cut(input, dim, [slice(end - size, end) for size, end in zip(sections, ends, strict=True)])


def _cut(input: T, dim: int, places: Sequence[slice | int]) -> tuple[T, ...]:
    """The parts at `places`, which go upwards along `dim`.

    A part's gradient is as large as the tensor it is cut from, the rest zeros: many are cut from blocks.
    """
    head = (slice(None),) * dim
    if len(places) <= 64:
        return tuple([input[(*head, place)] for place in places])
    step = math.isqrt(len(places))
    parts: list[T] = []
    for group in [places[k : k + step] for k in range(0, len(places), step)]:
        first, last = group[0], group[-1]
        start = first.start if isinstance(first, slice) else first
        block = input[(*head, slice(start, last.stop if isinstance(last, slice) else last + 1))]
        moved = [slice(p.start - start, p.stop - start) if isinstance(p, slice) else p - start for p in group]
        parts += [block[(*head, place)] for place in moved]
    return tuple(parts)


@as_spelled
def chunk(input: T, chunks: int, dim: int = 0) -> tuple[T, ...]:
    """At most `chunks` parts of equal size along `dim` (the last may be smaller): views.

    Arguments:
        input: a tensor of at least one axis.
        chunks: how many parts, at least 1.
        dim: an axis.

    Raises:
        RuntimeError: for fewer than one part.

    >>> import minigrad as torch
    >>> [len(c) for c in torch.chunk(torch.arange(7), 3)]
    [3, 3, 1]
    """
    if chunks < 1:
        raise RuntimeError(f"chunk: expects at least one chunk, got {chunks}")
    if input.ndim == 0:
        raise RuntimeError("chunk: expects a tensor of at least one dimension")
    n = input.shape[normalize_dim(dim, input.ndim)]
    if n == 0:
        return (input,) * chunks
    return split(input, -(-n // chunks), dim)


@as_spelled
def unbind(input: T, dim: int = 0) -> tuple[T, ...]:
    """The slices along `dim`, without that axis: views.

    Arguments:
        input: a tensor of at least one axis.
        dim: an axis.

    >>> import minigrad as torch
    >>> torch.unbind(torch.eye(2))
    (tensor([1., 0.]), tensor([0., 1.]))
    """
    if input.ndim == 0:
        raise IndexError("unbind: a 0-d tensor has no axis to take apart")
    dim = normalize_dim(dim, input.ndim)
    return _cut(input, dim, range(input.shape[dim]))


def flatten(input: T, start_dim: int = 0, end_dim: int = -1) -> T:
    """The axes from `start_dim` to `end_dim` as one.

    Arguments:
        input: a tensor of any shape; of no axes it becomes a vector.
        start_dim, end_dim: the first and the last of the axes.

    Raises:
        RuntimeError: where `start_dim` comes after `end_dim`.

    >>> import minigrad as torch
    >>> torch.flatten(torch.zeros(2, 3, 4), 1).shape
    torch.Size([2, 12])
    """
    first, last = normalize_dim(start_dim, input.ndim), normalize_dim(end_dim, input.ndim)
    if first > last:
        raise RuntimeError("flatten: start_dim cannot come after end_dim")
    if input.ndim == 0:
        return input.reshape(1)
    if first == last:
        return input
    middle = int(np.prod(input.shape[first : last + 1], dtype=np.int64))
    return input.reshape(*input.shape[:first], middle, *input.shape[last + 1 :])


def movedim(input: T, source: int | Sequence[int], destination: int | Sequence[int]) -> T:
    """Move axes to new places; the others keep their order.

    Arguments:
        input: a tensor of any shape.
        source: an axis, or a tuple of axes.
        destination: their new places, as many.

    Raises:
        RuntimeError: for other numbers of axes and places, and for one that is named twice.

    >>> import minigrad as torch
    >>> torch.movedim(torch.zeros(2, 3, 4), 0, 2).shape
    torch.Size([3, 4, 2])
    """
    sources = (source,) if isinstance(source, int) else tuple(source)
    places = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(sources) != len(places):
        raise RuntimeError(f"movedim: {len(sources)} axes cannot go to {len(places)} places")
    sources = tuple(normalize_dim(s, input.ndim) for s in sources)
    places = tuple(normalize_dim(p, input.ndim) for p in places)
    if len({*sources}) < len(sources) or len({*places}) < len(places):
        raise RuntimeError(f"movedim: an axis or a place is named twice in {source} to {destination}")
    if input.ndim == 0:
        return input.view_as(input)
    order = [i for i in range(input.ndim) if i not in sources]
    for place, origin in sorted(zip(places, sources, strict=True)):
        order.insert(place, origin)
    return input.permute(order)


def t(input: T) -> T:
    """The transpose of a matrix; vectors and scalars as they are.

    Arguments:
        input: a tensor of at most two axes.

    Raises:
        RuntimeError: for more axes; `transpose` and `mT` take them.

    >>> import minigrad as torch
    >>> torch.t(torch.zeros(2, 3)).shape
    torch.Size([3, 2])
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D; use transpose or mT"
        )
    return input.transpose(0, 1) if input.ndim == 2 else input.view_as(input)


def repeat_sizes(sizes: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """The arguments of Tensor.repeat, refused where they name fewer axes than there are."""
    if len(sizes) < ndim:
        raise RuntimeError(f"repeat: {len(sizes)} repeats for {ndim} axes; give one for each axis")
    return sizes


def diag(input: T, diagonal: int = 0) -> T:
    """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector.

    Arguments:
        input: a vector or a matrix.
        diagonal: 0 for the main diagonal, positive above it, negative below.

    Raises:
        RuntimeError: for other shapes.

    >>> import minigrad as torch
    >>> torch.diag(torch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    if input.ndim == 1:
        n = input.shape[0] + abs(diagonal)
        return input._embed_diagonal(shape=(n, n), offset=diagonal, dim1=0, dim2=1)
    if input.ndim == 2:
        return input.diagonal(diagonal).clone()
    raise RuntimeError(f"diag: expected a vector or a matrix, got shape {tuple(input.shape)}")
