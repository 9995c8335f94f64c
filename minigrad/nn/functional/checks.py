"""Checks of arguments that several functions share, and the reduction of a loss."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor

REDUCTIONS = ("mean", "sum", "none")


def check_tensor(name: str, argument: str, x: Any) -> None:
    """Raise TypeError if an argument of the function `name` is no tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}(): argument {argument!r} must be a Tensor, not {type(x).__name__}")


def check_reduction(reduction: str) -> None:
    """Raise ValueError unless the reduction is one of three words."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction!r} is not a valid value for reduction; use 'mean', 'sum' or 'none'")


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The losses of the elements as one number, or all of them."""
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()


def check_pair(name: str, input: Any, target: Any, reduction: str) -> None:
    """Raise unless both are tensors and the reduction is a known one."""
    check_reduction(reduction)
    for argument, x in (("input", input), ("target", target)):
        check_tensor(name, argument, x)


def paired(name: str, input: Tensor, target: Tensor, reduction: str) -> tuple[Tensor, Tensor]:
    """The two in one shape; where they differ, a warning, and broadcast."""
    check_pair(name, input, target, reduction)
    if input.shape == target.shape:
        return input, target
    try:
        shape = np.broadcast_shapes(input.shape, target.shape)
    except ValueError:
        raise RuntimeError(
            f"{name}: input {tuple(input.shape)} and target {tuple(target.shape)} must have "
            f"the same shape; these do not "
            "even broadcast"
        ) from None
    warnings.warn(
        f"{name}: using a target of shape {tuple(target.shape)} that differs from the input's, "
        f"{tuple(input.shape)}: they "
        "are broadcast, which compares every input with every target along the axes of size 1. reshape or "
        "expand one of them if that is not meant.",
        UserWarning,
        stacklevel=3,
    )
    return input.expand(shape), target.expand(shape)


def check_same_shape(name: str, input: Tensor, target: Tensor) -> None:
    """Raise ValueError unless both have one shape."""
    if input.shape != target.shape:
        raise ValueError(
            f"{name}: input {tuple(input.shape)} and target {tuple(target.shape)} must have the same shape"
        )


def check_floating_target(name: str, target: Tensor) -> None:
    """Raise RuntimeError for a target of integers or booleans."""
    if target.dtype.kind != "f":
        raise RuntimeError(
            f"{name}: expected a floating target, but got {target.dtype.name}; convert it with .float()"
        )


def weighted(name: str, loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """The reduced loss, each element times its weight."""
    if weight is None:
        return reduced(loss, reduction)
    check_weight_fits(name, "weight", weight, loss.shape)
    return reduced(loss * weight, reduction)


def check_weight_fits(name: str, argument: str, weight: Any, shape: tuple[int, ...]) -> None:
    """Refuse a weight that does not broadcast to the input."""
    check_tensor(name, argument, weight)
    try:
        fits = np.broadcast_shapes(weight.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"{name}: {argument} {tuple(weight.shape)} does not broadcast to the input, {tuple(shape)}"
        )


def older_reduction(size_average: Any, reduce: Any, reduction: str) -> str:
    """The reduction; what PyTorch's older arguments mean where one is given, with its warning."""
    if size_average is None and reduce is None:
        return reduction
    if isinstance(size_average, str) or isinstance(reduce, str):
        raise TypeError("the third argument is size_average; say reduction='mean', 'sum' or 'none' by name")
    averaged, summed = size_average is None or size_average, reduce is None or reduce
    each = "none" if not summed else "mean" if averaged else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{each}' instead.",
        UserWarning,
        stacklevel=3,
    )
    return each
