import numpy as np
import pytest

import minigrad as torch
from minigrad.engine.mode import mode
from minigrad.viz._names import Names
from minigrad.viz._numbers import raw
from minigrad.viz._recording import Recorder
from minigrad.viz._scene import Scene


def leaf(value):
    return torch.tensor(value, requires_grad=True)


def record(tensor, **names):
    scene = Scene(tensor, Names(names, {}))
    return Recorder(scene).run(lambda: tensor.backward(retain_graph=True))


def test_every_step_of_the_walk_is_there_in_its_order():
    x, y = leaf(2.0), leaf(3.0)
    p = x * y
    s = torch.sin(x)
    z = p + s
    visits = record(z, x=x, y=y, p=p, s=s, z=z)
    assert [visit.entry.name for visit in visits] == ["z", "s", "p", "x", "y"]  # leaves last
    z, s, p = visits[:3]
    assert [part.operand.source.name for part in p.parts] == ["x", "y"]
    assert [float(part.value) for part in p.parts] == [3.0, 2.0]
    to_x = p.parts[0]
    assert (to_x.rule, to_x.numbers, to_x.first) == ("g · y", "1 · 3", False)
    assert float(to_x.held) == pytest.approx(np.cos(2.0))
    assert float(to_x.total) == pytest.approx(3 + np.cos(2.0))
    assert (s.parts[0].rule, s.parts[0].numbers, s.parts[0].first) == ("g · cos(x)", "1 · cos(2)", True)
    assert z.parts[0].rule == "g" and z.parts[0].numbers == ""


def test_the_last_total_is_what_arrives_and_what_grad_holds():
    torch.manual_seed(0)
    model = torch.nn.MLP(3, 4, 2, activation="tanh")
    loss = model(torch.randn(5, 3)).square().mean()
    totals = {}
    for visit in record(loss):
        if visit.entry in totals:
            assert np.array_equal(totals[visit.entry], visit.g)
        for part in visit.parts:
            totals[part.operand.source] = part.total
    leaves = {entry: total for entry, total in totals.items() if entry.op is None}
    assert len(leaves) == 4
    for entry, total in leaves.items():
        assert np.array_equal(total, raw(entry.node.watch.grad))


def test_both_uses_of_one_operand_are_told_apart():
    x = leaf(3.0)
    (visit, _) = record(x * x)
    assert [(part.operand.name, part.first) for part in visit.parts] == [("a", True), ("b", False)]
    x = leaf([1.0, 2.0])
    visits = record(torch.cat([x, x]).sum())
    assert [part.operand.name for part in visits[1].parts] == ["0", "1"]


def test_an_undone_broadcast_is_marked():
    row, matrix = leaf([1.0, 2.0]), torch.ones(3, 2)
    visits = record((matrix * row).sum())
    (part,) = visits[1].parts
    assert part.summed and part.value.tolist() == [3.0, 3.0]
    visits = record((torch.ones(2) * row).sum())
    assert not visits[1].parts[0].summed
    bias = leaf([1.0, 2.0])
    visits = record(torch.nn.functional.linear(torch.ones(3, 2), torch.eye(2), bias).sum())
    assert visits[1].parts[0].rule == "the rows of g, summed"


def test_what_was_noted_does_not_change_when_the_engine_adds_in_place():
    x = leaf([1.0])
    y = x * 2 + x * 3 + x * 5
    parts = [
        float(part.value[0])
        for visit in record(y.sum())
        for part in visit.parts
        if part.operand.source.op is None
    ]
    assert parts == [5.0, 3.0, 2.0]


def test_freed_and_retained_are_told_apart():
    x = leaf(1.0)
    y = torch.exp(x)
    assert not record(y)[0].freed
    scene = Scene(y, Names({}, {}))
    assert Recorder(scene).run(y.backward)[0].freed


def test_a_gradient_that_a_hook_changed_is_marked_and_is_the_changed_one():
    x = leaf(1.0)
    h = x * 2
    h.register_hook(lambda g: g * 10)
    y = h * 3
    visits = record(y)
    assert [(visit.hooked, float(visit.g)) for visit in visits] == [(False, 1.0), (True, 30.0), (False, 60.0)]
    assert visits[1].parts[0].numbers == "30 · 2"


def test_a_function_with_several_outputs_can_be_recorded():
    class Two(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return g * 2 + h * 3

    x = leaf(1.0)
    a, b = Two.apply(x)
    visits = record(a + b, x=x)
    assert float(visits[-1].g) == 5.0
    assert [part.value is None for visit in visits for part in visit.parts] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_an_observer_that_was_there_sees_the_walk_too():
    x = leaf(0.0)
    y = torch.sqrt(x)
    scene = Scene(y, Names({}, {}))
    with torch.autograd.detect_anomaly():
        before = mode.observer
        with pytest.raises(RuntimeError, match="SqrtBackward0"):
            Recorder(scene).run(y.backward)
        assert mode.observer is before
    assert mode.observer is None
