"""What layers compute, as functions: linear maps, dropout, normalisation, look-ups, padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.methods import CALLS
from minigrad._tensor.random import generator_of
from minigrad._tensor.tensor import Tensor

from .activations import _activation

linear = CALLS["linear"]


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element set to 0 with probability p, the others scaled by 1/(1 - p); itself when not training.

    >>> import minigrad as torch
    >>> torch.nn.functional.dropout(torch.ones(2), training=False)
    tensor([1., 1.])
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    kept = generator_of(None).random(input.shape) >= p
    mask = kept.astype(input.dtype) / input.dtype.type(1 - p) if p < 1 else np.zeros(input.shape, input.dtype)
    return _activation("dropout", input, inplace, mask=mask)


def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) over the last axes, times weight, plus bias (Ba et al. 2016).

    >>> import minigrad as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1.0, 3.0]]), (2,), eps=0.0)
    tensor([[-1.,  1.]])
    """
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise RuntimeError(
            f"layer_norm: given normalized_shape={shape}, expected input ending in it, but got {input.shape}"
        )
    for name, x in (("weight", weight), ("bias", bias)):
        if x is not None and x.shape != shape:
            raise RuntimeError(f"layer_norm: expected {name} of shape {shape}, but got {x.shape}")
    out = CALLS["standardize"](input, dim=tuple(range(-len(shape), 0)), eps=eps)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


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

    >>> import minigrad as torch
    >>> torch.nn.functional.batch_norm(torch.tensor([[1.0], [3.0]]), None, None, training=True, eps=0.0)
    tensor([[-1.],
            [ 1.]])
    """
    if input.ndim < 2:
        raise ValueError(f"batch_norm: expected at least 2 dimensions (N, C, ...), got shape {input.shape}")
    axes = tuple(i for i in range(input.ndim) if i != 1)
    row = tuple(-1 if i == 1 else 1 for i in range(input.ndim))
    if training:
        n = input.numel() // max(input.shape[1], 1)
        if n <= 1:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got input size {input.shape}"
            )
        out = CALLS["standardize"](input, dim=axes, eps=eps)
        if running_mean is not None and running_var is not None:
            values = input.detach()
            _move(running_mean, values.mean(axes), momentum)
            _move(running_var, values.var(axes), momentum)
    else:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "batch_norm: Expected running_mean and running_var to be defined when training=False"
            )
        out = (input - running_mean.reshape(row)) / (running_var.reshape(row) + eps).sqrt()
    out = out if weight is None else out * weight.reshape(row)
    return out if bias is None else out + bias.reshape(row)


def _move(running: Tensor, value: Tensor, momentum: float) -> None:
    running.data.copy_(running.detach() * (1 - momentum) + value * momentum)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` at the integer positions `input`; the row `padding_idx` gets no gradient.

    >>> import minigrad as torch
    >>> torch.nn.functional.embedding(torch.tensor([2, 0]), torch.eye(3))
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    for name, given in (
        ("max_norm", max_norm),
        ("scale_grad_by_freq", scale_grad_by_freq),
        ("sparse", sparse),
    ):
        if given:
            raise NotImplementedError(f"embedding: {name} is not covered")
    if input.dtype.kind not in "iu":
        raise RuntimeError(f"embedding: expected integer positions, got {input.dtype}; use .long()")
    n = weight.shape[0]
    places = input.numpy()
    if places.size and not (places.min() >= 0 and places.max() < n):
        wrong = places[(places < 0) | (places >= n)].flat[0]
        raise IndexError(f"embedding: index {wrong} is out of range for {n} rows (0 to {n - 1})")
    if padding_idx is None:
        return weight[input]
    if not -n <= padding_idx < n:
        raise ValueError(f"embedding: padding_idx {padding_idx} is no row of the {n} rows")
    padding = padding_idx if padding_idx >= 0 else n + padding_idx
    rows = weight[input]
    return rows.where((input != padding).unsqueeze(-1), rows.detach())


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Integer classes as int64 rows of zeros with a one: shape (*, num_classes).

    >>> import minigrad as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    classes = tensor.numpy()
    if classes.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to int64 tensors, got {classes.dtype}; use .long()")
    if classes.size == 0 and num_classes <= 0:
        raise RuntimeError(
            "one_hot: the number of classes cannot be read off an empty tensor; give num_classes"
        )
    if classes.size and classes.min() < 0:
        raise RuntimeError("one_hot: class values must be non-negative")
    n = int(classes.max()) + 1 if num_classes == -1 else num_classes
    if classes.size and classes.max() >= n:
        raise RuntimeError(f"one_hot: class value {classes.max()} must be smaller than num_classes ({n})")
    hot = np.arange(n) == classes[..., None]
    return tensor.new_tensor(hot, dtype=np.int64)


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """A border around the last axes: (before, after) pairs from the last axis backwards; negative ones crop.

    >>> import minigrad as torch
    >>> torch.nn.functional.pad(torch.ones(2), (1, 0))
    tensor([0., 1., 1.])
    """
    if mode != "constant":
        raise NotImplementedError(f"pad: mode {mode!r} is not covered; 'constant' is")
    widths = tuple(int(p) for p in pad)
    for axis, n in zip(range(input.ndim - 1, -1, -1), (input.shape[::-1]), strict=True):
        before, after = (*widths[2 * (input.ndim - 1 - axis) :], 0, 0)[:2]
        if n + before + after < 0 or n + min(before, 0) < 0 or n + min(after, 0) < 0:
            raise RuntimeError(
                f"pad: {before} and {after} take more than the {n} elements of dimension {axis}"
            )
    return CALLS["pad"](input, pad=widths, value=0.0 if value is None else value)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x over its p-norm along `dim`, the norm being at least `eps`.

    >>> import minigrad as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    return input / input.norm(p, dim, keepdim=True).clamp(min=eps)
