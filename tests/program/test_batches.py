"""Loops of small calls: many of them become one, and the numbers stay."""

import sys

import numpy as np
import pytest
from hypothesis import given, strategies as st

import minigrad as torch

FUNCTIONS = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "exp": lambda x: torch.exp(-x * x),
    "relu": torch.relu,
    "sqrt": lambda x: torch.sqrt(x * x + 1),
    "square": lambda x: x * x / 4,
    "kept": lambda x: x + 0.5,
}


def loop(names, shared):
    def run(x, w, b):
        y = x
        kept = []
        for i, name in enumerate(names):
            y = FUNCTIONS[name](y * w + b)
            if i in shared:
                kept.append(y)
        return (sum(kept) + y * w).sum() if kept else y.sum()

    return run


@given(
    names=st.lists(st.sampled_from(sorted(FUNCTIONS)), min_size=4, max_size=14),
    shape=st.sampled_from([(), (3,), (2, 3), (1, 2)]),
    narrow=st.booleans(),
    shared=st.sets(st.integers(0, 13), max_size=6),
    seed=st.integers(0, 99),
)
def test_loops_of_any_links_are_those_of_eager_mode(names, shape, narrow, shared, seed):
    run = loop(names, shared)
    compiled = torch.compile(run, fullgraph=True)
    draw = np.random.default_rng(seed)
    for _ in range(3):
        arrays = [
            np.asarray(draw.uniform(0.2, 0.9, s)) for s in (shape, shape[-1:] if narrow else shape, shape)
        ]
        a, b = ([torch.from_numpy(x.copy()).requires_grad_() for x in arrays] for _ in range(2))
        wanted, first, second = run(*a), compiled(*b), compiled(*b)
        wanted.backward()
        for out in (second, first):
            for retain in (True, False):
                grads = torch.autograd.grad(out, b, retain_graph=retain)
                for g, t in zip(grads, a, strict=True):
                    np.testing.assert_allclose(g.numpy(), t.grad.numpy(), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(first.item(), wanted.item(), rtol=1e-12)
    assert not compiled._calls.runners[0].failures


def test_a_gradient_that_two_sums_collect_counts_in_both():
    def run(x):
        y = torch.sinc(x)
        z = y + x  # its gradient goes to y and to x
        top = x @ x
        chosen = torch.where(y > top, top, y * 2)
        return y * 1.0, z * 1.0, torch.sin(y) * y * 1.0, chosen * 1.0

    compiled = torch.compile(run, fullgraph=True)
    for _ in range(2):
        a, b = (torch.tensor([-1.9, 1.3, 0.8], dtype=torch.float64, requires_grad=True) for _ in range(2))
        for outs in (run(a), compiled(b)):
            torch.autograd.backward([out.sum() for out in outs])
        np.testing.assert_allclose(b.grad.numpy(), a.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("length", [1, 8])
def test_a_long_loop_takes_few_calls_backward(length):
    w, b = (torch.full((length,), 0.5, requires_grad=True) for _ in range(2))
    compiled = torch.compile(loop(["tanh"] * 100, ()), fullgraph=True)
    compiled(torch.ones(length), w, b)
    forward, backward = compiled._calls.runners[0]._calls
    assert forward <= 302 and backward < 310


def test_the_numba_backend_computes_the_same():
    pytest.importorskip("numba")
    draw = np.random.default_rng(0)
    for names, shape in (
        (["tanh", "relu", "exp", "sqrt", "square", "sigmoid"] * 2, (3,)),
        (["tanh"] * 5, ()),
        (["relu", "kept", "exp"], (4, 3)),
    ):
        run = loop(names, {1, 3})
        compiled = torch.compile(run, fullgraph=True, backend="numba")
        for _ in range(3):
            arrays = [np.asarray(draw.uniform(0.2, 0.9, s)) for s in (shape, shape[-1:], shape)]
            a, b = ([torch.from_numpy(x.copy()).requires_grad_() for x in arrays] for _ in range(2))
            wanted, out = run(*a), compiled(*b)
            wanted.backward(), out.backward()
            np.testing.assert_allclose(out.item(), wanted.item(), rtol=1e-12)
            for x, y in zip(a, b, strict=True):
                np.testing.assert_allclose(y.grad.numpy(), x.grad.numpy(), rtol=1e-9, atol=1e-12)
        assert not compiled._calls.runners[0].failures


def test_a_net_by_the_numba_backend_is_trained_as_by_eager_mode():
    pytest.importorskip("numba")
    nn = torch.nn
    results = []
    for backend in ("", "numba"):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.LayerNorm(8), nn.Dropout(0.3), nn.Linear(8, 2))
        call = torch.compile(model, fullgraph=True, backend=backend) if backend else model
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            loss = nn.functional.cross_entropy(call(torch.randn(6, 3)), torch.tensor([0, 1, 0, 1, 1, 0]))
            opt.zero_grad()
            loss.backward()
            opt.step()
        results.append([p.detach().numpy() for p in model.parameters()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_the_numba_backend_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match="pip install numba"):
        torch.compile(torch.tanh, backend="numba")


def test_large_arrays_are_not_stacked():
    w, b = (torch.full((2000,), 0.5, requires_grad=True) for _ in range(2))
    compiled = torch.compile(loop(["tanh"] * 10, ()), fullgraph=True)
    compiled(torch.ones(2000), w, b)
    assert compiled._calls.runners[0]._calls[1] > 60
