"""Lazy layers, parametrizations and functional calls beside PyTorch's, at orders 1 and 2."""

import numpy as np
import pytest

import minigrad

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

MAKE = {
    "tall": (lambda nn: nn.Linear(3, 5), (2, 3)),
    "wide": (lambda nn: nn.Linear(5, 3), (2, 5)),
    "square": (lambda nn: nn.Linear(3, 3), (2, 3)),
    "conv": (lambda nn: nn.Conv2d(2, 3, 2), (1, 2, 4, 4)),
    "transposed": (lambda nn: nn.ConvTranspose2d(2, 3, 2), (1, 2, 3, 3)),
}
CASES = [
    (kind, options, which)
    for kind, options in (
        ("weight_norm", {"dim": 0}), ("weight_norm", {"dim": 1}), ("weight_norm", {"dim": None}),
        ("weight_norm", {"dim": -2}), ("spectral_norm", {}), ("spectral_norm", {"dim": 1}),
        ("spectral_norm", {"n_power_iterations": 3}), ("older weight_norm", {"dim": 0}),
        ("older weight_norm", {"dim": None}), ("older spectral_norm", {}),
        ("older spectral_norm", {"dim": 1, "n_power_iterations": 3}),
    )
    for which in MAKE
] + [
    ("orthogonal", {"orthogonal_map": orthogonal_map, "use_trivialization": trivial}, which)
    for orthogonal_map in (None, "matrix_exp", "cayley", "householder")
    for trivial in (True, False)
    for which in ("tall", "wide", "square")
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "which"), CASES, ids=str)
def test_parametrizations(pytorch, kind, options, which):
    # The second derivative of PyTorch's fused kernel of weight norm is none: its own gradgradcheck fails.
    order = 1 if "weight_norm" in kind and options["dim"] in (0, 1) else 2
    make, shape = MAKE[which]
    rng = np.random.default_rng(0)
    x_of, layers, found = rng.standard_normal(shape), [], []
    for lib in (pytorch, minigrad):
        layer = make(lib.nn).double()
        older = kind.startswith("older ")
        home = lib.nn.utils if older else lib.nn.utils.parametrizations
        getattr(home, kind.removeprefix("older "))(layer, **options)
        layers.append(layer)
    theirs, ours = layers
    assert list(ours.state_dict()) == list(theirs.state_dict()) and repr(ours) == repr(theirs)
    moved = {k: v.numpy() + 0.1 * rng.standard_normal(tuple(v.shape)) for k, v in theirs.state_dict().items()}
    for lib, layer in ((pytorch, theirs), (minigrad, ours)):
        layer.load_state_dict({k: lib.tensor(v) for k, v in moved.items()})
        x = lib.tensor(x_of, requires_grad=True)
        out, leaves = layer(x), [x, *layer.parameters()]
        first = lib.autograd.grad((out * out.cos()).sum(), leaves, create_graph=True)
        second = lib.autograd.grad(sum((g * g.sin()).sum() for g in first), leaves) if order == 2 else ()
        found.append([t.detach().numpy() for t in (out, *first, *second, layer(x), layer.weight)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-11)


LAZY = [
    ("LazyLinear", (3,), {}, (2, 4)), ("LazyLinear", (3,), {"bias": False}, (2, 4)),
    ("LazyConv1d", (4, 3), {"groups": 2}, (2, 6, 8)), ("LazyConv2d", (4, 3), {"padding": "same"}, (3, 5, 5)),
    ("LazyConv3d", (4, 2), {}, (1, 2, 3, 3, 3)), ("LazyConvTranspose2d", (4, 3), {"stride": 2}, (2, 3, 4, 4)),
    ("LazyBatchNorm1d", (), {}, (4, 3)), ("LazyBatchNorm2d", (1e-3, 0.2), {"affine": False}, (4, 3, 2, 2)),
    ("LazyInstanceNorm1d", (), {"affine": False}, (2, 3, 5)),
    ("LazyInstanceNorm2d", (), {"affine": False}, (2, 3, 5, 5)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options", "shape"), LAZY)
def test_lazy_layers(pytorch, name, args, options, shape):
    x, told, state = np.random.default_rng(0).standard_normal(shape).astype(np.float32), [], None
    for lib in (pytorch, minigrad):
        layer = getattr(lib.nn, name)(*args, **options)
        before = (repr(layer), str({k: v for k, v in layer.state_dict().items() if "Uninit" in repr(v)}))
        called = getattr(lib.nn, name)(*args, **options)
        called(lib.tensor(x))  # PyTorch's repr of a loaded one tells of 0 channels
        state = state or {k: v.numpy().copy() for k, v in called.state_dict().items()}
        layer.load_state_dict({k: lib.tensor(v) for k, v in state.items()})
        out = layer(lib.tensor(x)).detach().numpy()
        told.append((before, repr(called), type(layer).__name__, list(layer.state_dict()), out))
    assert told[0][:4] == told[1][:4]
    np.testing.assert_allclose(told[1][4], told[0][4], rtol=1e-4, atol=1e-5)


def test_functional_calls(pytorch):
    found = []
    weights = {"0.weight": (3, 2), "0.bias": (3,), "1.weight": (3,), "1.bias": (3,), "2.weight": (1, 3)}
    for lib in (pytorch, minigrad):
        net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3), lib.nn.Linear(3, 1)).double()
        with lib.no_grad():
            for p in net.parameters():
                p.fill_(0.5)
        given = {
            k: lib.tensor(np.random.default_rng(i).standard_normal(s), requires_grad=True)
            for i, (k, s) in enumerate(weights.items())
        }
        call = lib.func.functional_call if lib is pytorch else lib.nn.utils.stateless.functional_call
        out = call(net, given, (lib.tensor(np.random.default_rng(9).standard_normal((4, 2))),))
        first = lib.autograd.grad((out * out).sum(), list(given.values()), create_graph=True)
        second = lib.autograd.grad(sum((g * g).sum() for g in first), list(given.values()))
        found.append([t.detach().numpy() for t in (out, *first, *second, *net.buffers())])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-8, atol=1e-9)
