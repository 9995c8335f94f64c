"""check_engines: the first engine, eager mode and the compiled program; a fault in any of them is told."""

import inspect
import textwrap

import numpy as np
import pytest
from hypothesis import given

import minigrad as torch
from minigrad import first_engine, nn
from minigrad._tensor import backward as backward_module
from minigrad.engine import attended_walk as attended
from minigrad.program import build, passes, trace
from minigrad.testing import GradientError, check_engines, check_grads, laws, strategies as some
from minigrad.testing.programs import Program

X = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 3)))
W = torch.from_numpy(np.random.default_rng(1).normal(size=(3, 2)))


def two(x, w):
    h = torch.tanh(x @ w)
    s = torch.sin(x @ w)
    return (h * h).sum(1), h.softmax(0) * s


def changed(function, old, new):
    """A function whose source has one piece of text replaced."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {function.__name__}"
    made = dict(function.__globals__)
    exec(compile("from __future__ import annotations\n" + source.replace(old, new), "<fault>", "exec"), made)
    return made[function.__name__]


def complaint(fn, *inputs, **how):
    with pytest.raises(GradientError) as caught:
        check_engines(fn, *inputs, **how)
    return str(caught.value), caught.value.looks_like


# --- they agree --------------------------------------------------------------------------------------------


def test_all_three_are_compared_and_it_says_so():
    found = check_engines(two, X, W)
    assert (found.program, found.first, found.calls) == ("", "", 3)
    assert found.gap < 1e-14
    assert str(found).startswith("two: eager = first engine = program, within ")
    assert str(found).endswith("(3 calls, values and gradients to order 2)")
    assert "def backward" in found.compiled.source


@given(program=some.programs())
def test_the_engines_agree_on_random_programs(program):
    laws.engines_agree(program)


@pytest.mark.parametrize(
    ("lines", "leaf"),
    [
        ([("y0", "x0 * 2"), ("y1", "y0.diagonal()"), ("", "y1.sin_()")], np.ones((2, 2))),
        ([("y0", "x0 * x0"), ("y1", "y0.expand((2,))"), ("", "y1[0].add_(y1[1].sum())")], np.array(0.5)),
    ],
    ids=["a diagonal", "an expanded number"],
)
def test_what_is_written_through_a_view_that_numpy_makes_read_only(lines, leaf):
    laws.engines_agree(Program([leaf], lines))


STATEFUL = {
    "batch norm": lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)),
    "dropout": lambda: nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.4), nn.Linear(4, 2)),
}


@pytest.mark.parametrize("name", STATEFUL)
def test_a_module_and_the_random_stream_are_left_as_they_were(name):
    net = STATEFUL[name]().double()
    net[0].weight.grad = torch.ones_like(net[0].weight)
    before = [x.clone() for x in (*net.parameters(), *net.buffers(), torch.get_rng_state())]
    found = check_engines(net, X, fullgraph=True)
    assert not found.program and not found.first
    after = [*net.parameters(), *net.buffers(), torch.get_rng_state()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert torch.equal(net[0].weight.grad, torch.ones_like(net[0].weight)) and net[0].bias.grad is None
    assert X.grad is None and not X.requires_grad


def test_other_arguments_and_results():
    rows = torch.tensor([0, 2])

    def pick(x, rows, power, *, by=2):
        return {"picked": x[rows] ** power, "all": [x.sum(), by]}

    assert not check_engines(pick, X, rows, 3).program
    assert not check_engines(pick, X.float(), rows, 3).program
    assert not check_engines(pick, X.numpy(), rows, 3, order=0).program


# --- one is left out ---------------------------------------------------------------------------------------


def test_a_function_that_cannot_be_traced_is_compared_without_its_program():
    def reads(x):
        return x * float(x.sum())

    found = check_engines(reads, X)
    assert "reads a value" in found.program and "test_engines.py" in found.program
    assert not found.first
    assert "program not compared: item() reads a value" in str(found)
    with pytest.raises(RuntimeError, match="reads a value"):
        check_engines(reads, X, fullgraph=True)


def test_a_function_of_several_outputs_is_compared_without_the_first_engine():
    class Two(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            return a * 2 + b * 3

    found = check_engines(Two.apply, X)
    assert found.first == "TwoBackward has several outputs and one backward"
    assert "autograd.Function" in found.program


# --- one is wrong ------------------------------------------------------------------------------------------


def test_a_fault_of_the_passes_is_the_programs(monkeypatch):
    once = "key = (step.function, _key(step.args), _key(step.kwargs))"
    broken = changed(passes.without_repeats, once, "key = (_key(step.args), _key(step.kwargs))")
    monkeypatch.setattr(trace, "without_repeats", broken)
    text, wrong = complaint(two, X, W)
    assert wrong == "program"
    assert "the program and eager mode differ in the output 1, of shape (4, 2), at index [" in text
    assert "in call 2 of 3" in text
    assert "The same Python ran in both: the program computes something else." in text
    assert "check_engines(two, x0, x1)" in text


@pytest.mark.parametrize(
    ("home", "name", "old", "new"),
    [
        (passes, "needed", 'live = root.kind == "input" or root in roots', "live = root in roots"),
        (build, "_last_uses", "last[v.root] = position", "last[v.root] = max(position - 3, 0)"),
        (trace, "_gradients", "arrived[parent] = arrived[parent] + d", "arrived[parent] = d"),
    ],
)
def test_further_faults_of_the_program(home, name, old, new, monkeypatch):
    broken = changed(getattr(home, name), old, new)
    for module in (home, trace):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, broken)
    found = []
    for case in ((two, X, W), (STATEFUL["batch norm"]().double(), X)):
        try:
            check_engines(*case)
        except GradientError as error:
            found.append(error.looks_like)
    assert "program" in found


def test_a_wrong_gradient_is_told_with_its_line_and_the_vote(monkeypatch):
    monkeypatch.setattr(
        trace, "_gradients", changed(trace._gradients, "arrived[parent] = arrived[parent] + d", "pass")
    )
    text, wrong = complaint(lambda x: (x.sin() + x * x).sum(), X)
    assert wrong == "program"
    assert "differ in the gradient of input 0 (x), of shape (4, 3), at index [" in text
    assert "12 of 12 entries differ." in text
    assert "The first engine agrees with eager mode, so the program is wrong.\nIts line is `grad_x = " in text


def test_a_fault_of_the_walk_is_eager_modes(monkeypatch):
    old = "        arrived[node] = arrived[node] + g"
    broken = changed(attended.attended_walk, old, "        arrived[node] = g")
    monkeypatch.setattr(backward_module, "attended_walk", broken)
    text, wrong = complaint(lambda x: x.sin() + x * x, X)
    assert wrong == "eager"
    assert "The first engine agrees with the program, so eager mode is wrong." in text


def test_a_fault_of_the_first_engine_is_its_own(monkeypatch):
    old = "arrived[x] + part if x in arrived else part"
    broken = changed(first_engine.gradients, old, "part")
    monkeypatch.setattr("minigrad.testing.by_first_engine.gradients", broken)
    text, wrong = complaint(lambda x: x.sin() + x * x, X)
    assert wrong == "first engine"
    assert "The program agrees with eager mode, so the first engine is wrong." in text


def test_check_grads_compares_the_engines_too(monkeypatch):
    check_grads(two, X, W)
    broken = changed(build._last_uses, "last[v.root] = position", "last[v.root] = max(position - 3, 0)")
    monkeypatch.setattr(build, "_last_uses", broken)
    with pytest.raises(GradientError, match=r"^check_engines of two(.|\n)*the program is wrong"):
        check_grads(two, X, W)
    check_grads(two, X, W, engines=False)


def test_arguments_that_are_refused():
    with pytest.raises(TypeError, match="fn must be a function"):
        check_engines(3.0, X)
    with pytest.raises(ValueError, match="calls must be an integer of at least 2, not 1"):
        check_engines(two, X, W, calls=1)
