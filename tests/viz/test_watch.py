import gc
import weakref

import pytest

import minigrad as torch
from minigrad import viz
from minigrad.engine.mode import mode


def leaf(value):
    return torch.tensor(value, requires_grad=True)


def test_each_op_is_noted_with_its_operands_value_and_line():
    x = leaf([1.0, 2.0])
    with viz.watch():
        y = 3.0 - x
    seen = y.grad_fn.watch.seen
    assert seen.operands[0] == (3.0, 3.0)
    assert seen.operands[1][1].tolist() == [1.0, 2.0]
    assert seen.value.tolist() == [2.0, 1.0]
    assert y.grad_fn.watch.line.endswith(": y = 3.0 - x") and "test_watch.py" in y.grad_fn.watch.line


def test_what_is_noted_stays_when_the_tensor_is_written():
    x = leaf([1.0, 2.0])
    with viz.watch():
        y = x * 2
    y.data.zero_()
    assert y.grad_fn.watch.seen.value.tolist() == [2.0, 4.0]


def test_large_arrays_are_not_copied():
    x = torch.ones(5000, requires_grad=True)
    with viz.watch():
        y = x * 2
    assert y.grad_fn.watch.seen.value is y.detach().numpy()


def test_outside_nothing_is_noted():
    x = leaf(1.0)
    with viz.watch():
        pass
    assert (x * 2).grad_fn.watch is None
    assert mode.recording is True


def test_an_exception_ends_it():
    with pytest.raises(ZeroDivisionError), viz.watch(torch.nn.Linear(1, 1)):
        raise ZeroDivisionError
    assert mode.recording is True


def test_inside_no_grad_nothing_is_recorded():
    x = leaf(1.0)
    with torch.no_grad(), viz.watch():
        assert not (x * 2).requires_grad
    with viz.watch(), torch.no_grad():
        assert not (x * 2).requires_grad


def test_a_loop_of_uses_and_one_inside_another():
    x = leaf(1.0)
    again = viz.watch()
    for _ in range(2):
        with again, viz.watch():
            y = x * 2
        assert y.grad_fn.watch.seen is not None
        assert mode.recording is True


def test_anomaly_mode_goes_on_inside():
    x = leaf(0.0)
    with torch.autograd.detect_anomaly(), viz.watch():
        y = torch.log(x) * 0
        with pytest.raises(
            RuntimeError, match=r"In forward, log \(output shape \(\), recorded at .*y = torch"
        ):
            y.backward()


def test_modules_are_known_by_their_paths_and_calls():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Sequential(torch.nn.Tanh()))
    x = torch.ones(1, 2)
    with viz.watch(model):
        y = model(model(x))
    calls = y.grad_fn.watch.seen.calls
    assert [(call.path, call.kind) for call in calls] == [
        ("", "Sequential"),
        ("1", "Sequential"),
        ("1.0", "Tanh"),
    ]
    first = y.grad_fn.next_functions[0][0].next_functions[0][0]
    assert first.watch.seen.calls[-1].path == "1.0"
    assert first.watch.seen.calls[0].number < calls[0].number


def test_a_forward_that_failed_leaves_no_module_open():
    class Picky(torch.nn.Module):
        def forward(self, x):
            if x.shape[0] == 1:
                raise ValueError("too small")
            return x * 2

    model = torch.nn.Sequential(Picky())
    x = torch.ones(2, requires_grad=True)
    with viz.watch(model):
        with pytest.raises(ValueError, match="too small"):
            model(x[:1])
        y = model(x)
        z = x * 2
    assert [call.path for call in y.grad_fn.watch.seen.calls] == ["", "0"]
    assert z.grad_fn.watch.seen.calls == ()


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="not a Tensor"):
        viz.watch(torch.ones(1))


def test_a_watched_graph_dies_without_the_collector():
    x = leaf(1.0)
    gc.collect()
    gc.disable()
    try:
        with viz.watch():
            y = x * 2
            z = (y * y).sum()
        node = weakref.ref(z.grad_fn)
        del y, z
        assert node() is None
    finally:
        gc.enable()


def test_a_function_of_the_users_own_is_noted():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            return x * factor

        @staticmethod
        def backward(ctx, g):
            return g * 2, None

    x = leaf(3.0)
    with viz.watch():
        y = Double.apply(x, 2)
    assert [value for _, value in y.grad_fn.watch.seen.operands] == [3.0, 2]
    assert "y = Double(x, 2)" in viz.explain(y).text


def test_it_notes_what_is_recorded_again_inside_a_no_grad():
    x = torch.tensor(2.0, requires_grad=True)
    with torch.no_grad(), torch.enable_grad(), viz.watch():
        a = x * 3
    with viz.watch(), torch.no_grad(), torch.enable_grad():
        b = x * 4
    with torch.no_grad(), viz.watch(), torch.enable_grad():
        c = x * 5
    for y, name in ((a, "a"), (b, "b"), (c, "c")):
        assert f"{name} = x * " in str(viz.explain(y, names={"x": x}))


def test_a_watch_that_cannot_begin_leaves_everything_as_it_was():
    class Odd(torch.nn.Linear):
        def register_forward_hook(self, hook):
            raise KeyboardInterrupt

    good, odd = torch.nn.Linear(1, 1), Odd(1, 1)
    before = mode.recorder
    with pytest.raises(KeyboardInterrupt), viz.watch(good, odd):
        pass
    assert mode.recorder is before
    assert not good._forward_hooks and not good._forward_pre_hooks and not odd._forward_pre_hooks
