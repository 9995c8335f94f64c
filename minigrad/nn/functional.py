"""Activations, normalisation, dropout and losses as functions, with PyTorch's arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.methods import CALLS, RECORD
from minigrad._tensor.random import generator_of
from minigrad._tensor.tensor import Tensor
from minigrad.engine import messages

__all__ = [
    "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy",
    "dropout", "elu", "embedding", "gelu", "hardtanh", "huber_loss", "kl_div", "l1_loss", "layer_norm",
    "leaky_relu", "linear", "log_softmax", "logsigmoid", "mse_loss", "nll_loss", "normalize", "one_hot",
    "pad", "relu", "selu", "sigmoid", "silu", "smooth_l1_loss", "softmax", "softplus", "tanh",
]  # fmt: skip


_relu = CALLS["relu"]


def _activation(name: str, input: Tensor, inplace: bool = False, **options: Any) -> Tensor:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be a Tensor, not {type(input).__name__}")
    if inplace:
        return input._replace(f"{name}_", CALLS[name], None, (), options)
    return CALLS[name](input, **options)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0).

    >>> import minigrad as torch
    >>> torch.nn.functional.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if inplace or not isinstance(input, Tensor):
        return _activation("relu", input, inplace)
    return _relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x for x > 0, negative_slope * x below.

    >>> import minigrad as torch
    >>> torch.nn.functional.leaky_relu(torch.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return _activation("leaky_relu", input, inplace, negative_slope=negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x for x > 0, alpha * (exp(x) - 1) below (Clevert et al. 2016).

    >>> import minigrad as torch
    >>> torch.nn.functional.elu(torch.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """
    return _activation("elu", input, inplace, alpha=alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """A scaled elu that keeps mean 0 and variance 1 through layers (Klambauer et al. 2017).

    >>> import minigrad as torch
    >>> torch.nn.functional.selu(torch.tensor([1.0]))
    tensor([1.0507])
    """
    return _activation("selu", input, inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Phi(x), Phi the normal distribution (Hendrycks and Gimpel 2016); or its "tanh" approximation.

    >>> import minigrad as torch
    >>> torch.nn.functional.gelu(torch.tensor([1.0]))
    tensor([0.8413])
    """
    return _activation("gelu", input, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x), also called swish.

    >>> import minigrad as torch
    >>> torch.nn.functional.silu(torch.tensor([1.0]))
    tensor([0.7311])
    """
    return _activation("silu", input, inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta x)) / beta, and x itself where beta x > threshold.

    >>> import minigrad as torch
    >>> torch.nn.functional.softplus(torch.tensor([0.0]))
    tensor([0.6931])
    """
    return _activation("softplus", input, beta=beta, threshold=threshold)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x kept within [min_val, max_val]; the gradient at the bounds is 0.

    >>> import minigrad as torch
    >>> torch.nn.functional.hardtanh(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val {min_val} must not be greater than max_val {max_val}")
    if input.dtype.kind != "f":
        min_val, max_val = int(min_val), int(max_val)
    return _activation("hardtanh", input, inplace, min_val=min_val, max_val=max_val)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), finite for every finite x.

    >>> import minigrad as torch
    >>> torch.nn.functional.logsigmoid(torch.tensor([-1000.0]))
    tensor([-1000.])
    """
    return _activation("logsigmoid", input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)).

    >>> import minigrad as torch
    >>> torch.nn.functional.sigmoid(torch.tensor([0.0]))
    tensor([0.5000])
    """
    return _activation("sigmoid", input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent.

    >>> import minigrad as torch
    >>> torch.nn.functional.tanh(torch.tensor([0.0]))
    tensor([0.])
    """
    return _activation("tanh", input)


