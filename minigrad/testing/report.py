"""The message of a failed check: which number is wrong, what the mistake looks like, how to see it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import numpy as np

from .diagnosis import diagnose
from .finding import Finding
from .probe import Probe
from .reproduction import described, snippet
from .subject import Derivative, Subject, leaves
from .verdict import UNKNOWN, WITHOUT_SLOPE

Array = Any
SECOND_ORDER_ONLY = (
    "The lower order is right, so backward computes the right numbers, but its own derivative is wrong. "
    "In a Function: a value saved by ctx that is neither an input nor an output is a constant to the next "
    "order, as is what detach() or numpy() gave; compute it again from the saved inputs."
)


class GradientError(AssertionError):
    """A gradient that is not the derivative, or a function that cannot have one.

    Attributes:
        finding: the gradient beside the numbers it should have; None where it did not come to a comparison.
        looks_like: what kind of mistake it looks like; "" where nothing known fits.

        message: the text.

    >>> from minigrad.testing import GradientError
    >>> raise GradientError("x: wrong by a factor 2", looks_like="a factor")
    Traceback (most recent call last):
    ...
    minigrad.testing.report.GradientError: x: wrong by a factor 2
    """

    def __init__(self, message: str, finding: Finding | None = None, looks_like: str = "") -> None:
        super().__init__(message)
        self.finding = finding
        self.looks_like = looks_like


class Place:
    """The call of a checker that is under way: the beginning and the end of its messages."""

    def __init__(
        self,
        checker: str,
        functions: tuple[Callable[..., Any], ...],
        inputs: tuple[Any, ...],
        options: dict[str, Any],
    ) -> None:
        self.checker, self.functions, self.inputs, self.options = checker, functions, inputs, options

    def error(
        self, subject: Subject, text: str, finding: Finding | None = None, looks_like: str = ""
    ) -> GradientError:
        head = f"{self.checker} of {described(self.functions[0])}, order {subject.order}"
        return GradientError(f"{head}: {text}\n\n{self.reproduction}", finding, looks_like)

    @property
    def reproduction(self) -> str:
        return f"To see it again:\n\n{snippet(self.checker, self.functions, self.inputs, self.options)}"

    @contextmanager
    def noted(self, subject: Subject, doing: str) -> Iterator[None]:
        """An exception of the user's own code is theirs; it gets a note of what check_grads did then."""
        try:
            yield
        except Exception as error:
            if not isinstance(error, GradientError):
                order = f", order {subject.order}" * (subject.order > 1)
                error.add_note(
                    f"raised while {self.checker} {doing} {described(self.functions[0])}{order}. "
                    f"{self.reproduction}"
                )
            raise

    # --- before any derivative: is it a function, are these gradients ---------------------------------

    def require_function(
        self, subject: Subject, outputs: list[Array], again: list[Array], before: list[Array]
    ) -> None:
        """Outputs that are float64 and the same in each call, inputs that are left alone."""
        what = "fn" if subject.order == 1 else "backward"
        if not outputs:
            raise self.error(subject, "fn returns no floating tensor, so there is nothing to differentiate")
        for k, out in enumerate(outputs):
            if out.dtype != np.float64:
                raise self.error(
                    subject,
                    f"output {k} is {out.dtype.name} though the inputs are float64. "
                    "It looks like a lost dtype: something in fn converts to it",
                    looks_like="a lost dtype",
                )
        self._require_untouched(subject, what, before, "changes")
        if len(outputs) != len(again) or not all(map(_identical, outputs, again)):
            raise self.error(
                subject,
                f"{what} is not a function: two calls with the same inputs differ. Does it draw random "
                "numbers, as dropout does? Seed them inside fn, or pass them as an input",
            )

    def require_gradients(
        self,
        subject: Subject,
        gradients: list[Array | None],
        repeated: list[Array | None],
        before: list[Array],
        cotangents: list[Array],
        given: list[Array],
    ) -> None:
        """Gradients of the inputs' shapes and dtypes, repeatable, in memory of their own."""
        self._require_untouched(subject, "backward", before, "changes")
        if not all(map(_identical, cotangents, given)):
            raise self.error(
                subject, "backward writes into the gradient that it is given; it must make a new array"
            )
        for position, (g, b) in enumerate(zip(gradients, repeated, strict=True)):
            name = subject.names[position]
            x = subject.arrays[position]
            if g is None or b is None:
                if g is not b:
                    raise self.error(subject, f"{name} has a gradient in one of two backwards only")
                continue
            if g.shape != x.shape:
                raise self.error(
                    subject, f"the gradient of {name} has shape {tuple(g.shape)}, the input {tuple(x.shape)}"
                )
            if g.dtype != x.dtype:
                raise self.error(
                    subject,
                    f"the gradient of {name} is {g.dtype.name}, the input {x.dtype.name}: a lost dtype",
                )
            if not _identical(g, b):
                raise self.error(subject, f"two backwards give different gradients of {name}")
        self._require_own_memory(subject, gradients, cotangents)

    def require_linear(
        self,
        subject: Subject,
        gradients: list[Array | None],
        scaled: list[Array | None],
        slack: list[Array],
        factor: float,
    ) -> None:
        """`factor` times the cotangents give `factor` times the gradients."""
        for name, found, other, allowed in zip(subject.names, gradients, scaled, slack, strict=True):
            g, more = (np.zeros(1) if a is None else np.atleast_1d(a) for a in (found, other))
            with np.errstate(all="ignore"):
                gap, size = np.abs(more / factor - g), np.max(np.abs(g), initial=0.0)
            if np.isfinite(size) and np.isfinite(more).all() and (gap > 1e-9 * size + allowed).any():
                raise self.error(
                    subject,
                    f"backward is not linear in the incoming gradient: for {factor:g} times that, {name} "
                    f"has not {factor:g} times the gradient. The rule does not just multiply the "
                    "incoming gradient. It looks as if it adds to it, cuts it, squares it, or takes its "
                    "absolute value",
                    looks_like="a rule that is not linear in the incoming gradient",
                )

    def require_same_first_gradients(self, subject: Derivative, outputs: list[Array]) -> None:
        """A rule gives the same gradient on raw arrays and, under create_graph=True, on tensors."""
        recorded = subject.call(leaves(subject.arrays))
        # A gradient that cancels to 0 is rounded as the others are: the bias before a batch norm.
        largest = max((np.abs(raw).max(initial=0.0) for raw in outputs), default=0.0)
        for k, (out, raw) in enumerate(zip(recorded, outputs, strict=True)):
            made = out.detach().numpy()
            scale = np.abs(raw).max(initial=0.0)
            if made.shape != raw.shape or not np.allclose(
                made, raw, rtol=1e-10, atol=1e-10 * scale + 1e-13 * largest, equal_nan=True
            ):
                raise self.error(
                    subject,
                    f"create_graph=True changes the gradient of {subject.names[k]}",
                )

    def _require_untouched(self, subject: Subject, what: str, before: list[Array], does: str) -> None:
        for position, (x, b) in enumerate(zip(subject.arrays, before, strict=True)):
            if not _identical(x, b):
                raise self.error(
                    subject, f"{what} {does} {subject.names[position]} in place; it must leave it alone"
                )

    def _require_own_memory(
        self, subject: Subject, gradients: list[Array | None], cotangents: list[Array]
    ) -> None:
        made = [(subject.names[i], g) for i, g in enumerate(gradients) if g is not None]
        kept = [(f"the cotangent of output {k}", v) for k, v in enumerate(cotangents)]
        kept += list(zip(subject.names, subject.arrays, strict=True))
        for name, g in made:
            for other, array in kept:
                if np.shares_memory(g, array):
                    raise self.error(subject, f"the gradient of {name} shares its memory with {other}")
        for (a, g), (b, h) in combinations(made, 2):
            if np.shares_memory(g, h):
                raise self.error(subject, f"the gradients of {a} and {b} share their memory")

    # --- a wrong number -----------------------------------------------------------------------------

    def mismatch(
        self,
        subject: Subject,
        findings: Sequence[Finding],
        cotangents: Sequence[Array],
        guess_in_small: Callable[[int], str],
    ) -> GradientError:
        wrong = [f for f in findings if f.wrong.any()]
        finding, *more = wrong
        probe = Probe(subject, cotangents)
        looks_like = _looks_like(finding, findings, probe, guess_in_small)
        lines = [_headline(subject, finding), *_numbers(subject, finding), ""]
        lines += _without_cotangent(finding, probe)
        if np.isfinite(finding.numeric).all():
            n = int(finding.wrong.sum())
            lines.append(f"{n} of {finding.wrong.size} entries {'is' if n == 1 else 'are'} wrong.")
        elif known := int(np.isfinite(finding.numeric).sum()):
            n = int(finding.wrong.sum())
            lines.append(f"{n} of {known} entries that were looked at {'is' if n == 1 else 'are'} wrong.")
        if finding.problem:
            lines.append(_sentence(finding.problem))
        if subject.order > 1 and not finding.problem:
            lines.append(SECOND_ORDER_ONLY)
        if looks_like:
            lines.append(_sentence(f"It looks like {looks_like}"))
        for other in more:
            like = _looks_like(other, findings, probe, guess_in_small)
            lines.append(_sentence(f"Wrong as well: {other.name}" + f". It looks like {like}" * bool(like)))
        return self.error(subject, "\n".join(lines), finding, looks_like)


