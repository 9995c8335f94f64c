"""Schedules that go round: up and down, or down with restarts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from minigrad.optim.lr_scheduler.scheduler import LRScheduler, per_group
from minigrad.optim.optimizer import Optimizer


class CyclicLR(LRScheduler):
    """Moves the rate from `base_lr` up to `max_lr` and down again, for ever; it is stepped after every batch.

    Mode "triangular" keeps the height, "triangular2" halves it in each cycle, "exp_range" multiplies it by
    gamma in each step. With `cycle_momentum` the momentum (β1 in Adam) goes the other way, between
    `max_momentum` and `base_momentum`.

    Arguments:
        optimizer: the schedule changes its groups.
        base_lr, max_lr, base_momentum, max_momentum: numbers, or one for each group.
        step_size_up, step_size_down: steps of a rise and of a fall; None is as many as of a rise.
        mode, gamma, cycle_momentum: as above.
        scale_fn: in place of a mode: the height by the number of the cycle (`scale_mode` "cycle", from 1), or
            of the step ("iterations").
        scale_mode: as above.

    Raises:
        ValueError: for an unknown mode, or an optimiser without momentum where that should cycle.

    Source: Smith, "Cyclical learning rates for training neural networks" (2017).

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> schedule = torch.optim.lr_scheduler.CyclicLR(optimizer, 0.25, 1.25, step_size_up=2)
    >>> schedule.get_last_lr()
    [0.25]
    >>> schedule.scale_fn(3)
    1.0
    """

    _unsaved = (*LRScheduler._unsaved, "_own_scale")

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__} schedules an Optimizer, not {type(optimizer).__name__}")
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"mode must be 'triangular', 'triangular2' or 'exp_range', not {mode!r}")
        self.use_beta1 = "betas" in optimizer.defaults
        if cycle_momentum and not self.use_beta1 and "momentum" not in optimizer.defaults:
            raise ValueError(
                "cycle_momentum needs an optimiser with momentum or betas; say cycle_momentum=False"
            )
        down = step_size_up if step_size_down is None else step_size_down
        base_lrs = per_group(optimizer, base_lr, "base_lr")
        self.max_lrs = per_group(optimizer, max_lr, "max_lr")
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._own_scale = scale_fn
        if scale_fn is None:
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode = scale_mode
        self.cycle_momentum = cycle_momentum
        self.base_momentums = per_group(optimizer, base_momentum, "base_momentum")
        self.max_momentums = per_group(optimizer, max_momentum, "max_momentum")
        if last_epoch == -1:
            for i, group in enumerate(optimizer.param_groups):
                group["lr"] = base_lrs[i]
                if cycle_momentum:
                    group["max_momentum"], group["base_momentum"] = (
                        self.max_momentums[i],
                        self.base_momentums[i],
                    )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs
        if last_epoch == -1:
            self._reset_rates()

    def _reset_rates(self) -> None:
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            group["lr"] = lr
        self._last_lr = self._rates()

    def scale_fn(self, x: float) -> float:
        """The height of a cycle, by the number x of the cycle or of the step."""
        if self._own_scale is not None:
            return self._own_scale(x)
        if self.mode == "exp_range":
            return float(self.gamma**x)
        return 1.0 if self.mode == "triangular" else 1 / 2.0 ** (x - 1)

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        rises = x <= self.step_ratio
        height = x / self.step_ratio if rises else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            self._set_momenta(height, scale)
        return [
            low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def _set_momenta(self, height: float, scale: float) -> None:
        for group, low, high in zip(
            self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True
        ):
            momentum = high - (high - low) * height * scale
            if self.use_beta1:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum


class CosineAnnealingWarmRestarts(LRScheduler):
    """Lowers the rate to eta_min along half a cosine in T_0 steps, then starts again, T_mult times as long.

    `step` may be given a part of an epoch, such as epoch + batch/batches.

    Raises:
        ValueError: for a T_0 or T_mult that is no positive integer, or a negative epoch.

    Source: Loshchilov and Hutter, "SGDR" (2017), equation 5.

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> schedule.get_last_lr()
    [1.0]
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if int(value) != value or value < 1:
                raise ValueError(f"{name} must be a positive integer, not {value!r}")
        self.T_0 = self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        height = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * height / 2 for base in self._bases()]

    def step(self, epoch: float | None = None) -> None:
        if epoch is not None and epoch < 0:
            raise ValueError(f"epoch must be at least 0, not {epoch}")
        if epoch is None:
            super().step()
        else:
            self._advance(epoch)

    def _advance(self, epoch: float | None = None) -> None:
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
            return super()._advance()
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            times = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**times - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**times
        return super()._advance(math.floor(epoch))
