"""Borders that repeat the tensor itself: reflected, its edge, or its other end."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.convert import as_operand
from minigrad._tensor.tensor import Tensor

MODES = ("reflect", "replicate", "circular")


def pad_from_within(input: Tensor, widths: tuple[int, ...], mode: str) -> Tensor:
    """`pad` in one of the modes "reflect", "replicate" and "circular".

    Raises:
        NotImplementedError: for another number of axes than PyTorch pads.
        RuntimeError: for more padding than there are elements to repeat.
    """
    axes = len(widths) // 2
    if not 1 <= axes <= 3 or input.ndim not in (axes + 1, axes + 2):
        raise NotImplementedError(
            f"pad: padding size {len(widths)} is not supported for {input.ndim}D input tensor; mode {mode!r} "
            "pads the last axis of (C, L) or (N, C, L) by 2 numbers, the last two of (C, H, W) or "
            "(N, C, H, W) by 4, the last three of (C, D, H, W) or (N, C, D, H, W) by 6"
        )
    most = {"reflect": -1, "circular": 0}
    for k in range(axes):
        before, after = widths[2 * k : 2 * k + 2]
        n = input.shape[-1 - k]
        if mode in most and max(before, after) > n + most[mode]:
            allowed = "less than" if mode == "reflect" else "at most"
            raise RuntimeError(
                f"pad: padding size in mode {mode!r} should be {allowed} the corresponding input dimension, "
                f"but got: padding ({before}, {after}) at dimension {input.ndim - 1 - k} of input "
                f"{list(input.shape)}"
            )
    out = input
    for k in range(axes):
        before, after = widths[2 * k : 2 * k + 2]
        if before or after:
            n = input.shape[-1 - k]
            out = out.index_select(out.ndim - 1 - k, as_operand(_sources(mode, n, before, after)))
    return out


def _sources(mode: str, n: int, before: int, after: int) -> Any:
    """From where each element along an axis of length n comes."""
    if mode == "circular":  # the other end of what a negative width leaves
        start, length = max(-before, 0), n - max(-before, 0) - max(-after, 0)
        return np.arange(-max(before, 0), length + max(after, 0)) % length + start
    places = np.arange(-before, n + after)
    if mode == "replicate":
        return np.clip(places, 0, n - 1)
    return n - 1 - np.abs(n - 1 - np.abs(places))
