"""Grad modes: context managers and decorators, per thread, restored whatever happens."""

# ruff: noqa: PLW0108 (set_grad_enabled acts when it is made, so each is made in its test)

import asyncio
import gc
import threading

import pytest

import minigrad as torch
from minigrad.autograd import _mode
from minigrad.engine.mode import current, switch


def recorded():
    return (torch.ones(1, requires_grad=True) * 2).requires_grad


@pytest.fixture(autouse=True)
def _recording_before_and_after():
    assert torch.is_grad_enabled()
    yield
    assert torch.is_grad_enabled()


def test_no_grad_records_nothing_and_enable_grad_does_within_it():
    with torch.no_grad():
        assert not torch.is_grad_enabled() and not recorded()
        with torch.enable_grad():
            assert torch.is_grad_enabled() and recorded()
        assert not recorded()
    assert recorded()


def test_modes_nest_and_an_instance_may_be_entered_twice():
    mode = torch.no_grad()
    with mode, mode:
        assert not recorded()
    assert recorded()


def test_inference_mode_is_a_no_grad_that_enable_grad_does_not_undo():
    with torch.inference_mode():
        assert not recorded() and torch.is_inference_mode_enabled()
        with torch.enable_grad(), torch.set_grad_enabled(True):
            assert not recorded()
        with torch.inference_mode(False):
            assert recorded() and not torch.is_inference_mode_enabled()
            with torch.no_grad(), torch.enable_grad():
                assert recorded()
        assert not recorded()
    assert recorded() and not torch.is_inference_mode_enabled()
    with torch.no_grad(), torch.inference_mode(False):
        assert recorded()  # as in PyTorch

    @torch.inference_mode(mode=False)
    def on():
        return recorded()

    with torch.no_grad():
        assert on()


def test_set_grad_enabled_works_at_once_and_as_a_context_manager():
    torch.set_grad_enabled(False)
    assert not recorded()
    torch.set_grad_enabled(True)
    assert recorded()
    with torch.set_grad_enabled(False):
        assert not recorded()
        with torch.set_grad_enabled(True):
            assert recorded()
    assert recorded()


@pytest.mark.parametrize("enter", [torch.no_grad, lambda: torch.set_grad_enabled(False)])
def test_an_exception_restores_the_mode(enter):
    with pytest.raises(KeyError), enter():
        raise KeyError
    assert recorded()


@pytest.mark.parametrize(
    ("decorator", "expected"),
    [
        (lambda: torch.no_grad(), False),
        (lambda: torch.no_grad, False),
        (lambda: torch.enable_grad(), True),
        (lambda: torch.inference_mode(), False),
        (lambda: torch.inference_mode, False),
        (lambda: torch.set_grad_enabled(False), False),
        (lambda: torch.set_grad_enabled(True), True),
    ],
)
def test_a_decorated_function_runs_in_the_mode(decorator, expected):
    @decorator()
    def work(a, *, b):
        """Its words."""
        assert recorded() is expected
        return a + b

    assert work(1, b=2) == 3
    assert work.__name__ == "work" and work.__doc__ == "Its words."
    with torch.no_grad():
        work(1, b=2)
        assert not recorded()


def test_what_is_no_function_cannot_be_decorated():
    with pytest.raises(TypeError, match="no_grad decorates a function, not bool"):
        torch.no_grad(True)


def test_a_class_cannot_be_decorated():
    with pytest.raises(TypeError, match=r"no_grad cannot decorate a class \(Model\); decorate its methods"):

        @torch.no_grad()
        class Model:
            pass


def test_managers_may_be_left_in_another_order_than_a_stack():
    """A generator that is not decorated keeps its `with` open while its caller goes on."""

    def numbers():
        with torch.no_grad():
            yield recorded()

    generator = numbers()
    shared = torch.no_grad()
    assert next(generator) is False and not recorded()
    with torch.enable_grad(), shared:
        generator.close()  # restores what was before it
        assert recorded()
    assert not recorded()  # as before the enable_grad
    torch.set_grad_enabled(True)


