"""Derivatives of losses over classes: cross entropy, and the negative log-likelihood."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .arrays import is_foreign, kin
from .index import first_outside
from .kernels import (
    Array,
    is_tensor,
    log_softmax as log_softmax_kernel,
    ndarray,
    softmax as softmax_kernel,
    wide,
)
from .op import POSITIVE, REAL, Op
from .places import add_along
from .sums import total


def _class_axis(x: Array) -> int:
    return 0 if x.ndim == 1 else 1


class _Asked(NamedTuple):
    """The targets of a loss over classes: which count, for how much, and where they lie."""

    axis: int
    kept: Array  # whether a target counts: it is not ignore_index
    place: Array  # the classes, as an index along the axis
    factor: Array  # the weight of each target's class, 0 where it does not count
    mass: Any  # the divisor of the sum: the total weight for a mean, else 1
    per_class: Any  # the weights along the axis

    def picked(self, x: Array) -> Array:
        """-x at each target times its weight, 0 for one that does not count."""
        if type(x) is ndarray and x.ndim == 2:
            at = x[np.arange(len(x)), self.place[:, 0]]
        elif type(x) is ndarray:
            at = np.take_along_axis(x, self.place, self.axis).reshape(self.kept.shape)
        else:
            at = total(np.where(self._hit(x), x, 0), self.axis)
        return np.where(self.kept, -self.factor * at, self.factor)

    def share(self) -> Array:
        """The factor of -x at each target."""
        return np.where(self.kept, self.factor / self.mass, 0)

    def goal(self, x: Array, label_smoothing: float = 0.0) -> Array:
        """The factor of -x in the loss.

        A total weight of 0 makes it nan or inf where a target counts; elsewhere it is 0.
        """
        share = self.share() * (1 - label_smoothing)
        if type(x) is ndarray:
            goal = np.zeros(x.shape, x.dtype)
            np.put_along_axis(goal, self.place, np.expand_dims(share, self.axis), self.axis)
        else:
            goal = np.where(self._hit(x), np.expand_dims(share, self.axis), 0).astype(x.dtype)
        if label_smoothing:
            each = label_smoothing / x.shape[self.axis] * self.per_class / self.mass
            goal += np.where(np.expand_dims(self.kept, self.axis), each, 0)
        return goal

    def _hit(self, x: Array) -> Array:
        """True at each target."""
        classes = np.arange(x.shape[self.axis], like=kin(x))
        return classes.reshape([-1 if i == self.axis else 1 for i in range(x.ndim)]) == self.place

    def reduce(self, loss: Array, reduction: str) -> Array:
        return loss if reduction == "none" else total(loss) / self.mass


def _asked(x: Array, target: Array, weight: Array | None, reduction: str, ignore_index: int) -> _Asked:
    axis = _class_axis(x)
    classes = x.shape[axis]
    kept = target != ignore_index
    known = np.where(kept, target, 0)
    if (wrong := first_outside(known, classes)) is not None:
        raise IndexError(f"target {wrong} is out of bounds for {classes} classes (0 to {classes - 1})")
    factor = kept.astype(x.dtype)
    per_class: Any = x.dtype.type(1)
    if weight is not None:
        factor = np.where(kept, weight[known], 0).astype(x.dtype)
        per_class = np.reshape(weight, [-1 if i == axis else 1 for i in range(x.ndim)])
    mass = total(factor) if reduction == "mean" else x.dtype.type(1)
    return _Asked(axis, kept, np.expand_dims(known, axis), factor, mass, per_class)


def _cross_entropy(
    x: Array,
    target: Array,
    *,
    weight: Array | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> tuple[Array, Array, Array]:
    """The loss; its slope in x, which shares the exponentials; and x less a number in each row."""
    x = wide(x)
    if (
        not is_foreign(x)
        and x.ndim == 2
        and weight is None
        and not label_smoothing
        and target.size
        and ignore_index < 0
    ):
        n, classes = x.shape
        by_row = classes >= 64  # NumPy reduces a short last axis ten times slower than a short first one
        place = _places(target, n, classes, by_row)
        if place is not None:
            x = np.ascontiguousarray(x).T if by_row else x.T.copy()
            return _plain_cross_entropy(x, place, n, reduction)
    asked = _asked(x, target, weight, reduction, ignore_index)
    logs = log_softmax_kernel(x, asked.axis)
    out = asked.reduce(asked.picked(logs), reduction)
    if label_smoothing:
        smooth = np.where(asked.kept, -total(logs * asked.per_class, asked.axis), asked.factor)
        spread = label_smoothing / x.shape[asked.axis]
        out = (1 - label_smoothing) * out + spread * asked.reduce(smooth, reduction)
    return out, _slope(np.exp(logs), asked, label_smoothing), logs


def _places(target: Array, n: int, classes: int, by_row: bool) -> Array | None:
    """Where in memory the target of each row lies; None where one is no class."""
    rows = np.arange(n)
    try:
        if by_row:
            return np.ravel_multi_index((rows, target), (n, classes))
        return np.ravel_multi_index((target, rows), (classes, n))
    except ValueError:
        return None


def _plain_cross_entropy(x: Array, place: Array, n: int, reduction: str) -> tuple[Array, Array, Array]:
    """The same for nearly every call: a matrix, no weights, nothing smoothed or ignored.

    `x` has the classes first; `place` is where the targets' logits lie in its memory.
    """
    shifted = x - np.maximum.reduce(x, axis=0)
    slope = np.exp(shifted)
    sums = np.add.reduce(slope, axis=0)
    out = np.log(sums)
    out -= shifted.ravel("K")[place]
    share = np.asarray(1 / n if reduction == "mean" else 1.0, x.dtype)
    slope *= np.divide(share, sums, out=sums)
    cells = slope.ravel("K")
    hit = cells[place]
    hit -= share
    cells[place] = hit
    return out if reduction == "none" else np.add.reduce(out) * share, slope.T, shifted.T


def _slope(p: Array, asked: _Asked, label_smoothing: float) -> Array:
    """The probabilities minus the goal, weighted as the loss is."""
    goal = asked.goal(p, label_smoothing)
    return p * total(goal, asked.axis, True) - goal


def _cross_entropy_rule(
    g: Array, target: Array, slope: Array, shifted: Array, weight: Array | None, reduction: str,
    ignore_index: int, label_smoothing: float,
) -> Array:  # fmt: skip
    axis = _class_axis(slope)
    # Of a Tensor: to the second derivative the slope is no constant.
    if type(shifted) is not ndarray and is_tensor(shifted):
        asked = _asked(slope, target, weight, reduction, ignore_index)
        slope = _slope(softmax_kernel(shifted, axis), asked, label_smoothing)
    return (np.expand_dims(g, axis) if reduction == "none" else g) * slope


def _over_rows(form: str, x_shape: tuple[int, ...], reduction: str) -> str:
    """A form, for a mean over the number of rows."""
    size = math.prod(x_shape)
    rows = size // x_shape[0 if len(x_shape) == 1 else 1] if size else 0
    return f"{form} / {rows}" if reduction == "mean" and rows != 1 else form


def _where_counted(form: str, left_out: int, rows: int, reduction: str) -> str:
    """A form in words, where some targets are ignored."""
    shared = f", over the {rows - left_out} rows that count" if reduction == "mean" else ""
    return f"{form}{shared}; 0 for the {left_out} whose target is ignored"


def _cross_entropy_form(
    x_shape: tuple[int, ...], target: Any, reduction: str, weight: Any, ignore_index: int,
    label_smoothing: float,
) -> str:  # fmt: skip
    if weight is not None or label_smoothing:
        return "g times the softmax minus the goal, with the loss's weights"
    if target is not None and (left_out := int(np.sum(target == ignore_index))):
        return _where_counted(
            "g times the softmax minus the one-hot target", left_out, target.size, reduction
        )
    return _over_rows("g * (softmax(x) - one_hot(target))", x_shape, reduction)


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


# softmax(x + c) = softmax(x): so the rule needs no x, which the user may write to, but x less any number.
cross_entropy = Op(
    "cross_entropy",
    _cross_entropy,
    x=_cross_entropy_rule,
    constants=("slope", "shifted"),
    stands={"shifted": "x"},
    read=_cross_entropy_form,
    formula="d loss/dx = softmax(x) - one_hot(target), over N rows for a mean",
    domain=_cross_entropy_domain,
    result="floating",
)


def _nll_loss(
    x: Array, target: Array, weight: Array | None, reduction: str, ignore_index: int
) -> tuple[Array, Array, Array]:
    """The loss, the place of each target, and its share in the loss."""
    x = wide(x)
    asked = _asked(x, target, weight, reduction, ignore_index)
    return asked.reduce(asked.picked(x), reduction), asked.place, asked.share()


def _to_targets(g: Array, shape: tuple[int, ...], place: Array, share: Array) -> Array:
    """-g times the share of each target, at its place, and 0 elsewhere."""
    axis = 0 if len(shape) == 1 else 1
    if type(g) is type(share) is ndarray and len(shape) == 2:
        out = np.zeros(shape, share.dtype)
        out[np.arange(shape[0]), place[:, 0]] = -share * g
        return out
    return add_along(np.expand_dims(-share * g, axis), place, axis, shape)


def _nll_form(x_shape: tuple[int, ...], share: Any, reduction: str, weight: Any) -> str:
    if weight is not None:
        return "minus g at the target of each row, with the loss's weights"
    if share is not None and np.all((share == 0) | (share == 1)):
        reduction = "sum"  # as far as a reader can tell: nothing is divided
    if share is not None and (left_out := share.size - np.count_nonzero(share)):
        return _where_counted("minus g at the target of each row", left_out, share.size, reduction)
    return _over_rows("-g * one_hot(target)", x_shape, reduction)


def _nll_loss_domain(d: Any) -> Any:
    inputs, options = _cross_entropy_domain(d)
    return inputs, {key: value for key, value in options.items() if key != "label_smoothing"}


nll_loss = Op(
    "nll_loss",
    lambda x, target, *, weight=None, reduction="mean", ignore_index=-100: _nll_loss(
        x, target, weight, reduction, ignore_index
    ),
    x=lambda g, x_shape, place, share: _to_targets(g, x_shape, place, share),
    constants=("place", "share"),
    read=_nll_form,
    formula="d loss/dx = -one_hot(target), over N rows for a mean",
    domain=_nll_loss_domain,
    result="floating",
)
