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
        ({"threshold": 0.1}, 1.79, True),
        ({"threshold": 0.1}, 1.81, False),
        ({"mode": "max", "threshold": 0.1}, 2.21, True),
        ({"mode": "max", "threshold": 0.1}, 2.19, False),
        ({"threshold": 0.5, "threshold_mode": "abs"}, 1.6, False),
        ({"threshold": 0.5, "threshold_mode": "abs"}, 1.4, True),
        ({"mode": "max", "threshold": 0.5, "threshold_mode": "abs"}, 2.6, True),
        ({"mode": "max", "threshold": 0.5, "threshold_mode": "abs"}, 2.4, False),
    ],
)
def test_plateau_thresholds(options, value, better):
    assert lrs.ReduceLROnPlateau(sgd(), **options).is_better(value, 2.0) is better


def test_plateau_leaves_out_a_change_that_is_too_small():
    optimizer = sgd()
    schedule = lrs.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, eps=0.2)
    for rate in (1.0, 0.5, 0.25, 0.25):  # from 0.25 to 0.125 is less than 0.2
        schedule.step(1.0)
        assert schedule.get_last_lr() == [rate]


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


FORMULAS = {
    "StepLR": (lambda o: lrs.StepLR(o, 3, 0.5), lambda t: 0.5 ** (t // 3)),
    "MultiStepLR": (lambda o: lrs.MultiStepLR(o, [2, 5, 5], 0.5), lambda t: 0.5 ** ((t >= 2) + 2 * (t >= 5))),
    "ExponentialLR": (lambda o: lrs.ExponentialLR(o, 0.9), lambda t: 0.9**t),
    "CosineAnnealingLR": (
        lambda o: lrs.CosineAnnealingLR(o, 4, 0.2),
        lambda t: 0.2 + 0.4 * (1 + math.cos(math.pi * t / 4)),
    ),
    "LambdaLR": (lambda o: lrs.LambdaLR(o, lambda t: 1 / (t + 1)), lambda t: 1 / (t + 1)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_rates_step_by_step_and_after_jumps_follow_the_formula(name):
    make, formula = FORMULAS[name]
    optimizer = sgd()
    assert rates(optimizer, make(optimizer), 11) == pytest.approx([formula(t) for t in range(11)])
    optimizer = sgd()
    schedule = make(optimizer)
    optimizer.step()
    for epoch in (7, 5, 1, 3, 0):
        with pytest.warns(UserWarning, match="epoch argument"):
            schedule.step(epoch)
        assert schedule.last_epoch == epoch
        assert optimizer.param_groups[0]["lr"] == schedule.get_last_lr()[0] == pytest.approx(formula(epoch))
    schedule.step()
    assert schedule.get_last_lr()[0] == pytest.approx(formula(1))


def cosine(start, end, share):
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def line(start, end, share):
    return start + (end - start) * share


@pytest.mark.parametrize(("strategy", "between"), [("cos", cosine), ("linear", line)])
@pytest.mark.parametrize("three", [False, True])
@pytest.mark.parametrize("adam", [False, True])
def test_one_cycle_goes_through_its_phases(strategy, between, three, adam):
    # Rates 1/4 -> 1 -> 1/4/10 (or back to 1/4 first), momentum 0.95 -> 0.85 -> 0.95; 20 steps.
    phases = [(0, 5, 0.25, 1.0, 0.95, 0.85)]
    phases += [(5, 10, 1.0, 0.25, 0.85, 0.95), (10, 19, 0.25, 0.025, 0.95, 0.95)] if three else []
    phases += [] if three else [(5, 19, 1.0, 0.025, 0.85, 0.95)]
    p = torch.ones(1, requires_grad=True)
    p.grad = torch.zeros(1)
    optimizer = optim.Adam([p], betas=(0.9, 0.99)) if adam else optim.SGD([p], lr=3.0, momentum=0.5)
    schedule = lrs.OneCycleLR(
        optimizer, 1.0, 20, div_factor=4, final_div_factor=10, anneal_strategy=strategy, three_phase=three
    )
    for t in range(20):
        start, end, low, high, before, after = next(phase for phase in phases if t <= phase[1])
        share = (t - start) / (end - start)
        group = optimizer.param_groups[0]
        assert group["lr"] == pytest.approx(between(low, high, share), rel=1e-12)
        momentum = group["betas"][0] if adam else group["momentum"]
        assert momentum == pytest.approx(between(before, after, share), rel=1e-12)
        assert not adam or group["betas"][1] == 0.99
        optimizer.step()
        if t < 19:
            schedule.step()


def grown(make):
    optimizer = sgd(momentum=0.9)
    schedule = make(optimizer)
    optimizer.add_param_group({"params": [torch.ones(1, requires_grad=True)], "lr": 0.5})
    optimizer.step()
    return optimizer, schedule


def test_a_group_that_is_added_is_scheduled_too():
    # Recorded from PyTorch 2.13.
    for make, expected in (
        (lambda o: lrs.StepLR(o, 2), [[1, 0.5], [0.1, 0.05], [0.1, 0.05], [0.01, 0.005]]),
        (lambda o: lrs.MultiStepLR(o, [1, 2]), [[0.1, 0.05], [0.01, 0.005], [0.01, 0.005]]),
        (lambda o: lrs.ExponentialLR(o, 0.5), [[0.5, 0.25], [0.25, 0.125]]),
        (
            lambda o: lrs.CosineAnnealingLR(o, 4),
            [[0.8535534, 0.4267767], [0.5, 0.25], [0.1464466, 0.0732233]],
        ),
    ):
        optimizer, schedule = grown(make)
        for pair in expected:
            schedule.step()
            assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(pair)
    optimizer, schedule = grown(lambda o: lrs.ReduceLROnPlateau(o, patience=0))
    for pair in ([1, 0.5], [0.1, 0.05], [0.01, 0.005]):
        schedule.step(1.0)
        assert schedule.get_last_lr() == pytest.approx(pair)


@pytest.mark.parametrize(
    "make",
    [
        lambda o: lrs.LambdaLR(o, float),
        lambda o: lrs.LambdaLR(o, [float]),
        lambda o: lrs.OneCycleLR(o, 1.0, total_steps=10),
    ],
)
def test_a_schedule_that_cannot_know_the_added_group_says_so(make):
    optimizer, schedule = grown(make)
    state, before = schedule.state_dict(), [group["lr"] for group in optimizer.param_groups]
    with pytest.raises(ValueError, match=r"made for 1 parameter groups.*has 2 now.*after add_param_group"):
        schedule.step()
    assert schedule.state_dict() == state
    assert [group["lr"] for group in optimizer.param_groups] == before


def test_plateau_with_a_list_of_lowest_rates_asks_for_the_added_one():
    _, schedule = grown(lambda o: lrs.ReduceLROnPlateau(o, patience=0, min_lr=[0.2]))
    with pytest.raises(ValueError, match="append those of the added groups to min_lrs"):
        schedule.step(1.0)
    assert schedule.last_epoch == 0
    schedule.min_lrs.append(0.4)
    for _ in range(3):
        schedule.step(1.0)
    assert schedule.get_last_lr() == [0.2, 0.4]


def test_plateau_takes_an_epoch():
    schedule = lrs.ReduceLROnPlateau(sgd(), patience=0)
    for epoch in (3, 1):
        with pytest.warns(UserWarning, match="epoch argument"):
            schedule.step(1.0, epoch)
        assert schedule.last_epoch == epoch
    assert schedule.get_last_lr() == [0.1]


@pytest.mark.parametrize(("cooldown", "expected"), [(0, [3, 3, 3, 1]), (1, [3, 4, 3, 0])])
def test_plateau_on_a_flat_measure(cooldown, expected):
    # PyTorch's table for patience 2: how many steps each rate holds.
    schedule = lrs.ReduceLROnPlateau(sgd(), patience=2, cooldown=cooldown)
    seen = []
    for _ in range(10):
        schedule.step(0)
        seen.append(round(-math.log10(schedule.get_last_lr()[0])))
    assert [seen.count(power) for power in range(4)] == expected


def test_a_step_that_fails_leaves_the_schedule_where_it_was():
    optimizer = sgd()

    def factor(t):
        if t == 2:
            raise ArithmeticError
        return 0.5**t

    schedule = lrs.LambdaLR(optimizer, factor)
    optimizer.step()
    schedule.step()
    with pytest.raises(ArithmeticError):
        schedule.step()
    assert (schedule.last_epoch, schedule.get_last_lr()) == (1, [0.5])


def test_constant_and_linear_and_polynomial_lr():
    for make, expected in (
        (lambda o: lrs.ConstantLR(o, 0.5, 2), [0.5, 0.5, 1, 1, 1, 1]),
        (lambda o: lrs.LinearLR(o, 0.5, 1.0, 4), [0.5, 0.625, 0.75, 0.875, 1, 1]),
        (lambda o: lrs.LinearLR(o, 1.0, 0.0, 2), [1, 0.5, 0, 0, 0, 0]),
        (lambda o: lrs.PolynomialLR(o, 4, 2.0), [1, 9 / 16, 4 / 16, 1 / 16, 0, 0]),
        (lambda o: lrs.MultiplicativeLR(o, lambda t: 1 / t), [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120]),
    ):
        optimizer = sgd()
        schedule = make(optimizer)
        assert rates(optimizer, schedule, 6) == pytest.approx(expected, abs=1e-15)


def test_rates_that_go_round():
    optimizer = sgd(momentum=0.9)
    schedule = lrs.CyclicLR(optimizer, 1.0, 3.0, 2, 4, "triangular2", base_momentum=0.8, max_momentum=0.9)
    seen = rates(optimizer, schedule, 10)
    assert seen == pytest.approx([1, 2, 3, 2.5, 2, 1.5, 1, 1.5, 2, 1.75])
    assert optimizer.param_groups[0]["momentum"] == pytest.approx(0.9 - 0.1 * 0.5 * 0.5)
    optimizer = sgd()
    schedule = lrs.CosineAnnealingWarmRestarts(optimizer, 2, 2, eta_min=0.2)
    half = 0.2 + 0.4 * (1 + math.cos(math.pi / 4))
    late = 0.2 + 0.4 * (1 + math.cos(3 * math.pi / 4))
    assert rates(optimizer, schedule, 7) == pytest.approx([1, 0.6, 1, half, 0.6, late, 1])
    schedule.step(0.5)
    assert schedule.get_last_lr() == pytest.approx([half])
    schedule.step(7.0)  # the second step of the third round, of 8
    assert (schedule.T_cur, schedule.T_i) == (1.0, 8)


def test_one_schedule_after_the_other_and_all_at_once():
    optimizer = sgd()
    parts = [lrs.ConstantLR(optimizer, 0.1, 9), lrs.ExponentialLR(optimizer, 0.5)]
    schedule = lrs.SequentialLR(optimizer, parts, [2])
    assert rates(optimizer, schedule, 5) == pytest.approx([0.1, 0.1, 1, 0.5, 0.25])
    optimizer = sgd()
    parts = [lrs.ConstantLR(optimizer, 0.1, 2), lrs.ExponentialLR(optimizer, 0.5)]
    schedule = lrs.ChainedScheduler(parts)
    assert rates(optimizer, schedule, 4) == pytest.approx([0.1, 0.05, 0.25, 0.125])


@pytest.mark.parametrize("kind", ["sequence", "chain"])
def test_a_schedule_of_schedules_goes_on_from_its_state(kind):
    def make(optimizer):
        parts = [lrs.LinearLR(optimizer, 0.1, 1, 3), lrs.CosineAnnealingWarmRestarts(optimizer, 2)]
        return (
            lrs.SequentialLR(optimizer, parts, [4]) if kind == "sequence" else lrs.ChainedScheduler(parts[:1])
        )

    straight = sgd()
    expected = rates(straight, make(straight), 10)
    first = sgd()
    half = make(first)
    seen = rates(first, half, 5)
    second = sgd()
    after = make(second)
    second.load_state_dict(first.state_dict())
    after.load_state_dict(half.state_dict())
    assert seen + rates(second, after, 5) == pytest.approx(expected)


def test_schedules_say_which_option_is_impossible():
    optimizer = sgd()
    one = lrs.ExponentialLR(optimizer, 0.5)
    for make, word in (
        (lambda: lrs.ConstantLR(optimizer, 1.5), "factor"),
        (lambda: lrs.LinearLR(optimizer, 0.0), "start_factor"),
        (lambda: lrs.LinearLR(optimizer, 1.0, 2.0), "end_factor"),
        (lambda: lrs.CyclicLR(optimizer, 0.1, 1.0, mode="round"), "mode"),
        (
            lambda: lrs.CyclicLR(optim.Adagrad(optimizer.param_groups[0]["params"]), 0.1, 1.0),
            "cycle_momentum",
        ),
        (lambda: lrs.CosineAnnealingWarmRestarts(optimizer, 0), "T_0"),
        (lambda: lrs.CosineAnnealingWarmRestarts(optimizer, 1).step(-1), "epoch"),
        (lambda: lrs.SequentialLR(optimizer, [one], [1]), "milestone"),
        (lambda: lrs.SequentialLR(sgd(), [one], []), "another"),
        (lambda: lrs.ChainedScheduler([]), "at least one"),
        (lambda: lrs.ChainedScheduler([lrs.ReduceLROnPlateau(optimizer)]), "measure"),
    ):
        with pytest.raises(ValueError, match=word):
            make()


@pytest.mark.parametrize("name", lrs.__all__)
def test_schedules_say_that_they_are_of_this_package(name):
    assert getattr(lrs, name).__module__ == lrs.__name__


def test_the_base_class_has_its_older_name():
    assert lrs._LRScheduler is lrs.LRScheduler


def test_a_subclass_written_for_pytorch_may_ask_within_get_lr_which_step_it_is():
    told = []

    class Asking(torch.optim.lr_scheduler.LRScheduler):
        def get_lr(self):
            told.append((self._is_initial, self._get_lr_called_within_step))
            return self.base_lrs

    x = torch.ones(1, requires_grad=True)
    x.grad = torch.zeros(1)
    optimizer = torch.optim.SGD([x], lr=1.0)
    schedule = Asking(optimizer)
    optimizer.step()
    schedule.step()
    schedule.get_lr()
    assert told == [(True, True), (False, True), (False, False)]
    state = schedule.state_dict()
    assert state["_is_initial"] is state["_get_lr_called_within_step"] is False
