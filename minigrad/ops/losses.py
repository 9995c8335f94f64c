"""Derivatives of losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import (
    Array,
    ndarray,
    sigmoid,
    times,
    wide,
)
from .op import POSITIVE, REAL, UNIT, Form, Interval, Op
from .special import log_sigmoid, sign
from .sums import total


def _pair(d: Any) -> Any:
    shape = d.shape()
    return (d.values(shape, REAL), d.values(shape, REAL)), {"reduction": d.choice(("mean", "sum", "none"))}


def reduce_loss(loss: Array, reduction: str) -> Array:
    """Fold elementwise losses: the sum, the mean over all, or none."""
    if reduction == "mean":
        loss = wide(loss)
        return total(loss) / loss.dtype.type(loss.size)
    return total(loss) if reduction == "sum" else loss


def _scaled(g: Array, shape: Any, reduction: str) -> Array:
    """The gradient arriving at each elementwise loss."""
    if reduction == "none":
        return g
    size = 1
    for n in shape:
        size *= n
    return wide(g) / size if reduction == "mean" else g


def _mean_form(form: str, reduction: str) -> str:
    return f"{form} / n" if reduction == "mean" else form


mse_loss = Op(
    "mse_loss",
    lambda x, target, *, reduction="mean": reduce_loss(np.square(x - target), reduction),
    x=lambda g, x, target, x_shape, reduction: _scaled(g, x_shape, reduction) * 2 * (x - target),
    target=lambda g, x, target, x_shape, reduction: _scaled(g, x_shape, reduction) * 2 * (target - x),
    read={
        "x": lambda reduction: _mean_form("g * 2 * (x - target)", reduction),
        "target": lambda reduction: _mean_form("g * 2 * (target - x)", reduction),
    },
    formula="d mean((x - target)^2)/dx = 2 * (x - target)/n",
    domain=_pair,
    result="floating",
)


def _huber(x: Array, delta: float) -> Array:
    size = np.abs(x)
    near = np.clip(size, None, delta)  # np.minimum of a number takes three times as long
    size -= 0.5 * near
    near *= size  # new memory costs more than a product
    return near


def _huber_slope(x: Array, delta: float) -> Array:
    if type(x) is ndarray:  # np.where takes ten times as long on a mixed mask, np.minimum three times
        return np.clip(x, -delta, delta)
    return np.where(np.abs(x) > delta, delta * sign(x), x)


huber = Op(
    "huber",
    lambda x, *, delta=1.0: _huber(x, delta),
    x=lambda g, x, delta: times(_huber_slope(x, delta), g),
    read="g * where(abs(x) <= delta, x, delta * sign(x))",
    formula="x for |x| <= delta,  delta * sign(x) beyond",
    domain=lambda d: (
        (d.values(d.shape(), Interval(-3.0, 3.0, avoid=(-1.5, -1.0, 1.0, 1.5))),),
        {"delta": d.choice((1.0, 1.5))},
    ),
    result="floating",
)
# PyTorch keeps the logarithms above -100, so that a certain wrong answer costs 100 and not inf, and divides
# by no less than 1e-12, as float32 has it.
_SMALL = float(np.float32(1e-12))
binary_cross_entropy = Op(
    "binary_cross_entropy",
    lambda x, target: -(target * np.maximum(np.log(x), -100) + (1 - target) * np.maximum(np.log1p(-x), -100)),
    x=lambda g, x, target: g * (x - target) / np.maximum((1 - x) * x, _SMALL),
    target=lambda g, x: g * (np.maximum(np.log1p(-x), -100) - np.maximum(np.log(x), -100)),
    read={"x": "g * (x - target) / (x * (1 - x))", "target": "g * (log(1 - x) - log(x))"},
    formula="d loss/dx = (x - target)/(x * (1 - x))",
    domain=lambda d: ((d.values(s := d.shape(), Interval(0.1, 0.9)), d.values(s, UNIT) / 2 + 0.5), {}),
    result="floating",
    promote=False,
)


def _with_logits(x: Array, target: Array, pos_weight: Array | None) -> Array:
    if pos_weight is None:
        return (1 - target) * x - log_sigmoid(x)
    return (1 - target) * x - (1 + (pos_weight - 1) * target) * log_sigmoid(x)


def _with_logits_x(
    g: Array, x: Array, target: Array, pos_weight: Array | None, x_shape: Any, reduction: str
) -> Array:
    g = _scaled(g, x_shape, reduction)
    if pos_weight is None:
        return g * (sigmoid(x) - target)
    positive = pos_weight * target
    return g * ((positive + (1 - target)) * sigmoid(x) - positive)


def _with_logits_target(g: Array, x: Array, pos_weight: Array | None, x_shape: Any, reduction: str) -> Array:
    g = _scaled(g, x_shape, reduction)
    return -g * x if pos_weight is None else g * (log_sigmoid(-x) - pos_weight * log_sigmoid(x))


def _with_logits_domain(d: Any) -> Any:
    (x, target), options = _pair(d)
    pos_weight = d.values(x.shape[-1:], POSITIVE) if x.size and d.flag() else None
    return (x, target, pos_weight), options


def _with_logits_form_x(reduction: str, pos_weight_shape: Any) -> str:
    positive = "pos_weight * target"
    weighted = f"({positive} + 1 - target) * sigmoid(x) - {positive}"
    return _mean_form(f"g * ({'sigmoid(x) - target' if pos_weight_shape is None else weighted})", reduction)


def _with_logits_form_target(reduction: str, pos_weight_shape: Any) -> str:
    weighted = "g * (log(sigmoid(-x)) - pos_weight * log(sigmoid(x)))"
    return _mean_form("-g * x" if pos_weight_shape is None else weighted, reduction)


_WITH_LOGITS_FORMS: dict[str, Form] = {
    "x": _with_logits_form_x,
    "target": _with_logits_form_target,
    "pos_weight": lambda reduction: _mean_form("-g * target * log(sigmoid(x))", reduction),
}
binary_cross_entropy_with_logits = Op(
    "binary_cross_entropy_with_logits",
    lambda x, target, pos_weight=None, *, reduction="mean": reduce_loss(
        _with_logits(x, target, pos_weight), reduction
    ),
    x=_with_logits_x,
    target=_with_logits_target,
    pos_weight=lambda g, x, target, x_shape, reduction: (
        -_scaled(g, x_shape, reduction) * target * log_sigmoid(x)
    ),
    read=_WITH_LOGITS_FORMS,
    formula="d loss/dx = sigmoid(x) - target",
    domain=_with_logits_domain,
    result="floating",
)
