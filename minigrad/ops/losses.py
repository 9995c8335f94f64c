"""Derivatives of losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import Array, keep, log_softmax as log_softmax_kernel, ndarray, softmax as softmax_kernel
from .op import NONZERO, POSITIVE, REAL, UNIT, Interval, Op
from .special import sign


def _pair(d: Any) -> Any:
    shape = d.shape()
    return (d.values(shape, REAL), d.values(shape, REAL)), {"reduction": d.choice(("mean", "sum", "none"))}


def reduce_loss(loss: Array, reduction: str) -> Array:
    """Fold elementwise losses: the sum, the mean over all, or none."""
    if reduction == "mean":
        return np.add.reduce(loss, axis=None) / loss.dtype.type(loss.size)
    return np.add.reduce(loss, axis=None) if reduction == "sum" else loss


def _scaled(g: Array, shape: Any, reduction: str) -> Array:
    """The gradient arriving at each elementwise loss."""
    if reduction == "none":
        return g
    size = 1
    for n in shape:
        size *= n
    return g / size if reduction == "mean" else g


mse_loss = Op(
    "mse_loss",
    lambda x, target, *, reduction="mean": reduce_loss(np.square(x - target), reduction),
    x=lambda g, x, target, x_shape, reduction: _scaled(g, x_shape, reduction) * 2 * (x - target),
    target=lambda g, x, target, x_shape, reduction: _scaled(g, x_shape, reduction) * 2 * (target - x),
    formula="d mean((x - t)^2)/dx = 2 (x - t)/n",
    domain=_pair,
)
huber = Op(
    "huber",
    lambda x, *, delta=1.0: np.where(np.abs(x) <= delta, 0.5 * x * x, delta * (np.abs(x) - 0.5 * delta)),
    x=lambda g, x, delta: g * np.where(np.abs(x) <= delta, x, delta * sign(x)),
    formula="x for |x| <= delta,  delta sign(x) beyond",
    domain=lambda d: (
        (d.values(d.shape(), Interval(-3.0, 3.0, avoid=(-1.5, -1.0, 1.0, 1.5))),),
        {"delta": d.choice((1.0, 1.5))},
    ),
    result="floating",
)
xlogy = Op(
    "xlogy",
    lambda a, b: a * np.log(np.where((a == 0) & (b == b), 1, b)),
    a=lambda g, a, b: keep(g * np.log(b), ~((a == 0) & (b <= 0))),
    b=lambda g, a, b: g * a / b,
    formula="d(a log b)/da = log b, but 0 where 0 log 0 = 0;  d/db = a/b",
    domain=lambda d: (
        ((s := d.shapes(2)) and d.values(s[0], NONZERO), d.values(s[1], Interval(0.3, 4.0))),
        {},
    ),
    result="float",
)
# PyTorch keeps the logarithms above -100, so that a certain wrong answer costs 100 and not inf, and divides
# by no less than 1e-12, as float32 has it.
_SMALL = float(np.float32(1e-12))
binary_cross_entropy = Op(
    "binary_cross_entropy",
    lambda x, target: -(target * np.maximum(np.log(x), -100) + (1 - target) * np.maximum(np.log1p(-x), -100)),
    x=lambda g, x, target: g * (x - target) / np.maximum((1 - x) * x, _SMALL),
    target=lambda g, x: g * (np.maximum(np.log1p(-x), -100) - np.maximum(np.log(x), -100)),
    formula="d/dx = (x - t)/(x (1 - x))",
    domain=lambda d: ((d.values(s := d.shape(), Interval(0.1, 0.9)), d.values(s, UNIT) / 2 + 0.5), {}),
    result="floating",
    promote=False,
)


def _class_axis(x: Array) -> int:
    return 0 if x.ndim == 1 else 1


def _cross_entropy(
    x: Array,
    target: Array,
    *,
    weight: Array | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> tuple[Array, Array]:
    """The loss, and its slope in x, which shares the exponentials."""
    if x.ndim == 2 and weight is None and not label_smoothing and target.size and ignore_index < 0:
        n, classes = x.shape
        by_row = classes >= 64  # NumPy reduces a short last axis ten times slower than a short first one
        place = _places(target, n, classes, by_row)
        if place is not None:
            x = np.ascontiguousarray(x).T if by_row else x.T.copy()
            return _plain_cross_entropy(x, place, n, reduction)
    axis = _class_axis(x)
    goal, mass = _goal(x, target, weight, reduction, ignore_index, label_smoothing)
    out = -np.add.reduce(goal * log_softmax_kernel(x, axis), axis=axis, where=goal != 0)
    if reduction != "none":
        out = np.add.reduce(out, axis=None)
    if reduction == "mean":
        out = out / mass
    return out, _cross_entropy_slope(x, target, weight, reduction, ignore_index, label_smoothing)


def _places(target: Array, n: int, classes: int, by_row: bool) -> Array | None:
    """Where in memory the target of each row lies; None where one is no class."""
    rows = np.arange(n)
    try:
        if by_row:
            return np.ravel_multi_index((rows, target), (n, classes))
        return np.ravel_multi_index((target, rows), (classes, n))
    except ValueError:
        return None


def _plain_cross_entropy(x: Array, place: Array, n: int, reduction: str) -> tuple[Array, Array]:
    """The same for nearly every call: a matrix, no weights, nothing smoothed or ignored.

    `x` has the classes first; `place` is where the targets' logits lie in its memory.
    """
    shifted = x - np.maximum.reduce(x, axis=0)
    slope = np.exp(shifted)
    total = np.add.reduce(slope, axis=0)
    out = np.log(total)
    out -= shifted.ravel("K")[place]
    share = np.asarray(1 / n if reduction == "mean" else 1.0, x.dtype)
    slope *= np.divide(share, total, out=total)
    cells = slope.ravel("K")
    hit = cells[place]
    hit -= share
    cells[place] = hit
    return out if reduction == "none" else np.add.reduce(out) * share, slope.T


def _goal(
    x: Array,
    target: Array,
    weight: Array | None,
    reduction: str,
    ignore_index: int,
    label_smoothing: float = 0.0,
) -> tuple[Array, Array]:
    """How much the loss asks for each class, and for a mean what the sum is divided by."""
    axis = _class_axis(x)
    classes = x.shape[axis]
    kept = target != ignore_index
    known = np.where(kept, target, 0)
    if known.size and not (known.min() >= 0 and known.max() < classes):
        wrong = known[(known < 0) | (known >= classes)][0]
        raise IndexError(f"target {wrong} is out of bounds for {classes} classes (0 to {classes - 1})")
    shape = [1] * x.ndim
    shape[axis] = classes
    hit = np.arange(classes).reshape(shape) == np.expand_dims(known, axis)
    goal = hit.astype(x.dtype)
    if label_smoothing:
        goal = goal * (1 - label_smoothing) + label_smoothing / classes
    per_class = 1 if weight is None else np.reshape(weight, shape)
    mass = np.where(kept, 1, 0) if weight is None else np.where(kept, weight[known], 0)
    goal = goal * per_class * np.expand_dims(kept, axis)
    # 0 where every target is ignored: the loss is nan then, the gradient 0.
    return goal.astype(x.dtype, copy=False), x.dtype.type(mass.sum() if reduction == "mean" else 1)


def _cross_entropy_slope(
    x: Array, target: Array, weight: Array | None, reduction: str, ignore_index: int, label_smoothing: float
) -> Array:
    """softmax(x) minus what is asked for, weighted as the loss is."""
    axis = _class_axis(x)
    goal, mass = _goal(x, target, weight, reduction, ignore_index, label_smoothing)
    if mass:
        goal = goal / mass
    return softmax_kernel(x, axis) * np.sum(goal, axis=axis, keepdims=True) - goal


def _cross_entropy_rule(
    g: Array, x: Array, target: Array, slope: Array, weight: Array | None, reduction: str, ignore_index: int,
    label_smoothing: float,
) -> Array:  # fmt: skip
    if type(x) is not ndarray:  # a Tensor: to the second derivative the slope is no constant
        slope = _cross_entropy_slope(x, target, weight, reduction, ignore_index, label_smoothing)
    return (np.expand_dims(g, _class_axis(x)) if reduction == "none" else g) * slope


def _cross_entropy_domain(d: Any) -> Any:
    classes, rest = d.integer(1, 4), d.shape(max_dims=2, min_side=1)
    shape = (rest[0], classes, *rest[1:]) if rest else (classes,)
    target = d.ints(rest, 0, classes - 1)
    options = {"reduction": d.choice(("mean", "sum", "none")), "label_smoothing": d.choice((0.0, 0.2))}
    kind = d.integer(0, 3)
    if kind > 1:
        options["weight"] = d.values((classes,), POSITIVE)
    if kind % 2 and (target != target.flat[0]).any():  # of no target the mean is nan
        options["ignore_index"] = int(target.flat[0])
    return (d.values(shape, REAL), target), options


cross_entropy = Op(
    "cross_entropy",
    _cross_entropy,
    x=_cross_entropy_rule,
    constants=("slope",),
    formula="d loss/dx = softmax(x) - goal, the goal being one-hot",
    domain=_cross_entropy_domain,
    result="floating",
)


def _nll_loss(
    x: Array, target: Array, weight: Array | None, reduction: str, ignore_index: int
) -> tuple[Array, Array]:
    """The loss, and what it asks of each class."""
    goal, mass = _goal(x, target, weight, reduction, ignore_index)
    out = -np.add.reduce(goal * x, axis=_class_axis(x), where=goal != 0)
    if reduction != "none":
        out = np.add.reduce(out, axis=None)
    if reduction == "mean":
        out, goal = out / mass, goal / mass if mass else goal
    return out, goal


def _nll_loss_domain(d: Any) -> Any:
    inputs, options = _cross_entropy_domain(d)
    return inputs, {key: value for key, value in options.items() if key != "label_smoothing"}


nll_loss = Op(
    "nll_loss",
    lambda x, target, *, weight=None, reduction="mean", ignore_index=-100: _nll_loss(
        x, target, weight, reduction, ignore_index
    ),
    x=lambda g, goal, reduction: -goal * (np.expand_dims(g, _class_axis(goal)) if reduction == "none" else g),
    constants=("goal",),
    formula="d loss/dx = -goal, the goal being one-hot",
    domain=_nll_loss_domain,
    result="floating",
)
