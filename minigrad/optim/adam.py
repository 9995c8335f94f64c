"""Adam and AdamW: steps scaled by running moments of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.optim.optimizer import (
    Array,
    Optimizer,
    array_of,
    count_step,
    like,
    new_counter,
    pieces,
    require,
)


class Adam(Optimizer):
    """θ = θ - lr·m̂ / (√v̂ + eps), from running averages of the gradient and of its square.

    m = β1·m + (1-β1)·g, v = β2·v + (1-β2)·g²; in step t, m̂ = m/(1-β1ᵗ) and v̂ = v/(1-β2ᵗ).
    `weight_decay` adds its multiple of θ to g, or, with `decoupled_weight_decay`, shrinks θ by
    lr·weight_decay beside the step. `amsgrad` divides by the largest v so far.

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
        for beta in group["betas"]:
            if not 0 <= beta < 1:
                raise ValueError(f"each of betas must be in [0, 1), not {beta}")

    def _update(self, param: Array, grad: Array, state: dict[str, Any], group: dict[str, Any]) -> None:
        if not state:
            state["step"] = new_counter()
            state["exp_avg"] = like(param)
            state["exp_avg_sq"] = like(param)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = like(param)
        t = count_step(state)
        lr, decay = float(group["lr"]), float(group["weight_decay"])
        beta1, beta2 = map(float, group["betas"])
        names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq" if group["amsgrad"] else "exp_avg_sq")
        for p, g, m, v, largest in pieces(param, grad, *(array_of(state[name]) for name in names)):
            if not group["decoupled_weight_decay"]:
                g = self._decayed(p, g, decay)
            elif decay != 0:
                p *= 1 - lr * decay
            step = self._take(p, "step")
            np.subtract(g, m, out=step)
            step *= 1 - beta1
            m += step
            v *= beta2
            np.multiply(g, g, out=step)
            step *= 1 - beta2
            v += step
            if group["amsgrad"]:
                np.maximum(largest, v, out=largest)
            np.sqrt(largest, out=step)
            step /= math.sqrt(1 - beta2**t)
            step += float(group["eps"])
            np.divide(m, step, out=step)
            step *= lr / (1 - beta1**t)
            p -= step


class AdamW(Adam):
    """Adam whose weight decay shrinks θ by lr·weight_decay beside the step, not through the gradient.

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
