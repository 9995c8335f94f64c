"""NumPy's functions on a batch: the axis of the samples stays in front, all other axes move up by one.

A rule takes what the function takes, and returns the arrays of the result. An argument that is no batch of
the level is the same for all samples: its front axis has length 1, and NumPy's broadcasting does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops.sums import total

Array = Any
Level = Any
RULES: dict[Any, Callable[..., Any]] = {}


class DeclinedError(Exception):
    """A rule does not cover these arguments: the function runs on one sample after the other."""


def front(level: Level, x: Any) -> Array:
    """The array of an argument, with the axis of the samples in front."""
    if getattr(x, "level", None) is level:
        return x.data
    return np.asarray(x)[None] if isinstance(x, (bool, int, float, np.generic, list, tuple)) else x[None]


def depth(x: Any) -> int:
    """How many axes an argument has, from a sample's point of view."""
    return int(np.ndim(x))


def aligned(level: Level, x: Any, ndim: int) -> Array:
    """`front`, with axes of length 1 after the first, so that a sample has `ndim` axes."""
    data = front(level, x)
    missing = ndim + 1 - np.ndim(data)
    return np.reshape(data, (data.shape[0], *(1,) * missing, *data.shape[1:])) if missing > 0 else data


def full(level: Level, data: Array) -> Array:
    """A part for every sample."""
    if data.shape[0] == level.size:
        return data
    return np.broadcast_to(data, (level.size, *data.shape[1:]))


def operands(level: Level, xs: Any) -> list[Any]:
    """Arrays of one number of axes, for functions of elements; Python's numbers stay what they are."""
    ndim = max(map(depth, xs))
    plain = (bool, int, float, np.generic)
    return [x if isinstance(x, plain) else aligned(level, x, ndim) for x in xs]


def place(axis: Any, ndim: int) -> int:
    """An axis of a sample as one of the batch."""
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return int(axis % ndim) + 1


