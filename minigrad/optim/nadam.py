"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.optim.adam import require_betas
from minigrad.optim.calls import (
    Array,
    Calls,
    Update,
    add,
    add_product,
    add_quotient,
    divide,
    factor_of,
    lerp,
    multiply,
    number,
)
from minigrad.optim.optimizer import Optimizer, require


class NAdam(Optimizer):
    """θ = θ - lr·((1-μₜ)/(1-Πμ)·g + μₜ₊₁/(1-Πμ·μₜ₊₁)·m) / (√v̂ + eps), with Adam's m and v̂.

    μₜ = β1·(1 - 0.96^(t·momentum_decay)/2), and Πμ is the product of all up to μₜ. `weight_decay` adds its
    multiple of θ to g, or, with `decoupled_weight_decay`, shrinks θ by lr·weight_decay beside the step.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr: the learning rate.
        betas: the pair (β1, β2).
        eps: keeps the quotient finite.
        weight_decay, momentum_decay, decoupled_weight_decay: as above.
        maximize: climb instead of descending.
        foreach: PyTorch's choice of a kernel; changes nothing.
        capturable, differentiable: refused where true.

    Raises:
        ValueError: for an option out of its range.

    Source: Dozat, "Incorporating Nesterov momentum into Adam" (2016), algorithm 2.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944], requires_grad=True)
    """

    _shaped = ("exp_avg", "exp_avg_sq")
    _counts = True
    _single = ("mu_product",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, eps=0, weight_decay=0, momentum_decay=0)
        require_betas(group["betas"])

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped

    def _first(self, name: str, group: dict[str, Any]) -> float:
        return 1.0 if name == "mu_product" else 0.0

    def _next(self, t: int, group: dict[str, Any], *numbers: float) -> Sequence[float]:
        (product,) = numbers
        return [float(np.float32(product) * np.float32(_momentum(t, group)))]

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
        (product,), ahead = self._next(t, group, *numbers), _momentum(t + 1, group)
        correction = factor_of(1 - beta2**t, dtype)
        by_slope = factor_of(-lr * (1 - _momentum(t, group)) / (1 - product), dtype)
        by_mean = factor_of(-lr * ahead / (1 - product * ahead), dtype)

        def update(p: Array, g: Array, m: Array, v: Array) -> Calls:
            turned, size, scratch = room(p)
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            if shrinks:
                calls.append((multiply, p, shrunk, p))
            calls += approach(m, g, scratch)
            calls.append((multiply, v, old, v))
            return [
                *calls,
                *add_product(v, new, g, g, scratch, out=v),
                (divide, v, correction, size),
                (np.sqrt, size, size),
                (add, size, eps, size),
                *add_quotient(p, by_slope, g, size, scratch),
                *add_quotient(p, by_mean, m, size, scratch),
            ]

        return update


def _momentum(t: int, group: dict[str, Any]) -> float:
    """μ of step t."""
    return float(group["betas"][0]) * (1 - 0.5 * 0.96 ** (t * float(group["momentum_decay"])))