def _looks_like(
    finding: Finding, findings: Sequence[Finding], probe: Probe, guess_in_small: Callable[[int], str]
) -> str:
    if finding.problem:
        return ""
    like = diagnose(finding, [f for f in findings if f is not finding], probe)
    return like or (guess_in_small(finding.position) if finding.jacobian is None else "")


def _headline(subject: Subject, finding: Finding) -> str:
    unknown = any(text in finding.problem for text in UNKNOWN)
    what = "gradient" if subject.order == 1 else "gradient of the gradient"
    line = f"no slope to compare the {what} with, for" if unknown else f"wrong {what} with respect to"
    line += f" {finding.name}, of shape {tuple(finding.numeric.shape)}"
    return line if np.isnan(finding.numeric[finding.index]) else line + f", at index {list(finding.index)}"


def _numbers(subject: Subject, finding: Finding) -> list[str]:
    """The values at the entry that is wrong by most."""
    index = finding.index
    g, n, e = finding.found[index], finding.numeric[index], finding.error[index]
    if np.isnan(n):
        return []
    lines = ["", f"    input        {subject.arrays[finding.position][index]: .12g}"]
    lines.append(f"    backward     {' no gradient' if finding.gradient is None else f'{g: .12g}'}")
    if WITHOUT_SLOPE in finding.problem:
        return [*lines, "    differences   do not agree on a number"]
    lines.append(f"    differences  {n: .12g}" + f"  (within {e:.1e})" * bool(np.isfinite(e)))
    if np.isfinite(g) and np.isfinite(n) and n != 0 and finding.gradient is not None:
        lines.append(f"    ratio        {g / n: .12g}")
    return lines


