"""Pooling layers: the maximum, the mean or the norm of windows."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn.functional import pooling as F
from minigrad.nn.functional.sizes import sizes_for
from minigrad.nn.module import Layer, Module


class _MaxPool(Module):
    _axes: int

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self._axes - 1]
        how = self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        return pool(input, *how)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The same over one axis, (N, C, L) or (C, L): see `MaxPool2d`.

    Arguments:
        kernel_size, stride, padding, dilation, return_indices, ceil_mode: as `MaxPool2d`.

    >>> import minigrad as torch
    >>> torch.nn.MaxPool1d(2)(torch.ones(1, 2, 4)).shape
    torch.Size([1, 2, 2])
    """

    _axes = 1


class MaxPool2d(_MaxPool):
    """The maximum of each window. Of equal elements the first one gets the gradient.

    Arguments:
        kernel_size: of the windows; one integer, or one for each axis, as the next three.
        stride: how far windows move; `kernel_size` where it is None.
        padding: how many elements of -inf stand on each side; at most half of the window.
        dilation: how far the elements of a window are apart.
        return_indices: whether the places of the maxima are returned too (see `max_pool2d`).
        ceil_mode: whether a last window may reach over the end.

    The input is (N, C, H, W) or (C, H, W).

    >>> import minigrad as torch
    >>> torch.nn.MaxPool2d(2)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 2, 2])
    """

    _axes = 2


class MaxPool3d(_MaxPool):
    """The same over three axes, (N, C, D, H, W) or (C, D, H, W): see `MaxPool2d`.

    Arguments:
        kernel_size, stride, padding, dilation, return_indices, ceil_mode: as `MaxPool2d`.

    >>> import minigrad as torch
    >>> torch.nn.MaxPool3d(2)(torch.ones(1, 2, 4, 4, 4)).shape
    torch.Size([1, 2, 2, 2, 2])
    """

    _axes = 3


class AvgPool1d(Layer):
    """The mean of each window over one axis, (N, C, L) or (C, L): see `AvgPool2d`.

    Arguments:
        kernel_size, stride, padding, ceil_mode, count_include_pad: as `AvgPool2d`.

    >>> import minigrad as torch
    >>> torch.nn.AvgPool1d(2)(torch.tensor([[1.0, 3.0, 2.0, 0.0]]))
    tensor([[2., 1.]])
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = sizes_for("AvgPool1d", "kernel_size", kernel_size, 1, 1)
        self.stride = sizes_for("AvgPool1d", "stride", kernel_size if stride is None else stride, 1, 1)
        self.padding = sizes_for("AvgPool1d", "padding", padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        how = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        return F.avg_pool1d(input, *how)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Layer):
    _axes: int

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        pool = F.avg_pool2d if self._axes == 2 else F.avg_pool3d
        how = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        return pool(input, *how, self.divisor_override)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    """The mean of each window.

    Arguments:
        kernel_size: of the windows; one integer, or one for each axis, as the next two.
        stride: how far windows move; `kernel_size` where it is None.
        padding: how many zeros stand on each side; at most half of the window.
        ceil_mode: whether a last window may reach over the end.
        count_include_pad: whether the zeros of the padding count as elements of the mean.
        divisor_override: by which the sum is divided instead of their number.

    The input is (N, C, H, W) or (C, H, W).

    >>> import minigrad as torch
    >>> torch.nn.AvgPool2d(2)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 2, 2])
    """

    _axes = 2


class AvgPool3d(_AvgPool):
    """The same over three axes, (N, C, D, H, W) or (C, D, H, W): see `AvgPool2d`.

    Arguments:
        kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: as `AvgPool2d`.

    >>> import minigrad as torch
    >>> torch.nn.AvgPool3d(2)(torch.ones(1, 2, 4, 4, 4)).shape
    torch.Size([1, 2, 2, 2, 2])
    """

    _axes = 3


class _LPPool(Layer):
    _axes: int

    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        pool = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[self._axes - 1]
        return pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The same over one axis, (N, C, L) or (C, L): see `LPPool2d`.

    Arguments:
        norm_type, kernel_size, stride, ceil_mode: as `LPPool2d`.

    >>> import minigrad as torch
    >>> torch.nn.LPPool1d(2, 2)(torch.ones(1, 2, 4)).shape
    torch.Size([1, 2, 2])
    """

    _axes = 1


class LPPool2d(_LPPool):
    """(the sum of x^p over each window)^(1/p).

    Arguments:
        norm_type: p.
        kernel_size: of the windows; one integer, or one for each axis.
        stride: how far windows move; `kernel_size` where it is None.
        ceil_mode: whether a last window may reach over the end.

    The input is (N, C, H, W) or (C, H, W).

    >>> import minigrad as torch
    >>> torch.nn.LPPool2d(2, 2)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 2, 2])
    """

    _axes = 2


class LPPool3d(_LPPool):
    """The norm of each window over three axes: see `LPPool2d`.

    Arguments:
        norm_type, kernel_size, stride, ceil_mode: as there.

    >>> import minigrad as torch
    >>> torch.nn.LPPool3d(2, 2)(torch.ones(1, 2, 2, 2))
    tensor([[[[2.8284]]]])
    """

    _axes = 3


class _MaxUnpool(Layer):
    _axes: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        name, axes = type(self).__name__, self._axes
        self.kernel_size = sizes_for(name, "kernel_size", kernel_size, axes, 1)
        self.stride = sizes_for(name, "stride", kernel_size if stride is None else stride, axes, 1)
        self.padding = sizes_for(name, "padding", padding, axes)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        unpool = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self._axes - 1]
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """The same over one axis, (N, C, L) or (C, L): see `MaxUnpool2d`.

    Arguments:
        kernel_size, stride, padding: as `MaxUnpool2d`.

    >>> import minigrad as torch
    >>> torch.nn.MaxUnpool1d(2)(torch.ones(1, 2, 4)[..., :1], torch.zeros(1, 2, 4, dtype=int)[..., :1]).ndim
    3
    """

    _axes = 1


class MaxUnpool2d(_MaxUnpool):
    """The maxima of `MaxPool2d` back at their places, 0 elsewhere; called with the maxima and their indices.

    Arguments:
        kernel_size, stride, padding: of that pooling.

    The input is (N, C, H, W) or (C, H, W).

    >>> import minigrad as torch
    >>> torch.nn.MaxUnpool2d(2)(
    ...     torch.ones(1, 2, 4, 4)[..., :1], torch.zeros(1, 2, 4, 4, dtype=int)[..., :1]
    ... ).ndim
    4
    """

    _axes = 2


class MaxUnpool3d(_MaxUnpool):
    """The same over three axes, (N, C, D, H, W) or (C, D, H, W): see `MaxUnpool2d`.

    Arguments:
        kernel_size, stride, padding: as `MaxUnpool2d`.

    >>> import minigrad as torch
    >>> torch.nn.MaxUnpool3d(2)(
    ...     torch.ones(1, 2, 4, 4, 4)[..., :1], torch.zeros(1, 2, 4, 4, 4, dtype=int)[..., :1]
    ... ).ndim
    5
    """

    _axes = 3
