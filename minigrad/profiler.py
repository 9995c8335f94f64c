"""PyTorch's profiler, as far as Python's own measures: calls of functions, and the time that they take."""

from __future__ import annotations

import contextlib
import cProfile
import enum
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["EventList", "FunctionEvent", "ProfilerActivity", "profile", "record_function", "schedule"]

_running: list[profile] = []


class ProfilerActivity(enum.Enum):
    """The devices that PyTorch measures; here there is the CPU.

    >>> import minigrad as torch
    >>> torch.profiler.ProfilerActivity.CPU.name
    'CPU'
    """

    CPU = 0
    XPU = 1
    CUDA = 2


class FunctionEvent:
    """A row of the table: a function, or a block that `record_function` names.

    Arguments:
        key: its name.
        count: the number of calls.
        self_cpu_time_total, cpu_time_total: microseconds without and with the functions that it calls.

    >>> import minigrad as torch
    >>> torch.profiler.FunctionEvent("relu", 2, 10.0, 12.0).cpu_time
    6.0
    """

    def __init__(self, key: str, count: int, self_cpu_time_total: float, cpu_time_total: float) -> None:
        self.key, self.count = key, count
        self.self_cpu_time_total, self.cpu_time_total = self_cpu_time_total, cpu_time_total

    @property
    def cpu_time(self) -> float:
        """The microseconds of a call, on average."""
        return self.cpu_time_total / max(self.count, 1)


class EventList(list[FunctionEvent]):
    """The rows; `table` writes them.

    >>> import minigrad as torch
    >>> torch.profiler.EventList([torch.profiler.FunctionEvent("relu", 2, 10.0, 12.0)]).total_average().count
    2
    """

    def table(self, sort_by: str | None = None, row_limit: int = 100, **more: Any) -> str:
        """The rows as text, the longest first.

        Arguments:
            sort_by: "self_cpu_time_total", "cpu_time_total", "cpu_time" or "count"; others, such as those of
                CUDA, sort by "self_cpu_time_total".
            row_limit: how many rows.
            more: accepted, such as `max_name_column_width`.
        """
        by = sort_by if sort_by in ("cpu_time_total", "cpu_time", "count") else "self_cpu_time_total"
        rows = sorted(self, key=lambda row: -getattr(row, by))[: row_limit if row_limit > 0 else None]
        line = "-" * 100
        text = [
            line,
            f"{'Name':<48}{'Self CPU':>14}{'CPU total':>14}{'CPU time avg':>14}{'# of Calls':>10}",
            line,
        ]
        for row in rows:
            times = (row.self_cpu_time_total, row.cpu_time_total, row.cpu_time)
            text.append(f"{row.key[:47]:<48}{''.join(f'{t:>12.1f}us' for t in times)}{row.count:>10}")
        return "\n".join([*text, line])

    def total_average(self) -> FunctionEvent:
        """All rows as one."""
        alone = sum(row.self_cpu_time_total for row in self)
        return FunctionEvent("Total", sum(row.count for row in self), alone, alone)


