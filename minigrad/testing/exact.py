"""The complex-step derivative, of a function that the user gives in NumPy: exact to rounding.

f(x + ih) = f(x) + ih f'(x) - ... for an analytic f: the imaginary part over h is the derivative, and since
nothing is subtracted h can be so small that nothing else is left (Squire and Trapp 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .differences import EPS, Slope
from .line import flat

Array = Any
Oracle = Callable[..., Any]
STEP = 1e-30


def slope(oracle: Oracle, arrays: Sequence[Array], directions: Sequence[tuple[int, Array]]) -> Slope:
    """Of each output element along a direction through some of the inputs."""
    moved: list[Array] = [np.asarray(x.astype(np.complex128)) for x in arrays]
    for position, direction in directions:
        moved[position] = np.asarray(moved[position] + STEP * 1j * direction)
    value = _evaluated(oracle, moved).imag / STEP
    return Slope(value, 16 * EPS * np.abs(value), np.isfinite(value))


def require_same_function(
    oracle: Oracle, arrays: Sequence[Array], at: Array, along: Callable[[int], tuple[Array, Slope]]
) -> None:
    """True if the oracle computes `at`, and has the slope that differences have along some directions.

    An oracle that is not analytic, as abs() and comparisons are not, loses what the imaginary part carries.
    """
    made = _evaluated(oracle, arrays)
    if made.shape != at.shape or not np.allclose(made, at, rtol=1e-10, atol=1e-10):
        raise ValueError(
            "check_grads: the oracle is not the same function as fn: at the inputs they give "
            f"{made.tolist()} and {at.tolist()}"
        )
    for position in range(len(arrays)):
        direction, differences = along(position)
        gap = np.abs(differences.value - slope(oracle, arrays, [(position, direction)]).value)
        if (differences.settled & (gap > 1e-3 * np.abs(differences.value) + differences.error)).any():
            raise ValueError(
                "check_grads: the oracle is not analytic here, so its complex step gives no derivative: does "
                "it use abs(), a comparison, or .real? Write it without, or leave the oracle out"
            )


def _evaluated(oracle: Oracle, arrays: Sequence[Array]) -> Array:
    made = oracle(*arrays)
    return flat([np.asarray(x) for x in (made if isinstance(made, (tuple, list)) else (made,))])
