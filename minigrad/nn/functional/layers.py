"""Layers as functions: linear maps, dropout, normalisation, look-ups, padding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad._tensor.calls import CALLS, RECORD
from minigrad._tensor.gradient import overwrite
from minigrad._tensor.random import generator_of
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.autograd import no_grad
from minigrad.ops import normalisation as _normalisation  # noqa: F401 (its record)
from minigrad.ops.arrays import kin
from minigrad.ops.index import first_outside

from .activations import _activation
from .borders import MODES, pad_from_within
from .checks import check_tensor

linear = CALLS["linear"]


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element set to 0 with probability p, the others scaled by 1/(1 - p); itself when not training.

    Arguments:
        input: a floating tensor of any shape.
        p: the probability, within [0, 1].
        training: False returns the input.
        inplace: write the result over `input`.

    Raises:
        ValueError: for p outside [0, 1].

    Source: Srivastava et al., "Dropout" (2014), section 4.

    >>> import minigrad as torch
    >>> torch.nn.functional.dropout(torch.ones(2), training=False)
    tensor([1., 1.])
    """
    check_tensor("dropout", "input", input)
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    dtype = input.dtype
    if p == 1:
        return _activation("dropout", input, inplace, mask=np.zeros(input.shape, dtype))
    if dtype.kind != "f":
        raise RuntimeError(
            f"dropout: expected a floating input, because the elements that stay are scaled by "
            f"{1 / (1 - p):g}, but got {dtype}; convert it with .float()"
        )
    kept = generator_of(None).random(input.shape) >= p
    return _activation("dropout", input, inplace, mask=kept.astype(dtype) / dtype.type(1 - p))


