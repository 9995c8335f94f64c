"""Losses of likelihoods, and losses that are 0 beyond a margin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.ops.arrays import everything, kin
from minigrad.ops.index import first_outside
from minigrad.ops.kernels import broken

from .activations import logsigmoid, relu
from .checks import check_pair, check_reduction, check_same_shape, older_reduction, reduced, weighted
from .sizes import check_floating


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: Any = None,
    eps: float = 1e-8, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """exp(x) - t x, minus the logarithm of Poisson's likelihood up to a constant of the target.

    Arguments:
        input: the logarithm of the rate; the rate itself without `log_input`.
        target: counts.
        log_input: see above.
        full: add Stirling's approximation of log(t!) for t > 1.
        eps: is added to a rate before its logarithm.

    >>> import minigrad as torch
    >>> torch.nn.functional.poisson_nll_loss(torch.tensor([0.0]), torch.tensor([2.0]))
    tensor(1.)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    check_pair("poisson_nll_loss", input, target, reduction)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        small = target <= 1
        t = target.masked_fill(small, 1)
        stirling = t * t.log() - t + 0.5 * (2 * math.pi * t).log()
        loss = loss + stirling.masked_fill(small, 0)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """(log var + (x - t)² / var) / 2, minus the logarithm of a normal likelihood up to a constant.

    Arguments:
        input: the mean.
        target: of its shape.
        var: the variance, of the shape of the input, or with a last axis of size 1 or none; or one number.
        full: add the constant log(2π)/2.
        eps: the least variance; a gradient flows as if it were not there.

    Raises:
        ValueError: for a negative variance, or one of another shape.

    >>> import minigrad as torch
    >>> torch.nn.functional.gaussian_nll_loss(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
    tensor(2.)
    """
    check_pair("gaussian_nll_loss", input, target, reduction)
    if not isinstance(var, Tensor):
        var = input.detach().new_full(input.shape, float(var))
    if var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = var.unsqueeze(-1)
        elif var.shape[:-1] != input.shape[:-1] or var.shape[-1] != 1:
            raise ValueError(
                f"gaussian_nll_loss: var {tuple(var.shape)} does not fit the input, {tuple(input.shape)}"
            )
    if broken(np.logical_not(everything(var._array) < 0)):
        raise ValueError("gaussian_nll_loss: var has negative entries")
    var = var.clone()
    var.data.clamp_(min=eps)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, margin - t (x1 - x2)): t = 1 wants x1 to be larger by the margin, t = -1 x2.

    Arguments:
        input1, input2, target: tensors of one rank that broadcast.
        margin: how much larger.

    >>> import minigrad as torch
    >>> one, two = torch.tensor([1.0]), torch.tensor([2.0])
    >>> torch.nn.functional.margin_ranking_loss(one, two, torch.tensor([1.0]))
    tensor(1.)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss: expected tensors of one rank, but got sizes: "
            f"{tuple(input1.shape)}, {tuple(input2.shape)}, {tuple(target.shape)}"
        )
    return reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """x where the target is 1, max(0, margin - x) where it is -1: for x a distance.

    Arguments:
        input: a floating tensor.
        target: 1 and -1, of its shape.
        margin: how far apart two should be.

    >>> import minigrad as torch
    >>> x, t = torch.tensor([0.25, 0.25]), torch.tensor([1, -1])
    >>> torch.nn.functional.hinge_embedding_loss(x, t, reduction="none")
    tensor([0.2500, 0.7500])
    """
    reduction = older_reduction(size_average, reduce, reduction)
    check_pair("hinge_embedding_loss", input, target, reduction)
    check_floating("hinge_embedding_loss", input)
    far = (margin - input).clamp(min=0).masked_fill(target == 1, 0.0)
    return reduced(far + input.masked_fill(target == -1, 0.0), reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Tensor:
    """log(1 + exp(-t x)) for targets t of 1 and -1; finite for every finite x, where PyTorch has inf.

    Arguments:
        input, target: tensors of one shape, the input floating.

    >>> import minigrad as torch
    >>> torch.nn.functional.soft_margin_loss(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    check_pair("soft_margin_loss", input, target, reduction)
    return reduced(-logsigmoid(target * input), reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The binary cross entropy of sigmoid(x), averaged over the classes, the last axis.

    Arguments:
        input: scores, (N, C) or (C).
        target: 0 and 1, of that shape.
        weight: a factor per class, (C), or None.

    >>> import minigrad as torch
    >>> torch.nn.functional.multilabel_soft_margin_loss(torch.zeros(1, 2), torch.tensor([[0.0, 1.0]]))
    tensor(0.6931)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    name = "multilabel_soft_margin_loss"
    check_pair(name, input, target, reduction)
    check_same_shape(name, input, target)
    each = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return reduced(weighted(name, each, weight, "none").mean(-1), reduction)


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean over the classes c other than the target t of max(0, margin - x_t + x_c)^p.

    Arguments:
        input: scores, (N, C) or (C).
        target: int64 classes, (N) or ().
        p: 1 or 2.
        margin: by how much the target's score should exceed the others.
        weight: a factor per class, (C), or None.

    Raises:
        ValueError: for another p.
        RuntimeError: for a target that is no class.

    >>> import minigrad as torch
    >>> torch.nn.functional.multi_margin_loss(torch.tensor([[0.0, 0.5]]), torch.tensor([0]))
    tensor(0.7500)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    check_pair("multi_margin_loss", input, target, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    rows = input if input.ndim == 2 else input.reshape(1, -1)
    classes = target.reshape(-1, 1)
    if input.ndim > 2 or target.numel() != rows.shape[0]:
        raise RuntimeError(
            f"multi_margin_loss: for an input of shape {tuple(input.shape)} expected a class for each row, "
            f"but got a target of shape {tuple(target.shape)}"
        )
    _check_range("multi_margin_loss", classes, 0, rows.shape[1])
    excess = relu(margin - rows.gather(1, classes) + rows)
    excess = excess if p == 1 else excess * excess
    if weight is not None:
        excess = excess * weight[classes]
    own = np.arange(rows.shape[1], like=kin(classes._array)) == classes._array
    loss = excess.masked_fill(wrap(own, None), 0.0).sum(1) / rows.shape[1]
    return reduced(loss if input.ndim == 2 else loss.squeeze(0), reduction)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Tensor:
    """The sum over targets t and other classes c of max(0, 1 - x_t + x_c), over the number of classes.

    Arguments:
        input: scores, (N, C) or (C).
        target: int64 classes, of the input's shape: those before the first -1 of each row.

    Raises:
        RuntimeError: for shapes that differ, or a target that is no class.

    >>> import minigrad as torch
    >>> scores, target = torch.tensor([0.0, 0.5]), torch.tensor([0, -1])
    >>> torch.nn.functional.multilabel_margin_loss(scores, target)
    tensor(0.7500)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    check_pair("multilabel_margin_loss", input, target, reduction)
    if input.shape != target.shape or input.ndim not in (1, 2):
        raise RuntimeError(
            f"multilabel_margin_loss: input {tuple(input.shape)} and target {tuple(target.shape)} must have "
            "one shape, (N, C) or (C)"
        )
    rows, classes = (x if x.ndim == 2 else x.unsqueeze(0) for x in (input, target))
    _check_range("multilabel_margin_loss", classes, -1, rows.shape[1])
    places = classes._array
    asked = np.logical_and.accumulate(places >= 0, 1)
    each = np.arange(places.shape[1], like=kin(places))
    is_target = (np.where(asked, places, -1)[:, :, None] == each).any(1)
    counts = asked[:, :, None] & ~is_target[:, None, :]
    at = rows.gather(1, wrap(np.where(asked, places, 0), None))
    excess = relu(1 - at.unsqueeze(2) + rows.unsqueeze(1))
    loss = excess.masked_fill(wrap(~counts, None), 0.0).sum((1, 2)) / rows.shape[1]
    return reduced(loss if input.ndim == 2 else loss.squeeze(0), reduction)


def _check_range(name: str, classes: Tensor, least: int, count: int) -> None:
    if classes.dtype != np.int64:
        raise RuntimeError(f"{name}: expected a target of int64, but got {classes.dtype.name}; use .long()")
    if first_outside(classes._array, count, least) is not None:
        raise RuntimeError(f"{name}: a target is out of range for {count} classes (0 to {count - 1})")
