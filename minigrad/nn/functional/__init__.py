"""Activations, normalisation, dropout and losses as functions, with PyTorch's arguments.

Arguments of many functions:
    input: a floating tensor; of any shape, where no other is given.
    inplace: write the result over `input` and return it.
    reduction: "mean" or "sum" of the losses of all elements (or samples), or "none" for all of them.
    size_average, reduce: PyTorch's old names of `reduction`, refused with a NotImplementedError.

An argument that must be a tensor and is none raises TypeError; shapes and dtypes that do not fit raise
RuntimeError or ValueError, as PyTorch does.
"""

from __future__ import annotations

from .activations import (
    elu,
    gelu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from .layers import batch_norm, dropout, embedding, layer_norm, linear, normalize, one_hot, pad
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)

__all__ = [
    "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy",
    "dropout", "elu", "embedding", "gelu", "hardtanh", "huber_loss", "kl_div", "l1_loss", "layer_norm",
    "leaky_relu", "linear", "log_softmax", "logsigmoid", "mse_loss", "nll_loss", "normalize", "one_hot",
    "pad", "relu", "selu", "sigmoid", "silu", "smooth_l1_loss", "softmax", "softplus", "tanh",
]  # fmt: skip
