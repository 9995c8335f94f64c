"""ASGD: steps that shrink, and the mean of where they went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import setitem
from typing import Any

import numpy as np

from minigrad.optim.calls import (
    Array,
    Calls,
    Update,
    add,
    add_multiple,
    factor_of,
    multiple_of,
    multiply,
    subtract,
)
from minigrad.optim.optimizer import Optimizer, require


class ASGD(Optimizer):
    """θ = (1 - lambd·η)·θ - η·g, and the state "ax" is the mean of θ behind step t0.

    η = lr / (1 + lambd·lr·t)^alpha. `weight_decay` adds its multiple of θ to g.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr: the first η.
        lambd, alpha: as above.
        t0: the step from which on the mean is taken.
        weight_decay: as above.
        maximize: climb instead of descending.
        foreach: PyTorch's choice of a kernel; changes nothing.
        capturable, differentiable: refused where true.

    Raises:
        ValueError: for an option out of its range.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging" (1992).

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    _shaped = ("ax",)
    _counts = True
    _single = ("eta", "mu")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, weight_decay=0)

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped

    def _first(self, name: str, group: dict[str, Any]) -> float:
        return {"eta": float(group["lr"]), "mu": 1.0}.get(name, 0.0)

    def _next(self, t: int, group: dict[str, Any], *numbers: float) -> Sequence[float]:
        lr = float(group["lr"])
        return lr / (1 + group["lambd"] * lr * t) ** group["alpha"], 1 / max(1, t - group["t0"])

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        eta, mu = numbers
        slope, room, rate = self._slope(group, dtype), self._room, multiple_of(-eta, dtype)
        shrunk, share = factor_of(1 - float(group["lambd"]) * eta, dtype), factor_of(mu, dtype)

        def update(p: Array, g: Array, mean: Array) -> Calls:
            turned, difference, scratch = room(p)
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            calls.append((multiply, p, shrunk, p))
            calls += add_multiple(p, rate, g, scratch, out=p)
            if mu == 1:
                return [*calls, (setitem, mean, ..., p)]
            return [
                *calls,
                (subtract, p, mean, difference),
                (multiply, difference, share, difference),
                (add, mean, difference, mean),
            ]

        return update
