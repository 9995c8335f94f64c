"""Images read at places between their pixels: a grid of places, made by an affine map, and their values."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad._tensor.calls import RECORD
from minigrad._tensor.convert import as_operand
from minigrad._tensor.tensor import Tensor
from minigrad.ops import grids as _table  # noqa: F401 (its op is in the registry now)

from .checks import check_tensor
from .sizes import check_floating

_MODES, _PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places of an image's pixels after an affine map, for `grid_sample`.

    Arguments:
        theta: (N, 2, 3), or (N, 3, 4) for volumes: the map of (x, y, 1) or (x, y, z, 1).
        size: of the image to make: (N, C, H, W) or (N, C, D, H, W).
        align_corners: whether -1 and 1 are the centres of the corner pixels, or the edges of the image.

    Returns:
        (N, H, W, 2) or (N, D, H, W, 3), between -1 and 1 inside of the image.

    Raises:
        ValueError: for a theta that is not floating, or does not fit the size.
        NotImplementedError: for a size of other than four or five numbers.

    >>> import minigrad as torch
    >>> theta = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])
    >>> torch.nn.functional.affine_grid(theta, (1, 1, 1, 2), align_corners=True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """
    check_tensor("affine_grid", "theta", theta)
    if theta.dtype.kind != "f":
        raise ValueError(f"affine_grid: theta is floating, not {theta.dtype.name}")
    aligned = _aligned("affine_grid", align_corners)
    axes = len(size) - 2
    if axes not in (2, 3):
        raise NotImplementedError(f"affine_grid: size is (N, C, H, W) or (N, C, D, H, W), not {tuple(size)}")
    if min(size) <= 0:
        raise ValueError(f"affine_grid: the sizes are positive, not {tuple(size)}")
    if theta.shape != (size[0], axes, axes + 1):
        raise ValueError(
            f"affine_grid: for size {tuple(size)} theta has shape {(size[0], axes, axes + 1)}, not "
            f"{tuple(theta.shape)}"
        )
    lines = [_line(n, aligned) for n in size[:1:-1]]  # x first
    ones = np.ones(tuple(size[2:]))
    planes = [line.reshape(-1, *[1] * i) * ones for i, line in enumerate(lines)]
    base = np.stack([*planes, ones], -1).reshape(1, -1, axes + 1).astype(theta.dtype)
    return (as_operand(base) @ theta.transpose(1, 2)).reshape(size[0], *size[2:], axes)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The values of images, or volumes, at the places of a grid.

    Arguments:
        input: (N, C, H, W) or (N, C, D, H, W).
        grid: (N, H', W', 2) with x before y, or (N, D', H', W', 3) with x, y, z; -1 and 1 are the borders.
        mode: "bilinear" between the pixels around, "nearest" or, for images, "bicubic".
        padding_mode: the values outside: "zeros", "border" (the nearest pixel) or "reflection".
        align_corners: whether -1 and 1 are the centres of the corner pixels, or the edges of the image.

    Returns:
        (N, C, H', W') or (N, C, D', H', W').

    Raises:
        ValueError, RuntimeError: for an unknown mode, or shapes and dtypes that do not go together.

    Source: Jaderberg et al., "Spatial transformer networks" (2015).

    >>> import minigrad as torch
    >>> image = torch.tensor([[[[0.0, 4.0]]]])
    >>> grid = torch.tensor([[[[0.0, 0.0], [0.5, 0.0]]]])
    >>> torch.nn.functional.grid_sample(image, grid, align_corners=True)
    tensor([[[[2., 3.]]]])
    """
    _check_samples(input, grid, mode, padding_mode)
    aligned = _aligned("grid_sample", align_corners)
    options = {"mode": mode, "padding": padding_mode, "aligned": aligned}
    return RECORD["sample_grid"]((input, grid), options)[0]


def _check_samples(input: Any, grid: Any, mode: str, padding_mode: str) -> None:
    check_tensor("grid_sample", "input", input)
    check_tensor("grid_sample", "grid", grid)
    if mode not in _MODES:
        raise ValueError(f"grid_sample: mode is one of {', '.join(_MODES)}, not {mode!r}")
    if padding_mode not in _PADDINGS:
        raise ValueError(f"grid_sample: padding_mode is one of {', '.join(_PADDINGS)}, not {padding_mode!r}")
    if input.dtype != grid.dtype:
        raise RuntimeError(
            f"grid_sample: input and grid have one dtype, not {input.dtype.name} and {grid.dtype.name}"
        )
    check_floating("grid_sample", input)
    axes = input.ndim - 2
    if axes not in (2, 3) or grid.ndim != input.ndim or grid.shape[-1] != axes or len(grid) != len(input):
        raise RuntimeError(
            "grid_sample takes an input (N, C, H, W) with a grid (N, H', W', 2), or (N, C, D, H, W) with "
            f"(N, D', H', W', 3), not {tuple(input.shape)} with {tuple(grid.shape)}"
        )
    if mode == "bicubic" and axes != 2:
        raise RuntimeError("grid_sample: mode='bicubic' is for images, (N, C, H, W)")
    if not all(input.shape[2:]):
        raise RuntimeError(f"grid_sample: the input has no pixels, its shape is {tuple(input.shape)}")


def _aligned(name: str, align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(
            f"{name} takes align_corners=False where it is not given, which was True before PyTorch 1.3",
            UserWarning,
            stacklevel=3,
        )
    return bool(align_corners)


def _line(count: int, aligned: bool) -> Any:
    """The places of an axis' pixels."""
    if count == 1:
        return np.zeros(1)
    line = np.linspace(-1, 1, count)
    return line if aligned else line * (count - 1) / count
