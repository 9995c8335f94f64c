"""Windows that slide over the last axes of an array (N, C, *lengths): convolutions, sums and maxima.

A window has `size` elements per axis, `dilation` apart; windows start `stride` apart, `padding` before the
array, and there are `places` of them per axis. Windows are views; a convolution copies them to the columns of
a matrix, for a few samples at a time, and is one product.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .arrays import kin, ndarray
from .kernels import Array, c_order, kernel, wide
from .places import pad
from .runs import convolve_runs, weights_of_runs

Sizes = tuple[int, ...]
_AT_ONCE = 1 << 19  # numbers in the columns that are made at once: they stay in the processor's cache


def count_places(lengths: Sizes, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """How many windows fit along each axis."""
    each = zip(lengths, size, stride, padding, dilation, strict=True)
    return tuple([max(n + 2 * p - d * (k - 1) - 1, -s) // s + 1 for n, k, s, p, d in each])


def _framed(
    x: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, places: Sizes, value: float = 0.0
) -> Array:
    """`x` in a frame, so that its first window starts at the first element and the last one fits."""
    each = zip(x.shape[2:], size, stride, padding, dilation, places, strict=True)
    pairs = [(p, max(s * (m - 1) + d * (k - 1) + 1 - n - p, 0)) for n, k, s, p, d, m in each]
    if not any(map(any, pairs)):
        return x
    if type(x) is not ndarray:
        return pad(x, [width for pair in reversed(pairs) for width in pair], value)
    lengths = [n + before + after for n, (before, after) in zip(x.shape[2:], pairs, strict=True)]
    out: Any = np.full((*x.shape[:2], *lengths), value, x.dtype)
    out[(..., *[slice(p, p + n) for n, (p, _) in zip(x.shape[2:], pairs, strict=True)])] = x
    return out


def _windows(x: Array, size: Sizes, stride: Sizes, dilation: Sizes, places: Sizes) -> Array:
    """A view (N, C, *size, *places) of an array; the first window starts at its first element."""
    if type(x) is not ndarray:
        axes = tuple(range(2, x.ndim))
        spans = tuple([d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True)])
        seen = np.lib.stride_tricks.sliding_window_view(x, spans, axes)
        firsts = [slice(0, s * (m - 1) + 1, s) for s, m in zip(stride, places, strict=True)]
        seen = seen[(slice(None), slice(None), *firsts, *[slice(None, None, d) for d in dilation])]
        return np.moveaxis(seen, axes, tuple(a + len(size) for a in axes))
    outer, inner = x.strides[:2], x.strides[2:]
    steps = [n * d for n, d in zip(inner, dilation, strict=True)]
    jumps = [n * s for n, s in zip(inner, stride, strict=True)]
    shape, strides = (*x.shape[:2], *size, *places), (*outer, *steps, *jumps)
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def _columns(
    x: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int, places: Sizes
) -> Array:
    """The windows as columns, by group: (groups, C / groups * prod(size), N * prod(places))."""
    framed = _framed(x, size, stride, padding, dilation, places)
    seen = _windows(framed, size, stride, dilation, places)
    rows = x.shape[1] // groups * math.prod(size)
    return np.moveaxis(seen, 0, 1 + len(size)).reshape(groups, rows, len(x) * math.prod(places))


def _channels_first(g: Array, groups: int) -> Array:
    """(N, O, *places) as (groups, O / groups, N * prod(places))."""
    return np.moveaxis(g, 0, 1).reshape(groups, g.shape[1] // groups, -1 if g.size else 0)


def _parts(n: int, each: int) -> Iterator[slice]:
    """Samples, as many as are treated at once where one has `each` numbers in its columns."""
    step = max(1, _AT_ONCE // max(each, 1))
    return (slice(start, start + step) for start in range(0, n, step))


def _in_runs(
    x: Array, weight: Array, size: Sizes, stride: Sizes, dilation: Sizes, groups: int, places: Sizes
) -> bool:
    """True where windows lie side by side, and little memory between them: see `runs`."""
    plain = type(x) is type(weight) is ndarray and x.size > 0 and weight.size > 0
    if not plain or math.prod(places) == 0 or math.prod(stride) > 1:
        return False
    if 1 < groups == x.shape[1]:
        return True
    between = math.prod([1 + d * (k - 1) / m for k, d, m in zip(size, dilation, places, strict=True)][1:])
    return between <= 1.2 and math.prod(size) > 1


@kernel
def convolve(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = (1,),
    padding: Sizes = (0,),
    dilation: Sizes = (1,),
    groups: int = 1,
) -> Array:
    """y[n, o, place] = bias[o] + the sum of weight[o] times the window at that place."""
    x, weight, size = wide(x), wide(weight), weight.shape[2:]
    places = count_places(x.shape[2:], size, stride, padding, dilation)
    filters = weight.reshape(groups, weight.shape[0] // groups, math.prod(weight.shape[1:]))
    out = np.empty((len(x), weight.shape[0], *places), x.dtype, like=kin(x, weight, bias))
    in_runs = _in_runs(x, weight, size, stride, dilation, groups, places)
    framed = _framed(x, size, stride, padding, dilation, places) if in_runs else x
    for part in _parts(len(x), x.shape[1] * math.prod(size) * math.prod(places)):
        if in_runs:
            convolve_runs(framed[part], weight, dilation, groups, out[part])
            if bias is not None:
                out[part] += bias.reshape(-1, *(1,) * len(size))
            continue
        made = np.matmul(filters, _columns(x[part], size, stride, padding, dilation, groups, places))
        if bias is not None:
            made += bias.reshape(groups, -1, 1)
        out[part] = np.moveaxis(made.reshape(weight.shape[0], -1, *places), 1, 0)
    return out


@kernel
def convolve_back(
    g: Array, weight: Array, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The gradient of `convolve` by x, of the lengths `shape`: weight[o] times g at a place, added there."""
    g, weight, size, places = wide(g), wide(weight), weight.shape[2:], g.shape[2:]
    around = tuple([d * (k - 1) - p for d, k, p in zip(dilation, size, padding, strict=True)])
    few = len(weight) <= 2 * groups * weight.shape[1]  # to lay out more costs more than to add
    if few and min(around) >= 0 and _in_runs(g, weight, size, stride, dilation, groups, shape):
        fits = count_places(places, size, stride, around, dilation) == tuple(shape)
        if fits and np.isfinite(weight).all():  # an inf must not meet the zeros of the padding
            each = weight.reshape(groups, -1, *weight.shape[1:])
            turned = np.flip(np.swapaxes(each, 1, 2), tuple(range(3, each.ndim)))
            turned = turned.copy().reshape(-1, each.shape[1], *size)
            return convolve(g, turned, None, stride, around, dilation, groups)
    filters = weight.reshape(groups, weight.shape[0] // groups, math.prod(weight.shape[1:]))
    out = np.empty((len(g), groups * weight.shape[1], *shape), g.dtype, like=kin(g, weight))
    for part in _parts(len(g), out.shape[1] * math.prod(size) * math.prod(places)):
        columns = np.matmul(np.swapaxes(filters, 1, 2), _channels_first(g[part], groups))
        seen = columns.reshape(out.shape[1], *size, -1, *places)
        out[part] = _added(np.moveaxis(seen, 1 + len(size), 0), shape, stride, padding, dilation)
    return out


@kernel
def convolve_weight(
    x: Array, g: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The gradient of `convolve` by weight, of the given `size`: g[o] at a place times the window there."""
    x, g = wide(x), wide(g)
    how = size, stride, padding, dilation, groups
    in_runs = _in_runs(x, g, size, stride, dilation, groups, g.shape[2:])
    out = _times_windows(x, g, *how, in_runs)
    if in_runs and not np.isfinite(out).all():  # between rows an inf may have met a 0
        out = _times_windows(x, g, *how, False)
    return out.reshape(g.shape[1], x.shape[1] // groups, *size)


def _times_windows(
    x: Array,
    g: Array,
    size: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    groups: int,
    in_runs: bool,
) -> Array:  # fmt: skip
    places = g.shape[2:]
    framed = _framed(x, size, stride, padding, dilation, places) if in_runs else x
    out: Array = np.zeros(
        (groups, g.shape[1] // groups, x.shape[1] // groups * math.prod(size)), x.dtype, like=kin(x, g)
    )
    for part in _parts(len(x), x.shape[1] * math.prod(size) * math.prod(places)):
        if in_runs:
            out += weights_of_runs(framed[part], g[part], size, dilation, groups)
        else:
            columns = _columns(x[part], size, stride, padding, dilation, groups, places)
            out += np.matmul(_channels_first(g[part], groups), np.swapaxes(columns, 1, 2))
    return out


@kernel
def unfold(x: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Array:
    """The windows themselves: (N, C, *size, *places)."""
    places = count_places(x.shape[2:], size, stride, padding, dilation)
    return _windows(
        _framed(x, size, stride, padding, dilation, places), size, stride, dilation, places
    ).copy()


@kernel
def fold(windows: Array, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Array:
    """The windows added up at their places, in an array of the lengths `shape`."""
    return _added(windows, shape, stride, padding, dilation)


@functools.lru_cache(maxsize=64)
def _matches(size: Sizes, stride: Sizes, dilation: Sizes, places: Sizes) -> list[tuple[Any, Any]]:
    """For each element of a window an index of its places, and of it in an array of windows."""
    found = []
    for offset in itertools.product(*map(range, size)):
        each = zip(offset, stride, dilation, places, strict=True)
        target = [slice(i * d, i * d + s * (m - 1) + 1, s) for i, s, d, m in each]
        found.append(((..., *target), (slice(None), slice(None), *offset)))
    return found


def _added(windows: Array, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Array:
    axes = len(shape)
    size, places = windows.shape[2 : 2 + axes], windows.shape[2 + axes :]
    ends = [
        max(s * (m - 1) + d * (k - 1) + 1, n + p)
        for s, m, d, k, n, p in zip(stride, places, dilation, size, shape, padding, strict=True)
    ]
    out: Array = np.zeros((*windows.shape[:2], *ends), windows.dtype, like=kin(windows))
    for target, source in _matches(size, stride, dilation, places):
        out[target] += windows[source]
    return out[(..., *[slice(p, p + n) for p, n in zip(padding, shape, strict=True)])]


@kernel
def sum_windows(x: Array, size: Sizes, stride: Sizes, padding: Sizes, places: Sizes) -> Array:
    """The sum of each window, one axis after the other."""
    ones = (1,) * len(size)
    out = _framed(wide(x), size, stride, padding, ones, places)
    for axis, (k, s, m) in enumerate(zip(size, stride, places, strict=True), 2):
        parts = [out[(slice(None),) * axis + (slice(i, i + s * (m - 1) + 1, s),)] for i in range(k)]
        out = parts[0].copy()
        for part in parts[1:]:
            out += part
    return out


@kernel
def spread_windows(g: Array, shape: Sizes, size: Sizes, stride: Sizes, padding: Sizes) -> Array:
    """Each element of `g` added to all of its window, in an array of the lengths `shape`."""
    out = wide(g)
    for axis, (n, k, s, p) in enumerate(zip(shape, size, stride, padding, strict=True), 2):
        m, lead = out.shape[axis], (slice(None),) * axis
        ends = (*out.shape[:axis], max(s * (m - 1) + k, n + p), *out.shape[axis + 1 :])
        apart = k <= s  # no two windows share a place
        make = np.empty if k == s and m * k == ends[axis] else np.zeros
        wider: Array = make(ends, out.dtype, like=kin(out))
        for i in range(k):
            target = (*lead, slice(i, i + s * (m - 1) + 1, s))
            if apart:
                wider[target] = out
            else:
                wider[target] += out
        out = wider if ends[axis] == n else wider[(*lead, slice(p, p + n))].copy()
    return out


def max_windows(
    x: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, places: Sizes
) -> tuple[Array, Array]:
    """The maximum of each window, and where it stands in the flattened last axes of `x`: the first of equals.

    A nan is greater than all, and the last one stands for them.
    """
    lowest: Any = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    framed = _framed(x, size, stride, padding, dilation, places, lowest)
    first, moves = _flat_places(x.shape[2:], size, stride, padding, dilation, places)
    if type(x) is not ndarray:
        out, chosen = _maxima(framed, size, stride, dilation, places, True)
        position = np.take(np.array(moves, like=kin(x)), chosen) + np.array(first, like=kin(x))
        return out, _within(position, out == lowest, x.shape[2:], stride, padding, dilation, places)
    out, chosen = _maxima(framed, size, stride, dilation, places, False)
    least = np.minimum.reduce(out, None, initial=np.inf) if x.dtype.kind == "f" else lowest
    if least != least:
        out, chosen = _maxima(framed, size, stride, dilation, places, True)
    position = moves.take(chosen) + first
    if not least > lowest and any(padding):
        position = _within(position, out == lowest, x.shape[2:], stride, padding, dilation, places)
    return out, position


@functools.lru_cache(maxsize=256)
def _steps(axis: int, k: int, s: int, d: int, m: int) -> list[Any]:
    """For each element of windows along an axis, an index of it in all of them."""
    return [(*(slice(None),) * axis, slice(i * d, i * d + s * (m - 1) + 1, s)) for i in range(k)]


def _maxima(
    x: Array, size: Sizes, stride: Sizes, dilation: Sizes, places: Sizes, nans: bool
) -> tuple[Array, Array]:
    """The maxima, and the number of each in its window; `nans`, if there may be one.

    One axis goes after the other, the last one first. Numbers count up in the order of memory.
    """
    out, numbers = x, 1
    chosen: Any = None
    kind = np.uint8 if math.prod(size) < 256 else np.int64
    for axis in range(x.ndim - 1, 1, -1):
        k, s, d, m = size[axis - 2], stride[axis - 2], dilation[axis - 2], places[axis - 2]
        parts = _steps(axis, k, s, d, m)
        seen, before, out = out, chosen, out[parts[0]]
        chosen = None if before is None else before[parts[0]]
        for i, part in enumerate(parts[1:], 1):
            value = seen[part]
            greater = value > out
            if nans:
                greater |= value != value
            out = np.maximum(out, value)
            if before is None:
                number = greater.astype(kind) if i == 1 else np.multiply(greater, i, dtype=kind)
            else:
                number = (before[part] + kind(i * numbers)) * greater
            chosen = number if chosen is None else np.maximum(chosen, number)
        numbers *= k
    if numbers > 1:
        return c_order(out), chosen  # along an axis of windows of 1 it is a part of the maxima
    return out.copy(), np.zeros(out.shape, kind, like=kin(x))


@functools.lru_cache(maxsize=128)
def _flat_places(
    lengths: Sizes, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, places: Sizes
) -> tuple[Array, Array]:
    """Where windows start in the flattened last axes, and how far on each of their elements stands."""
    first: Array = np.zeros((), np.int64)
    moves: Array = np.zeros((), np.int64)
    for n, k, s, p, d, m in zip(lengths, size, stride, padding, dilation, places, strict=True):
        first = np.add.outer(first * n, np.arange(m) * s - p)
        moves = np.add.outer(moves * n, np.arange(k) * d)
    return first, moves.ravel()


def _within(
    position: Array,
    lowest: Array,
    lengths: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    places: Sizes,
) -> Array:
    """The positions; of a window of -inf, where the padding is the maximum too, the first one within `x`."""
    first: Any = 0
    for n, s, p, d, m in zip(lengths, stride, padding, dilation, places, strict=True):
        start = np.arange(m) * s - p
        first = np.add.outer(first * n, np.where(start < 0, start % d, start))
    return np.where(lowest, np.array(first, like=kin(position)), position)
