"""A straight line through some of the inputs, and what a subject does along it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .subject import Subject

Array = Any


class Through:
    """The outputs along a line through some of the inputs, and the gradient along it."""

    def __init__(
        self, subject: Subject, cotangents: Sequence[Array], directions: Sequence[tuple[int, Array]]
    ) -> None:
        self.subject, self.cotangents, self.directions = subject, cotangents, directions

    def __call__(self, t: float) -> Array:
        with np.errstate(all="ignore"):
            return flat(self.subject.values(self._moved(t)))

    def gradient(self, t: float) -> float:
        """Smooth in t but for rounding; with cotangents that change too, lest it be the same each time."""
        cotangents = [v * (1 + t * np.cos(np.arange(v.size)).reshape(v.shape)) for v in self.cotangents]
        with np.errstate(all="ignore"):
            found = self.subject.gradients(self._moved(t), list(map(np.asarray, cotangents)))
            terms = [np.sum(g[d != 0] * d[d != 0]) for i, d in self.directions if (g := found[i]) is not None]
        return float(sum(terms))

    def _moved(self, t: float) -> list[Array]:
        moved = list(self.subject.arrays)
        for position, direction in self.directions:
            moved[position] = np.asarray(moved[position] + t * direction)
        return moved


def flat(arrays: Sequence[Array]) -> Array:
    """All elements of all arrays in one row."""
    return np.concatenate([np.ravel(x) for x in arrays]) if arrays else np.zeros(0)
