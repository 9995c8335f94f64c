"""Functions of whole channels: dropout of channels, group and instance normalisation."""

from __future__ import annotations

import math

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.convert import as_operand
from minigrad._tensor.random import generator_of
from minigrad._tensor.tensor import Tensor

from .checks import check_tensor
from .layers import _check_scale, batch_norm
from .sizes import check_floating


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels set to 0 with probability p, the others scaled by 1/(1 - p): see `dropout2d`.

    Arguments:
        input: (N, C, L) or (C, L).
        p, training, inplace: as `dropout2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.dropout1d(torch.ones(1, 2, 3), p=1.0).sum().item()
    0.0
    """
    return _channel_dropout("dropout1d", 1, input, p, training, inplace)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels set to 0 with probability p, the others scaled by 1/(1 - p); itself when not training.

    Arguments:
        input: (N, C, H, W). Of three axes, the first is N, as in PyTorch.
        p: the probability, within [0, 1].
        training: False returns the input.
        inplace: write the result over `input`.

    Raises:
        ValueError: for p outside [0, 1].
        RuntimeError: for an input of another rank.

    Source: Tompson et al., "Efficient object localization using convolutional networks" (2015).

    >>> import minigrad as torch
    >>> torch.nn.functional.dropout2d(torch.ones(1, 2, 3, 3), training=False).sum().item()
    18.0
    """
    return _channel_dropout("dropout2d", 2, input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels set to 0 with probability p, the others scaled by 1/(1 - p): see `dropout2d`.

    Arguments:
        input: (N, C, D, H, W) or (C, D, H, W).
        p, training, inplace: as `dropout2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.dropout3d(torch.ones(1, 2, 3, 3, 3), p=0.0).sum().item()
    54.0
    """
    return _channel_dropout("dropout3d", 3, input, p, training, inplace)


def _channel_dropout(name: str, axes: int, input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    check_tensor(name, "input", input)
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if input.ndim not in (axes + 1, axes + 2):
        raise RuntimeError(
            f"{name}: expected {axes + 1}D or {axes + 2}D input, but received a {input.ndim}D input"
        )
    if not training or p == 0:
        return input
    check_floating(name, input)
    # One sample of (C, D, H, W) has no N; three axes are (N, C, L) to dropout2d, as in PyTorch.
    lead = 1 if input.ndim == axes + 1 and axes != 2 else 2
    shape = (*input.shape[:lead], *(1,) * (input.ndim - lead))
    kept = np.zeros(shape, np.bool_) if p == 1 else generator_of(None).random(shape) >= p
    mask = as_operand(kept.astype(input.dtype) / input.dtype.type(1 - p if p < 1 else 1))
    return input.mul_(mask) if inplace else input * mask


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps the mean 0 and the variance 1 of what `selu` gives: dropped elements become -1.758.

    With α = -1.7581 it is a (x kept, α dropped) + b, a = 1 / sqrt((1 - p) (1 + p α²)), b = -a p α.

    Arguments:
        input: a floating tensor of any shape.
        p: the probability, within [0, 1].
        training: False returns the input.
        inplace: write the result over `input`.

    Raises:
        ValueError: for p outside [0, 1].

    Source: Klambauer et al., "Self-normalizing neural networks" (2017).

    >>> import minigrad as torch
    >>> torch.nn.functional.alpha_dropout(torch.ones(2), training=False)
    tensor([1., 1.])
    """
    check_tensor("alpha_dropout", "input", input)
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    check_floating("alpha_dropout", input)
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    alpha = -1.0507009873554805 * 1.6732632423543772
    a = 1 / math.sqrt((1 - p) * (1 + p * alpha * alpha))
    kept = (generator_of(None).random(input.shape) >= p).astype(input.dtype)
    factor, shift = as_operand(kept * input.dtype.type(a)), as_operand((1 - kept) * a * alpha - p * a * alpha)
    shift = shift.to(input.dtype)
    return input.mul_(factor).add_(shift) if inplace else input * factor + shift


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) over each group of channels of a sample, times weight, plus bias.

    Arguments:
        input: (N, C, ...), floating.
        num_groups: how many groups the channels make.
        weight, bias: (C), or None for 1 and 0.
        eps: added to the variance.

    Raises:
        RuntimeError: where the channels do not make as many groups, or shapes do not fit.

    Source: Wu and He, "Group normalization" (2018).

    >>> import minigrad as torch
    >>> torch.nn.functional.group_norm(torch.tensor([[1.0, 3.0]]), 1, eps=0.0)
    tensor([[-1.,  1.]])
    """
    check_tensor("group_norm", "input", input)
    if input.ndim < 2:
        raise RuntimeError(f"group_norm: expected at least 2 dimensions, but got shape {tuple(input.shape)}")
    n, channels = input.shape[:2]
    if num_groups < 1 or channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    for argument, x in (("weight", weight), ("bias", bias)):
        if x is not None:
            _check_scale("group_norm", argument, x, (channels,), input)
    grouped = input.reshape(n, num_groups, math.prod(input.shape[1:]) // num_groups)
    out = CALLS["standardize"](grouped, dim=(2,), eps=eps).reshape(input.shape)
    row = (channels, *(1,) * (input.ndim - 2))
    out = out if weight is None else out * weight.reshape(row)
    return out if bias is None else out + bias.reshape(row)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) over each channel of each sample, times weight, plus bias.

    Arguments:
        input: (N, C, ...), floating.
        running_mean, running_var: (C); where statistics of the input are used they move towards their mean
            over the samples. None for none.
        weight, bias: (C), or None for 1 and 0.
        use_input_stats: whether the statistics are the input's; otherwise the running ones.
        momentum: how far the running statistics move.
        eps: added to the variance.

    Raises:
        ValueError: for one element per channel.
        RuntimeError: for shapes that do not fit.

    Source: Ulyanov et al., "Instance normalization" (2016).

    >>> import minigrad as torch
    >>> torch.nn.functional.instance_norm(torch.tensor([[[1.0, 3.0]]]), eps=1e-9)
    tensor([[[-1.,  1.]]])
    """
    check_tensor("instance_norm", "input", input)
    if input.ndim < 3:
        raise RuntimeError(f"instance_norm: expected at least 3 dimensions, but got {tuple(input.shape)}")
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    n, channels, *rest = input.shape
    if math.prod(rest) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {tuple(input.shape)}"
        )
    if running_mean is not None and running_var is not None and n:
        values = input.detach().reshape(n, channels, -1)
        for running, value in ((running_mean, values.mean(2)), (running_var, values.var(2))):
            running.data.copy_(running.detach() * (1 - momentum) + value.mean(0) * momentum)
    return group_norm(input, channels, weight, bias, eps)
