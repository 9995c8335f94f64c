"""Maximum pooling over windows whose places are drawn, so that a size shrinks by a fraction."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad._tensor.convert import as_operand
from minigrad._tensor.random import as_drawn, generator_of
from minigrad._tensor.tensor import Tensor
from minigrad.ops.arrays import arrayed

from .sizes import Sizes, as_batch, check_floating, sizes_for


def fractional_max_pool2d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The maximum of windows that begin at drawn places, in a pseudo-random sequence for each channel.

    Arguments:
        input: floating, (N, C, H, W) or (C, H, W).
        kernel_size: of the windows; one integer, or one for each axis.
        output_size: how many windows there are along each axis.
        output_ratio: the same as a fraction of the input's size, between 0 and 1.
        return_indices: whether the places of the maxima are returned too: an int64 tensor of positions in
            the flattened (H, W).

    Returns:
        (N, C, H', W') or (C, H', W'), or a tuple of it and the indices.

    Raises:
        ValueError: without a size and a ratio.
        RuntimeError: for an input of another rank or dtype, or windows that do not fit.

    Source: Graham, "Fractional max-pooling" (2014), section 2.

    >>> import minigrad as torch
    >>> torch.nn.functional.fractional_max_pool2d(torch.rand(1, 6, 6), 2, output_ratio=0.5).shape
    torch.Size([1, 3, 3])
    """
    return _pooled(2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def fractional_max_pool3d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The maximum of windows over three axes that begin at drawn places: see `fractional_max_pool2d`.

    Arguments:
        input: floating, (N, C, D, H, W) or (C, D, H, W).
        kernel_size, output_size, output_ratio, return_indices: as `fractional_max_pool2d`.

    >>> import minigrad as torch
    >>> torch.nn.functional.fractional_max_pool3d(torch.rand(1, 6, 6, 6), 2, output_size=4).shape
    torch.Size([1, 4, 4, 4])
    """
    return _pooled(3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def _pooled(
    axes: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, return_indices: bool,
    samples: Tensor | None,
) -> Any:  # fmt: skip
    name = f"fractional_max_pool{axes}d"
    x, single = as_batch(name, input, axes)
    check_floating(name, x)
    size = sizes_for(name, "kernel_size", kernel_size, axes, 1)
    places = _places(name, x.shape[2:], output_size, output_ratio)
    for n, k, m in zip(x.shape[2:], size, places, strict=True):
        if m + k - 1 > n:
            raise RuntimeError(f"{name}: {m} windows of size {k} do not fit into an axis of size {n}")
    count = (*x.shape[:2], axes)
    if samples is None:
        drawn = as_drawn(generator_of(None).random(count), x._array.dtype)
    elif samples.shape == count:
        drawn = arrayed(samples._array)
    else:
        raise RuntimeError(
            f"{name}: _random_samples must have shape {tuple(count)}, not {tuple(samples.shape)}"
        )
    # PyTorch's samples for two axes are for columns first, those for three for the first axis first.
    order = range(axes) if axes == 3 else (1, 0)
    position: Any = np.zeros((*x.shape[:2], *(1,) * (2 * axes)), np.int64)  # (N, C, places, windows)
    for axis, (n, k, m) in enumerate(zip(x.shape[2:], size, places, strict=True)):
        rows = _starts(drawn[..., order[axis]], n, k, m)[..., None] + np.arange(k)
        shape = [*x.shape[:2], *[1] * (2 * axes)]
        shape[2 + axis], shape[2 + axes + axis] = m, k
        position = position * n + rows.reshape(shape)
    position = position.reshape(*x.shape[:2], math.prod(places), math.prod(size))
    flat = x.reshape(*x.shape[:2], math.prod(x.shape[2:]))
    picked = flat.gather(2, as_operand(position.reshape(*x.shape[:2], -1))).reshape(position.shape)
    out, chosen = picked.max(-1)
    indices = as_operand(position).gather(-1, chosen.unsqueeze(-1))
    shape = [*x.shape[:2], *places]
    out, indices = out.reshape(shape), indices.reshape(shape)
    if single:
        out, indices = out.squeeze(0), indices.squeeze(0)
    return (out, indices) if return_indices else out


def _places(name: str, sizes: Sizes, output_size: Any, output_ratio: Any) -> Sizes:
    """How many windows there are along each axis."""
    if output_size is not None:
        return sizes_for(name, "output_size", output_size, len(sizes), 1)
    if output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    given = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * len(sizes)
    if len(given) != len(sizes):
        raise ValueError(
            f"{name} requires output_ratio to be one number or {len(sizes)}, not {output_ratio!r}"
        )
    return sizes_for(
        name, "output_size", tuple(int(n * r) for n, r in zip(sizes, given, strict=True)), len(sizes), 1
    )


def _starts(sample: Any, n: int, k: int, m: int) -> Any:
    """Where each of m windows of size k begins, in an axis of n: (N, C, m). The last one ends at the end."""
    last = np.full((*sample.shape, 1), n - k, np.int64)
    if m == 1:
        return last
    step = sample.dtype.type(n - k) / sample.dtype.type(m - 1)
    shifted = (np.arange(m - 1, dtype=sample.dtype) + sample[..., None]) * step
    return np.concatenate((shifted.astype(np.int64) - (sample[..., None] * step).astype(np.int64), last), -1)
