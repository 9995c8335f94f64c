"""SGD: stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.optim.optimizer import PIECE, Array, Optimizer, Ready, array_of, like, pieces, require

subtract, multiply = np.subtract, np.multiply


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
        self._plain = type(self)._update is SGD._update  # or a subclass has a rule of its own

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, momentum=0, weight_decay=0)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("nesterov needs a momentum above zero and no dampening")

    def _update_all(self, ready: Ready, group: dict[str, Any]) -> None:
        turned = group["momentum"] != 0 or group["weight_decay"] != 0 or group["maximize"]
        if turned or not self._plain:
            return super()._update_all(ready, group)
        dtype = None
        for parameter, grad in ready:
            param = parameter._array
            if param.dtype is not dtype:  # 0-d: a Python number takes NumPy twice as long
                dtype = param.dtype
                lr = np.asarray(group["lr"], dtype)
            # The product is made afresh: finding memory kept for it takes longer than making it.
            if param.size <= PIECE:
                subtract(param, multiply(grad, lr), param)
            else:
                for p, g in pieces(param, grad):
                    subtract(p, multiply(g, lr), p)

    def _update(self, param: Array, grad: Array, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr, momentum, weight_decay = (float(group[name]) for name in ("lr", "momentum", "weight_decay"))
        velocity, first = param, False  # without momentum nobody looks at it
        if momentum != 0:
            first = state.get("momentum_buffer") is None
            if first:
                state["momentum_buffer"] = like(param)
            velocity = array_of(state["momentum_buffer"])
        for p, g, v in pieces(param, grad, velocity):
            step = self._take(p, "step")
            if weight_decay != 0:
                g = self._decayed(p, g, weight_decay)
            if momentum != 0:
                kept = 1 if first else 1 - float(group["dampening"])
                v *= momentum
                v += g if kept == 1 else np.multiply(g, kept, out=step)
                g = np.add(g, np.multiply(v, momentum, out=step), out=step) if group["nesterov"] else v
            p -= np.multiply(g, lr, out=step)
