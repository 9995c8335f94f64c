"""Further calls of backward, which tell one kind of mistake from another.

They run only when a gradient was found wrong. Backward for a cotangent of a single 1 gives a row of the
Jacobian as backward sees it. Twice the cotangent shows whether backward is linear. Exchanged inputs, or the
output in place of an input, show whether a rule took one for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .subject import Subject

Array = Any
MOST_ROWS = 256  # a Jacobian of more rows is not computed


class Probe:
    """Backward of a subject at one point, to be asked again; None where it cannot be, or gives no answer."""

    def __init__(self, subject: Subject, cotangents: Sequence[Array]) -> None:
        self.subject, self.cotangents = subject, cotangents
        self.shapes = [v.shape for v in cotangents]

    def gradient(
        self, position: int, arrays: Sequence[Array] | None = None, cotangents: Sequence[Array] | None = None
    ) -> Array | None:
        """The gradient for an input, elsewhere or for other cotangents."""
        arrays = self.subject.arrays if arrays is None else arrays
        with np.errstate(all="ignore"):
            try:
                found = self.subject.gradients(arrays, self.cotangents if cotangents is None else cotangents)
            except Exception:  # a backward that is wrong may fail elsewhere in any way
                return None
        g = found[position]
        made = np.zeros(self.subject.arrays[position].shape) if g is None else np.array(g)
        return made if np.isfinite(made).all() else None

    def jacobian(self, position: int) -> Array | None:
        """d output / d input as backward has it: outputs by inputs, both flattened."""
        sizes = [v.size for v in self.cotangents]
        if not 0 < sum(sizes) <= MOST_ROWS:
            return None
        rows = []
        for one in np.eye(sum(sizes)):
            parts = np.split(one, np.cumsum(sizes)[:-1])
            row = self.gradient(
                position, None, [p.reshape(s) for p, s in zip(parts, self.shapes, strict=True)]
            )
            if row is None:
                return None
            rows.append(row.ravel())
        return np.stack(rows)

    def scaled(self, position: int, factor: float) -> Array | None:
        """The gradient for `factor` times the cotangents."""
        return self.gradient(position, None, [factor * v for v in self.cotangents])

    def exchanged(self, position: int, other: int) -> Array | None:
        """The gradient for an input where it and another have changed places."""
        arrays = list(self.subject.arrays)
        arrays[position], arrays[other] = arrays[other], arrays[position]
        return self.gradient(position, arrays)

    def at_output(self, position: int) -> Array | None:
        """The gradient for an input where the output, if there is one of that shape, is put for it."""
        outputs = self.outputs()
        if outputs is None or outputs[0].shape != self.subject.arrays[position].shape:
            return None
        arrays = list(self.subject.arrays)
        arrays[position] = outputs[0]
        return self.gradient(position, arrays)

    def outputs(self) -> list[Array] | None:
        try:
            return self.subject.values(self.subject.arrays)
        except Exception:
            return None

    def place(self, row: int) -> tuple[int, list[int]]:
        """Which output the row of a Jacobian belongs to, and the index in it."""
        for k, v in enumerate(self.cotangents):
            if row < v.size:
                return k, [int(i) for i in np.unravel_index(row, v.shape)]
            row -= v.size
        raise IndexError(row)
