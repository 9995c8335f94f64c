"""RMSprop: steps divided by the running size of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.optim.optimizer import Array, Optimizer, add_product, add_quotient, lerp, require


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
    _counts = True

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

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        wanted = (True, group["momentum"] > 0, group["centered"])
        return tuple(name for name, used in zip(self._shaped, wanted, strict=True) if used)

    def _rule(self, p: Array, g: Array, t: int, group: dict[str, Any], *kept: Array) -> tuple[Array, ...]:
        lr, momentum, alpha = (float(group[name]) for name in ("lr", "momentum", "alpha"))
        slope, size, new_v, velocity, mean, out = self._room(p, 6)
        g = self._slope(p, g, group, slope)
        np.multiply(kept[0], alpha, out=size)
        new = [add_product(size, 1 - alpha, g, g, out=new_v)]
        if group["centered"]:
            mean = lerp(kept[-1], g, 1 - alpha, out=mean)
            add_product(new_v, -1.0, mean, mean, out=size)
            np.sqrt(size, out=size)
        else:
            np.sqrt(new_v, out=size)
        size += float(group["eps"])
        if momentum > 0:
            np.multiply(kept[1], momentum, out=out)
            new.append(add_quotient(out, 1.0, g, size, out=velocity))
            np.multiply(velocity, lr, out=size)
            np.subtract(p, size, out=out)
        else:
            add_quotient(p, -lr, g, size, out=out)
        if group["centered"]:
            new.append(mean)
        return out, *new
