"""Tensors from less usual patterns: powers in a row, windows, the places of triangles, memory of others."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.convert import sizes_of
from minigrad._tensor.device import on_cpu_only
from minigrad._tensor.dtype import as_dtype, get_default_dtype
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.creation import as_tensor, linspace, tensor


def _made(array: Any, dtype: Any, requires_grad: bool) -> Tensor:
    made: Tensor = wrap(np.asarray(array, get_default_dtype() if dtype is None else as_dtype(dtype)), None)
    return made.requires_grad_(requires_grad)


@on_cpu_only
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` powers of `base`: the exponents are evenly spaced from `start` to `end`, both included.

    Arguments:
        start, end: numbers.
        steps: how many.
        base: a number.

    Raises:
        RuntimeError: for a negative number of steps.

    >>> import minigrad as torch
    >>> torch.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    exponents = linspace(start, end, steps, dtype=np.float64)._array
    with np.errstate(all="ignore"):
        return _made(np.power(float(base), exponents), dtype, requires_grad)


@on_cpu_only
def range(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """The numbers from `start` to `end`, both included, in steps; `arange` leaves the end out.

    Arguments:
        start, end, step: numbers. With one of them, it is the end.

    >>> import minigrad as torch
    >>> torch.range(1, 3)
    tensor([1., 2., 3.])
    """
    start, end = (0, start) if end is None else (start, end)
    if not step or (end - start) * step < 0:
        raise RuntimeError("range: the step must be other than 0 and lead from start to end")
    n = int((end - start) / step) + 1
    return _made(start + step * np.arange(n), dtype, requires_grad)


@on_cpu_only
def asarray(obj: Any, *, dtype: Any = None, copy: bool | None = None, requires_grad: bool = False) -> Tensor:
    """`obj` as a tensor, without a copy where it is a tensor or an array of that dtype already.

    Arguments:
        obj: numbers, sequences of them, an array, a tensor.
        copy: True for a copy in any case; False to raise where one is needed.

    Raises:
        ValueError: for `copy=False` where a copy is needed.

    >>> import minigrad as torch
    >>> torch.asarray([1, 2])
    tensor([1, 2])
    """
    made = as_tensor(obj, dtype)
    shares = isinstance(obj, (Tensor, np.ndarray)) and np.may_share_memory(
        made._array, np.asarray(obj._array if isinstance(obj, Tensor) else obj)
    )
    if copy is False and not shares:
        raise ValueError("asarray: this needs a copy, which copy=False forbids")
    if copy and shares:
        made = tensor(made.detach(), dtype=dtype)
    return made.requires_grad_() if requires_grad and not made.requires_grad else made


@on_cpu_only
def scalar_tensor(s: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A number as a 0-d tensor.

    Arguments:
        s: the number.

    >>> import minigrad as torch
    >>> torch.scalar_tensor(2)
    tensor(2.)
    """
    return _made(s, dtype, requires_grad)


def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """The bytes of a buffer as a vector that shares its memory.

    Arguments:
        buffer: what has the buffer protocol, such as a bytearray.
        dtype: of the elements.
        count: how many; -1 takes all.
        offset: bytes to leave out first.

    Raises:
        ValueError: for bytes that are too few.

    >>> import minigrad as torch
    >>> torch.frombuffer(bytearray([1, 0, 2, 0]), dtype=torch.int16)
    tensor([1, 2], dtype=torch.int16)
    """
    made: Tensor = wrap(np.frombuffer(buffer, as_dtype(dtype), count, offset), None)
    return made.requires_grad_(requires_grad)


@on_cpu_only
def empty_strided(size: Any, stride: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with steps of `stride` between its elements in memory; the elements may be anything.

    Arguments:
        size, stride: tuples of one length.

    >>> import minigrad as torch
    >>> torch.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    size, stride = sizes_of((size,)), sizes_of((stride,))
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    own = get_default_dtype() if dtype is None else as_dtype(dtype)
    n = 1 + sum((m - 1) * s for m, s in zip(size, stride, strict=True)) if all(size) else 0
    array: Any = np.ndarray(size, own, np.zeros(n, own), 0, [s * own.itemsize for s in stride])
    made: Tensor = wrap(array, None)
    return made.requires_grad_(requires_grad)


@on_cpu_only
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = np.int64) -> Tensor:
    """The places of a matrix on and below a diagonal: their rows, and their columns.

    Arguments:
        row, col: the size of the matrix.
        offset: 0 for the main diagonal, positive above it, negative below.

    >>> import minigrad as torch
    >>> torch.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _made(np.array(np.tril_indices(row, offset, col)).reshape(2, -1), dtype, False)


@on_cpu_only
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = np.int64) -> Tensor:
    """The places of a matrix on and above a diagonal: their rows, and their columns.

    Arguments:
        row, col: the size of the matrix.
        offset: 0 for the main diagonal, positive above it, negative below.

    >>> import minigrad as torch
    >>> torch.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _made(np.array(np.triu_indices(row, offset, col)).reshape(2, -1), dtype, False)


def _phase(window_length: int, periodic: bool) -> Any:
    """Where the points of a window lie between 0 and 1."""
    if window_length < 0:
        raise RuntimeError("a window requires a non-negative window_length")
    last = window_length if periodic else window_length - 1
    return np.arange(window_length) / max(last, 1) if window_length > 1 else np.full(window_length, 0.5)


@on_cpu_only
def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """sin^2(pi n / N): the Hann window.

    Arguments:
        window_length: how many points.
        periodic: N is the length, else the length less 1.

    >>> import minigrad as torch
    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _made(0.5 - 0.5 * np.cos(2 * np.pi * _phase(window_length, periodic)), dtype, requires_grad)


@on_cpu_only
def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """alpha - beta cos(2 pi n / N): the Hamming window.

    Arguments:
        window_length: how many points.
        periodic: N is the length, else the length less 1.
        alpha, beta: the numbers of the formula.

    >>> import minigrad as torch
    >>> torch.hamming_window(3, periodic=False)
    tensor([0.0800, 1.0000, 0.0800])
    """
    return _made(alpha - beta * np.cos(2 * np.pi * _phase(window_length, periodic)), dtype, requires_grad)


@on_cpu_only
def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N): the Blackman window.

    Arguments:
        window_length: how many points.
        periodic: N is the length, else the length less 1.

    >>> import minigrad as torch
    >>> torch.blackman_window(2).shape
    torch.Size([2])
    """
    turn = 2 * np.pi * _phase(window_length, periodic)
    return _made(0.42 - 0.5 * np.cos(turn) + 0.08 * np.cos(2 * turn), dtype, requires_grad)


@on_cpu_only
def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """1 - |2 n / N - 1|: the triangle.

    Arguments:
        window_length: how many points.
        periodic: N is the length, else the length less 1.

    >>> import minigrad as torch
    >>> torch.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _made(1 - np.abs(2 * _phase(window_length, periodic) - 1), dtype, requires_grad)


@on_cpu_only
def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """i0(beta sqrt(1 - (2 n / N - 1)^2)) / i0(beta): the Kaiser window.

    Arguments:
        window_length: how many points.
        periodic: N is the length, else the length less 1.
        beta: how narrow it is.

    >>> import minigrad as torch
    >>> torch.kaiser_window(2, beta=0.0)
    tensor([1., 1.])
    """
    height = np.sqrt(np.maximum(1 - (2 * _phase(window_length, periodic) - 1) ** 2, 0))
    return _made(np.i0(beta * height) / np.i0(beta), dtype, requires_grad)
