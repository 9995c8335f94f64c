"""Faults planted by hand, one at a time, each in a copy of the repository: a test must notice every one.

    python mutation/planted.py                 all of planted.toml
    python mutation/planted.py adam clip       those whose file, note or text has one of the words

The table has, for each file, the tests that its faults face, and a line for each fault: a note, a text of the
file, another in its place, and tests of its own where those of the file are not meant. The text must stand
there exactly once, and the tests must pass before anything is planted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from multiprocessing.pool import ThreadPool
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from bar import bar

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("planted.toml")
PATIENCE = 120  # seconds; a fault that makes a test hang is noticed too


class Fault(NamedTuple):
    """A text of a file, another in its place, and the arguments of pytest that say which tests it faces."""

    note: str
    file: str
    old: str
    new: str
    tests: str

    def planted_in(self, root: Path) -> tuple[str, str]:
        """The text of the file as it is, and with the fault; an error where the text is not there once."""
        path = root / self.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if text.count(self.old) != 1:
            raise LookupError(f"{self.note}: {text.count(self.old)} times in {self.file}: {self.old!r}")
        return text, text.replace(self.old, self.new)


def faults(table: Path = TABLE) -> list[Fault]:
    return [
        Fault(note, file, old, new, " ".join(own) or part["tests"])
        for file, part in tomllib.loads(table.read_text(encoding="utf-8")).items()
        for note, old, new, *own in part["faults"]
    ]


def survives(fault: Fault, root: Path) -> bool:
    """True if the tests pass though the fault is there."""
    right, wrong = fault.planted_in(root)
    (root / fault.file).write_text(wrong, encoding="utf-8")
    try:
        return passes(fault.tests.split(), root)
    finally:
        (root / fault.file).write_text(right, encoding="utf-8")


def passes(tests: list[str], root: Path) -> bool:
    # Without bytecode: a change within one second, of the same length, would be taken for no change.
    world = {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "ci"}
    command = [sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider", "-m", "not parity", *tests]
    how = {"cwd": root, "env": os.environ | world, "timeout": PATIENCE, "capture_output": True}
    try:
        done = subprocess.run(command, check=False, text=True, **how)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode not in (0, 1, 2):  # 2: a fault that cannot even be imported
        raise RuntimeError(f"pytest {' '.join(tests)}: {done.stdout}{done.stderr}")
    return done.returncode == 0


def main(arguments: list[str] | None = None, table: Path = TABLE, root: Path = ROOT) -> int:
    """Print each survivor and the count; 1 if there is one, or if the right code fails its tests."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("words", nargs="*", help="of the faults to plant; all if none is given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="copies (one per core)")
    options = parser.parse_args(arguments)
    chosen = [f for f in faults(table) if not options.words or any(w in f"{f}" for w in options.words)]
    gone = []
    for fault in chosen:
        try:
            _, wrong = fault.planted_in(root)
            compile(wrong, fault.file, "exec")  # what is no Python every test would notice
        except LookupError as error:
            gone.append(str(error))
        except SyntaxError as error:
            gone.append(f"{fault.note}: {error}")
    if gone:
        raise LookupError("write these faults anew for the code of today:\n" + "\n".join(gone))
    with tempfile.TemporaryDirectory() as folder, ThreadPool(options.jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for i in range(options.jobs):
            copies.put(_copied(root, Path(folder) / str(i)))

        def in_a_copy(work, *given):
            copy = copies.get()
            try:
                return work(*given, copy)
            finally:
                copies.put(copy)

        faced = sorted({fault.tests for fault in chosen})
        right = pool.imap(lambda tests: in_a_copy(passes, tests.split()), faced)
        if failing := [tests for tests, passed in zip(faced, right, strict=True) if not passed]:
            print(f"without any fault these tests fail: {', '.join(failing)}")
            return 1
        lives: Iterator[bool] = pool.imap(lambda fault: in_a_copy(survives, fault), chosen)
        survivors = 0
        for fault, alive in zip(chosen, bar(lives, len(chosen), " faults"), strict=True):
            if alive:
                survivors += 1
                told = f"in {fault.file}, {fault.new!r} for {fault.old!r}, faced {fault.tests}"
                print(f"survivor: {fault.note}: {told}", flush=True)
    print(f"planted faults: killed {len(chosen) - survivors} of {len(chosen)}")
    return 1 if survivors else 0


def _copied(root: Path, to: Path) -> Path:
    unwanted = shutil.ignore_patterns(".*", "__pycache__", "out", "build", "dist", "results")
    return Path(shutil.copytree(root, to, ignore=unwanted))


if __name__ == "__main__":
    sys.exit(main())
