"""Grading: draw cases, judge each, name the mistake at the first that fails, and make the case small."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .compare import MisfitError
from .exercise import Case, Exercise, Miss, Property
from .sandbox import Answer, OutOfTime, TroubleError, limited, quiet, sentence
from .shrink import Tape, shrink

LOOKED_AT = 8  # failing cases that are looked at for a name of the mistake
SHRINKING = 0.5  # seconds
FEWEST = 5  # cases, however slow the answer is


@dataclass
class Verdict:
    """The result of grading: true where every property holds."""

    exercise: Exercise
    held: list[str] = field(default_factory=list)
    failed: Property | None = None
    miss: Miss | None = None
    case: Case | None = None
    tape: list[int] = field(default_factory=list)
    looks_like: str = ""
    trouble: str = ""
    printed: str = ""

    def __bool__(self) -> bool:
        return self.failed is None and not self.trouble


def grade(exercise: Exercise, make: Callable[[], Mapping[str, Callable[..., Any]]]) -> Verdict:
    """Judge the functions that `make` gives, which may run the learner's file."""
    verdict = Verdict(exercise)
    with quiet() as said:
        try:
            answer = Answer(make())
            for place, prop in enumerate(exercise.properties):
                _examine(verdict, answer, prop, place)
                if verdict.failed is not None:
                    break
                verdict.held.append(prop.title)
        except TroubleError as error:
            verdict.trouble = str(error)
    verdict.printed = verdict.printed or (
        "" if verdict.case and verdict.looks_like != "endless" else said.text
    )
    return verdict


def _examine(verdict: Verdict, answer: Answer, prop: Property, place: int) -> None:
    exercise = verdict.exercise
    failing: list[tuple[list[int], Miss]] = []
    end = time.monotonic() + exercise.seconds
    for run in range(prop.runs):
        if run >= FEWEST and time.monotonic() > end:
            break
        tape = Tape(random=np.random.default_rng([exercise.number, place, run]))
        miss = judged(exercise, answer, prop, tape, exercise.seconds)
        if miss is not None:
            failing.append((tape.given, miss))
            if miss.looks_like or len(failing) == LOOKED_AT:
                break
    if not failing:
        return
    tape_of, first = failing[-1] if failing[-1][1].looks_like else failing[0]
    verdict.failed, verdict.looks_like = prop, first.looks_like

    def fails(candidate: list[int]) -> list[int] | None:
        tape = Tape(candidate)
        miss = judged(exercise, answer, prop, tape, SHRINKING)
        return tape.given if miss is not None and bool(miss.note) == bool(first.note) else None

    slow = first.looks_like == "endless"
    verdict.tape = tape_of if slow else shrink(tape_of, fails, SHRINKING)
    tape = Tape(verdict.tape)
    verdict.case = prop.draw(tape)
    verdict.miss = first
    if not slow:
        with quiet() as said:  # of all that is printed, only that of the case which is shown
            verdict.miss = judged(exercise, answer, prop, Tape(verdict.tape), exercise.seconds) or first
        verdict.printed = said.text


def judged(exercise: Exercise, answer: Answer, prop: Property, tape: Tape, seconds: float) -> Miss | None:
    """The miss of one case, with a sentence for whatever the learner's code does."""
    case = prop.draw(tape)
    try:
        return limited(lambda: prop.judge(answer, case), seconds)
    except OutOfTime:
        note = f"it did not end in {seconds:g} seconds here. Is there a loop that never ends?"
        return Miss(note=note, looks_like="endless")
    except (TroubleError, MisfitError) as error:
        note = str(error)
    except Exception as error:
        note = sentence(error, "using what was returned")
    keys = [key for piece, key in exercise.errors.items() if piece in note]
    return Miss(note=note, looks_like=keys[0] if keys else "")
