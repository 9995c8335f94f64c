"""Adam and AdamW: steps scaled by running moments of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

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


class Adam(Optimizer):
    """θ = θ - lr·m̂ / (√v̂ + eps), from running averages of the gradient and of its square.

    m = β1·m + (1-β1)·g, v = β2·v + (1-β2)·g²; in step t, m̂ = m/(1-β1ᵗ) and v̂ = v/(1-β2ᵗ).
    `weight_decay` adds its multiple of θ to g, or, with `decoupled_weight_decay`, shrinks θ by
    lr·weight_decay beside the step. `amsgrad` divides by the largest v so far.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr: the learning rate.
        betas: the pair (β1, β2).
        eps: keeps the quotient finite.
        weight_decay, amsgrad, decoupled_weight_decay: as above.
        maximize: climb instead of descending.
        foreach, fused: PyTorch's choice of a kernel; changes nothing.
        capturable, differentiable: refused where true.

    Raises:
        ValueError: for a negative option or a β outside [0, 1).

    Source: Kingma and Ba, "Adam" (2015), algorithm 1; Reddi et al., "On the convergence of Adam and beyond"
    (2018), algorithm 2, for amsgrad.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _shaped = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    _counts = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, eps=0, weight_decay=0)
        require_betas(group["betas"])

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped if group["amsgrad"] else self._shaped[:2]

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        lr, decay = float(group["lr"]), float(group["weight_decay"])
        beta1, beta2 = map(float, group["betas"])
        slope, room, amsgrad = self._slope(group, dtype), self._room, group["amsgrad"]
        shrinks = decay != 0 and group["decoupled_weight_decay"]
        shrunk, eps = factor_of(1 - lr * decay, dtype), number(float(group["eps"]), dtype)
        old, new, approach = factor_of(beta2, dtype), factor_of(1 - beta2, dtype), lerp(1 - beta1, dtype)
        root, rate = factor_of(math.sqrt(1 - beta2**t), dtype), factor_of(-lr / (1 - beta1**t), dtype)

        def update(p: Array, g: Array, m: Array, v: Array, *kept: Array) -> Calls:
            turned, size, scratch = room(p)
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            if shrinks:
                calls.append((multiply, p, shrunk, p))
            calls += approach(m, g, scratch)
            calls.append((multiply, v, old, v))
            calls += add_product(v, new, g, g, scratch, out=v)
            largest = v
            if amsgrad:
                largest = kept[0]
                calls.append((partial(np.maximum, largest, v, out=largest),))
            return [
                *calls,
                (np.sqrt, largest, size),
                (divide, size, root, size),
                (add, size, eps, size),
                *add_quotient(p, rate, m, size, scratch),
            ]

        return update


def require_betas(betas: Any) -> None:
    """Raise ValueError unless these are two numbers in [0, 1)."""
    if len(betas) != 2:
        raise ValueError(f"betas must be two numbers, not {betas}")
    for place, beta in enumerate(betas):
        if not 0 <= beta < 1:
            raise ValueError(f"betas[{place}] must be in [0, 1), not {beta}")


class AdamW(Adam):
    """Adam with a weight decay that shrinks θ by lr·weight_decay beside the step, not through the gradient.

    Arguments:
        params, lr, betas, eps, amsgrad, maximize, foreach, capturable, differentiable, fused: as for `Adam`.
        weight_decay: how much of θ goes in each step, times lr.

    Raises:
        ValueError: for a negative option or a β outside [0, 1).

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.AdamW([w], lr=0.1, weight_decay=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8900], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
