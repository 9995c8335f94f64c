"""PyTorch's paths to the modules of `nn`: `nn.modules.conv` and its like, all made here from one table.

They hold nothing: a name is looked up in `nn` when it is asked for.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from minigrad import nn
from minigrad.pytorch_names import absent

# The public names in each; those that minigrad does not have answer so.
_TABLE = {
    "activation": (
        "CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish "
        "MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus "
        "Softshrink Softsign Tanh Tanhshrink Threshold"
    ),
    "adaptive": "AdaptiveLogSoftmaxWithLoss",
    "batchnorm": (
        "BatchNorm1d BatchNorm2d BatchNorm3d LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d SyncBatchNorm"
    ),
    "channelshuffle": "ChannelShuffle",
    "container": "Container ModuleDict ModuleList ParameterDict ParameterList Sequential",
    "conv": (
        "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConv1d LazyConv2d "
        "LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d"
    ),
    "distance": "CosineSimilarity PairwiseDistance",
    "dropout": "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout",
    "flatten": "Flatten Unflatten",
    "fold": "Fold Unfold",
    "instancenorm": (
        "InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d LazyInstanceNorm2d "
        "LazyInstanceNorm3d"
    ),
    "lazy": "LazyModuleMixin",
    "linear": "Bilinear Identity LazyLinear Linear",
    "loss": (
        "BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss "
        "HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss "
        "MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss "
        "SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss"
    ),
    "module": "Module",
    "normalization": "CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm",
    "padding": (
        "CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d "
        "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d "
        "ZeroPad2d ZeroPad3d"
    ),
    "pixelshuffle": "PixelShuffle PixelUnshuffle",
    "pooling": (
        "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d "
        "AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d FractionalMaxPool2d FractionalMaxPool3d LPPool1d "
        "LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d"
    ),
    "rnn": "GRU GRUCell LSTM LSTMCell RNN RNNBase RNNCell RNNCellBase",
    "sparse": "Embedding EmbeddingBag",
    "transformer": (
        "Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer"
    ),
    "upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
}
# Names that stand in other modules than `nn`: bases, which programs ask for to recognise a family of layers.
_ELSEWHERE = {
    "batchnorm._BatchNorm": "normalisation.BatchNorm",
    "batchnorm._NormBase": "normalisation.NormBase",
    "conv._ConvNd": "conv._Convolution",
    "dropout._DropoutNd": "dropout.Dropout",
    "instancenorm._InstanceNorm": "channels._InstanceNorm",
    "lazy.LazyModuleMixin": "lazy.LazyModuleMixin",
    "loss._Loss": "loss._Loss",
    **{
        f"module.register_module_{kind}_hook": f"every_module.register_module_{kind}_hook"
        for kind in ("forward_pre", "forward", "full_backward", "full_backward_pre")
    },
    "loss._WeightedLoss": "loss._WeightedLoss",
}


class _Alias(ModuleType):
    """A module of PyTorch's layout, with the names of `nn`."""

    def __getattr__(self, name: str) -> Any:
        last = self.__name__.rpartition(".")[2]
        if place := _ELSEWHERE.get(f"{last}.{name}"):
            home, _, attribute = place.partition(".")
            return getattr(import_module(f"minigrad.nn.{home}"), attribute)
        names = _TABLE[last].split()
        if name == "__all__":
            return [n for n in names if f"{last}.{n}" in _ELSEWHERE or hasattr(nn, n)]
        if name not in names:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)
        if not hasattr(nn, name):
            raise absent("minigrad.nn", name)
        return getattr(nn, name)

    def __dir__(self) -> list[str]:
        return [*vars(self), *self.__all__]


for _name in _TABLE:
    _made = _Alias(f"{__name__}.{_name}", f"The names of `torch.nn.modules.{_name}`; see `minigrad.nn`.")
    vars()[_name] = sys.modules[_made.__name__] = _made


def __getattr__(name: str) -> Any:
    if not any(name in names.split() for names in _TABLE.values()):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    if not hasattr(nn, name):
        raise absent("minigrad.nn", name)
    return getattr(nn, name)
