"""Grading is proven: starters fail, solutions pass, and each wrong answer is named for what it is."""

import itertools
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from minigrad.learn import exercises, report
from minigrad.learn.grade import grade
from minigrad.learn.sandbox import functions_of

SECONDS = 2.0
LONGEST = 900  # characters of a report


def graded(exercise, source):
    return grade(exercise, lambda: functions_of(source, exercise.file, exercise.functions))


def answers(*kinds):
    listed = []
    for exercise, kind in itertools.product(exercises, kinds):
        found = getattr(exercise, kind)
        for number, source in enumerate((found,) if isinstance(found, str) else found):
            listed.append(pytest.param(exercise, source, id=f"{exercise.number}-{kind}-{number}"))
    return listed


@pytest.mark.parametrize(("exercise", "source"), answers("starter"))
def test_a_starter_runs_and_fails(exercise, source):
    verdict = graded(exercise, source)
    assert not verdict
    assert "cannot read the file" not in report.text(verdict)


@pytest.mark.parametrize(("exercise", "source"), answers("solution", "others"))
def test_a_right_answer_passes_in_any_style(exercise, source):
    verdict = graded(replace(exercise, seconds=60.0), source)  # also where the machine is busy
    assert verdict, report.text(verdict)


# Where its time ends within a callback of the garbage collector, Python prints that and goes on.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("exercise", "answer"), answers("wrong"))
def test_a_wrong_answer_dies_of_a_small_case_and_is_named(exercise, answer):
    key, source = answer
    begun = time.process_time()
    verdict = graded(exercise, source)
    took = time.process_time() - begun
    said = report.text(verdict)
    assert not verdict
    assert verdict.looks_like == key, said
    assert len(verdict.tape) <= exercise.smallest, said
    assert len(said) <= LONGEST
    assert took < SECONDS


@pytest.mark.parametrize("exercise", exercises, ids=str)
def test_an_exercise_is_whole(exercise):
    assert len(exercise.wrong) >= 4
    assert {key for key, _ in exercise.wrong} <= set(exercise.misconceptions)
    assert len({source for _, source in exercise.wrong}) == len(exercise.wrong)
    assert exercise.others
    texts = [
        exercise.aim,
        exercise.idea,
        exercise.one_sees,
        *exercise.hints,
        *exercise.misconceptions.values(),
    ]
    for text in texts:
        assert text.strip() == text and text
        assert "cotangent" not in text
    assert len(exercise.aim) <= 50


def test_the_ladder_is_in_order():
    assert [e.number for e in exercises] == list(range(len(exercises)))
    assert len({e.name for e in exercises}) == len(exercises)


@pytest.mark.parametrize("exercise", [e for e in exercises if e.picture], ids=str)
def test_the_failing_case_of_every_wrong_answer_can_be_shown(exercise):
    for _, source in exercise.wrong:
        verdict = graded(exercise, source)
        said = report.explained(verdict)
        assert "BACKWARD" in said


@pytest.mark.parametrize("exercise", exercises, ids=str)
def test_grading_repeats_itself(exercise):
    first, second = (graded(exercise, exercise.wrong[0][1]) for _ in range(2))
    assert (first.tape, first.looks_like) == (second.tape, second.looks_like)


def test_the_mistake_is_named_at_a_generic_point_and_shown_at_a_small_one():
    """A rule that is given the output for the input: at the smallest case it is hard to tell from others."""
    verdict = graded(exercises[1], dict(exercises[1].wrong)["output"])
    assert verdict.looks_like == "output"
    assert set(verdict.case.values()) <= {-1.0, 1.0, 2.0, 0.5}


def test_a_reader_of_the_list_may_stop_reading():
    command = [sys.executable, "-m", "minigrad.learn"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")
