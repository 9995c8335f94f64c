"""Functions of tensors that need no rule of their own: a few ops, in the order PyTorch's user expects.

They use tensors' own methods only, so they stand below the class that offers them as methods.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.ops.kernels import normalize_dim

from .convert import as_spelled
from .record import Recorded

if TYPE_CHECKING:
    from .tensor import Tensor

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
        split_size: the size of the parts, of which the last may be smaller, or a list of sizes.
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
    (2, 12)
    """
    first, last = normalize_dim(start_dim, input.ndim), normalize_dim(end_dim, input.ndim)
    if first > last:
        raise RuntimeError("flatten: start_dim cannot come after end_dim")
    if input.ndim == 0:
        return input.reshape(1)
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
    (3, 4, 2)
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
    (3, 2)
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D; use transpose or mT"
        )
    return input.transpose(0, 1) if input.ndim == 2 else input


def repeat_sizes(sizes: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """The arguments of Tensor.repeat, refused where they name fewer axes than there are."""
    if len(sizes) < ndim:
        raise RuntimeError(f"repeat: {len(sizes)} repeats for {ndim} axes; give one for each axis")
    return sizes


def _tensors(name: str, **operands: Any) -> None:
    for key, x in operands.items():
        if not isinstance(x, Recorded):
            raise TypeError(f"{name}(): argument '{key}' must be Tensor, not {type(x).__name__}")


def _product(name: str, a: T, b: T, dims: tuple[int, int]) -> T:
    _tensors(name, input=a, other=b)
    if (a.ndim, b.ndim) != dims:
        raise RuntimeError(
            f"{name}: expected operands of {dims[0]} and {dims[1]} dimensions, got shapes {a.shape} and "
            f"{b.shape}; matmul takes any"
        )
    return a.matmul(b)


def mm(input: T, mat2: T) -> T:
    """The product of two matrices; no broadcasting.

    Arguments:
        input: a matrix (n, m).
        mat2: a matrix (m, p) of the same dtype.

    Raises:
        RuntimeError: for other shapes, and for different dtypes.

    Derivative: grad input = g @ mat2^T, grad mat2 = input^T @ g.

    >>> import minigrad as torch
    >>> torch.mm(torch.ones(1, 2), torch.ones(2, 1))
    tensor([[2.]])
    """
    return _product("mm", input, mat2, (2, 2))


def bmm(input: T, mat2: T) -> T:
    """The products of two batches of matrices: (b, m, n) and (b, n, p) give (b, m, p).

    Arguments:
        input, mat2: tensors of three axes and of one dtype.

    Raises:
        RuntimeError: for other shapes; `matmul` takes them.

    Derivative: grad input = g @ mat2^T, grad mat2 = input^T @ g.

    >>> import minigrad as torch
    >>> torch.bmm(torch.ones(5, 1, 2), torch.ones(5, 2, 1)).shape
    (5, 1, 1)
    """
    _tensors("bmm", input=input, mat2=mat2)
    if input.ndim == mat2.ndim == 3 and input.shape[0] != mat2.shape[0]:
        raise RuntimeError(
            f"bmm: batches differ: {input.shape[0]} and {mat2.shape[0]}; matmul broadcasts them"
        )
    return _product("bmm", input, mat2, (3, 3))


def mv(input: T, vec: T) -> T:
    """A matrix times a vector.

    Arguments:
        input: a matrix (n, m).
        vec: a vector (m) of the same dtype.

    Raises:
        RuntimeError: for other shapes, and for different dtypes.

    >>> import minigrad as torch
    >>> torch.mv(torch.ones(1, 2), torch.ones(2))
    tensor([2.])
    """
    return _product("mv", input, vec, (2, 1))


def dot(input: T, tensor: T) -> T:
    """The inner product of two vectors.

    Arguments:
        input, tensor: vectors of one length and one dtype.

    Raises:
        RuntimeError: for other shapes, and for different dtypes.

    >>> import minigrad as torch
    >>> torch.dot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    _tensors("dot", input=input, tensor=tensor)
    if input.ndim == tensor.ndim == 1 and input.shape != tensor.shape:
        raise RuntimeError(f"dot: expected vectors of one length, got {input.shape[0]} and {tensor.shape[0]}")
    return _product("dot", input, tensor, (1, 1))


def outer(input: T, vec2: T) -> T:
    """The outer product of two vectors: out[i, j] = input[i] vec2[j].

    Arguments:
        input, vec2: vectors, of any lengths.

    Raises:
        RuntimeError: for other shapes.

    >>> import minigrad as torch
    >>> torch.outer(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    _tensors("outer", input=input, vec2=vec2)
    if input.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(f"outer: expected two vectors, got shapes {input.shape} and {vec2.shape}")
    return input.unsqueeze(1) * vec2


def addmm(input: T, mat1: T, mat2: T, *, beta: float = 1, alpha: float = 1) -> T:
    """beta * input + alpha * (mat1 @ mat2).

    Arguments:
        input: a tensor that broadcasts to (n, p).
        mat1, mat2: matrices (n, m) and (m, p), all of one dtype.
        beta, alpha: numbers. With beta = 0, nan and inf in `input` count for nothing.

    Raises:
        RuntimeError: for shapes or dtypes that do not go together.

    >>> import minigrad as torch
    >>> torch.addmm(torch.ones(1, 1), torch.ones(1, 2), torch.ones(2, 1), alpha=2)
    tensor([[5.]])
    """
    product = mm(mat1, mat2)
    if input.dtype != product.dtype:
        raise RuntimeError(
            f"addmm: expected operands of the same dtype, got {input.dtype} and {product.dtype}"
        )
    product = product if alpha == 1 else product * alpha
    if beta == 0:  # nan and inf in `input` must not leak through a factor of 0
        return product + masked_fill(input, input.new_ones((), dtype=bool), 0)
    return (input if beta == 1 else input * beta) + product


def addcmul(input: T, tensor1: T, tensor2: T, *, value: float = 1) -> T:
    """input + value * tensor1 * tensor2.

    Arguments:
        input, tensor1, tensor2: tensors; shapes broadcast, dtypes meet in one.
        value: a number; whole for integers.

    Raises:
        RuntimeError: for shapes that do not go together, and for a fraction as `value` of integers.

    >>> import minigrad as torch
    >>> torch.addcmul(torch.ones(1), torch.ones(1), torch.ones(1), value=2)
    tensor([3.])
    """
    _tensors("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    product = tensor1 * tensor2
    _factor("addcmul", "value", value, input, product)
    return input + (product if value == 1 else product * value)


def _factor(name: str, key: str, value: Any, *operands: T) -> None:
    """PyTorch cuts 0.5 down to 0 where all operands are integers: refused."""
    if isinstance(value, float) and not any(x.is_floating_point() for x in operands):
        raise RuntimeError(f"{name}: {key} must be an integer for integer tensors, not {value}")


def addcdiv(input: T, tensor1: T, tensor2: T, *, value: float = 1) -> T:
    """input + value * tensor1 / tensor2.

    Arguments:
        input, tensor1, tensor2: tensors; shapes broadcast, dtypes meet in one.
        value: a number.

    Raises:
        RuntimeError: for shapes that do not go together, and for integers divided by integers.

    >>> import minigrad as torch
    >>> torch.addcdiv(torch.ones(1), torch.ones(1), torch.ones(1), value=2)
    tensor([3.])
    """
    _tensors("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    if not any(x.is_floating_point() for x in (tensor1, tensor2)):
        raise RuntimeError("addcdiv: integer division is not supported; convert with .float()")
    return input + (tensor1 if value == 1 else tensor1 * value) / tensor2


def lerp(input: T, end: T, weight: Any) -> T:
    """input + weight * (end - input), from whichever end is nearer.

    Arguments:
        input, end: floating tensors; shapes broadcast.
        weight: a number or a tensor; 0 gives `input`, 1 gives `end`.

    Raises:
        RuntimeError: for tensors that are not floating, and for shapes that do not go together.

    >>> import minigrad as torch
    >>> torch.lerp(torch.zeros(1), torch.ones(1), 0.25)
    tensor([0.2500])
    """
    _tensors("lerp", input=input, end=end)
    if not input.is_floating_point():
        raise RuntimeError(f"lerp: expected floating tensors, got {input.dtype}; convert with .float()")
    if isinstance(weight, (int, float)):
        span = end - input
        return input + span * weight if abs(weight) < 0.5 else end - span * (1 - weight)
    near = input + weight * (end - input)
    far = end - (end - input) * (1 - weight)
    return near.where(weight.detach().abs() < 0.5, far)


def mask_of(name: str, mask: T) -> None:
    """Raise unless `mask` is a boolean tensor."""
    if not hasattr(mask, "dtype"):
        raise TypeError(f"{name}(): the mask must be a boolean Tensor, not {type(mask).__name__}")
    if mask.dtype.kind != "b":
        raise RuntimeError(f"{name}: only boolean masks are supported, but got {mask.dtype}; use .bool()")


def masked_fill(input: T, mask: T, value: Any) -> T:
    """`value` where the boolean `mask` is True, `input` elsewhere.

    Arguments:
        input: a tensor of any shape.
        mask: a boolean tensor; the two broadcast.
        value: a number, or a tensor of no axes.

    Raises:
        RuntimeError: for a mask that is not boolean, or a value of more elements.

    Derivative: the gradient where the mask is False, 0 elsewhere; their sum under the mask goes to `value`.

    >>> import minigrad as torch
    >>> torch.masked_fill(torch.ones(2), torch.tensor([True, False]), -1.0)
    tensor([-1.,  1.])
    """
    mask_of("masked_fill", mask)
    if getattr(value, "ndim", 0):
        raise RuntimeError(
            f"masked_fill: value must be a number or a 0-d tensor, not of shape {value.shape}; use where"
        )
    if not isinstance(value, Recorded):
        value = input.new_full((), value)
    return input.contiguous().where(~mask, value.to(input.dtype))


def isclose(input: T, other: T, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> T:
    """Elementwise |input - other| <= atol + rtol |other|; infinities equal themselves.

    Arguments:
        input, other: tensors of one dtype; shapes broadcast.
        rtol, atol: the relative and the absolute tolerance.
        equal_nan: whether nan is close to nan.

    Returns:
        A boolean tensor.

    Raises:
        RuntimeError: for different dtypes, and for negative tolerances.

    >>> import minigrad as torch
    >>> torch.isclose(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
    tensor([ True, False])
    """
    _tensors("isclose", input=input, other=other)
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"isclose: rtol and atol must not be negative, got {rtol} and {atol}")
    if input.dtype != other.dtype:
        raise RuntimeError(f"isclose: dtypes differ: {input.dtype} and {other.dtype}; convert one with .to()")
    a, b = input.detach().numpy(), other.detach().numpy()
    with np.errstate(all="ignore"):
        close = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return input.new_tensor(close, dtype=bool)


def allclose(input: T, other: T, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether every element `isclose`.

    Arguments:
        input, other, rtol, atol, equal_nan: as for `isclose`.

    >>> import minigrad as torch
    >>> torch.allclose(torch.ones(2), torch.ones(2) + 1e-9)
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


def argwhere(input: T) -> T:
    """The positions of the non-zero elements, one row each.

    Arguments:
        input: a tensor of any shape.

    Returns:
        An int64 tensor of shape (n, ndim).

    >>> import minigrad as torch
    >>> torch.argwhere(torch.tensor([0, 3, 4]))
    tensor([[1],
            [2]])
    """
    found = np.argwhere(input.detach().numpy())
    return input.new_tensor(found, dtype=found.dtype)


def nonzero(input: T, *, as_tuple: bool = False) -> Any:
    """The positions of the non-zero elements: a row for each, or, as a tuple, a vector for each axis.

    Arguments:
        input: a tensor of any shape.
        as_tuple: whether an int64 vector for each axis is returned, by which a tensor can be indexed.

    >>> import minigrad as torch
    >>> torch.nonzero(torch.tensor([0, 3, 4]), as_tuple=True)
    (tensor([1, 2]),)
    """
    if not as_tuple:
        return argwhere(input)
    return tuple(input.new_tensor(i, dtype=i.dtype) for i in np.atleast_1d(input.detach().numpy()).nonzero())


def equal(input: T, other: T) -> bool:
    """Whether shapes and all elements are the same.

    Arguments:
        input, other: tensors of any shapes.

    >>> import minigrad as torch
    >>> torch.equal(torch.ones(2), torch.ones(2))
    True
    """
    return input.shape == other.shape and bool((input == other).all())


def norm(input: T, p: Any = "fro", dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> T:
    """The vector norm of order `p` over `dim` (all axes by default); "fro" is order 2.

    Arguments:
        input: a floating tensor of any shape.
        p: a number, inf, -inf, or "fro".
        dim: an axis, a tuple of axes, or None for all.
        keepdim: whether these axes stay, with size 1.
        dtype: convert the input to it first.

    Raises:
        NotImplementedError: for "nuc", which needs singular values.

    `linalg.norm` has the norms of matrices.

    >>> import minigrad as torch
    >>> torch.norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    if p == "nuc":
        raise NotImplementedError(
            "norm: the nuclear norm needs singular values, which minigrad does not have"
        )
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm: order {p!r} is not supported; use 'fro' or a number")
    input = input if dtype is None else input.to(dtype)
    return input._vector_norm(ord=2.0 if p in ("fro", None) else float(p), dim=dim, keepdim=keepdim)


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
    raise RuntimeError(f"diag: expected a vector or a matrix, got shape {input.shape}")


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
    _tensors("index_select", input=input, index=index)
    dim = normalize_dim(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(
            f"index_select: index must be a vector, got shape {index.shape}; use gather or x[index]"
        )
    if index.dtype.kind not in "iu" or index.dtype == np.uint8:
        raise RuntimeError(f"index_select: expected an int32 or int64 index, got {index.dtype}; use .long()")
    _in_bounds("index_select", index, input.shape[dim] if input.ndim else 1, IndexError)
    return input[(slice(None),) * dim + (index.reshape(-1),)] if input.ndim else input.clone()


def _in_bounds(name: str, index: T, n: int, kind: type[Exception] = RuntimeError) -> None:
    values = index.numpy()
    if values.size and not (values.min() >= 0 and values.max() < n):
        wrong = values[(values < 0) | (values >= n)].flat[0]
        raise kind(f"{name}: index {wrong} is out of bounds for a dimension of size {n}")


def index_add(input: T, dim: int, index: T, source: T, *, alpha: float = 1) -> T:
    """`input` with the slices of `source` added at the positions `index` along `dim`; repeats add up.

    Arguments:
        input: a tensor of any shape.
        dim: an axis.
        index: an int32 or int64 vector of n places.
        source: a tensor of the input's dtype and shape, but of size n along `dim`.
        alpha: a factor of `source`.

    Raises:
        RuntimeError: for shapes or dtypes that do not fit, and for a place outside the axis.

    >>> import minigrad as torch
    >>> torch.index_add(torch.zeros(3), 0, torch.tensor([0, 0]), torch.ones(2))
    tensor([2., 0., 0.])
    """
    _tensors("index_add", input=input, index=index, source=source)
    if input.ndim == 0:
        return index_add(input.reshape(1), dim, index, source.reshape(-1), alpha=alpha).reshape(())
    dim = normalize_dim(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(f"index_add: index must be a vector, got shape {index.shape}")
    _integer("index_add", index)
    index = index.reshape(-1)
    _in_bounds("index_add", index, input.shape[dim])
    if source.dtype != input.dtype:
        raise RuntimeError(
            f"index_add: self ({input.dtype}) and source ({source.dtype}) must have the same dtype"
        )
    where = (slice(None),) * dim + (index.numpy(),)
    expected = (*input.shape[:dim], index.numel(), *input.shape[dim + 1 :])
    if source.shape != expected:
        raise RuntimeError(f"index_add: source must have shape {expected}, got {source.shape}")
    return input + (source if alpha == 1 else source * alpha)._scatter_index(index=where, shape=input.shape)


def _integer(name: str, index: T) -> None:
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{name}: expected an int64 or int32 index, got {index.dtype}; use index.long()")


def _check_along(name: str, input: T, dim: int, index: T, src: T | None = None) -> None:
    _tensors(name, input=input, index=index, **({} if src is None else {"src": src}))
    _integer(name, index)
    if index.ndim != input.ndim and index.numel():
        raise RuntimeError(
            f"{name}: index of shape {index.shape} must have the {input.ndim} dimensions of the input"
        )
    dim = normalize_dim(dim, input.ndim)
    for i, n in enumerate(index.shape):
        if (i != dim and n > input.shape[i]) or (src is not None and n > src.shape[i]):
            bound = (
                input.shape if src is None else f"{input.shape} (apart from dimension {dim}) and {src.shape}"
            )
            raise RuntimeError(f"{name}: size of index {index.shape} must not exceed {bound}")
    _in_bounds(name, index, input.shape[dim] if input.ndim else 1)


def _flat(name: str, *tensors: T) -> bool:
    """Whether vectors and a 0-d tensor among them meet, which then counts as a vector."""
    _tensors(name, **{f"operand {i}": x for i, x in enumerate(tensors)})
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
    """`gather` whose other axes broadcast; with dim None, into the flattened input.

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
    _tensors("take_along_dim", input=input, indices=indices)
    _integer("take_along_dim", indices)
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    if input.ndim != indices.ndim:
        raise RuntimeError(
            f"take_along_dim: input {input.shape} and indices {indices.shape} must have equal dimensions"
        )
    indices = indices.where(indices >= 0, indices + (input.size(dim) if input.ndim else 1))
    dim = normalize_dim(dim, input.ndim)
    others = [(*x.shape[:dim], 1, *x.shape[dim + 1 :]) for x in (input, indices)]
    try:
        shared = np.broadcast_shapes(*others)
    except ValueError:
        raise RuntimeError(
            f"take_along_dim: apart from dimension {dim}, {input.shape} and {indices.shape} do not broadcast"
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
        reduce: refused; `scatter_add` adds.

    Raises:
        RuntimeError: for shapes or dtypes that do not fit, and for an index outside the axis.

    Derivative: to `src` the gradient where it went, to `input` the gradient elsewhere.

    >>> import minigrad as torch
    >>> torch.scatter(torch.zeros(1, 3), 1, torch.tensor([[2]]), 5.0)
    tensor([[0., 0., 5.]])
    """
    if reduce is not None:
        raise NotImplementedError("scatter: reduce= is not covered; scatter_add adds")
    src = value if src is None else src
    if not isinstance(src, Recorded):
        src = input.new_full(index.shape, src)
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
            f"scatter_add: self ({input.dtype}) and src ({src.dtype}) must have the same dtype"
        )
    return input + _covered(src, index)._add_along(index, dim=dim, shape=input.shape)


def _covered(src: T, index: T) -> T:
    """The first part of `src`, as large as `index`: the rest is not used."""
    return src if src.shape == index.shape else src[tuple(slice(n) for n in index.shape)]
