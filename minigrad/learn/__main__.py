"""`python -m minigrad.learn`: the ladder, and what to do with each lesson."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import progress, report
from .exercise import Exercise
from .exercises import exercises
from .process import check_file


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 where all is well."""
    parser = argparse.ArgumentParser(
        prog="python -m minigrad.learn",
        description="A ladder of exercises. Without a command: list it, with your progress.",
        epilog=f"Your files stand in the current folder. Your progress does too, in {progress.FILE}",
    )
    commands = parser.add_subparsers(dest="command", metavar="command")
    words = {
        "start": "copy the starter of a lesson into the current folder",
        "check": "grade your file",
        "show": "tell the failing case step by step",
        "hint": "a hint; ask again for a franker one",
        "solution": "print a solution",
    }
    numbers = ", ".join(str(e.number) for e in exercises)
    for command, what in words.items():
        sub = commands.add_parser(command, help=what, description=what.capitalize() + ".")
        sub.add_argument("lesson", type=int, choices=[e.number for e in exercises], metavar="N", help=numbers)
        if command in ("check", "show"):
            sub.add_argument("file", nargs="?", type=Path, help="another file than lesson_NN.py")
        if command == "show":
            sub.add_argument("--html", default="", metavar="PAGE", help="write a page that plays the case")
        if command == "hint":
            sub.add_argument("which", nargs="?", type=int, choices=(1, 2, 3), default=1, help="1, 2 or 3")
    asked = parser.parse_args(arguments)
    if asked.command is None:
        started = {e.number for e in exercises if Path(e.file).exists()}
        _say(report.ladder(exercises, progress.done(), started))
        return 0
    exercise = next(e for e in exercises if e.number == asked.lesson)
    if asked.command == "start":
        return _start(exercise)
    if asked.command == "hint":
        _say(exercise.hints[asked.which - 1])
        if asked.which < 3:
            _say(f"\nA franker one: python -m minigrad.learn hint {exercise.number} {asked.which + 1}")
        return 0
    if asked.command == "solution":
        _say(exercise.solution.strip())
        return 0
    return _check(exercise, asked.file, asked.command == "show", getattr(asked, "html", ""))


def _start(exercise: Exercise) -> int:
    path = Path(exercise.file)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(exercise.starter.lstrip())
    except FileExistsError:
        _say(f"{path} is there already, and stays as it is. To start anew, move it away first.")
        return 1
    except OSError as error:
        _say(f"{path} could not be written: {error.strerror}.")
        return 1
    _say(report.introduction(exercise))
    _say(f"\nEdit {path}, then: python -m minigrad.learn check {exercise.number}")
    return 0


def _check(exercise: Exercise, file: Path | None, explain: bool, page: str) -> int:
    path = file or Path(exercise.file)
    if not path.is_file():
        first = f": python -m minigrad.learn start {exercise.number}" if file is None else ""
        _say(f"There is no {path} in {Path.cwd()}. Start the lesson first{first}.")
        return 2
    if page and Path(page).exists():
        _say(f"{page} is there already, and stays as it is. Name another page.")
        return 2
    passed, text = check_file(exercise, path, explain, page)
    _say(text)
    if passed:
        progress.note(exercise.number)
        following = next((e for e in exercises if e.number > exercise.number), None)
        if following is not None:
            _say(f"\nNext: python -m minigrad.learn start {following.number}")
    return 0 if passed else 1


def _say(words: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    print(words.encode(encoding, "replace").decode(encoding))  # noqa: T201


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # a pager or `head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the rest goes nowhere
