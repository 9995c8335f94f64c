"""Whether a number is the slope of a function along a line, also at a kink, an edge or a pole."""

from typing import Any, Protocol

import numpy as np

from .differences import COARSE, EPS, FIRST_STEP, Slope, central, noise, one_sided

Array = Any

SUSPICIOUS_NOISE = 1e-10  # rounding beyond this, relative to the output, is no float64 arithmetic
WORTH = 1e-3  # and then differences must still be worth this much of the slope
KINK = 1e-6  # one-sided slopes that differ by this much, relatively, are two slopes
ROUNDED = (
    "fn is rounded so much that differences tell nothing: is something in it computed in float32, or is "
    "the input badly scaled?"
)
WITHOUT_SLOPE = (
    "fn has no slope here that differences agree on: a jump, an infinite slope, or wild oscillation"
)


class Line(Protocol):
    """A function along a line, and its gradient along that line as backward has it."""

    def __call__(self, t: float) -> Array: ...
    def gradient(self, t: float) -> float: ...


class Verdict:
    """Judges slopes of v . f, for the f of which `at` are the elements in the middle of every line.

    A call returns None if `g` is the slope along `line`; else what is wrong, "" for a plain disagreement.
    `rounded` is how much `g` may itself be wrong because it is a sum of many terms; `scale` the size of the
    inputs.
    """

    def __init__(self, at: Array, v: Array, rtol: float, scale: float) -> None:
        self.at, self.v, self.weights, self.rtol, self.scale = at, v, np.abs(v), rtol, scale
        self.rounding = 4 * EPS * np.abs(at)

    def slope(self, line: Line) -> Slope:
        """By central differences, supposing that f is rounded no more than any float64."""
        return central(line, self.rounding)

    def __call__(self, line: Line, slope: Slope, g: float, rounded: float = 0.0) -> str | None:
        if self.agrees(slope, g, rounded):
            return None
        if np.isinf(g) and self._grows(line, g):
            return None
        # A second look: other steps, and the rounding measured, that of backward too: where its terms cancel
        # there is nothing but rounding.
        measured = noise(line)
        rounded += 4 * float(noise(lambda t: np.array([line.gradient(t)]))[0])
        rounding = 4 * np.maximum(self.rounding, measured)
        # Where the terms of f cancel only the inputs say how large the terms are.
        size = np.fmax.reduce(
            np.abs([self.at, line(FIRST_STEP), line(-FIRST_STEP)]), axis=None, initial=self.scale
        )
        noisy = bool((measured > SUSPICIOUS_NOISE * size).any())
        slope = central(line, rounding, FIRST_STEP / 5)
        if self.agrees(slope, g, rounded, noisy):
            return None
        sides = one_sided(line, self.at, -1, rounding), one_sided(line, self.at, 1, rounding)
        problem = self._at_kink(line, slope, sides, g, rounded, noisy)
        if problem == "" and (noise(line, COARSE) > SUSPICIOUS_NOISE * size).any():
            return ROUNDED
        return problem

    def agrees(self, slope: Slope, g: float, rounded: float = 0.0, noisy: bool = False) -> bool:
        """Whether `g` is v . slope, as far as the slope is known."""
        if not (np.isfinite(g) and slope.settled.all()):
            return False
        terms = float(self.weights @ np.abs(slope.value))
        error = float(self.weights @ slope.error)
        if noisy and error > WORTH * max(terms, abs(g)):
            return False
        return bool(abs(float(self.v @ slope.value) - g) <= self.rtol * terms + error + rounded)

    def _at_kink(
        self, line: Line, slope: Slope, sides: tuple[Slope, Slope], g: float, rounded: float, noisy: bool
    ) -> str | None:
        """Between the slopes to the left and to the right anything goes, element by element of f."""
        left, right = sides
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
        slack = float(self.weights @ (self.rtol * np.maximum(np.abs(low), np.abs(high)) + error)) + rounded
        if noisy and slack > WORTH * max(float(self.weights @ np.abs(low)), abs(g)):
            return ROUNDED
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
