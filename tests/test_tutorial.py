"""The chapter on multilayer perceptrons: its code with only the import changed, its table, its claims."""

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn


@pytest.fixture
def x():
    return torch.arange(-8.0, 8.0, 0.1, requires_grad=True)


CHAPTER = """
x = torch.arange(-8.0, 8.0, 0.1, requires_grad=True)
y = torch.relu(x)
plot(x.detach(), y.detach(), 'x', 'relu(x)', figsize=(5, 2.5))
y.backward(torch.ones_like(x), retain_graph=True)
plot(x.detach(), x.grad, 'x', 'grad of relu', figsize=(5, 2.5))

x.grad.data.zero_()
y = torch.sigmoid(x)
plot(x.detach(), y.detach(), 'x', 'sigmoid(x)', figsize=(5, 2.5))
y.backward(torch.ones_like(x), retain_graph=True)
plot(x.detach(), x.grad, 'x', 'grad of sigmoid', figsize=(5, 2.5))

x.grad.data.zero_()
y = torch.tanh(x)
plot(x.detach(), y.detach(), 'x', 'tanh(x)', figsize=(5, 2.5))
y.backward(torch.ones_like(x), retain_graph=True)
plot(x.detach(), x.grad, 'x', 'grad of tanh', figsize=(5, 2.5))
"""


def curves(lib):
    """What the chapter's code draws: the six pairs of arrays, by name."""
    drawn = {}

    def plot(X, Y, xlabel, ylabel, figsize):
        drawn[ylabel] = np.array(X.tolist()), np.array(Y.tolist())

    exec(CHAPTER, {"torch": lib, "plot": plot})
    return drawn


def test_the_chapters_code_draws_six_curves_of_160_points():
    drawn = curves(torch)
    assert list(drawn) == [
        "relu(x)", "grad of relu", "sigmoid(x)", "grad of sigmoid", "tanh(x)", "grad of tanh",
    ]  # fmt: skip
    for name, (x, y) in drawn.items():
        assert x.shape == y.shape == (160,), name
        assert x[0] == -8.0 and abs(x[80]) < 1e-6


def test_its_numbers_are_those_of_the_table():
    drawn = curves(torch)
    x = drawn["relu(x)"][0]
    s = 1 / (1 + np.exp(-x))
    expected = {
        "relu(x)": np.maximum(x, 0),
        "grad of relu": (x > 0) * 1.0,
        "sigmoid(x)": s,
        "grad of sigmoid": s * (1 - s),
        "tanh(x)": (1 - np.exp(-2 * x)) / (1 + np.exp(-2 * x)),
        "grad of tanh": 1 - np.tanh(x) ** 2,
    }
    for name, y in expected.items():
        np.testing.assert_allclose(drawn[name][1], y, atol=2e-7, err_msg=name)


@pytest.mark.parity
def test_pytorch_draws_the_same_curves(pytorch):
    # Its arange misses 0 by 4e-16, where relu's gradient jumps: this one point is left out.
    rest = np.arange(160) != 80
    for (name, mine), theirs in zip(curves(torch).items(), curves(pytorch).values(), strict=True):
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a[rest], b[rest], rtol=2e-6, atol=2e-7, err_msg=name)


def test_the_plot_function_takes_the_chapters_parameters():
    plt = pytest.importorskip("matplotlib.pyplot")
    exec(CHAPTER, {"torch": torch, "plot": torch.viz.plot})
    plt.close("all")


# --- the table -------------------------------------------------------------------------------------------


def slope(f, at):
    x = torch.tensor([at], dtype=torch.float64, requires_grad=True)
    f(x).backward()
    return x.grad.item()


def test_relu_is_a_step_with_0_at_0():
    assert [slope(torch.relu, a) for a in (-3.0, -1e-300, 0.0, 1e-300, 3.0)] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert torch.relu(torch.tensor([-2.0, 0.0, 2.0])).tolist() == [0.0, 0.0, 2.0]


def test_the_bell_of_sigmoid_is_at_most_a_quarter_at_0(x):
    assert slope(torch.sigmoid, 0.0) == 0.25
    torch.sigmoid(x).sum().backward()
    assert x.grad.max() <= 0.25 and x.grad.argmax() == 80 and x.grad.min() > 0
    assert torch.sigmoid(x).min() > 0 and torch.sigmoid(x).max() < 1


