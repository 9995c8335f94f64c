"""Results that hang on inputs by no derivative: of some a backward says so, of others the gradient is 0."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .op import REAL, Op


def _given(out: Any, input: Any, *, name: str) -> Any:
    return out


def _refuse(g: Any, name: str) -> NoReturn:
    raise NotImplementedError(
        f"derivative for {name} is not implemented, as in PyTorch, and a gradient reached it; give it the "
        "input detached, x.detach(), where none should flow"
    )


refusing: Op = Op(
    "without_derivative", _given,
    out=lambda g: g,
    input=_refuse,
    formula="none",
    domain=REAL,
    register=False,
)  # fmt: skip
flat: Op = Op(
    "flat", _given,
    out=lambda g: g,
    input=lambda g, name: np.zeros_like(g),  # noqa: ARG005 (the name is saved: the node tells it)
    formula="0",
    domain=REAL,
    register=False,
)  # fmt: skip


def refuses(name: str, out: Any, *inputs: Any) -> Any:
    """`out`, from which a backward that reaches one of the inputs raises.

    Of inputs that need no gradient nothing is noted.
    """
    for x in inputs:
        if getattr(x, "requires_grad", False):
            out = refusing(out, x, name=name)
    return out


def without_derivative(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a backward that reaches the tensors among a function's arguments raise; its result is constant."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        given = [x for x in (*args, *kwargs.values()) if getattr(x, "requires_grad", False)]
        if not given:
            return result
        if not isinstance(result, tuple):
            return refuses(function.__name__, result, *given)
        parts = [refuses(function.__name__, x, *given) if x.is_floating_point() else x for x in result]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)

    return call


def level(name: str, out: Any, *inputs: Any) -> Any:
    """`out`, a constant such as draws, from which the gradient 0 flows to the inputs: its parameters."""
    for x in inputs:
        if getattr(x, "requires_grad", False):
            out = flat(out, x, name=name)
    return out
