"""Grad modes: context managers and decorators, per thread, restored whatever happens."""

# ruff: noqa: PLW0108 (set_grad_enabled acts when it is made, so each is made in its test)

import gc
import threading

import pytest

import minigrad as torch


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


def test_inference_mode_is_no_grad():
    with torch.inference_mode():
        assert not recorded()


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
