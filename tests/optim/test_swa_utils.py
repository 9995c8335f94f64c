"""Averages of weights, and hooks of the step."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as torch
from minigrad.optim import swa_utils as swa


def walk(lib, **options):
    """A model on its way, its average, and the rates of SWALR behind a warm-up."""
    values = np.random.default_rng(0).standard_normal((12, 3, 2)).astype("float32")
    model = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3))
    optimizer = lib.optim.SGD(model.parameters(), lr=0.5)
    averaged = lib.optim.swa_utils.AveragedModel(model, **options)
    schedule = lib.optim.swa_utils.SWALR(optimizer, swa_lr=0.1, anneal_epochs=4)
    rates = []
    for value in values:
        with lib.no_grad():
            model[0].weight.copy_(lib.tensor(value))
            model[0].bias.copy_(lib.tensor(value[:, 0]))
            model[1].running_mean.copy_(lib.tensor(value[:, 1]))
        averaged.update_parameters(model)
        optimizer.zero_grad()
        (model[0].weight * 0).sum().backward()
        optimizer.step()
        schedule.step()
        rates.append(schedule.get_last_lr()[0])
    return values, averaged, rates


def test_the_average_is_that_of_the_weights():
    values, averaged, rates = walk(torch)
    np.testing.assert_allclose(averaged.module[0].weight.detach().numpy(), values.mean(0), rtol=1e-5)
    np.testing.assert_array_equal(averaged.module[1].running_mean.numpy(), values[-1, :, 1])
    assert averaged.n_averaged.item() == 12
    expected = [0.1 + 0.4 * (1 + np.cos(np.pi * t / 4)) / 2 for t in (1, 2, 3, 4, 4)]
    np.testing.assert_allclose(rates[:5], expected)
    values, averaged, _ = walk(torch, use_buffers=True)


def test_an_average_that_forgets():
    values, averaged, _ = walk(torch, avg_fn=swa.get_ema_avg_fn(0.8))
    expected = values[0]
    for value in values[1:]:
        expected = 0.8 * expected + 0.2 * value
    np.testing.assert_allclose(averaged.module[0].weight.detach().numpy(), expected, rtol=1e-5)
    _, lists, _ = walk(torch, multi_avg_fn=swa.get_ema_multi_avg_fn(0.8))
    assert torch.equal(lists.module[0].weight, averaged.module[0].weight)


def test_batch_norms_are_measured_anew():
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2, momentum=0.3)).eval()
    batches = [torch.randn(8, 2) + i for i in range(3)]
    swa.update_bn([(x, None) for x in batches], model)
    mean = np.mean([x.numpy().mean(0) for x in batches], 0)
    np.testing.assert_allclose(model[0].running_mean.numpy(), mean, rtol=1e-5)
    assert model[0].momentum == 0.3 and not model.training


def test_impossible_options_are_refused():
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for make, word in (
        (lambda: swa.AveragedModel(model, avg_fn=max, multi_avg_fn=max), "one of them"),
        (lambda: swa.get_ema_avg_fn(1.5), "decay"),
        (lambda: swa.SWALR(optimizer, 0.1, anneal_strategy="step"), "anneal_strategy"),
        (lambda: swa.SWALR(optimizer, 0.1, anneal_epochs=-1), "anneal_epochs"),
    ):
        with pytest.raises(ValueError, match=word):
            make()


def stepped(make=None):
    w = torch.ones(1, requires_grad=True)
    optimizer = (make or torch.optim.SGD)([w], lr=0.5)
    w.grad = torch.ones(1)
    return w, optimizer


class Own(torch.optim.SGD):
    def step(self, closure=None):
        return super().step(closure)


@pytest.mark.parametrize("make", [torch.optim.SGD, Own])
def test_hooks_stand_before_and_behind_a_step(make):
    w, optimizer = stepped(make)
    told = []
    before = optimizer.register_step_pre_hook(lambda _, *given: told.append((*given, w.item())))
    optimizer.register_step_post_hook(lambda *_: told.append(w.item()))
    optimizer.step()
    assert told == [((optimizer,), {}, 1.0), 0.5]
    before.remove()
    optimizer.step(closure=lambda: None)
    assert told[2:] == [0.0]


def test_a_hook_may_change_the_arguments():
    _, optimizer = stepped()
    optimizer.register_step_pre_hook(lambda o, *_: ((o, lambda: 7), {}))
    assert optimizer.step() == 7
    optimizer.register_step_pre_hook(lambda *_: 3)
    with pytest.raises(RuntimeError, match="not 3"):
        optimizer.step()
    with pytest.raises(TypeError, match="function"):
        optimizer.register_step_post_hook(3)


def test_copies_have_no_hooks():
    _, optimizer = stepped()
    optimizer.register_step_pre_hook(lambda *_: None)
    for copied in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert not copied._before and "step" not in vars(copied)
        assert copied.step.__func__ is torch.optim.Optimizer.step


@pytest.mark.parity
@pytest.mark.parametrize("options", [{}, {"use_buffers": True}])
def test_pytorch_averages_the_same(pytorch, options):
    ours, theirs = walk(torch, **options), walk(pytorch, **options)
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-12)
    mine, other = ours[1].state_dict(), theirs[1].state_dict()
    assert list(mine) == list(other)
    for name in mine:
        np.testing.assert_allclose(mine[name].numpy(), other[name].numpy(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("strategy", ["linear", "cos"])
def test_the_rate_stays_at_its_end(strategy):
    w = torch.ones(1, requires_grad=True)
    w.sum().backward()
    optimizer = torch.optim.SGD([w], lr=1.0)
    schedule = torch.optim.swa_utils.SWALR(optimizer, 0.1, 3, strategy)
    rates = []
    for _ in range(7):
        optimizer.step()
        schedule.step()
        rates += schedule.get_last_lr()
    assert rates[:2] == sorted(rates[:2], reverse=True) and rates[1] > 0.1
    assert rates[2:] == pytest.approx([0.1] * 5, rel=1e-12)
