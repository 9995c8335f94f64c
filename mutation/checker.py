"""How often `check_grads` is wrong itself: raises an alarm at a right gradient, or misses a wrong one. Never.

    python mutation/checker.py --seeds 1000

A checker that now and then is wrong itself is soon ignored, or given a tolerance that hides mistakes. So it
is held to functions whose gradients are right: every op of the registry at samples of its domain, random
programs, and functions as users write them, at inputs of many sizes that no domain has picked, where kinks
are as near as chance has it. Each is checked to the second order, ops and programs at every fifth seed entry
by entry and at the others along random directions. And it is held to functions whose gradients are wrong.
Each seed draws new inputs, cotangents and directions.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bar import bar
from checker_table import RIGHT, WRONG, inputs

from minigrad.ops.op import REGISTRY
from minigrad.testing import GradientError, RandomDrawer, check_grads, draw_sample, properties
from minigrad.testing.programs import random_program

Check = Callable[[], Any]


def asked(entry: tuple[Any, ...], seed: int) -> None:
    """Check one function of the table."""
    fn, shapes, size, order = entry
    check_grads(fn, *inputs(shapes, size, seed), order=order, seed=seed)


def checks(seed: int) -> Iterator[tuple[str, str, Check]]:
    """(family, name, check) of everything that is checked for a seed; those of "wrong" must raise."""
    for family, table in (("right", RIGHT), ("wrong", WRONG)):
        for name, entry in table.items():
            yield family, name, partial(asked, entry, seed)
    how: dict[str, Any] = {} if seed % 5 == 0 else {"max_entries": 0, "projections": 2}
    for op in REGISTRY.values():
        if op.rules:
            given = draw_sample(op, RandomDrawer(seed))
            yield "ops", op.name, partial(properties.gradients_are_derivatives, op, *given, seed=seed, **how)
    program = random_program(RandomDrawer(seed))
    yield "programs", str(program), partial(check_grads, program, *program.leaves, order=2, seed=seed, **how)


def main(arguments: list[str] | None = None) -> int:
    """Print how many checks of each family were made and how many were mistaken; 1 if any was."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("families", nargs="*", help="right, wrong, ops, programs; all if none is given")
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default: 0)")
    options = parser.parse_args(arguments)
    made: Counter[str] = Counter()
    mistaken: Counter[str] = Counter()
    for seed in bar(range(options.first, options.first + options.seeds), options.seeds, " seeds"):
        for family, name, check in checks(seed):
            if options.families and family not in options.families:
                continue
            made[family] += 1
            try:
                check()
                raised = ""
            except GradientError as error:
                raised = str(error) or "an error without a word"
            if bool(raised) is not (family == "wrong"):
                mistaken[family] += 1
                kind = "missed" if family == "wrong" else "false alarm"
                print(f"{kind} at seed {seed}, {family}: {name}\n{raised}\n", flush=True)
    for family, count in made.items():
        print(f"{family:10} {mistaken[family]} mistakes in {count} checks")
    print(f"{'all':10} {mistaken.total()} mistakes in {made.total()} checks")
    return 1 if mistaken.total() else 0


if __name__ == "__main__":
    sys.exit(main())
