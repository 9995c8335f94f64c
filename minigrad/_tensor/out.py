"""`out=`: the result of a function written into a tensor that is there already.

The result is computed and copied: no memory is saved, but programs that say `out=` run. As in PyTorch it goes
with no gradient.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from minigrad.engine.mode import mode

from .documentation import passing_on
from .dtype import category
from .record import Recorded, history_of

Result = TypeVar("Result")


def taking_out(function: Callable[..., Result], same_dtype: bool = False) -> Callable[..., Result]:
    """Let a function take `out=`; with `same_dtype` the result is not converted."""
    name = function.__name__

    @functools.wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        return result if out is None else written(name, result, out, same_dtype)

    return passing_on(call, function)


def written(name: str, result: Any, out: Any, same_dtype: bool = False) -> Any:
    """`out` with the values of `result`, and in its shape."""
    if not isinstance(out, Recorded):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if mode.recording and (history_of(result) is not None or history_of(out) is not None):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    mine, its = out._array.dtype, result._array.dtype
    if category(its) > category(mine) or (same_dtype and mine != its):
        raise RuntimeError(f"{name}(): result type {its} can't be cast to the desired output type {mine}")
    target: Any = out
    if out._array.shape != result._array.shape:
        if out._array.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape "
                f"{list(out._array.shape)}, which does not match the required output shape "
                f"{list(result._array.shape)}.",
                UserWarning,
                stacklevel=3,
            )
        target.resize_(result._array.shape)
    return target.copy_(result.detach())