def places(axis: Any, ndim: int) -> Any:
    """The same for an int, a tuple, or None for all of them."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    return tuple(place(a, ndim) for a in axis) if isinstance(axis, (tuple, list)) else place(axis, ndim)


def _rule(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(rule: Callable[..., Any]) -> Callable[..., Any]:
        RULES.update(dict.fromkeys(functions, rule))
        return rule

    return register


# --- sums and their like ------------------------------------------------------------------------------


def _reduction(function: Any) -> None:
    def rule(level: Level, a: Any, axis: Any = None, *, keepdims: bool = False, **how: Any) -> Array:
        return function(front(level, a), axis=places(axis, depth(a)), keepdims=keepdims, **how)

    RULES[function] = rule


_function: Any
for _function in (np.prod, np.max, np.min, np.amax, np.amin, np.all, np.any, np.mean, np.count_nonzero):
    _reduction(_function)


@_rule(np.sum)
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


@_rule(np.flip)
def _flip(level: Level, m: Any, axis: Any = None) -> Array:
    return np.flip(front(level, m), places(axis, depth(m)))


@_rule(np.roll)
def _roll(level: Level, a: Any, shift: Any, axis: Any = None) -> Array:
    if axis is None:
        raise DeclinedError
    return np.roll(front(level, a), shift, places(axis, depth(a)))


@_rule(np.repeat)
def _repeat(level: Level, a: Any, repeats: Any, axis: Any = None) -> Array:
    if getattr(repeats, "level", None) is level or axis is None:
        raise DeclinedError
    return np.repeat(front(level, a), repeats, place(axis, depth(a)))


# --- shapes ---------------------------------------------------------------------------------------------


@_rule(np.reshape)
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


@_rule(np.ravel)
def _ravel(level: Level, a: Any) -> Array:
    return _reshape(level, a, -1)


@_rule(np.expand_dims)
def _expand_dims(level: Level, a: Any, axis: Any) -> Array:
    grown = depth(a) + (len(axis) if isinstance(axis, tuple) else 1)
    return np.expand_dims(front(level, a), places(axis, grown))


@_rule(np.squeeze)
def _squeeze(level: Level, a: Any, axis: Any = None) -> Array:
    if axis is None:
        axis = tuple(i for i, n in enumerate(a.shape) if n == 1)
    return np.squeeze(front(level, a), places(axis, depth(a)))


@_rule(np.moveaxis)
def _moveaxis(level: Level, a: Any, source: Any, destination: Any) -> Array:
    return np.moveaxis(front(level, a), places(source, depth(a)), places(destination, depth(a)))


@_rule(np.swapaxes)
def _swapaxes(level: Level, a: Any, axis1: int, axis2: int) -> Array:
    return np.swapaxes(front(level, a), place(axis1, depth(a)), place(axis2, depth(a)))


@_rule(np.transpose)
def _transpose(level: Level, a: Any, axes: Any = None) -> Array:
    order = reversed(range(depth(a))) if axes is None else axes
    return np.transpose(front(level, a), (0, *places(tuple(order), depth(a))))


@_rule(np.broadcast_to)
def _broadcast_to(level: Level, array: Any, shape: Any) -> Array:
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if depth(array) > len(sizes):
        raise ValueError(f"cannot broadcast shape {tuple(array.shape)} to {sizes}")
    data = aligned(level, array, len(sizes))
    return np.broadcast_to(data, (data.shape[0], *sizes))


@_rule(np.broadcast_arrays)
def _broadcast_arrays(level: Level, *args: Any) -> Any:
    shape = np.broadcast_shapes(*[np.shape(x) for x in args])
    return tuple(_broadcast_to(level, x, shape) for x in args)


@_rule(np.tile)
def _tile(level: Level, A: Any, reps: Any) -> Array:
    times = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    data = aligned(level, A, max(len(times), depth(A)))
    return np.tile(data, (1, *(1,) * (data.ndim - 1 - len(times)), *times))


@_rule(np.concatenate)
def _concatenate(level: Level, arrays: Any, axis: int = 0) -> Array:
    return np.concatenate([full(level, front(level, x)) for x in arrays], place(axis, depth(arrays[0])))


@_rule(np.stack)
def _stack(level: Level, arrays: Any, axis: int = 0) -> Array:
    return np.stack([full(level, front(level, x)) for x in arrays], place(axis, depth(arrays[0]) + 1))


@_rule(np.pad)
def _pad(level: Level, array: Any, pad_width: Any, *, constant_values: Any = 0) -> Array:
    if depth(pad_width) != 2 or len(pad_width) != depth(array):
        raise DeclinedError
    return np.pad(front(level, array), [(0, 0), *pad_width], constant_values=constant_values)


@_rule(np.diagonal)
def _diagonal(level: Level, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    data = front(level, a)
    found = np.diagonal(data, offset, place(axis1, depth(a)), place(axis2, depth(a)))
    if type(data) is np.ndarray and data.flags.writeable:
        found.flags.writeable = True  # NumPy locks it
    return found


@_rule(np.trace)
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


@_rule(np.lib.stride_tricks.sliding_window_view)
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


@_rule(np.where)
def _where(level: Level, condition: Any, x: Any, y: Any) -> Array:
    return np.where(*operands(level, (condition, x, y)))


@_rule(np.clip)
def _clip(level: Level, a: Any, a_min: Any = None, a_max: Any = None) -> Array:
    given = [x for x in (a, a_min, a_max) if x is not None]
    laid = iter(operands(level, given))
    clip: Any = np.clip
    return clip(*[None if x is None else next(laid) for x in (a, a_min, a_max)])


@_rule(np.array)
def _array(level: Level, a: Any) -> Array:
    return front(level, a).copy()


@_rule(np.astype)
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


@_rule(np.full_like)
def _full_like(level: Level, a: Any, fill_value: Any, dtype: Any = None, *order: Any) -> Array:
    out = RULES[np.empty_like](level, a, dtype)
    out[...] = aligned(level, fill_value, depth(a))
    return out


# --- products -------------------------------------------------------------------------------------------


@_rule(np.matmul)
def matmul(level: Level, a: Any, b: Any) -> Array:
    """Products of each sample; those with one matrix for all samples are one product."""
    na, nb = depth(a), depth(b)
    if not na or not nb or a.shape[-1] != b.shape[-2 if nb > 1 else 0]:
        raise ValueError(f"matmul: shapes {tuple(a.shape)} and {tuple(b.shape)} do not fit")
    x, y = front(level, a), front(level, b)
    if nb == 1:
        if na == 2 and x.shape[0] == 1:
            return np.matmul(y, np.swapaxes(x[0], 0, 1))
        column = y.reshape(y.shape[0], *(1,) * (na - 2), -1, 1)
        if na > 1:
            return np.matmul(x, column)[..., 0]
        return np.matmul(x[:, None], column)[:, 0, 0]
    if nb == 2 and y.shape[0] == 1 and x.shape[0] > 1:  # one matrix for all
        if na == 1:
            return np.matmul(x, y[0])
        rows = np.matmul(x.reshape(-1, x.shape[-1]), y[0])
        return rows.reshape(*x.shape[:-1], y.shape[-1])
    if na == 1:
        x = x.reshape(x.shape[0], *(1,) * (nb - 1), -1)
        return np.matmul(x, y)[..., 0, :]
    if na == nb == 2 and x.shape[0] == 1 and y.shape[0] > 1 and x.shape[1] > 7:  # one matrix before all
        columns = np.swapaxes(y, 1, 2).reshape(-1, y.shape[1])
        wide = np.matmul(x[0], columns.T)
        return np.swapaxes(wide.reshape(-1, y.shape[0], y.shape[2]), 0, 1)
    ndim = max(na, nb)
    return np.matmul(aligned(level, a, ndim), aligned(level, b, ndim))


@_rule(np.dot)
def _dot(level: Level, a: Any, b: Any) -> Array:
    if not depth(a) or not depth(b):
        return np.multiply(*operands(level, (a, b)))
    if depth(b) > 2:
        raise DeclinedError
    return matmul(level, a, b)


@_rule(np.einsum)
def _einsum(level: Level, subscripts: Any, *xs: Any, optimize: Any = False) -> Array:
    if not isinstance(subscripts, str):
        raise DeclinedError
    terms, arrow, out = subscripts.replace(" ", "").partition("->")
    if not arrow:
        letters = [c for c in terms if c.isalpha()]
        out = ("..." if "..." in terms else "") + "".join(
            sorted(c for c in set(letters) if letters.count(c) == 1)
        )
    unused = next(c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba" if c not in subscripts)
    laid = [front(level, x) for x in xs]
    one = all(x.shape[0] == 1 for x in laid)
    batched = [x.shape[0] > 1 or level.size == 1 or one for x in laid]
    pairs = list(zip(terms.split(","), laid, batched, strict=True))
    parts = [unused + term if has else term for term, _, has in pairs]
    arrays = [x if has else x[0] for _, x, has in pairs]
    return np.einsum(f"{','.join(parts)}->{unused}{out}", *arrays, optimize=optimize)


def _of_matrices(function: Any) -> None:
    """NumPy's functions of matrices take stacks of them."""

    def rule(level: Level, a: Any, *args: Any, **how: Any) -> Any:
        if depth(a) < 2 or any(hasattr(x, "level") for x in args):
            raise DeclinedError
        return function(front(level, a), *args, **how)

    RULES[function] = rule


