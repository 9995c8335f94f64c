"""Tensors from data, and from a pattern."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from minigrad._tensor.convert import as_array, number_as, sizes_of, warn_cut, with_own_dtype
from minigrad._tensor.device import on_cpu_only
from minigrad._tensor.dtype import as_dtype, get_default_dtype, int64
from minigrad._tensor.out import taking_out
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.tracing import trace_of_thread
from minigrad.ops.arrays import is_foreign
from minigrad.ops.kernels import kept_order


def made(array: Any, requires_grad: bool) -> Tensor:
    """A new leaf that holds the array, which nobody else has."""
    if (trace := trace_of_thread()) is not None:
        trace.owns(array)
    leaf: Tensor = wrap(array, None)
    return leaf.requires_grad_() if requires_grad else leaf


def float_dtype(dtype: Any) -> Any:
    """The dtype given, or the default one."""
    return get_default_dtype() if dtype is None else as_dtype(dtype)


@on_cpu_only
def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A leaf with a copy of `data`: numbers, nested sequences, an array.

    Python floats become the default dtype, integers int64; arrays keep theirs. An array of another library
    that speaks NumPy's protocols, such as dask's, stays such an array.

    Arguments:
        data: numbers, nested sequences of them, an array, a tensor.
        dtype: of the result; see above where it is left out.
        requires_grad: whether gradients flow to it.

    Raises:
        RuntimeError: `requires_grad` with integers or booleans.
        ValueError: sequences of unequal lengths.

    >>> import minigrad as torch
    >>> torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    if isinstance(data, Tensor) and data.requires_grad:
        warn_cut("tensor()", "clone() copies inside the graph", copied=True)
    array = as_array(data, dtype)
    return made(array.copy() if is_foreign(array) else np.array(array), requires_grad)


@on_cpu_only
def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where it is a tensor or an array of that dtype already.

    Arguments:
        data: as for `tensor`.
        dtype: of the result; see `tensor` where it is left out.

    >>> import minigrad as torch
    >>> x = torch.ones(2)
    >>> torch.as_tensor(x) is x
    True
    """
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    array = as_array(data, dtype)
    return wrap(_lent(array) if isinstance(data, np.ndarray) else array, None)


def _lent(array: Any) -> Any:
    """An array whose memory somebody else may have too."""
    if (trace := trace_of_thread()) is not None:
        trace.borrows(array)
    return array


