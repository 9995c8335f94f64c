"""The gradient of one input beside what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass
class Finding:
    """The gradient of one input beside what it should be.

    Attributes:
        name: what messages call the input.
        position: which of the inputs that are checked it is.
        gradient: by backward; None where no gradient arrived.
        numeric, error: by differences, with the bound of their error; nan where it was not computed.
        wrong: where the two disagree.
        problem: "" for a plain disagreement; else why the differences give no number to compare with.
        jacobian: d output / d input, outputs by inputs; None where only projections were computed.

    >>> import numpy as np
    >>> from minigrad.testing import Finding
    >>> one, wrong = np.ones(2), np.array([False, True])
    >>> finding = Finding("input 0 (x)", 0, np.array([1.0, 2.0]), one, 1e-9 * one, wrong)
    >>> finding.short, finding.index, finding.found
    ('x', (1,), array([1., 2.]))
    """

    name: str
    position: int
    gradient: Array | None
    numeric: Array
    error: Array
    wrong: Array
    problem: str = ""
    jacobian: Array | None = None

    @property
    def found(self) -> Array:
        """The gradient; zeros where none arrived."""
        return np.zeros(self.numeric.shape) if self.gradient is None else self.gradient

    @property
    def short(self) -> str:
        """x for "input 0 (x)"."""
        return self.name.partition("(")[2].rstrip(")") or self.name

    @property
    def index(self) -> tuple[int, ...]:
        """The index of the entry that is wrong by most."""
        with np.errstate(all="ignore"):
            gap = np.where(self.wrong, np.nan_to_num(np.abs(self.found - self.numeric), nan=np.inf), -1.0)
        return tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))


def same(a: Array, b: Array, tolerance: float = 1e-6) -> bool:
    """True if two arrays agree, measured by their largest entry; zeros agree with nothing."""
    size = np.abs(b).max(initial=0.0)
    return bool(size > 0 and a.shape == b.shape and np.abs(a - b).max(initial=0.0) <= tolerance * size)
