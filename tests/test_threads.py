"""Threads that share leaves, buffers and graphs: nothing is lost, and no stale value passes."""

import _thread
import collections
import operator
import queue
import sys
import threading

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor import backward as backward_module
from minigrad.engine import writes as writes_module
from minigrad.engine.writes import writes


@pytest.fixture
def eager_switching():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(*functions):
    failed = []

    def guarded(function):
        try:
            function()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(f,)) for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_a_leaf_that_threads_share_gets_every_gradient(eager_switching):
    # So large that NumPy lets other threads run while it adds.
    x = torch.zeros(200_000, dtype=torch.float64, requires_grad=True)

    def work():
        for _ in range(10):
            (x * 1.0).sum().backward()

    in_threads(*[work] * 4)
    assert x.grad.min() == x.grad.max() == 40


def test_of_two_first_gradients_none_is_lost(monkeypatch):
    # The slower of two has seen that there is no gradient yet, and is overtaken before it keeps its own.
    x = torch.zeros(2, requires_grad=True)
    faster = threading.Thread(target=lambda: (x * 1.0).sum().backward())
    right = backward_module.owned

    def slow(g):
        made = right(g)
        if not faster.ident:
            faster.start()
            faster.join(timeout=0.05)  # long enough, where nothing makes it wait
        return made

    monkeypatch.setattr(backward_module, "owned", slow)
    x.sum().backward()  # a view, which has to be copied
    faster.join()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_kept_gradient_gets_every_share(eager_switching):
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    y = x * 2
    y.retain_grad()

    def work():
        for _ in range(50):
            (y * 3.0).sum().backward(retain_graph=True)

    in_threads(*[work] * 4)
    assert y.grad.tolist() == [600.0] * 2 and x.grad.tolist() == [1200.0] * 2


def test_the_tick_of_the_latest_write_never_runs_backwards(monkeypatch):
    # The slower of two writers has taken its tick, and is overtaken before it notes it.
    clock, overtaken = writes_module.tick, threading.Event()
    faster = threading.Thread(target=lambda: writes.stamp(np.zeros(2)))

    def slow():
        now = clock()
        if not overtaken.is_set():
            overtaken.set()
            faster.start()
            faster.join(timeout=0.05)  # long enough, where nothing makes it wait
        return now

    monkeypatch.setattr(writes_module, "tick", slow)
    writes.stamp(np.zeros(2))
    faster.join()
    assert writes.latest == clock() - 1


def test_a_value_written_by_another_thread_is_stale(eager_switching):
    x = torch.ones(3, requires_grad=True)
    w = torch.ones(3)
    y = (x * w).sum()
    in_threads(*[lambda: w.add_(1)] * 4)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_two_threads_that_walk_one_retained_graph_agree(eager_switching):
    x = torch.linspace(0.1, 1, 5, dtype=torch.float64).requires_grad_()
    loss = (x.exp() * x.sin()).sum()
    found = []

    def work():
        for _ in range(30):
            found.append(torch.autograd.grad(loss, x, retain_graph=True)[0].tolist())

    in_threads(work, work)
    assert len(found) == 60 and all(g == found[0] for g in found)


def test_each_thread_has_its_own_mode(eager_switching):
    x = torch.ones(2, requires_grad=True)

    def quiet():
        for _ in range(50):
            with torch.no_grad():
                assert not (x * 2).requires_grad
            assert torch.is_grad_enabled()

    def recording():
        for _ in range(100):
            assert (x * 2).requires_grad

    in_threads(quiet, recording, quiet)


def test_a_thread_without_frames_may_ask_for_the_gradient_of_a_non_leaf():
    y = torch.ones(2, requires_grad=True) * 2
    found = queue.SimpleQueue()  # from here on all is C: no Python function calls the property
    asked = map(found.put, map(operator.attrgetter("grad"), [y]))
    _thread.start_new_thread(collections.deque(maxlen=0).extend, (asked,))
    assert found.get(timeout=10) is None
