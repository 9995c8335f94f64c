"""Functions of whole channels: dropout of channels, group and instance normalisation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad._tensor.calls import RECORD
from minigrad._tensor.convert import as_operand
from minigrad._tensor.gradient import overwrite
from minigrad._tensor.random import generator_of
from minigrad._tensor.tensor import Tensor
from minigrad.ops import normalisation as _normalisation  # noqa: F401 (its record)

from .checks import check_tensor
from .layers import _check_scale, batch_norm, pad
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
    return _alpha_dropout("alpha_dropout", None, input, p, training, inplace)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`alpha_dropout` of whole channels, axis 1.

    Arguments:
        input: (N, C, ...), floating.
        p, training, inplace: as `alpha_dropout`.

    >>> import minigrad as torch
    >>> torch.nn.functional.feature_alpha_dropout(torch.ones(1, 2), training=False)
    tensor([[1., 1.]])
    """
    return _alpha_dropout("feature_alpha_dropout", 2, input, p, training, inplace)


def _alpha_dropout(
    name: str, axes: int | None, input: Tensor, p: float, training: bool, inplace: bool
) -> Tensor:
    """Elements are dropped one by one, or, where `axes` says so, by the first axes."""
    check_tensor(name, "input", input)
    if axes is not None and input.ndim < axes:
        raise RuntimeError(f"{name}: expected at least {axes} dimensions (N, C, ...), got {input.ndim}")
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    check_floating(name, input)
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    alpha = -1.0507009873554805 * 1.6732632423543772
    a = 1 / math.sqrt((1 - p) * (1 + p * alpha * alpha))
    shape = (*input.shape[:axes], *(1,) * (input.ndim - axes)) if axes is not None else input.shape
    kept = (generator_of(None).random(shape) >= p).astype(input.dtype)
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
    seen = n, num_groups, math.prod(input.shape[1:]) // num_groups
    options = {"dim": (2,), "eps": eps, "seen": seen, "at": 1}
    out: Tensor = RECORD["standardize"]((input, weight, bias), options)[0]
    return out


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
    if (running_mean is None) != (running_var is None):
        raise ValueError(
            "instance_norm: running_mean and running_var must either both be None or neither be None"
        )
    if running_mean is not None and running_var is not None and n:
        values = input.detach().reshape(n, channels, -1)
        for running, value in ((running_mean, values.mean(2)), (running_var, values.var(2))):
            overwrite(running, running.detach() * (1 - momentum) + value.mean(0) * momentum)
    return group_norm(input, channels, weight, bias, eps)


def rms_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(mean(x²) + eps) over the last axes, times weight.

    Arguments:
        input: a floating tensor; its shape ends in `normalized_shape`.
        normalized_shape: a tuple of sizes.
        weight: of that shape, or None for 1.
        eps: the dtype's rounding error where it is None.

    Raises:
        RuntimeError: for shapes that do not fit.

    Source: Zhang and Sennrich, "Root mean square layer normalization" (2019).

    >>> import minigrad as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([[3.0, 4.0]]), (2,))
    tensor([[0.8485, 1.1314]])
    """
    check_tensor("rms_norm", "input", input)
    check_floating("rms_norm", input)
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise RuntimeError(
            f"rms_norm: given normalized_shape={shape}, expected an input of shape "
            f"(..., {', '.join(map(str, shape))}), but got {tuple(input.shape)}"
        )
    if weight is not None:
        _check_scale("rms_norm", "weight", weight, shape, input)
    eps = float(np.finfo(input.dtype).eps) if eps is None else eps
    wide = input.float() if input.dtype == np.float16 else input  # whose squares overflow
    out = wide * ((wide * wide).mean(tuple(range(-len(shape), 0)), keepdim=True) + eps).rsqrt()
    out = out if weight is None else out * weight
    return (out if wide is input else out.to(input.dtype)).contiguous()


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """x / (k + alpha mean(x²))^beta, over `size` channels around each; those beyond the ends are 0.

    Arguments:
        input: (N, C, ...), floating.
        size: how many channels; those beyond the ends are 0.
        alpha, beta, k: as in the formula.

    Raises:
        ValueError: for fewer than three axes.
        RuntimeError: for a size below 1.

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional networks" (2012).

    >>> import minigrad as torch
    >>> torch.nn.functional.local_response_norm(torch.ones(1, 1, 1), 1, alpha=1.0, beta=1.0)
    tensor([[[0.5000]]])
    """
    check_tensor("local_response_norm", "input", input)
    if input.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)")
    if size < 1:
        raise RuntimeError(f"local_response_norm: size should be greater than zero, but got {size}")
    squares = _over_channels(input * input, size // 2, (size - 1) // 2)
    return input / (squares * (alpha / size) + k) ** beta


def _over_channels(x: Tensor, before: int, after: int) -> Tensor:
    """At each channel the sum over those around it, `before` and `after` of them and itself."""
    channels = x.shape[1]
    padded = pad(x, (*(0, 0) * (x.ndim - 2), before, after))
    out = padded.narrow(1, 0, channels)
    for i in range(1, before + after + 1):
        out = out + padded.narrow(1, i, channels)
    return out


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of `groups` groups, dealt in turn: the first of each group, then the second, ...

    Arguments:
        input: (N, C, ...), with at least one axis more.
        groups: how many groups the channels make.

    Raises:
        RuntimeError: where the channels do not make as many groups.

    Source: Zhang et al., "ShuffleNet" (2018).

    >>> import minigrad as torch
    >>> torch.nn.functional.channel_shuffle(torch.arange(4).reshape(1, 4, 1), 2).flatten()
    tensor([0, 2, 1, 3])
    """
    check_tensor("channel_shuffle", "input", input)
    if input.ndim < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, got sizes {list(input.shape)}")
    if groups < 1 or input.shape[1] % groups:
        raise RuntimeError(
            f"channel_shuffle: the number of channels, {input.shape[1]}, must be divisible by {groups}"
        )
    n, channels, *rest = input.shape
    return input.reshape(n, groups, channels // groups, *rest).transpose(1, 2).reshape(input.shape)
