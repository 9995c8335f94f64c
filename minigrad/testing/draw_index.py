"""Drawing an index: everything that NumPy, and hence a tensor, can be indexed by. `d` is a drawer."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
Shape = tuple[int, ...]


def draw_index(d: Any, shape: Shape, repeats: bool) -> Any:
    """Ints, slices, None, Ellipsis, integer arrays that broadcast together, a mask, mixed."""
    parts: list[Any] = []
    axis = 0
    arrays = _Arrays(d, repeats)
    while axis < len(shape):
        kind = d.integer(0, 6)
        if kind == 6:
            parts.append(None)
            if d.flag():
                continue
        if kind == 1:
            parts.append(d.integer(-shape[axis], shape[axis] - 1))
        elif kind == 2:
            parts.append(_slice(d, shape[axis]))
        elif kind in (3, 4) and (array := arrays.integers(shape[axis])) is not None:
            parts.append(array)
        elif kind == 5 and (mask := arrays.mask(shape[axis:])) is not None:
            parts.append(mask)
            axis += mask.ndim - 1
        else:
            parts.append(slice(None))
        axis += 1
    if arrays.joint is not None:
        # Beside an array NumPy takes an int for an array and PyTorch does not; tensors spell it as one.
        parts = [np.array([p]) if isinstance(p, int) else p for p in parts]
    return _abbreviated(d, parts)


class _Arrays:
    """The index arrays of one index: they broadcast together, so each one drawn narrows the next."""

    def __init__(self, d: Any, repeats: bool) -> None:
        self.d, self.repeats = d, repeats
        self.joint: Shape | None = None

    def integers(self, n: int) -> Array | None:
        d = self.d
        if self.joint is None:
            options: list[Shape] = [
                (d.integer(1, 4),),
                (d.integer(1, 3), d.integer(1, 3)),
                (d.integer(0, 1),),
            ]
            shape = options[d.integer(0, 2)]
            if not self.repeats:
                shape = (min(shape[0], n),)
            self.joint = shape
        elif not self.repeats:
            return None
        else:
            shape = self.joint if d.flag() else (1,)
        if self.repeats:
            return d.ints(shape, -n, n - 1)
        places = np.array(d.permutation(n)[: shape[0]], dtype=np.int64)
        return np.where(d.bools(shape), places - n, places)

    def mask(self, shape: Shape) -> Array | None:
        if self.joint is not None:
            return None
        mask = self.d.bools(shape[: self.d.integer(1, min(2, len(shape)))])
        self.joint = (int(mask.sum()),)
        return mask


def _slice(d: Any, n: int) -> slice:
    start = d.integer(-n, n) if d.flag() else None
    stop = d.integer(-n, n) if d.flag() else None
    # No negative steps: tensors refuse them, as in PyTorch.
    return slice(start, stop, (None, 1, 2)[d.integer(0, 2)])


def _abbreviated(d: Any, parts: list[Any]) -> Any:
    """The same index with full slices left out at the end, or behind an Ellipsis; alone without a tuple."""
    kind = d.integer(0, 2)
    if kind == 1:
        while parts and _is_full(parts[-1]):
            parts.pop()
    elif kind == 2:
        full = [i for i, p in enumerate(parts) if _is_full(p)]
        if full:
            parts[full[0]] = Ellipsis
        else:
            parts.insert(d.integer(0, len(parts)), Ellipsis)
    return parts[0] if len(parts) == 1 and d.flag() else tuple(parts)


def _is_full(part: Any) -> bool:
    return isinstance(part, slice) and part == slice(None)