def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) over the last axes, times weight, plus bias (Ba et al. 2016).

    Arguments:
        input: a floating tensor; its shape ends in `normalized_shape`.
        normalized_shape: a tuple of sizes.
        weight, bias: of that shape, or None for 1 and 0.
        eps: added to the variance (the mean of squared deviations).

    Raises:
        RuntimeError: for shapes that do not fit.

    >>> import minigrad as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1.0, 3.0]]), (2,), eps=0.0)
    tensor([[-1.,  1.]])
    """
    check_tensor("layer_norm", "input", input)
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise RuntimeError(
            f"layer_norm: given normalized_shape={shape}, expected an input of shape "
            f"(..., {', '.join(map(str, shape))}), but got {tuple(input.shape)}"
        )
    for argument, x in (("weight", weight), ("bias", bias)):
        if x is not None:
            _check_scale("layer_norm", argument, x, shape, input)
    n, at = math.prod(shape), input.ndim - len(shape)
    seen = None if len(shape) == 1 else (math.prod(input.shape[:at]), n)
    options = {"dim": (-1,), "eps": eps, "seen": seen, "at": at}
    out: Tensor = RECORD["standardize"]((input, weight, bias), options)[0]
    return out


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) per channel (axis 1), times weight, plus bias (Ioffe and Szegedy 2015).

    In training the batch's own statistics are used, and the running ones move towards them by `momentum`
    (the variance as the unbiased estimate); otherwise the running ones are used.

    Arguments:
        input: a floating tensor of shape (N, C) or (N, C, ...).
        running_mean, running_var: of shape (C); None, in training, for none.
        weight, bias: of shape (C), or None for 1 and 0.
        training: whether the batch's statistics are used.
        momentum: how far the running statistics move.
        eps: added to the variance.

    Raises:
        ValueError: for fewer than two axes; in training for a single value per channel, for one running
            statistic without the other, and for an eps that is not positive.
        RuntimeError: for a statistic, weight or bias of another shape or dtype; without training, for a
            missing statistic.

    >>> import minigrad as torch
    >>> torch.nn.functional.batch_norm(torch.tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    check_tensor("batch_norm", "input", input)
    if input.ndim < 2:
        raise ValueError(
            f"batch_norm: expected at least 2 dimensions (N, C, ...), got shape {tuple(input.shape)}"
        )
    channels = input.shape[1]
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for argument, x in given.items():
        if x is not None:
            _check_scale("batch_norm", argument, x, (channels,), input)
    if training:
        if (running_mean is None) != (running_var is None):
            raise ValueError(
                "batch_norm: running_mean and running_var must either both be None or neither be None"
            )
        if eps <= 0:
            raise ValueError(f"batch_norm: eps must be positive during training, but got {eps}")
        n = input.numel() // max(channels, 1)
        if n == 1:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got input size {tuple(input.shape)}"
            )
        seen = None if input.ndim < 4 else (*input.shape[:2], math.prod(input.shape[2:]))
        options = {"dim": (0,) if input.ndim == 2 else (0, 2), "eps": eps, "seen": seen, "at": 1}
        # It has the statistics at hand: to take them again would take as long as all the rest.
        out, _, _, mean, variance = RECORD["standardize"]((input, weight, bias), options)
        if running_mean is not None and running_var is not None and n:
            for running, value in ((running_mean, mean), (running_var, variance * (n / (n - 1)))):
                _move(running, wrap(value.reshape(-1).astype(input.dtype, copy=False), None), momentum)
        return out
    if running_mean is None or running_var is None:
        raise RuntimeError(
            "batch_norm: Expected running_mean and running_var to be defined when training=False"
        )
    row = tuple(-1 if i == 1 else 1 for i in range(input.ndim))
    out = (input - running_mean.reshape(row)) / (running_var.reshape(row) + eps).sqrt()
    out = out if weight is None else out * weight.reshape(row)
    return out if bias is None else out + bias.reshape(row)


def _check_scale(name: str, argument: str, x: Any, shape: tuple[int, ...], input: Tensor) -> None:
    check_tensor(name, argument, x)
    if x.shape != shape:
        raise RuntimeError(
            f"{name}: for an input of shape {tuple(input.shape)} expected {argument} of shape "
            f"{shape}, but got "
            f"{tuple(x.shape)}"
        )
    if x.dtype != input.dtype:
        raise RuntimeError(
            f"{name}: the input has dtype {input.dtype.name} and {argument} {x.dtype.name}; "
            "convert one with .to()"
        )


def _move(running: Tensor, value: Tensor, momentum: float) -> None:
    overwrite(running, running.detach() * (1 - momentum) + value * momentum)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` at the integer positions `input`.

    Arguments:
        input: integers of any shape (...).
        weight: (rows, size).
        padding_idx: a row that gets no gradient.
        max_norm: rows that are looked up and have a greater norm (of order `norm_type`) are first scaled to
            it, in place.
        scale_grad_by_freq: divide the gradient of each row by how often `input` names it.

    Returns:
        (..., size).

        norm_type: the order of that norm.
        sparse: must be False.

    Raises:
        IndexError: for an index that is no row.

    >>> import minigrad as torch
    >>> torch.nn.functional.embedding(torch.tensor([2, 0]), torch.eye(3))
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    check_tensor("embedding", "input", input)
    check_tensor("embedding", "weight", weight)
    if sparse:
        raise NotImplementedError("embedding: sparse gradients are not covered")
    if input.dtype.kind not in "iu":
        raise RuntimeError(f"embedding: expected integer positions, got {input.dtype.name}; use .long()")
    if weight.ndim != 2:
        raise RuntimeError(f"embedding: expected weight of shape (rows, size), got {tuple(weight.shape)}")
    n, places = weight.shape[0], input._array
    if (wrong := first_outside(places, n)) is not None:
        raise IndexError(f"embedding: index out of range in self: {wrong} is none of the {n} rows")
    if padding_idx is not None and not -n <= padding_idx < n:
        raise ValueError(f"embedding: padding_idx {padding_idx} is no row of the {n} rows")
    if max_norm is not None:
        _renorm(input.numpy(), weight, max_norm, norm_type)
    rows: Tensor = weight[input]
    if scale_grad_by_freq and rows.requires_grad:
        places = input.numpy()
        times = np.expand_dims(np.bincount(places.reshape(-1), minlength=n)[places], -1)
        scale = input.new_tensor(1 / times, dtype=rows.dtype)
        rows.register_hook(lambda g: g * scale)
        rows = rows.clone()  # to the gradient of the result nothing happens
    if padding_idx is None:
        return rows
    return rows.where((input != padding_idx % n).unsqueeze(-1), rows.detach())


def _renorm(places: Any, weight: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up and too long."""
    with no_grad():
        looked_up = np.unique(places)
        norms = weight[looked_up].norm(norm_type, 1)
        too_long = norms.numpy() > max_norm
        if too_long.any():
            factor = max_norm / (norms[too_long] + 1e-7)
            weight[looked_up[too_long]] *= factor.unsqueeze(1)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Integer classes as int64 rows of zeros with a one: shape (*, num_classes).

    Arguments:
        tensor: int64 classes of any shape (*), none negative.
        num_classes: how many there are; -1 takes one more than the largest class.

    >>> import minigrad as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    check_tensor("one_hot", "tensor", tensor)
    classes = tensor._array
    if classes.dtype != np.int64:
        raise RuntimeError(
            f"one_hot is only applicable to int64 tensors, got {classes.dtype.name}; use .long()"
        )
    if classes.size == 0 and num_classes <= 0:
        raise RuntimeError(
            "one_hot: the number of classes cannot be read off an empty tensor; give num_classes"
        )
    n = int(classes.max()) + 1 if num_classes == -1 else num_classes
    if (wrong := first_outside(classes, n)) is not None:
        why = "must be non-negative" if wrong < 0 else f"must be smaller than num_classes ({n})"
        raise RuntimeError(f"one_hot: class value {wrong} {why}")
    if not isinstance(classes, np.ndarray):
        return wrap((np.arange(n, like=kin(classes)) == classes[..., None]).astype(np.int64), None)
    hot = np.zeros((*classes.shape, n), np.int64)
    hot.reshape(-1)[np.arange(0, hot.size, n) + classes.reshape(-1)] = 1
    return wrap(hot, None)


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """A border around the last axes: (before, after) pairs from the last axis backwards; negative ones crop.

    Arguments:
        input: a tensor of any shape.
        pad: a tuple of an even number of integers, two for each axis that is padded.
        mode: "constant"; or of the last axes of a tensor (N, C, ...) or (C, ...): "reflect" (mirrored, the
            edge not repeated), "replicate" (the edge), "circular" (the other end).
        value: of a constant border; 0 where it is None.

    Raises:
        NotImplementedError: for another mode, or axes that it does not pad.
        RuntimeError: for widths that crop more than there is, or need more than there is to repeat.

    >>> import minigrad as torch
    >>> torch.nn.functional.pad(torch.ones(2), (1, 0))
    tensor([0., 1., 1.])
    """
    check_tensor("pad", "input", input)
    widths = tuple(int(p) for p in pad)
    if mode not in ("constant", *MODES):
        raise NotImplementedError(f"pad: there is no mode {mode!r}; there are constant, {', '.join(MODES)}")
    for axis, n in zip(range(input.ndim - 1, -1, -1), (input.shape[::-1]), strict=True):
        before, after = (*widths[2 * (input.ndim - 1 - axis) :], 0, 0)[:2]
        if n + before + after < 0 or n + min(before, 0) < 0 or n + min(after, 0) < 0:
            raise RuntimeError(
                f"pad: {before} and {after} take more than the {n} elements of dimension {axis}"
            )
    if mode != "constant":
        if value:
            raise RuntimeError(f"pad: mode {mode!r} doesn't take in value argument")
        return pad_from_within(input, widths, mode)
    return CALLS["pad"](input, pad=widths, value=0.0 if value is None else value)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x over its p-norm along `dim`, the norm being at least `eps`.

    Arguments:
        input: a floating tensor.
        p: the order of the norm.
        dim: an axis, or a tuple of axes.
        eps: keeps a norm of 0 from dividing.

    >>> import minigrad as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    check_tensor("normalize", "input", input)
    return input / input.norm(p, dim, keepdim=True).clamp(min=eps)
