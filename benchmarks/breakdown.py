"""Where the time of a step goes, by leaving parts of it out.

Each part is a difference between things that really run: the forwards alone on arrays, the same under
`no_grad`, recorded, the whole with the garbage collector off and on. They take turns, as contenders do.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import machine
from replay import note
from turns import Contender, take_turns
from work import WORK

import minigrad


def all_of(thunks: list[Callable[[], Any]]) -> Callable[[], None]:
    def run() -> None:
        for thunk in thunks:
            thunk()

    return run


def _uncollected(step: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        gc.disable()
        step()
        gc.enable()

    return run


def measure(name: str, rounds: Iterable[int]) -> dict[str, Any]:
    """Seconds of each part of a piece of work, of the whole, and how many ops it records."""
    work = WORK[name]
    pieces = work.kind.pieces(minigrad, work.spec)
    noted = note(pieces.forward)
    update = pieces.update or (lambda: None)

    def unrecorded() -> None:
        with minigrad.no_grad():
            pieces.forward()

    def there_and_back() -> None:
        pieces.clear()
        pieces.forward().backward()

    runs = {
        "forwards": all_of([thunk for _, thunk in noted.forwards]),
        "unrecorded": _uncollected(unrecorded),
        "recorded": _uncollected(pieces.forward),
        "rules": all_of([thunk for _, thunk in noted.rules]),
        "sums": all_of([thunk for _, thunk in noted.sums]),
        "additions": all_of(noted.additions),
        "uncollected": _uncollected(there_and_back),
        "collected": there_and_back,
        "update": update,
    }
    there_and_back()  # so that there are gradients for the first update
    with machine.limit_threads(1):  # differences of threaded times would be noise
        seconds = take_turns(
            {key: Contender(run, list) for key, run in runs.items()},
            rounds,
            slow=None,
            clock=time.process_time,
        )
    pick = statistics.median if work.by == "median" else min
    t = {key: pick(rows.values()) for key, rows in seconds.items()}
    parts = {
        "NumPy, forward": t["forwards"],
        "calling": t["unrecorded"] - t["forwards"],
        "recording": t["recorded"] - t["unrecorded"],
        "NumPy, backward": t["rules"],
        "undoing broadcasts": t["sums"],
        "accumulating": t["additions"],
        "walking": t["uncollected"] - t["recorded"] - t["rules"] - t["sums"] - t["additions"],
        "garbage collector": t["collected"] - t["uncollected"],
        "optimiser": t["update"] if pieces.update else 0.0,
    }
    return {"title": work.title, "ops": noted.nodes, "parts": parts, "whole": sum(parts.values())}
