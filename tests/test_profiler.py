"""PyTorch's profiler over Python's: rows of functions and named blocks, tables, and schedules of steps."""

import pytest

import minigrad as torch
from minigrad.profiler import ProfilerActivity, profile, record_function, schedule


def test_functions_and_named_blocks_have_rows():
    net = torch.nn.Linear(3, 2)
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as measured:
        for _ in range(3):
            with record_function("forward pass"):
                y = net(torch.ones(1, 3)).sum()
        y.backward()
    rows = {row.key: row for row in measured.key_averages()}
    assert rows["forward pass"].count == 3 and rows["forward pass"].cpu_time_total > 0
    assert rows["nn/linear: forward"].count == 3
    text = measured.key_averages().table(sort_by="cpu_time_total", row_limit=5)
    assert "Self CPU" in text and len(text.splitlines()) == 9
    assert measured.total_average().count == sum(row.count for row in measured.key_averages())
    with pytest.raises(NotImplementedError, match="no trace"):
        measured.export_chrome_trace("trace.json")


def test_the_older_home_measures_too():
    with torch.autograd.profiler.profile(use_cuda=False) as measured:
        torch.ones(2).exp()
    assert "exp" in measured.key_averages().table(sort_by="self_cpu_time_total")


def test_a_schedule_hands_the_profile_over_after_each_cycle():
    found = []

    @record_function("one step")
    def step():
        torch.ones(2).exp()

    with profile(
        schedule=schedule(skip_first=1, wait=1, warmup=0, active=2, repeat=2),
        on_trace_ready=lambda p: found.append(
            (p.step_num, [r.count for r in p.key_averages() if r.key == "one step"])
        ),
    ) as measured:
        for _ in range(10):
            step()
            measured.step()
    assert found == [(4, [2]), (7, [2])]
    assert [r.count for r in measured.key_averages() if r.key == "one step"] == [2]


def test_without_a_schedule_it_is_handed_over_at_the_end():
    found = []
    with profile(on_trace_ready=found.append) as measured:
        measured.step()
    assert found == [measured]
    record_function("outside of a profile")(print)()