def test_a_decorated_function_may_recurse_and_raise():
    @torch.no_grad()
    def work(n):
        assert not recorded()
        if n == 0:
            raise KeyError
        work(n - 1)

    with pytest.raises(KeyError):
        work(3)
    assert recorded()


def test_set_grad_enabled_as_a_decorator_changes_nothing_outside():
    decorator = torch.set_grad_enabled(False)
    assert not torch.is_grad_enabled()
    decorator(lambda: None)
    assert torch.is_grad_enabled()


# --- generators ----------------------------------------------------------------------------------------


def test_a_decorated_generator_is_in_the_mode_and_its_caller_is_not():
    @torch.no_grad()
    def numbers(n):
        for i in range(n):
            assert not recorded()
            yield i
        return "end"

    seen = []
    for i in numbers(3):
        assert recorded()
        seen.append(i)
    assert seen == [0, 1, 2]


def test_a_decorated_generator_can_be_sent_to_thrown_into_and_closed():
    closed = []

    @torch.no_grad()
    def echo():
        given = None
        try:
            while True:
                try:
                    given = yield given
                except KeyError:
                    assert not recorded()
                    given = "caught"
        finally:
            closed.append(recorded())

    generator = echo()
    assert next(generator) is None
    assert generator.send(5) == 5
    assert generator.throw(KeyError()) == "caught"
    assert recorded()
    generator.close()
    assert closed == [False]


def test_a_decorated_generator_returns_its_value_and_passes_on_its_exception():
    @torch.no_grad()
    def short():
        yield 1
        return 2

    def outer():
        return (yield from short())

    generator = outer()
    next(generator)
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == 2

    @torch.no_grad()
    def failing():
        yield 1
        raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        list(failing())


# --- async functions --------------------------------------------------------------------------------------


def test_a_decorated_async_function_is_in_the_mode_and_its_caller_is_not():
    @torch.no_grad()
    async def work(n):
        seen = [recorded()]
        await asyncio.sleep(0)
        seen.append(recorded())
        if n:
            raise KeyError
        return seen

    async def both():
        task = asyncio.ensure_future(work(0))
        await asyncio.sleep(0)
        mine = recorded()
        with pytest.raises(KeyError):
            await work(1)
        return mine, await task, recorded()

    assert asyncio.iscoroutinefunction(work)
    assert asyncio.run(both()) == (True, [False, False], True)


def test_a_decorated_async_generator_is_in_the_mode_and_its_caller_is_not():
    closed = []

    @torch.no_grad()
    async def echo():
        given = None
        try:
            while True:
                await asyncio.sleep(0)
                assert not recorded()
                try:
                    given = yield given
                except KeyError:
                    given = "caught"
                if given == "stop":
                    return
        finally:
            closed.append(recorded())

    async def use():
        first = echo()
        seen = [await first.asend(None), recorded(), await first.asend(5), await first.athrow(KeyError())]
        await first.aclose()
        second = echo()
        await second.asend(None)
        with pytest.raises(StopAsyncIteration):
            await second.asend("stop")
        return seen, recorded()

    assert asyncio.run(use()) == ([None, True, 5, "caught"], True)
    assert closed == [False, False]


def test_tasks_that_share_a_manager_and_overlap_restore_their_own_mode():
    shared = torch.no_grad()

    async def first(go, done):
        torch.set_grad_enabled(False)
        with shared:
            go.set()
            await done.wait()
        return recorded()

    async def second(go, done):
        await go.wait()
        with shared:
            done.set()
            await asyncio.sleep(0)
        return recorded()

    async def both():
        go, done = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(first(go, done), second(go, done))

    assert asyncio.run(both()) == [False, True]


# --- threads -------------------------------------------------------------------------------------------


def in_thread(work):
    errors = []

    def run():
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


def test_each_thread_has_its_own_mode_and_starts_recording():
    def work():
        assert recorded()
        torch.set_grad_enabled(False)
        assert not recorded()

    with torch.no_grad():
        in_thread(work)
        assert not recorded()
    in_thread(work)
    assert recorded()


