"""RMSprop: steps divided by the running size of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

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
    multiple_of,
    multiply,
    number,
)
from minigrad.optim.optimizer import Optimizer, require


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

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        lr, momentum, alpha = float(group["lr"]), float(group["momentum"]), float(group["alpha"])
        slope, room, centered = self._slope(group, dtype), self._room, group["centered"]
        old, new = factor_of(alpha, dtype), factor_of(1 - alpha, dtype)
        eps = number(float(group["eps"]), dtype)
        rate = factor_of(-lr, dtype) if momentum == 0 else multiple_of(-lr, dtype)
        less, one = factor_of(-1, dtype), factor_of(1, dtype)
        # PyTorch does not round the product: inf less one beyond the largest float is inf, not nan.
        lowest = factor_of(np.finfo(less.dtype).min, dtype)
        approach, inertia = lerp(1 - alpha, dtype), factor_of(momentum, dtype)

        def update(p: Array, g: Array, v: Array, *kept: Array) -> Calls:
            turned, size, scratch = room(p)
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            calls.append((multiply, v, old, v))
            calls += add_product(v, new, g, g, scratch, out=v)
            if centered:
                mean = kept[-1]
                calls += approach(mean, g, scratch)
                square, product, subtracted = add_product(v, less, mean, mean, scratch, out=size)
                calls += [square, product, (partial(np.maximum, scratch, lowest, out=scratch),), subtracted]
                calls.append((np.sqrt, size, size))
            else:
                calls.append((np.sqrt, v, size))
            calls.append((add, size, eps, size))
            if momentum == 0:
                return [*calls, *add_quotient(p, rate, g, size, scratch)]
            velocity = kept[0]
            return [
                *calls,
                (multiply, velocity, inertia, velocity),
                *add_quotient(velocity, one, g, size, scratch),
                *add_multiple(p, rate, velocity, scratch, out=p),
            ]

        return update