class record_function(contextlib.ContextDecorator):
    """A block, or a function, that has a row of its own in the profile around it.

    Arguments:
        name: of the row.
        args: accepted.

    >>> import minigrad as torch
    >>> with torch.profiler.profile() as measured, torch.profiler.record_function("my block"):
    ...     y = torch.ones(3).exp()
    >>> [row.count for row in measured.key_averages() if row.key == "my block"]
    [1]
    """

    def __init__(self, name: str, args: Any = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        self._start = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        for one in _running:
            one.blocks.append((self.name, (time.perf_counter() - self._start) * 1e6))


class profile:
    """Measures the functions that a block calls, by Python's cProfile.

    Arguments:
        activities, record_shapes, profile_memory, with_stack, with_flops, with_modules, use_cuda: accepted.
        schedule, on_trace_ready: at each `step`, the function is called where the schedule says
            "RECORD_AND_SAVE"; without a schedule at the end of the block.
        more: accepted.

    >>> import minigrad as torch
    >>> with torch.profiler.profile() as measured:
    ...     y = torch.nn.Linear(2, 2)(torch.ones(1, 2))
    >>> any("linear: forward" in row.key for row in measured.key_averages())
    True
    """

    def __init__(
        self,
        activities: Iterable[ProfilerActivity] | bool | None = None,
        *,
        schedule: Callable[[int], str] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        use_cuda: bool | None = None,
        **more: Any,
    ) -> None:
        self.schedule, self.on_trace_ready, self.step_num = schedule, on_trace_ready, 0
        self.blocks: list[tuple[str, float]] = []
        self._kept = EventList()  # of the last cycle
        self._measured = cProfile.Profile()

    def start(self) -> None:
        """Begin, as `with` does."""
        self._resume()

    def stop(self) -> None:
        """End, as the end of `with` does."""
        recorded = self._pause()
        if recorded and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def _resume(self) -> None:
        """Measure from here on, if the schedule says so."""
        if self.schedule is None or self.schedule(self.step_num).startswith("RECORD"):
            _running.append(self)
            self._measured.enable()

    def _pause(self) -> bool:
        """Measure no more; True if it did."""
        if self not in _running:
            return False
        self._measured.disable()
        _running.remove(self)
        return True

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def step(self) -> None:
        """Tell that a step of the training loop has ended."""
        ends = self.schedule is not None and self.schedule(self.step_num) == "RECORD_AND_SAVE"
        self.step_num += 1
        if self.schedule is None:
            return
        self._pause()
        if ends:
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)
            self._kept, self._measured = self.key_averages(), cProfile.Profile()
            self.blocks.clear()
        self._resume()

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """A row for each function and each named block; after the last cycle of a schedule, of that one.

        Arguments:
            group_by_input_shape, group_by_stack_n: accepted.
        """
        self._measured.create_stats()
        rows = EventList()
        for (file, _, name), (_, count, alone, total, _) in self._measured.stats.items():
            home = file.rpartition("minigrad/")[2].removesuffix(".py") if "minigrad/" in file else ""
            rows.append(FunctionEvent(f"{home}: {name}" if home else name, count, alone * 1e6, total * 1e6))
        for name in dict.fromkeys(name for name, _ in self.blocks):
            times = [taken for one, taken in self.blocks if one == name]
            rows.append(FunctionEvent(name, len(times), sum(times), sum(times)))
        return rows or self._kept

    def table(self, sort_by: str | None = None, row_limit: int = 100, **more: Any) -> str:
        """The rows as text, as `EventList.table`.

        Arguments:
            sort_by, row_limit, more: as there.
        """
        return self.key_averages().table(sort_by, row_limit)

    def total_average(self) -> FunctionEvent:
        """All rows as one."""
        return self.key_averages().total_average()

    def export_chrome_trace(self, path: str) -> None:
        """Refused: Python's profiler keeps sums, and no trace.

        Arguments:
            path: of the file.
        """
        raise NotImplementedError(
            "export_chrome_trace: minigrad's profiler keeps sums, and no trace; key_averages() has them"
        )


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, **more: Any
) -> Callable[[int], str]:
    """A function that says what a step of the training loop is for: nothing, warming up, or the profile.

    Arguments:
        wait, warmup, active: the numbers of steps in each cycle.
        repeat: the number of cycles; 0 for no end.
        skip_first: steps before the first cycle.
        more: accepted.

    >>> import minigrad as torch
    >>> plan = torch.profiler.schedule(wait=1, warmup=1, active=2)
    >>> [plan(step) for step in range(4)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE']
    """
    cycle = wait + warmup + active

    def plan(step: int) -> str:
        at = step - skip_first
        if at < 0 or (repeat and at >= repeat * cycle):
            return "NONE"
        at %= cycle
        if at < wait:
            return "NONE"
        return "WARMUP" if at < wait + warmup else "RECORD_AND_SAVE" if at == cycle - 1 else "RECORD"

    return plan
