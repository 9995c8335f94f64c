"""A small shrinker: a case is made of the integers that its drawer gave; smaller ones make a smaller case.

`minigrad.testing.draw` is written so: fewer axes, shorter sides, values nearer to 0. A `Tape` notes the
integers and plays them again; `shrink` leaves some out and lowers others as long as the case still fails.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minigrad.testing import Drawer

MOST = 1500  # attempts


class Tape(Drawer):
    """A drawer that gives the integers of a list, then those of a generator, then the smallest there is.

    >>> tape = Tape([3, 9])
    >>> tape.integer(0, 5), tape.integer(0, 5), tape.integer(2, 5), tape.given
    (3, 5, 2, [3, 5, 2])
    """

    def __init__(self, played: Sequence[int] = (), random: np.random.Generator | None = None) -> None:
        self.played, self.random = list(played), random
        self.given: list[int] = []

    def integer(self, low: int, high: int) -> int:
        place = len(self.given)
        if place < len(self.played):
            drawn = min(max(self.played[place], low), high)
        else:
            drawn = low if self.random is None else int(self.random.integers(low, high + 1))
        self.given.append(drawn)
        return drawn

    def ints(self, shape: tuple[int, ...], low: int, high: int) -> Any:
        drawn = [self.integer(low, high) for _ in range(math.prod(shape))]
        return np.array(drawn, np.int64).reshape(shape)


def shrink(found: Sequence[int], fails: Callable[[list[int]], list[int] | None], seconds: float) -> list[int]:
    """The smallest list that still fails, as far as it is found in time.

    Arguments:
        found: integers of a case that fails.
        fails: the integers that a case really used, if it fails; None if it passes.
        seconds: when to stop.

    >>> shrink([7, 8, 9], lambda tape: tape if sum(tape) >= 5 else None, 1.0)
    [5]
    """
    best, end, left = list(found), time.monotonic() + seconds, MOST
    improved = True
    while improved:
        improved = False
        for candidate in _smaller(best):
            left -= 1
            if left < 0 or time.monotonic() > end:
                return best
            used = fails(candidate)
            if used is not None and (len(used), used) < (len(best), best):
                best, improved = used, True
                break
    return best


def _smaller(tape: list[int]) -> Iterator[list[int]]:
    for size in (8, 4, 2, 1):
        for start in range(len(tape) - size + 1):
            yield tape[:start] + tape[start + size :]
    for place, drawn in enumerate(tape):
        for lower in dict.fromkeys((0, 1, drawn // 8, drawn // 2, drawn - 1)):
            if 0 <= lower < drawn:
                yield [*tape[:place], lower, *tape[place + 1 :]]
    # One less of something, and without what was drawn for it.
    for place, drawn in enumerate(tape):
        for size in (1, 2, 3):
            for start in range(place + 1, len(tape) - size + 1) if drawn else ():
                yield [*tape[:place], drawn - 1, *tape[place + 1 : start], *tape[start + size :]]
