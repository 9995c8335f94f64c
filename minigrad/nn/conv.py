"""Convolution layers: Conv1d, Conv2d, Conv3d, and their transposes."""

from __future__ import annotations

import math
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import init
from minigrad.nn.functional.borders import MODES, pad_from_within
from minigrad.nn.functional.convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from minigrad.nn.functional.sizes import Sizes, as_batch, sizes_for
from minigrad.nn.linear import _fill_bias
from minigrad.nn.module import Layer
from minigrad.nn.parameter import Parameter, check_sizes, new_parameter


class _Convolution(Layer):
    """The common part of all six."""

    weight: Parameter
    bias: Parameter | None
    _axes: int
    _transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any, padding: Any,
        output_padding: Any, dilation: Any, groups: Any, bias: bool, padding_mode: str, device: Any,
        dtype: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        name, axes = type(self).__name__, self._axes
        check_sizes(name, in_channels=in_channels, out_channels=out_channels)
        if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
            raise ValueError(f"{name}: groups must be a positive integer, not {groups!r}")
        for argument, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{argument} must be divisible by groups, but {channels} is not by {groups}")
        modes = ("zeros", *MODES)
        if padding_mode not in modes:
            raise ValueError(
                f"padding_mode must be one of {', '.join(modes)}, but got padding_mode={padding_mode!r}"
            )
        if self._transposed and padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {name}, not {padding_mode!r}')
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = sizes_for(name, "kernel_size", kernel_size, axes, 1)
        self.stride = sizes_for(name, "stride", stride, axes, 1)
        self.dilation = sizes_for(name, "dilation", dilation, axes, 1)
        self.output_padding = sizes_for(name, "output_padding", output_padding, axes)
        self.padding: Any = padding
        if not isinstance(padding, str):
            self.padding = sizes_for(name, "padding", padding, axes)
        elif padding not in ("valid", "same"):
            raise ValueError(f"Invalid padding string {padding!r}, should be one of 'valid', 'same'")
        elif padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self._transposed else (out_channels, in_channels)
        self.weight = new_parameter(first, second // groups, *self.kernel_size, device=device, dtype=dtype)
        made = new_parameter(out_channels, device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new first values.

        >>> import minigrad as torch
        >>> torch.nn.Conv2d(1, 2, 3).reset_parameters()
        """
        if self.weight.numel():
            init.kaiming_uniform_(self.weight, a=math.sqrt(5))
            if self.bias is not None:
                _fill_bias(self.bias, math.prod(self.weight.shape[1:]))

    def _framed(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input with a border of its own values, and the padding with zeros that is left to do."""
        if self.padding_mode == "zeros" or self.padding == "valid":
            return input, self.padding
        as_batch(type(self).__name__, input, self._axes)
        pairs = [(p, p) for p in self.padding]
        if self.padding == "same":
            whole = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(n // 2, n - n // 2) for n in whole]
        widths = tuple(n for pair in reversed(pairs) for n in pair)
        return pad_from_within(input, widths, self.padding_mode), 0

    def extra_repr(self) -> str:
        zeros = (0,) * self._axes
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}",
            f"padding={self.padding}" if self.padding != zeros else "",
            f"dilation={self.dilation}" if self.dilation != (1,) * self._axes else "",
            f"output_padding={self.output_padding}" if self.output_padding != zeros else "",
            f"groups={self.groups}" if self.groups != 1 else "",
            "bias=False" if self.bias is None else "",
            f"padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "",
        ]
        return ", ".join(part for part in parts if part)


class _Conv(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode,
            device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._framed(input)
        convolve = (conv1d, conv2d, conv3d)[self._axes - 1]
        return convolve(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """The convolution over one axis, (N, C, L) or (C, L): see `Conv2d`.

    Arguments:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device,
            dtype: as `Conv2d`.

    >>> import minigrad as torch
    >>> torch.nn.Conv1d(2, 4, 3, padding="same")(torch.ones(5, 2, 10)).shape
    torch.Size([5, 4, 10])
    """

    _axes = 1


class Conv2d(_Conv):
    """out[n, o, i, j] = bias[o] + the sum over c, a, b of weight[o, c, a, b] * x[n, c, i + a, j + b].

    The input is (N, C, H, W) or (C, H, W); `weight` is (out_channels, in_channels / groups, kH, kW), `bias`
    (out_channels) or None. Both start uniform in ±1/sqrt(in_channels / groups * kH * kW).

    Arguments:
        in_channels, out_channels: the channels of the input and of the output.
        kernel_size: of the windows; one integer, or one for each axis, as the next three.
        stride: how far windows move.
        padding: how much is added before and after each axis; "valid" for 0, "same" for as much as makes the
            output as long as the input (with a stride of 1).
        dilation: how far the elements of a window are apart.
        groups: output channels see one group of the input channels each.
        bias: whether there is one.
        padding_mode: of what it is made: "zeros", "reflect", "replicate" or "circular" (see `F.pad`).
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: for channels that groups does not divide, and names of padding that there are not.
        RuntimeError: in the call, for an input of another rank, dtype or number of channels.

    Source: LeCun et al., "Gradient-based learning applied to document recognition" (1998).

    >>> import minigrad as torch
    >>> layer = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
    >>> layer(torch.ones(5, 3, 32, 32)).shape
    torch.Size([5, 8, 16, 16])
    """

    _axes = 2


class Conv3d(_Conv):
    """The convolution over three axes, (N, C, D, H, W) or (C, D, H, W): see `Conv2d`.

    Arguments:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device,
            dtype: as `Conv2d`.

    >>> import minigrad as torch
    >>> torch.nn.Conv3d(2, 4, 2)(torch.ones(1, 2, 3, 3, 3)).shape
    torch.Size([1, 4, 2, 2, 2])
    """

    _axes = 3


class _ConvTranspose(_Convolution):
    _transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        sizes_for(type(self).__name__, "padding", padding, self._axes)  # no "same" here
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        more = self.output_padding if output_size is None else self._padding_for(input, tuple(output_size))
        convolve = (conv_transpose1d, conv_transpose2d, conv_transpose3d)[self._axes - 1]
        return convolve(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )

    def _padding_for(self, input: Tensor, output_size: Sizes) -> Sizes:
        """The output_padding that gives a size."""
        x, _ = as_batch(type(self).__name__, input, self._axes)
        if len(output_size) not in (self._axes, input.ndim):
            raise ValueError(
                f"{type(self).__name__}: for {input.ndim}D input, output_size must have {self._axes} or "
                f"{input.ndim} elements (got {len(output_size)})"
            )
        asked = output_size[-self._axes :]
        each = zip(x.shape[2:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, k, s, p, d in each]
        most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
        if any(not low <= n <= high for low, n, high in zip(least, asked, most, strict=True)):
            raise ValueError(
                f"requested an output size of {asked}, but valid sizes range from {least} to {most} (for an "
                f"input of {tuple(x.shape[2:])})"
            )
        return tuple(n - low for n, low in zip(asked, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """The transposed convolution over one axis, (N, C, L) or (C, L): see `ConvTranspose2d`.

    Arguments:
        in_channels, out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation,
            padding_mode, device, dtype: as `ConvTranspose2d`.

    >>> import minigrad as torch
    >>> torch.nn.ConvTranspose1d(2, 4, 3, stride=2)(torch.ones(5, 2, 10)).shape
    torch.Size([5, 4, 21])
    """

    _axes = 1


class ConvTranspose2d(_ConvTranspose):
    """Each element times the weight, added up at its window: what `Conv2d` does to gradients.

    The input is (N, C, H, W) or (C, H, W); `weight` is (in_channels, out_channels / groups, kH, kW). It may
    be called with `output_size=(H', W')`, which chooses the output_padding.

    Arguments:
        in_channels, out_channels: the channels of the input and of the output.
        kernel_size: of the windows; one integer, or one for each axis, as the next ones.
        stride: how far windows move.
        padding: how much is cut from each side of the result.
        output_padding: how much is added to the end of the result.
        groups: input channels reach one group of the output channels each.
        bias: whether there is one.
        dilation: how far the elements of a window are apart.
        padding_mode: only "zeros".
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: for channels that groups does not divide, and an output_size that is not possible.
        RuntimeError: in the call, for an input of another rank, dtype or number of channels.

    Source: Zeiler et al., "Deconvolutional networks" (2010).

    >>> import minigrad as torch
    >>> layer = torch.nn.ConvTranspose2d(8, 3, 3, stride=2, padding=1, output_padding=1)
    >>> layer(torch.ones(5, 8, 16, 16)).shape
    torch.Size([5, 3, 32, 32])
    """

    _axes = 2


class ConvTranspose3d(_ConvTranspose):
    """The transposed convolution over three axes, (N, C, D, H, W) or (C, D, H, W): see `ConvTranspose2d`.

    Arguments:
        in_channels, out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation,
            padding_mode, device, dtype: as `ConvTranspose2d`.

    >>> import minigrad as torch
    >>> torch.nn.ConvTranspose3d(2, 4, 2)(torch.ones(1, 2, 3, 3, 3)).shape
    torch.Size([1, 4, 4, 4, 4])
    """

    _axes = 3
