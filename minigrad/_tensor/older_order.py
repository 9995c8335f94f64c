"""Calls of programs from before PyTorch 1.5, where a factor stands in front of the operand it belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np

from .convert import warn_user
from .record import Recorded


def factor_first(name: str, key: str, given: tuple[Any, ...], named: Any) -> tuple[Any, ...]:
    """The operands and the factor of name(input, factor, *operands); `given` is all after the input.

    Raises:
        TypeError: for any other order, and where the factor, whose default is 1, is named too.
    """
    factor, *operands = given
    if named != 1 or not _are([factor], [False]) or not _are(operands, [True] * len(operands)):
        raise TypeError(f"{name}() takes {key} by its name, after the tensors")
    _warn(name, f"the tensors, {key}=...")
    return (*operands, factor)


def factors_first(name: str, given: tuple[Any, ...], beta: Any, alpha: Any) -> tuple[Any, Any, Any, Any, Any]:
    """The operands, beta and alpha of name([beta,] input, [beta,] [alpha,] a, b), with one beta.

    Raises:
        TypeError: as above.
    """
    orders = [[False, True, True, True], [True, False, True, True]]
    orders += [[False, True, False, True, True], [True, False, False, True, True]]
    if (beta, alpha) != (1, 1) or not any(_are(given, order) for order in orders):
        raise TypeError(f"{name}() takes beta and alpha by their names, after the tensors")
    _warn(name, "the tensors, beta=..., alpha=...")
    factors = [x for x in given if not isinstance(x, Recorded)]
    input, a, b = (x for x in given if isinstance(x, Recorded))
    return input, a, b, factors[0], factors[1] if len(factors) > 1 else 1


def _are(values: Any, tensors: list[bool]) -> bool:
    """True if these are tensors where that is said, and numbers elsewhere."""
    return len(values) == len(tensors) and all(
        isinstance(x, Recorded) if tensor else isinstance(x, int | float | np.number)
        for x, tensor in zip(values, tensors, strict=True)
    )


def _warn(name: str, now: str) -> None:
    warn_user(f"{name} with its factor in front is deprecated; write {name}({now})")
