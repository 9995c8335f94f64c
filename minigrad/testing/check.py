"""`check_grads` and `check_numpy_grads`: whether the gradients of a function are its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import exact
from .diagnosis import diagnose
from .differences import EPS, Slope, scales
from .engines import check_engines
from .finding import Finding
from .line import Through, flat
from .probe import Probe
from .report import Place
from .smaller import smaller
from .subject import Derivative, Given, Pair, Subject
from .verdict import UNKNOWN, Verdict

Array = Any

LOOKED_AT = 8  # entries of a larger one
CONFIRMED = 4  # entries found wrong by looking twice: where slopes are clear, the next are looked at once
FACTOR = -7.3  # of the cotangents: of another sign, and no power of 2, which float32 would not round anew
ROUGH_STEP, ROUGH = 1e-5, 1e-6  # of a single difference: its step, and its error
SKETCHED = 2048  # of an input that is found wrong, up to so many entries get a single difference
SPELLED_OUT = 256  # of an input that is found wrong along a direction, up to so many entries are looked at


def check_grads(
    fn: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    seed: int = 0,
    rtol: float = 1e-9,
    max_entries: int = 256,
    projections: int = 8,
    oracle: Callable[..., Any] | None = None,
    engines: bool = True,
) -> None:
    """Raise unless the gradients of `fn` at `inputs` are its derivatives, and `fn` is fit to have any.

    The outputs are weighted with random cotangents. Every entry of the gradient is compared with central
    differences, extrapolated to step 0. It may differ from them by `rtol` of the terms that it sums, plus the
    measured error of the differences. Where they disagree the check looks at the one-sided slopes: at a kink
    any value between them is right. It also checks that fn is a function (two calls agree to the bit, and
    leave inputs and cotangents alone), the shapes and dtypes of outputs and gradients, and that gradients own
    their memory.

    Arguments:
        fn: takes tensors, returns a tensor or a tuple of tensors; only floating ones are differentiated. Of
            a module the parameters that require grad are checked too, and its buffers are constants. (To
            check the inputs alone: `check_grads(lambda x: module(x), x)`.)
        inputs: its arguments. Checked are the tensors that require grad, or, if none does, all floating
            tensors and arrays. They, and the parameters, must be float64.
        order: 2 checks the gradients' own gradients too, and so on.
        seed: of the cotangents and projections; the same seed makes the same check.
        rtol: the relative error that a gradient may have.
        max_entries: an input of more entries is checked along random directions instead of entry by entry.
        projections: how many.
        oracle: `fn` in NumPy, for an analytic function: it is run on complex numbers, and its complex-step
            derivative, exact to rounding, stands in for the differences at order 1. It takes the checked
            inputs, then the checked parameters.
        engines: compare eager mode with the first engine and the compiled program at last, in two calls, as
            `check_engines` does; a function that cannot be traced passes.

    Raises:
        GradientError: an AssertionError that says which entry is wrong, by how much, what kind of
            mistake it looks like, and how to reproduce it.
        TypeError: an input that is not float64.

    >>> import minigrad as torch
    >>> from minigrad.testing import check_grads
    >>> x = torch.tensor([0.3, 0.7], dtype=torch.float64)
    >>> check_grads(lambda x: torch.softmax(x * x, 0), x, order=2)
    """
    __tracebackhide__ = True  # pytest then ends the traceback at the caller's line
    defaults: dict[str, Any] = {
        "order": 1,
        "seed": 0,
        "rtol": 1e-9,
        "max_entries": 256,
        "projections": 8,
        "oracle": None,
        "engines": True,
    }
    options: dict[str, Any] = {"order": order, "seed": seed, "rtol": rtol, "max_entries": max_entries}
    options |= {"projections": projections, "oracle": oracle, "engines": engines}
    _require_usable("check_grads", fn, options)
    subject: Subject = Given(fn, inputs)
    place = Place("check_grads", (fn,), inputs, {k: v for k, v in options.items() if v != defaults[k]})
    for current in range(1, order + 1):
        random = np.random.default_rng([seed, current])
        check = _Check(subject, random, rtol, max_entries, projections, place)
        with place.noted(subject, "moved the inputs of"):
            findings = check.findings(oracle if current == 1 else None)
        if findings:
            raise place.mismatch(subject, findings, check.cotangents, check.guess_in_small)
        place.require_linear(subject, check.gradients, check.scaled, check.slack, FACTOR)
        subject = Derivative(subject, check.cotangents)
    if engines:
        check_engines(fn, *inputs, calls=2, order=min(order, 2), seed=seed)


def check_numpy_grads(
    fn: Callable[..., Any],
    gradient: Callable[..., Any],
    *inputs: Any,
    seed: int = 0,
    rtol: float = 1e-9,
    max_entries: int = 256,
    projections: int = 8,
) -> None:
    """Raise unless `gradient` is the gradient of `fn` at `inputs`: two functions in NumPy, without a graph.

    It looks at the pair, compares and explains as `check_grads` does.

    Arguments:
        fn: takes float64 arrays, returns one number.
        gradient: takes the same, returns an array of the shape of the input; a tuple of them for several.
        inputs: where both are called.
        seed, rtol, max_entries, projections: as in `check_grads`.

    Raises:
        GradientError: as `check_grads` does.
        TypeError: an input that is not float64.
        ValueError: an fn that returns an array, or a gradient that returns too few.

    >>> import numpy as np
    >>> from minigrad.testing import check_numpy_grads
    >>> check_numpy_grads(lambda x: np.sum(x**3), lambda x: 3 * x**2, np.array([0.3, 0.7]))
    """
    __tracebackhide__ = True
    options = {"seed": seed, "rtol": rtol, "max_entries": max_entries, "projections": projections}
    _require_usable("check_numpy_grads", fn, options)
    _require_usable("check_numpy_grads", gradient, options)
    defaults = {"seed": 0, "rtol": 1e-9, "max_entries": 256, "projections": 8}
    changed = {k: v for k, v in options.items() if v != defaults[k]}
    subject = Pair(fn, gradient, inputs)
    place = Place("check_numpy_grads", (fn, gradient), inputs, changed)
    check = _Check(subject, np.random.default_rng([seed, 1]), rtol, max_entries, projections, place)
    if findings := check.findings(None):
        raise place.mismatch(subject, findings, check.cotangents, check.guess_in_small)


def _require_usable(checker: str, fn: Any, options: dict[str, Any]) -> None:
    if not callable(fn):
        raise TypeError(
            f"{checker}: fn must be a function of the inputs, as in check_grads(torch.sin, x); it is a "
            f"{type(fn).__name__}"
        )
    for name, least in (("order", 1), ("seed", 0), ("max_entries", 0), ("projections", 1)):
        value = options.get(name, least)
        if not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"{checker}: {name} must be an integer of at least {least}, not {value!r}")
    if not options["rtol"] >= 0:
        raise ValueError(f"{checker}: rtol must be a number of at least 0, not {options['rtol']!r}")


class _Check:
    """One subject at one point: its values, cotangents and gradients there."""

    def __init__(
        self,
        subject: Subject,
        random: np.random.Generator,
        rtol: float,
        max_entries: int,
        projections: int,
        place: Place,
    ) -> None:
        self.subject, self.random, self.rtol = subject, random, rtol
        self.max_entries, self.projections, self.place = max_entries, projections, place
        self.arrays = subject.arrays
        before = [x.copy() for x in self.arrays]
        with place.noted(subject, "called" if subject.order == 1 else "ran backward of"):
            outputs = subject.values(self.arrays)
            again = subject.values(self.arrays)
        place.require_function(subject, outputs, again, before)
        self.cotangents = [
            np.asarray(random.uniform(0.5, 1.5, out.shape) * random.choice((-1.0, 1.0), out.shape))
            for out in outputs
        ]
        given = [v.copy() for v in self.cotangents]
        with place.noted(subject, "ran backward of"):
            self.gradients = subject.gradients(self.arrays, self.cotangents)
            repeated = subject.gradients(self.arrays, self.cotangents)
            self.scaled = subject.gradients(self.arrays, [np.asarray(FACTOR * v) for v in self.cotangents])
        place.require_gradients(subject, self.gradients, repeated, before, self.cotangents, given)
        if isinstance(subject, Derivative):
            place.require_same_first_gradients(subject, outputs)
        self.at = flat(outputs)
        self.v = flat(self.cotangents)
        scale = max(map(_largest, self.arrays))
        steps = [g * scales(x) for g, x in zip(self.gradients, self.arrays, strict=True) if g is not None]
        terms = float(np.abs(self.v) @ np.maximum(np.abs(self.at), subject.terms()))
        self.slack = [64 * EPS * np.nan_to_num(terms, posinf=0.0) / scales(x) for x in self.arrays]
        steepest = max(map(_largest, steps), default=0.0)
        self.judge = Verdict(self.at, self.v, rtol, scale, steepest, subject.terms())

    def findings(self, oracle: Callable[..., Any] | None) -> list[Finding]:
        """A finding for each input that was looked at entry by entry, if the gradient of any is wrong."""
        if oracle is not None:
            exact.require_same_function(oracle, self.arrays, self.at, self._slope_along)
        checked = [i for i, x in enumerate(self.arrays) if x.size and self.at.size]
        small = [i for i in checked if self.arrays[i].size <= self.max_entries or oracle is not None]
        # An infinite gradient (sqrt at 0) has to be looked at alone.
        small += [i for i in checked if i not in small and self._infinite(i).any() and self._spelled_out(i)]
        found = [self._every_entry(i, oracle) for i in small]
        if not any(f.wrong.any() for f in found) and oracle is None and checked:
            if rough := self._too_rough(checked):
                return [self._as_a_whole(checked[0], rough)]
            # Also where all entries are right: two tied maxima may each claim the whole gradient.
            found = self._projected([(i, ~self._infinite(i) | (i not in small)) for i in checked])
        return found if any(f.wrong.any() for f in found) else []

    def _infinite(self, position: int) -> Array:
        g = self.gradients[position]
        return np.isinf(np.zeros(self.arrays[position].shape) if g is None else g)

    def _spelled_out(self, position: int) -> bool:
        return bool(self.arrays[position].size <= SPELLED_OUT)

    # --- the two ways to look ----------------------------------------------------------------------

    def _every_entry(self, position: int, oracle: Callable[..., Any] | None) -> Finding:
        x = self.arrays[position]
        sizes = scales(x).ravel()
        finding = self._blank(position)
        g = finding.found.ravel()
        keep = self.at.size * x.size <= 10**6
        columns: list[Array] = []
        for j in range(x.size):
            direction = np.zeros(x.size)
            direction[j] = sizes[j]
            along = [(position, direction.reshape(x.shape))]
            line = self._line(along)
            slope = exact.slope(oracle, self.arrays, along) if oracle else self.judge.slope(line)
            if keep:
                columns.append(slope.value / sizes[j])
            if oracle or (finding.wrong.sum() >= CONFIRMED and slope.settled.all()):
                problem = None if self.judge.agrees(slope, g[j] * sizes[j]) else ""
            else:
                problem = self.judge(line, slope, g[j] * sizes[j])
            self._note(finding, j, slope, sizes[j], problem)
        finding.jacobian = np.stack(columns, axis=1) if keep else None
        return finding

    def _projected(self, inputs: list[tuple[int, Array]]) -> list[Finding]:
        """Directions through all inputs at once, where their masks allow; a wrong one is taken apart."""
        for _ in range(self.projections if inputs else 0):
            directions = [(i, np.asarray(self._direction(self.arrays[i]) * mask)) for i, mask in inputs]
            problem = self._disagrees(directions)
            if problem is None:
                continue
            found = []
            for i, direction in directions:
                if self._disagrees([(i, direction)]) is not None:
                    few = self._spelled_out(i)
                    found.append(self._every_entry(i, None) if few else self._located(i, direction))
            if not any(f.wrong.any() for f in found):
                problem = (
                    f"along a random direction through all entries, {problem}"
                    if problem in UNKNOWN
                    else "each entry alone is right, or between the slopes to its left and right, but "
                    "several that change together do not add up (tied maxima that each claim the "
                    "whole gradient?): "
                    + (problem or "the gradient along a random direction is not the slope")
                )
                found = [self._as_a_whole(inputs[0][0], problem)]
            return found
        return []

    def _too_rough(self, checked: list[int]) -> str:
        """True if fn is rounded as float32 is along two directions: along one a kink may look like it."""

        def own_steps(i: int) -> tuple[int, Array]:
            # Each entry by steps of its own size, lest the small ones leave their domain or pass a pole.
            x = self.arrays[i]
            direction = self._direction(x) / scales(x)
            return i, np.asarray(direction * np.where(x == 0, scales(x), np.abs(x)) * ~self._infinite(i))

        return self.judge.too_rough(self._line([own_steps(i) for i in checked])) and self.judge.too_rough(
            self._line([own_steps(i) for i in checked])
        )

    def _as_a_whole(self, position: int, problem: str) -> Finding:
        finding = self._blank(position)
        finding.wrong[...] = True
        finding.problem = problem
        return finding

    def _direction(self, x: Array) -> Array:
        signs = self.random.choice((-1.0, 1.0), x.shape)
        return np.asarray(scales(x) * signs * self.random.uniform(0.5, 1.5, x.shape))

    def _located(self, position: int, direction: Array) -> Finding:
        """Halve a direction along which the gradient is wrong until one entry is left."""
        finding = self._blank(position)
        places = np.arange(direction.size)
        while places.size > 1:
            for half in np.array_split(places, 2):
                if self._disagrees([(position, _only(direction, half))]) is not None:
                    places = half
                    break
            else:
                break
        j = int(places[0])
        entry = _only(np.abs(direction), places[:1])
        problem = self._disagrees([(position, entry)])
        line = self._line([(position, entry)])
        self._note(finding, j, self.judge.slope(line), float(entry.flat[j]), problem or "")
        # And a few others, to see what kind of mistake it is; the rest of them roughly.
        sizes = np.abs(scales(self.arrays[position]))
        looked_at = {*np.linspace(0, direction.size - 1, LOOKED_AT, dtype=int).tolist()}
        for k in looked_at - {j}:
            along = [(position, _only(sizes, np.array([k])))]
            size = float(along[0][1].flat[k])
            self._note(finding, k, self.judge.slope(self._line(along)), size, self._disagrees(along))
        if direction.size <= SKETCHED and not finding.problem:
            for k in set(range(direction.size)) - looked_at - {j}:
                self._sketch(finding, k, float(sizes.flat[k]))
        return finding

    def _sketch(self, finding: Finding, k: int, size: float) -> None:
        """One difference, good enough to tell one mistake from another where there is one."""
        line = self._line([(finding.position, _only(np.full(finding.wrong.shape, size), np.array([k])))])
        up, down = line(ROUGH_STEP), line(-ROUGH_STEP)
        slope = float(self.v @ (up - down)) / (2 * ROUGH_STEP * size)
        bound = ROUGH * float(np.abs(self.v) @ (np.abs(up - self.at) + np.abs(down - self.at)))
        finding.numeric.flat[k] = slope
        finding.error.flat[k] = bound / (2 * ROUGH_STEP * size)
        finding.wrong.flat[k] = not abs(slope - finding.found.flat[k]) <= finding.error.flat[k] + ROUGH

    def guess_in_small(self, position: int) -> str:
        """The kind of mistake that the first entries of a large input show, all of which can be looked at."""
        for subject in smaller(self.subject):
            try:
                check = _Check(subject, self.random, self.rtol, self.max_entries, 1, self.place)
                findings = check.findings(None)
            except Exception:  # fn may need its inputs as they are
                continue
            for finding in findings:
                others = [f for f in findings if f is not finding]
                if finding.position == position and finding.wrong.any() and not finding.problem:
                    like = diagnose(finding, others, Probe(subject, check.cotangents))
                    if like:
                        return f"{like}\n(Seen on its first entries, of shape {finding.wrong.shape}.)"
        return ""

    def _disagrees(self, directions: Sequence[tuple[int, Array]]) -> str | None:
        """The fault of the gradients along a direction through several inputs; None if nothing."""
        slope, size = 0.0, 0.0
        for position, direction in directions:
            g = self.gradients[position]
            if g is not None:
                terms = g[direction != 0] * direction[direction != 0]
                slope += float(terms.sum())
                size += float(np.abs(terms).sum())
        line = self._line(directions)
        return self.judge(line, self.judge.slope(line), slope, 4 * EPS * size)

    # --- small parts -------------------------------------------------------------------------------

    def _line(self, directions: Sequence[tuple[int, Array]]) -> Through:
        return Through(self.subject, self.cotangents, directions)

    def _slope_along(self, position: int) -> tuple[Array, Slope]:
        direction = self._direction(self.arrays[position])
        return direction, self.judge.slope(self._line([(position, direction)]))

    def _blank(self, position: int) -> Finding:
        shape = self.arrays[position].shape
        empty = np.full(shape, np.nan)
        name, g = self.subject.names[position], self.gradients[position]
        return Finding(name, position, g, empty, empty.copy(), np.zeros(shape, bool))

    def _note(self, finding: Finding, j: int, slope: Slope, size: float, problem: str | None) -> None:
        finding.numeric.flat[j] = float(self.v @ slope.value) / size
        finding.error.flat[j] = float(np.abs(self.v) @ slope.error) / size
        if problem is not None:
            finding.wrong.flat[j] = True
            finding.problem = finding.problem or problem


def _only(direction: Array, places: Array) -> Array:
    """The direction with 0 everywhere else."""
    kept = np.zeros(direction.size)
    kept[places] = direction.ravel()[places]
    return kept.reshape(direction.shape)


def _largest(x: Array) -> float:
    return float(np.abs(x[np.isfinite(x)]).max(initial=0.0))
