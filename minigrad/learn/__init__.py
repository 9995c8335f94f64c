"""A ladder of exercises, from a nudge to an engine of your own: `python -m minigrad.learn`.

Each exercise is graded by properties: fresh inputs are drawn, the first failure is made small, and the
report names the mistake. In a notebook: `learn.check(fn)`; in a test: `learn.check(fn).require()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import report
from .exercise import Exercise
from .exercises import exercises
from .grade import Verdict, grade

__all__ = ["Exercise", "Report", "check", "exercises"]


class Report:
    """The verdict on an answer: true where it passes, and printed as a report."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def __bool__(self) -> bool:
        return bool(self.verdict)

    def __repr__(self) -> str:
        return report.text(self.verdict)

    def require(self) -> None:
        """Raise an AssertionError with the report unless the answer passes: for tests."""
        __tracebackhide__ = True
        if not self.verdict:
            raise AssertionError("\n" + repr(self))

    def show(self) -> None:
        """Print the failing case step by step."""
        print(report.explained(self.verdict))  # noqa: T201


def check(*functions: Callable[..., Any], lesson: int | None = None) -> Report:
    """Grade functions of your own; the lesson is found by their names.

    Arguments:
        functions: what the lesson's starter asks for, in any order; with `lesson` in its order, by any name.
        lesson: the number of the lesson.

    Raises:
        TypeError: where something is no function, or functions are missing.
        ValueError: where there is no such lesson.

    >>> from minigrad import learn
    >>> def slope(f, x):
    ...     return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5
    >>> learn.check(slope)
    0 nudge   done
      [x] on a straight line any nudge gives the slope
      [x] on a curve your slope is right to three digits
      [x] at a large x too
    """
    for function in functions:
        if not callable(function):
            raise TypeError(f"learn.check takes functions, as in learn.check(slope); not {function!r:.80}")
    named = {getattr(function, "__name__", "?"): function for function in functions}
    if lesson is None:
        found = [e for e in exercises if set(named) & set(e.functions)]
        if not found:
            raise ValueError(
                f"no lesson asks for a function named {', '.join(named) or '(none)'}; say which it is: "
                "learn.check(fn, lesson=0)"
            )
        exercise = found[0]
    else:
        by_number = {e.number: e for e in exercises}
        if lesson not in by_number:
            raise ValueError(f"there is no lesson {lesson}: the lessons are {', '.join(map(str, by_number))}")
        exercise = by_number[lesson]
        if not set(exercise.functions) <= set(named):
            named = dict(zip(exercise.functions, functions, strict=False))
    missing = [name for name in exercise.functions if name not in named]
    if missing:
        raise TypeError(
            f"lesson {exercise.number} asks for {', '.join(exercise.functions)}: {', '.join(missing)} "
            "is missing"
        )
    return Report(grade(exercise, lambda: named))
