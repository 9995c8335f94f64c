"""Derivatives of derivatives."""

import numpy as np

import minigrad as torch


def leaf(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


def grad_of(x):
    return x.grad.tolist()


def derivatives(f, x, n):
    """f and its first n derivatives at x."""
    values = [f(x)]
    for _ in range(n):
        values.append(torch.autograd.grad(values[-1].sum(), x, create_graph=True)[0])
    return [v.detach().numpy() for v in values]


def test_the_same_rule_gives_the_third_and_fourth_derivative():
    x = leaf([0.4, -1.2])
    a = x.detach().numpy()
    for found, expected in zip(
        derivatives(lambda x: x**4, x, 4), [a**4, 4 * a**3, 12 * a**2, 24 * a, 24 + 0 * a], strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    t = np.tanh(a)
    s = 1 - t * t
    expected = [t, s, -2 * t * s, -2 * s * s + 4 * t * t * s]
    for found, value in zip(derivatives(torch.tanh, x, 3), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-12)
    for found in derivatives(torch.exp, x, 3):
        np.testing.assert_allclose(found, np.exp(a), rtol=1e-12)


def test_a_saved_output_is_no_constant_under_create_graph():
    # If softmax's saved probabilities were taken as constant, the second derivative would lack terms.
    x = leaf([0.1, 0.7, -0.3])

    def hessian_row(i):
        (g,) = torch.autograd.grad(torch.softmax(x, 0)[0], x, create_graph=True)
        return torch.autograd.grad(g[i], x)[0].numpy()

    eps = 1e-5

    def gradient(a):
        p = np.exp(a) / np.exp(a).sum()
        return p[0] * ((np.arange(3) == 0) - p)

    a = x.detach().numpy()
    for i in range(3):
        numeric = [(gradient(a + eps * e)[i] - gradient(a - eps * e)[i]) / (2 * eps) for e in np.eye(3)]
        np.testing.assert_allclose(hessian_row(i), numeric, atol=1e-9)


def test_mixed_second_derivatives_agree():
    x, y = leaf([0.5, 1.5]), leaf([2.0, 0.7])
    z = (x * y.log() + (x * y).sin()).sum()
    gx, gy = torch.autograd.grad(z, (x, y), create_graph=True)
    (xy,) = torch.autograd.grad(gx.sum(), y, retain_graph=True)
    (yx,) = torch.autograd.grad(gy.sum(), x)
    np.testing.assert_allclose(xy.numpy(), yx.numpy(), rtol=1e-12)


def test_backward_through_a_gradient_penalty():
    w = leaf([1.0, -2.0])
    x = leaf([3.0, 0.5])
    (g,) = torch.autograd.grad((w * x * x).sum(), x, create_graph=True)
    (g * g).sum().backward()
    # g = 2 w x, so the penalty is 4 w^2 x^2.
    np.testing.assert_allclose(w.grad.numpy(), 8 * w.detach().numpy() * x.detach().numpy() ** 2)


def test_a_gradient_without_create_graph_has_no_history():
    x = leaf(2.0)
    (x**3).backward()
    assert not x.grad.requires_grad
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (x**3).backward()
    assert not x.grad.requires_grad and grad_of(x) == 36.0
