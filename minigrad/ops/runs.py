"""Convolutions with a stride of 1: windows as long runs of memory.

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


def convolve_runs(framed: Array, weight: Array, dilation: Sizes, groups: int, out: Array) -> None:
    """Into (N, O, *places), each group of channels with its own O / groups filters."""
    (n, _, *lengths), size, places = framed.shape, weight.shape[2:], out.shape[2:]
    seen = _runs(framed, size, dilation, places)
    rows: Array = np.empty((n, groups, len(weight) // groups, places[0], *lengths[1:]), out.dtype)
    run = rows.reshape(*rows.shape[:3], -1)[..., : seen.shape[-1]]
    np.matmul(weight.reshape(groups, rows.shape[2], -1), seen.reshape(n, groups, -1, seen.shape[-1]), out=run)
    out.reshape(*rows.shape[:3], *places)[...] = rows[(..., *[slice(m) for m in places])]


def weights_of_runs(framed: Array, g: Array, size: Sizes, dilation: Sizes, groups: int) -> Array:
    """(groups, O / groups, C / groups * prod(size)), the sum of g times the windows."""
    (n, _, *lengths), places = framed.shape, g.shape[2:]
    seen = _runs(framed, size, dilation, places)
    rows: Array = np.zeros((n, groups, g.shape[1] // groups, places[0], *lengths[1:]), g.dtype)
    rows[(..., *[slice(m) for m in places])] = g.reshape(*rows.shape[:3], *places)
    run = rows.reshape(*rows.shape[:3], -1)[..., : seen.shape[-1]]
    return np.matmul(run, np.swapaxes(seen.reshape(n, groups, -1, seen.shape[-1]), 2, 3)).sum(0)
