"""RMSprop: steps divided by the running size of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from minigrad.optim.optimizer import (
    Array,
    Calls,
    Optimizer,
    add,
    add_multiple,
    add_product,
    add_quotient,
    exactly,
    lerp,
    multiply,
    require,
)


class RMSprop(Optimizer):
    """v = alpha·v + (1-alpha)·g², θ = θ - lr·g / (√v + eps).

    `centered` subtracts the square of the running mean from v; with `momentum` the quotient is
    accumulated as in SGD. `weight_decay` adds its multiple of θ to g.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr, alpha, eps, weight_decay, momentum, centered: as above.
        maximize: climb instead of descending.
        foreach: PyTorch's choice of a kernel; changes nothing.
        capturable, differentiable: refused where true.

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
        return (
            "square_avg",
            *["momentum_buffer"] * (group["momentum"] > 0),
            *["grad_avg"] * group["centered"],
        )

    def _rule(self, t: int, group: dict[str, Any], p: Array, g: Array, *kept: Array) -> Calls:
        lr, momentum, alpha = float(group["lr"]), float(group["momentum"]), float(group["alpha"])
        v = kept[0]
        slope, size, scratch = self._room(p)
        g, calls = self._slope(p, g, group, slope, scratch)
        calls.append(exactly(multiply, v, alpha, scratch, v))
        calls += add_product(v, 1 - alpha, g, g, scratch, out=v)
        if group["centered"]:
            mean = kept[-1]
            calls += lerp(mean, g, 1 - alpha, scratch)
            calls += add_product(v, -1.0, mean, mean, scratch, out=size)
            calls.append(partial(np.sqrt, size, size))
        else:
            calls.append(partial(np.sqrt, v, size))
        calls.append(partial(add, size, float(group["eps"]), size))
        if momentum == 0:
            return [*calls, *add_quotient(p, -lr, g, size, scratch)]
        velocity = kept[1]
        return [
            *calls,
            exactly(multiply, velocity, momentum, scratch, velocity),
            *add_quotient(velocity, 1.0, g, size, scratch),
            *add_multiple(p, -lr, velocity, scratch, out=p),
        ]
