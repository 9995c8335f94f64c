"""gradcheck and gradgradcheck: PyTorch's signature; they pass what is right and name what is wrong."""

import inspect

import numpy as np
import pytest

import minigrad as torch
from minigrad.autograd import Function, gradcheck, gradgradcheck


def leaf(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


class Sine(Function):
    """A sine whose derivatives can be given a mistake."""

    mistake = {"first": 1.0, "second": 1.0}  # noqa: RUF012 (set by the tests)

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return Cosine.apply(x) * g * Sine.mistake["first"]


class Cosine(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.cos()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return -Sine.apply(x) * g * Sine.mistake["second"]


def test_right_derivatives_pass():
    x, w = leaf(0.3, 0.7), leaf(1.5)
    assert gradcheck(lambda x, w: (x * w).sin(), (x, w))
    assert gradgradcheck(lambda x, w: (x * w).sin(), (x, w))
    assert gradcheck(torch.exp, x) and gradgradcheck(torch.exp, x)
    assert gradcheck(Sine.apply, (x,)) and gradgradcheck(Sine.apply, (x,))


def test_several_outputs_and_inputs_that_are_not_checked():
    x = leaf(0.3, 0.7)
    constant = torch.ones(2)
    assert gradcheck(lambda x, c, n: (x * c, x.argmax(), (x**n).sum()), (x, constant, 3))
    assert gradgradcheck(lambda x, c: (x.exp() * c, x.sum()), (x, constant))


def test_a_wrong_first_derivative_is_located(monkeypatch):
    monkeypatch.setitem(Sine.mistake, "first", 1.01)
    x = leaf(0.3, 0.7)
    with pytest.raises(
        RuntimeError, match=r"Jacobian mismatch for output 0 .* input 0: .*input\[0\].*2 of 4"
    ):
        gradcheck(Sine.apply, (x,))
    assert gradcheck(Sine.apply, (x,), raise_exception=False) is False
    assert gradcheck(Sine.apply, (x,), rtol=0.1)


def test_a_wrong_second_derivative_passes_the_first_check_only(monkeypatch):
    monkeypatch.setitem(Sine.mistake, "second", -1.0)
    x = leaf(0.3, 0.7)
    assert gradcheck(Sine.apply, (x,))
    assert gradgradcheck(Sine.apply, (x,), raise_exception=False) is False
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        gradgradcheck(Sine.apply, (x,))


def test_a_dependence_that_backward_misses_is_found():
    x = leaf(0.3, 0.7)
    assert not gradcheck(lambda x: x * x.detach(), (x,), raise_exception=False)


def test_a_backward_that_differs_from_run_to_run_is_found():
    calls = []

    class Drifts(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            calls.append(1)
            return g * (2 + 1e-9 * len(calls))

    with pytest.raises(RuntimeError, match="reentrant"):
        gradcheck(Drifts.apply, (leaf(1.0),))
    assert gradcheck(Drifts.apply, (leaf(1.0),), nondet_tol=1e-6)


def test_the_inputs_must_be_float64_and_require_grad():
    with pytest.raises(ValueError, match=r"input 0 is float32.*\.double\(\)"):
        gradcheck(torch.exp, (torch.ones(2, requires_grad=True),))
    with pytest.raises(ValueError, match="at least one input"):
        gradcheck(torch.exp, (torch.ones(2, dtype=torch.float64),))


def test_the_inputs_are_left_alone():
    x = leaf(0.3, 0.7)
    before = x.tolist()
    gradcheck(torch.exp, (x,))
    gradgradcheck(torch.exp, (x,))
    assert x.tolist() == before and x.grad is None


def test_grad_outputs_may_be_given():
    x = leaf(0.3, 0.7)
    assert gradgradcheck(torch.exp, (x,), grad_outputs=leaf(1.0, 2.0))
    assert gradgradcheck(
        torch.exp, (x,), grad_outputs=[torch.ones(2, dtype=torch.float64, requires_grad=True)]
    )


def test_results_without_a_gradient_are_compared_with_zero():
    x = leaf(0.3, 0.7)
    assert gradcheck(torch.floor, (x,))
    assert gradcheck(lambda x: (x.exp(), torch.from_numpy(np.ones(2))), (x,))


@pytest.mark.parametrize(
    ("check", "option"),
    [
        (torch.autograd.gradcheck, "check_batched_grad"),
        (torch.autograd.gradcheck, "check_batched_forward_grad"),
        (torch.autograd.gradcheck, "check_forward_ad"),
        (torch.autograd.gradgradcheck, "check_batched_grad"),
        (torch.autograd.gradgradcheck, "check_fwd_over_rev"),
    ],
)
def test_checks_that_are_not_made_are_refused_by_name(check, option):
    x = torch.ones(1, dtype=torch.float64, requires_grad=True)
    assert check(torch.sin, (x,), **{option: False}, masked=False)
    with pytest.raises(NotImplementedError, match=option):
        check(torch.sin, (x,), **{option: True})
    for turned in ("check_backward_ad", "check_rev_over_rev"):
        if turned in inspect.signature(check).parameters:
            with pytest.raises(NotImplementedError, match=turned):
                check(torch.sin, (x,), **{turned: False})
