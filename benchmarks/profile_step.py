"""A training step by op: `make profile`.

    make profile                              the step of MLP 64-64-10, batch 64
    make profile ARGS="--work mlp-784"        another piece of work

The ops of one real step are noted, then each is timed alone: its forward on arrays, the same as a recorded
call, its rules. A profiler that hooks into every call would cost more than most of these ops. The time
beyond the ops (modules, the walk back, the optimiser) is the difference to a step that runs untouched.
Timed alone and again and again, an op finds its operands in the cache: read large ones as a lower bound.
"""

import argparse
import statistics
import sys
import time
from collections import defaultdict
from typing import Any

import machine
from replay import Thunk, note
from report import aligned, seconds
from work import WORK

import minigrad

COLUMNS = ("forward", "recording", "backward")


def timed(thunks: list[Thunk]) -> float:
    began = time.perf_counter()
    for thunk in thunks:
        thunk()
    return time.perf_counter() - began


def by_op(calls: list[tuple[str, Thunk]]) -> dict[str, list[Thunk]]:
    """Calls in groups of the same op."""
    groups: dict[str, list[Thunk]] = defaultdict(list)
    for name, thunk in calls:
        groups[name].append(thunk)
    return groups


def profile(name: str, rounds: int, progress: Any) -> tuple[dict[str, dict[str, float]], float]:
    """Median seconds per step by op and column, and of the whole step."""
    work = WORK[name]
    pieces = work.kind.pieces(minigrad, work.spec)
    step = pieces.together().step
    noted = note(pieces.forward)
    forwards, calls, rules = by_op(noted.forwards), by_op(noted.calls), by_op(noted.rules + noted.sums)
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    whole = []
    with machine.limit_threads(1):
        for _ in progress(range(rounds)):
            step()
            whole.append(timed([step]))
            for op, thunks in forwards.items():
                bare = timed(thunks)
                samples[op, "forward"].append(bare)
                samples[op, "recording"].append(timed(calls[op]) - bare)
                samples[op, "backward"].append(timed(rules[op]))
    table: dict[str, dict[str, float]] = {}
    for op, thunks in forwards.items():
        table[op] = {column: statistics.median(samples[op, column]) for column in COLUMNS}
        table[op]["calls"] = len(thunks)
    return table, statistics.median(whole)


def as_text(table: dict[str, dict[str, float]], whole: float) -> str:
    """The ops, dearest first, then what is not theirs."""
    rows = [["op", "calls", *COLUMNS, "together", "share"]]
    order = sorted(table, key=lambda op: -sum(table[op][c] for c in COLUMNS))
    for op in order:
        together = sum(table[op][c] for c in COLUMNS)
        cells = [seconds(table[op][c]) for c in COLUMNS]
        rows.append([op, f"{table[op]['calls']:.0f}", *cells, seconds(together), f"{together / whole:.0%}"])
    sums = {c: sum(row[c] for row in table.values()) for c in COLUMNS}
    rest = whole - sum(sums.values())
    calls = f"{sum(row['calls'] for row in table.values()):.0f}"
    cells = [seconds(sums[c]) for c in COLUMNS]
    rows.append(["all ops", calls, *cells, seconds(sum(sums.values())), f"{1 - rest / whole:.0%}"])
    rows.append(["modules, walk, optimiser", "", "", "", "", seconds(rest), f"{rest / whole:.0%}"])
    rows.append(["whole step", "", "", "", "", seconds(whole), "100%"])
    return aligned(rows)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", choices=WORK, default="mlp-64", help="which step (default mlp-64)")
    parser.add_argument("--rounds", type=int, default=200, help="medians are of so many (default 200)")
    args = parser.parse_args(argv)
    from tqdm import tqdm

    def progress(rounds: Any) -> Any:
        return tqdm(rounds, desc=args.work, leave=False)

    title = WORK[args.work].title
    table, whole = profile(args.work, args.rounds, progress)
    print(f"{title}, one thread, medians of {args.rounds} rounds\n{as_text(table, whole)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
