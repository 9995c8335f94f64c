"""Rules for NumPy's functions on a batch: the samples' axis stays in front, the others move up by one.

A rule takes what the function takes, and returns the arrays of the result. An argument that is no batch of
the level is the same for all samples: its front axis has length 1, and NumPy's broadcasting does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

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


def rule(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make the decorated function the rule of NumPy's `functions`."""

    def register(made: Callable[..., Any]) -> Callable[..., Any]:
        RULES.update(dict.fromkeys(functions, made))
        return made

    return register
