"""RMSprop: steps divided by the running size of the gradient."""

from __future__ import annotations

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


class RMSprop(Optimizer):
    """v = alpha·v + (1-alpha)·g², θ = θ - lr·g / (√v + eps).

    `centered` subtracts the square of the running mean from v; with `momentum` the quotient is
    accumulated as in SGD. `weight_decay` adds its multiple of θ to g.

    Raises:
        ValueError: for a negative option.

    Source: Tieleman and Hinton, "Lecture 6.5: rmsprop" (2012); Graves, "Generating sequences with recurrent
    neural networks" (2013), equations 38 to 45, for the centered version.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _shaped = ("square_avg", "momentum_buffer", "grad_avg")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, eps=0, momentum=0, weight_decay=0, alpha=0)

    def _update(self, param: Array, grad: Array, state: dict[str, Any], group: dict[str, Any]) -> None:
        momentum, alpha = float(group["momentum"]), float(group["alpha"])
        if not state:
            state["step"] = new_counter()
            state["square_avg"] = like(param)
            if momentum > 0:
                state["momentum_buffer"] = like(param)
            if group["centered"]:
                state["grad_avg"] = like(param)
        count_step(state)
        lr, eps, decay = float(group["lr"]), float(group["eps"]), float(group["weight_decay"])
        # Where a name is not in the state, nobody looks at what stands in its place.
        names = ("square_avg", "grad_avg", "momentum_buffer")
        kept = [array_of(state[name]) if name in state else param for name in names]
        for p, g, v, mean, velocity in pieces(param, grad, *kept):
            g = self._decayed(p, g, decay)
            size = self._take(p, "step")
            v *= alpha
            np.multiply(g, g, out=size)
            size *= 1 - alpha
            v += size
            if group["centered"]:
                np.subtract(g, mean, out=size)
                size *= 1 - alpha
                mean += size
                np.multiply(mean, mean, out=size)
                np.subtract(v, size, out=size)
                np.sqrt(size, out=size)
            else:
                np.sqrt(v, out=size)
            size += eps
            step = np.divide(g, size, out=size)
            if momentum > 0:
                velocity *= momentum
                velocity += step
                step = np.multiply(velocity, lr, out=size)
            else:
                step *= lr
            p -= step
