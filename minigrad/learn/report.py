"""The text for the learner: the verdict, the ladder, the failing case in full."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from typing import Any

from minigrad import viz

from .compare import short
from .exercise import Case, Exercise, Property
from .grade import Verdict

WIDTH = 88


def text(verdict: Verdict) -> str:
    """The verdict in a few lines.

    The properties that hold, the first that does not, its smallest case, and the name of the mistake.
    """
    exercise = verdict.exercise
    lines = [f"{exercise.number} {exercise.name}   {'done' if verdict else 'not yet'}"]
    lines += [f"  [x] {title}" for title in verdict.held]
    if verdict.trouble:
        lines += _paragraph(verdict.trouble, "  ")
    if verdict.failed is not None and verdict.miss is not None and verdict.case is not None:
        miss = verdict.miss
        lines.append(f"  [ ] {verdict.failed.title}")
        if shown := case_text(verdict.failed, verdict.case):
            lines += _paragraph(shown, "      ", "smallest case   ")
        if miss.note:
            lines += _paragraph(miss.note, "      ")
        else:
            lines += _paragraph(f"yours {short(miss.yours)} · {miss.says} {short(miss.right)}", "      ")
        if reason := exercise.misconceptions.get(verdict.looks_like):
            lines += _paragraph(reason, "      ")
        lines.append(f"      more: show {exercise.number} · hint {exercise.number}")
    if verdict.printed.strip():
        printed = verdict.printed.strip().splitlines()
        lines.append("  your code printed")
        lines += [f"      {line[:WIDTH]}" for line in printed[:5]]
        lines += ["      ..."] if len(printed) > 5 else []
    return "\n".join(lines)


def case_text(prop: Property, case: Case) -> str:
    """The names and values of a case."""
    return prop.shown(case) if prop.shown else short(case)


def explained(verdict: Verdict) -> str:
    """The verdict, then the case step by step where it can be recorded."""
    lines = [text(verdict)]
    picture = verdict.exercise.picture
    if picture is not None and verdict.case is not None:
        lines += ["", "The same case, step by step:", "", _steps(picture(verdict.case))]
    sight = verdict.exercise.sight
    if sight is not None and verdict.case is not None:
        lines += ["", f"One sees: {verdict.exercise.one_sees}", "", sight(verdict.case)]
    lines += ["", *_paragraph(verdict.exercise.idea, "")]
    return "\n".join(lines)


def _steps(picture: tuple[Any, dict[str, Any]]) -> str:
    tensor, names = picture
    return str(viz.explain(tensor, names=names))


def ladder(exercises: Sequence[Exercise], done: Collection[int], started: Collection[int]) -> str:
    """All lessons, one a line."""
    lines = ["minigrad.learn: from a nudge to an engine of your own", ""]
    for exercise in exercises:
        n = exercise.number
        mark = "x" if n in done else "." if n in started else " "
        lines.append(f"  [{mark}] {n:>2}  {exercise.name:<16} {exercise.aim}")
    following = next((e.number for e in exercises if e.number not in done), None)
    if following is None:
        return "\n".join([*lines, "", "All done."])
    verb = "check" if following in started else "start"
    lines += ["", f"Next: python -m minigrad.learn {verb} {following}"]
    return "\n".join(lines)


def introduction(exercise: Exercise) -> str:
    """The words with which a lesson starts."""
    lines = [f"{exercise.number} {exercise.name}: {exercise.aim}", "", *_paragraph(exercise.idea, "")]
    return "\n".join(lines)


def _paragraph(words: str, indent: str, opening: str = "") -> list[str]:
    lines: list[str] = []
    for line in (opening + words).splitlines():
        hang = indent + " " * len(opening)
        start = indent if not lines else hang
        lines += textwrap.wrap(
            line, WIDTH, initial_indent=start, subsequent_indent=hang, break_on_hyphens=False
        )
    return lines
