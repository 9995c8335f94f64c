"""Layers that give mean 0 and variance 1: BatchNorm1d over the batch, LayerNorm over a sample."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import index
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.creation import empty, tensor
from minigrad.nn import functional as F, init
from minigrad.nn.functional.checks import check_tensor
from minigrad.nn.module import Layer
from minigrad.nn.parameter import Parameter, check_sizes, new_parameter


class NormBase(Layer):
    """A norm of channels by statistics of a batch, or by running ones: see `BatchNorm1d`."""

    _version = 2  # since `num_batches_tracked`, in PyTorch's count
    _ranks: tuple[int, ...]
    _shapes: str
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_sizes(type(self).__name__, num_features=num_features)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        new = partial(new_parameter, num_features, device=device, dtype=dtype)
        measured = partial(empty, num_features, dtype=dtype)
        self.register_parameter("weight", new() if affine else None)
        self.register_parameter("bias", new() if affine and bias else None)
        self.register_buffer("running_mean", measured() if track_running_stats else None)
        self.register_buffer("running_var", measured() if track_running_stats else None)
        self.register_buffer("num_batches_tracked", tensor(0) if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget what was measured: mean 0, variance 1.

        >>> import minigrad as torch
        >>> layer = torch.nn.BatchNorm1d(1)
        >>> _ = layer(torch.tensor([[1.0], [3.0]]))
        >>> layer.reset_running_stats()
        >>> layer.running_mean
        tensor([0.])
        """
        if self.running_mean is not None and self.running_var is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Scale by one, shift by zero, and forget what was measured.

        >>> import minigrad as torch
        >>> torch.nn.BatchNorm1d(1).reset_parameters()
        """
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        name = type(self).__name__
        check_tensor(name, "input", input)
        if input.ndim not in self._ranks:
            raise ValueError(
                f"{name} takes {self._shapes.format('C')}, not a tensor of shape {tuple(input.shape)}"
            )
        held = self.running_mean is not None or self.weight is not None or self.bias is not None
        if held and input.shape[1] != self.num_features:
            n = self.num_features
            raise RuntimeError(
                f"{name}({n}): expected an input of shape {self._shapes.format(n)}, but got "
                f"{tuple(input.shape)}"
            )
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                factor = 1 / float(self.num_batches_tracked)
        measured = self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if measured else None,
            self.running_var if measured else None,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            factor,
            self.eps,
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm(NormBase):
    """The batch norm of any rank: see `BatchNorm1d`."""


class BatchNorm1d(BatchNorm):
    """Normalises each feature over the batch, (N, C) or (N, C, L), then scales and shifts it.

    In training it uses the batch's mean and variance and moves `running_mean` and `running_var`
    (unbiased) towards them by `momentum` (None: the plain average over all batches); in evaluation it
    uses those. Without `track_running_stats` it always uses the batch's.

    Arguments:
        num_features: C.
        eps: added to the variance.
        momentum: how far the running statistics move in each call.
        affine: whether there are a `weight` and a `bias`, of shape (C,), that scale and shift.
        track_running_stats: whether there are running statistics.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).
        bias: False leaves the `bias` out.

    Raises:
        ValueError: for an input of another rank, or a batch of one in training.

    Source: Ioffe and Szegedy, "Batch normalization" (2015), algorithm 1.

    >>> import minigrad as torch
    >>> layer = torch.nn.BatchNorm1d(1)
    >>> layer(torch.tensor([[1.0], [3.0]])).tolist()[0][0] < -0.99
    True
    >>> layer.running_mean
    tensor([0.2000])
    """

    _ranks = (2, 3)
    _shapes = "(N, {0}) or (N, {0}, L)"


class LayerNorm(Layer):
    """Normalises each sample over its last dimensions, of the given sizes, then scales and shifts.

    Arguments:
        normalized_shape: the sizes of the last dimensions, or one size.
        eps: added to the variance.
        elementwise_affine: whether there are a `weight` and a `bias` of that shape.
        bias: False leaves the `bias` out.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        RuntimeError: in the call, for an input that does not end in these sizes.

    Source: Ba et al., "Layer normalization" (2016), equation 3.

    >>> import minigrad as torch
    >>> torch.nn.LayerNorm(2)(torch.tensor([[1.0, 3.0]])).detach()
    tensor([[-1.0000,  1.0000]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes = normalized_shape if isinstance(normalized_shape, Sequence) else (normalized_shape,)
        self.normalized_shape = tuple(index(size) for size in sizes)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        new = partial(new_parameter, *self.normalized_shape, device=device, dtype=dtype)
        self.register_parameter("weight", new() if elementwise_affine else None)
        self.register_parameter("bias", new() if elementwise_affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Scale by one, shift by zero.

        >>> import minigrad as torch
        >>> torch.nn.LayerNorm(2).reset_parameters()
        """
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )
