"""Optimisers that know rows and columns: Adafactor and Muon, beside their formulas and recorded numbers."""

import copy
import math
from functools import partial

import numpy as np
import pytest

import minigrad as torch
from minigrad import optim

RNG = np.random.default_rng(0)
START = {
    "matrix": RNG.standard_normal((3, 4)),
    "vector": RNG.standard_normal(3),
    "cube": RNG.random((2, 3, 2)),
}
GRADIENTS = {name: RNG.standard_normal((5, *x.shape)) for name, x in START.items()}


def adafactor(p, gradients, lr=1e-2, decay=-0.8, eps=None, least=1e-3, d=1.0, weight_decay=0.0, sign=1):
    eps = np.finfo(np.float64).eps if eps is None else eps
    rows = columns = v = 0.0
    for t, given in enumerate(gradients, 1):
        g = sign * given
        alpha = max(least, math.sqrt((p**2).mean())) * min(lr, t**-0.5)
        p = p * (1 - lr * weight_decay)
        weight = t**decay
        if g.ndim > 1:
            rows = rows + weight * ((g**2).mean(-1, keepdims=True) - rows)
            columns = columns + weight * ((g**2).mean(-2, keepdims=True) - columns)
            v = rows * columns / np.maximum(rows.mean(-2, keepdims=True), eps)
        else:
            v = v + weight * (g**2 - v)
        u = g / np.sqrt(np.maximum(v, eps**2))
        p = p - alpha / max(1, math.sqrt((u**2).mean()) / d) * u
    return p


def trained(make, name, dtype=torch.float64):
    p = torch.tensor(START[name], dtype=dtype, requires_grad=True)
    optimizer = make([p])
    for g in GRADIENTS[name]:
        p.grad = torch.tensor(g, dtype=dtype)
        optimizer.step()
    return p.detach().numpy()


@pytest.mark.parametrize("name", START)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"lr": 0.3, "beta2_decay": -0.5, "eps": (0.7, 2.0), "d": 1.3, "weight_decay": 0.1, "maximize": True},
        {"lr": 5.0},
        {"lr": 0.3, "weight_decay": 0.5},
    ],
)
def test_adafactor_is_its_formula(name, options):
    told = {
        "lr": options.get("lr", 1e-2), "decay": options.get("beta2_decay", -0.8),
        "eps": options.get("eps", (None, 0))[0], "least": options.get("eps", (0, 1e-3))[1],
        "d": options.get("d", 1.0), "weight_decay": options.get("weight_decay", 0.0),
        "sign": -1 if options.get("maximize") else 1,
    }  # fmt: skip
    found = trained(lambda p: optim.Adafactor(p, **options), name)
    np.testing.assert_allclose(found, adafactor(START[name], GRADIENTS[name], **told), rtol=1e-12)


def test_adafactor_keeps_a_row_and_a_column():
    p = torch.ones(3, 4, requires_grad=True)
    optimizer = optim.Adafactor([p])
    p.sum().backward()
    optimizer.step()
    kept = {k: tuple(v.shape) for k, v in optimizer.state[p].items()}
    assert kept == {"step": (), "row_var": (3, 1), "col_var": (1, 4)}


def test_muon_makes_singular_values_nearly_one():
    g = np.random.default_rng(1).standard_normal((6, 4))
    for given in (g, g.T):
        p = torch.zeros(given.shape, requires_grad=True)
        p.grad = torch.tensor(given, dtype=torch.float32)
        optim.Muon([p], lr=1.0, weight_decay=0.0, nesterov=False, momentum=0.0).step()
        update = -p.detach().numpy() / math.sqrt(max(1, given.shape[0] / given.shape[1]))
        u, _, v = np.linalg.svd(given, full_matrices=False)
        found = u.T @ update @ v.T  # diagonal, but for the rounding
        assert ((np.diag(found) > 0.6) & (np.diag(found) < 1.3)).all()
        assert np.abs(found - np.diag(np.diag(found))).max() < 0.05


def polynomial(x, steps=5):
    for _ in range(steps):
        x = 3.4445 * x - 4.7750 * x**3 + 2.0315 * x**5
    return x


def test_muon_is_its_formula_to_the_digits_of_bfloat16():
    options = {"lr": 0.1, "weight_decay": 0.3, "momentum": 0.8}
    for nesterov in (True, False):
        for adjust in (None, "match_rms_adamw"):
            p, mean = START["matrix"], 0.0
            for g in GRADIENTS["matrix"]:
                mean = mean + 0.2 * (g - mean)
                ahead = g + 0.8 * (mean - g) if nesterov else mean
                u, s, v = np.linalg.svd(ahead, full_matrices=False)
                update = u * polynomial(s / np.sqrt((s**2).sum())) @ v
                scale = 0.2 * 2.0 if adjust else 1.0  # sqrt(max(3, 4)), or sqrt(max(1, 3/4))
                p = p * (1 - 0.03) - 0.1 * scale * update
            make = partial(optim.Muon, nesterov=nesterov, adjust_lr_fn=adjust, **options)
            found = trained(make, "matrix")
            np.testing.assert_allclose(found, p, atol=0.03)


def test_muon_rounds_to_the_nearest_of_bfloat16_and_of_two_to_the_even():
    from minigrad.optim.muon import _rounded

    one = 2.0**-7
    given = np.array([1 + one / 2, 1 + 3 * one / 2, 1 + one / 2 + 2**-20, -1 - 0.4 * one, np.inf, -np.inf])
    assert _rounded(given).tolist() == [1.0, 1 + 2 * one, 1 + one, -1.0, np.inf, -np.inf]
    assert np.isnan(_rounded(np.array([np.nan]))).all()


MAKERS = {
    "Adafactor": lambda p: optim.Adafactor(p, lr=0.1, weight_decay=0.1),
    "Muon": lambda p: optim.Muon(p, lr=0.1),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_loaded_state_goes_on_where_it_was(name):
    def run(p, optimizer, gradients):
        for g in gradients:
            p.grad = torch.tensor(g)
            optimizer.step()

    p = torch.tensor(START["matrix"], requires_grad=True)
    optimizer = MAKERS[name]([p])
    run(p, optimizer, GRADIENTS["matrix"][:2])
    q = p.detach().clone().requires_grad_()
    other = MAKERS[name]([q])
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    run(p, optimizer, GRADIENTS["matrix"][2:])
    run(q, other, GRADIENTS["matrix"][2:])
    assert torch.equal(p, q)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: optim.Adafactor(p, lr=-1), "lr"),
        (lambda p: optim.Adafactor(p, beta2_decay=0.1), "beta2_decay must be at most 0"),
        (lambda p: optim.Adafactor(p, eps=(-1, 0)), r"eps\[0\]"),
        (lambda p: optim.Adafactor(p, eps=(None, -1)), r"eps\[1\]"),
        (lambda p: optim.Adafactor(p, d=0.5), "d must be"),
        (lambda p: optim.Adafactor(p, weight_decay=-1), "weight_decay"),
        (lambda p: optim.Muon(p, lr=-1), "lr"),
        (lambda p: optim.Muon(p, momentum=-1), "momentum"),
        (lambda p: optim.Muon(p, adjust_lr_fn="none"), "adjust_lr_fn must be None"),
        (lambda p: optim.Muon(p, ns_steps=100), "less than 100"),
        (lambda p: optim.Muon(p, ns_coefficients=(1.0, 2.0)), "exactly 3 values"),
        (lambda _: optim.Muon([torch.ones(3, requires_grad=True)]), r"has shape \(3,\)"),
    ],
)
def test_impossible_options_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make([torch.ones(2, 2, requires_grad=True)])
