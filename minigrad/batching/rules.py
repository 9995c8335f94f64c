"""NumPy's functions on a batch: sums and their like, shapes, elements. See `axes`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.ops.sums import total

from .axes import (
    RULES,
    Array,
    DeclinedError,
    Level,
    aligned,
    depth,
    front,
    full,
    operands,
    place,
    places,
    rule,
)

# --- sums and their like ------------------------------------------------------------------------------


def _reduction(function: Any) -> None:
    def rule(level: Level, a: Any, axis: Any = None, *, keepdims: bool = False, **how: Any) -> Array:
        return function(front(level, a), axis=places(axis, depth(a)), keepdims=keepdims, **how)

    RULES[function] = rule


_function: Any
for _function in (np.prod, np.max, np.min, np.amax, np.amin, np.all, np.any, np.mean, np.count_nonzero):
    _reduction(_function)


@rule(np.sum)
def _sum(level: Level, a: Any, axis: Any = None, *, keepdims: bool = False, dtype: Any = None) -> Array:
    if dtype is not None:
        return np.sum(front(level, a), axis=places(axis, depth(a)), keepdims=keepdims, dtype=dtype)
    return total(front(level, a), places(axis, depth(a)), keepdims)


def _chosen(function: Any) -> None:
    def rule(level: Level, a: Any, axis: Any = None, *, keepdims: bool = False) -> Array:
        data = front(level, a)
        if axis is not None:
            return function(data, axis=places(axis, depth(a)), keepdims=keepdims)
        found = function(data.reshape(data.shape[0], -1), axis=1)
        return found.reshape(-1, *(1,) * depth(a)) if keepdims else found

    RULES[function] = rule


def _along(function: Any, default: Any) -> None:
    def rule(level: Level, a: Any, axis: Any = default, **how: Any) -> Array:
        data = front(level, a)
        if axis is None:
            data, axis = data.reshape(data.shape[0], -1), 0
        return function(data, axis=place(axis, data.ndim - 1), **how)

    RULES[function] = rule


_chosen(np.argmax)
_chosen(np.argmin)
for _function in (np.cumsum, np.cumprod):
    _along(_function, None)
for _function in (np.sort, np.argsort):
    _along(_function, -1)


@rule(np.flip)
def _flip(level: Level, m: Any, axis: Any = None) -> Array:
    return np.flip(front(level, m), places(axis, depth(m)))


@rule(np.roll)
def _roll(level: Level, a: Any, shift: Any, axis: Any = None) -> Array:
    if axis is None:
        raise DeclinedError
    return np.roll(front(level, a), shift, places(axis, depth(a)))


@rule(np.repeat)
def _repeat(level: Level, a: Any, repeats: Any, axis: Any = None) -> Array:
    if getattr(repeats, "level", None) is level or axis is None:
        raise DeclinedError
    return np.repeat(front(level, a), repeats, place(axis, depth(a)))


# --- shapes ---------------------------------------------------------------------------------------------


@rule(np.reshape)
def _reshape(level: Level, a: Any, shape: Any) -> Array:
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    data = front(level, a)
    if -1 in sizes and 0 not in data.shape:  # of no samples NumPy could not tell
        rest = math.prod([n for n in sizes if n != -1])
        if not rest or math.prod(data.shape[1:]) % rest:
            raise ValueError(f"cannot reshape array of shape {tuple(a.shape)} into shape {sizes}")
        sizes = tuple(math.prod(data.shape[1:]) // rest if n == -1 else n for n in sizes)
    elif -1 in sizes:
        sizes = np.empty(a.shape, np.bool_).reshape(sizes).shape
    elif math.prod(sizes) != math.prod(data.shape[1:]):
        raise ValueError(f"cannot reshape array of shape {tuple(a.shape)} into shape {sizes}")
    return np.reshape(data, (data.shape[0], *sizes))


@rule(np.ravel)
def _ravel(level: Level, a: Any) -> Array:
    return _reshape(level, a, -1)


@rule(np.expand_dims)
def _expand_dims(level: Level, a: Any, axis: Any) -> Array:
    grown = depth(a) + (len(axis) if isinstance(axis, tuple) else 1)
    return np.expand_dims(front(level, a), places(axis, grown))


@rule(np.squeeze)
def _squeeze(level: Level, a: Any, axis: Any = None) -> Array:
    if axis is None:
        axis = tuple(i for i, n in enumerate(a.shape) if n == 1)
    return np.squeeze(front(level, a), places(axis, depth(a)))


@rule(np.moveaxis)
def _moveaxis(level: Level, a: Any, source: Any, destination: Any) -> Array:
    return np.moveaxis(front(level, a), places(source, depth(a)), places(destination, depth(a)))


@rule(np.swapaxes)
def _swapaxes(level: Level, a: Any, axis1: int, axis2: int) -> Array:
    return np.swapaxes(front(level, a), place(axis1, depth(a)), place(axis2, depth(a)))


@rule(np.transpose)
def _transpose(level: Level, a: Any, axes: Any = None) -> Array:
    order = reversed(range(depth(a))) if axes is None else axes
    return np.transpose(front(level, a), (0, *places(tuple(order), depth(a))))


@rule(np.broadcast_to)
def _broadcast_to(level: Level, array: Any, shape: Any) -> Array:
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if depth(array) > len(sizes):
        raise ValueError(f"cannot broadcast shape {tuple(array.shape)} to {sizes}")
    data = aligned(level, array, len(sizes))
    return np.broadcast_to(data, (data.shape[0], *sizes))


@rule(np.broadcast_arrays)
def _broadcast_arrays(level: Level, *args: Any) -> Any:
    shape = np.broadcast_shapes(*[np.shape(x) for x in args])
    return tuple(_broadcast_to(level, x, shape) for x in args)


@rule(np.tile)
def _tile(level: Level, A: Any, reps: Any) -> Array:
    times = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    data = aligned(level, A, max(len(times), depth(A)))
    return np.tile(data, (1, *(1,) * (data.ndim - 1 - len(times)), *times))


@rule(np.concatenate)
def _concatenate(level: Level, arrays: Any, axis: int = 0) -> Array:
    return np.concatenate([full(level, front(level, x)) for x in arrays], place(axis, depth(arrays[0])))


@rule(np.stack)
def _stack(level: Level, arrays: Any, axis: int = 0) -> Array:
    return np.stack([full(level, front(level, x)) for x in arrays], place(axis, depth(arrays[0]) + 1))


@rule(np.pad)
def _pad(level: Level, array: Any, pad_width: Any, *, constant_values: Any = 0) -> Array:
    if depth(pad_width) != 2 or len(pad_width) != depth(array):
        raise DeclinedError
    return np.pad(front(level, array), [(0, 0), *pad_width], constant_values=constant_values)


@rule(np.diagonal)
def _diagonal(level: Level, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    data = front(level, a)
    found = np.diagonal(data, offset, place(axis1, depth(a)), place(axis2, depth(a)))
    if type(data) is np.ndarray and data.flags.writeable:
        found.flags.writeable = True  # NumPy locks it
    return found


@rule(np.trace)
def _trace(level: Level, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    return total(_diagonal(level, a, offset, axis1, axis2), -1)


def _triangle(function: Any) -> None:
    def rule(level: Level, m: Any, k: int = 0) -> Array:
        if depth(m) < 2:
            raise DeclinedError
        return function(front(level, m), k)

    RULES[function] = rule


_triangle(np.tril)
_triangle(np.triu)


@rule(np.lib.stride_tricks.sliding_window_view)
def _sliding_window_view(level: Level, x: Any, window_shape: Any, axis: Any = None) -> Array:
    if axis is None:
        raise DeclinedError
    return np.lib.stride_tricks.sliding_window_view(front(level, x), window_shape, places(axis, depth(x)))


# --- elements -------------------------------------------------------------------------------------------


def _elementwise(function: Any) -> None:
    def rule(level: Level, *xs: Any, **how: Any) -> Array:
        return function(*operands(level, xs), **how)

    RULES[function] = rule


for _function in (np.isclose, np.nan_to_num, np.round, np.around):
    _elementwise(_function)


@rule(np.where)
def _where(level: Level, condition: Any, x: Any, y: Any) -> Array:
    return np.where(*operands(level, (condition, x, y)))


@rule(np.clip)
def _clip(level: Level, a: Any, a_min: Any = None, a_max: Any = None) -> Array:
    given = [x for x in (a, a_min, a_max) if x is not None]
    laid = iter(operands(level, given))
    clip: Any = np.clip
    return clip(*[None if x is None else next(laid) for x in (a, a_min, a_max)])


@rule(np.array)
def _array(level: Level, a: Any) -> Array:
    return front(level, a).copy()


@rule(np.astype)
def _astype(level: Level, x: Any, dtype: Any) -> Array:
    return front(level, x).astype(dtype)


def _like(function: Any, make: Any) -> None:
    def rule(level: Level, a: Any, dtype: Any = None, *order: Any) -> Array:
        data = front(level, a)
        kin = None if type(data) is np.ndarray else data
        return make((level.size, *a.shape), a.dtype if dtype is None else dtype, like=kin)

    RULES[function] = rule


_like(np.zeros_like, np.zeros)
_like(np.ones_like, np.ones)
_like(np.empty_like, np.empty)


@rule(np.full_like)
def _full_like(level: Level, a: Any, fill_value: Any, dtype: Any = None, *order: Any) -> Array:
    out = RULES[np.empty_like](level, a, dtype)
    out[...] = aligned(level, fill_value, depth(a))
    return out
