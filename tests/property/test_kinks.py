"""Values and gradients exactly at kinks, ties and extremes: conventions that no difference quotient tells."""

from math import inf, nan

import numpy as np
import pytest

import minigrad as torch


def case(name, fn, x, out, grad):
    return pytest.param(fn, x, out, grad, id=name)


def F(t):  # noqa: N802 (functional's usual name)
    return t.nn.functional


KINKS = [
    case("relu", lambda t, x: t.relu(x), [0.0, -0.0, 1.0, -1.0], [0, 0, 1, 0], [0, 0, 1, 0]),
    case("abs", lambda t, x: t.abs(x), [0.0, -0.0, 2.0, -2.0], [0, 0, 2, 2], [0, 0, 1, -1]),
    case("sign", lambda t, x: t.sign(x), [0.0, 2.0, -2.0], [0, 1, -1], [0, 0, 0]),
    case("floor", lambda t, x: t.floor(x), [0.0, 1.0, 1.5], [0, 1, 1], [0, 0, 0]),
    case("round", lambda t, x: t.round(x), [0.5, 1.5, -0.5], [0, 2, 0], [0, 0, 0]),
    case(
        "clamp",
        lambda t, x: t.clamp(x, 0.0, 1.0),
        [0.0, 1.0, 0.5, -1.0, 2.0],
        [0, 1, 0.5, 0, 1],
        [1, 1, 1, 0, 0],
    ),
    case("clamp min", lambda t, x: t.clamp(x, min=0.0), [0.0, -1.0, 1.0], [0, 0, 1], [1, 0, 1]),
    case("leaky_relu", lambda t, x: F(t).leaky_relu(x, 0.25), [0.0, -4.0], [0, -1], [0.25, 0.25]),
    case("elu", lambda t, x: F(t).elu(x, 0.75), [0.0, 1.0], [0, 1], [0.75, 1]),
    case("hardtanh", lambda t, x: F(t).hardtanh(x), [-1.0, 1.0, 0.5], [-1, 1, 0.5], [0, 0, 1]),
    case(
        "huber",
        lambda t, x: F(t).huber_loss(x, x.detach() * 0, reduction="none"),
        [1.0, -1.0],
        [0.5, 0.5],
        [1, -1],
    ),
    case("l1_loss", lambda t, x: F(t).l1_loss(x, x.detach(), reduction="none"), [1.0, 2.0], [0, 0], [0, 0]),
    case(
        "hinge by maximum",
        lambda t, x: t.maximum(x, x.detach() * 0),
        [0.0, 1.0, -1.0],
        [0, 1, 0],
        [0.5, 1, 0],
    ),
    case("minimum", lambda t, x: t.minimum(x, x.detach() * 0), [0.0, 1.0, -1.0], [0, 0, -1], [0.5, 0, 1]),
]

TIES = [
    case("max over all", lambda t, x: t.max(x), [1.0, 3.0, 3.0], 3, [0, 0.5, 0.5]),
    case("min over all", lambda t, x: t.min(x), [1.0, 1.0, 3.0], 1, [0.5, 0.5, 0]),
    case("amax", lambda t, x: t.amax(x, 0), [3.0, 3.0, 3.0], 3, [1 / 3, 1 / 3, 1 / 3]),
    case("amin", lambda t, x: t.amin(x, 0), [3.0, 1.0, 1.0], 1, [0, 0.5, 0.5]),
    case("max along dim", lambda t, x: t.max(x, 0)[0], [1.0, 3.0, 3.0], 3, [0, 1, 0]),
    case("min along dim", lambda t, x: t.min(x, 0)[0], [1.0, 1.0, 3.0], 1, [1, 0, 0]),
    case(
        "sort",
        lambda t, x: t.sort(x, stable=True)[0] * t.arange(1.0, 4),
        [2.0, 1.0, 2.0],
        [1, 4, 6],
        [2, 1, 3],
    ),
    case("the same tensor twice", lambda t, x: t.maximum(x, x), [1.0, 2.0], [1, 2], [1, 1]),
    case("inf norm", lambda t, x: t.linalg.vector_norm(x, inf), [3.0, -3.0], 3, [0.5, -0.5]),
]

