"""Lazy linear layers and convolutions: they take the sizes of their input from the first that comes."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    _Conv,
    _Convolution,
    _ConvTranspose,
)
from minigrad.nn.functional.checks import check_tensor
from minigrad.nn.functional.sizes import as_batch
from minigrad.nn.linear import Linear
from minigrad.nn.module import Layer
from minigrad.nn.parameter import UninitializedParameter, check_sizes, is_lazy


class LazyModuleMixin(Layer):
    """A base for modules that take shapes from their first input.

    A subclass has UninitializedParameters, and `initialize_parameters(*args)`, which is called before the
    first forward with the arguments of the call and materializes them. Then the module becomes a
    `cls_to_become`, where the class names one.

    >>> import minigrad as torch
    >>> class Scale(torch.nn.modules.lazy.LazyModuleMixin, torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = torch.nn.UninitializedParameter()
    ...
    ...     def initialize_parameters(self, x):
    ...         self.factor.materialize(x.shape[1:])
    ...         torch.nn.init.ones_(self.factor)
    ...
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> layer = Scale()
    >>> _ = layer(torch.ones(5, 3))
    >>> layer.factor.shape
    torch.Size([3])
    """

    cls_to_become: type | None = None
    _waiting = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._waiting:
            self.initialize_parameters(*args, **kwargs)
            if self.has_uninitialized_params():
                raise RuntimeError(
                    f"{type(self).__name__}.initialize_parameters left parameters or buffers uninitialized"
                )
            if self.cls_to_become is not None:
                self.__class__ = self.cls_to_become
                return self(*args, **kwargs)
            self._waiting = False
        return super().__call__(*args, **kwargs)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize the parameters; every subclass defines its own. The class shows how.

        Arguments:
            args, kwargs: those of the first call.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define initialize_parameters()")

    def has_uninitialized_params(self) -> bool:
        """True before the first call: some parameter or buffer has no shape yet.

        >>> import minigrad as torch
        >>> torch.nn.LazyLinear(3).has_uninitialized_params()
        True
        """
        return any(map(is_lazy, (*self._parameters.values(), *self._buffers.values())))

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]


def materialize(module: Any, **shapes: tuple[int, ...]) -> None:
    """Give shapes and first values to those of these parameters and buffers that have none."""
    waiting = [name for name in shapes if is_lazy(getattr(module, name))]
    for name in waiting:
        getattr(module, name).materialize(shapes[name])
    if waiting:
        module.reset_parameters()


class LazyLinear(LazyModuleMixin, Linear):
    """A Linear whose `in_features` is the last size of its first input.

    Arguments:
        out_features: the last size of the output.
        bias: whether b is added.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    >>> import minigrad as torch
    >>> layer = torch.nn.LazyLinear(5)
    >>> _ = layer(torch.ones(2, 4))
    >>> layer
    Linear(in_features=4, out_features=5, bias=True)
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        check_sizes("LazyLinear", out_features=out_features)
        Layer.__init__(self)
        self.in_features, self.out_features = 0, out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        made = UninitializedParameter(device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", made)

    def initialize_parameters(self, input: Tensor) -> None:
        check_tensor("LazyLinear", "input", input)
        if not input.ndim:
            raise RuntimeError("LazyLinear: the input must have the shape (..., features), and it is 0-d")
        if self.has_uninitialized_params():
            self.in_features = int(input.shape[-1])
            materialize(self, weight=(self.out_features, self.in_features), bias=(self.out_features,))
        else:  # loaded
            self.in_features = int(self.weight.shape[-1])


class _Lazy(LazyModuleMixin, _Convolution):
    """The common part of the lazy convolutions."""

    def _begin(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        check_sizes(type(self).__name__, out_channels=out_channels)
        if out_channels % self.groups:
            raise ValueError(
                f"out_channels must be divisible by groups, but {out_channels} is not by {self.groups}"
            )
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.bias = UninitializedParameter(device=device, dtype=dtype) if bias else None

    def initialize_parameters(self, input: Tensor) -> None:
        x, _ = as_batch(type(self).__name__, input, self._axes)
        channels = int(x.shape[1])
        if not self.has_uninitialized_params():  # loaded
            channels = int(self.weight.shape[0 if self._transposed else 1])
            channels *= 1 if self._transposed else self.groups
        elif channels % self.groups:
            raise ValueError(
                f"in_channels must be divisible by groups, but {channels} is not by {self.groups}"
            )
        self.in_channels = channels
        sides = (channels, self.out_channels) if self._transposed else (self.out_channels, channels)
        weight = (sides[0], sides[1] // self.groups, *self.kernel_size)
        materialize(self, weight=weight, bias=(self.out_channels,))


class _LazyConv(_Lazy, _Conv):
    def __init__(
        self,
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
        _Conv.__init__(self, 0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._begin(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """A Conv1d whose `in_channels` is that of its first input.

    Arguments:
        out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype: as
            `Conv1d`.

    >>> import minigrad as torch
    >>> torch.nn.LazyConv1d(4, 3)(torch.ones(2, 3, 8)).shape
    torch.Size([2, 4, 6])
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A Conv2d whose `in_channels` is that of its first input.

    Arguments:
        out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype: as
            `Conv2d`.

    >>> import minigrad as torch
    >>> layer = torch.nn.LazyConv2d(4, 3)
    >>> _ = layer(torch.ones(2, 3, 8, 8))
    >>> layer
    Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1))
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A Conv3d whose `in_channels` is that of its first input.

    Arguments:
        out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype: as
            `Conv3d`.

    >>> import minigrad as torch
    >>> torch.nn.LazyConv3d(4, 2)(torch.ones(1, 2, 3, 3, 3)).shape
    torch.Size([1, 4, 2, 2, 2])
    """

    cls_to_become = Conv3d


class _LazyConvTranspose(_Lazy, _ConvTranspose):
    def __init__(
        self,
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
        _ConvTranspose.__init__(
            self, 0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode
        )
        self._begin(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A ConvTranspose1d whose `in_channels` is that of its first input.

    Arguments:
        out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode,
            device, dtype: as `ConvTranspose1d`.

    >>> import minigrad as torch
    >>> torch.nn.LazyConvTranspose1d(4, 3)(torch.ones(2, 3, 8)).shape
    torch.Size([2, 4, 10])
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A ConvTranspose2d whose `in_channels` is that of its first input.

    Arguments:
        out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode,
            device, dtype: as `ConvTranspose2d`.

    >>> import minigrad as torch
    >>> torch.nn.LazyConvTranspose2d(4, 2)(torch.ones(1, 2, 3, 3)).shape
    torch.Size([1, 4, 4, 4])
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A ConvTranspose3d whose `in_channels` is that of its first input.

    Arguments:
        out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode,
            device, dtype: as `ConvTranspose3d`.

    >>> import minigrad as torch
    >>> torch.nn.LazyConvTranspose3d(4, 2)(torch.ones(1, 2, 1, 1, 1)).shape
    torch.Size([1, 4, 2, 2, 2])
    """

    cls_to_become = ConvTranspose3d
