"""ReduceLROnPlateau: lowers the rate when a measure stops improving."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minigrad.optim.lr_scheduler.scheduler import LRScheduler, per_group, warn_of_epoch
from minigrad.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the rate by factor when `step(metric)` has not improved for more than `patience` steps.

    Better means below the best so far by `threshold` ("min"; above it for "max"), relative to the best
    ("rel") or absolute ("abs"). After a reduction `cooldown` steps are not counted. No rate falls below
    `min_lr`, and a change of less than `eps` is left out.

    Arguments:
        optimizer: the schedule changes its groups.
        mode, threshold, threshold_mode: "min" or "max", by how much, "rel" or "abs"; see above.
        factor: below 1.
        patience, cooldown, eps: as above.
        min_lr: a number, or one for each group.

    Raises:
        ValueError: for a factor that does not reduce, or an unknown mode.

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    >>> for loss in (3.0, 2.0, 2.0):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.1]

    >>> schedule.in_cooldown, schedule.is_better(1.0, 2.0)
    (False, True)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1:
            raise ValueError(f"factor must be below 1, or the rate would not fall; it is {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', not {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold_mode must be 'rel' or 'abs', not {threshold_mode!r}")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__} schedules an Optimizer, not {type(optimizer).__name__}")
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.min_lrs: list[float] = per_group(optimizer, min_lr, "min_lr")
        self.default_min_lr = None if isinstance(min_lr, Sequence) else min_lr
        self.eps = eps
        self._reset()
        self._last_lr = self._rates()

    def _reset(self) -> None:
        self.best = math.inf if self.mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        self.last_epoch = 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]  # it depends on a measure
        """Take note of a measure; lower the rates when it is time.

        Arguments:
            metrics: a number or a tensor of one element.
            epoch: the number of this step; deprecated, as in PyTorch.
        """
        current = float(metrics.item() if hasattr(metrics, "item") else metrics)
        lowest_rates = self._lowest()
        if epoch is not None:
            warn_of_epoch()
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, lowest in zip(self.optimizer.param_groups, lowest_rates, strict=True):
                lower = max(group["lr"] * self.factor, lowest)
                if group["lr"] - lower > self.eps:
                    group["lr"] = lower
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._rates()

    def _lowest(self) -> list[float]:
        """The lowest rate of each group; that of all goes for a group which was added since."""
        groups = len(self.optimizer.param_groups)
        if len(self.min_lrs) != groups:
            if self.default_min_lr is None:
                raise ValueError(
                    f"min_lr has {len(self.min_lrs)} values, and the optimiser has {groups} groups now: "
                    f"append those of the added groups to min_lrs"
                )
            self.min_lrs = [self.default_min_lr] * groups
        return self.min_lrs

    @property
    def in_cooldown(self) -> bool:
        """True if steps are not counted now, a reduction having just been made."""
        return self.cooldown_counter > 0

    def is_better(self, a: float, best: float) -> bool:
        """True if a measure, `a`, improves on the `best` by the threshold."""
        if self.threshold_mode == "rel":
            return a < best * (1 - self.threshold) if self.mode == "min" else a > best * (1 + self.threshold)
        return a < best - self.threshold if self.mode == "min" else a > best + self.threshold
