"""Images in another size: interpolation, and pixels made of channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad._tensor.calls import RECORD
from minigrad._tensor.convert import as_operand
from minigrad._tensor.tensor import Tensor
from minigrad.ops import convolution as _table  # noqa: F401 (its ops are in the registry now)
from minigrad.ops.resampling import nearest_places, repeated

from .adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .checks import check_tensor
from .sizes import check_floating

_LINEAR = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}  # modes, and the rank of their input
_OTHER = ("nearest", "nearest-exact", "area")


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """The image in another size.

    Arguments:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W).
        size: the last sizes of the result; one integer for all axes, or one for each.
        scale_factor: instead of it, by how much they grow.
        mode: "nearest", "nearest-exact", "linear" (of three axes), "bilinear" (four), "trilinear" (five),
            "bicubic" (four), or "area" for `adaptive_avg_pool2d`.
        align_corners: for the linear and cubic modes, whether the centres of the corner pixels stay where
            they are; otherwise the edges of the image do.
        recompute_scale_factor: use the ratio of the sizes, which are whole, and not `scale_factor`.
        antialias: must be False.

    Returns:
        The same leading sizes, and the new last ones.

    Raises:
        ValueError, NotImplementedError: for arguments that do not go together.

    Source: Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -0.75.

    >>> import minigrad as torch
    >>> x = torch.tensor([[[0.0, 1.0]]])
    >>> torch.nn.functional.interpolate(x, scale_factor=2)
    tensor([[[0., 0., 1., 1.]]])
    >>> torch.nn.functional.interpolate(x, 3, mode="linear", align_corners=True)
    tensor([[[0.0000, 0.5000, 1.0000]]])
    """
    check_tensor("interpolate", "input", input)
    _check_mode(input, mode, align_corners, antialias)
    lengths = input.shape[2:]
    new, factors = _sizes(input, size, scale_factor, recompute_scale_factor)
    if min(new) < 1 or 0 in input.shape[1:]:
        raise RuntimeError(
            f"interpolate: input and output sizes should be greater than 0, but got input {list(lengths)} "
            f"and output {new}"
        )
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[len(new) - 1](input, new)
    steps = _steps(input, new, factors, mode, bool(align_corners))
    if mode in _OTHER:
        return _nearest(input, new, steps, mode)
    kind = "cubic" if mode == "bicubic" else "linear"
    return _resampled(input, new, steps, kind, bool(align_corners))


def _check_mode(input: Tensor, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode not in _LINEAR and mode not in _OTHER:
        raise NotImplementedError(
            f"interpolate: mode {mode!r} is not one of {', '.join((*_OTHER, *_LINEAR))}"
        )
    if not 3 <= input.ndim <= 5:
        raise NotImplementedError(f"interpolate: only 3D, 4D and 5D inputs are supported (got {input.ndim}D)")
    if mode in _OTHER and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | "
            "bicubic | trilinear"
        )
    if mode in _LINEAR and input.ndim != _LINEAR[mode]:
        raise NotImplementedError(f"Got {input.ndim}D input, but {mode} mode needs {_LINEAR[mode]}D input")
    if antialias:
        raise NotImplementedError("interpolate: antialias=True is not covered")
    if mode != "nearest":
        check_floating("interpolate", input)


def _sizes(
    input: Tensor, size: Any, scale_factor: Any, recompute: bool | None
) -> tuple[list[int], Sequence[float | None]]:
    """The new sizes, and the factors by which coordinates are scaled (None: the ratio of the sizes)."""
    lengths = input.shape[2:]
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    given = scale_factor if size is None else size
    each = list(given) if isinstance(given, (tuple, list)) else [given] * len(lengths)
    if len(each) != len(lengths):
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(lengths)} and {'scale_factor' if size is None else 'output size'} of "
            f"{given}"
        )
    if size is not None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful when size is explicitly specified.")
        return [int(n) for n in each], [None] * len(each)
    new = [math.floor(float(n) * float(f)) for n, f in zip(lengths, each, strict=True)]
    return new, [None] * len(each) if recompute else [float(f) for f in each]


def _steps(
    input: Tensor, new: list[int], factors: Sequence[float | None], mode: str, aligned: bool
) -> list[Any]:
    """How far apart new pixels lie among the old, by axis; None where a weighted axis stays as it is."""
    precise = np.float64 if input.dtype == np.float64 else np.float32
    steps: list[float | None] = []
    for n, m, factor in zip(input.shape[2:], new, factors, strict=True):
        if mode in _LINEAR and m == n and factor in (None, 1.0):
            steps.append(None)
        elif aligned:
            steps.append(float(precise((n - 1) / (m - 1) if m > 1 else 0)))
        else:
            steps.append(float(precise(1 / factor if factor else n / m)))
    return steps


def _nearest(input: Tensor, new: list[int], steps: list[float], mode: str) -> Tensor:
    """Each new pixel is one of the old."""
    each = list(zip(input.shape[2:], new, steps, strict=True))
    if input.dtype.kind != "f":
        for axis, (n, m, step) in enumerate(each, 2):
            input = input.index_select(axis, as_operand(nearest_places(n, m, step, mode, "f")))
        return input
    times = tuple([repeated(*axis, mode, "d" if input.dtype == np.float64 else "f") for axis in each])
    if not all(times):
        return _resampled(input, new, steps, mode, False)
    # Each pixel becomes a window of its own.
    options = {"shape": tuple(new), "size": times, "stride": times, "padding": (0,) * len(new)}
    out: Tensor = RECORD["spread_windows"]((input,), options)[0]
    return out


def _resampled(input: Tensor, new: list[int], steps: list[Any], mode: str, aligned: bool) -> Tensor:
    options = {"size": tuple(new), "steps": tuple(steps), "mode": mode, "aligned": aligned, "back": False}
    out: Tensor = RECORD["resample"]((input,), options)[0]
    return out


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
) -> Tensor:
    """An older name of `interpolate`.

    Arguments:
        input, size, scale_factor, mode, align_corners: as `interpolate`.

    >>> import minigrad as torch
    >>> torch.nn.functional.upsample(torch.ones(1, 1, 2), scale_factor=2).shape
    torch.Size([1, 1, 4])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """An older spelling of `interpolate`.

    Arguments:
        input, size, scale_factor: as `interpolate`.

    >>> import minigrad as torch
    >>> torch.nn.functional.upsample_nearest(torch.ones(1, 1, 2), scale_factor=2).shape
    torch.Size([1, 1, 4])
    """
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """An older spelling of `interpolate(..., mode="bilinear", align_corners=True)`.

    Arguments:
        input, size, scale_factor: as `interpolate`.

    >>> import minigrad as torch
    >>> torch.nn.functional.upsample_bilinear(torch.tensor([[[[0.0, 2.0]]]]), (1, 3))
    tensor([[[[0., 1., 2.]]]])
    """
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Groups of r² channels become r x r pixels: (*, C r², H, W) to (*, C, H r, W r).

    Arguments:
        input: at least three axes.
        upscale_factor: r.

    Raises:
        RuntimeError: where r² does not divide the channels.

    Source: Shi et al., "Real-time single image and video super-resolution" (2016).

    >>> import minigrad as torch
    >>> torch.nn.functional.pixel_shuffle(torch.arange(4.0).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    check_tensor("pixel_shuffle", "input", input)
    r = upscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-3] % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
            f"upscale_factor, but got an input of shape {tuple(input.shape)} and upscale_factor={r}"
        )
    *lead, channels, h, w = input.shape
    k = len(lead)
    split = input.reshape(*lead, channels // (r * r), r, r, h, w)
    order = (*range(k), k, k + 3, k + 1, k + 4, k + 2)
    return split.permute(order).reshape(*lead, channels // (r * r), h * r, w * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """r x r pixels become r² channels: what undoes `pixel_shuffle`.

    Arguments:
        input: (*, C, H r, W r).
        downscale_factor: r.

    Raises:
        RuntimeError: where r does not divide the height and the width.

    >>> import minigrad as torch
    >>> torch.nn.functional.pixel_unshuffle(torch.arange(4.0).reshape(1, 2, 2), 2).shape
    torch.Size([4, 1, 1])
    """
    check_tensor("pixel_unshuffle", "input", input)
    r = downscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-1] % r or input.shape[-2] % r:
        raise RuntimeError(
            "pixel_unshuffle expects height and width to be divisible by downscale_factor, but got an input "
            f"of shape {tuple(input.shape)} and downscale_factor={r}"
        )
    *lead, channels, h, w = input.shape
    k = len(lead)
    split = input.reshape(*lead, channels, h // r, r, w // r, r)
    order = (*range(k), k, k + 2, k + 4, k + 1, k + 3)
    return split.permute(order).reshape(*lead, channels * r * r, h // r, w // r)
