"""Gradients that a compiled function takes itself, with `autograd.grad`: penalties, forces, inner steps."""

import warnings

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn

D = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1))
E = nn.Sequential(nn.Linear(5, 6), nn.Softplus(), nn.Linear(6, 1))
LEAF = torch.ones(5)


def penalty(real, fake):
    a = torch.rand(3, 1)
    x = (a * real + (1 - a) * fake).requires_grad_(True)
    (g,) = torch.autograd.grad(D(x), x, torch.ones(3, 1), create_graph=True, retain_graph=True)
    return ((g.norm(2, dim=1) - 1) ** 2).mean()


def force(x, _):
    x = x.detach().requires_grad_()
    energy = E(x).sum()
    return energy.detach(), -torch.autograd.grad(energy, x)[0]


def force_to_train(x, _):
    x = x.clone().detach().requires_grad_(True)
    energy = E(x).sum()
    return energy, -torch.autograd.grad(energy, x, create_graph=True)[0]


def norms(x, _):
    loss = D(x).pow(2).mean()
    gradients = torch.autograd.grad(loss, D.parameters(), create_graph=True)
    return loss + 0.1 * sum(g.norm() for g in gradients)


def product_with_the_hessian(x, v):
    w = D[0].weight
    (g,) = torch.autograd.grad(D(x).pow(2).mean(), w, create_graph=True)
    return torch.autograd.grad((g * v[:1]).sum(), w)[0]


def inner_step(x, y):
    w, b = D[0].weight, D[0].bias
    gw, gb = torch.autograd.grad(((x @ w.T + b) ** 2).mean(), (w, b), create_graph=True)
    return ((y @ (w - 0.1 * gw).T + b - 0.1 * gb - 1) ** 2).mean()


def attack(x, _):
    change = torch.zeros_like(x, requires_grad=True)
    (g,) = torch.autograd.grad(D(x + change).sum(), change)
    return D((x + 0.1 * g.sign()).detach()).mean()


def residual(x, _):
    x = x.detach().requires_grad_(True)
    u = E(x)
    (first,) = torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)
    (second,) = torch.autograd.grad(first[:, 0].sum(), x, create_graph=True)
    return ((second[:, :1] + u * first[:, 1:2]) ** 2).mean()


FUNCTIONS = [penalty, force, force_to_train, norms, product_with_the_hessian, inner_step, attack, residual]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("grad", [True, False])
def test_a_function_that_takes_gradients_is_a_program(function, grad):
    compiled, draw = torch.compile(function, fullgraph=True), np.random.default_rng(0)
    for call in range(4):
        data = [draw.standard_normal((3, 5)).astype("f4") for _ in range(2)]
        found = []
        for one in (function, compiled):
            torch.manual_seed(call)
            D.zero_grad(), E.zero_grad()
            inputs = [torch.from_numpy(a.copy()).requires_grad_(grad) for a in data]
            outs = one(*inputs)
            outs = outs if isinstance(outs, tuple) else (outs,)
            sums = [y.sum() for y in outs if y.requires_grad]
            if sums:
                sum(sums).backward()
            leaves = [*inputs, *D.parameters(), *E.parameters()]
            found.append([*[y.detach() for y in outs], *[x.grad for x in leaves]])
        for wanted, got in zip(*found, strict=True):
            assert (wanted is None) == (got is None)
            if wanted is not None:
                np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-4, atol=1e-5)
    assert len(compiled._calls.runners) == 1


def kept(x, _):
    global LEAF  # noqa: PLW0603 (the leaf is kept on purpose)
    LEAF = torch.zeros(5, requires_grad=True)
    return (x * LEAF).sum()


def returned(x, _):
    leaf = torch.zeros(3, 5, requires_grad=True)
    return leaf, (x * leaf).sum()


def returned_with_values_of_the_call(x, _):
    leaf = (x * 0).detach().requires_grad_()
    return leaf, (x * leaf).sum()


def seen_through(x, _, seen=[]):  # noqa: B006 (the list is the point)
    leaf = torch.ones(3, 5, requires_grad=True)
    leaf.register_hook(lambda g: seen.append(float(g.sum())) or None)
    return (x * leaf).sum()


@pytest.mark.parametrize(
    "function", [kept, returned, returned_with_values_of_the_call, seen_through], ids=lambda f: f.__name__
)
def test_a_leaf_that_others_have_gets_its_gradient_at_each_call(function):
    compiled = torch.compile(function)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for call in range(3):
            outs = compiled(torch.full((3, 5), call + 1.0), None)
            (outs[1] if isinstance(outs, tuple) else outs).backward()
            if function is kept:
                assert LEAF.grad.tolist() == [3 * (call + 1)] * 5
            elif isinstance(outs, tuple):
                assert outs[0].is_leaf and outs[0].grad[0, 0] == call + 1
            else:
                assert seen_through.__defaults__[0][-1] == 15 * (call + 1)
