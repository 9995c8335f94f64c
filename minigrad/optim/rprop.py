"""Rprop: steps that grow while the gradient keeps its sign."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from operator import setitem
from typing import Any

import numpy as np

from minigrad.optim.calls import Array, Calls, Update, multiply, number, subtract
from minigrad.optim.optimizer import Optimizer, require


class Rprop(Optimizer):
    """θ = θ - sign(g)·step, where each element has a step of its own.

    It grows by η⁺ while the gradient keeps its sign; where that turns, it shrinks by η⁻, and θ waits.
    It is for gradients of the whole data: of batches the signs are too often chance.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr: the first step.
        etas: the pair (η⁻, η⁺).
        step_sizes: the smallest and the largest step.
        maximize: climb instead of descending.
        foreach: PyTorch's choice of a kernel; changes nothing.
        capturable, differentiable: refused where true.

    Raises:
        ValueError: for an option out of its range.

    Source: Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning" (1993).

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _shaped = ("prev", "step_size")
    _counts = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0)
        low, high = group["etas"]
        if not 0 < low < 1 < high:
            raise ValueError(f"etas must be a number between 0 and 1 and one above 1, not {group['etas']}")

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self._shaped

    def _first(self, name: str, group: dict[str, Any]) -> float:
        return float(group["lr"]) if name == "step_size" else 0.0

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        slope, room = self._slope(group, dtype), self._room
        shorter, longer = (number(float(eta), dtype) for eta in group["etas"])
        least, most = (number(float(size), dtype) for size in group["step_sizes"])
        zero, one = number(0.0, dtype), number(1.0, dtype)

        def update(p: Array, g: Array, before: Array, steps: Array) -> Calls:
            turned, sign, scratch = room(p)
            kept, turns, neither = (np.empty(p.shape, bool) for _ in range(3))
            calls: Calls = []
            g = slope(calls, p, g, turned, scratch)
            return [
                *calls,
                (multiply, g, before, sign),
                (np.sign, sign, sign),
                (np.greater, sign, zero, kept),
                (np.less, sign, zero, turns),
                (np.equal, sign, zero, neither),
                (partial(np.copyto, sign, longer, where=kept),),
                (partial(np.copyto, sign, shorter, where=turns),),
                (partial(np.copyto, sign, one, where=neither),),
                (multiply, steps, sign, steps),
                (partial(np.maximum, steps, least, out=steps),),
                (partial(np.minimum, steps, most, out=steps),),
                (setitem, before, ..., g),
                (partial(np.copyto, before, zero, where=turns),),
                (np.sign, before, sign),
                (multiply, sign, steps, scratch),
                (subtract, p, scratch, p),
            ]

        return update
