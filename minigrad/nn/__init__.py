"""Neural networks: modules, layers, losses, their initialisation.

Arguments of many layers:
    device: accepted for PyTorch's sake; only None and "cpu" are possible.
    dtype: of the parameters, a floating one; the default dtype where it is None.
    inplace: write the output over the input, which saves memory.
    bias: whether the layer has one.
    size_average, reduce: the older spelling of a loss's `reduction`, taken with a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.later import loaded_later
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
    Softmax2d,
    Softplus,
    Tanh,
)
from minigrad.nn.containers import ModuleDict, ModuleList, Sequential
from minigrad.nn.dropout import Dropout
from minigrad.nn.embedding import Embedding
from minigrad.nn.linear import Bilinear, Flatten, Identity, Linear, Unflatten
from minigrad.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    NLLLoss2d as NLLLoss2d,
    SmoothL1Loss,
)
from minigrad.nn.mlp import MLP
from minigrad.nn.model_summary import summary
from minigrad.nn.module import Module
from minigrad.nn.normalisation import BatchNorm1d, LayerNorm
from minigrad.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

if TYPE_CHECKING:
    from . import common_types, modules, parallel
    from .adaptive import AdaptiveLogSoftmaxWithLoss
    from .adaptive_pooling import (
        AdaptiveAvgPool1d,
        AdaptiveAvgPool2d,
        AdaptiveAvgPool3d,
        AdaptiveMaxPool1d,
        AdaptiveMaxPool2d,
        AdaptiveMaxPool3d,
    )
    from .bags import EmbeddingBag
    from .channels import (
        AlphaDropout,
        BatchNorm2d,
        BatchNorm3d,
        ChannelShuffle,
        Dropout1d,
        Dropout2d,
        Dropout3d,
        FeatureAlphaDropout,
        GroupNorm,
        InstanceNorm1d,
        InstanceNorm2d,
        InstanceNorm3d,
    )
    from .conv import (
        Conv1d,
        Conv2d,
        Conv3d,
        ConvTranspose1d,
        ConvTranspose2d,
        ConvTranspose3d,
    )
    from .distances import (
        CosineEmbeddingLoss,
        CosineSimilarity,
        PairwiseDistance,
        TripletMarginLoss,
        TripletMarginWithDistanceLoss,
    )
    from .fractional_pooling import FractionalMaxPool2d, FractionalMaxPool3d
    from .gates import (
        GLU,
        Mish,
        Softmin,
        Softsign,
        Tanhshrink,
    )
    from .lazy import (
        LazyConv1d,
        LazyConv2d,
        LazyConv3d,
        LazyConvTranspose1d,
        LazyConvTranspose2d,
        LazyConvTranspose3d,
        LazyLinear,
    )
    from .lazy_normalisation import (
        LazyBatchNorm1d,
        LazyBatchNorm2d,
        LazyBatchNorm3d,
        LazyInstanceNorm1d,
        LazyInstanceNorm2d,
        LazyInstanceNorm3d,
    )
    from .margins import (
        GaussianNLLLoss,
        HingeEmbeddingLoss,
        MarginRankingLoss,
        MultiLabelMarginLoss,
        MultiLabelSoftMarginLoss,
        MultiMarginLoss,
        PoissonNLLLoss,
        SoftMarginLoss,
    )
    from .multihead import (
        MultiheadAttention,
    )
    from .padding import (
        CircularPad1d,
        CircularPad2d,
        CircularPad3d,
        ConstantPad1d,
        ConstantPad2d,
        ConstantPad3d,
        ReflectionPad1d,
        ReflectionPad2d,
        ReflectionPad3d,
        ReplicationPad1d,
        ReplicationPad2d,
        ReplicationPad3d,
        ZeroPad1d,
        ZeroPad2d,
        ZeroPad3d,
    )
    from .parallel import DataParallel
    from .parameter_containers import ParameterDict, ParameterList
    from .paths import CTCLoss
    from .piecewise import (
        CELU,
        Hardshrink,
        Hardsigmoid,
        Hardswish,
        PReLU,
        ReLU6,
        RReLU,
        Softshrink,
        Threshold,
    )
    from .pooling import (
        AvgPool1d,
        AvgPool2d,
        AvgPool3d,
        LPPool1d,
        LPPool2d,
        LPPool3d,
        MaxPool1d,
        MaxPool2d,
        MaxPool3d,
        MaxUnpool1d,
        MaxUnpool2d,
        MaxUnpool3d,
    )
    from .recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNBase, RNNCell, RNNCellBase
    from .scaling import LocalResponseNorm, RMSNorm
    from .transformer import (
        Transformer,
        TransformerDecoder,
        TransformerEncoder,
    )
    from .transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer
    from .upsampling import (
        Fold,
        PixelShuffle,
        PixelUnshuffle,
        Unfold,
        Upsample,
        UpsamplingBilinear2d,
        UpsamplingNearest2d,
    )
else:
    _LATER = {
        "conv": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
        "pooling": (
            "MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d LPPool3d "
            "MaxUnpool1d MaxUnpool2d MaxUnpool3d"
        ),
        "fractional_pooling": "FractionalMaxPool2d FractionalMaxPool3d",
        "adaptive_pooling": (
            "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d "
            "AdaptiveMaxPool3d"
        ),
        "padding": (
            "ZeroPad1d ZeroPad2d ZeroPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d "
            "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d "
            "CircularPad1d CircularPad2d CircularPad3d"
        ),
        "modules": "modules",
        "common_types": "common_types",
        "lazy": (
            "LazyLinear LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d "
            "LazyConvTranspose3d"
        ),
        "lazy_normalisation": (
            "LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyInstanceNorm1d LazyInstanceNorm2d "
            "LazyInstanceNorm3d"
        ),
        "parameter_containers": "ParameterList ParameterDict",
        "recurrent": "RNN LSTM GRU RNNCell LSTMCell GRUCell RNNBase RNNCellBase",
        "upsampling": (
            "Upsample UpsamplingNearest2d UpsamplingBilinear2d PixelShuffle PixelUnshuffle Unfold Fold"
        ),
        "channels": (
            "Dropout1d Dropout2d Dropout3d AlphaDropout BatchNorm2d BatchNorm3d GroupNorm "
            "InstanceNorm1d InstanceNorm2d InstanceNorm3d ChannelShuffle FeatureAlphaDropout"
        ),
        "piecewise": "ReLU6 Hardsigmoid Hardswish Hardshrink Softshrink Threshold CELU PReLU RReLU",
        "gates": "Mish Softsign Tanhshrink Softmin GLU",
        "multihead": "MultiheadAttention",
        "transformer": "TransformerEncoder TransformerDecoder Transformer",
        "transformer_layers": "TransformerEncoderLayer TransformerDecoderLayer",
        "margins": (
            "PoissonNLLLoss GaussianNLLLoss MarginRankingLoss HingeEmbeddingLoss SoftMarginLoss "
            "MultiLabelSoftMarginLoss MultiMarginLoss MultiLabelMarginLoss"
        ),
        "distances": (
            "CosineSimilarity PairwiseDistance CosineEmbeddingLoss TripletMarginLoss "
            "TripletMarginWithDistanceLoss"
        ),
        "bags": "EmbeddingBag",
        "paths": "CTCLoss",
        "parallel": "parallel DataParallel",
        "adaptive": "AdaptiveLogSoftmaxWithLoss",
        "scaling": "RMSNorm LocalResponseNorm",
        "attention": "attention",
    }
    __getattr__, __dir__ = loaded_later(__name__, _LATER)

__all__ = [
    # the system
    "Module",
    "Parameter",
    "Buffer",
    "DataParallel",
    "parallel",
    "Sequential",
    "ModuleList",
    "ModuleDict",
    "ParameterList",
    "ParameterDict",
    "UninitializedParameter",
    "UninitializedBuffer",
    # layers
    "Linear",
    "Bilinear",
    "Embedding",
    "Dropout",
    "BatchNorm1d",
    "LayerNorm",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "Upsample",
    "UpsamplingNearest2d",
    "Unflatten",
    "UpsamplingBilinear2d",
    "PixelShuffle",
    "PixelUnshuffle",
    "Unfold",
    "Fold",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "AlphaDropout",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "RNN",
    "LSTM",
    "GRU",
    "RNNCell",
    "LSTMCell",
    "GRUCell",
    "RNNBase",
    "RNNCellBase",
    "LazyLinear",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "Flatten",
    "Identity",
    "MLP",
    # activations
    "Softmax2d",
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
    "ReLU6",
    "Hardsigmoid",
    "Hardswish",
    "Hardshrink",
    "Softshrink",
    "Threshold",
    "CELU",
    "PReLU",
    "RReLU",
    "Mish",
    "Softsign",
    "Tanhshrink",
    "Softmin",
    "GLU",
    "MultiheadAttention",
    "TransformerEncoderLayer",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerDecoder",
    "Transformer",
    "CosineSimilarity",
    "PairwiseDistance",
    "CosineEmbeddingLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
    "EmbeddingBag",
    "AdaptiveLogSoftmaxWithLoss",
    "RMSNorm",
    "LocalResponseNorm",
    "ChannelShuffle",
    "FeatureAlphaDropout",
    # losses
    "MSELoss",
    "L1Loss",
    "SmoothL1Loss",
    "HuberLoss",
    "CrossEntropyLoss",
    "NLLLoss",
    "CTCLoss",
    "BCELoss",
    "BCEWithLogitsLoss",
    "KLDivLoss",
    "PoissonNLLLoss",
    "GaussianNLLLoss",
    "MarginRankingLoss",
    "HingeEmbeddingLoss",
    "SoftMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "MultiLabelMarginLoss",
    # tools
    "functional",
    "init",
    "modules",
    "common_types",
    "utils",
    "summary",
]
