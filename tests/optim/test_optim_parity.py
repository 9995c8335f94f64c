"""Two hundred steps beside PyTorch from the same weights: losses, rates, printed form."""

import numpy as np
import pytest

import minigrad

pytestmark = pytest.mark.parity

OPTIMIZERS = {
    "SGD": lambda o, p: o.SGD(p, lr=0.05),
    "SGD momentum": lambda o, p: o.SGD(p, lr=0.02, momentum=0.9, weight_decay=1e-3),
    "SGD dampening": lambda o, p: o.SGD(p, lr=0.05, momentum=0.8, dampening=0.3),
    "SGD nesterov": lambda o, p: o.SGD(p, lr=0.02, momentum=0.9, nesterov=True),
    "Adam": lambda o, p: o.Adam(p, lr=0.01),
    "Adam decay": lambda o, p: o.Adam(
        p, lr=0.01, weight_decay=0.01, amsgrad=True, betas=(0.8, 0.99), eps=1e-6
    ),
    "AdamW": lambda o, p: o.AdamW(p, lr=0.01, weight_decay=0.1),
    "RMSprop": lambda o, p: o.RMSprop(p, lr=0.002),
    "RMSprop all": lambda o, p: o.RMSprop(
        p, lr=0.002, alpha=0.9, eps=1e-6, weight_decay=0.01, momentum=0.5, centered=True
    ),
    "Adagrad": lambda o, p: o.Adagrad(p, lr=0.05),
    "Adagrad all": lambda o, p: o.Adagrad(
        p, lr=0.05, lr_decay=0.01, weight_decay=0.01, initial_accumulator_value=0.1, eps=1e-6
    ),
    "Adadelta": lambda o, p: o.Adadelta(p, lr=0.5),
    "Adadelta all": lambda o, p: o.Adadelta(p, lr=0.7, rho=0.8, eps=1e-4, weight_decay=0.01),
    "Adamax": lambda o, p: o.Adamax(p, lr=0.01),
    "Adamax all": lambda o, p: o.Adamax(p, lr=0.01, betas=(0.8, 0.95), eps=1e-5, weight_decay=0.01),
    "NAdam": lambda o, p: o.NAdam(p, lr=0.01),
    "NAdam all": lambda o, p: o.NAdam(
        p, lr=0.01, betas=(0.8, 0.95), weight_decay=0.02, momentum_decay=0.1, decoupled_weight_decay=True
    ),
    "RAdam": lambda o, p: o.RAdam(p, lr=0.01),
    "RAdam all": lambda o, p: o.RAdam(
        p, lr=0.01, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.02, decoupled_weight_decay=True
    ),
    "RAdam decay": lambda o, p: o.RAdam(p, lr=0.01, weight_decay=0.02),
    "Rprop": lambda o, p: o.Rprop(p, lr=1e-3, step_sizes=(1e-6, 0.01)),
    "Adafactor": lambda o, p: o.Adafactor(p, lr=0.05),
    "Adafactor all": lambda o, p: o.Adafactor(
        p, lr=0.02, beta2_decay=-0.6, eps=(1e-4, 1e-2), d=1.5, weight_decay=0.01
    ),
    "ASGD": lambda o, p: o.ASGD(p, lr=0.05),
    "ASGD all": lambda o, p: o.ASGD(p, lr=0.05, lambd=0.01, alpha=0.5, t0=50, weight_decay=0.01),
}

SCHEDULES = {
    "StepLR": lambda s, o: s.StepLR(o, 30, 0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [20, 90, 90, 150], 0.5),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.99),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 60, eta_min=1e-3),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + 0.02 * t)),
    "ConstantLR": lambda s, o: s.ConstantLR(o, 0.3, 7),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.1, 0.8, 30),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, 150, 1.5),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda t: 1 - t / 1e4),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.01, 0.05, 13, 8),
    "CyclicLR halved": lambda s, o: s.CyclicLR(o, [0.01], [0.05], 13, mode="triangular2", base_momentum=0.6),
    "CyclicLR falling": lambda s, o: s.CyclicLR(o, 0.01, 0.05, 13, mode="exp_range", gamma=0.99),
    "CyclicLR own": lambda s, o: s.CyclicLR(
        o, 0.01, 0.05, 13, scale_fn=lambda x: 1 / x, cycle_momentum=False
    ),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 7, 2, 1e-3),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o,
        [s.LinearLR(o, 0.1, total_iters=20), s.CosineAnnealingWarmRestarts(o, 11), s.ExponentialLR(o, 0.98)],
        [20, 60],
    ),
    "SequentialLR of steps": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 10), s.CosineAnnealingLR(o, 90), s.PolynomialLR(o, 50)], [10, 100]
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 15), s.ExponentialLR(o, 0.99), s.StepLR(o, 30, 0.7)]
    ),
    "SequentialLR chained": lambda s, o: s.SequentialLR(
        o, [s.ChainedScheduler([s.LinearLR(o, 0.2), s.ExponentialLR(o, 0.99)]), s.StepLR(o, 9, 0.9)], [50]
    ),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(
        o, factor=0.5, patience=2, threshold=0.05, cooldown=2, min_lr=1e-4
    ),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=200),
    "OneCycleLR linear": lambda s, o: s.OneCycleLR(
        o, [0.1], epochs=20, steps_per_epoch=10, anneal_strategy="linear", three_phase=True, pct_start=0.4
    ),
}


