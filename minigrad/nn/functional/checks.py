"""Checks of arguments that several functions share."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor


def check_tensor(name: str, argument: str, x: Any) -> None:
    """Raise TypeError if an argument of the function `name` is no tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}(): argument {argument!r} must be a Tensor, not {type(x).__name__}")
