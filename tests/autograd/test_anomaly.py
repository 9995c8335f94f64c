"""Anomaly mode: the first op that is not finite, and the user's line, in this and in other errors."""

import inspect
import linecache

import numpy as np
import pytest

import minigrad as torch
from minigrad.autograd import detect_anomaly, set_detect_anomaly


def leaf(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def here():
    """The line of the caller."""
    return inspect.currentframe().f_back.f_lineno


def message(run):
    with pytest.raises(RuntimeError) as caught:
        run()
    return str(caught.value)


def test_a_derivative_that_is_not_finite_is_named_with_its_input_index_and_line():
    x = leaf(1.0, 0.0, 4.0)
    with detect_anomaly():
        line = here() + 1
        y = torch.sqrt(x)
        text = message(lambda: y.sum().backward())
    assert "SqrtBackward0" in text and "gradient of x" in text and "inf at index (1,)" in text
    assert f"{__file__}:{line}: y = torch.sqrt(x)" in text
    assert "Every recorded forward value was finite" in text
    assert x.grad is None


def test_the_first_forward_op_that_is_not_finite_is_named_first():
    x = leaf(1.0, -1.0)
    with detect_anomaly():
        line = here() + 1
        h = x.log()
        y = (h * 2).exp()
        text = message(lambda: y.sum().backward())
    assert f"In forward, log (output shape (2,), recorded at {__file__}:{line}" in text
    assert "gave nan at index (1,)" in text


def test_a_forward_op_of_a_graph_that_is_gone_is_not_blamed():
    with detect_anomaly():
        leaf(0.0).log()  # -inf, as a mask may have it; this graph has died
        text = message(lambda: leaf(0.0).sqrt().backward())
    assert "Every recorded forward value was finite" in text


def test_what_cannot_be_blamed_on_an_op_is_blamed_on_the_gradient_given():
    x = leaf(1.0, 2.0)
    with detect_anomaly():
        text = message(lambda: (x * 2).backward(torch.tensor([1.0, np.nan])))
    assert "already held nan at index (1,)" in text


def test_the_binary_op_tells_which_of_its_inputs():
    a, b = leaf(1.0, 1.0), leaf(2.0, 0.0)
    with detect_anomaly():
        text = message(lambda: (a / b).sum().backward())
    assert "gradient of a" in text and "div" in text


def test_the_advice_for_where_works():
    def loss(x, ok):
        return torch.where(ok, torch.sqrt(x), 0.0).sum()

    def masked(x, ok):
        return torch.where(ok, torch.sqrt(torch.where(ok, x, 1.0)), 0.0).sum()

    x = leaf(4.0, -1.0)
    ok = x > 0
    with detect_anomaly():
        text = message(lambda: loss(x, ok).backward())
        assert "where(ok, x, 1)" in text
        masked(x, ok).backward()
    assert x.grad.tolist() == [0.25, 0.0]


def test_finite_gradients_are_let_pass():
    x = leaf(1.0, 2.0)
    with detect_anomaly():
        (torch.softmax(x, 0).log() * x[[0, 0]]).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_infinite_values_without_infinite_gradients_are_let_pass():
    x = leaf(1.0, 2.0)
    with detect_anomaly():
        scores = x.masked_fill(torch.tensor([False, True]), float("-inf"))
        torch.softmax(scores, 0).sum().backward()


def test_nan_is_not_looked_for_when_told():
    x = leaf(0.0)
    with detect_anomaly(check_nan=False):
        line = here() + 1
        y = x.sqrt()
        y.backward(retain_graph=False)
        text = message(y.backward)
    assert f":{line}" in text


def test_a_second_derivative_is_watched_too():
    x = leaf(0.0)
    with detect_anomaly():
        (g,) = torch.autograd.grad((x**1.5).sum(), x, create_graph=True)
        text = message(lambda: torch.autograd.grad(g.sum(), x))
    assert "nan or inf" in text


def test_a_function_is_watched_under_its_own_name():
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * float("nan")

    x = leaf(1.0)
    with detect_anomaly():
        line = here() + 1
        y = Broken.apply(x)
        text = message(y.backward)
    assert "BrokenBackward" in text and f":{line}" in text


# --- the line in other errors --------------------------------------------------------------------------


def test_backward_twice_and_a_stale_value_tell_the_line():
    x = leaf(1.0, 2.0)
    with detect_anomaly():
        h = x * 2
        line = here() + 1
        y = h.sin()
        h.detach().zero_()
        assert f"{__file__}:{line}" in message(lambda: y.sum().backward())
        line = here() + 1
        z = x.exp().sum()
        z.backward()
        assert f"{__file__}:{line}" in message(z.backward)


def test_the_line_is_that_of_the_calling_program_not_of_the_package():
    x = leaf(1.0, 2.0)
    with detect_anomaly():
        line = here() + 1
        y = torch.nn.functional.mse_loss(x, torch.zeros(2).double())
    assert y.grad_fn.watch.line.startswith(f"{__file__}:{line}:")


def test_code_without_a_file_is_told_by_its_number_only():
    scope = {"x": leaf(1.0)}
    linecache.checkcache()
    with detect_anomaly():
        exec(compile("\n\ny = x.exp()", "<a cell>", "exec"), scope)
    assert scope["y"].grad_fn.watch.line == "<a cell>:3"


def test_outside_nothing_is_noted():
    assert (leaf(1.0) * 2).grad_fn.watch is None


# --- as a mode -----------------------------------------------------------------------------------------


def test_the_mode_ends_also_with_an_exception_and_nests():
    x = leaf(0.0)
    with pytest.raises(KeyError), detect_anomaly():
        raise KeyError
    assert x.sqrt().grad_fn.watch is None
    with detect_anomaly(), detect_anomaly():
        pass
    x.sqrt().backward()
    assert x.grad.tolist() == [np.inf]


def test_no_grad_inside_still_records_nothing():
    x = leaf(1.0)
    with detect_anomaly():
        with torch.no_grad():
            assert not (x * 2).requires_grad
        assert (x * 2).grad_fn.watch.line
    with torch.no_grad(), detect_anomaly():
        assert not (x * 2).requires_grad


def test_enable_grad_inside_keeps_watching():
    x = leaf(1.0)
    with detect_anomaly(), torch.no_grad(), torch.enable_grad():
        assert (x * 2).grad_fn.watch.line


def test_set_detect_anomaly_works_at_once_and_as_a_context_manager():
    x = leaf(0.0)
    with set_detect_anomaly(True):
        with set_detect_anomaly(False):
            x.sqrt().backward()
        message(lambda: x.sqrt().backward())
    set_detect_anomaly(True)
    try:
        message(lambda: x.sqrt().backward())
    finally:
        set_detect_anomaly(False)
    x.sqrt().backward()
    assert x.sqrt().grad_fn.watch is None
