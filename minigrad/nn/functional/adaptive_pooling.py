"""Pooling into a given number of windows, which divide the input evenly, or nearly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad._tensor.calls import RECORD
from minigrad._tensor.convert import as_operand
from minigrad._tensor.tensor import Tensor
from minigrad.ops.resampling import windows_over

from .pooling import maxima_of_windows
from .sizes import Sizes, as_batch, check_floating, sizes_for


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """`output_size` means over one axis: see `adaptive_avg_pool2d`.

    Arguments:
        input: (N, C, L) or (C, L).
        output_size: how many means there are.

    >>> import minigrad as torch
    >>> torch.nn.functional.adaptive_avg_pool1d(torch.arange(6.0).reshape(1, 6), 2)
    tensor([[1., 4.]])
    """
    return _adaptive_avg(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of `output_size` windows: the i-th goes from floor(i H / H') to ceil((i + 1) H / H').

    Arguments:
        input: (N, C, H, W) or (C, H, W).
        output_size: (H', W'), or one integer for both; None keeps an axis as it is.

    Returns:
        (N, C, H', W') or (C, H', W').

    >>> import minigrad as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.arange(6.0).reshape(1, 2, 3), 1)
    tensor([[[2.5000]]])
    """
    return _adaptive_avg(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Means of `output_size` windows over three axes: see `adaptive_avg_pool2d`.

    Arguments:
        input: (N, C, D, H, W) or (C, D, H, W).
        output_size: (D', H', W'), or one integer for all; None keeps an axis as it is.

    >>> import minigrad as torch
    >>> torch.nn.functional.adaptive_avg_pool3d(torch.ones(1, 2, 4, 4, 4), (1, 2, None)).shape
    torch.Size([1, 2, 1, 2, 4])
    """
    return _adaptive_avg(3, input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """`output_size` maxima over one axis: see `adaptive_max_pool2d`.

    Arguments:
        input: (N, C, L) or (C, L).
        output_size: how many maxima there are.
        return_indices: whether their places are returned too.

    >>> import minigrad as torch
    >>> torch.nn.functional.adaptive_max_pool1d(torch.arange(6.0).reshape(1, 6), 2)
    tensor([[2., 5.]])
    """
    return _adaptive_max(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima of the windows of `adaptive_avg_pool2d`.

    Arguments:
        input: (N, C, H, W) or (C, H, W).
        output_size: (H', W'), or one integer for both; None keeps an axis as it is.
        return_indices: whether their places are returned too: positions in the flattened (H, W).

    Returns:
        (N, C, H', W') or (C, H', W'), or a tuple of it and the indices.

    >>> import minigrad as torch
    >>> torch.nn.functional.adaptive_max_pool2d(torch.arange(6.0).reshape(1, 2, 3), (1, None))
    tensor([[[3., 4., 5.]]])
    """
    return _adaptive_max(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima of the windows of `adaptive_avg_pool3d`.

    Arguments:
        input: (N, C, D, H, W) or (C, D, H, W).
        output_size: (D', H', W'), or one integer for all; None keeps an axis as it is.
        return_indices: whether their places are returned too.

    >>> import minigrad as torch
    >>> torch.nn.functional.adaptive_max_pool3d(torch.arange(8.0).reshape(1, 2, 2, 2), 1)
    tensor([[[[7.]]]])
    """
    return _adaptive_max(3, input, output_size, return_indices)


def _adaptive(name: str, axes: int, input: Tensor, output_size: Any) -> tuple[Tensor, bool, Sizes]:
    x, single = as_batch(name, input, axes)
    given = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,)
    given = given * axes if len(given) == 1 else given
    if len(given) != axes:
        raise RuntimeError(f"{name}: output_size must be one integer or {axes} of them, not {output_size!r}")
    filled = tuple(n if m is None else m for m, n in zip(given, x.shape[2:], strict=True))
    places = sizes_for(name, "output_size", filled, axes, 1)
    if 0 in x.shape[2:] and max(places) > 1:
        raise RuntimeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but input has sizes "
            f"{tuple(input.shape)}"
        )
    return x, single, places


def _even(x: Tensor, places: Sizes) -> Sizes | None:
    """The size of the windows, if all have the same and none overlaps."""
    sizes = tuple(n // m for n, m in zip(x.shape[2:], places, strict=True))
    return sizes if all(k * m == n for k, m, n in zip(sizes, places, x.shape[2:], strict=True)) else None


def _elements(n: int, m: int) -> Any:
    """The elements of each of m windows over n, (m, longest), the last ones repeated."""
    start, length = windows_over(n, m)
    return start[:, None] + np.minimum(np.arange(length.max()), length[:, None] - 1)


def _adaptive_avg(axes: int, input: Tensor, output_size: Any) -> Tensor:
    name = f"adaptive_avg_pool{axes}d"
    if input.dtype == np.float16:  # whose sums overflow
        return _adaptive_avg(axes, input.float(), output_size).to(input.dtype)
    x, single, places = _adaptive(name, axes, input, output_size)
    check_floating(name, x)
    if max(places) == 1:
        out = x.mean(tuple(range(2, x.ndim)), True)
        return out.squeeze(0) if single else out
    steps = tuple([None if n == m else n / m for n, m in zip(x.shape[2:], places, strict=True)])
    options = {"size": places, "steps": steps, "mode": "area", "aligned": False, "back": False}
    out = RECORD["resample"]((x,), options)[0]
    return out.squeeze(0) if single else out


def _adaptive_max(axes: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    x, single, places = _adaptive(f"adaptive_max_pool{axes}d", axes, input, output_size)
    if size := _even(x, places):
        out, indices = maxima_of_windows(axes, x, size, size, 0, 1, False, True)
    else:
        position: Any = np.zeros((), np.int64)  # of each element of each window: (places, windows)
        for axis, (n, m) in enumerate(zip(x.shape[2:], places, strict=True)):
            rows = _elements(n, m)
            shape = [1] * (2 * axes)
            shape[axis], shape[axes + axis] = rows.shape
            position = position * n + rows.reshape(shape)
        flat = x.reshape(*x.shape[:2], math.prod(x.shape[2:]))
        picked = flat.index_select(2, as_operand(position.reshape(-1)))
        out, chosen = picked.reshape(*x.shape[:2], *places, position[(0,) * axes].size).max(-1)
        table = np.broadcast_to(position.reshape(*places, -1), (*chosen.shape, position[(0,) * axes].size))
        indices = as_operand(np.take_along_axis(table, chosen._array[..., None], -1)[..., 0])
    if single:
        out, indices = out.squeeze(0), indices.squeeze(0)
    return (out, indices) if return_indices else out
