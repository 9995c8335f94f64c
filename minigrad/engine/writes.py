"""The stamps of in-place writes, by which backward notices that a saved value has changed."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from minigrad.engine.node import tick
from minigrad.ops.kernels import Array


class _Writes:
    """The tick of the latest in-place write, and of each written buffer's latest."""

    def __init__(self) -> None:
        self.latest = 0
        # By the id of the array that owns the memory: the tick, and what watches its end.
        self.stamps: dict[int, list[Any]] = {}

    def stamp(self, array: Array) -> None:
        self.put(array, self.begin())

    def begin(self) -> int:
        """The tick of a write, of which `put` tells the arrays."""
        self.latest = now = tick()
        return now

    def put(self, array: Array, now: int) -> None:
        owner = _owner(array)
        key = id(owner)
        known = self.stamps.get(key)
        if known is not None:
            known[0] = now
        else:
            self.stamps[key] = [now, weakref.ref(owner, lambda _: self.stamps.pop(key, None))]

    def of(self, array: Array) -> int:
        known = self.stamps.get(id(_owner(array)))
        return known[0] if known else 0


def _owner(array: Array) -> Array:
    while isinstance(base := getattr(array, "base", None), np.ndarray):
        array = base
    return array


writes = _Writes()
