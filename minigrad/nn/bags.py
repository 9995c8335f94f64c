"""EmbeddingBag, and layers that normalise by the root mean square or by neighbouring channels."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import init
from minigrad.nn.dropout import Dropout
from minigrad.nn.embedding import Embedding
from minigrad.nn.functional import bags, channels as F
from minigrad.nn.module import Layer, Module
from minigrad.nn.parameter import Parameter, new_parameter


class EmbeddingBag(Module):
    """Bags of integer indices to the sum, mean or maximum of their rows of `weight`.

    The call takes `input, offsets=None, per_sample_weights=None`, as `F.embedding_bag` tells.

    Arguments:
        num_embeddings, embedding_dim: how many rows the table has, and their length.
        max_norm, norm_type: as for `Embedding`.
        mode: "sum", "mean" or "max".
        scale_grad_by_freq, sparse: must be False.
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: a row that counts for nothing.
        device, dtype: of the table: the CPU, and a floating dtype (the default one where it is None).

    >>> import minigrad as torch
    >>> torch.nn.EmbeddingBag(10, 3)(torch.tensor([[1, 2], [4, 9]])).shape
    torch.Size([2, 3])
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        table = Embedding(
            num_embeddings,
            embedding_dim,
            padding_idx,
            sparse=sparse,
            _weight=_weight,
            device=device,
            dtype=dtype,
        )
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self.padding_idx = table.padding_idx
        self.weight = table.weight

    def forward(
        self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None
    ) -> Tensor:
        """The row of each bag; see the class.

        >>> import minigrad as torch
        >>> torch.nn.EmbeddingBag(10, 3)(torch.tensor([1, 2, 4]), torch.tensor([0, 2])).shape
        torch.Size([2, 3])
        """
        return bags.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
            self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        text += f", max_norm={self.max_norm}" if self.max_norm is not None else ""
        text += f", norm_type={self.norm_type}" if self.norm_type != 2 else ""
        text += f", scale_grad_by_freq={self.scale_grad_by_freq}" if self.scale_grad_by_freq else ""
        text += f", mode={self.mode!r}"
        return text + (f", padding_idx={self.padding_idx}" if self.padding_idx is not None else "")


class RMSNorm(Layer):
    """x / sqrt(mean(x²) + eps) over the last dimensions, whose sizes are given, times `weight`.

    Arguments:
        normalized_shape: the sizes of the last dimensions, or one size.
        eps: the dtype's rounding error where it is None.
        elementwise_affine: whether there is a `weight` of that shape.
        device, dtype: of the weight: the CPU, and a floating dtype (the default one where it is None).

    Source: Zhang and Sennrich, "Root mean square layer normalization" (2019).

    >>> import minigrad as torch
    >>> torch.nn.RMSNorm(2)(torch.tensor([[3.0, 4.0]])).detach()
    tensor([[0.8485, 1.1314]])
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes = normalized_shape if isinstance(normalized_shape, Sequence) else (normalized_shape,)
        self.normalized_shape = tuple(index(size) for size in sizes)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = new_parameter(*self.normalized_shape, device=device, dtype=dtype)
        self.register_parameter("weight", weight if elementwise_affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Scale by one.

        >>> import minigrad as torch
        >>> torch.nn.RMSNorm(2).reset_parameters()
        """
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(Layer):
    """x / (k + alpha·mean(x²))^beta, the mean over `size` channels around each.

    Arguments:
        size: how many channels.
        alpha, beta, k: as in the formula.

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional networks" (2012).

    >>> import minigrad as torch
    >>> torch.nn.LocalResponseNorm(1, alpha=1.0, beta=1.0)(torch.ones(1, 1, 1))
    tensor([[[0.5000]]])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class ChannelShuffle(Layer):
    """The channels of `groups` groups of (N, C, ...), dealt in turn: see `F.channel_shuffle`.

    Arguments:
        groups: how many groups the channels make.

    >>> import minigrad as torch
    >>> torch.nn.ChannelShuffle(2)(torch.arange(4).reshape(1, 4, 1)).flatten()
    tensor([0, 2, 1, 3])
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class FeatureAlphaDropout(Dropout):
    """`AlphaDropout` of whole channels of (N, C, ...).

    Arguments:
        p: the probability, within [0, 1].
        inplace: whether the input itself is written.

    >>> import minigrad as torch
    >>> torch.nn.FeatureAlphaDropout(0.5).eval()(torch.ones(1, 2))
    tensor([[1., 1.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