POLES = [
    case("sqrt at 0", lambda t, x: t.sqrt(x), [0.0, 4.0], [0, 2], [inf, 0.25]),
    case("log at 0", lambda t, x: t.log(x), [0.0, 1.0], [-inf, 0], [inf, 1]),
    case("1/x at 0", lambda t, x: t.reciprocal(x), [0.0, 2.0], [inf, 0.5], [-inf, -0.25]),
    case("norm of 0", lambda t, x: t.norm(x), [0.0, 0.0], 0, [0, 0]),
    case("norm of 0 of order 3", lambda t, x: t.linalg.vector_norm(x, 3), [0.0, 0.0], 0, [0, 0]),
    case("norm of 0 of order 1", lambda t, x: t.linalg.vector_norm(x, 1), [0.0, 2.0], 2, [0, 1]),
    case("0 ** 0", lambda _t, x: x**0, [0.0, 2.0], [1, 1], [0, 0]),
    case("0 ** 1", lambda _t, x: x**1, [0.0, 2.0], [0, 2], [1, 1]),
    case("0 ** 2", lambda _t, x: x**2, [0.0, 2.0], [0, 4], [0, 4]),
    case("0 ** 0.5", lambda _t, x: x**0.5, [0.0, 4.0], [0, 2], [inf, 0.25]),
    case("a negative base", lambda _t, x: x**3, [-2.0], [-8], [12]),
    case("base 0, exponent x", lambda t, x: t.tensor([0.0, 0.0]) ** x, [0.0, 2.0], [1, 0], [0, 0]),
    case(
        "exponent x tensor",
        lambda t, x: x ** t.tensor([0.0, 1.0, 2.0]),
        [0.0, 0.0, 0.0],
        [1, 0, 0],
        [0, 1, 0],
    ),
    case("prod with a zero", lambda t, x: t.prod(x), [2.0, 0.0, 3.0], 0, [0, 6, 0]),
    case("prod with two zeros", lambda t, x: t.prod(x), [0.0, 0.0, 3.0], 0, [0, 0, 0]),
    case("cumprod with a zero", lambda t, x: t.cumprod(x, 0), [2.0, 0.0, 3.0], [2, 0, 0], [1, 8, 0]),
    case("std of equals", lambda t, x: t.var(x, 0), [2.0, 2.0], 0, [0, 0]),
    case("i0 at 0", lambda t, x: t.special.i0(x), [0.0], [1], [0]),
    case("i1 at 0", lambda t, x: t.special.i1(x), [0.0], [0], [0.5]),
    case("i0e at 0", lambda t, x: t.special.i0e(x), [0.0], [1], [0]),
    case("i1e at 0", lambda t, x: t.special.i1e(x), [0.0], [0], [0.5]),
    case("xlogy at 0", lambda t, x: t.xlogy(t.tensor([0.0, 2.0]), x), [0.0, 1.0], [0, 0], [nan, 2]),
    case("where of a nan not taken", lambda t, x: t.where(x > 0, t.log(x), x), [-1.0, 1.0], [-1, 0], [1, 1]),
    case(
        "where of an inf not taken",
        lambda t, x: t.where(x > 0, t.sqrt(x), x),
        [0.0, 4.0],
        [0, 2],
        [nan, 0.25],
    ),
]

