"""Schedules: the rates step by step."""

import math

import pytest

import minigrad as torch
from minigrad import optim
from minigrad.optim import lr_scheduler as lrs


def sgd(lr=1.0, groups=1, **options):
    params = [{"params": [torch.ones(1, requires_grad=True)], "lr": lr * (i + 1)} for i in range(groups)]
    for group in params:
        group["params"][0].grad = torch.zeros(1)
    return optim.SGD(params, lr=lr, **options)


def rates(optimizer, schedule, steps):
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        assert schedule.get_last_lr()[0] == seen[-1]
        optimizer.step()
        schedule.step()
    return seen


def test_step_lr():
    optimizer = sgd()
    assert rates(optimizer, lrs.StepLR(optimizer, 2, 0.5), 5) == [1, 1, 0.5, 0.5, 0.25]
    with pytest.raises(ValueError, match="step_size"):
        lrs.StepLR(optimizer, 0)


def test_multi_step_lr_counts_repeated_milestones():
    optimizer = sgd()
    schedule = lrs.MultiStepLR(optimizer, [1, 3, 3], 0.5)
    assert rates(optimizer, schedule, 5) == [1, 0.5, 0.5, 0.125, 0.125]


def test_exponential_lr():
    optimizer = sgd()
    assert rates(optimizer, lrs.ExponentialLR(optimizer, 0.5), 3) == [1, 0.5, 0.25]


def test_cosine_annealing_falls_and_rises():
    optimizer = sgd()
    seen = rates(optimizer, lrs.CosineAnnealingLR(optimizer, 4, eta_min=0.2), 17)
    expected = [0.2 + 0.8 * (1 + math.cos(math.pi * t / 4)) / 2 for t in range(17)]
    assert seen == pytest.approx(expected)
    with pytest.raises(ValueError, match="T_max"):
        lrs.CosineAnnealingLR(optimizer, 0)


def test_lambda_lr_per_group():
    optimizer = sgd(groups=2)
    schedule = lrs.LambdaLR(optimizer, [lambda t: 1 / (t + 1), lambda t: t])
    optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.5, 2.0]
    with pytest.raises(ValueError, match="3 values for 2"):
        lrs.LambdaLR(optimizer, [abs] * 3)


def test_lambda_lr_saves_the_state_of_callable_objects():
    class Warm:
        def __init__(self, length):
            self.length = length

        def __call__(self, t):
            return min(1.0, (t + 1) / self.length)

    optimizer = sgd(groups=2)
    state = lrs.LambdaLR(optimizer, [Warm(4), float]).state_dict()
    assert state["lr_lambdas"] == [{"length": 4}, None]
    other = lrs.LambdaLR(sgd(groups=2), [Warm(2), float])
    other.load_state_dict(state)
    assert other.lr_lambdas[0].length == 4


def test_plateau_waits_then_lowers_to_the_minimum():
    optimizer = sgd()
    schedule = lrs.ReduceLROnPlateau(optimizer, factor=0.1, patience=1, cooldown=1, min_lr=0.05)
    seen = []
    for loss in (3, 2, 2, 2, 2, 2, 2, torch.tensor(2.0), 1):
        schedule.step(loss)
        seen.append(schedule.get_last_lr()[0])
    assert seen == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05])
    assert not sgd().param_groups[0].get("initial_lr")


@pytest.mark.parametrize(
    ("options", "value", "better"),
    [
        ({"threshold": 0.1}, 0.89, True),
        ({"threshold": 0.1}, 0.91, False),
        ({"mode": "max", "threshold": 0.1}, 1.11, True),
        ({"mode": "max", "threshold": 0.1}, 1.09, False),
        ({"threshold": 0.5, "threshold_mode": "abs"}, 0.6, False),
        ({"threshold": 0.5, "threshold_mode": "abs"}, 0.4, True),
        ({"mode": "max", "threshold": 0.5, "threshold_mode": "abs"}, 1.6, True),
    ],
)
def test_plateau_thresholds(options, value, better):
    assert lrs.ReduceLROnPlateau(sgd(), **options).is_better(value, 1.0) is better


