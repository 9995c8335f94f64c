"""Convolutions of single channels with a stride of 1: windows as long runs of memory.

In an array that is padded already, all elements at one place of the windows are one run, from the first
window to the last; some of it lies between rows, and is cut away afterwards.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from .kernels import Array

Sizes = tuple[int, ...]


def _steps(lengths: Sizes) -> Sizes:
    """How far apart in memory neighbours lie, by axis."""
    return tuple([math.prod(lengths[i + 1 :]) for i in range(len(lengths))])


def _runs(framed: Array, size: Sizes, dilation: Sizes, places: Sizes) -> Array:
    """(N, C, prod(size), run): for each place of a window the run of its elements."""
    steps = _steps(framed.shape[2:])
    run = sum([(m - 1) * step for m, step in zip(places, steps, strict=True)]) + 1
    flat = framed.reshape(*framed.shape[:2], -1)
    out: Array = np.empty((*framed.shape[:2], math.prod(size), run), framed.dtype)
    for i, offset in enumerate(itertools.product(*map(range, size))):
        start = sum([k * d * step for k, d, step in zip(offset, dilation, steps, strict=True)])
        out[:, :, i] = flat[..., start : start + run]
    return out


def convolve_channels(framed: Array, weight: Array, dilation: Sizes, out: Array) -> None:
    """Into (N, O, *places), each channel with its own O / C filters."""
    (n, channels, *lengths), size, places = framed.shape, weight.shape[2:], out.shape[2:]
    seen = _runs(framed, size, dilation, places)
    rows: Array = np.empty((n, channels, len(weight) // channels, places[0], *lengths[1:]), out.dtype)
    run = rows.reshape(*rows.shape[:3], -1)[..., : seen.shape[-1]]
    np.matmul(weight.reshape(channels, -1, math.prod(size)), seen, out=run)
    out.reshape(*rows.shape[:3], *places)[...] = rows[(..., *[slice(m) for m in places])]


def channel_weights(framed: Array, g: Array, size: Sizes, dilation: Sizes) -> Array:
    """(O, 1, *size), the sum of g times the windows."""
    (n, channels, *lengths), places = framed.shape, g.shape[2:]
    seen = _runs(framed, size, dilation, places)
    rows: Array = np.zeros((n, channels, g.shape[1] // channels, places[0], *lengths[1:]), g.dtype)
    rows[(..., *[slice(m) for m in places])] = g.reshape(*rows.shape[:3], *places)
    run = rows.reshape(*rows.shape[:3], -1)[..., : seen.shape[-1]]
    return np.matmul(run, np.swapaxes(seen, 2, 3)).sum(0).reshape(g.shape[1], 1, *size)
