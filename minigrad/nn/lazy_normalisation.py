"""Batch and instance norms that learn the number of their channels from the first input."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.creation import tensor
from minigrad.nn.channels import (
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    _InstanceNorm,
)
from minigrad.nn.functional.checks import check_tensor
from minigrad.nn.lazy import LazyModuleMixin, materialize
from minigrad.nn.normalisation import BatchNorm1d, NormBase
from minigrad.nn.parameter import UninitializedBuffer, UninitializedParameter


class _LazyNorm(LazyModuleMixin, NormBase):
    """The common part of the lazy norms."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        NormBase.__init__(self, 0, eps, momentum, False, False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            self.bias = UninitializedParameter(device=device, dtype=dtype) if bias else None
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0)

    def _channels(self, input: Tensor) -> int:
        """The channels of an input of the right rank."""
        name = type(self).__name__
        check_tensor(name, "input", input)
        if input.ndim not in self._ranks:
            wanted = " or ".join(f"{n}D" for n in self._ranks)
            raise ValueError(f"{name}: expected {wanted} input (got {input.ndim}D input)")
        return int(input.shape[1])

    def initialize_parameters(self, input: Tensor) -> None:
        self.num_features = n = self._channels(input)
        if not self.has_uninitialized_params():  # loaded
            known = [x for x in (self.weight, self.bias, self.running_mean) if x is not None]
            self.num_features = int(known[0].shape[0]) if known else n
        materialize(self, weight=(n,), bias=(n,), running_mean=(n,), running_var=(n,))


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A BatchNorm1d whose `num_features` is that of its first input.

    Arguments:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as `BatchNorm1d`.

    >>> import minigrad as torch
    >>> torch.nn.LazyBatchNorm1d()(torch.ones(4, 3)).shape
    torch.Size([4, 3])
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A BatchNorm2d whose `num_features` is that of its first input.

    Arguments:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as `BatchNorm2d`.

    >>> import minigrad as torch
    >>> layer = torch.nn.LazyBatchNorm2d()
    >>> _ = layer(torch.ones(4, 3, 2, 2))
    >>> layer.num_features
    3
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A BatchNorm3d whose `num_features` is that of its first input.

    Arguments:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as `BatchNorm3d`.

    >>> import minigrad as torch
    >>> torch.nn.LazyBatchNorm3d()(torch.ones(4, 3, 2, 2, 2)).shape
    torch.Size([4, 3, 2, 2, 2])
    """

    cls_to_become = BatchNorm3d


class _LazyInstanceNorm(_LazyNorm, _InstanceNorm):
    def _channels(self, input: Tensor) -> int:
        name, axes = type(self).__name__, self._axes
        check_tensor(name, "input", input)
        if input.ndim not in (axes + 1, axes + 2):
            raise ValueError(f"{name}: expected {axes + 1}D or {axes + 2}D input (got {input.ndim}D input)")
        return int(input.shape[-axes - 1])


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """An InstanceNorm1d whose `num_features` is that of its first input.

    Arguments:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as `InstanceNorm1d`, but here affine
            and track_running_stats are True by default.

    >>> import minigrad as torch
    >>> torch.nn.LazyInstanceNorm1d()(torch.ones(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """An InstanceNorm2d whose `num_features` is that of its first input.

    Arguments:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as `InstanceNorm2d`, but here affine
            and track_running_stats are True by default.

    >>> import minigrad as torch
    >>> torch.nn.LazyInstanceNorm2d()(torch.ones(2, 3, 4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm, InstanceNorm3d):
    """An InstanceNorm3d whose `num_features` is that of its first input.

    Arguments:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as `InstanceNorm3d`, but here affine
            and track_running_stats are True by default.

    >>> import minigrad as torch
    >>> torch.nn.LazyInstanceNorm3d()(torch.ones(2, 3, 2, 2, 2)).shape
    torch.Size([2, 3, 2, 2, 2])
    """

    cls_to_become = InstanceNorm3d
