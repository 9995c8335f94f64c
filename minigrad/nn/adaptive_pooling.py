"""Layers that pool into a given number of windows."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn.functional import adaptive_pooling as F
from minigrad.nn.module import Layer, Module


class _AdaptiveAvgPool(Layer):
    _axes: int

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        pool = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[self._axes - 1]
        return pool(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveMaxPool(Module):
    _axes: int

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        pool = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[self._axes - 1]
        return pool(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The same over one axis, (N, C, L) or (C, L): see `AdaptiveAvgPool2d`.

    Arguments:
        output_size: as `AdaptiveAvgPool2d`.

    >>> import minigrad as torch
    >>> torch.nn.AdaptiveAvgPool1d(2)(torch.ones(1, 2, 4)).shape
    torch.Size([1, 2, 2])
    """

    _axes = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means of `output_size` windows: the i-th goes from floor(i H / H') to ceil((i + 1) H / H').

    Arguments:
        output_size: (H', W'), or one integer for both; None keeps an axis as it is.

    The input is (N, C, H, W) or (C, H, W).

    >>> import minigrad as torch
    >>> torch.nn.AdaptiveAvgPool2d(2)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 2, 2])
    """

    _axes = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The same over three axes, (N, C, D, H, W) or (C, D, H, W): see `AdaptiveAvgPool2d`.

    Arguments:
        output_size: as `AdaptiveAvgPool2d`.

    >>> import minigrad as torch
    >>> torch.nn.AdaptiveAvgPool3d(2)(torch.ones(1, 2, 4, 4, 4)).shape
    torch.Size([1, 2, 2, 2, 2])
    """

    _axes = 3


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The same over one axis, (N, C, L) or (C, L): see `AdaptiveMaxPool2d`.

    Arguments:
        output_size, return_indices: as `AdaptiveMaxPool2d`.

    >>> import minigrad as torch
    >>> torch.nn.AdaptiveMaxPool1d(2)(torch.ones(1, 2, 4)).shape
    torch.Size([1, 2, 2])
    """

    _axes = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Maxima of the windows of `AdaptiveAvgPool2d`.

    Arguments:
        output_size: (H', W'), or one integer for both; None keeps an axis as it is.
        return_indices: whether the places of the maxima are returned too.

    The input is (N, C, H, W) or (C, H, W).

    >>> import minigrad as torch
    >>> torch.nn.AdaptiveMaxPool2d(2)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 2, 2])
    """

    _axes = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The same over three axes, (N, C, D, H, W) or (C, D, H, W): see `AdaptiveMaxPool2d`.

    Arguments:
        output_size, return_indices: as `AdaptiveMaxPool2d`.

    >>> import minigrad as torch
    >>> torch.nn.AdaptiveMaxPool3d(2)(torch.ones(1, 2, 4, 4, 4)).shape
    torch.Size([1, 2, 2, 2, 2])
    """

    _axes = 3
