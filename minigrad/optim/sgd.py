"""SGD: stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from operator import setitem
from typing import Any

import numpy as np

from minigrad._tensor.tensor import stamp_arrays, with_gradient
from minigrad.optim.calls import (
    PIECE,
    Array,
    Calls,
    Update,
    add,
    add_multiple,
    factor_of,
    multiple_of,
    multiply,
    pieces,
    subtract,
)
from minigrad.optim.optimizer import Optimizer, require


class SGD(Optimizer):
    """v = momentum·v + (1 - dampening)·g, then θ = θ - lr·v; without momentum v = g.

    The first v is g, undampened. With `nesterov` the step is g + momentum·v. `weight_decay` adds its
    multiple of θ to g; `maximize` climbs instead.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr, momentum, dampening, weight_decay, nesterov: as above.
        maximize: climb instead of descending.
        foreach, fused: PyTorch's choice of a kernel; changes nothing.
        differentiable: refused where true.

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

    def _step(self) -> bool:
        for group in self.param_groups:
            if group["momentum"] != 0 or group["weight_decay"] != 0 or group["maximize"] or not self._plain:
                return super()._step()
        params: list[Array] = []
        grads: list[Array] = []
        rates: list[Array] = []
        for group in self.param_groups:
            lr, dtype = group["lr"], None
            for parameter, grad in with_gradient(group["params"]):
                param = parameter._array
                if param.dtype is not dtype:  # 0-d: a Python number takes NumPy twice as long
                    dtype = param.dtype
                    rate = np.asarray(lr, dtype)
                if param.size > PIECE:
                    for p, g in pieces(param, grad):
                        params.append(p)
                        grads.append(g)
                        rates.append(rate)
                else:
                    params.append(param)
                    grads.append(grad)
                    rates.append(rate)
        try:  # in C from the first write to the last: no interrupt is seen in between
            deque(map(subtract, params, map(multiply, grads, rates), params), 0)
        finally:
            stamp_arrays(*params)
        return bool(params)

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped if group["momentum"] != 0 else ()

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        momentum, dampening, nesterov = float(group["momentum"]), float(group["dampening"]), group["nesterov"]
        slope, room, rate = self._slope(group, dtype), self._room, multiple_of(-float(group["lr"]), dtype)
        inertia = factor_of(momentum, dtype)
        ahead = multiple_of(momentum, dtype) if nesterov else inertia
        kept_part = multiple_of(1 - dampening, dtype) if dampening else inertia

        def update(p: Array, g: Array, *kept: Array) -> Calls:
            turned, step, scratch = room(p)
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            if momentum == 0:
                return [*calls, *add_multiple(p, rate, g, scratch, out=p)]
            velocity = kept[0]
            if t == 1:
                calls.append((setitem, velocity, ..., g))
            else:
                calls.append((multiply, velocity, inertia, velocity))
                if not dampening:
                    calls.append((add, velocity, g, velocity))
                else:
                    calls += add_multiple(velocity, kept_part, g, scratch, out=velocity)
            if nesterov:
                calls += add_multiple(g, ahead, velocity, scratch, out=step)
            calls += add_multiple(p, rate, step if nesterov else velocity, scratch, out=p)
            return calls

        return update
