"""The stamps of in-place writes: they tell backward that a saved value has changed.

A write stamps the written memory with the next tick of the clock. Where the stamp of a saved array is younger
than its node, the array no longer holds the value that the derivative needs.
"""

from __future__ import annotations

import weakref
from _thread import RLock  # threading takes 1 ms to load
from typing import Any

import numpy as np

from minigrad.engine import messages
from minigrad.engine.node import Node, tick
from minigrad.ops.arrays import everything
from minigrad.ops.kernels import Array

ndarray = np.ndarray


class _Writes:
    """The tick of the latest write, and the tick of each written buffer's latest."""

    def __init__(self) -> None:
        self.latest = 0
        # By the id of the array that owns the memory: the tick, and a reference that watches for its end.
        self.stamps: dict[int, list[Any]] = {}
        # Without it a slower thread could set the latest tick back. A finaliser may write while it is held.
        self._lock = RLock()

    def stamp(self, *arrays: Array) -> None:
        """Note a write to the memory of arrays, at one tick for all."""
        stamps = self.stamps
        with self._lock:
            self.latest = now = tick()
            for array in arrays:
                owner = array if array.base is None else owner_of(array)
                key = id(owner)
                try:  # nearly always, as an optimiser writes to the same parameters in every step
                    stamps[key][0] = now
                except KeyError:
                    stamps[key] = [now, weakref.ref(owner, lambda _, key=key: stamps.pop(key, None))]  # type: ignore[misc]

    def of(self, array: Array) -> int:
        """The tick of the latest write that reached `array`; 0 if there was none."""
        known = self.stamps.get(id(owner_of(array)))
        return known[0] if known else 0


def owner_of(array: Array) -> Array:
    """The array that owns the memory of `array`, or is its alias."""
    while isinstance(base := getattr(array, "base", None), ndarray):
        array = base
    return array


def alias_of(array: Array) -> Array:
    """The same memory, as an array with stamps of its own: a write through one is not seen through the other.

    NumPy takes the base of a view from the view's own array, and stops at a base that is no array.
    """
    return np.asarray(array.data) if type(array) is ndarray else array.alias()


writes = _Writes()


def refuse_stale(node: Node) -> None:
    """Raise if anything that the node saved was written after the node was recorded.

    Raises:
        RuntimeError: naming the op, and the shape of the saved array.
    """
    if node.parent_a is not None:
        _check(node, node.saved_a)
    if node.parent_b is not None:
        _check(node, node.saved_b)
    further = node.further
    while further:
        _, _, saved, further = further
        _check(node, saved)


def _is_stamped(saved: Any) -> bool:
    """True for an array, a batch of `vmap`, and an array that a trace stands before."""
    return type(saved) is ndarray or hasattr(saved, "level") or type(getattr(saved, "base", None)) is ndarray


def _check(node: Node, saved: Any) -> None:
    if type(saved) in (tuple, list):
        for value in saved:
            _check(node, value)
    elif _is_stamped(saved) and writes.of(everything(saved)) > node.tick:
        raise RuntimeError(messages.stale(node, saved))
