"""Timers, and what they tell of times."""

import pytest

import minigrad as torch
from minigrad.utils import benchmark
from minigrad.utils.benchmark import Measurement, Timer


def test_a_timer_tells_of_its_runs():
    clock = iter(range(10**6))
    timer = Timer("n.append(1)", globals={"n": (n := [])}, timer=lambda: float(next(clock)), label="append")
    found = timer.timeit(200)
    assert len(n) == 202 and found.number_per_run == 200 and found.raw_times == [1.0]
    assert (found.mean, found.median, found.iqr) == (0.005, 0.005, 0.0)
    assert "append\n  5.00 ms\n  1 measurement, 200 runs per measurement, 1 thread" in repr(found)


def test_blocks_of_runs_take_the_time_that_is_asked_for():
    seen = []
    found = Timer("1 + 1").blocked_autorange(lambda n, t: seen.append((n, t)), min_run_time=0.02)
    assert sum(found.raw_times) >= 0.02 and len(seen) == len(found.raw_times) > 1
    assert (
        {n for n, _ in seen} == {found.number_per_run}
        and "Median: " in repr(found)
        and "IQR: " in repr(found)
    )
    assert Timer("1 + 1").adaptive_autorange(max_run_time=0.02).median < 1


def test_the_text_of_a_time_has_its_unit():
    texts = [repr(Measurement(1, [t])).splitlines()[2].strip() for t in (2.5, 2.5e-3, 2.5e-6, 2.5e-9)]
    assert texts == ["2.50 s", "2.50 ms", "2.50 us", "2.50 ns"]
    assert Measurement(1, [1.0, 2.0, 3.0, 4.0, 5.0]).iqr == 2.0


def test_statements_of_another_language_are_refused():
    with pytest.raises(ValueError, match="only statements of Python"):
        Timer("int i;", language="c++")
    assert torch.utils.benchmark is benchmark
    with pytest.raises(AttributeError, match=r"minigrad has no torch\.utils\.cpp_backtrace"):
        torch.utils.cpp_backtrace
