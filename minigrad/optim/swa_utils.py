"""Averages of a model's weights on the way: stochastic weight averaging, and exponential averages.

Source: Izmailov et al., "Averaging weights leads to wider optima and better generalization" (2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.creation import tensor
from minigrad.nn.module import Module
from minigrad.nn.normalisation import BatchNorm
from minigrad.optim.lr_scheduler.scheduler import LRScheduler, per_group
from minigrad.optim.optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Tensor, Tensor, Any], Tensor]:
    """An average for `AveragedModel` that forgets: decay·average + (1-decay)·new.

    Arguments:
        decay: how much of the average is kept, in [0, 1].

    Raises:
        ValueError: for a decay outside [0, 1].

    >>> import minigrad as torch
    >>> average = torch.optim.swa_utils.get_ema_avg_fn(0.75)
    >>> average(torch.zeros(1), torch.ones(1), 1)
    tensor([0.2500])
    """
    if not 0 <= decay <= 1:
        raise ValueError(f"decay must be in [0, 1], not {decay}")

    def average(averaged: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            return decay * averaged + (1 - decay) * current

    return average


def get_swa_avg_fn() -> Callable[[Tensor, Tensor, Any], Tensor]:
    """The plain average of all models so far, for `AveragedModel`.

    >>> import minigrad as torch
    >>> torch.optim.swa_utils.get_swa_avg_fn()(torch.zeros(1), torch.ones(1), 3)
    tensor([0.2500])
    """

    def average(averaged: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            return averaged + (current - averaged) / (num_averaged + 1)

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]:
    """As `get_ema_avg_fn`, for lists of tensors; the first are written.

    Arguments:
        decay: how much of the averages is kept, in [0, 1].

    >>> import minigrad as torch
    >>> averages = [torch.zeros(1)]
    >>> torch.optim.swa_utils.get_ema_multi_avg_fn(0.75)(averages, [torch.ones(1)], 1)
    >>> averages
    [tensor([0.2500])]
    """
    return _over_lists(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]:
    """As `get_swa_avg_fn`, for lists of tensors; the first are written.

    >>> import minigrad as torch
    >>> averages = [torch.zeros(1)]
    >>> torch.optim.swa_utils.get_swa_multi_avg_fn()(averages, [torch.ones(1)], 1)
    >>> averages
    [tensor([0.5000])]
    """
    return _over_lists(get_swa_avg_fn())


def _over_lists(one: Callable[[Tensor, Tensor, Any], Tensor]) -> Callable[..., None]:
    def average(averaged: Sequence[Tensor], current: Sequence[Tensor], num_averaged: Any) -> None:
        with no_grad():
            for old, new in zip(averaged, current, strict=True):
                old.copy_(one(old, new, num_averaged))

    return average


class AveragedModel(Module):
    """A copy of a model; its weights are the average of all weights that it was shown.

    Arguments:
        model: the model; it is copied.
        device: the CPU.
        avg_fn: of an averaged tensor, a new one and the number so far; None is the plain average.
        multi_avg_fn: the same for lists of tensors; it writes the first list.
        use_buffers: whether buffers are averaged too; else they are those of the last model.

    Raises:
        ValueError: for both `avg_fn` and `multi_avg_fn`.

    >>> import minigrad as torch
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> averaged = torch.optim.swa_utils.AveragedModel(model)
    >>> for value in (1.0, 3.0):
    ...     model.weight.data.fill_(value)
    ...     averaged.update_parameters(model)
    tensor([[1.]])
    tensor([[3.]])
    >>> averaged(torch.ones(1)).item()
    2.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[[Tensor, Tensor, Any], Tensor] | None = None,
        multi_avg_fn: Callable[[Sequence[Tensor], Sequence[Tensor], Any], None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("avg_fn and multi_avg_fn are two ways to say one thing: give one of them")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The averaged model's answer.

        Arguments:
            args, kwargs: those of the model.
        """
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the weights of the model into the average.

        Arguments:
            model: as it is now.
        """
        ours: list[Tensor] = list(self.module.parameters())
        theirs: list[Tensor] = list(model.parameters())
        buffers, new = list(self.module.buffers()), list(model.buffers())
        if self.use_buffers:
            ours, theirs = ours + buffers, theirs + new
        averaged = [p.detach() for p in ours]
        current = [p.detach() for p in theirs]
        with no_grad():
            if self.n_averaged == 0:
                for old, one in zip(averaged, current, strict=True):
                    old.copy_(one)
            elif self.multi_avg_fn is not None:
                self.multi_avg_fn(averaged, current, self.n_averaged)
            else:
                _over_lists(self.avg_fn or get_swa_avg_fn())(averaged, current, self.n_averaged)
            if not self.use_buffers:
                for old, one in zip(buffers, new, strict=True):
                    old.copy_(one)
            self.n_averaged.add_(1)


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Measure anew what the model's batch norms keep, in one pass over the data.

    Arguments:
        loader: batches of inputs, or sequences that begin with one.
        model: for instance an `AveragedModel`: its weights have met no batch.
        device: the CPU.

    >>> import minigrad as torch
    >>> model = torch.nn.BatchNorm1d(1)
    >>> torch.optim.swa_utils.update_bn([torch.tensor([[1.0], [3.0]])], model)
    >>> model.running_mean
    tensor([2.])
    """
    norms = {module: module.momentum for module in model.modules() if isinstance(module, BatchNorm)}
    if not norms:
        return
    training = model.training
    model.train()
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the plain average
        with no_grad():
            for batch in loader:
                first = batch[0] if isinstance(batch, list | tuple) else batch
                model(first if device is None else first.to(device))
    finally:
        for norm, momentum in norms.items():
            norm.momentum = momentum
        model.train(training)


class SWALR(LRScheduler):
    """Takes the rate to `swa_lr` in `anneal_epochs` steps, and keeps it there.

    Arguments:
        optimizer: the schedule changes its groups.
        swa_lr: a number, or one for each group.
        anneal_epochs: how many steps it takes.
        anneal_strategy: "cos" or "linear".
        last_epoch: -1 to start anew.

    Raises:
        ValueError: for another strategy, or a negative number of steps.

    >>> import minigrad as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> schedule = torch.optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2)
    >>> schedule.get_last_lr()
    [1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | Sequence[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', not {anneal_strategy!r}")
        if int(anneal_epochs) != anneal_epochs or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be a whole number of at least 0, not {anneal_epochs}")
        for group, lr in zip(optimizer.param_groups, per_group(optimizer, swa_lr, "swa_lr"), strict=True):
            group["swa_lr"] = lr
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How far the rate is on its way in a step."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[float]:
        step = max(1, self._step_count) if self.anneal_epochs == 0 else self._step_count
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