def _without_cotangent(finding: Finding, probe: Probe) -> list[str]:
    """The entry of the Jacobian that is off by most: a number that no random cotangent has gone into."""
    found = None if finding.jacobian is None or finding.problem else probe.jacobian(finding.position)
    if found is None or finding.jacobian is None or not np.isfinite(finding.jacobian).all():
        return []
    column = int(np.ravel_multi_index(finding.index, finding.numeric.shape)) if finding.index else 0
    a, b = found[:, column], finding.jacobian[:, column]
    row = int(np.argmax(np.abs(a - b)))
    k, place = probe.place(row)
    if f"{a[row]:.6g}" == f"{b[row]:.6g}":
        return []
    of = f"output {k}" if probe.subject.order == 1 else f"(the gradient of {probe.subject.names[k]})"
    return [
        f"Without the random cotangent: d {of}{place} / d {finding.short}{list(finding.index)} is "
        f"{a[row]:.6g} by backward and {b[row]:.6g} by differences.",
        "",
    ]


def _sentence(text: str) -> str:
    text = text if text.startswith("fn ") else f"{text[0].upper()}{text[1:]}"
    return text if text.endswith(("?", ".")) or "\n" in text else f"{text}."


def _identical(a: Array, b: Array) -> bool:
    return bool(a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True))
