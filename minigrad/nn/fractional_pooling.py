"""Maximum pooling over windows whose places are drawn."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn.functional import fractional_pooling as F
from minigrad.nn.module import Module


class _FractionalMaxPool(Module):
    _axes: int

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.output_size = output_size
        self.output_ratio = output_ratio
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        name = type(self).__name__
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError(f"{name}: only one of output_size and output_ratio may be specified")
        ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,)
        if output_ratio is not None and not all(0 < ratio < 1 for ratio in ratios):
            raise ValueError(f"{name}: output_ratio must be between 0 and 1, not {output_ratio!r}")

    def forward(self, input: Tensor) -> Any:
        pool = F.fractional_max_pool2d if self._axes == 2 else F.fractional_max_pool3d
        how = self.kernel_size, self.output_size, self.output_ratio, self.return_indices
        return pool(input, *how, self._random_samples)


class FractionalMaxPool2d(_FractionalMaxPool):
    """The maximum of windows that begin at drawn places: see `nn.functional.fractional_max_pool2d`.

    Arguments:
        kernel_size: of the windows.
        output_size, output_ratio: how many windows there are along each axis, or the fraction of the size.
        return_indices: whether the places of the maxima are returned too.

    Raises:
        ValueError: for both or none of size and ratio, and a ratio outside (0, 1).

    >>> import minigrad as torch
    >>> torch.nn.FractionalMaxPool2d(3, output_ratio=0.5)(torch.rand(1, 2, 8, 8)).shape
    torch.Size([1, 2, 4, 4])
    """

    _axes = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """The same over three axes: see `FractionalMaxPool2d`.

    Arguments:
        kernel_size, output_size, output_ratio, return_indices: as there.

    >>> import minigrad as torch
    >>> torch.nn.FractionalMaxPool3d(2, output_size=3)(torch.rand(1, 6, 6, 6)).shape
    torch.Size([1, 3, 3, 3])
    """

    _axes = 3
