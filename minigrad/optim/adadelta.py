"""Adadelta: steps in units of the steps before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.optim.calls import (
    Array,
    Calls,
    Update,
    add,
    add_multiple,
    add_product,
    divide,
    factor_of,
    multiple_of,
    multiply,
    number,
)
from minigrad.optim.optimizer import Optimizer, require


class Adadelta(Optimizer):
    """v = ρ·v + (1-ρ)·g², Δ = √(u + eps) / √(v + eps) · g, u = ρ·u + (1-ρ)·Δ², θ = θ - lr·Δ.

    `weight_decay` adds its multiple of θ to g.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr: the factor of a step.
        rho: how much of the averages is kept.
        eps: keeps the roots from 0.
        weight_decay: as above.
        maximize: climb instead of descending.
        foreach: PyTorch's choice of a kernel; changes nothing.
        capturable, differentiable: refused where true.

    Raises:
        ValueError: for an option out of its range.

    Source: Zeiler, "ADADELTA" (2012), algorithm 1.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adadelta([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9997], requires_grad=True)
    """

    _shaped = ("square_avg", "acc_delta")
    _counts = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "capturable": capturable,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, rho=0, eps=0, weight_decay=0)
        if group["rho"] > 1:
            raise ValueError(f"rho must be in [0, 1], not {group['rho']}")

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        rho = float(group["rho"])
        slope, room, rate = self._slope(group, dtype), self._room, multiple_of(-float(group["lr"]), dtype)
        old, new, eps = factor_of(rho, dtype), factor_of(1 - rho, dtype), number(float(group["eps"]), dtype)

        def update(p: Array, g: Array, v: Array, u: Array) -> Calls:
            turned, step, scratch = room(p)
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            calls.append((multiply, v, old, v))
            calls += add_product(v, new, g, g, scratch, out=v)
            return [
                *calls,
                (add, v, eps, step),
                (np.sqrt, step, step),
                (add, u, eps, scratch),
                (np.sqrt, scratch, scratch),
                (divide, scratch, step, step),
                (multiply, step, g, step),
                (multiply, u, old, u),
                *add_product(u, new, step, step, scratch, out=u),
                *add_multiple(p, rate, step, scratch, out=p),
            ]

        return update
