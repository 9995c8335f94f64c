"""OneCycleLR: up to a large rate and down again, once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minigrad.optim.lr_scheduler.scheduler import LRScheduler, per_group
from minigrad.optim.optimizer import Optimizer


class OneCycleLR(LRScheduler):
    """Raises the rate from max_lr/div_factor to max_lr, then lowers it to that start over final_div_factor.

    It is stepped after every batch. `total_steps` is given, or epochs and steps_per_epoch; the rise takes
    the share `pct_start` of them. With `three_phase` the fall first takes as long as the rise, to where
    that began. With `cycle_momentum` momentum (β1 in Adam) goes the other way, between max_momentum and
    base_momentum. `anneal_strategy` is "cos" or "linear".

    Raises:
        ValueError: for missing or impossible options, and for more than total_steps steps.

    Source: Smith and Topin, "Super-convergence" (2018), section 3.

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> round(schedule.get_last_lr()[0], 6), optimizer.param_groups[0]["momentum"]
    (0.04, 0.95)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__} schedules an Optimizer, not {type(optimizer).__name__}")
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR needs total_steps, or both epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if total_steps < 1:
            raise ValueError(f"OneCycleLR needs at least one step, not {total_steps}")
        if not 0 <= pct_start <= 1:
            raise ValueError(f"pct_start is a share between 0 and 1, not {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', not {anneal_strategy!r}")
        self.total_steps = total_steps
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        self.use_beta1 = "betas" in optimizer.defaults
        # Each phase: the step at which it ends, and the values between which it leads.
        rise = pct_start * total_steps - 1
        self._phases = [(rise, "initial_lr", "max_lr", "max_momentum", "base_momentum")]
        if three_phase:
            self._phases += [
                (2 * pct_start * total_steps - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
                (total_steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
            ]
        else:
            self._phases += [(total_steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
        if last_epoch == -1:
            tops = per_group(optimizer, max_lr, "max_lr")
            for group, top in zip(optimizer.param_groups, tops, strict=True):
                group["initial_lr"] = top / div_factor
                group["max_lr"] = top
                group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            if not self.use_beta1 and "momentum" not in optimizer.defaults:
                raise ValueError(
                    "cycle_momentum needs an optimiser with momentum or betas; say cycle_momentum=False"
                )
            if last_epoch == -1:
                self._store_momenta(optimizer, base_momentum, max_momentum)
        super().__init__(optimizer, last_epoch)

    def _store_momenta(self, optimizer: Optimizer, base: Any, top: Any) -> None:
        bases, tops = (per_group(optimizer, base, "base_momentum"), per_group(optimizer, top, "max_momentum"))
        for group, low, high in zip(optimizer.param_groups, bases, tops, strict=True):
            group["base_momentum"] = low
            group["max_momentum"] = high
            self._set_momentum(group, high)

    def _set_momentum(self, group: dict[str, Any], momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * share
        return end + (start - end) / 2 * (1 + math.cos(math.pi * share))

    def get_lr(self) -> list[float]:
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"OneCycleLR was made for {self.total_steps} steps, and this is step {step}")
        begin = 0.0
        for phase in self._phases:
            end = phase[0]
            if step <= end or phase is self._phases[-1]:
                break
            begin = end
        _, lr_from, lr_to, momentum_from, momentum_to = phase
        share = (step - begin) / (end - begin) if end != begin else 1.0
        self._bases()
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[lr_from], group[lr_to], share))
            if self.cycle_momentum:
                self._set_momentum(group, self._between(group[momentum_from], group[momentum_to], share))
        return rates
