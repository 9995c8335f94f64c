"""Activations beyond the core: values at their kinks, gradients at orders 1 and 2, in place, errors."""

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.testing import check_grads

AT = [-4.0, -3.0, -0.5, 0.0, 0.5, 3.0, 6.0, 7.0]

# value and slope at each point of AT
PINNED = {
    "relu6": ([0, 0, 0, 0, 0.5, 3, 6, 6], [0, 0, 0, 0, 1, 1, 0, 0]),
    "hardsigmoid": (
        [0, 0, 2.5 / 6, 0.5, 3.5 / 6, 1, 1, 1],
        [0, 0, 1 / 6, 1 / 6, 1 / 6, 0, 0, 0],
    ),
    "hardswish": (
        [0, 0, -1.25 / 6, 0, 1.75 / 6, 3, 6, 7],
        [0, 0, 1 / 3, 0.5, 2 / 3, 1, 1, 1],
    ),
    "hardshrink": ([-4, -3, 0, 0, 0, 3, 6, 7], [1, 1, 0, 0, 0, 1, 1, 1]),
    "softshrink": ([-3.5, -2.5, 0, 0, 0, 2.5, 5.5, 6.5], [1, 1, 0, 0, 0, 1, 1, 1]),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", PINNED)
def test_values_and_slopes_also_at_the_kinks(name, create_graph):
    x = torch.tensor(AT, dtype=torch.float64, requires_grad=True)
    out = getattr(F, name)(x)
    values, slopes = PINNED[name]
    np.testing.assert_allclose(out.detach().numpy(), values, rtol=1e-15)
    (g,) = torch.autograd.grad(out.sum(), x, create_graph=create_graph)
    np.testing.assert_allclose(g.detach().numpy(), slopes, rtol=1e-15)


@pytest.mark.parametrize(
    "name", ["hardswish", "hardsigmoid", "hardshrink", "leaky_relu", "silu", "gelu", "softplus", "elu"]
)
def test_slopes_beside_kinks_and_far_out_are_the_same_recorded_and_not(name):
    bends = np.array([-20, -3, -0.5, 0, 0.5, 3, 20], np.float32)
    far = np.array([-np.inf, -200, -0.0, 200, np.inf, np.nan], np.float32)
    near = [np.nextafter(bends, np.float32(end)) for end in (-np.inf, np.inf)]
    x = torch.tensor(np.concatenate([bends, *near, far]), requires_grad=True)
    g = torch.tensor(np.linspace(0.5, 2, x.numel()).astype(np.float32))
    plain, recorded = (
        torch.autograd.grad(getattr(F, name)(x), x, g, create_graph=create_graph)[0].detach().numpy()
        for create_graph in (False, True)
    )
    np.testing.assert_allclose(plain, recorded, rtol=1e-6)


@pytest.mark.parametrize("name", ["elu", "celu", "selu"])
def test_the_second_derivative_of_an_exponential_unit_is_0_at_0(name):
    x = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(getattr(F, name)(x).sum(), x, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), x)
    factor = 1.0507009873554805 * 1.6732632423543772 if name == "selu" else 1.0
    np.testing.assert_allclose(bend.numpy(), [factor * np.exp(-1.0), 0, 0], rtol=1e-15)


def test_formulas():
    x = np.linspace(-3, 3, 13)
    t = torch.from_numpy(x)
    for ours, theirs in (
        (F.celu(t, 0.7), np.where(x > 0, x, 0.7 * np.expm1(x / 0.7))),
        (F.mish(t), x * np.tanh(np.log1p(np.exp(x)))),
        (F.softsign(t), x / (1 + np.abs(x))),
        (F.tanhshrink(t), x - np.tanh(x)),
        (F.threshold(t, 0.5, -7.0), np.where(x > 0.5, x, -7)),
        (F.softmin(t, 0), np.exp(-x) / np.exp(-x).sum()),
        (F.rrelu(t, 0.2, 0.4), np.where(x > 0, x, 0.3 * x)),
        (F.glu(t[:12]), x[:6] / (1 + np.exp(-x[6:12]))),
        (F.prelu(t, torch.tensor([0.25], dtype=torch.float64)), np.where(x > 0, x, x / 4)),
    ):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    "function",
    [
        F.mish,
        F.softsign,
        F.tanhshrink,
        F.glu,
        lambda x: F.softmin(x, 0),
        F.hardsigmoid,
        lambda x: F.celu(x, 2),
    ],
)
def test_gradients_of_compositions(function):
    x = torch.tensor([0.3, -1.2, 2.1, -0.4], dtype=torch.float64, requires_grad=True)
    check_grads(function, x, order=2)