EXTREMES = [
    case("sigmoid", lambda t, x: t.sigmoid(x), [-1000.0, 1000.0], [0, 1], [0, 0]),
    case("tanh", lambda t, x: t.tanh(x), [-1000.0, 1000.0], [-1, 1], [0, 0]),
    case("softplus", lambda t, x: F(t).softplus(x), [-1000.0, 1000.0], [0, 1000], [0, 1]),
    case("logsigmoid", lambda t, x: F(t).logsigmoid(x), [-1000.0, 1000.0], [-1000, 0], [1, 0]),
    case("silu", lambda t, x: F(t).silu(x), [-1000.0, 1000.0], [0, 1000], [0, 1]),
    case("gelu", lambda t, x: F(t).gelu(x), [-1000.0, 1000.0], [0, 1000], [0, 1]),
    case("elu", lambda t, x: F(t).elu(x), [-1000.0, 1000.0], [-1, 1000], [0, 1]),
    case("selu", lambda t, x: F(t).selu(x) * 0 + x, [1000.0], [1000], [1]),
    case("logaddexp", lambda t, x: t.logaddexp(x, t.zeros(2)), [-1000.0, 1000.0], [0, 1000], [0, 1]),
    case("logsumexp", lambda t, x: t.logsumexp(x, 0), [1000.0, -1000.0], 1000, [1, 0]),
    case("logsumexp below", lambda t, x: t.logsumexp(x, 0), [-1000.0, -2000.0], -1000, [1, 0]),
    case("logsumexp with -inf", lambda t, x: t.logsumexp(x, 0), [-inf, 0.0], 0, [0, 1]),
    case("softmax", lambda t, x: t.softmax(x, 0)[0], [1000.0, -1000.0], 1, [0, 0]),
    case("softmax with -inf", lambda t, x: t.softmax(x, 0)[1], [-inf, 0.0, 0.0], 0.5, [0, 0.25, -0.25]),
    case("log_softmax", lambda t, x: t.log_softmax(x, 0)[1], [1000.0, -1000.0], -2000, [-1, 1]),
    case("cross_entropy", lambda t, x: F(t).cross_entropy(x, t.tensor(1)), [1000.0, -1000.0], 2000, [1, -1]),
    case(
        "binary_cross_entropy_with_logits",
        lambda t, x: F(t).binary_cross_entropy_with_logits(x, t.tensor([1.0, 0.0]), reduction="none"),
        [-1000.0, 1000.0],
        [1000, 1000],
        [-1, 1],
    ),
    case(
        "binary_cross_entropy",
        lambda t, x: F(t).binary_cross_entropy(x, t.tensor([1.0, 0.0]), reduction="none"),
        [0.0, 0.0],
        [100, 0],
        None,
    ),
    case("exp to inf", lambda t, x: t.exp(x), [1000.0, -1000.0], [inf, 0], [inf, 0]),
    case("expm1 of little", lambda t, x: t.expm1(x), [1e-20], [1e-20], [1]),
    case("log1p of little", lambda t, x: t.log1p(x), [1e-20], [1e-20], [1]),
    case("atan2 at 0, 1", lambda t, x: t.atan2(x, t.ones(1)), [0.0], [0], [1]),
]

EMPTY = [
    case("sum", lambda t, x: t.sum(x), [], 0, []),
    case("prod", lambda t, x: t.prod(x), [], 1, []),
    case("mean", lambda t, x: t.mean(x), [], nan, []),
    case("logsumexp", lambda t, x: t.logsumexp(x, 0), [], -inf, []),
    case("cumsum", lambda t, x: t.cumsum(x, 0), [], [], []),
    case("softmax", lambda t, x: t.softmax(x, 0), [], [], []),
]
ALL = KINKS + TIES + POLES + EXTREMES + EMPTY


def run(library, fn, x):
    """(value, gradient of the plain sum) in one of the two libraries."""
    x = library.tensor(x, requires_grad=True)
    out = fn(library, x)
    out.backward(library.ones_like(out))
    return out.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize(("fn", "x", "out", "grad"), ALL)
def test_value_and_gradient(fn, x, out, grad):
    value, gradient = run(torch, fn, x)
    np.testing.assert_allclose(value, np.array(out, np.float32), rtol=1e-6)
    if grad is not None:
        np.testing.assert_allclose(gradient, np.array(grad, np.float32), rtol=1e-6, atol=1e-30)


@pytest.mark.parity
@pytest.mark.parametrize(("fn", "x", "out", "grad"), ALL)
def test_pytorch_says_the_same(fn, x, out, grad, pytorch):
    value, gradient = run(pytorch, fn, x)
    np.testing.assert_allclose(value, np.array(out, np.float32), rtol=1e-6)
    np.testing.assert_allclose(run(torch, fn, x)[1], gradient, rtol=1e-6, atol=1e-30)
    if grad is not None:
        np.testing.assert_allclose(gradient, np.array(grad, np.float32), rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("name", ["max", "min", "amax", "amin", "argmax"])
def test_there_is_no_largest_of_nothing(name):
    with pytest.raises((RuntimeError, IndexError)):
        getattr(torch, name)(torch.tensor([]))


def test_second_derivatives_at_extremes_are_finite():
    x = torch.tensor([-1000.0, 0.0, 1000.0], requires_grad=True)
    for name in ("sigmoid", "tanh", "softplus", "logsigmoid", "silu", "gelu", "elu", "selu"):
        fn = getattr(F(torch), name)
        (first,) = torch.autograd.grad(fn(x).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x)
        assert torch.isfinite(first).all() and torch.isfinite(second).all(), name


def test_a_float32_kink_is_where_float32_says():
    x = torch.tensor([np.float32(1e-45), -1e-45], requires_grad=True)  # the smallest numbers there are
    torch.relu(x).sum().backward()
    assert x.grad.tolist() == [1, 0]
