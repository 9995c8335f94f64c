"""SGD: stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.optim.optimizer import Array, Optimizer, array_of, like, require


class SGD(Optimizer):
    """v = momentum·v + (1 - dampening)·g, then θ = θ - lr·v; without momentum v = g.

    The first v is g, undampened. With `nesterov` the step is g + momentum·v. `weight_decay` adds its
    multiple of θ to g; `maximize` climbs instead.

    Raises:
        ValueError: for a negative option, or nesterov without momentum or with dampening.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013),
    equations 1 to 4, with the learning rate outside v.

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    _shaped = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, momentum=0, weight_decay=0)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("nesterov needs a momentum above zero and no dampening")

    def _update(self, param: Array, grad: Array, state: dict[str, Any], group: dict[str, Any]) -> None:
        if group["weight_decay"] != 0:
            grad = self._decayed(param, grad, float(group["weight_decay"]))
        step = self._take(param, "step")
        if group["momentum"] != 0:
            grad = self._velocity(param, grad, step, state, group)
        np.subtract(param, np.multiply(grad, float(group["lr"]), step), param)

    def _velocity(
        self, param: Array, grad: Array, step: Array, state: dict[str, Any], group: dict[str, Any]
    ) -> Array:
        momentum, kept = float(group["momentum"]), 1 - float(group["dampening"])
        if state.get("momentum_buffer") is None:
            state["momentum_buffer"] = like(param)
            velocity = array_of(state["momentum_buffer"])
            velocity[...] = grad
        else:
            velocity = array_of(state["momentum_buffer"])
            velocity *= momentum
            velocity += grad if kept == 1 else np.multiply(grad, kept, out=step)
        if not group["nesterov"]:
            return velocity
        np.multiply(velocity, momentum, out=step)
        return np.add(grad, step, out=step)