def test_prelu_takes_one_slope_or_one_per_channel():
    x = torch.tensor([[[-1.0, 2.0], [-3.0, 0.0]]], dtype=torch.float64, requires_grad=True)
    w = torch.tensor([0.5, 0.25], dtype=torch.float64, requires_grad=True)
    F.prelu(x, w).sum().backward()
    assert x.grad.tolist() == [[[0.5, 1.0], [0.25, 0.25]]]
    assert w.grad.tolist() == [-1.0, -3.0]
    one = nn.PReLU(init=0.1)
    assert one(torch.tensor([-1.0])).item() == pytest.approx(-0.1)
    with pytest.raises(RuntimeError, match="expected a weight of 1 or 2 elements, but got 3"):
        F.prelu(x, torch.zeros(3, dtype=torch.float64))
    with pytest.raises(RuntimeError, match=r"convert one with \.to"):
        F.prelu(x, torch.zeros(2))


@pytest.mark.parametrize("name", ["relu6", "hardsigmoid", "hardswish", "celu", "mish", "rrelu"])
def test_in_place_gives_the_same_and_the_same_gradient(name):
    results = []
    for inplace in (False, True):
        x = torch.tensor(AT, dtype=torch.float64, requires_grad=True)
        y = x * 1
        out = getattr(F, name)(y, inplace=inplace)
        assert (out is y) == inplace
        results.append((out.tolist(), torch.autograd.grad(out.sum(), x)[0].tolist()))
    assert results[0] == results[1]


def test_rrelu_draws_slopes_within_its_bounds_in_training():
    x = -torch.ones(1000)
    x[:10] = 2.0
    y = nn.RReLU(0.2, 0.4)(x)
    assert (y[:10] == 2).all()
    assert -0.4 <= y[10:].min() < -0.39 and -0.21 < y[10:].max() <= -0.2
    with pytest.raises(RuntimeError, match="Lower bound"):
        F.rrelu(x, 0.5, 0.2)


def test_gumbel_softmax_samples_the_categorical_distribution():
    torch.manual_seed(0)
    logits = torch.tensor([[0.1, 0.6, 0.3]], dtype=torch.float64).log().expand(4000, 3).requires_grad_()
    hard = F.gumbel_softmax(logits, tau=0.5, hard=True)
    assert set(hard.detach().numpy().round(12).ravel()) == {0.0, 1.0}
    np.testing.assert_allclose(hard.mean(0).detach().numpy(), [0.1, 0.6, 0.3], atol=0.03)
    soft = F.gumbel_softmax(logits)
    np.testing.assert_allclose(soft.sum(1).detach().numpy(), 1, rtol=1e-12)
    assert torch.autograd.grad(soft[:, 0].sum(), logits)[0].abs().sum() > 0


def test_errors_name_the_fault():
    with pytest.raises(RuntimeError, match="alpha cannot be 0"):
        nn.CELU(0.0)(torch.ones(2))
    with pytest.raises(RuntimeError, match="lambd must not be negative"):
        nn.Softshrink(-1.0)(torch.ones(2))
    with pytest.raises(RuntimeError, match="must be even, but dimension 1 has size 3"):
        nn.GLU(1)(torch.ones(2, 3))
    with pytest.raises(RuntimeError, match="halves an axis"):
        nn.GLU()(torch.tensor(1.0))
    with pytest.raises(RuntimeError, match="floating"):
        F.mish(torch.arange(3))


@pytest.mark.parametrize("value", [0.0, -0.0, 7.0, float("inf")])
def test_a_threshold_lets_nan_pass_and_gives_its_value_with_its_sign(value: float) -> None:
    inf, nan = float("inf"), float("nan")
    x = torch.tensor([-inf, -1.0, 0.5, 0.6, inf, nan], requires_grad=True)
    out = F.threshold(x, 0.5, value)
    np.testing.assert_array_equal(out.detach().numpy(), [value, value, value, np.float32(0.6), inf, nan])
    assert bool(np.signbit(out[0].item())) == bool(np.signbit(value))
    out.backward(torch.full((6,), inf))
    assert x.grad.tolist() == [0.0, 0.0, 0.0, inf, inf, inf]
