"""Compiled functions that change gradients, step, or change objects of libraries: nothing is lost."""

import argparse
import itertools
import time
import types
import warnings
from collections import deque
from time import perf_counter

import numpy as np
import pytest

import minigrad as torch

nn, F = torch.nn, torch.nn.functional
OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.05),
}


class Mine(torch.optim.Optimizer):
    """An optimiser of the user's own, as in PyTorch."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def step(self):
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad, alpha=-group["lr"])


OPTIMISERS["own"] = Mine


def in_one(model, optimiser):
    def step(x, t):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        optimiser.step()
        return loss

    return step


def cleared_last(model, optimiser):
    def step(x, t):
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return loss.item()

    return step


def by_a_helper(model, optimiser):
    def step(x, t):
        loss = F.cross_entropy(model(x), t)
        finish(loss, optimiser)
        return loss

    return step


def finish(loss, optimiser):
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()


def by_a_closure(model, optimiser):
    def step(x, t):
        def closure():
            optimiser.zero_grad()
            loss = F.cross_entropy(model(x), t)
            loss.backward()
            return loss

        if not isinstance(optimiser, Mine):
            return optimiser.step(closure)
        loss = closure()
        optimiser.step()
        return loss

    return step


def trained(make, optimiser, compiling):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 3))
    step = make(model, OPTIMISERS[optimiser](model.parameters()))
    step = torch.compile(step) if compiling else step
    draw = np.random.default_rng(0)
    losses = []
    for _ in range(5):
        x = torch.from_numpy(draw.standard_normal((5, 4)).astype("f4"))
        loss = step(x, torch.from_numpy(draw.integers(0, 3, 5)))
        losses.append(loss if isinstance(loss, float) else loss.item())
    assert "forward" not in vars(model)
    return losses, [p.detach().numpy() for p in model.parameters()], step


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("make", [in_one, cleared_last, by_a_helper, by_a_closure])
def test_a_training_step_in_one_function_trains_as_eager_mode(make, optimiser):
    losses, wanted, _ = trained(make, optimiser, compiling=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # PyTorch's users write this: nothing is to be said
        got, params, step = trained(make, optimiser, compiling=True)
    np.testing.assert_allclose(got, losses, rtol=1e-5)
    for x, y in zip(params, wanted, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-6)
    # The step is a program, or the model in it is one.
    (runner,) = step._calls.runners or next(iter(step._calls.parts.values()))._calls.runners
    assert runner.calls >= 2
    assert "runs" not in str(step) or "compiled forward" in str(step)
    assert "def forward" in step.source


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_compiled_step_of_an_optimiser_steps_at_each_call(optimiser):
    ends = []
    for compiling in (False, True):
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        opt = OPTIMISERS[optimiser]([w])
        schedule = torch.optim.lr_scheduler.StepLR(opt, 1, 0.5)

        def step(opt=opt):
            opt.step()

        def clear():
            opt.zero_grad()  # noqa: B023

        def later():
            schedule.step()  # noqa: B023

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            functions = [torch.compile(f) if compiling else f for f in (clear, step, later)]
            for _ in range(4):
                functions[0]()
                (w * w).sum().backward()
                functions[1]()
                functions[2]()
        ends.append((w.tolist(), opt.param_groups[0]["lr"], w.grad.tolist()))
    assert ends[0] == ends[1]


def hand_written(w, how):
    def minus():
        with torch.no_grad():
            w.sub_(0.1 * w.grad)

    def data():
        w.data.add_(w.grad, alpha=-0.1)

    def and_clear():
        with torch.no_grad():
            w.copy_(w - 0.1 * w.grad)
            w.grad.zero_()

    def clipped():
        nn.utils.clip_grad_norm_([w], 0.5)

    def norm():
        return (w.grad**2).sum()

    def replaced():
        w.grad = w.grad * 2

    def none():
        w.grad = None

    return locals()[how]


@pytest.mark.parametrize("how", ["minus", "data", "and_clear", "clipped", "norm", "replaced", "none"])
@pytest.mark.parametrize("looked_at", [False, True])
def test_gradients_that_a_call_reads_or_changes_are_those_of_now(how, looked_at):
    ends = []
    for compiling in (False, True):
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        function = hand_written(w, how)
        function = torch.compile(function) if compiling else function
        seen = []
        for k in range(3):
            (w**3 * (k + 1)).sum().backward()
            assert not looked_at or w.grad is not None  # it is a tensor from now on
            found = function()
            seen.append((w.tolist(), None if w.grad is None else w.grad.tolist(), found and found.tolist()))
        ends.append(seen)
    assert ends[0] == ends[1]


def test_backward_of_tensors_that_are_not_seen_is_run_at_each_call():
    hidden = types.MappingProxyType({"w": torch.ones(2, requires_grad=True)})
    compiled = torch.compile(lambda x: (hidden["w"] * x).sum().backward())
    with pytest.warns(UserWarning, match="runs eagerly"):
        compiled(torch.ones(2))
    compiled(torch.ones(2))
    assert hidden["w"].grad.tolist() == [2.0, 2.0]


def test_a_training_step_that_is_eager_and_has_no_module_says_so():
    w = torch.ones(2, requires_grad=True)

    def step(x):
        (w * x).sum().backward()
        return w.grad.sum()

    compiled = torch.compile(step)
    with pytest.warns(UserWarning, match="reads a gradient"):
        compiled(torch.ones(2))
    compiled(torch.ones(2))
    assert w.grad.tolist() == [2.0, 2.0]


def by_number(model, optimiser):
    def step(x, t):
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        optimiser.step()
        return 2 * loss.item()

    return step


def test_a_training_step_that_reads_a_number_is_no_full_graph():
    model = nn.Linear(2, 1)
    step = torch.compile(by_number(model, torch.optim.SGD(model.parameters(), lr=0.1)), fullgraph=True)
    with pytest.raises(RuntimeError, match="fullgraph"):
        step(torch.ones(1, 2), torch.zeros(1, dtype=torch.int64))


def test_a_step_that_raises_is_not_made_twice():
    model = nn.Linear(2, 1)
    optimiser, count = torch.optim.SGD(model.parameters(), lr=0.1), []

    def step(x):
        count.append(1)
        finish(model(x).sum(), optimiser)
        raise ValueError("mine")

    before = model.bias.item()
    compiled = torch.compile(step)
    for k in (1, 2):
        with pytest.raises(ValueError, match="mine"):
            compiled(torch.ones(1, 2))
        assert len(count) == k and model.bias.item() == pytest.approx(before - 0.1 * k)
    assert "forward" not in vars(model)


def test_a_method_of_a_module_may_be_a_training_step():
    class Trained(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.head = nn.Linear(2, 3), nn.Linear(3, 1)
            self.optimiser = torch.optim.SGD(self.parameters(), lr=0.1)

        def training_step(self, x):
            loss = self.head(self.net(x).tanh()).sum()
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            return loss

    torch.manual_seed(0)
    a = Trained()
    torch.manual_seed(0)
    b = Trained()
    step = torch.compile(b.training_step)
    for k in range(4):
        x = torch.full((2, 2), float(k))
        assert step(x).item() == pytest.approx(a.training_step(x).item(), rel=1e-5)
    assert step._calls.runners[0].calls == 3


class Bar:
    """As a progress bar of an installed library."""

    def __init__(self):
        self.n, self.lines = 0, []

    def update(self):
        self.n += 1


Bar.__module__ = "logging"


def test_an_object_of_a_library_that_a_call_changes_is_changed_at_each_call():
    bar, rows = Bar(), deque([torch.zeros(1)], maxlen=3)

    def with_bar(x):
        bar.update()
        return x * 2

    def with_row(x):
        rows[0].add_(1.0)
        return x * rows[0]

    for function in (with_bar, with_row):
        compiled = torch.compile(function)
        for _ in range(3):
            out = compiled(torch.ones(2))
    assert bar.n == 3 and rows[0].item() == 3.0 and out.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("make", [itertools.count, lambda: iter([0, 1, 2]), lambda: (k for k in range(3))])
def test_an_iterator_gives_its_next_element_at_each_call(make):
    elements, holder = make(), types.SimpleNamespace(elements=make())
    for function in (lambda x: x * next(elements), lambda x: x + next(holder.elements)):
        compiled = torch.compile(function)
        with pytest.warns(UserWarning, match="iterator, .*elements"):
            found = [compiled(torch.zeros(1) + 1).item()]
        found += [compiled(torch.zeros(1) + 1).item() for _ in range(2)]
        assert found in ([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("kind", [argparse.Namespace, types.SimpleNamespace])
def test_a_setting_that_changes_is_seen(kind):
    args = kind(scale=2.0, inner=kind(shift=0.0))
    compiled = torch.compile(lambda x: x * args.scale + args.inner.shift, fullgraph=True)
    assert compiled(torch.ones(1)).item() == 2.0
    args.scale = 3.0
    assert compiled(torch.ones(1)).item() == 3.0
    args.inner.shift = 1.0
    assert compiled(torch.ones(1)).item() == 4.0
    assert len(compiled._calls.runners) == 3


def test_a_rate_of_an_optimiser_or_a_schedule_that_changes_is_seen():
    weight = torch.ones(1, requires_grad=True)
    weight.sum().backward()
    optimizer = torch.optim.SGD([weight], lr=0.5)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    by_optimizer = torch.compile(lambda x: x * optimizer.param_groups[0]["lr"], fullgraph=True)
    by_schedule = torch.compile(lambda x: x * schedule.get_last_lr()[0], fullgraph=True)
    for rate in (0.5, 0.25, 0.125):
        assert by_optimizer(torch.ones(1)).item() == by_schedule(torch.ones(1)).item() == rate
        optimizer.step()
        schedule.step()
    optimizer.param_groups[0]["lr"] = 3.0
    assert by_optimizer(torch.ones(1)).item() == 3.0


@pytest.mark.parametrize("taken", [lambda x, e: [x * k for k in e].pop(), lambda x, e: x * max(e)])
def test_a_loop_over_an_iterator_is_run_at_each_call(taken):
    elements = iter([2.0, 3.0])
    compiled = torch.compile(lambda x: taken(x, elements))
    with pytest.warns(UserWarning, match="iterator"):
        compiled(torch.ones(1))
    with pytest.raises((IndexError, ValueError)):  # all its elements are taken
        compiled(torch.ones(1))


def test_a_loop_over_a_list_is_a_program():
    factors = [2.0, 3.0]

    def product(x):
        for k in factors:
            x = x * k
        return x

    compiled = torch.compile(product, fullgraph=True)
    assert compiled(torch.ones(1)).item() == compiled(torch.ones(1)).item() == 6.0


def test_a_call_that_prints_prints_each_time(capsys):
    def told(x):
        print("shape", tuple(x.shape))  # noqa: T201
        return x * 2

    compiled = torch.compile(told)
    with pytest.warns(UserWarning, match=r"print\(\) writes at each call"):
        compiled(torch.ones(2))
    compiled(torch.ones(2))
    assert capsys.readouterr().out == "shape (2,)\n" * 2
    with pytest.raises(RuntimeError, match=r"print\(\)"):
        torch.compile(told, fullgraph=True)(torch.ones(2))


def test_a_call_that_asks_the_clock_asks_it_each_time():
    from_module = torch.compile(lambda x: x * time.perf_counter())
    with pytest.warns(UserWarning, match=r"asks the clock, perf_counter\(\)"):
        from_module(torch.ones(1))
    by_name = torch.compile(lambda x: x * perf_counter())
    with pytest.warns(UserWarning, match="asks the clock"):
        by_name(torch.ones(1))
