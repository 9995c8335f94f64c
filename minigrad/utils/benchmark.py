"""Timers of small pieces of code: `Timer("x @ y", globals=globals()).timeit(100)`."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["Measurement", "Timer"]


def _text(seconds: float) -> str:
    """A time with four digits, in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-9:.2f} ns"


@dataclass
class Measurement:
    """The times of a piece of code.

    Arguments:
        number_per_run: how often it ran for each of `raw_times`.
        raw_times: seconds.
        title: of its text.
        num_threads: as the timer was told.

    >>> from minigrad.utils.benchmark import Measurement
    >>> m = Measurement(2, [4.0, 2.0, 6.0], "x + 1")
    >>> m.times, m.mean, m.median
    ([2.0, 1.0, 3.0], 2.0, 2.0)
    """

    number_per_run: int
    raw_times: list[float]
    title: str = ""
    num_threads: int = 1
    metadata: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def times(self) -> list[float]:
        """The seconds of one run each."""
        return [t / self.number_per_run for t in self.raw_times]

    @property
    def mean(self) -> float:
        """The mean of `times`."""
        return statistics.mean(self.times)

    @property
    def median(self) -> float:
        """The median of `times`."""
        return statistics.median(self.times)

    @property
    def iqr(self) -> float:
        """The distance of the quartiles of `times`.

        >>> from minigrad.utils.benchmark import Measurement
        >>> Measurement(1, [1.0, 2.0, 3.0, 4.0, 5.0]).iqr
        2.0
        """
        if len(self.raw_times) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4, method="inclusive")
        return high - low

    def __repr__(self) -> str:
        n = len(self.raw_times)
        lines = [f"<{type(self).__module__}.{type(self).__name__} object at {hex(id(self))}>", self.title]
        if n > 1:
            lines += [f"  Median: {_text(self.median)}", f"  IQR:    {_text(self.iqr)}"]
        else:
            lines.append(f"  {_text(self.median)}")
        plural = "s" if self.num_threads > 1 else ""
        count = "1 measurement" if n == 1 else f"{n} measurements"
        lines.append(
            f"  {count}, {self.number_per_run} runs per measurement, {self.num_threads} thread{plural}"
        )
        return "\n".join(lines)


class Timer:
    """Runs a statement many times, and tells how long one run takes.

    Arguments:
        stmt: the statement.
        setup: what runs once before.
        global_setup: refused: it is of C++.
        timer: a clock that tells seconds.
        globals: the names that the statement may use.
        label, sub_label, description: for the text; the statement stands for a label that is left out.
        env: accepted.
        num_threads: told in the text; NumPy's threads are as they are.
        language: "python".

    >>> from minigrad.utils.benchmark import Timer
    >>> m = Timer("x + 1", globals={"x": 1}).timeit(10)
    >>> m.number_per_run, m.median < 1
    (10, True)
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timeit.default_timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Any = "python",
    ) -> None:
        if global_setup or str(getattr(language, "name", language)).lower() not in ("python", "py"):
            raise ValueError("Timer: only statements of Python are timed")
        self._timer = timeit.Timer(stmt, setup, timer, dict(globals or {}))
        self._threads = num_threads
        parts = [label or stmt, *([sub_label] if sub_label else [])]
        self._title = ": ".join(parts) + (f"\n{description}" if description else "")
        if setup != "pass":
            self._title += f"\nsetup: {setup}"

    def _measured(self, number: int, times: list[float]) -> Measurement:
        return Measurement(number, times, self._title, self._threads)

    def timeit(self, number: int = 1000000) -> Measurement:
        """The time of `number` runs, after some to warm up."""
        self._timer.timeit(max(number // 100, 2))
        return self._measured(number, [self._timer.timeit(number)])

    def blocked_autorange(self, callback: Any = None, min_run_time: float = 0.2) -> Measurement:
        """The times of blocks of runs, so many that all together take `min_run_time` seconds.

        Arguments:
            callback: called with the number of runs and the seconds of each block.
            min_run_time: seconds.

        >>> from minigrad.utils.benchmark import Timer
        >>> len(Timer("1 + 1").blocked_autorange(min_run_time=0.01).times) > 1
        True
        """
        number = 1
        while (taken := self._timer.timeit(number)) < min_run_time / 100 and number < 10**7:
            number *= 10 if taken < min_run_time / 1000 else 2
        times: list[float] = []
        while sum(times) < min_run_time or len(times) < 2:
            times.append(self._timer.timeit(number))
            if callback is not None:
                callback(number, times[-1])
        return self._measured(number, times)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Any = None,
    ) -> Measurement:
        """Blocks of runs, for longer until the quartiles lie within `threshold` of the median.

        Arguments:
            threshold: a part of the median.
            min_run_time, max_run_time: seconds.
            callback: as in `blocked_autorange`.

        >>> from minigrad.utils.benchmark import Timer
        >>> Timer("1 + 1").adaptive_autorange(max_run_time=0.02).median < 1
        True
        """
        found = self.blocked_autorange(callback, min_run_time)
        while found.iqr > threshold * found.median and sum(found.raw_times) < max_run_time:
            found.raw_times.append(self._timer.timeit(found.number_per_run))
        return found
