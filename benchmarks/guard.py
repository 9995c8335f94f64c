"""A guard against creeping cost: what an op costs in Python, counted, not timed. `make bench-guard`.

Seconds on a busy machine say little; counts are the same every time. Two are taken of the chain (per link of
three ops) and of training steps (per step): Python function calls, in minigrad and in the Python layers of
NumPy below it, and bytecode instructions. Calls hardly depend on the version of Python and are held in all;
instructions do, and are held where limits.toml has them.

    make bench-guard                          compare with the limits
    make bench-guard ARGS="--write"           take what is counted now as the limits

A change may need a higher limit: raise it in the same commit, and say there what that buys.
"""

import argparse
import gc
import platform
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from chain import Chain, pieces as chain_pieces
from nets import Net, pieces as net_pieces
from report import aligned

import minigrad

LIMITS = Path(__file__).with_name("limits.toml")
# Python's contextlib and NumPy's Python layers change by a call or two from version to version.
SLACK = 0.02
# Up to Python 3.11 a comprehension is a function of its own, afterwards part of the function around it.
INLINED_LATER = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>"})


class Counter:
    """Counts Python function calls and bytecode instructions while it is entered.

    Python 3.12 has sys.monitoring for it. Before, there is only sys.settrace, which from 3.12 on misses
    instructions, a different number each time.
    """

    def __init__(self) -> None:
        self.calls = self.instructions = 0

    def __enter__(self) -> "Counter":
        self.collecting = gc.isenabled()
        gc.collect()
        gc.disable()  # a collection may run Python code, whenever it likes
        if sys.version_info >= (3, 12):
            self._monitor()
        else:
            self.before = sys.gettrace()
            sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        if sys.version_info >= (3, 12):
            sys.monitoring.set_events(sys.monitoring.PROFILER_ID, 0)
            sys.monitoring.free_tool_id(sys.monitoring.PROFILER_ID)
        else:
            sys.settrace(self.before)
        if self.collecting:
            gc.enable()

    def _call(self, code: CodeType, *_: object) -> None:
        self.calls += code.co_name not in INLINED_LATER and code.co_filename != __file__

    def _instruction(self, code: CodeType, *_: object) -> None:
        self.instructions += code.co_filename != __file__

    def _monitor(self) -> None:
        monitoring, tool = sys.monitoring, sys.monitoring.PROFILER_ID
        events = monitoring.events
        monitoring.use_tool_id(tool, "guard")
        monitoring.register_callback(tool, events.PY_START, self._call)
        monitoring.register_callback(tool, events.PY_RESUME, self._call)
        monitoring.register_callback(tool, events.INSTRUCTION, self._instruction)
        monitoring.set_events(tool, events.PY_START | events.PY_RESUME | events.INSTRUCTION)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "call":
            self._call(frame.f_code)
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        elif event == "opcode":
            self._instruction(frame.f_code)
        return self._trace


def count(run: Callable[[], Any]) -> tuple[int, int]:
    """Python function calls and bytecode instructions of a run, those of this file left out."""
    with Counter() as counter:
        run()
    return counter.calls, counter.instructions


def counts_of(run: Callable[[], Any]) -> tuple[int, int]:
    """Counts of a run after two others: what is made at first use is not an op's cost."""
    run()
    run()
    return count(run)


def measure() -> dict[str, tuple[float, float]]:
    """Calls and instructions of each thing that is guarded."""
    found: dict[str, tuple[float, float]] = {}
    few, many = 20, 120
    chains = {links: chain_pieces(minigrad, Chain(links)) for links in (few, many)}

    def backward(links: int) -> tuple[int, int]:
        losses = [chains[links].forward() for _ in range(3)]
        chains[links].clear()
        return counts_of(lambda: losses.pop().backward())

    def towards_an_input(links: int) -> tuple[int, int]:
        x = minigrad.ones(8, requires_grad=True)
        losses = []
        for _ in range(3):
            y = x
            for _ in range(links):
                y = minigrad.tanh(y * x + x)
            losses.append(y.sum())
        return counts_of(lambda: minigrad.autograd.grad(losses.pop(), x))

    # Per link, from the difference of two lengths: what a chain costs at its ends drops out.
    for name, both in (
        ("chain, forward", [counts_of(chains[links].forward) for links in (few, many)]),
        ("chain, backward", [backward(links) for links in (few, many)]),
        ("chain, autograd.grad", [towards_an_input(links) for links in (few, many)]),
    ):
        shorter, longer = both
        found[f"{name}, per link"] = tuple(
            (b - a) / (many - few) for a, b in zip(shorter, longer, strict=True)
        )
    for net in (Net((2, 16, 16, 2), 32), Net((64, 64, 10), 64)):
        title = f"MLP {'-'.join(map(str, net.sizes))}"
        pieces = net_pieces(minigrad, net)
        assert pieces.update is not None
        found[f"{title}, step"] = counts_of(pieces.together().step)
        found[f"{title}, update alone"] = counts_of(pieces.update)
    return found


def version() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def compare(
    found: dict[str, tuple[float, float]], limits: dict[str, dict[str, float]]
) -> tuple[list[list[str]], list[str]]:
    """A table of counts and limits, and a sentence for each that is exceeded."""
    rows = [["", "calls", "limit", f"instructions ({version()})", "limit"]]
    exceeded = []
    for name, (calls, instructions) in found.items():
        row = [name]
        for what, value, limit in (
            ("Python calls", calls, limits.get("calls", {}).get(name)),
            ("instructions", instructions, limits.get(f"instructions-{version()}", {}).get(name)),
        ):
            row += [f"{value:g}", "-" if limit is None else f"{limit:g}"]
            if limit is not None and value > limit * (1 + SLACK):
                exceeded.append(
                    f"{name}: {value:g} {what}, {value / limit - 1:.0%} more than the {limit:g} allowed"
                )
        rows.append(row)
    return rows, exceeded


def as_toml(found: dict[str, tuple[float, float]], limits: dict[str, dict[str, float]]) -> str:
    """Limits that are what was counted now.

    Instructions of other versions of Python stay while the calls are the same: then they still hold.
    """
    calls = {name: calls for name, (calls, _) in found.items()}
    same = calls == limits.get("calls")
    kept = {key: value for key, value in limits.items() if same and key.startswith("instructions-")}
    tables = {
        "calls": calls,
        **kept,
        f"instructions-{version()}": {name: instructions for name, (_, instructions) in found.items()},
    }
    lines = [
        '# The most that each may cost, as counted by guard.py. Written by: make bench-guard ARGS="--write"'
    ]
    for key, values in tables.items():
        lines += ["", f'["{key}"]' if "." in key else f"[{key}]"]
        lines += [f'"{name}" = {value:g}' for name, value in values.items()]
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="take today's counts as the limits")
    parser.add_argument("--limits", type=Path, default=LIMITS, help="the file of limits")
    args = parser.parse_args(argv)
    limits = tomllib.loads(args.limits.read_text(encoding="utf-8")) if args.limits.exists() else {}
    found = measure()
    if args.write:
        args.limits.write_text(as_toml(found, limits), encoding="utf-8")
        limits = tomllib.loads(args.limits.read_text(encoding="utf-8"))
    rows, exceeded = compare(found, limits)
    print(aligned(rows))
    for sentence in exceeded:
        print(sentence)
    if exceeded:
        print("Find what was added, or raise the limit in the same commit and say what it buys:")
        print('make bench-guard ARGS="--write"')
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
