"""Schedules that rise or fall for some steps: a warm-up, a polynomial, and factors of the user's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minigrad.optim.lr_scheduler.decay import LambdaLR
from minigrad.optim.lr_scheduler.scheduler import LRScheduler
from minigrad.optim.optimizer import Optimizer


class ConstantLR(LRScheduler):
    """Multiplies the rate by `factor` until step `total_iters`, where it comes back.

    Raises:
        ValueError: for a factor outside [0, 1].

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=4).get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        require_share("factor", factor)
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [lr * self.factor for lr in self._rates()]
        if self.last_epoch == self.total_iters:
            return [lr * (1 / self.factor) for lr in self._rates()]
        return self._rates()

    def closed_form(self) -> list[float]:
        factor = 1.0 if self.last_epoch >= self.total_iters else self.factor
        return [base * factor for base in self._bases()]


class LinearLR(LRScheduler):
    """Multiplies the rate by a factor that goes from `start_factor` to `end_factor` in `total_iters` steps.

    Raises:
        ValueError: for factors outside [0, 1], or a start at 0.

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> schedule = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        require_share("start_factor", start_factor)
        require_share("end_factor", end_factor)
        if start_factor == 0:
            raise ValueError("start_factor must be above 0: from there no factor leads up")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, rise = self.last_epoch, self.end_factor - self.start_factor
        if t == 0:
            return [lr * self.start_factor for lr in self._rates()]
        if self._step_count == 0 or t > self.total_iters:
            return self._rates()
        growth = 1 + rise / (self.total_iters * self.start_factor + (t - 1) * rise)
        return [lr * growth for lr in self._rates()]

    def closed_form(self) -> list[float]:
        share = min(self.total_iters, self.last_epoch) / self.total_iters
        factor = self.start_factor + (self.end_factor - self.start_factor) * share
        return [base * factor for base in self._bases()]


class PolynomialLR(LRScheduler):
    """Lowers the rate to 0 in `total_iters` steps, as (1 - step/total_iters)^power.

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> schedule = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2.0)
    >>> schedule.get_last_lr()
    [1.0]
    """

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, total = self.last_epoch, self.total_iters
        if self._step_count == 0 or t > total:
            return self._rates()
        factor = ((1 - t / total) / (1 - (t - 1) / total)) ** self.power
        return [lr * factor for lr in self._rates()]

    def closed_form(self) -> list[float]:
        share = min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * (1 - share) ** self.power for base in self._bases()]


class MultiplicativeLR(LambdaLR):
    """Multiplies the rate in each step by lr_lambda(step); one function for all groups, or a list.

    Functions cannot be saved: `state_dict` keeps None for them, and the attributes of callable objects.

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> schedule = torch.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda step: 0.5)
    >>> schedule.get_last_lr()
    [1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self) -> list[float]:
        if self._step_count == 0:
            return self._rates()
        return [
            lr * factor(self.last_epoch) for lr, factor in zip(self._rates(), self.lr_lambdas, strict=True)
        ]


def require_share(name: str, value: float) -> None:
    """Raise ValueError for a factor outside [0, 1]."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1], not {value}")
