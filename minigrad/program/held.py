"""The things that objects of libraries hold: a call that changes one of them cannot become a program."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.engine.writes import writes

_MOST = 20_000  # things that are looked at
_OPAQUE = (type, np.dtype, np.generic, int, float, complex, str, bytes, bool, type(None), ModuleType)


class Held:
    """The numbers, texts, tensors and containers that are reached from some objects, as they are now.

    An optimiser counts its steps and writes its parameters, a schedule counts epochs, a progress bar its
    turns: nothing of it is a call that a trace notes. Entries that are new later are no change, for objects
    fill caches.
    """

    def __init__(self, objects: Iterable[Any]) -> None:
        self._objects = list(objects)
        self._now = self._look()

    def changed(self) -> bool:
        """True if one of them is another now."""
        later = self._look()
        return any(later.get(key, _GONE) != (kind, x) for key, (kind, x) in self._now.items())

    def _look(self) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        self._alive = waiting = list(self._objects)
        seen = set()
        for x in waiting:  # it grows
            if id(x) in seen or len(waiting) > _MOST:
                continue
            seen.add(id(x))
            if isinstance(x, (list, tuple, set, frozenset, deque)):
                found[id(x), "length"] = int, len(x)
                parts = list(enumerate(x))
            else:
                parts = list(x.items() if isinstance(x, dict) else getattr(x, "__dict__", {}).items())
            key: Any
            for key, part in parts:
                found[id(x), id(key) if isinstance(key, Tensor) else key] = _leaf(part)
                if not isinstance(part, _OPAQUE):
                    waiting.append(part)
        return found


_GONE = object()


def _leaf(x: Any) -> tuple[Any, Any]:
    """A number or text itself, the latest write to an array, and of everything else which it is."""
    if isinstance(x, Tensor):
        return id(x), (id(x._array), writes.of(x._array))
    if isinstance(x, np.ndarray):
        return id(x), writes.of(x)
    return (type(x), x) if isinstance(x, _OPAQUE) else (id(x), None)