def test_a_decorated_function_in_two_threads_at_once_mixes_nothing_up():
    inside, leave = threading.Event(), threading.Event()

    @torch.no_grad()
    def work(wait):
        if wait:
            inside.set()
            assert leave.wait(10)
        return torch.is_grad_enabled()

    modes = []

    def other():
        torch.set_grad_enabled(False)
        work(True)  # enters first, leaves last
        modes.append(torch.is_grad_enabled())

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    work(False)
    assert torch.is_grad_enabled()
    leave.set()
    thread.join()
    assert modes == [False]


@pytest.mark.parametrize("manager", [torch.no_grad(), torch.autograd.detect_anomaly()])
def test_two_threads_in_one_manager_restore_each_its_own_mode(manager):
    inside, leave = threading.Event(), threading.Event()
    modes = []

    def other():
        torch.set_grad_enabled(False)
        with manager:  # enters first, leaves last
            inside.set()
            assert leave.wait(10)
        modes.append(torch.is_grad_enabled())

    thread = threading.Thread(target=other)
    before = current()
    thread.start()
    assert inside.wait(10)
    with manager:
        pass
    assert torch.is_grad_enabled() and current() is before
    leave.set()
    thread.join()
    assert modes == [False]


# --- interrupts ------------------------------------------------------------------------------------------


class Interruption(BaseException):
    """Like KeyboardInterrupt, which pytest takes for its own."""


@pytest.mark.parametrize("manager", [torch.no_grad(), torch.autograd.detect_anomaly()])
def test_an_interrupt_while_a_manager_is_entered_leaves_everything_as_it_was(monkeypatch, manager):
    """It comes when the mode is switched already, and `with` does not know yet that it must leave."""

    def interrupted(mode):
        switch(mode)
        if mode is not before:
            raise Interruption

    before = current()
    monkeypatch.setattr(_mode, "switch", interrupted)
    with pytest.raises(Interruption), manager:
        pass
    assert current() is before and _mode._within.get() is None


def test_an_interrupt_before_the_exit_of_a_decorated_function_leaves_everything_as_it_was(monkeypatch):
    def interrupted(*_):
        raise Interruption

    before = current()
    monkeypatch.setattr(_mode, "leave", interrupted)
    with pytest.raises(Interruption):
        torch.no_grad()(lambda: None)()
    assert current() is before and _mode._within.get() is None


def test_backward_in_another_thread():
    x = torch.ones(2, requires_grad=True)
    y = (x * 3).sum()
    in_thread(y.backward)
    assert x.grad.tolist() == [3.0, 3.0]


# --- what the mode does not change ---------------------------------------------------------------------


def test_leaves_made_under_no_grad_still_require_grad():
    with torch.no_grad():
        x = torch.ones(1, requires_grad=True)
        y = torch.ones(1).requires_grad_()
    assert x.requires_grad and y.requires_grad
    (x * y).backward()
    assert x.grad.item() == y.grad.item() == 1.0


def test_backward_runs_under_no_grad():
    x = torch.ones(1, requires_grad=True)
    y = x * 2
    with torch.no_grad():
        y.backward()
    assert x.grad.item() == 2.0


def test_a_training_step_by_hand():
    w = torch.tensor([1.0], requires_grad=True)
    for _ in range(3):
        loss = (w - 3) ** 2
        loss.backward()
        with torch.no_grad():
            w -= 0.25 * w.grad
            w.grad.zero_()
    assert w.requires_grad and w.is_leaf and abs(w.item() - 2.75) < 1e-6


# --- the collector ---------------------------------------------------------------------------------------


def test_gc_paused_rests_the_collector_and_wakes_it_also_after_an_error():
    assert gc.isenabled()
    seen = []

    @torch.autograd.gc_paused()
    def failing():
        seen.append(gc.isenabled())
        with torch.autograd.gc_paused():
            pass
        seen.append(gc.isenabled())  # the inner one found it resting
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert seen == [False, False] and gc.isenabled()


def test_gc_paused_leaves_a_collector_that_was_off_off():
    gc.disable()
    try:
        torch.autograd.gc_paused()(lambda: None)()
        assert not gc.isenabled()
    finally:
        gc.enable()
