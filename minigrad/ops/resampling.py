"""The derivative of images in another size: each new pixel is a weighted sum of old ones, axis by axis.

The weights of an axis are a matrix with at most four numbers in each row, the same for all images of a size.
So an axis of some hundred pixels is one product with it, and a longer one is several, of runs of pixels.
Loaded when an image is first resized.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .arrays import kin
from .kernels import Array, c_order, copied, kernel, ndarray, wide
from .op import REAL, Op
from .sums import add_at

Sizes = tuple[int, ...]
How = tuple[int, int, float, str, bool, str]  # of an axis: lengths, step, mode, aligned, dtype
_RUN = 96  # so many old pixels at most are multiplied with each new one


@functools.lru_cache(maxsize=256)
def nearest_places(n: int, m: int, step: float, mode: str, char: str) -> Array:
    """For each of m new pixels the place of the nearest among n old ones."""
    kind = np.dtype(char).type
    at = (np.arange(m, dtype=char) + kind(0.5 if mode == "nearest-exact" else 0)) * kind(step)
    return np.minimum(np.floor(at), n - 1).astype(np.int64)


@functools.lru_cache(maxsize=256)
def repeated(n: int, m: int, step: float, mode: str, char: str) -> int:
    """How many new pixels each old one becomes; 0 where some become more than others."""
    times = m // n
    alike = n * times == m and (nearest_places(n, m, step, mode, char) == np.arange(m) // times).all()
    return times if alike else 0


def windows_over(n: int, m: int) -> tuple[Array, Array]:
    """Where each of m windows that cover n pixels starts, and how many it has."""
    start = np.arange(m) * n // m
    return start, -(-(np.arange(m) + 1) * n // m) - start


@functools.lru_cache(maxsize=256)
def _neighbours(n: int, m: int, step: float, mode: str, aligned: bool, char: str) -> tuple[Array, Array]:
    """For each of m new pixels its neighbours among n old ones, and their weights."""
    if mode in ("nearest", "nearest-exact"):
        return nearest_places(n, m, step, mode, char)[None], np.ones((1, m), char)
    if mode == "area":
        start, length = windows_over(n, m)
        offsets = np.arange(length.max())[:, None]
        return np.minimum(start + offsets, n - 1), (offsets < length).astype(char)
    kind = np.dtype(char).type
    at: Array = np.arange(m, dtype=char)
    at = at * kind(step) if aligned else kind(step) * (at + kind(0.5)) - kind(0.5)
    if mode == "linear":
        at = np.maximum(at, kind(0))
    first = np.floor(at)
    t = at - first
    weights = np.stack([1 - t, t] if mode == "linear" else _cubic(t))
    offsets = np.arange(len(weights))[:, None] - (mode == "cubic")
    return np.clip(first.astype(np.intp) + offsets, 0, n - 1), weights


def _cubic(t: Array) -> list[Array]:
    """The weights of four neighbours, at a distance t from the second: Keys (1981), with a = -0.75."""

    def near(u: Array) -> Array:
        return (1.25 * u - 2.25) * u * u + 1

    def far(u: Array) -> Array:
        return ((-0.75 * u + 3.75) * u - 6) * u + 3

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


@functools.lru_cache(maxsize=256)
def _runs(n: int, m: int, step: float, mode: str, aligned: bool, char: str) -> list[tuple[Any, Any, Array]]:
    """Runs of new pixels, the old ones around each run, and its matrix of weights (new, old)."""
    rows, weights = _neighbours(n, m, step, mode, aligned, char)
    each = m if n <= _RUN else max(1, _RUN * m // n)
    found = []
    for start in range(0, m, each):
        some = slice(start, start + each)
        low, high = (0, n) if each == m else (int(rows[:, some].min()), int(rows[:, some].max()) + 1)
        matrix: Array = np.zeros((len(rows[0, some]), high - low), char)
        for row, weight in zip(rows[:, some], weights[:, some], strict=True):
            matrix[np.arange(len(row)), row - low] += weight
        found.append((some, slice(low, high), matrix))
    return found


def _weighted(x: Array, axis: int, how: How, back: bool) -> Array:
    """The products with the weights along an axis of finite numbers; `back`, with their transpose."""
    shape = (*x.shape[:axis], how[0] if back else how[1], *x.shape[axis + 1 :])
    lead, rest = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    last, runs = rest == 1, _runs(*how)
    x = x.reshape((lead, x.shape[axis]) if last else (lead, x.shape[axis], rest))
    made: Array = np.zeros(shape, x.dtype) if back and len(runs) > 1 else np.empty(shape, x.dtype)
    out = made.reshape((lead, shape[axis]) if last else (lead, shape[axis], rest))
    for new, old, matrix in runs:
        if not back:
            np.matmul(*(x[:, old], matrix.T) if last else (matrix, x[:, old]), out=out[:, new])
        elif len(runs) == 1:
            np.matmul(*(x, matrix) if last else (matrix.T, x), out=out)
        else:
            out[:, old] += np.matmul(*(x[:, new], matrix) if last else (matrix.T, x[:, new]))
    return made


def _picked(x: Array, axis: int, how: How, back: bool) -> Array:
    """The same neighbour by neighbour: an inf or a nan reaches only the pixels that it belongs to."""
    places, weights = _neighbours(*how)
    if len(places) == 1 and not back:
        return np.take(x, np.array(places[0], like=kin(x)), axis)
    row = [-1 if i == axis else 1 for i in range(x.ndim)]
    out: Any = 0
    for at, each in zip(places, weights, strict=True):
        index, weight = np.array(at, like=kin(x)), np.array(each, like=kin(x)).reshape(row)
        if back:
            shape = (*x.shape[:axis], how[0], *x.shape[axis + 1 :])
            out = add_at(shape, (slice(None),) * axis + (index,), _weighed(x, weight, how)) + out
        else:
            out = _weighed(np.take(x, index, axis), weight, how) + out
    return out


def _weighed(x: Array, weight: Array, how: How) -> Array:
    """A neighbour times its weight; an inf beyond a window does not count."""
    return x * weight if how[3] != "area" else np.where(weight > 0, x, 0)


@functools.lru_cache(maxsize=256)
def _lengths(n: int, m: int, char: str) -> Array:
    return windows_over(n, m)[1].astype(char)


def _counts(x: Array, axis: int, n: int, m: int) -> Array:
    """How many pixels each window has, along an axis."""
    counts = _lengths(n, m, x.dtype.char)
    counts = counts if type(x) is ndarray else np.array(counts, like=kin(x))
    return counts.reshape([-1 if i == axis else 1 for i in range(x.ndim)])


@kernel
def resample(
    x: Array, size: Sizes, steps: tuple[float | None, ...], mode: str, aligned: bool, back: bool = False
) -> Array:
    """(N, C, *lengths) as (N, C, *size), or the gradient of that, `back`.

    Arguments:
        steps: how far apart new pixels lie among the old, by axis; None leaves an axis as it is.
        mode: "nearest", "nearest-exact", "linear" (two neighbours are weighted), "cubic" (four), or "area":
            all neighbours in a window have the same weight.
        aligned: whether the centres of the first pixels lie on each other, and not the edges of the images.
    """
    x = wide(c_order(x))
    for axis, (length, step) in enumerate(zip(size, steps, strict=True), 2):
        if step is None:
            continue
        n, m = (length, x.shape[axis]) if back else (x.shape[axis], length)
        how = n, m, step, mode, aligned, x.dtype.char
        if mode == "area" and back:
            x = x / _counts(x, axis, n, m)
        weighted = back or mode in ("linear", "cubic", "area")
        if weighted and type(x) is ndarray and np.isfinite(x).all():
            x = _weighted(x, axis, how, back)
        else:
            x = _picked(x, axis, how, back)
        if mode == "area" and not back:
            x = x / _counts(x, axis, n, m)
    return x if any(step is not None for step in steps) else copied(x)


def _domain(d: Any) -> Any:
    axes = d.integer(1, 2)
    old, new = (tuple(d.integer(1, 4) for _ in range(axes)) for _ in range(2))
    mode, back = d.choice(("linear", "cubic", "nearest", "area")), d.flag()
    aligned = mode in ("linear", "cubic") and d.flag()
    ends = [(n - 1, m - 1) if aligned else (n, m) for n, m in zip(old, new, strict=True)]
    steps = tuple(n / m if m else 0.0 for n, m in ends)
    x = d.values((d.integer(1, 2), d.integer(1, 2), *(new if back else old)), REAL)
    options = {"steps": (None, *steps[1:]) if old[0] == new[0] else steps, "mode": mode}
    return (x,), {"size": old if back else new, **options, "aligned": aligned, "back": back}


resample_ = Op(
    "resample", resample, inputs="x",
    x=lambda g, x_shape, steps, mode, aligned, back: resample(
        g, x_shape[2:], steps, mode, aligned, not back
    ),
    read="g times the transposed weights",
    formula="the gradient of each new pixel, times its weights, added to its neighbours",
    domain=_domain,
    result="floating",
)  # fmt: skip
