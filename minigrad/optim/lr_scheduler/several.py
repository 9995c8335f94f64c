"""Schedules made of others: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from minigrad._tensor.tracing import put_off
from minigrad.optim.lr_scheduler.plateau import ReduceLROnPlateau
from minigrad.optim.lr_scheduler.scheduler import LRScheduler
from minigrad.optim.optimizer import Optimizer


class _Several(LRScheduler):
    """A schedule with others inside."""

    _schedulers: Sequence[LRScheduler]
    _unsaved = (*LRScheduler._unsaved, "_schedulers")

    def _take(self, optimizer: Optimizer | None, schedulers: Sequence[LRScheduler]) -> None:
        name = type(self).__name__
        if not schedulers:
            raise ValueError(f"{name} needs at least one schedule")
        for place, one in enumerate(schedulers):
            if not isinstance(one, LRScheduler):
                raise TypeError(f"{name} is made of schedules; number {place} is a {type(one).__name__}")
            if isinstance(one, ReduceLROnPlateau):
                raise ValueError(f"{name} cannot step ReduceLROnPlateau (number {place}): it needs a measure")
            if one.optimizer is not (optimizer or schedulers[0].optimizer):
                raise ValueError(f"{name} has one optimiser; schedule number {place} has another")
        self._schedulers = schedulers
        self.optimizer = optimizer or schedulers[0].optimizer

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "_schedulers": [one.state_dict() for one in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for one, saved in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            one.load_state_dict(saved)


class SequentialLR(_Several):
    """One schedule after the other: the next begins, at its step 0, at each of the `milestones`.

    Arguments:
        optimizer: that of all the schedules.
        schedulers: in their order.
        milestones: the steps at which the second and those after it begin.

    Raises:
        ValueError: for a number of milestones that does not fit, or schedules of another optimiser.

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> warm = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=9)
    >>> fall = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, fall], milestones=[1])
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        self._take(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR needs one milestone less than schedules: {len(schedulers)} schedules, "
                f"{len(milestones)} milestones"
            )
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        _undo(schedulers)  # each made its first step when it was made
        first = schedulers[bisect_right(self._milestones, 0)]
        first._step_count = 0
        first._begin()
        self._last_lr = first.get_last_lr()

    def _begin(self) -> None:
        self.step()

    def step(self) -> None:  # type: ignore[override]  # no jumps
        if put_off(self, "step"):
            return
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        schedule = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            schedule._advance(0)
            schedule._step_count -= 1
        else:
            schedule.step()
        self._last_lr = schedule.get_last_lr()


class ChainedScheduler(_Several):
    """Several schedules at once: each steps on from the rate that the one before it set.

    Arguments:
        schedulers: in their order.
        optimizer: that of all the schedules; None takes it from the first.

    Raises:
        ValueError: for no schedule, or schedules of another optimiser.

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> warm = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=9)
    >>> fall = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = torch.optim.lr_scheduler.ChainedScheduler([warm, fall])
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._take(optimizer, schedulers)
        self._last_lr = self._rates()

    def _begin(self) -> None:
        for schedule in self._schedulers:
            schedule._begin()
        self._last_lr = self._rates()

    def step(self) -> None:  # type: ignore[override]  # no jumps
        if put_off(self, "step"):
            return
        for schedule in self._schedulers:
            schedule.step()
        self._last_lr = self._rates()


def _undo(schedulers: Sequence[LRScheduler]) -> None:
    for schedule in schedulers:
        if isinstance(schedule, _Several):
            _undo(schedule._schedulers)
        else:
            schedule.last_epoch -= 1
