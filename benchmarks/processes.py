"""Measures in processes of their own, the contenders in turns: memory, long chains, imports."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from turns import quartiles

PAUSED = "minigrad, gc_paused"  # minigrad again, with Python's garbage collector resting
COMPILED = "minigrad, compiled"
WAYS = {PAUSED: "paused", COMPILED: "compiled"}  # minigrad's, each a measure of its own
CHILD = Path(__file__).with_name("child.py")


def run_child(*args: object) -> dict[str, Any]:
    """Start a child, wait, and read its one line.

    Raises:
        RuntimeError: with the child's last words when it fails.
    """
    # Compiled modules are kept: compiling them at each start is not part of an import.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, str(CHILD), *map(str, args)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RuntimeError(f"{' '.join(map(str, args))} failed: {said[-1] if said else done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def in_turns(
    what: str, libraries: list[str], size: int, rounds: int, progress: Callable[[], object]
) -> dict[str, list[dict[str, Any]]]:
    """The results of the children of each library, round by round, the order turned around in every other."""
    found: dict[str, list[dict[str, Any]]] = {library: [] for library in libraries}
    for number in range(rounds):
        for library in libraries if number % 2 else reversed(libraries):
            measure = (f"{what}-{WAYS[library]}", "minigrad") if library in WAYS else (what, library)
            found[library].append(run_child(*measure, size))
            progress()
    return found


def summary(found: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Quartiles of each figure, by library."""
    return {
        library: {key: quartiles([row[key] for row in rows]) for key in rows[0]}
        for library, rows in found.items()
    }


def per_op(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Median cost per op by size of the graph, and the dearest over the cheapest."""
    costs = [statistics.median(column) for column in zip(*(row["per_op"] for row in found), strict=True)]
    return {"sizes": found[0]["sizes"], "per_op": costs, "growth": max(costs) / min(costs)}
