"""Padding layers: a border of zeros, of a constant, or of the tensor's own values."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn.functional.layers import pad
from minigrad.nn.functional.sizes import sizes_for
from minigrad.nn.module import Layer


class _Pad(Layer):
    _axes: int
    _mode = "constant"

    def __init__(self, padding: Any) -> None:
        super().__init__()
        axes = self._axes
        given = (padding,) * (2 * axes) if isinstance(padding, int) else padding
        self.padding = sizes_for(type(self).__name__, "padding", given, 2 * axes, -(2**31))

    def forward(self, input: Tensor) -> Tensor:
        return pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ZeroPad1d(_Pad):
    """A border of zeros; negative widths crop: (N, C, L) or (C, L).

    Arguments:
        padding: (left, right), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.ZeroPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[0., 1., 2., 3., 0.]])
    """

    _axes = 1


class ZeroPad2d(_Pad):
    """A border of zeros; negative widths crop: (N, C, H, W) or (C, H, W).

    Arguments:
        padding: (left, right, top, bottom), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.ZeroPad2d(1)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 6, 6])
    """

    _axes = 2


class ZeroPad3d(_Pad):
    """A border of zeros; negative widths crop: (N, C, D, H, W) or (C, D, H, W).

    Arguments:
        padding: (left, right, top, bottom, front, back), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.ZeroPad3d(1)(torch.ones(1, 2, 4, 4, 4)).shape
    torch.Size([1, 2, 6, 6, 6])
    """

    _axes = 3


class ConstantPad1d(_ConstantPad):
    """A border of one value; negative widths crop: (N, C, L) or (C, L).

    Arguments:
        padding: (left, right), or one integer for all.
        value: of the border.

    >>> import minigrad as torch
    >>> torch.nn.ConstantPad1d(1, 5.0)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[5., 1., 2., 3., 5.]])
    """

    _axes = 1


class ConstantPad2d(_ConstantPad):
    """A border of one value; negative widths crop: (N, C, H, W) or (C, H, W).

    Arguments:
        padding: (left, right, top, bottom), or one integer for all.
        value: of the border.

    >>> import minigrad as torch
    >>> torch.nn.ConstantPad2d(1, 5.0)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 6, 6])
    """

    _axes = 2


class ConstantPad3d(_ConstantPad):
    """A border of one value; negative widths crop: (N, C, D, H, W) or (C, D, H, W).

    Arguments:
        padding: (left, right, top, bottom, front, back), or one integer for all.
        value: of the border.

    >>> import minigrad as torch
    >>> torch.nn.ConstantPad3d(1, 5.0)(torch.ones(1, 2, 4, 4, 4)).shape
    torch.Size([1, 2, 6, 6, 6])
    """

    _axes = 3


class ReflectionPad1d(_Pad):
    """A border that mirrors the tensor, its edge not repeated: (N, C, L) or (C, L).

    Arguments:
        padding: (left, right), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.ReflectionPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[2., 1., 2., 3., 2.]])
    """

    _axes = 1
    _mode = "reflect"


class ReflectionPad2d(_Pad):
    """A border that mirrors the tensor, its edge not repeated: (N, C, H, W) or (C, H, W).

    Arguments:
        padding: (left, right, top, bottom), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.ReflectionPad2d(1)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 6, 6])
    """

    _axes = 2
    _mode = "reflect"


class ReflectionPad3d(_Pad):
    """A border that mirrors the tensor, its edge not repeated: (N, C, D, H, W) or (C, D, H, W).

    Arguments:
        padding: (left, right, top, bottom, front, back), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.ReflectionPad3d(1)(torch.ones(1, 2, 4, 4, 4)).shape
    torch.Size([1, 2, 6, 6, 6])
    """

    _axes = 3
    _mode = "reflect"


class ReplicationPad1d(_Pad):
    """A border that repeats the edge of the tensor: (N, C, L) or (C, L).

    Arguments:
        padding: (left, right), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.ReplicationPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[1., 1., 2., 3., 3.]])
    """

    _axes = 1
    _mode = "replicate"


class ReplicationPad2d(_Pad):
    """A border that repeats the edge of the tensor: (N, C, H, W) or (C, H, W).

    Arguments:
        padding: (left, right, top, bottom), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.ReplicationPad2d(1)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 6, 6])
    """

    _axes = 2
    _mode = "replicate"


class ReplicationPad3d(_Pad):
    """A border that repeats the edge of the tensor: (N, C, D, H, W) or (C, D, H, W).

    Arguments:
        padding: (left, right, top, bottom, front, back), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.ReplicationPad3d(1)(torch.ones(1, 2, 4, 4, 4)).shape
    torch.Size([1, 2, 6, 6, 6])
    """

    _axes = 3
    _mode = "replicate"


class CircularPad1d(_Pad):
    """A border that goes on with the other end of the tensor: (N, C, L) or (C, L).

    Arguments:
        padding: (left, right), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.CircularPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 1., 2., 3., 1.]])
    """

    _axes = 1
    _mode = "circular"


class CircularPad2d(_Pad):
    """A border that goes on with the other end of the tensor: (N, C, H, W) or (C, H, W).

    Arguments:
        padding: (left, right, top, bottom), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.CircularPad2d(1)(torch.ones(1, 2, 4, 4)).shape
    torch.Size([1, 2, 6, 6])
    """

    _axes = 2
    _mode = "circular"


class CircularPad3d(_Pad):
    """A border that goes on with the other end of the tensor: (N, C, D, H, W) or (C, D, H, W).

    Arguments:
        padding: (left, right, top, bottom, front, back), or one integer for all.

    >>> import minigrad as torch
    >>> torch.nn.CircularPad3d(1)(torch.ones(1, 2, 4, 4, 4)).shape
    torch.Size([1, 2, 6, 6, 6])
    """

    _axes = 3
    _mode = "circular"
