"""Every optimiser beside its formula from the paper, written out in float64, and beside recorded numbers."""

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad import optim

START = np.array([1.0, -0.3, 2.0])
GRADIENTS = np.random.default_rng(0).standard_normal((7, 3)) * [1.0, 1e-3, 30.0]


def sgd(lr, momentum=0.0, dampening=0.0, decay=0.0, nesterov=False, sign=1):
    p, v = START.copy(), None
    for given in GRADIENTS:
        g = sign * given + decay * p
        v = g if v is None else momentum * v + (1 - dampening) * g
        p = p - lr * ((g + momentum * v if nesterov else v) if momentum else g)
        yield p


def adam(lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.0, amsgrad=False, decoupled=False, sign=1):
    p, m, v, largest = START.copy(), 0.0, 0.0, 0.0
    for t, given in enumerate(GRADIENTS, 1):
        g = sign * given + (0 if decoupled else decay * p)
        if decoupled:
            p = p - lr * decay * p
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        largest = np.maximum(largest, v)
        root = np.sqrt((largest if amsgrad else v) / (1 - beta2**t))
        p = p - lr * m / (1 - beta1**t) / (root + eps)
        yield p


def rmsprop(lr, alpha=0.99, eps=1e-8, decay=0.0, momentum=0.0, centered=False, sign=1):
    p, v, mean, velocity = START.copy(), 0.0, 0.0, 0.0
    for given in GRADIENTS:
        g = sign * given + decay * p
        v = alpha * v + (1 - alpha) * g**2
        mean = alpha * mean + (1 - alpha) * g
        velocity = momentum * velocity + g / (np.sqrt(v - (mean**2 if centered else 0)) + eps)
        p = p - lr * velocity
        yield p


def adagrad(lr, lr_decay=0.0, decay=0.0, start=0.0, eps=1e-10, sign=1):
    p, total = START.copy(), start
    for t, given in enumerate(GRADIENTS, 1):
        g = sign * given + decay * p
        total = total + g**2
        p = p - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(total) + eps)
        yield p


def adadelta(lr=1.0, rho=0.9, eps=1e-6, decay=0.0, sign=1):
    p, v, u = START.copy(), 0.0, 0.0
    for given in GRADIENTS:
        g = sign * given + decay * p
        v = rho * v + (1 - rho) * g**2
        change = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u = rho * u + (1 - rho) * change**2
        p = p - lr * change
        yield p


def adamax(lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.0, sign=1):
    p, m, u = START.copy(), 0.0, 0.0
    for t, given in enumerate(GRADIENTS, 1):
        g = sign * given + decay * p
        m = beta1 * m + (1 - beta1) * g
        u = np.maximum(beta2 * u, np.abs(g) + eps)
        p = p - lr / (1 - beta1**t) * m / u
        yield p


def nadam(lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.0, slower=4e-3, decoupled=False, sign=1):
    p, m, v, product = START.copy(), 0.0, 0.0, 1.0
    for t, given in enumerate(GRADIENTS, 1):
        g = sign * given + (0 if decoupled else decay * p)
        if decoupled:
            p = p - lr * decay * p
        now, ahead = (beta1 * (1 - 0.5 * 0.96 ** (s * slower)) for s in (t, t + 1))
        product = product * now
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        mean = (1 - now) / (1 - product) * g + ahead / (1 - product * ahead) * m
        p = p - lr * mean / (np.sqrt(v / (1 - beta2**t)) + eps)
        yield p


def radam(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.0, decoupled=False, sign=1):
    p, m, v, longest = START.copy(), 0.0, 0.0, 2 / (1 - beta2) - 1
    for t, given in enumerate(GRADIENTS, 1):
        g = sign * given + (0 if decoupled else decay * p)
        if decoupled:
            p = p - lr * decay * p
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        step = m / (1 - beta1**t)
        if length > 5:
            top, bottom = (length - 4) * (length - 2) * longest, (longest - 4) * (longest - 2) * length
            step = step * math.sqrt(top / bottom) * math.sqrt(1 - beta2**t) / (np.sqrt(v) + eps)
        p = p - lr * step
        yield p


