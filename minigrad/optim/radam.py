"""RAdam: Adam that waits until its mean of squares can be relied on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.optim.adam import require_betas
from minigrad.optim.calls import (
    Array,
    Calls,
    Update,
    add,
    add_multiple,
    add_product,
    add_quotient,
    factor_of,
    lerp,
    multiply,
    number,
)
from minigrad.optim.optimizer import Optimizer, require


class RAdam(Optimizer):
    """θ = θ - lr·r·m̂ / (√v̂ + eps) where ρ > 5, else θ = θ - lr·m̂, with Adam's m̂ and v̂.

    ρ∞ = 2/(1-β2) - 1, ρ = ρ∞ - 2t·β2ᵗ/(1-β2ᵗ), r² = (ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ); eps is added to √v, as
    in PyTorch. `weight_decay` adds its multiple of θ to g, or, with `decoupled_weight_decay`, shrinks θ by
    lr·weight_decay beside the step.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr: the learning rate.
        betas: the pair (β1, β2).
        eps: keeps the quotient finite.
        weight_decay, decoupled_weight_decay: as above.
        maximize: climb instead of descending.
        foreach: PyTorch's choice of a kernel; changes nothing.
        capturable, differentiable: refused where true.

    Raises:
        ValueError: for an option out of its range.

    Source: Liu et al., "On the variance of the adaptive learning rate and beyond" (2020), algorithm 2.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    _shaped = ("exp_avg", "exp_avg_sq")
    _counts = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, eps=0, weight_decay=0)
        require_betas(group["betas"])

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        lr, decay, (beta1, beta2) = (
            float(group["lr"]),
            float(group["weight_decay"]),
            map(float, group["betas"]),
        )
        slope, room, approach = self._slope(group, dtype), self._room, lerp(1 - beta1, dtype)
        old, new, eps = (
            factor_of(beta2, dtype),
            factor_of(1 - beta2, dtype),
            number(float(group["eps"]), dtype),
        )
        shrinks, shrunk = decay != 0 and group["decoupled_weight_decay"], factor_of(1 - lr * decay, dtype)
        most, left = 2 / (1 - beta2) - 1, 1 - beta2**t
        rho = most - 2 * t * beta2**t / left
        rate, relied_on = -lr / (1 - beta1**t), rho > 5
        if relied_on:
            rate *= math.sqrt(left * (rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
        factor = factor_of(rate, dtype)

        def update(p: Array, g: Array, m: Array, v: Array) -> Calls:
            turned, size, scratch = room(p)
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            if shrinks:
                calls.append((multiply, p, shrunk, p))
            calls += approach(m, g, scratch)
            calls.append((multiply, v, old, v))
            calls += add_product(v, new, g, g, scratch, out=v)
            if not relied_on:
                return [*calls, *add_multiple(p, factor, m, scratch, out=p)]
            return [
                *calls,
                (np.sqrt, v, size),
                (add, size, eps, size),
                *add_quotient(p, factor, m, size, scratch),
            ]

        return update