for _function in (
    np.linalg.inv, np.linalg.cholesky, np.linalg.svd, np.linalg.eigh, np.linalg.eigvalsh, np.linalg.det,
    np.linalg.slogdet, np.linalg.qr, np.linalg.matrix_power,
):  # fmt: skip
    _of_matrices(_function)


@_rule(np.linalg.solve)
def _solve(level: Level, a: Any, b: Any) -> Array:
    ndim = max(depth(a), depth(b))
    if depth(b) == 1:
        column = np.reshape(front(level, b), (-1, *(1,) * (ndim - 2), b.shape[0], 1))
        return np.linalg.solve(aligned(level, a, ndim), column)[..., 0]
    return np.linalg.solve(aligned(level, a, ndim), aligned(level, b, ndim))


# --- places ---------------------------------------------------------------------------------------------


@_rule(np.take_along_axis)
def _take_along_axis(level: Level, arr: Any, indices: Any, axis: Any = -1) -> Array:
    if axis is None:
        raise DeclinedError
    laid = full(level, front(level, arr)), full(level, front(level, indices))
    return np.take_along_axis(*laid, place(axis, depth(arr)))


def spelled(index: Any, ndim: int) -> list[Any]:
    """The parts of an index, with a slice for each axis that an Ellipsis or nothing stands for."""
    parts = list(index) if isinstance(index, tuple) else [index]
    parts = [np.asarray(p) if isinstance(p, list) else p for p in parts]
    used = sum(p.ndim if _is_mask(p) else p is not None and p is not Ellipsis for p in parts)
    slices = [slice(None)] * (ndim - used)
    if not any(p is Ellipsis for p in parts):
        return [*parts, *slices]
    return [q for p in parts for q in (slices if p is Ellipsis else [p])]


