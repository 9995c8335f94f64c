"""Taking turns: several contenders timed in one process, so that a machine whose speed drifts drifts for all.

In each round every contender has one turn: a call that is not timed (it brings caches, memory and threads
into the state that the contender itself leaves behind), then the timed calls. The order rotates from round
to round and is turned around in every other one, so nobody always follows the same neighbour.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Contender(NamedTuple):
    """One way to do a piece of work.

    `step` does it once; `read` gives what it computed (gradients, or parameters after the steps so far), by
    which the contenders are compared before anything is timed.
    """

    step: Callable[[], Any]
    read: Callable[[], Sequence[Any]]


class Pieces(NamedTuple):
    """A step in PyTorch's interface, in its pieces; `update` is None where nothing is learnt."""

    clear: Callable[[], Any]
    forward: Callable[[], Any]
    update: Callable[[], Any] | None
    read: Callable[[], Sequence[Any]]

    def together(self) -> Contender:
        """The pieces, one after another."""
        clear, forward, update, read = self

        def step() -> None:
            clear()
            forward().backward()
            if update is not None:
                update()

        return Contender(step, read)


# In how many rounds a slow contender takes part once.
EVERY = 10


def check_same(contenders: dict[str, Contender], *, steps: int = 3, tolerance: float = 2e-3) -> None:
    """Let all do the same steps and compare what they computed with what the first one did.

    Raises:
        ValueError: naming the contender that computed something else; its time would say nothing.
    """
    first: str | None = None
    wanted: list[Any] = []
    for name, contender in contenders.items():
        for _ in range(steps):
            contender.step()
        found = [np.asarray(array, np.float64) for array in contender.read()]
        if first is None:
            first, wanted = name, found
        for position, (a, b) in enumerate(zip(found, wanted, strict=True)):
            scale = max(float(np.abs(b).max()), 1e-6)
            if a.shape != b.shape or not np.abs(a - b).max() <= tolerance * scale:
                raise ValueError(f"{name} and {first} computed different values: result {position}")


def take_turns(
    contenders: dict[str, Contender],
    rounds: Iterable[int],
    *,
    calls: int = 1,
    settle: float = 0.0,
    slow: float | None = 20.0,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, dict[int, float]]:
    """Seconds per call of each contender, by round.

    A contender `slow` times slower than the middle one takes part in every tenth round only.

    `settle` is how many seconds pass before a turn. Idle threads of OpenBLAS and OpenMP keep a core busy for
    some milliseconds after their last piece of work; where work is threaded, that would be taken from
    whoever comes next.

    `clock` is time.process_time where the work needs one core only: a clock on the wall counts the
    time slices that went to other programs too, and more of them the longer a step is.

    The garbage collector is on, as it is in a program that does not think about it. The objects of
    the imports are frozen first: a collection should not walk PyTorch's 100,000 objects on minigrad's time.
    """
    names = list(contenders)
    seconds: dict[str, dict[int, float]] = {name: {} for name in names}
    alone = {name: min(_once(contender.step) for _ in range(4)) for name, contender in contenders.items()}
    middle = statistics.median(alone.values())
    seldom = {name for name in names if slow and alone[name] > slow * middle}
    gc.collect()
    gc.freeze()
    try:
        for number in rounds:
            turn = number % len(names)
            order = names[turn:] + names[:turn]
            for name in order if number % 2 else reversed(order):
                if name in seldom and number % EVERY:
                    continue
                step = contenders[name].step
                if settle:
                    time.sleep(settle)
                step()
                began = clock()
                for _ in range(calls):
                    step()
                seconds[name][number] = (clock() - began) / calls
    finally:
        gc.unfreeze()
    return seconds


def _once(step: Callable[[], Any]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def quartiles(values: Sequence[float]) -> list[float]:
    """The first quartile, the median and the third; of one value, three times that value."""
    if len(values) == 1:
        return [values[0]] * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def compare(seconds: dict[str, dict[int, float]], of: str, by: str) -> dict[str, dict[str, Any]]:
    """The summary of the rounds: quartiles, minimum, and how the time of `of` stands to each other's.

    `by` is "median" or "minimum". `ratio` compares those. `paired` has the quartiles of the ratios round by
    round: how far the figure can be trusted on this machine.
    """
    kept: dict[str, dict[str, Any]] = {}
    for name, rows in seconds.items():
        values = list(rows.values())
        kept[name] = {
            "rounds": len(values),
            "quartiles": quartiles(values),
            "minimum": min(values),
        }
    for name, rows in seconds.items():
        mine = {"median": kept[of]["quartiles"][1], "minimum": kept[of]["minimum"]}[by]
        other = {"median": kept[name]["quartiles"][1], "minimum": kept[name]["minimum"]}[by]
        kept[name]["ratio"] = mine / other
        kept[name]["paired"] = quartiles([seconds[of][r] / s for r, s in rows.items() if r in seconds[of]])
    return kept
