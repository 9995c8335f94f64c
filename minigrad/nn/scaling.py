"""Layers that scale by a root mean square: of the last dimensions, or of neighbouring channels."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import init
from minigrad.nn.functional import channels as F
from minigrad.nn.module import Layer
from minigrad.nn.parameter import Parameter, new_parameter


class RMSNorm(Layer):
    """x / sqrt(mean(x²) + eps) over the last dimensions, of the given sizes, times `weight`.

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