def from_numpy(array: Any) -> Tensor:
    """A tensor that shares the memory of an ndarray: a write to one is seen in the other.

    Arguments:
        array: an ndarray of a supported dtype.

    Raises:
        TypeError: for anything else.

    >>> import numpy as np, minigrad as torch
    >>> a = np.zeros(2)
    >>> torch.from_numpy(a).fill_(1.0)
    tensor([1., 1.], dtype=torch.float64)
    >>> a
    array([1., 1.])
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__}); tensor(...) takes other data")
    return wrap(_lent(with_own_dtype(array.view(type=np.ndarray))), None)


def from_dlpack(other: Any) -> Tensor:
    """A tensor that shares the memory of any CPU array that speaks DLPack (NumPy, PyTorch, JAX).

    Arguments:
        other: an array with the method `__dlpack__`.

    >>> import numpy as np, minigrad as torch
    >>> torch.from_dlpack(np.arange(3.0))
    tensor([0., 1., 2.], dtype=torch.float64)
    """
    return wrap(_lent(with_own_dtype(np.from_dlpack(other))), None)


@taking_out
@on_cpu_only
def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """start, start + step, ... below `end`: ceil((end - start) / step) elements.

    int64 where all arguments are integers, else the default dtype.

    Arguments:
        start, end, step: numbers; with one number it is the end, and the start is 0.
        dtype: of the result; see above where it is left out.
        requires_grad: whether gradients flow to it.

    Raises:
        RuntimeError: for a step of 0 or of the wrong sign, and for ends that are not finite.

    >>> import minigrad as torch
    >>> torch.arange(3)
    tensor([0, 1, 2])
    >>> torch.arange(-8.0, 8.0, 0.1).shape
    torch.Size([160])
    """
    if end is None and (start is None or step != 1):
        raise TypeError("arange() takes an end, or start and end, or start, end and step")
    if end is None:
        start, end = 0, start
    start = 0 if start is None else start
    start, end, step = (_number("arange", x) for x in (start, end, step))
    if dtype is None:
        dtype = get_default_dtype() if any(isinstance(x, float) for x in (start, end, step)) else int64
    dtype = as_dtype(dtype)
    if dtype.kind == "b":
        raise NotImplementedError("arange: numbers in a row cannot be boolean")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"arange: unsupported range: {start} to {end}")
    whole = (start, end, step) if dtype.kind == "f" else (int(start), int(end), int(step))
    if dtype == int64:  # of shorter integers PyTorch counts the elements before it cuts
        start, end, step = whole
    if step == 0 or math.isnan(step):
        raise RuntimeError("arange: step must be nonzero")
    if (end - start) / step < 0:
        raise RuntimeError(f"arange: from {start} to {end} the step {step} has the wrong sign")
    n = math.ceil((end - start) / step)
    start, _, step = whole
    places = np.arange(n, dtype=np.float64 if isinstance(start + step, float) else np.int64)
    with np.errstate(all="ignore"):
        array = (start + step * places).astype(dtype)
    return made(array, requires_grad)


def _number(name: str, x: Any) -> Any:
    """A Python number from one, a NumPy scalar or a tensor of one element."""
    x = x.item() if isinstance(x, (Tensor, np.generic)) else x
    if not isinstance(x, (bool, int, float)):
        raise TypeError(f"{name}(): expected a number, not {type(x).__name__} ({x!r})")
    return x


@taking_out
@on_cpu_only
def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """`steps` evenly spaced values from `start` to `end`, both included.

    Arguments:
        start, end: numbers.
        steps: how many values.
        dtype: of the result; the default dtype where it is left out.
        requires_grad: whether gradients flow to it.

    Raises:
        RuntimeError: for a negative number of steps.

    >>> import minigrad as torch
    >>> torch.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    steps = integer("linspace", steps)
    if steps < 0:
        raise RuntimeError(f"linspace: number of steps must be non-negative, not {steps}")
    dtype = float_dtype(dtype)
    if dtype.kind == "b":
        raise NotImplementedError("linspace: numbers in a row cannot be boolean")
    for end_point in (start, end):
        if isinstance(end_point, Tensor) and end_point.ndim:
            raise RuntimeError(f"linspace: an end must be a number, not of shape {tuple(end_point.shape)}")
    start, end = _number("linspace", start), _number("linspace", end)
    number_as(start, dtype), number_as(end, dtype)  # raises where they do not fit
    if dtype.kind != "f":
        start, end = int(start), int(end)
    # From both ends to the middle, so that both are exact; what is cast to integers is cut off.
    step, places = (end - start) / max(steps - 1, 1), np.arange(steps)
    with np.errstate(all="ignore"):
        values = np.where(places < steps // 2, start + step * places, end - step * (steps - 1 - places))
        values[: steps == 1] = start
        return made(values.astype(dtype), requires_grad)


def size_given(sizes: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """The size of a new tensor; it must be given, and nowhere negative."""
    if not sizes and size is None:
        raise TypeError("missing the size: give integers, or a tuple of them; () makes a number")
    if isinstance(size, (int, np.integer)):
        raise TypeError(f"size= takes a tuple of integers, like ({size},), not {size!r}")
    result = sizes_of(sizes, size)
    if any(n < 0 for n in result):
        raise RuntimeError(f"a size cannot be negative: {result}")
    return result


def size_in_one(name: str, size: Any) -> tuple[int, ...]:
    """The size of a function that takes it in one argument."""
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"{name}(): size must be a tuple of integers, not {type(size).__name__}")
    return size_given((size,))


def tensor_given(name: str, input: Any) -> Tensor:
    """The tensor that gives the shape; TypeError for anything else."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    return input


@taking_out
@on_cpu_only
def zeros(*sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the given shape.

    Arguments:
        sizes: integers, or one tuple of them, also by the name `size`.
        dtype: of the result; the default dtype where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.zeros(2)
    tensor([0., 0.])
    """
    return made(np.zeros(size_given(sizes, size), float_dtype(dtype)), requires_grad)


@taking_out
@on_cpu_only
def ones(*sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the given shape.

    Arguments:
        sizes: integers, or one tuple of them, also by the name `size`.
        dtype: of the result; the default dtype where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.ones(1, 2)
    tensor([[1., 1.]])
    """
    return made(np.ones(size_given(sizes, size), float_dtype(dtype)), requires_grad)


@taking_out
@on_cpu_only
def empty(*sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of the given shape, with the values that happen to be in memory.

    Arguments:
        sizes: integers, or one tuple of them, also by the name `size`.
        dtype: of the result; the default dtype where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.empty(3).shape
    torch.Size([3])
    """
    return made(_unset(np.empty(size_given(sizes, size), float_dtype(dtype))), requires_grad)


def _unset(array: Any) -> Any:
    """An array of whatever values; a program, which makes it anew with the same ones, has zeros."""
    if trace_of_thread() is not None:
        array.fill(0)
    return array


@taking_out
@on_cpu_only
def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """`fill_value` everywhere; its type decides the dtype unless one is given.

    Arguments:
        size: a tuple of sizes.
        fill_value: a number, or a tensor of no axes.
        dtype: of the result; that of `fill_value` where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.full((2,), 7)
    tensor([7, 7])
    """
    value, shape = _fill_value("full", fill_value), size_in_one("full", size)
    value = number_as(value, as_array(value).dtype if dtype is None else as_dtype(dtype))
    return made(np.full(shape, value), requires_grad)


def _fill_value(name: str, value: Any) -> Any:
    """The number to fill with, from a number or a 0-d tensor without a gradient."""
    if isinstance(value, Tensor) and value.ndim == 0 and not value.requires_grad:
        return value._array[()]
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, (bool, int, float)):
        raise TypeError(f"{name}(): argument 'fill_value' must be a number, not {type(value).__name__}")
    return value


@taking_out
@on_cpu_only
def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal of an (n, m) matrix of zeros.

    Arguments:
        n, m: the sizes; m is n where it is left out.
        dtype: of the result; the default dtype where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows, columns = size_given((n, n if m is None else m))
    return made(np.eye(rows, columns, dtype=float_dtype(dtype)), requires_grad)


@on_cpu_only
def zeros_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape and dtype of `input`.

    Arguments:
        input: a tensor.
        dtype: of the result; that of `input` where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.zeros_like(torch.ones(2))
    tensor([0., 0.])
    """
    return full_like(tensor_given("zeros_like", input), 0, dtype=dtype, requires_grad=requires_grad)


@on_cpu_only
def ones_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape and dtype of `input`.

    Arguments:
        input: a tensor.
        dtype: of the result; that of `input` where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.ones_like(torch.zeros(2))
    tensor([1., 1.])
    """
    return full_like(tensor_given("ones_like", input), 1, dtype=dtype, requires_grad=requires_grad)


@on_cpu_only
def empty_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """An uninitialised tensor of the shape and dtype of `input`.

    Arguments:
        input: a tensor.
        dtype: of the result; that of `input` where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.empty_like(torch.zeros(2)).shape
    torch.Size([2])
    """
    array = tensor_given("empty_like", input)._array
    dtype = array.dtype if dtype is None else as_dtype(dtype)
    return made(_unset(np.empty_like(array, dtype, kept_order(array))), requires_grad)


@on_cpu_only
def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """`fill_value` in the shape and dtype of `input`.

    Arguments:
        input: a tensor.
        fill_value: a number, or a tensor of no axes.
        dtype: of the result; that of `input` where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.full_like(torch.zeros(2), 3)
    tensor([3., 3.])
    """
    dtype = tensor_given("full_like", input).dtype if dtype is None else as_dtype(dtype)
    value = number_as(_fill_value("full_like", fill_value), dtype)
    array = input._array
    if is_foreign(array):
        return made(np.full_like(array, value, dtype=dtype), requires_grad)
    return made(np.full_like(array, value, dtype, kept_order(array)), requires_grad)


def integer(name: str, n: Any) -> int:
    """The integer given; TypeError for anything else."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"{name}(): expected an integer, not {type(n).__name__} ({n!r})")
    return operator.index(n)
