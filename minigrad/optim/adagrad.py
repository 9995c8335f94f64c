"""Adagrad: steps divided by the size of all gradients so far."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from minigrad.optim.optimizer import (
    Array,
    Calls,
    Optimizer,
    add,
    add_quotient,
    multiply,
    require,
)


class Adagrad(Optimizer):
    """s = s + g², θ = θ - lr_t·g / (√s + eps), where lr_t = lr / (1 + (t-1)·lr_decay).

    s starts at `initial_accumulator_value`. `weight_decay` adds its multiple of θ to g.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr, lr_decay, weight_decay, initial_accumulator_value, eps: as above.
        maximize: climb instead of descending.
        foreach, fused: PyTorch's choice of a kernel; changes nothing.
        differentiable: refused where true.

    Raises:
        ValueError: for a negative option.

    Source: Duchi et al., "Adaptive subgradient methods for online learning and stochastic optimization"
    (2011), with a decaying rate.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _shaped = ("sum",)
    _counts = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for parameter in group["params"]:  # as in PyTorch the state is there before the first step
            self.state[parameter] = dict(self._state_of(parameter, self._shaped, group))

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=0)

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped

    def _first(self, name: str, group: dict[str, Any]) -> float:
        return float(group["initial_accumulator_value"])

    def _rule(self, t: int, group: dict[str, Any], p: Array, g: Array, *kept: Array) -> Calls:
        (total,) = kept
        slope, size, scratch = self._room(p)
        g, calls = self._slope(p, g, group, slope, scratch)
        rate = float(group["lr"]) / (1 + (t - 1) * float(group["lr_decay"]))
        return [
            *calls,
            partial(multiply, g, g, scratch),
            partial(add, total, scratch, total),
            partial(np.sqrt, total, size),
            partial(add, size, float(group["eps"]), size),
            *add_quotient(p, -rate, g, size, scratch),
        ]