def _chosen_dim(name: str, dim: int | None) -> int:
    if dim is None:
        raise TypeError(f"{name}: say which dim sums to 1; guessing it is what PyTorch deprecated")
    return dim


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(x) over its sum along `dim`.

    >>> import minigrad as torch
    >>> torch.nn.functional.softmax(torch.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return input.softmax(_chosen_dim("softmax", dim), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """log(softmax(x)) along `dim`, computed without leaving the logarithms.

    >>> import minigrad as torch
    >>> torch.nn.functional.log_softmax(torch.tensor([0.0, 1000.0]), dim=0)
    tensor([-1000.,     0.])
    """
    return input.log_softmax(_chosen_dim("log_softmax", dim), dtype)


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


# --- losses ------------------------------------------------------------------------------------------


def _reduced(loss: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    _check_reduction(reduction)
    return loss


_REDUCTIONS = ("mean", "sum", "none")


def _check_reduction(reduction: str) -> None:
    if reduction not in _REDUCTIONS:
        raise ValueError(f"{reduction!r} is not a valid value for reduction; use 'mean', 'sum' or 'none'")


def _same_shape(name: str, input: Tensor, target: Tensor, kind: type[Exception] = RuntimeError) -> None:
    """PyTorch warns and broadcasts, which computes a loss over all pairs: refused here."""
    if input.shape != target.shape:
        raise kind(
            f"{name}: input {input.shape} and target {target.shape} must have the same shape; broadcasting "
            "them would compare every input with every target. reshape or expand one of them."
        )


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The mean (or sum, or none) of (x - t)^2.

    >>> import minigrad as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1.0, 3.0]), torch.zeros(2))
    tensor(5.)
    """
    _check_reduction(reduction)
    _same_shape("mse_loss", input, target)
    return CALLS["mse_loss"](input, target, reduction=reduction)


def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The mean (or sum, or none) of |x - t|.

    >>> import minigrad as torch
    >>> torch.nn.functional.l1_loss(torch.tensor([1.0, 3.0]), torch.zeros(2))
    tensor(2.)
    """
    _same_shape("l1_loss", input, target)
    return _reduced((input - target).abs(), reduction)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """Quadratic for |x - t| <= delta, linear beyond (Huber 1964).

    >>> import minigrad as torch
    >>> torch.nn.functional.huber_loss(torch.tensor([3.0]), torch.zeros(1))
    tensor(2.5000)
    """
    if delta <= 0:
        raise RuntimeError(f"huber_loss: delta must be greater than 0, not {delta}")
    _same_shape("huber_loss", input, target)
    return _reduced(CALLS["huber"](input - target, delta=delta), reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Huber's loss over beta: 0.5 d^2 / beta for |d| < beta, |d| - 0.5 beta beyond; l1 for beta 0.

    >>> import minigrad as torch
    >>> torch.nn.functional.smooth_l1_loss(torch.tensor([3.0]), torch.zeros(1))
    tensor(2.5000)
    """
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction)
    _same_shape("smooth_l1_loss", input, target)
    return _reduced(CALLS["huber"](input - target, delta=beta) / beta, reduction)


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

    >>> import minigrad as torch
    >>> torch.nn.functional.cross_entropy(torch.tensor([[0.0, 0.0]]), torch.tensor([1]))
    tensor(0.6931)
    """
    if size_average is not None or reduce is not None:
        _refuse_legacy("cross_entropy", size_average, reduce)
    try:
        logits, classes = input._array, target._array
    except AttributeError:
        logits, classes = _unwrapped("cross_entropy", input, target)
    plain = logits.ndim == 2 and classes.ndim == 1 and len(logits) == len(classes)
    plain = plain and weight is None and not label_smoothing and classes.dtype.char in _CLASSES
    if not plain or reduction not in _REDUCTIONS:
        shape = logits.shape
        _check_reduction(reduction)
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
        if not shape:
            raise ValueError(
                "cross_entropy: expected logits of shape (C), (N, C) or (N, C, ...), got a 0-d tensor"
            )
        axis = 0 if len(shape) == 1 else 1
        if weight is not None:
            _check_weight("cross_entropy", weight, shape[axis])
        if classes.dtype.kind == "f":
            return _soft_cross_entropy(input, target, weight, axis, reduction, label_smoothing)
        _check_classes("cross_entropy", shape, target, axis)
    options = {
        "weight": None if weight is None else weight.detach().numpy(), "reduction": reduction,
        "ignore_index": ignore_index, "label_smoothing": label_smoothing,
    }  # fmt: skip
    return RECORD["cross_entropy"]((input, target), options)[0]


def _unwrapped(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    """The arrays of scores, which may be NumPy's, and of classes."""
    if not isinstance(input, (Tensor, np.ndarray)):
        raise TypeError(messages.operand(name, 0, input))
    if not isinstance(target, Tensor):
        raise TypeError(messages.operand(name, 1, target))
    return getattr(input, "_array", input), target._array


_CLASSES = np.dtype(np.int64).char + np.dtype(np.uint8).char


def _check_classes(name: str, shape: tuple[int, ...], target: Tensor, axis: int) -> None:
    classes = target._array
    if classes.dtype.char not in _CLASSES:
        raise RuntimeError(f"{name}: expected target classes as int64, got {target.dtype}; use .long()")
    expected = shape[:axis] + shape[axis + 1 :]
    if classes.shape != expected:
        raise ValueError(
            f"{name}: for logits of shape {shape} expected target of shape {expected}, got {target.shape}"
        )


def _check_weight(name: str, weight: Tensor, classes: int) -> None:
    if weight.shape != (classes,):
        raise RuntimeError(f"{name}: weight must have shape ({classes},), one per class, got {weight.shape}")


def _refuse_legacy(name: str, size_average: Any, reduce: Any) -> None:
    if size_average is not None or reduce is not None:
        raise NotImplementedError(
            f"{name}: size_average and reduce are deprecated; use reduction='mean', 'sum' or 'none'"
        )


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, axis: int, reduction: str, label_smoothing: float
) -> Tensor:
    """With probabilities as targets, through which a gradient may flow: a composition."""
    _same_shape("cross_entropy", input, target, ValueError)
    classes = input.shape[axis]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    weighted = target * input.log_softmax(axis)
    if weight is not None:
        weighted = weighted * weight.reshape([-1 if i == axis else 1 for i in range(input.ndim)])
    each = -weighted.sum(axis)
    return each.sum() / each.numel() if reduction == "mean" else _reduced(each, reduction)


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

    >>> import minigrad as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-1.0, -2.0]]), torch.tensor([1]))
    tensor(2.)
    """
    _check_reduction(reduction)
    _refuse_legacy("nll_loss", size_average, reduce)
    axis = 0 if input.ndim == 1 else 1
    _check_classes("nll_loss", input.shape, target, axis)
    if weight is not None:
        _check_weight("nll_loss", weight, input.shape[axis])
    options = {
        "weight": None if weight is None else weight.detach().numpy(), "reduction": reduction,
        "ignore_index": ignore_index,
    }  # fmt: skip
    return RECORD["nll_loss"]((input, target), options)[0]


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """-(t log x + (1 - t) log(1 - x)) for probabilities x; logarithms are kept above -100.

    >>> import minigrad as torch
    >>> torch.nn.functional.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([1.0]))
    tensor(0.6931)
    """
    _refuse_legacy("binary_cross_entropy", size_average, reduce)
    _same_shape("binary_cross_entropy", input, target, ValueError)
    values = input.detach().numpy()
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise RuntimeError(
            f"binary_cross_entropy: all elements of input should be between 0 and 1, got {values.min():g} to "
            f"{values.max():g}; for logits use binary_cross_entropy_with_logits"
        )
    each = CALLS["binary_cross_entropy"](input, target)
    return _reduced(each if weight is None else each * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """binary_cross_entropy(sigmoid(x), t) for logits x, computed from softplus: finite for every finite x.

    >>> import minigrad as torch
    >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([1000.0]), torch.tensor([0.0]))
    tensor(1000.)
    """
    _refuse_legacy("binary_cross_entropy_with_logits", size_average, reduce)
    _same_shape("binary_cross_entropy_with_logits", input, target, ValueError)
    missed = -CALLS["logsigmoid"](input)  # -log sigmoid(x) = softplus(-x)
    if pos_weight is None:
        each = (1 - target) * input + missed
    else:
        each = (1 - target) * input + (1 + (pos_weight - 1) * target) * missed
    return _reduced(each if weight is None else each * weight, reduction)


def kl_div(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", log_target: bool = False,
) -> Tensor:  # fmt: skip
    """t (log t - x), x being log-probabilities; "batchmean" divides the sum by the batch.

    >>> import minigrad as torch
    >>> torch.nn.functional.kl_div(torch.zeros(2), torch.ones(2), reduction="sum")
    tensor(0.)
    """
    _refuse_legacy("kl_div", size_average, reduce)
    each = target.exp() * (target - input) if log_target else CALLS["xlogy"](target, target) - target * input
    if reduction == "batchmean":
        return each.sum() / input.shape[0] if input.ndim else each.sum()
    return _reduced(each, reduction)
