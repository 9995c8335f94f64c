"""Neural networks: modules, layers, losses, their initialisation.

Arguments of many layers:
    device: accepted for PyTorch's sake; only None and "cpu" are possible.
    dtype: of the parameters, a floating one; the default dtype where it is None.
    inplace: write the output over the input, which saves memory.
    bias: whether the layer has one.
"""

from __future__ import annotations

from minigrad.nn import functional, init, utils
from minigrad.nn.activation import (
    ELU,
    GELU,
    SELU,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from minigrad.nn.containers import ModuleDict, ModuleList, Sequential
from minigrad.nn.dropout import Dropout
from minigrad.nn.embedding import Embedding
from minigrad.nn.linear import Bilinear, Flatten, Identity, Linear
from minigrad.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from minigrad.nn.mlp import MLP
from minigrad.nn.model_summary import summary
from minigrad.nn.module import Module
from minigrad.nn.normalisation import BatchNorm1d, LayerNorm
from minigrad.nn.parameter import Parameter

__all__ = [
    # the system
    "Module",
    "Parameter",
    "Sequential",
    "ModuleList",
    "ModuleDict",
    # layers
    "Linear",
    "Bilinear",
    "Embedding",
    "Dropout",
    "BatchNorm1d",
    "LayerNorm",
    "Flatten",
    "Identity",
    "MLP",
    # activations
    "ReLU",
    "LeakyReLU",
    "ELU",
    "SELU",
    "GELU",
    "SiLU",
    "Softplus",
    "Hardtanh",
    "LogSigmoid",
    "Sigmoid",
    "Tanh",
    "Softmax",
    "LogSoftmax",
    # losses
    "MSELoss",
    "L1Loss",
    "SmoothL1Loss",
    "HuberLoss",
    "CrossEntropyLoss",
    "NLLLoss",
    "BCELoss",
    "BCEWithLogitsLoss",
    "KLDivLoss",
    # tools
    "functional",
    "init",
    "utils",
    "summary",
]