def rprop(lr=1e-2, shorter=0.5, longer=1.2, least=1e-6, most=50.0, sign=1):
    p, before, step = START.copy(), np.zeros(3), np.full(3, lr)
    for given in GRADIENTS:
        g = sign * given.copy()
        factor = np.where(g * before > 0, longer, np.where(g * before < 0, shorter, 1.0))
        step = np.clip(step * factor, least, most)
        g[g * before < 0] = 0
        p = p - np.sign(g) * step
        before = g
        yield p


def asgd(lr=1e-2, lambd=1e-4, alpha=0.75, decay=0.0, sign=1):
    p = START.copy()
    for t, given in enumerate(GRADIENTS):
        g = sign * given + decay * p
        eta = lr / (1 + lambd * lr * t) ** alpha
        p = p * (1 - lambd * eta) - eta * g
        yield p


# These keep numbers in float32, as in PyTorch.
ROUGHLY = {"NAdam": 1e-6, "NAdam all": 1e-6, "NAdam decay": 1e-6, "ASGD": 1e-6, "ASGD all": 1e-6}
CASES = {
    "Adadelta": (optim.Adadelta, adadelta()),
    "Adadelta all": (
        lambda p: optim.Adadelta(p, lr=0.3, rho=0.7, eps=1e-3, weight_decay=0.2, maximize=True),
        adadelta(0.3, 0.7, 1e-3, 0.2, -1),
    ),
    "Adamax": (optim.Adamax, adamax()),
    "Adamax all": (
        lambda p: optim.Adamax(p, lr=0.1, betas=(0.5, 0.7), eps=0.1, weight_decay=0.2, maximize=True),
        adamax(0.1, 0.5, 0.7, 0.1, 0.2, -1),
    ),
    "NAdam": (optim.NAdam, nadam()),
    "NAdam all": (
        lambda p: optim.NAdam(p, 0.1, (0.5, 0.7), 0.1, 0.2, 0.3, maximize=True),
        nadam(0.1, 0.5, 0.7, 0.1, 0.2, 0.3, sign=-1),
    ),
    "NAdam decay": (
        lambda p: optim.NAdam(p, lr=0.1, weight_decay=0.2, decoupled_weight_decay=True),
        nadam(0.1, decay=0.2, decoupled=True),
    ),
    "RAdam": (optim.RAdam, radam()),
    "RAdam all": (
        lambda p: optim.RAdam(p, 0.1, (0.5, 0.99), 0.1, 0.2, maximize=True),
        radam(0.1, 0.5, 0.99, 0.1, 0.2, sign=-1),
    ),
    "RAdam decay": (
        lambda p: optim.RAdam(p, lr=0.1, weight_decay=0.2, decoupled_weight_decay=True),
        radam(0.1, decay=0.2, decoupled=True),
    ),
    "Rprop": (optim.Rprop, rprop()),
    "Rprop all": (
        lambda p: optim.Rprop(p, lr=0.1, etas=(0.3, 2.0), step_sizes=(0.05, 0.3), maximize=True),
        rprop(0.1, 0.3, 2.0, 0.05, 0.3, -1),
    ),
    "ASGD": (optim.ASGD, asgd()),
    "ASGD all": (
        lambda p: optim.ASGD(p, lr=0.1, lambd=0.2, alpha=0.5, weight_decay=0.3, maximize=True),
        asgd(0.1, 0.2, 0.5, 0.3, -1),
    ),
    "SGD defaults": (optim.SGD, sgd(1e-3)),
    "SGD": (lambda p: optim.SGD(p, lr=0.1), sgd(0.1)),
    "SGD maximize": (lambda p: optim.SGD(p, lr=0.1, maximize=True), sgd(0.1, sign=-1)),
    "SGD decay": (lambda p: optim.SGD(p, lr=0.1, weight_decay=0.3), sgd(0.1, decay=0.3)),
    "SGD momentum": (lambda p: optim.SGD(p, lr=0.1, momentum=0.7), sgd(0.1, 0.7)),
    "SGD dampening": (
        lambda p: optim.SGD(p, lr=0.1, momentum=0.7, dampening=0.4, weight_decay=0.1, maximize=True),
        sgd(0.1, 0.7, 0.4, 0.1, sign=-1),
    ),
    "SGD nesterov": (
        lambda p: optim.SGD(p, lr=0.1, momentum=0.7, nesterov=True, weight_decay=0.1),
        sgd(0.1, 0.7, decay=0.1, nesterov=True),
    ),
    "Adam": (lambda p: optim.Adam(p, lr=0.1), adam(0.1)),
    "Adam defaults": (optim.Adam, adam(1e-3)),
    "Adam eps": (lambda p: optim.Adam(p, lr=0.1, eps=0.5), adam(0.1, eps=0.5)),
    "Adam betas": (lambda p: optim.Adam(p, lr=0.1, betas=(0.0, 0.5)), adam(0.1, 0.0, 0.5)),
    "Adam decay": (
        lambda p: optim.Adam(p, lr=0.1, betas=(0.3, 0.8), weight_decay=0.4, maximize=True),
        adam(0.1, 0.3, 0.8, decay=0.4, sign=-1),
    ),
    "Adam amsgrad": (
        lambda p: optim.Adam(p, lr=0.1, betas=(0.9, 0.2), amsgrad=True),
        adam(0.1, 0.9, 0.2, amsgrad=True),
    ),
    "AdamW": (lambda p: optim.AdamW(p, lr=0.1), adam(0.1, decay=0.01, decoupled=True)),
    "AdamW all": (
        lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.3, amsgrad=True, maximize=True),
        adam(0.1, decay=0.3, decoupled=True, amsgrad=True, sign=-1),
    ),
    "RMSprop": (optim.RMSprop, rmsprop(0.01)),
    "RMSprop eps": (lambda p: optim.RMSprop(p, lr=0.1, alpha=0.7, eps=0.5), rmsprop(0.1, 0.7, 0.5)),
    "RMSprop momentum": (
        lambda p: optim.RMSprop(p, lr=0.1, momentum=0.6, weight_decay=0.2, maximize=True),
        rmsprop(0.1, momentum=0.6, decay=0.2, sign=-1),
    ),
    "RMSprop centered": (
        lambda p: optim.RMSprop(p, lr=0.1, alpha=0.8, centered=True),
        rmsprop(0.1, 0.8, centered=True),
    ),
    "RMSprop all": (
        lambda p: optim.RMSprop(p, lr=0.1, alpha=0.3, momentum=0.6, centered=True, eps=1e-3),
        rmsprop(0.1, 0.3, 1e-3, momentum=0.6, centered=True),
    ),
    "Adagrad": (optim.Adagrad, adagrad(0.01)),
    "Adagrad all": (
        lambda p: optim.Adagrad(
            p, lr=0.2, lr_decay=0.3, weight_decay=0.1, initial_accumulator_value=0.5, eps=0.1, maximize=True
        ),
        adagrad(0.2, 0.3, 0.1, 0.5, 0.1, sign=-1),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_step_is_the_one_of_the_formula(name):
    make, expected = CASES[name]
    p = torch.tensor(START.copy(), requires_grad=True)
    optimizer = make([p])
    for g, value in zip(GRADIENTS, expected, strict=True):
        p.grad = torch.tensor(g)
        optimizer.step()
        np.testing.assert_allclose(p.detach().numpy(), value, rtol=ROUGHLY.get(name, 1e-12), atol=1e-15)
        assert p.grad.tolist() == g.tolist()


def after(make, gradients, dtype=torch.float32):
    p = torch.tensor([1.0], dtype=dtype, requires_grad=True)
    optimizer = make([p])
    seen = []
    for g in gradients:
        p.grad = torch.tensor([g], dtype=dtype)
        optimizer.step()
        seen.append(p.item())
    return seen, {name: value.item() for name, value in optimizer.state[p].items()}


# Numbers that PyTorch 2.13 computes.
LARGE = [1e20, 1.0, 1.0, -2.0]
RECORDED = {
    "Adam": (
        lambda p: optim.Adam(p, lr=0.1),
        [0.9000000357627869, 0.8329942226409912, 0.7811985015869141, 0.738770604133606],
        {"exp_avg": 7.290000136422294e18, "exp_avg_sq": 9.970032039801117e36},
    ),
    "Adam amsgrad": (
        lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
        [0.9000000357627869, 0.833027720451355, 0.7812837958335876, 0.7389195561408997],
        {"exp_avg_sq": 9.970032039801117e36, "max_exp_avg_sq": 1.0000001201466413e37},
    ),
    "Adam without memory": (  # a beta of 0.9 is too small: there the second moment is inf in PyTorch too
        lambda p: optim.Adam(p, lr=0.1, betas=(0.0, 0.9)),
        [1.0, 1.0, 1.0, 1.0],
        {"exp_avg": -2.0, "exp_avg_sq": math.inf},
    ),
    "RMSprop": (
        lambda p: optim.RMSprop(p, lr=0.1),
        [0.0, -1.00503785362514e-20, -2.015138795769186e-20, 1.524e-22],
        {"square_avg": 9.702990158772698e37},
    ),
    "RMSprop centered": (
        lambda p: optim.RMSprop(p, lr=0.1, centered=True, momentum=0.5),
        [-0.0050378949381411076, -0.5075568556785583, -0.7588163018226624, -0.8844460248947144],
        {"grad_avg": 9.702990141445898e17, "momentum_buffer": 1.2562973499298096},
    ),
    "RMSprop centered beyond the largest float": (
        lambda p: optim.RMSprop(p, lr=0.1, centered=True, alpha=0.3),
        [1.0, 1.0, 1.0, 1.0],
        {"square_avg": math.inf, "grad_avg": 1.8900001524463698e18},
    ),
    "Adagrad": (lambda p: optim.Adagrad(p, lr=0.1), [1.0] * 4, {"sum": math.inf}),
}


@pytest.mark.parametrize("name", RECORDED)
def test_one_large_gradient_is_as_large_as_in_pytorch(name):
    make, path, state = RECORDED[name]
    seen, left = after(make, LARGE)
    np.testing.assert_allclose(seen, path, rtol=1e-4, atol=1e-24)
    for key, value in state.items():
        assert left[key] == pytest.approx(value, rel=1e-6), key


def test_a_mean_without_memory_is_the_gradient_itself():
    _, state = after(lambda p: optim.Adam(p, lr=0.1, betas=(0.0, 0.9)), [1e20, 1.0])
    assert state["exp_avg"] == 1.0


def test_products_of_float16_are_formed_in_float32():
    # Recorded from PyTorch 2.13: 300 squared is beyond the largest float16.
    seen, state = after(lambda p: optim.Adam(p, lr=0.1), [300.0, 1e-3, 0.01], torch.float16)
    assert seen == pytest.approx([0.89990234375, 0.8330078125, 0.78125], abs=1e-3)
    assert state["exp_avg_sq"] == pytest.approx(89.875, abs=0.1)
    seen, _ = after(lambda p: optim.RMSprop(p, lr=0.1), [300.0, 1e-3], torch.float16)
    assert seen == pytest.approx([0.0, -3.34e-6], abs=1e-6)
    seen, state = after(lambda p: optim.RMSprop(p, lr=0.1, alpha=1 - 1e-8), [6e4], torch.float16)
    assert seen == [-999.0] and state["square_avg"] == 36.0  # 1e-8 itself is 0 in float16
    # But a rate and a decay are rounded: 2e-8 is 0 there.
    seen, _ = after(lambda p: optim.SGD(p, lr=2e-8, momentum=0.5), [6e4, 6e4], torch.float16)
    assert seen[0] == 1.0 and math.isnan(seen[1])  # 0 times inf
    (moved,), _ = after(optim.Adam, [0.0], torch.float16)
    assert math.isnan(moved)  # as there: eps is 0 in float16


HALF = {  # recorded from PyTorch 2.13: six steps from 0.333 and 2.7 with the gradients 0.777 and -3.33
    "SGD": (lambda p: optim.SGD(p, lr=0.1003, momentum=0.3001), [-0.287353515625, 5.359375]),
    "SGD decay": (lambda p: optim.SGD(p, lr=0.1003, weight_decay=0.3001), [-0.1563720703125, 4.109375]),
    "Adam": (lambda p: optim.Adam(p, lr=0.1003, weight_decay=0.3001), [-0.265380859375, 3.296875]),
    "AdamW": (lambda p: optim.AdamW(p, lr=0.1003), [-0.269287109375, 3.279296875]),
    "RMSprop": (lambda p: optim.RMSprop(p, lr=0.1003, weight_decay=0.3001), [-2.181640625, 6.02734375]),
    "Adagrad": (
        lambda p: optim.Adagrad(p, lr=0.1003, weight_decay=0.3001),
        [-0.0233306884765625, 3.060546875],
    ),
}


@pytest.mark.parametrize("name", HALF)
def test_steps_of_float16_round_where_pytorch_rounds(name):
    make, expected = HALF[name]
    p = torch.tensor([0.333, 2.7], dtype=torch.float16, requires_grad=True)
    optimizer = make([p])
    for _ in range(6):
        p.grad = torch.tensor([0.777, -3.33], dtype=torch.float16)
        optimizer.step()
    assert p.tolist() == expected


@pytest.mark.parametrize(
    ("make", "later"),
    [
        (lambda p: optim.RMSprop(p, lr=0.1), {"momentum": 0.5, "centered": True}),
        (lambda p: optim.Adam(p, lr=0.1), {"amsgrad": True}),
        (lambda p: optim.SGD(p, lr=0.1), {"momentum": 0.5}),
    ],
)
def test_an_option_that_is_set_later_starts_with_a_fresh_state(make, later):
    p = torch.tensor([1.0], requires_grad=True)
    optimizer = make([p])
    for options in ({}, later):
        optimizer.param_groups[0].update(options)
        p.grad = torch.tensor([2.0])
        optimizer.step()
    fresh = {"momentum_buffer", "grad_avg", "max_exp_avg_sq"} & set(optimizer.state[p])
    assert fresh
    assert all(optimizer.state[p][name].item() != 1.0 for name in fresh)  # p is nobody's state
    assert 0 < p.item() < 1 or later == {"momentum": 0.5, "centered": True}


def test_the_mean_of_asgd_begins_behind_its_step():
    p = torch.tensor(START.copy(), requires_grad=True)
    optimizer = optim.ASGD([p], lr=0.1, t0=2)
    seen = []
    for g in GRADIENTS:
        p.grad = torch.tensor(g)
        optimizer.step()
        seen.append(p.detach().numpy().copy())
    np.testing.assert_allclose(optimizer.state[p]["ax"].numpy(), np.mean(seen[3:], 0), rtol=1e-6)


LATER = [optim.Adadelta, optim.Adamax, optim.NAdam, optim.RAdam, optim.Rprop, optim.ASGD]


@pytest.mark.parametrize("make", LATER)
def test_a_loaded_state_goes_on_in_several_groups_and_pieces(make):
    """The pieces of a large parameter, and a group that is added on the way, take the same steps."""

    def steps(optimizer, params, times):
        for step in times:
            for i, p in enumerate(params):
                p.grad = torch.full(p.shape, 0.1 * (step + 1) * (-1.0) ** (step * i))
            optimizer.step()

    def fresh():
        return [torch.ones(size, requires_grad=True) for size in (2, 70_000)]

    straight, stopped = fresh(), fresh()
    whole = make([straight[0]], lr=0.01)
    whole.add_param_group({"params": straight[1:], "lr": 0.02})
    steps(whole, straight, range(6))
    first = make([stopped[0]], lr=0.01)
    first.add_param_group({"params": stopped[1:], "lr": 0.02})
    steps(first, stopped, range(3))
    second = make([{"params": [stopped[0]]}, {"params": [stopped[1]]}])
    second.load_state_dict(first.state_dict())
    steps(second, stopped, range(3, 6))
    for a, b in zip(straight, stopped, strict=True):
        assert torch.equal(a, b) and a.min() == a.max()
    assert straight[0][0] != straight[1][0]


def test_options_out_of_range_are_refused():
    for make, options, word in (
        (optim.Adadelta, {"rho": 1.5}, "rho"),
        (optim.Adamax, {"betas": (1.0, 0.9)}, "betas"),
        (optim.NAdam, {"momentum_decay": -1}, "momentum_decay"),
        (optim.RAdam, {"eps": -1}, "eps"),
        (optim.Rprop, {"etas": (1.1, 1.2)}, "etas"),
        (optim.ASGD, {"weight_decay": -1}, "weight_decay"),
    ):
        with pytest.raises(ValueError, match=word):
            make([torch.ones(1, requires_grad=True)], **options)
