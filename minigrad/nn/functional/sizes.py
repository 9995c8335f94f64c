"""Sizes, strides and paddings as PyTorch lets them be written: one integer for all axes, or one for each."""

from __future__ import annotations

import operator
from typing import Any

from minigrad._tensor.tensor import Tensor

from .checks import check_tensor

Sizes = tuple[int, ...]


def sizes_for(name: str, argument: str, value: Any, axes: int, least: int = 0) -> Sizes:
    """An integer for each of `axes` axes, none below `least`.

    Raises:
        TypeError: for what is no integer.
        RuntimeError: for another number of them, or one below `least`.
    """
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    try:
        if any(isinstance(n, bool) for n in given):
            raise TypeError
        given = tuple(map(operator.index, given))
    except TypeError:
        raise TypeError(f"{name}: {argument} must be an integer or a tuple of them, not {value!r}") from None
    given = given * axes if len(given) == 1 else given
    if len(given) != axes:
        raise RuntimeError(f"{name}: {argument} must be one integer or {axes} of them, not {value!r}")
    if min(given) < least:
        kind = "negative" if least == 0 else "non-positive"
        raise RuntimeError(f"{name}: {kind} {argument} is not supported, and it is {value!r}")
    return given


def as_batch(name: str, input: Any, axes: int) -> tuple[Tensor, bool]:
    """The input as (N, C, and `axes` more axes), and whether it had no N."""
    check_tensor(name, "input", input)
    if input.ndim not in (axes + 1, axes + 2):
        raise RuntimeError(
            f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to {name}, but got input of "
            f"size: {list(input.shape)}"
        )
    single = input.ndim == axes + 1
    return (input.unsqueeze(0) if single else input), single


def check_floating(name: str, input: Tensor) -> None:
    """Raise RuntimeError for a tensor that is not floating."""
    if input.dtype.kind != "f":
        raise RuntimeError(f"{name}: expected a floating tensor, but got {input.dtype}; use .float()")
