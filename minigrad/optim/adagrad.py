"""Adagrad: steps divided by the size of all gradients so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.optim.calls import Array, Calls, Update, add, add_quotient, factor_of, multiply, number
from minigrad.optim.optimizer import Optimizer, require


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

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        slope, room = self._slope(group, dtype), self._room
        eps = number(float(group["eps"]), dtype)
        rate = factor_of(-float(group["lr"]) / (1 + (t - 1) * float(group["lr_decay"])), dtype)

        def update(p: Array, g: Array, total: Array) -> Calls:
            turned, size, scratch = room(p)
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            return [
                *calls,
                (multiply, g, g, scratch),
                (add, total, scratch, total),
                (np.sqrt, total, size),
                (add, size, eps, size),
                *add_quotient(p, rate, g, size, scratch),
            ]

        return update