def curve(lib, weights, make, schedule=None, steps=200):
    """The losses and rates of a small network on fixed data."""
    rng = np.random.default_rng(0)
    x = lib.tensor(rng.standard_normal((64, 4)).astype(np.float32))
    y = lib.tensor(rng.integers(0, 3, 64))
    net = lib.nn.Sequential(lib.nn.Linear(4, 8), lib.nn.Tanh(), lib.nn.Linear(8, 3))
    net.load_state_dict({name: lib.tensor(value) for name, value in weights.items()})
    optimizer = make(lib.optim, net.parameters())
    plan = schedule and schedule(lib.optim.lr_scheduler, optimizer)
    criterion = lib.nn.CrossEntropyLoss()
    losses, rates = [], []
    for step in range(steps):
        rows = slice(16 * (step % 4), 16 * (step % 4) + 16)
        optimizer.zero_grad()
        loss = criterion(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        group = optimizer.param_groups[0]
        rates.append((group["lr"], group.get("momentum", 0), *group.get("betas", ())))
        if plan is not None:
            plan.step(*([losses[-1]] if "Plateau" in type(plan).__name__ else []))
    return losses, rates, repr(optimizer)


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # arrays this small only wait for the others
    yield torch
    torch.set_num_threads(threads)


@pytest.fixture
def weights():
    rng = np.random.default_rng(1)
    shapes = {"0.weight": (8, 4), "0.bias": (8,), "2.weight": (3, 8), "2.bias": (3,)}
    return {name: (0.5 * rng.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_loss_curve_of_an_optimiser(torch, name, weights):
    ours, _, our_repr = curve(minigrad, weights, OPTIMIZERS[name])
    theirs, _, their_repr = curve(torch, weights, OPTIMIZERS[name])
    np.testing.assert_allclose(ours, theirs, rtol=2e-6)
    assert ours[-1] < ours[0]
    assert our_repr == their_repr


@pytest.mark.filterwarnings("ignore:Detected call of")  # PyTorch warns of its own first step
@pytest.mark.parametrize("optimizer", ["SGD momentum", "AdamW"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_loss_curve_of_a_schedule(torch, name, optimizer, weights):
    ours, our_rates, _ = curve(minigrad, weights, OPTIMIZERS[optimizer], SCHEDULES[name])
    theirs, their_rates, _ = curve(torch, weights, OPTIMIZERS[optimizer], SCHEDULES[name])
    np.testing.assert_allclose(our_rates, their_rates, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(ours, theirs, rtol=2e-6)


def test_state_dicts_have_the_same_names(torch):
    for name, make in OPTIMIZERS.items():
        states = []
        for lib in (minigrad, torch):
            w = lib.ones(2, requires_grad=True)
            optimizer = make(lib.optim, [w])
            w.sum().backward()
            optimizer.step()
            states.append(optimizer.state_dict())
        ours, theirs = states
        assert set(ours["param_groups"][0]) == set(theirs["param_groups"][0]), name
        saved = {key: value for key, value in theirs["state"].get(0, {}).items() if value is not None}
        assert set(ours["state"].get(0, {})) == set(saved), name


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5)])
@pytest.mark.parametrize(
    "options", [{}, {"nesterov": False, "adjust_lr_fn": "match_rms_adamw", "ns_steps": 3}]
)
def test_muon_to_the_digits_of_bfloat16(torch, shape, options):
    found, printed = [], []
    for lib in (minigrad, torch):
        rng = np.random.default_rng(2)
        w = lib.tensor(rng.standard_normal(shape).astype(np.float32), requires_grad=True)
        optimizer = lib.optim.Muon([w], lr=0.1, weight_decay=0.05, momentum=0.9, **options)
        for _ in range(3):
            w.grad = lib.tensor(rng.standard_normal(shape).astype(np.float32))
            optimizer.step()
        found.append(w.detach().numpy())
        printed.append(repr(optimizer))
    np.testing.assert_allclose(*found, atol=0.01)
    assert printed[0] == printed[1]
