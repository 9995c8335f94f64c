"""Indices of a sample as indices of its batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import Array, DeclinedError, Level, aligned, depth, front, full, place, rule


@rule(np.take_along_axis)
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
