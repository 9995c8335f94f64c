"""Slopes of a function along a line, each with a bound of its own error.

A difference quotient is wrong in two ways: the step is too long for the curvature, or so short that the
rounding of the function shows. Neither can be known beforehand, so both are measured. Quotients for
halved steps are extrapolated to step 0 (Richardson 1911, Ridders 1982), and what the last halving changed
bounds the first error; differences of high order over minute steps, where any smooth function is a
straight line, show the rounding (Moré and Wild 2011, "Estimating computational noise"). A comparison can
then allow exactly what the numbers are worth, instead of a tolerance that hides small gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = Any
EPS = float(np.finfo(np.float64).eps)

FIRST_STEP = 2.0**-6  # relative to the scale of the input
LAST_STEP = 2.0**-42
COLUMNS = 5  # of the extrapolation table
CONVERGED = 1e-10  # relative: the halving of steps stops here, or where rounding takes over
FINE = 2.0**-28  # the steps at which rounding is measured
COARSE = 2.0**-20  # for the rounding of float32, whose stairs are wider than many fine steps
# Rounding may be the same at many fine steps: 1 - p for a p near 1 is a stair whose treads may be as wide as
# these. The wider the step, the higher the order of the differences that curvature must not show in.
WIDER = ((COARSE, 4), (2.0**-16, 6), (2.0**-12, 8))


class Slope(NamedTuple):
    """A derivative along a line, one number for each element of the output.

    `error` bounds how wrong it may be (infinite where the quotients did not settle); `settled` says
    whether they did.
    """

    value: Array
    error: Array
    settled: Array


def noise(line: Callable[[float], Array], step: float = FINE, points: int = 7) -> tuple[Array, Array]:
    """The size of the rounding errors in each element of `line(t)` near t = 0, as steps of one length see it.

    Both sides are measured apart and 0 itself left out, so that a kink or a jump there is no noise. Returned
    are the quieter side, and the louder, which may have a kink on the way.
    """
    sides = _noise(line, step, 4, points)
    quiet, loud = (np.nan_to_num(f.reduce(sides), nan=0.0, posinf=0.0) for f in (np.fmin, np.fmax))
    return quiet, loud


def noise_of_all_steps(line: Callable[[float], Array], most: float) -> Array:
    """The same, by steps of several lengths: the largest found that is at most `most`."""
    found = noise(line)[1]
    for step, order in WIDER:
        wider = np.nan_to_num(np.fmin.reduce(_noise(line, step, order)), nan=0.0, posinf=0.0)
        found = np.where(wider <= most, np.maximum(found, wider), found)
    return found


def _noise(line: Callable[[float], Array], step: float, order: int, points: int = 0) -> list[Array]:
    """Of the right side and of the left; nan where the line leaves its domain."""
    # The variance of a fourth difference is 1 + 16 + 36 + 16 + 1 = 70 times that of a value.
    larger = math.sqrt(math.comb(2 * order, order))
    sides = []
    with np.errstate(all="ignore"):
        for side in (1.0, -1.0):
            values = np.array([line(side * k * step) for k in range(1, (points or order + 3) + 1)])
            differences = np.abs(np.diff(values, order, axis=0)) / larger
            measured = np.concatenate([differences, 0.5 * EPS * np.abs(values)])
            sides.append(4 * np.fmax.reduce(np.where(np.isinf(measured), np.nan, measured), axis=0))
    return sides


def central(line: Callable[[float], Array], rounding: Array, *first_steps: float) -> Slope:
    """The derivative of `line` at 0, by differences to both sides, from each of the first steps anew."""

    def quotient(h: float) -> Array:
        return (line(h) - line(-h)) / (2 * h)

    return _agreed([_limit(quotient, 4.0, 2 * rounding, first) for first in first_steps or (FIRST_STEP,)])


def one_sided(
    line: Callable[[float], Array], at_zero: Array, side: int, rounding: Array, *first_steps: float
) -> Slope:
    """The slope of `line` on one side (1 or -1) of 0."""

    def quotient(h: float) -> Array:
        return (line(side * h) - at_zero) / (side * h)

    return _agreed([_limit(quotient, 2.0, 16 * rounding, first) for first in first_steps or (FIRST_STEP,)])


def _agreed(slopes: list[Slope]) -> Slope:
    """The first that settled, and an error that covers what the others found.

    Rounding can be as wide as the steps. Near p = 1, for example, 1 - p is a stair with treads of a
    thousandth of p. Then the quotients of one row of steps agree on one slope, and those of another row on
    another.
    """
    if len(slopes) == 1:
        return slopes[0]
    settled = np.array([s.settled for s in slopes])
    values, errors = (np.where(settled, [s[k] for s in slopes], np.nan) for k in (0, 1))
    first = np.argmax(settled, axis=0)[None]
    value, error = (np.take_along_axis(np.array([s[k] for s in slopes]), first, 0)[0] for k in (0, 1))
    with np.errstate(all="ignore"):
        spread = np.fmax.reduce(values, axis=0) - np.fmin.reduce(values, axis=0)
        beyond = np.where(spread > 2 * np.fmax.reduce(errors, axis=0), 2 * spread, 0.0)
    return Slope(value, error + beyond, settled.any(axis=0))


def _limit(quotient: Callable[[float], Array], base: float, rounding: Array, first_step: float) -> Slope:
    """The limit of `quotient(h)` as h goes to 0, by powers of `base` in the extrapolation."""
    with np.errstate(all="ignore"):
        h = first_step
        row = [quotient(h)]
        best = row[0]
        error = np.full(best.shape, np.inf)
        settled = np.zeros(best.shape, bool)
        while not settled.all() and h > LAST_STEP:
            h /= 2
            above, row = row, [quotient(h)]
            for j in range(min(len(above), COLUMNS)):
                row.append(row[j] + (row[j] - above[j]) / (base ** (j + 1) - 1))
                if j == 0 and len(above) == 1:
                    continue  # two quotients alone can agree by chance
                changed = np.maximum(abs(row[j + 1] - row[j]), abs(row[j + 1] - above[j]))
                total = 2 * changed + rounding / h
                better = total < error
                best = np.where(better, row[j + 1], best)
                error = np.where(better, total, error)
                enough = np.maximum(CONVERGED * np.abs(row[j + 1]), rounding / h)
                settled |= np.isfinite(total) & (2 * changed <= enough)
    return Slope(best, error, settled)


def scales(x: Array) -> Array:
    """A step's natural size for each element of `x`: a power of 2 near its magnitude."""
    size = np.abs(np.where(np.isfinite(x), x, 0))
    largest = size.max(initial=0.0)
    return 2.0 ** np.floor(np.log2(np.maximum(size, 1e-3 * largest if largest else 1.0)))
