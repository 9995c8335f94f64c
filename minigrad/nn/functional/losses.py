"""Losses as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.calls import CALLS, RECORD
from minigrad._tensor.tensor import Tensor
from minigrad.autograd import is_grad_enabled
from minigrad.ops import class_losses as _class_losses, losses as _losses  # noqa: F401 (their records)
from minigrad.ops.kernels import beyond

from .checks import (
    REDUCTIONS,
    check_floating_target,
    check_pair,
    check_reduction,
    check_same_shape,
    check_tensor,
    check_weight_fits,
    older_reduction,
    paired,
    reduced,
    weighted,
)


def mse_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean (or sum, or none) of (x - t)^2.

    Arguments:
        input, target: tensors of one shape, the input floating. Others are broadcast, with a warning.
        size_average, reduce: PyTorch's older spelling of `reduction`, taken with a warning.
        reduction: "mean", "sum" or "none".
        weight: a factor for each element, of the input's shape; "mean" divides by the sum of them.

    >>> import minigrad as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1.0, 3.0]), torch.zeros(2))
    tensor(5.)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    input, target = paired("mse_loss", input, target, reduction)
    if weight is not None:
        each = RECORD["mse_loss"]((input, target), {"reduction": "none"})[0]
        return _by_weights("mse_loss", each, weight, input, reduction)
    return RECORD["mse_loss"]((input, target), {"reduction": reduction})[0]


def l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean (or sum, or none) of |x - t|.

    Arguments:
        input, target: tensors of one shape. Others are broadcast, with a warning.
        size_average, reduce: PyTorch's older spelling of `reduction`, taken with a warning.
        reduction: "mean", "sum" or "none".
        weight: a factor for each element, of the input's shape; "mean" divides by the sum of them.

    >>> import minigrad as torch
    >>> torch.nn.functional.l1_loss(torch.tensor([1.0, 3.0]), torch.zeros(2))
    tensor(2.)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    input, target = paired("l1_loss", input, target, reduction)
    each = (input - target).abs()
    if weight is not None:
        return _by_weights("l1_loss", each, weight, input, reduction)
    return reduced(each, reduction)


def _by_weights(name: str, each: Tensor, weight: Tensor, input: Tensor, reduction: str) -> Tensor:
    check_tensor(name, "weight", weight)
    if weight.shape != input.shape:
        raise ValueError(
            f"{name}: weight {tuple(weight.shape)} and input {tuple(input.shape)} must have the same size"
        )
    each = each * weight
    return each.sum() / weight.sum() if reduction == "mean" else reduced(each, reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Quadratic for |x - t| <= delta, linear beyond (Huber 1964).

    0.5 d^2 for d = |x - t| <= delta, delta (d - 0.5 delta) beyond.

    Arguments:
        input, target: tensors of one shape, the input floating. Others are broadcast, with a warning.
        reduction: "mean", "sum" or "none".
        delta: positive.
        weight: a factor for each element, of the input's shape; "mean" divides by their number.

    >>> import minigrad as torch
    >>> torch.nn.functional.huber_loss(torch.tensor([3.0]), torch.zeros(1))
    tensor(2.5000)
    """
    if delta <= 0:
        raise RuntimeError(f"huber_loss: delta must be greater than 0, not {delta}")
    input, target = paired("huber_loss", input, target, reduction)
    if input.dtype.kind != "f" or (target.dtype.kind == "f" and target.dtype != input.dtype):
        raise RuntimeError(
            "huber_loss: expected a floating input and a target of its dtype, but got "
            f"{input.dtype.name} and {target.dtype.name}; convert one with .to()"
        )
    each = CALLS["huber"](input - target, delta=delta)
    if weight is not None:
        each = _by_weights("huber_loss", each, weight, input, "none")
    return reduced(each, reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """Huber's loss over beta: 0.5 d^2 / beta for |d| < beta, |d| - 0.5 beta beyond; l1 for beta 0.

    Arguments:
        input, target: tensors of one shape. Others are broadcast, with a warning.
        size_average, reduce: PyTorch's older spelling of `reduction`, taken with a warning.
        reduction: "mean", "sum" or "none".
        beta: not negative.

    >>> import minigrad as torch
    >>> torch.nn.functional.smooth_l1_loss(torch.tensor([3.0]), torch.zeros(1))
    tensor(2.5000)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    input, target = paired("smooth_l1_loss", input, target, reduction)
    return reduced(CALLS["huber"](input - target, delta=beta), reduction) / beta


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The negative log-probability of the target under softmax(input).

    Arguments:
        input: logits of shape (C), (N, C) or (N, C, ...).
        target: int64 classes of shape (), (N) or (N, ...), or probabilities of the input's shape.
        weight: a factor per class, of shape (C).
        ignore_index: a class that counts for nothing.
        label_smoothing: how much of the target is spread evenly over all classes (Szegedy et al. 2016).

        reduction: "mean" (over samples, weighted by `weight`), "sum" or "none", one value per sample.
        size_average, reduce: PyTorch's older spelling of `reduction`, taken with a warning.

    Raises:
        RuntimeError, ValueError: for shapes and dtypes that do not fit, and for a `weight` that requires grad
            beside classes.

    >>> import minigrad as torch
    >>> torch.nn.functional.cross_entropy(torch.tensor([[0.0, 0.0]]), torch.tensor([1]))
    tensor(0.6931)
    """
    if size_average is not None or reduce is not None:
        reduction = older_reduction(size_average, reduce, reduction)
    try:
        logits, classes = input._array, target._array
    except AttributeError:
        logits, classes = _unwrapped("cross_entropy", input, target)
    plain = logits.ndim == 2 and classes.ndim == 1 and len(logits) == len(classes)
    plain = plain and weight is None and not label_smoothing and classes.dtype.char in _CLASSES
    if not plain or reduction not in REDUCTIONS:
        shape = logits.shape
        check_reduction(reduction)
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
        if not shape:
            raise ValueError(
                "cross_entropy: expected logits of shape (C), (N, C) or (N, C, ...), got a 0-d tensor"
            )
        axis = 0 if len(shape) == 1 else 1
        if weight is not None:
            _check_weight("cross_entropy", weight, shape[axis], logits.dtype)
        if classes.dtype.kind == "f":
            _check_probabilities(shape, target, ignore_index)
            return _soft_cross_entropy(input, target, weight, axis, reduction, label_smoothing)
        _check_classes("cross_entropy", shape, target, axis)
    options = {
        "weight": None if weight is None else _without_gradient("cross_entropy", weight),
        "reduction": reduction, "ignore_index": ignore_index, "label_smoothing": label_smoothing,
    }  # fmt: skip
    return RECORD["cross_entropy"]((input, target), options)[0]


def _unwrapped(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    """The arrays of scores, which may be NumPy's, and of classes."""
    for position, x in enumerate((input, target)):
        if not isinstance(x, Tensor) and not (position == 0 and isinstance(x, np.ndarray)):
            raise TypeError(f"{name}(): argument {position + 1} must be a Tensor, not {type(x).__name__}")
    return getattr(input, "_array", input), target._array


_CLASSES = np.dtype(np.int64).char + np.dtype(np.uint8).char


def _check_classes(name: str, shape: tuple[int, ...], target: Tensor, axis: int) -> None:
    classes = target._array
    if classes.dtype.char not in _CLASSES:
        raise RuntimeError(f"{name}: expected target classes as int64, got {target.dtype.name}; use .long()")
    expected = shape[:axis] + shape[axis + 1 :]
    if classes.shape != expected:
        raise ValueError(
            f"{name}: for logits of shape {shape} expected target of shape {expected}, "
            f"got {tuple(target.shape)}"
        )


def _check_probabilities(shape: tuple[int, ...], target: Tensor, ignore_index: int) -> None:
    if target.shape != shape:
        raise ValueError(
            f"cross_entropy: a target of dtype {target.dtype.name} holds probabilities, of the logits' "
            f"shape {shape}, but this one has shape {tuple(target.shape)}. "
            "Classes are integers: convert them with .long()"
        )
    if ignore_index >= 0:
        raise RuntimeError(
            f"cross_entropy: ignore_index={ignore_index} is a class, and the target holds probabilities "
            f"({target.dtype.name}); give classes (int64), or leave ignore_index out"
        )


def _check_weight(name: str, weight: Any, classes: int, dtype: Any) -> None:
    check_tensor(name, "weight", weight)
    if weight.shape != (classes,):
        raise RuntimeError(
            f"{name}: weight must have shape ({classes},), one per class, got {tuple(weight.shape)}"
        )
    if weight.dtype != dtype:
        raise RuntimeError(
            f"{name}: weight must have the input's dtype, {dtype.name}, but it has {weight.dtype.name}"
        )


def _without_gradient(name: str, weight: Tensor) -> Any:
    if weight.requires_grad and is_grad_enabled():
        raise RuntimeError(
            f"The function '{name}' is not differentiable with respect to argument 'weight'. This input "
            "cannot have requires_grad True; give weight.detach()"
        )
    return weight._array


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, axis: int, reduction: str, label_smoothing: float
) -> Tensor:
    """With probabilities as targets, through which a gradient may flow: a composition."""
    classes = input.shape[axis]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    weighted = target * input.log_softmax(axis)
    if weight is not None:
        weighted = weighted * weight.reshape([-1 if i == axis else 1 for i in range(input.ndim)])
    each = -weighted.sum(axis)
    return each.sum() / each.numel() if reduction == "mean" else reduced(each, reduction)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-probability of the target class, from log-probabilities (see `cross_entropy`).

    Arguments:
        input: log-probabilities of shape (C), (N, C) or (N, C, ...).
        target: int64 classes of shape (), (N) or (N, ...).
        weight: a factor per class, of shape (C).
        ignore_index: a class that counts for nothing.
        reduction: "mean" (over samples, weighted by `weight`), "sum" or "none", one value per sample.
        size_average, reduce: PyTorch's older spelling of `reduction`, taken with a warning.

    >>> import minigrad as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-1.0, -2.0]]), torch.tensor([1]))
    tensor(2.)
    """
    check_pair("nll_loss", input, target, reduction)
    reduction = older_reduction(size_average, reduce, reduction)
    if not input.ndim:
        raise ValueError(
            "nll_loss: expected log-probabilities of shape (C), (N, C) or (N, C, ...), got a 0-d tensor"
        )
    axis = 0 if input.ndim == 1 else 1
    _check_classes("nll_loss", input.shape, target, axis)
    if weight is not None:
        _check_weight("nll_loss", weight, input.shape[axis], input.dtype)
    options = {
        "weight": None if weight is None else _without_gradient("nll_loss", weight), "reduction": reduction,
        "ignore_index": ignore_index,
    }  # fmt: skip
    return RECORD["nll_loss"]((input, target), options)[0]


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """-(t log x + (1 - t) log(1 - x)) for probabilities x; logarithms are kept above -100.

    Arguments:
        input, target: floating tensors of one shape, within [0, 1].
        weight: a factor per element, which broadcasts to the input.
        reduction: "mean", "sum" or "none".
        size_average, reduce: PyTorch's older spelling of `reduction`, taken with a warning.

    Raises:
        RuntimeError: for an element outside [0, 1].
        ValueError: for shapes that differ.

    >>> import minigrad as torch
    >>> torch.nn.functional.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([1.0]))
    tensor(0.6931)
    """
    check_pair("binary_cross_entropy", input, target, reduction)
    reduction = older_reduction(size_average, reduce, reduction)
    check_same_shape("binary_cross_entropy", input, target)
    for argument, x in (("input", input), ("target", target)):
        if (wrong := beyond(x._array, 0, 1)) is not None:
            hint = "; for logits use binary_cross_entropy_with_logits" if x is input else ""
            raise RuntimeError(
                f"binary_cross_entropy: all elements of {argument} should be between 0 and 1, got "
                f"{wrong[0]:g} to {wrong[1]:g}{hint}"
            )
    return weighted("binary_cross_entropy", CALLS["binary_cross_entropy"](input, target), weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """binary_cross_entropy(sigmoid(x), t) for logits x, computed from softplus: finite for every finite x.

    Arguments:
        input, target: floating tensors of one shape; the targets within [0, 1].
        weight: a factor per element, which broadcasts to the input.
        reduction: "mean", "sum" or "none".
        pos_weight: a factor of the positive targets, which broadcasts to the input.
        size_average, reduce: PyTorch's older spelling of `reduction`, taken with a warning.

    Raises:
        ValueError: for shapes that differ.

    >>> import minigrad as torch
    >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([1000.0]), torch.tensor([0.0]))
    tensor(1000.)
    """
    name = "binary_cross_entropy_with_logits"
    check_pair(name, input, target, reduction)
    reduction = older_reduction(size_average, reduce, reduction)
    check_same_shape(name, input, target)
    check_floating_target(name, target)
    if pos_weight is not None:
        check_weight_fits(name, "pos_weight", pos_weight, input.shape)
    inside = reduction if weight is None else "none"
    loss: Tensor = RECORD[name]((input, target, pos_weight), {"reduction": inside})[0]
    return loss if weight is None else weighted(name, loss, weight, reduction)


def kl_div(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", log_target: bool = False,
) -> Tensor:  # fmt: skip
    """t (log t - x), x being log-probabilities; "batchmean" divides the sum by the batch.

    Arguments:
        input: log-probabilities.
        target: probabilities, or with `log_target` log-probabilities, of a shape that broadcasts.
        reduction: "mean" (over elements), "batchmean", "sum" or "none".
        log_target: whether the target holds log-probabilities.
        size_average, reduce: PyTorch's older spelling of `reduction`, taken with a warning.

    >>> import minigrad as torch
    >>> torch.nn.functional.kl_div(torch.zeros(2), torch.ones(2), reduction="sum")
    tensor(0.)
    """
    check_pair("kl_div", input, target, "mean" if reduction == "batchmean" else reduction)
    reduction = older_reduction(size_average, reduce, reduction)
    for argument, x in (("input", input), ("target", target)):
        if not x.is_floating_point():
            raise RuntimeError(f"kl_div: Integral inputs not supported, but {argument} is of {x.dtype.name}")
    each = target.exp() * (target - input) if log_target else CALLS["xlogy"](target, target) - target * input
    if reduction == "batchmean":
        return each.sum() / input.shape[0] if input.ndim else each.sum()
    return reduced(each, reduction)
