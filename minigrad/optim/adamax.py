"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from minigrad.optim.adam import require_betas
from minigrad.optim.calls import Array, Calls, Update, add, add_quotient, factor_of, lerp, multiply, number
from minigrad.optim.optimizer import Optimizer, require


class Adamax(Optimizer):
    """m = β1·m + (1-β1)·g, u = max(β2·u, |g| + eps), θ = θ - lr/(1-β1ᵗ) · m/u.

    `weight_decay` adds its multiple of θ to g.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr: the learning rate.
        betas: the pair (β1, β2).
        eps: keeps the quotient finite.
        weight_decay: as above.
        maximize: climb instead of descending.
        foreach: PyTorch's choice of a kernel; changes nothing.
        capturable, differentiable: refused where true.

    Raises:
        ValueError: for an option out of its range.

    Source: Kingma and Ba, "Adam" (2015), algorithm 2.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _shaped = ("exp_avg", "exp_inf")
    _counts = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, eps=0, weight_decay=0)
        require_betas(group["betas"])

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        beta1, beta2 = map(float, group["betas"])
        slope, room, approach = self._slope(group, dtype), self._room, lerp(1 - beta1, dtype)
        old, eps = factor_of(beta2, dtype), number(float(group["eps"]), dtype)
        rate = factor_of(-float(group["lr"]) / (1 - beta1**t), dtype)

        def update(p: Array, g: Array, m: Array, u: Array) -> Calls:
            turned, size, scratch = room(p)
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            calls += approach(m, g, scratch)
            return [
                *calls,
                (multiply, u, old, u),
                (np.absolute, g, size),
                (add, size, eps, size),
                (partial(np.maximum, u, size, out=u),),
                *add_quotient(p, rate, m, u, scratch),
            ]

        return update
