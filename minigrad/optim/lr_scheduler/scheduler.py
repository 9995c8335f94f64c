"""LRScheduler: what the learning-rate schedules share."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from minigrad._tensor.tracing import put_off
from minigrad.optim.optimizer import Optimizer


class LRScheduler:
    """Base class of the schedules: `step()`, called after the optimiser's, sets the next rate.

    A subclass defines `get_lr`, the rates for step `last_epoch`, one per group. `last_epoch=-1` starts
    anew, from the rates that the groups have, which are kept there as "initial_lr"; any other value goes
    on from there.

    Raises:
        TypeError: when not given an optimiser.
        KeyError: when going on with groups that have no "initial_lr".

    >>> import minigrad as torch
    >>> class Halve(torch.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> Halve(optimizer).get_last_lr()
    [1.0]
    """

    # State that belongs to the objects around, not to the schedule.
    _unsaved: tuple[str, ...] = ("optimizer", "_optimizer_steps")

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__} schedules an Optimizer, not {type(optimizer).__name__}")
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"group {number} has no 'initial_lr', which going on from last_epoch={last_epoch} needs: "
                    f"load the optimiser's state_dict first"
                )
        self.optimizer = optimizer
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._optimizer_steps = optimizer._steps
        self._step_count = 0
        # Subclasses written for PyTorch ask these within get_lr: is it the first step, is it a step at all.
        self._is_initial = self._get_lr_called_within_step = False
        self._begin()

    def _begin(self) -> None:
        """The first step, which sets the first rates."""
        self._advance()

    def get_lr(self) -> list[float]:
        """The learning rate of each group for step `last_epoch`."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr()")

    def closed_form(self) -> list[float]:
        """The rates for step `last_epoch` by its number alone, where `get_lr` goes on from those before.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5).closed_form()
        [1.0]
        """
        return self.get_lr()

    def step(self, epoch: int | None = None) -> None:
        """Go to the next step, or jump to step `epoch`, and set the groups' learning rates.

        A jump forgets rates that were set otherwise. It warns, as in PyTorch, which will give it up.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> optimizer.zero_grad()
        >>> schedule.last_epoch
        0
        """
        if put_off(self, "step", epoch):
            return
        counts = type(self.optimizer).step is Optimizer.step
        if self._step_count == 1 and counts and self.optimizer._steps == self._optimizer_steps:
            warnings.warn(
                "lr_scheduler.step() came before optimizer.step(), so the first learning rate of the "
                "schedule is skipped; call optimizer.step() first",
                UserWarning,
                stacklevel=2,
            )
        if epoch is not None:
            warn_of_epoch()
        self._advance(epoch)

    def _advance(self, epoch: int | None = None) -> None:
        before = self.last_epoch
        self.last_epoch = before + 1 if epoch is None else epoch
        self._is_initial, self._get_lr_called_within_step = not self._step_count, True
        try:
            rates = self.get_lr() if epoch is None else self.closed_form()
        except BaseException:
            self.last_epoch = before
            raise
        finally:
            self._is_initial = self._get_lr_called_within_step = False
        self._step_count += 1
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = self._rates()

    def _bases(self) -> list[float]:
        """The initial rates, one for each group that there is now."""
        groups = len(self.optimizer.param_groups)
        if groups != len(self.base_lrs):
            raise ValueError(
                f"{type(self).__name__} was made for {len(self.base_lrs)} parameter groups, and "
                f"the optimiser has {groups} now: make the schedule after add_param_group()"
            )
        return self.base_lrs

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """The learning rates that the schedule set last, one per group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """All of the schedule's state; the optimiser's rates are in the optimiser's own state dict.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5).state_dict()["gamma"]
        0.5
        """
        return {name: value for name, value in self.__dict__.items() if name not in self._unsaved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state of a schedule; load the optimiser's state too.

        Arguments:
            state_dict: from `state_dict()` of a schedule of the same kind.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> saved = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5).state_dict()
        >>> schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
        >>> schedule.load_state_dict(saved)
        >>> schedule.gamma
        0.5
        """
        self.__dict__.update({name: value for name, value in state_dict.items() if name not in self._unsaved})


def warn_of_epoch() -> None:
    """Say that a jump to an epoch is on its way out."""
    warnings.warn(
        "the epoch argument of step() is deprecated, as in PyTorch: call step() without it. The rates are "
        "now those of that epoch, whatever they were changed to before",
        UserWarning,
        stacklevel=3,
    )


def per_group(optimizer: Optimizer, value: Any, name: str) -> list[Any]:
    """One value for each group, from a list of them or a single one for all."""
    count = len(optimizer.param_groups)
    if not isinstance(value, Sequence):
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{name} has {len(value)} values for {count} parameter groups")
    return list(value)