def test_the_bell_of_tanh_is_at_most_1_at_0(x):
    assert slope(torch.tanh, 0.0) == 1.0
    torch.tanh(x).sum().backward()
    assert x.grad.max() <= 1 and x.grad.argmax() == 80 and x.grad.min() > 0
    assert torch.tanh(x).min() > -1 and torch.tanh(x).max() < 1


def test_tanh_is_a_stretched_sigmoid(x):
    np.testing.assert_allclose(
        torch.tanh(x).detach().numpy(), (2 * torch.sigmoid(2 * x) - 1).detach().numpy(), atol=2e-7
    )


# --- hidden layers ---------------------------------------------------------------------------------------

N, D, H, Q = 6, 4, 5, 3


@pytest.fixture
def network():
    torch.manual_seed(0)
    shapes = {"X": (N, D), "W1": (D, H), "b1": (1, H), "W2": (H, Q), "b2": (1, Q)}
    return {k: torch.randn(s, dtype=torch.float64).requires_grad_() for k, s in shapes.items()}


def test_two_affine_layers_collapse_to_one(network):
    X, W1, b1, W2, b2 = network.values()
    deep = (X @ W1 + b1) @ W2 + b2
    W, b = W1 @ W2, b1 @ W2 + b2
    flat = X @ W + b
    assert deep.shape == flat.shape == (N, Q) and W.shape == (D, Q) and b.shape == (1, Q)
    np.testing.assert_allclose(deep.detach().numpy(), flat.detach().numpy(), rtol=1e-12, atol=1e-12)
    weights = torch.randn(N, Q, dtype=torch.float64)
    (first,) = torch.autograd.grad((deep * weights).sum(), X)
    (second,) = torch.autograd.grad((flat * weights).sum(), X)
    np.testing.assert_allclose(first.numpy(), second.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("activation", [torch.relu, torch.sigmoid, torch.tanh])
def test_with_an_activation_they_do_not(network, activation):
    X, W1, b1, W2, b2 = network.values()
    deep = activation(X @ W1 + b1) @ W2 + b2
    flat = X @ (W1 @ W2) + (b1 @ W2 + b2)
    assert deep.shape == (N, Q) and (deep - flat).abs().max() > 0.1


def test_biases_are_broadcast_over_the_minibatch(network):
    X, W1, b1, _, _ = network.values()
    (X @ W1 + b1).sum().backward()
    assert b1.grad.shape == (1, H) and b1.grad.tolist() == [[float(N)] * H]


def test_the_chapters_network_is_built_and_printed():
    net = nn.MLP(4, 5, 3, activation="relu")
    assert [tuple(p.shape) for p in net.parameters()] == [(5, 4), (5,), (3, 5), (3,)]
    out = net(torch.randn(N, D))
    assert out.shape == (N, Q)
    text = repr(net)
    assert "4" in text and "5" in text and "3" in text and "ReLU" in text
    out.sum().backward()
    assert all(p.grad is not None for p in net.parameters())


# --- what the reader learns about the graph ----------------------------------------------------------------


def test_detach_shares_the_data_and_has_no_history(x):
    y = torch.relu(x)
    d = y.detach()
    assert not d.requires_grad and d.grad_fn is None and np.shares_memory(d.numpy(), y.numpy(force=True))


def test_the_cotangent_is_explicit_and_a_retained_graph_can_be_walked_again(x):
    y = torch.tanh(x)
    with pytest.raises(RuntimeError, match="scalar"):
        y.backward()
    y.backward(torch.ones_like(x), retain_graph=True)
    once = x.grad.clone()
    y.backward(torch.ones_like(x), retain_graph=True)
    assert x.grad.tolist() == (2 * once).tolist()


def test_grad_is_a_tensor_that_accumulates_and_is_cleared_in_place(x):
    torch.relu(x).sum().backward()
    grad = x.grad
    assert isinstance(grad, torch.Tensor) and grad.sum() == 79
    x.grad.data.zero_()
    assert x.grad is grad and x.grad.abs().sum() == 0
    torch.sigmoid(x).sum().backward()
    assert math.isclose(x.grad.max().item(), 0.25)
