"""Layers of whole channels: dropout, batch norm of images, group and instance norm, shuffled channels."""

from __future__ import annotations

from functools import partial
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import functional, init
from minigrad.nn.dropout import Dropout
from minigrad.nn.functional import channels as F
from minigrad.nn.functional.checks import check_tensor
from minigrad.nn.module import Layer
from minigrad.nn.normalisation import BatchNorm, NormBase
from minigrad.nn.parameter import Parameter, check_sizes, new_parameter


class Dropout1d(Dropout):
    """In training sets whole channels of (N, C, L) or (C, L) to 0 with probability p: see `Dropout2d`.

    Arguments:
        p, inplace: as `Dropout2d`.

    >>> import minigrad as torch
    >>> torch.nn.Dropout1d(1.0)(torch.ones(1, 2, 3)).sum().item()
    0.0
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(Dropout):
    """In training sets whole channels of (N, C, H, W) to 0 with probability p, and scales the others.

    Arguments:
        p: the probability, within [0, 1]; the others are scaled by 1/(1 - p).
        inplace: whether the input itself is written.

    Source: Tompson et al., "Efficient object localization using convolutional networks" (2015).

    >>> import minigrad as torch
    >>> torch.nn.Dropout2d(0.5).eval()(torch.ones(1, 2, 3, 3)).sum().item()
    18.0
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(Dropout):
    """In training sets whole channels of (N, C, D, H, W) to 0 with probability p: see `Dropout2d`.

    Arguments:
        p, inplace: as `Dropout2d`.

    >>> import minigrad as torch
    >>> torch.nn.Dropout3d(1.0)(torch.ones(1, 2, 3, 3, 3)).sum().item()
    0.0
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(Dropout):
    """Dropout that keeps the mean 0 and the variance 1 of what SELU gives: see `F.alpha_dropout`.

    Arguments:
        p: the probability, within [0, 1].
        inplace: whether the input itself is written.

    Source: Klambauer et al., "Self-normalizing neural networks" (2017).

    >>> import minigrad as torch
    >>> torch.nn.AlphaDropout(0.5).eval()(torch.ones(2))
    tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class BatchNorm2d(BatchNorm):
    """`BatchNorm1d` for images: normalises each channel of (N, C, H, W) over batch, height and width.

    Arguments:
        num_features: C.
        eps, momentum, affine, track_running_stats, device, dtype, bias: as `BatchNorm1d`.

    Raises:
        ValueError: for an input of another rank.

    Source: Ioffe and Szegedy, "Batch normalization" (2015), section 3.2.

    >>> import minigrad as torch
    >>> torch.nn.BatchNorm2d(3)(torch.ones(2, 3, 4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """

    _ranks = (4,)
    _shapes = "(N, {0}, H, W)"


class BatchNorm3d(BatchNorm):
    """`BatchNorm1d` for volumes: normalises each channel of (N, C, D, H, W) over all but the channels.

    Arguments:
        num_features: C.
        eps, momentum, affine, track_running_stats, device, dtype, bias: as `BatchNorm1d`.

    Raises:
        ValueError: for an input of another rank.

    >>> import minigrad as torch
    >>> torch.nn.BatchNorm3d(3)(torch.ones(2, 3, 4, 4, 4)).shape
    torch.Size([2, 3, 4, 4, 4])
    """

    _ranks = (5,)
    _shapes = "(N, {0}, D, H, W)"


class GroupNorm(Layer):
    """Normalises each group of channels of a sample, (N, C, ...), then scales and shifts each channel.

    Arguments:
        num_groups: how many groups the channels make.
        num_channels: C.
        eps: added to the variance.
        affine: whether there are a `weight` and a `bias`, of shape (C).
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).
        bias: False leaves the `bias` out.

    Raises:
        ValueError: where num_groups does not divide num_channels.

    Source: Wu and He, "Group normalization" (2018).

    >>> import minigrad as torch
    >>> torch.nn.GroupNorm(2, 4)(torch.ones(5, 4, 3, 3)).shape
    torch.Size([5, 4, 3, 3])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_sizes("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if not num_groups or num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        new = partial(new_parameter, num_channels, device=device, dtype=dtype)
        self.register_parameter("weight", new() if affine else None)
        self.register_parameter("bias", new() if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Scale by one and shift by zero.

        >>> import minigrad as torch
        >>> torch.nn.GroupNorm(1, 2).reset_parameters()
        """
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class _InstanceNorm(NormBase):
    _axes: int

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        name, axes = type(self).__name__, self._axes
        check_tensor(name, "input", input)
        if input.ndim not in (axes + 1, axes + 2):
            raise ValueError(f"{name}: expected {axes + 1}D or {axes + 2}D input (got {input.ndim}D input)")
        x = input.unsqueeze(0) if input.ndim == axes + 1 else input
        if (self.affine or self.track_running_stats) and x.shape[1] != self.num_features:
            raise ValueError(
                f"{name}: expected input's size at dim=1 to match num_features ({self.num_features}), but "
                f"got: {x.shape[1]}."
            )
        use_input = self.training or not self.track_running_stats
        if use_input:
            running = (self.running_mean, self.running_var)
            momentum = 0.0 if self.momentum is None else self.momentum
            out = F.instance_norm(x, *running, self.weight, self.bias, True, momentum, self.eps)
        else:
            out = functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        return out.squeeze(0) if input.ndim == axes + 1 else out


class InstanceNorm1d(_InstanceNorm):
    """Normalises each channel of each sample, (N, C, L) or (C, L): see `InstanceNorm2d`.

    Arguments:
        num_features, eps, momentum, affine, track_running_stats, device, dtype, bias: as `InstanceNorm2d`.

    >>> import minigrad as torch
    >>> torch.nn.InstanceNorm1d(3)(torch.ones(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    _axes = 1


class InstanceNorm2d(_InstanceNorm):
    """Normalises each channel of each sample, (N, C, H, W) or (C, H, W).

    Arguments:
        num_features: C.
        eps: added to the variance.
        momentum: how far the running statistics move in each call.
        affine: whether there are a `weight` and a `bias`, of shape (C), that scale and shift.
        track_running_stats: whether there are running statistics, which evaluation uses.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).
        bias: False leaves the `bias` out.

    Raises:
        ValueError: for an input of another rank, or of one element per channel.

    Source: Ulyanov et al., "Instance normalization" (2016).

    >>> import minigrad as torch
    >>> torch.nn.InstanceNorm2d(3)(torch.ones(2, 3, 4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """

    _axes = 2


class InstanceNorm3d(_InstanceNorm):
    """Normalises each channel of each sample, (N, C, D, H, W) or (C, D, H, W): see `InstanceNorm2d`.

    Arguments:
        num_features, eps, momentum, affine, track_running_stats, device, dtype, bias: as `InstanceNorm2d`.

    >>> import minigrad as torch
    >>> torch.nn.InstanceNorm3d(3)(torch.ones(2, 3, 4, 4, 4)).shape
    torch.Size([2, 3, 4, 4, 4])
    """

    _axes = 3


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
