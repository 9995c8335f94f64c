"""Adafactor: a matrix's mean squared gradients as those of its rows times those of its columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.creation import from_numpy
from minigrad.optim.optimizer import Optimizer, require
from minigrad.optim.step import new_counter

Array = Any


class Adafactor(Optimizer):
    """θ = θ - α/max(1, rms(u)/d) · u with u = g/√v, α = max(eps₂, rms(θ)) · min(lr, 1/√t).

    v approaches g² at the rate t^beta2_decay. Of a matrix it is R·C/mean(R): R and C are the means of
    the squares of the rows and columns: its memory is that of a row and a column.

    Arguments:
        params: an iterable of tensors, of (name, tensor) pairs, or of dicts (see `Optimizer`).
        lr: the highest relative rate.
        beta2_decay: not positive.
        eps: the pair (eps₁, eps₂): the least √v (None: the dtype's rounding error), and the least scale of a
            parameter.
        d: the greatest root mean square of u, at least 1.
        weight_decay: multiplies θ by 1 - lr·weight_decay first.
        maximize: climb instead of descending.
        foreach: PyTorch's choice of a kernel; changes nothing.

    Raises:
        ValueError: for an option out of its range.

    Source: Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost" (2018).

    >>> import minigrad as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    _counts = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        require(group, lr=0, d=1, weight_decay=0)
        low, least = group["eps"]
        require({"eps[0]": 0 if low is None else low, "eps[1]": least}, **{"eps[0]": 0, "eps[1]": 0})
        if not group["beta2_decay"] <= 0:
            raise ValueError(f"beta2_decay must be at most 0, not {group['beta2_decay']}")

    def _update(self, param: Array, grad: Array, state: dict[str, Any], group: dict[str, Any]) -> None:
        if not state:
            state["step"] = new_counter()
            shape = grad.shape
            if grad.ndim > 1:
                state["row_var"] = _zeros((*shape[:-1], 1), grad)
                state["col_var"] = _zeros((*shape[:-2], 1, shape[-1]), grad)
            else:
                state["variance"] = _zeros(shape, grad)
        counter = state["step"]._array
        counter[...] += 1
        t, (low, least) = float(counter), group["eps"]
        low = float(np.finfo(param.dtype).eps) if low is None else low
        approach = t ** group["beta2_decay"]
        lr = float(group["lr"])
        rate = max(least, _rms(param)) * min(lr, 1 / t**0.5)
        if group["weight_decay"]:
            param *= param.dtype.type(1 - lr * group["weight_decay"])
        if grad.ndim > 1:
            rows, columns = state["row_var"]._array, state["col_var"]._array
            _lerp(rows, np.mean(grad * grad, -1, keepdims=True), approach)
            _lerp(columns, np.mean(grad * grad, -2, keepdims=True), approach)
            variance = rows @ columns / np.maximum(np.mean(rows, -2, keepdims=True), low)
        else:
            variance = state["variance"]._array
            _lerp(variance, grad * grad, approach)
        update = grad / np.sqrt(np.maximum(variance, low * low))
        param -= (param.dtype.type(rate / max(1.0, _rms(update) / group["d"]))) * update


def _zeros(shape: tuple[int, ...], like: Array) -> Any:
    return from_numpy(np.zeros(shape, like.dtype))


def _rms(x: Array) -> float:
    return float(np.linalg.norm(x)) / x.size**0.5 if x.size else 0.0


def _lerp(kept: Array, new: Array, weight: float) -> None:
    kept += (new - kept) * kept.dtype.type(weight)
