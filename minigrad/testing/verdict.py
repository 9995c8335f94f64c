"""The slope of a function along a line, compared with a number: also at a kink, an edge or a pole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from .differences import COARSE, EPS, FIRST_STEP, Slope, central, noise, noise_of_all_steps, one_sided

Array = Any

STAIRS = 2.0**-22  # a step as wide as some of float32's stairs
SUSPICIOUS_NOISE = 1e-10  # rounding beyond this, relative to the output, is no float64 arithmetic
GROSS = 1e-3  # of the steepest slope
WORTH = 1e-5  # an error of the differences that is larger, relative to the slope, excuses nothing
MAGNIFIED = 2.0**16  # but by so much every difference magnifies the rounding of float64
KINK = 1e-6  # one-sided slopes that differ by this much, relatively, are two slopes
ROUNDED = (
    "fn is rounded so much that differences tell nothing: is something in it computed in float32, or is "
    "the input badly scaled?"
)
ROUNDED_BACKWARD = (
    "backward is rounded more than float64 is, so its gradient is not exact: is something in it computed in "
    "float32? It looks like a lost dtype"
)
WITHOUT_SLOPE = (
    "fn has no slope here that differences agree on: a jump, an infinite slope, or wild oscillation"
)


OUTSIDE = "fn is nan here: an input is outside of its domain"
UNKNOWN = (
    ROUNDED,
    ROUNDED_BACKWARD,
    WITHOUT_SLOPE,
    OUTSIDE,
)  # no verdict: there is no number to compare with


class Line(Protocol):
    """A function along a line, and its gradient along that line as backward has it."""

    def __call__(self, t: float) -> Array: ...
    def gradient(self, t: float) -> float: ...


class Verdict:
    """Judges slopes of v . f, for the f of which `at` are the elements in the middle of every line.

    A call returns None if `g` is the slope along `line`; else what is wrong, "" for a plain disagreement.
    `rounded` is how much `g` may itself be wrong because it is a sum of many terms; `scale` the size of the
    inputs; `steepest` that of the largest slope that backward has anywhere; `terms` that of the terms of f.
    """

    def __init__(self, at: Array, v: Array, rtol: float, scale: float, steepest: float, terms: Array) -> None:
        self.at, self.v, self.weights, self.rtol = at, v, np.abs(v), rtol
        self.scale, self.steepest = scale, steepest
        self.rounding = 4 * EPS * np.maximum(np.abs(at), terms)

    def slope(self, line: Line) -> Slope:
        """By central differences, supposing that f is rounded no more than any float64."""
        return central(line, self.rounding)

    def too_rough(self, line: Line) -> str:
        """The problem, if f or its gradient is rounded more than float64 would be, as float32 is; else ""."""
        size = self._size(line)
        if (noise(line, STAIRS, points=16)[0] > SUSPICIOUS_NOISE * size).any():
            return ROUNDED
        own = noise(_gradients_along(line), STAIRS, points=16)[0]
        return ROUNDED_BACKWARD if own[0] > 4 * self._rounding_of_gradients(size) else ""

    def __call__(self, line: Line, slope: Slope, g: float, rounded: float = 0.0) -> str | None:
        if self.agrees(slope, g, rounded):
            return None
        if np.isinf(g) and self._grows(line, g):
            return None
        # A second look, with the rounding measured, that of backward too: where its terms cancel there is
        # nothing but rounding. And a third, with every other step, before an alarm is raised.
        problem = self._again(line, g, rounded, every_step=False)
        if problem is None or self._is_gross(slope, g):
            return problem
        return self._again(line, g, rounded, every_step=True)

    def _is_gross(self, slope: Slope, g: float) -> bool:
        """True if g is off by more than any rounding that is still excused could make of the slope."""
        gap = abs(float(self.v @ slope.value) - g)
        size = float(self.weights @ np.maximum(np.abs(self.at), self.scale))
        return bool(slope.settled.all() and gap > max(GROSS * self.steepest, 1e4 * SUSPICIOUS_NOISE * size))

    def _again(self, line: Line, g: float, rounded: float, every_step: bool) -> str | None:
        if np.isnan(self.at).any():
            return OUTSIDE
        size = self._size(line)
        along = _gradients_along(line)
        quiet, loud = noise(line)
        if (quiet > SUSPICIOUS_NOISE * size).any():
            return ROUNDED
        if every_step:
            measured = noise_of_all_steps(line, SUSPICIOUS_NOISE * size)
            own = noise_of_all_steps(along, self._rounding_of_gradients(size))
        else:
            measured, own = loud, noise(along)[1]
        # That a gradient is rounded to float32 is no excuse: it is what is to be found.
        rounded += 4 * min(float(own[0]), self._rounding_of_gradients(size))
        # log(1 + exp(-320)) is 0 and stays 0, but its slope is not: what is smaller than the rounding of a
        # rounding is not known to be anything.
        floor = np.full(self.at.shape, EPS**2 * self.scale)
        rounding = np.maximum(4 * np.maximum(self.rounding, measured), floor)
        firsts = (5, 7, 11) if every_step else (5,)
        slope = central(line, rounding, *(FIRST_STEP / k for k in firsts))
        if self.agrees(slope, g, rounded, np.maximum(self.rounding, 4 * quiet)):
            return None
        firsts = (1, 5, 7) if every_step else (1,)
        left, right = (
            one_sided(line, self.at, side, rounding, *(FIRST_STEP / k for k in firsts)) for side in (-1, 1)
        )
        least = MAGNIFIED * float(self.weights @ np.fmax.reduce([self.rounding, 4 * quiet, floor]))
        problem = self._at_kink(slope, left, right, g, rounded, least)
        if problem == "" and (noise(line, COARSE)[0] > SUSPICIOUS_NOISE * size).any():
            return ROUNDED
        return problem

    def _size(self, line: Line) -> float:
        """Of the terms of f. Where they cancel only the inputs say how large they are."""
        around = np.abs([self.at, line(FIRST_STEP), line(-FIRST_STEP)])
        return float(np.fmax.reduce(around, axis=None, initial=self.scale))

    def _rounding_of_gradients(self, size: float) -> float:
        """The most that rounding in float64 can make of a gradient along a line."""
        return max(SUSPICIOUS_NOISE * self.steepest, 64 * EPS * size * float(self.weights.max(initial=0.0)))

    def agrees(self, slope: Slope, g: float, rounded: float = 0.0, rounding: Array | None = None) -> bool:
        """True if `g` is v . slope, as far as the slope is known; it must be known well."""
        if not (np.isfinite(g) and slope.settled.all()):
            return False
        terms = float(self.weights @ np.abs(slope.value))
        error = float(self.weights @ slope.error)
        least = MAGNIFIED * float(self.weights @ (self.rounding if rounding is None else rounding))
        if error > max(WORTH * terms, least):
            return False
        return bool(abs(float(self.v @ slope.value) - g) <= self.rtol * terms + error + rounded)

    def _at_kink(
        self, slope: Slope, left: Slope, right: Slope, g: float, rounded: float, least: float
    ) -> str | None:
        """Between the slopes to the left and to the right anything goes, element by element of f."""
        ways = [slope, right, left]
        with np.errstate(all="ignore"):
            settled = np.array([w.settled for w in ways])
            if not settled.any(axis=0).all():
                return WITHOUT_SLOPE
            # Ways that did not settle (at the edge of a domain, or of a jump, two of three) do not count.
            values = np.where(settled, [w.value for w in ways], np.nan)
            low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
            error = np.where(settled, [w.error for w in ways], 0).sum(axis=0)
            kink = high - low > error + KINK * np.maximum(np.abs(low), np.abs(high))
            # Where there is no kink the best way counts alone: the first.
            first = np.argmax(settled, axis=0)[None]
            low = np.where(kink, low, np.take_along_axis(values, first, 0)[0])
            high = np.where(kink, high, low)
            error = np.where(kink, error, np.take_along_axis(np.array([w.error for w in ways]), first, 0)[0])
        known = max(WORTH * float(self.weights @ np.maximum(np.abs(low), np.abs(high))), least)
        if float(self.weights @ error) > known:
            return ROUNDED
        slack = float(self.weights @ (self.rtol * np.maximum(np.abs(low), np.abs(high)) + error)) + rounded
        ends = np.sort([self.v * low, self.v * high], axis=0).sum(axis=1)
        if ends[0] - slack <= g <= ends[1] + slack:
            return None
        if kink.any():
            return (
                f"fn has a kink here: the slopes to its left and right are {float(self.v @ left.value):.10g} "
                f"and {float(self.v @ right.value):.10g}, and backward's {g:.10g} is not between them"
            )
        return ""

    def _grows(self, line: Line, g: float) -> bool:
        """An infinite gradient is right where the slopes of one side grow without bound in its direction."""
        steps = 2.0 ** -np.arange(8, 40, 8)
        with np.errstate(all="ignore"):
            for side in (1, -1):
                slopes = np.array([np.sum(self.v * (line(side * h) - self.at) / (side * h)) for h in steps])
                if (slopes * g > 0).all() and (np.diff(np.abs(slopes)) > 0).all():
                    return True
        return False


def _gradients_along(line: Line) -> Callable[[float], Array]:
    return lambda t: np.array([line.gradient(t)])