def test_plateau_refuses_what_it_cannot_do():
    for options in ({"factor": 1.0}, {"mode": "least"}, {"threshold_mode": "x"}, {"min_lr": [1, 2]}):
        with pytest.raises(ValueError, match=r"must be|values for"):
            lrs.ReduceLROnPlateau(sgd(), **options)


def test_one_cycle_rises_and_falls_with_momentum_against_it():
    optimizer = sgd(momentum=0.9)
    schedule = lrs.OneCycleLR(optimizer, 2.0, total_steps=11, pct_start=0.5)
    seen, momenta = [], []
    for _ in range(11):
        seen.append(optimizer.param_groups[0]["lr"])
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        schedule.step()
    assert seen[0] == pytest.approx(2 / 25)
    assert max(seen) <= 2
    assert seen.index(max(seen)) in (4, 5)
    assert seen[-1] == pytest.approx(2 / 25 / 1e4)
    assert momenta[0] == momenta[-1] == pytest.approx(0.95)
    assert min(momenta) == pytest.approx(0.85, abs=0.01)
    with pytest.raises(ValueError, match="11 steps"):
        schedule.step()


def test_one_cycle_refuses_what_it_cannot_do():
    for options in (
        {},
        {"epochs": 2},
        {"total_steps": 0},
        {"total_steps": 5, "pct_start": 2},
        {"total_steps": 5, "anneal_strategy": "x"},
    ):
        with pytest.raises(ValueError, match=r"OneCycleLR|must be|share"):
            lrs.OneCycleLR(sgd(momentum=0.9), 1.0, **options)
    adagrad = optim.Adagrad([torch.ones(1, requires_grad=True)])
    with pytest.raises(ValueError, match="cycle_momentum=False"):
        lrs.OneCycleLR(adagrad, 1.0, total_steps=5)
    lrs.OneCycleLR(adagrad, 1.0, total_steps=5, cycle_momentum=False)


def test_schedules_on_one_optimiser_multiply():
    optimizer = sgd()
    first, second = lrs.ExponentialLR(optimizer, 0.5), lrs.StepLR(optimizer, 2, 0.1)
    for _ in range(2):
        optimizer.step()
        first.step()
        second.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.025)


def test_a_rate_set_by_hand_is_carried_on():
    optimizer = sgd()
    schedule = lrs.ExponentialLR(optimizer, 0.5)
    optimizer.param_groups[0]["lr"] = 8.0
    optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == [4.0]


def test_stepping_before_the_optimiser_warns():
    schedule = lrs.StepLR(sgd(), 2)
    with pytest.warns(UserWarning, match=r"optimizer\.step\(\)"):
        schedule.step()


@pytest.mark.parametrize(
    "make",
    [
        lambda o: lrs.StepLR(o, 3, 0.5),
        lambda o: lrs.MultiStepLR(o, [2, 7], 0.5),
        lambda o: lrs.CosineAnnealingLR(o, 5),
        lambda o: lrs.OneCycleLR(o, 1.0, total_steps=20),
    ],
)
def test_resuming_gives_the_same_rates(make):
    optimizer = sgd(momentum=0.9)
    schedule = make(optimizer)
    rates(optimizer, schedule, 6)
    states = optimizer.state_dict(), schedule.state_dict()
    resumed = sgd(momentum=0.9)
    again = make(resumed)
    resumed.load_state_dict(states[0])
    again.load_state_dict(states[1])
    resumed.param_groups[0]["params"][0].grad = torch.zeros(1)
    assert rates(resumed, again, 8) == rates(optimizer, schedule, 8)


def test_going_on_from_an_epoch_needs_the_initial_rate():
    with pytest.raises(KeyError, match="initial_lr"):
        lrs.StepLR(sgd(), 2, last_epoch=3)
    optimizer = sgd()
    optimizer.param_groups[0]["initial_lr"] = 1.0
    assert lrs.StepLR(optimizer, 2, 0.5, last_epoch=2).last_epoch == 3


def test_only_optimisers_are_scheduled():
    with pytest.raises(TypeError, match="not list"):
        lrs.StepLR([], 2)
    with pytest.raises(TypeError, match="not list"):
        lrs.ReduceLROnPlateau([])
    with pytest.raises(TypeError, match="not list"):
        lrs.OneCycleLR([], 1.0, total_steps=3)
