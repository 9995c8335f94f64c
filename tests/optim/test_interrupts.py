"""A step that is interrupted is not begun, or completed; warnings that are errors do not interrupt one."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import minigrad as torch
from minigrad import optim

MAKERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1),
    "SGD momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True),
    "SGD dampening": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
    "Adam": lambda p: optim.Adam(p, lr=0.1, amsgrad=True, maximize=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.1),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.1, momentum=0.5, centered=True),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.1),
}
FOLDER = str(Path(optim.__file__).parent)
each = pytest.mark.parametrize("name", MAKERS)


def training(make):
    parameters = [torch.ones(size, requires_grad=True) for size in (3, 40)]
    for p in parameters:
        p.grad = torch.full(tuple(p.shape), 0.5)
    return parameters, make([{"params": parameters[:1]}, {"params": parameters[1:], "lr": 0.2}])


def snapshot(parameters, optimizer):
    state = {
        (i, name): value.tolist()
        for i, p in enumerate(parameters)
        for name, value in optimizer.state.get(p, {}).items()
    }
    return [p.tolist() for p in parameters], state


def interrupt(function, line, error):
    """Run a function until its n-th line inside the optimisers, where an error is raised; whether it was."""
    left = line

    def trace(frame, event, _):
        nonlocal left
        if FOLDER not in frame.f_code.co_filename:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise error
        return trace

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except type(error):
        return True
    finally:
        sys.settrace(old)
    return False


@each
@pytest.mark.parametrize(("steps", "error"), [(0, KeyboardInterrupt()), (1, MemoryError())])
def test_an_interrupted_step_is_not_begun_or_completed(name, steps, error, monkeypatch):
    for module in ("calls", "sgd"):
        monkeypatch.setattr(f"minigrad.optim.{module}.PIECE", 16)
    outcomes = set()
    for line in range(1, 2000):
        parameters, optimizer = training(MAKERS[name])
        for _ in range(steps):
            optimizer.step()
        before = snapshot(parameters, optimizer)
        interrupted = interrupt(optimizer._step, line, error)
        found = snapshot(parameters, optimizer)
        if not interrupted:
            assert found != before
            break
        twins, twin = training(MAKERS[name])
        for _ in range(steps + 1):
            twin.step()
        whole = found == snapshot(twins, twin)
        assert whole or found == before, f"interrupted at line {line}"
        outcomes.add(whole)
    assert False in outcomes


@each
def test_no_setting_of_numpy_or_of_warnings_interrupts_a_step(name):
    for first in (1e30, 0.0, np.inf, np.nan, 1e-30):
        expected, plain = training(MAKERS[name])
        parameters, optimizer = training(MAKERS[name])
        for p in (*expected, *parameters):
            p.grad = torch.full(tuple(p.shape), first)
        plain.step()
        with np.errstate(all="raise"), warnings.catch_warnings():
            warnings.simplefilter("error")
            optimizer.step()
            assert np.geterr()["over"] == "raise"
        np.testing.assert_equal(snapshot(parameters, optimizer), snapshot(expected, plain))


def test_the_closure_keeps_the_settings_of_its_caller():
    p = torch.ones(1, requires_grad=True)
    seen = []

    def closure():
        seen.append(np.geterr()["over"])
        p.grad = torch.ones(1)

    with np.errstate(over="raise"):
        optim.SGD([p], lr=0.1).step(closure)
    assert seen == ["raise"]


def test_a_warning_that_is_an_error_comes_after_the_step():
    optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="changed nothing"):
            optimizer.step()


def test_the_rest_of_a_step_that_failed_half_way_is_done_and_nothing_twice():
    raised = iter([False, True, False, False, False])

    def perhaps_fail():
        if next(raised):
            raise MemoryError

    class Failing(torch.optim.SGD):
        def _rule(self, t, group, dtype):
            update = super()._rule(t, group, dtype)
            return lambda *parts: [(perhaps_fail,), *update(*parts)]

    parameters = [torch.nn.Parameter(torch.ones(3)) for _ in range(3)]
    for p in parameters:
        p.grad = torch.ones(3)
    with pytest.raises(MemoryError):
        Failing(parameters, lr=0.25, momentum=0.9).step()
    assert [p.tolist() for p in parameters] == [[0.75] * 3] * 3
