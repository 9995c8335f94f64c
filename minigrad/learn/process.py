"""Checking a file in a process of its own, which is ended if it does not end by itself."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from minigrad import viz

from . import report
from .exercise import Exercise
from .exercises import exercises
from .grade import grade
from .sandbox import functions_of

LONGEST = 20.0  # seconds for everything; a check that goes well takes less than two
MEMORY = 8 * 2**30  # bytes, where the system can limit them


def check_file(exercise: Exercise, path: Path, explain: bool = False, page: str = "") -> tuple[bool, str]:
    """The verdict (true if the file passes) and the report.

    Arguments:
        exercise: the lesson's.
        path: the learner's file.
        explain: tell the failing case step by step.
        page: a file to which the player of the failing case is written.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "verdict.json")
        order = json.dumps([exercise.number, str(path), explain, page, str(out)])
        command = [sys.executable, "-c", "from minigrad.learn.process import main; main()", order]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            return (
                False,
                f"{exercise}   not yet\n  The file did not end in {LONGEST:g} seconds.",
            )
        if out.exists():
            passed, text = json.loads(out.read_text(encoding="utf-8"))
            return passed, text
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    said = f" ({last[0][:200]})" if last else ""
    return False, f"{exercise}   not yet\n  Python itself ended while it ran your file{said}."


def main() -> None:
    """The work of the process: grade, and leave the verdict in a file."""
    number, path, explain, page, out = json.loads(sys.argv[1])
    _limit_memory()
    exercise = next(e for e in exercises if e.number == number)
    source = Path(path).read_text(encoding="utf-8", errors="replace")
    verdict = grade(exercise, lambda: functions_of(source, path, exercise.functions))
    text = report.explained(verdict) if explain else report.text(verdict)
    if page:
        text += "\n\n" + _write_page(exercise, verdict.case, page)
    Path(out).write_text(json.dumps([bool(verdict), text]), encoding="utf-8")
    sys.stdout.flush()
    _leave()


def _write_page(exercise: Exercise, case: Any, page: str) -> str:
    if exercise.picture is None or case is None:
        return "There is no player page for this case."
    tensor, names = exercise.picture(case)
    viz.player(tensor, page, names=names)
    return f"Wrote {page}: open it in a browser."


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 (only where the system has it)
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _leave() -> None:
    """End at once, also where a thread of the learner's code still runs."""
    import os  # noqa: PLC0415

    os._exit(0)
