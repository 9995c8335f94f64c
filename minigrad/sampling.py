"""Tensors of random numbers: uniform, normal, integers, permutations."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.device import on_cpu_only
from minigrad._tensor.dtype import as_dtype, int64
from minigrad._tensor.out import taking_out
from minigrad._tensor.random import Generator, generator_of
from minigrad._tensor.tensor import Tensor
from minigrad._tensor.tracing import drawn_for_each_sample
from minigrad.creation import float_dtype, integer, made, size_given, size_in_one, tensor_given
from minigrad.engine.silence import silently
from minigrad.ops.arrays import arrayed
from minigrad.ops.refusal import level


@taking_out
@on_cpu_only
def rand(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Draws from the uniform distribution on [0, 1).

    Arguments:
        sizes: integers, or one tuple of them, also by the name `size`.
        generator: the Generator to draw from; None takes the default one.
        dtype: of the result; a floating one; the default dtype where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.rand(2, 3).shape
    torch.Size([2, 3])
    """
    draw = _short_unit if float_dtype(dtype) == np.float16 else _unit
    return _drawn(draw, size_given(sizes, size), generator, dtype, requires_grad)


@taking_out
@on_cpu_only
def randn(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Draws from the standard normal distribution.

    Arguments:
        sizes: integers, or one tuple of them, also by the name `size`.
        generator: the Generator to draw from; None takes the default one.
        dtype: of the result; a floating one; the default dtype where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.randn(2, 3).shape
    torch.Size([2, 3])
    """
    return _drawn(
        lambda g, s, t: g.standard_normal(s, t), size_given(sizes, size), generator, dtype, requires_grad
    )


def _drawn(draw: Any, size: tuple[int, ...], generator: Any, dtype: Any, requires_grad: bool) -> Tensor:
    dtype = float_dtype(dtype)
    if dtype.kind != "f":
        raise NotImplementedError(f"random floats cannot be drawn as {dtype}; randint draws integers")
    wide = np.float64 if dtype == np.float64 else np.float32
    array = arrayed(draw(generator_of(generator), size, wide))
    return made(array.astype(dtype, copy=False), requires_grad)


def _unit(stream: Any, size: tuple[int, ...], dtype: Any) -> Any:
    return stream.random(size, dtype)


def _short_unit(stream: Any, size: tuple[int, ...], dtype: Any) -> Any:
    """Multiples of 2^-11, which float16 holds: rounding to it would reach 1."""
    return np.floor(stream.random(size, dtype) * 2048) / 2048


@taking_out
@on_cpu_only
def randint(
    low: Any = 0,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers from `low` (0 where left out) up to, without, `high`.

    Arguments:
        low, high: integers; with one of them it is `high`.
        size: a tuple of sizes.
        generator: the Generator to draw from; None takes the default one.
        dtype: of the result; int64 where it is left out.
        requires_grad: whether gradients flow to it, for a floating dtype.

    Raises:
        RuntimeError: unless low < high, and where the dtype does not hold all integers between.
        TypeError: for bounds that are no integers, or a size that is no tuple.

    >>> import minigrad as torch
    >>> torch.randint(0, 2, (5,)).dtype
    torch.int64
    """
    if size is None:  # randint(high, size)
        low, high, size = 0, low, high
    elif high is None:  # randint(high, size=size)
        low, high = 0, low
    shape = size_in_one("randint", size)
    low, high = integer("randint", low), integer("randint", high)
    if high <= low:
        raise RuntimeError(f"randint expects low < high, but got {low} >= {high}")
    dtype = int64 if dtype is None else as_dtype(dtype)
    first, last = _whole_range(dtype)
    if low < first or high - 1 > last:
        raise RuntimeError(f"randint: integers from {low} to {high - 1} do not all fit into {dtype}")
    array = generator_of(generator).integers(low, high, shape)
    return made(arrayed(array).astype(dtype), requires_grad)


def _whole_range(dtype: Any) -> tuple[int, int]:
    """The first and the last of the integers from which draws of `dtype` may come."""
    if dtype.kind == "b":
        return 0, 1
    info = np.iinfo(int64 if dtype.kind == "f" else dtype)
    return info.min, min(info.max, 2**63 - 2)


@taking_out
@on_cpu_only
def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """The integers 0 to n - 1 in random order.

    Arguments:
        n: how many.
        generator: the Generator to draw from; None takes the default one.
        dtype: of the result; int64 where it is left out.
        requires_grad: whether gradients flow to it.

    Raises:
        RuntimeError: for a negative n, and where the dtype does not hold n - 1.

    >>> import minigrad as torch
    >>> sorted(torch.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    n, dtype = integer("randperm", n), int64 if dtype is None else as_dtype(dtype)
    if n < 0:
        raise RuntimeError(f"randperm: n must not be negative, but got {n}")
    if dtype.kind == "b":
        raise NotImplementedError("randperm: a permutation cannot be boolean")
    last = 2 ** (np.finfo(dtype).nmant + 1) if dtype.kind == "f" else np.iinfo(dtype).max
    if n - 1 > last:
        raise RuntimeError(f"randperm: {n - 1} does not fit into {dtype}")
    return made(generator_of(generator).permutation(n).astype(dtype), requires_grad)


@on_cpu_only
def rand_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform draws in the shape and dtype of `input`.

    Arguments:
        input: a tensor.
        dtype: of the result; that of `input` where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.rand_like(torch.zeros(2)).shape
    torch.Size([2])
    """
    return rand(
        tensor_given("rand_like", input).shape, dtype=dtype or input.dtype, requires_grad=requires_grad
    )


@on_cpu_only
def randn_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal draws in the shape and dtype of `input`.

    Arguments:
        input: a tensor.
        dtype: of the result; that of `input` where it is left out.
        requires_grad: whether gradients flow to it.

    >>> import minigrad as torch
    >>> torch.randn_like(torch.zeros(2)).shape
    torch.Size([2])
    """
    return randn(
        tensor_given("randn_like", input).shape, dtype=dtype or input.dtype, requires_grad=requires_grad
    )


@on_cpu_only
def randint_like(input: Tensor, low: int = 0, high: Any = None, *, dtype: Any = None) -> Tensor:
    """Integers in the shape of `input`, in its dtype.

    Arguments:
        input: a tensor.
        low, high: integers from `low` up to, without, `high`; with one of them it is `high`.
        dtype: of the result; that of `input` where it is left out.

    >>> import minigrad as torch
    >>> torch.randint_like(torch.zeros(2), 5).shape
    torch.Size([2])
    """
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, tensor_given("randint_like", input).shape, dtype=dtype or input.dtype)


@drawn_for_each_sample
def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Draws from normal distributions; the gradient of tensors that hold their parameters is 0.

    Arguments:
        mean, std: tensors of shapes that broadcast, or numbers.
        size: the shape, where both are numbers.
        generator: where the random numbers come from.
        dtype: where both are numbers, the default dtype unless told.
        requires_grad: whether gradients flow to the result.

    Raises:
        RuntimeError: for a negative `std`.
        TypeError: for numbers without a size.

    >>> import minigrad as torch
    >>> torch.normal(0.0, 1.0, size=(2, 3)).shape, torch.normal(torch.zeros(4), 0.0)
    (torch.Size([2, 3]), tensor([0., 0., 0., 0.]))
    """
    arrays = [x._array for x in (mean, std) if isinstance(x, Tensor)]
    if not arrays and size is None:
        raise TypeError("normal(): say size=, or give a tensor as mean or std")
    if arrays and size is not None:
        raise TypeError("normal(): size= goes with numbers as mean and std; a tensor has its own")
    own = arrays[0].dtype if arrays else float_dtype(dtype)
    low, scale = (x._array if isinstance(x, Tensor) else x for x in (mean, std))
    if (np.asarray(scale) < 0).any():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    shape = tuple(size) if size is not None else np.broadcast_shapes(np.shape(low), np.shape(scale))
    draws = generator_of(generator).standard_normal(shape)
    drawn = made(silently(lambda: arrayed(low + scale * draws).astype(own, copy=False)), requires_grad)
    return level("normal", drawn, mean, std)
