"""Activations, normalisation, dropout and losses as functions, with PyTorch's arguments.

Arguments of many functions:
    input: a floating tensor; of any shape, where no other is given.
    inplace: write the result over `input` and return it.
    reduction: "mean" or "sum" of the losses of all elements (or samples), or "none" for all of them.
    size_average, reduce: PyTorch's older spelling of `reduction`, taken with a warning.

An argument that must be a tensor and is none raises TypeError; shapes and dtypes that do not fit raise
RuntimeError or ValueError, as PyTorch does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.later import loaded_later

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

if TYPE_CHECKING:
    from .adaptive_pooling import (
        adaptive_avg_pool1d,
        adaptive_avg_pool2d,
        adaptive_avg_pool3d,
        adaptive_max_pool1d,
        adaptive_max_pool2d,
        adaptive_max_pool3d,
    )
    from .attention import (
        scaled_dot_product_attention,
    )
    from .bags import (
        embedding_bag,
    )
    from .channels import (
        alpha_dropout,
        channel_shuffle,
        dropout1d,
        dropout2d,
        dropout3d,
        feature_alpha_dropout,
        group_norm,
        instance_norm,
        local_response_norm,
        rms_norm,
    )
    from .convolution import (
        conv1d,
        conv2d,
        conv3d,
        conv_transpose1d,
        conv_transpose2d,
        conv_transpose3d,
        fold,
        unfold,
    )
    from .distances import (
        cosine_embedding_loss,
        cosine_similarity,
        pairwise_distance,
        triplet_margin_loss,
        triplet_margin_with_distance_loss,
    )
    from .fractional_pooling import fractional_max_pool2d, fractional_max_pool3d
    from .gates import glu, gumbel_softmax, mish, softmin, softsign, tanhshrink
    from .grids import affine_grid, grid_sample
    from .margins import (
        gaussian_nll_loss,
        hinge_embedding_loss,
        margin_ranking_loss,
        multi_margin_loss,
        multilabel_margin_loss,
        multilabel_soft_margin_loss,
        poisson_nll_loss,
        soft_margin_loss,
    )
    from .multihead import (
        multi_head_attention_forward,
    )
    from .pairs import bilinear, pdist
    from .paths import ctc_loss
    from .piecewise import (
        celu,
        celu_,
        elu_,
        hardshrink,
        hardsigmoid,
        hardswish,
        hardtanh_,
        leaky_relu_,
        prelu,
        relu6,
        relu_,
        rrelu,
        rrelu_,
        selu_,
        softshrink,
        threshold,
        threshold_,
    )
    from .pooling import (
        avg_pool1d,
        avg_pool2d,
        avg_pool3d,
        lp_pool1d,
        lp_pool2d,
        lp_pool3d,
        max_pool1d,
        max_pool1d_with_indices,
        max_pool2d,
        max_pool2d_with_indices,
        max_pool3d,
        max_pool3d_with_indices,
        max_unpool1d,
        max_unpool2d,
        max_unpool3d,
    )
    from .upsampling import (
        interpolate,
        pixel_shuffle,
        pixel_unshuffle,
        upsample,
        upsample_bilinear,
        upsample_nearest,
    )
else:
    _LATER = {
        "convolution": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d unfold fold",
        "adaptive_pooling": (
            "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d "
            "adaptive_max_pool2d adaptive_max_pool3d"
        ),
        "pooling": (
            "max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d lp_pool1d lp_pool2d lp_pool3d "
            "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices "
            "max_unpool1d max_unpool2d max_unpool3d"
        ),
        "fractional_pooling": "fractional_max_pool2d fractional_max_pool3d",
        "upsampling": (
            "interpolate upsample upsample_nearest upsample_bilinear pixel_shuffle pixel_unshuffle"
        ),
        "piecewise": (
            "relu6 hardsigmoid hardswish hardshrink softshrink threshold celu prelu rrelu relu_ leaky_relu_ "
            "elu_ selu_ celu_ hardtanh_ threshold_ rrelu_"
        ),
        "gates": "mish softsign tanhshrink softmin glu gumbel_softmax",
        "channels": (
            "dropout1d dropout2d dropout3d alpha_dropout group_norm instance_norm feature_alpha_dropout "
            "rms_norm local_response_norm channel_shuffle"
        ),
        "attention": "scaled_dot_product_attention",
        "multihead": "multi_head_attention_forward",
        "distances": (
            "cosine_similarity pairwise_distance cosine_embedding_loss triplet_margin_loss "
            "triplet_margin_with_distance_loss"
        ),
        "margins": (
            "poisson_nll_loss gaussian_nll_loss margin_ranking_loss hinge_embedding_loss soft_margin_loss "
            "multilabel_soft_margin_loss multi_margin_loss multilabel_margin_loss"
        ),
        "bags": "embedding_bag",
        "pairs": "bilinear pdist",
        "grids": "affine_grid grid_sample",
        "paths": "ctc_loss",
    }
    __getattr__, __dir__ = loaded_later(__name__, _LATER)

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "affine_grid", "alpha_dropout", "avg_pool1d", "avg_pool2d",
    "avg_pool3d",
    "batch_norm", "bilinear", "pdist",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "celu_",
    "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "cosine_embedding_loss", "cosine_similarity", "cross_entropy", "ctc_loss", "dropout",
    "dropout1d", "dropout2d", "dropout3d", "elu", "elu_", "embedding", "embedding_bag",
    "feature_alpha_dropout", "fold", "fractional_max_pool2d", "fractional_max_pool3d",
    "gaussian_nll_loss", "gelu", "glu", "grid_sample", "group_norm",
    "gumbel_softmax",
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "hinge_embedding_loss", "huber_loss",
    "instance_norm", "interpolate", "kl_div", "l1_loss", "layer_norm", "leaky_relu", "leaky_relu_", "linear",
    "local_response_norm", "log_softmax", "logsigmoid", "lp_pool1d", "lp_pool2d", "lp_pool3d",
    "margin_ranking_loss",
    "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d",
    "max_pool3d_with_indices", "max_unpool1d", "max_unpool2d", "max_unpool3d", "mish",
    "mse_loss", "multi_head_attention_forward", "multi_margin_loss", "multilabel_margin_loss",
    "multilabel_soft_margin_loss", "nll_loss", "normalize", "one_hot", "pad", "pairwise_distance",
    "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "prelu", "relu", "relu6", "relu_", "rms_norm",
    "rrelu", "rrelu_", "scaled_dot_product_attention", "selu", "selu_", "sigmoid", "silu", "smooth_l1_loss",
    "soft_margin_loss", "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh", "tanhshrink",
    "threshold", "threshold_", "triplet_margin_loss", "triplet_margin_with_distance_loss", "unfold",
    "upsample", "upsample_bilinear", "upsample_nearest",
]  # fmt: skip