def _is_mask(part: Any) -> bool:
    return (getattr(part, "dtype", None) == np.bool_ and hasattr(part, "ndim")) or isinstance(part, bool)


def _is_array(part: Any) -> bool:
    return hasattr(part, "shape") or isinstance(part, (bool, np.generic))


def physical(level: Level, data: Array, index: Any) -> tuple[Any, tuple[Any, Any] | None]:
    """The index of the batch for one of a sample.

    Also the axes to move afterwards, (from, to), where NumPy puts those of index arrays elsewhere.
    """
    parts = spelled(index, data.ndim - 1)
    arrays = [p for p in parts if _is_array(p)]
    if not arrays:
        return (slice(None), *parts), None
    advanced = [i for i, p in enumerate(parts) if _is_array(p) or isinstance(p, (int, np.integer))]
    together = advanced == list(range(advanced[0], advanced[-1] + 1))
    batched = [p for p in arrays if getattr(p, "level", None) is level]
    if any(_is_mask(p) for p in batched):
        raise RuntimeError(
            "vmap: a mask that differs from sample to sample selects parts of different shapes; "
            "use torch.where, which keeps the shape"
        )
    if not batched or (data.shape[0] == 1 and all(p.data.shape[0] == 1 for p in batched)):
        parts = [p.data[0] if any(p is b for b in batched) else p for p in parts]
        ndim = _index_ndim(parts)
        return (slice(None), *parts), None if together else (ndim, 0)
    if any(_is_mask(p) for p in arrays):
        raise DeclinedError
    ndim = max(map(depth, arrays))
    samples = np.arange(data.shape[0]).reshape(-1, *(1,) * ndim)
    parts = [aligned(level, p, ndim) if _is_array(p) else p for p in parts]
    before = advanced[0] if together else 0
    moved = None if not before else (tuple(range(1, 1 + ndim)), tuple(range(1 + before, 1 + before + ndim)))
    if together and not before:  # the samples' own index stands beside the others
        moved = None
    return (samples, *parts), moved


def _index_ndim(parts: list[Any]) -> int:
    """How many axes the index arrays make together."""
    shapes = [(1,) if _is_mask(p) else np.shape(p) for p in parts if _is_array(p)]
    return len(np.broadcast_shapes(*shapes))
