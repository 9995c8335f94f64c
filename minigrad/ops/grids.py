"""The derivative of images read at places between their pixels, by the image and by the places.

The value at one of M places is the weighted sum of its K neighbours: two or four along each axis, or the
nearest one. Axes are counted as the grid does, the last one first. Loaded when an image is first read so.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .arrays import kin
from .kernels import Array, c_order, cast, is_tensor, ndarray, wide
from .op import REAL, Interval, Op
from .places import pad, scatter_index

Sizes = tuple[int, ...]
_AT_ONCE = 1 << 13  # values that are added soonest in one call


@functools.lru_cache(maxsize=64)
def _constant(values: tuple[int, ...], char: str) -> Array:
    """Numbers of a dtype along the first of three axes: neighbours, axes, places."""
    return np.array(values, char).reshape(-1, 1, 1)


def _column(values: tuple[int, ...], x: Array) -> Array:
    constant = _constant(values, x.dtype.char)
    return constant if type(x) is ndarray else np.array(constant, like=kin(x))


def _put(place: Array, n: Array, padding: str, aligned: bool) -> tuple[Array, Any]:
    """Where a place is read, and the slope of that: 0 from the ends of the axis on, as PyTorch has it."""
    if padding == "zeros":
        return place, 1
    slope: Any = 1
    if padding == "reflection":
        low, span = (0 * n, np.maximum(n - 1, 1)) if aligned else (0 * n - 0.5, n)
        before = place < low
        away = np.where(before, low - place, place - low)
        turns = np.floor(away / span)
        odd = turns - 2 * np.floor(turns / 2) != 0
        rest = away - turns * span
        place, slope = low + np.where(odd, span - rest, rest), 2 * cast(before == odd, place.dtype) - 1
    within = (place > 0) & (place < n - 1)
    return np.where(place <= 0, 0 * n, np.where(place >= n - 1, n - 1, place)), slope * cast(
        within, place.dtype
    )


def _weights(grid: Array, sizes: Sizes, mode: str, padding: str, aligned: bool) -> tuple[Array, ...]:
    """The lengths and first neighbours, (axes, M); (1 to 4, axes, M): the weights and their slopes."""
    n = _column(sizes[::-1], grid)[:, 0]
    place = c_order(np.reshape(grid, (-1, len(sizes))).T)
    place = (place + 1) / 2 * (n - 1) if aligned else ((place + 1) * n - 1) / 2
    scale: Any = (n - 1) / 2 if aligned else n / 2
    if mode != "bicubic":
        place, slope = _put(place, n, padding, aligned)
        scale = scale if padding == "zeros" else scale * slope
    if mode == "nearest":
        one = np.ones((1, *place.shape), grid.dtype, like=kin(grid))
        return n, np.rint(place), one, one
    first = np.floor(place)
    t = place - first
    if mode == "bilinear":
        change = _column((-1, 1), grid)
        return n, first, _column((1, 0), grid) + change * t, change * scale
    # Keys (1981), with a = -0.75, of the distances t + 1, t, 1 - t and 2 - t.
    near, far = 1 - t, 2 - t
    weights = [
        ((1.5 - 0.75 * t) * t - 0.75) * t,
        (1.25 * t - 2.25) * t * t + 1,
        (1.25 * near - 2.25) * near * near + 1,
        ((3.75 - 0.75 * far) * far - 6) * far + 3,
    ]
    slopes = [
        (3 - 2.25 * t) * t - 0.75,
        (3.75 * t - 4.5) * t,
        (4.5 - 3.75 * near) * near,
        (2.25 * far - 7.5) * far + 6,
    ]
    return n, first, np.stack(weights), np.stack(slopes) * scale


@functools.lru_cache(maxsize=64)
def _starts(samples: int, plane: int, places: int) -> Array:
    """The first pixel of the sample of each place."""
    return np.repeat(np.arange(0, samples * plane, plane), places)


def _index(
    n: Array, first: Array, samples: int, sizes: Sizes, mode: str, padding: str, aligned: bool
) -> Array:
    """Of the neighbours of each place the pixels, in images with a frame of one pixel: (K, M)."""
    if mode == "bicubic":
        at = _put(first + _column((-1, 0, 1, 2), first), n, padding, aligned)[0] + 1
    else:
        at = first + _column((1, 2) if mode == "bilinear" else (1,), first)
    at = np.fmin(np.fmax(at, 0), n + 1).astype(np.int64)  # of a nan in the frame: its weight is nan
    plane, places = math.prod([size + 2 for size in sizes]), first.shape[1] // samples
    starts = _starts(samples, plane, places)
    index, step = at[:, 0] + (starts if type(at) is ndarray else np.array(starts, like=kin(at))), 1
    for axis in range(1, len(sizes)):
        step *= sizes[-axis] + 2
        index = (at[:, axis] * step)[(slice(None), *(None,) * axis)] + index
    return index.reshape(-1, first.shape[1])


def _weight(weights: Array, slopes: Array | None = None, of: int = -1) -> Array:
    """The product of the weights of all axes, but along one of the slopes: (K, M)."""
    out: Any = None
    for axis in range(weights.shape[1]):
        part = (slopes if axis == of else weights)[:, axis]  # type: ignore[index]
        out = part if out is None else part[(slice(None), *(None,) * axis)] * out
    return out.reshape((-1, weights.shape[-1]))


def _by_channel(x: Array) -> Array:
    """(N, C, ...) as (C, the rest)."""
    return np.swapaxes(x, 0, 1).reshape((x.shape[1], -1))


def _within(axes: int) -> Any:
    """An index of the pixels within the frame."""
    return (..., *(slice(1, -1),) * axes)


def _values(x: Array, index: Array) -> Array:
    """The pixels at an index: (C, K, M)."""
    samples, channels, *sizes = x.shape
    if is_tensor(x):
        return _by_channel(pad(x, (1, 1) * len(sizes)))[:, index]
    framed = np.zeros((channels, samples, *[size + 2 for size in sizes]), x.dtype, like=kin(x))
    framed[_within(len(sizes))] = np.swapaxes(x, 0, 1)
    return np.take(framed.reshape(channels, -1), index, 1)


def _read(x: Array, grid: Array, mode: str, padding: str, aligned: bool) -> tuple[Array, ...]:
    """The values, and of the neighbours of each place the index, the weights and their slopes."""
    x, grid, sizes = wide(x), wide(grid), x.shape[2:]
    n, first, weights, slopes = _weights(grid, sizes, mode, padding, aligned)
    index = _index(n, first, len(x), sizes, mode, padding, aligned)
    out = np.einsum("ckm,km->cm", _values(x, index), _weight(weights))
    return np.swapaxes(out.reshape((x.shape[1], *grid.shape[:-1])), 0, 1).copy(), index, weights, slopes


def _added(values: Array, index: Array, shape: Sizes) -> Array:
    """(C, K, M) added up at an index, without the frame: (N, C, ...)."""
    samples, channels, *sizes = shape
    framed = channels, samples, *[size + 2 for size in sizes]
    n = math.prod(framed[1:])
    if type(values) is not ndarray:
        sums = scatter_index(values, (slice(None), index), (channels, n))
    elif values.size <= _AT_ONCE:
        cells = index + np.arange(0, channels * n, n).reshape(-1, 1, 1)
        sums = np.bincount(cells.ravel(), values.ravel(), channels * n).astype(values.dtype)
    else:
        sums, index = np.empty((channels, n), values.dtype), index.ravel()
        for row, added in zip(values.reshape(channels, -1), sums, strict=True):
            wider = np.zeros(n)
            np.add.at(wider, index, row.astype(np.float64))
            added[...] = wider
    return np.swapaxes(sums.reshape(framed)[_within(len(sizes))], 0, 1)


def _to_image(
    g: Array,
    x_shape: Sizes,
    grid: Array,
    index: Array,
    weights: Array,
    mode: str,
    padding: str,
    aligned: bool,
) -> Array:
    """The gradient of each value, times its weights, added to the neighbours."""
    if is_tensor(grid):  # to the second derivative the weights are no constants
        weights = _weights(wide(grid), x_shape[2:], mode, padding, aligned)[2]
    return _added(_by_channel(wide(g))[:, None] * _weight(weights), index, x_shape)


def _to_places(
    g: Array, x: Array, grid: Array, index: Array, weights: Array, slopes: Array, mode: str, padding: str,
    aligned: bool,
) -> Array:  # fmt: skip
    """The slope of the values along each axis, times their gradients."""
    if mode == "nearest":
        return np.zeros_like(grid)
    if is_tensor(grid):
        _, _, weights, slopes = _weights(wide(grid), x.shape[2:], mode, padding, aligned)
    share = np.einsum("ckm,cm->km", _values(wide(x), index), _by_channel(wide(g)))
    along = [np.einsum("km,km->m", share, _weight(weights, slopes, axis)) for axis in range(x.ndim - 2)]
    return np.reshape(np.stack(along, -1), grid.shape)


def _domain(d: Any) -> Any:
    mode, padding = d.choice(("bilinear", "bicubic", "nearest")), d.choice(("zeros", "border", "reflection"))
    aligned = d.flag()
    sizes = d.integer(3, 4), d.integer(3, 4)
    x = d.values((d.integer(1, 2), d.integer(1, 2), *sizes), REAL)
    shape = len(x), d.integer(1, 2), d.integer(1, 2), 2
    place = d.ints(shape, -1, 2) + d.values(shape, Interval(0.15, 0.4))  # away from the pixels
    n = np.array(sizes[::-1])
    grid = place * 2 / (n - 1) - 1 if aligned else (place * 2 + 1) / n - 1
    return (x, grid), {"mode": mode, "padding": padding, "aligned": aligned}


# Jaderberg et al., "Spatial transformer networks" (2015).
sample_grid = Op(
    "sample_grid", _read, inputs="x grid",
    x=_to_image,
    grid=_to_places,
    constants=("index", "weights", "slopes"),
    read={
        "x": "g times the weights, added to the pixels around each place",
        "grid": "g times the slope of the image at each place",
    },
    formula="d value/d pixel = its weight,  d value/d place = the sum of pixels times slopes of weights",
    domain=_domain,
    result="floating",
)  # fmt: skip
