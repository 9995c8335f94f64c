"""Ways to break a rule: the right rule wrapped, renamed or exchanged, with the signature that `Op` reads.

`rewrite.py` breaks the rule's source instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.ops.op import Op

Array = Any
Rule = Callable[..., Any]


def _moved(result: Array, by: int) -> Array:
    flat = np.reshape(result, (-1,))
    return np.reshape(np.roll(flat, by), result.shape)


def _transposed(result: Array) -> Array:
    if result.ndim < 2:
        return result
    return np.reshape(np.swapaxes(result, -1, -2), result.shape)


def _one_row(result: Array, shape: tuple[int, ...]) -> Array:
    """The first row where the sum over a broadcast axis belongs."""
    while result.ndim > len(shape):
        result = result[0]
    for axis, n in enumerate(shape):
        if n == 1 and result.shape[axis] > 1:
            result = result[(slice(None),) * axis + (slice(0, 1),)]
    return result


def _detached(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(map(_detached, x))
    return x.detach() if isinstance(x, Tensor) else x


def _first_only(result: Array, factor: float) -> Array:
    mask = np.ones(result.shape)
    mask[(0,) * result.ndim] = factor
    return result * mask.astype(result.dtype)


BROADCAST = "un-broadcast left out"
SAVED = "second order: saved values as constants"
# Each takes the right rule, the arriving gradient, what the rule saved, and the shape of its input.
WRAPPED: dict[str, Callable[[Rule, Array, tuple[Any, ...], tuple[int, ...]], Any]] = {
    "sign": lambda rule, g, saved, _: -rule(g, *saved),
    "scaled by 1 + 1e-4": lambda rule, g, saved, _: rule(g, *saved) * (1 + 1e-4),
    "one entry scaled by 1 + 1e-4": lambda rule, g, saved, _: (
        _first_only(d, 1 + 1e-4) if (d := rule(g, *saved)).shape.count(0) == 0 else d
    ),
    "nothing": lambda rule, g, saved, _: rule(g, *saved) * 0,
    "incoming gradient ignored": lambda rule, g, saved, _: rule(g * 0 + 1, *saved),
    "absolute value": lambda rule, g, saved, _: np.abs(rule(g, *saved)),
    "incoming gradient squared": lambda rule, g, saved, _: rule(g * g, *saved),
    "transposed": lambda rule, g, saved, _: _transposed(rule(g, *saved)),
    "one element off": lambda rule, g, saved, _: _moved(rule(g, *saved), 1),
    "flattened": lambda rule, g, saved, _: np.reshape(rule(g, *saved), (-1,)),
    BROADCAST: lambda rule, g, saved, shape: _one_row(rule(g, *saved), shape),
    "float32 inside": lambda rule, g, saved, _: _cast(_cast(rule(g, *saved), np.float32), np.float64),
    "float64 always": lambda rule, g, saved, _: _cast(rule(g, *saved), np.float64),
    SAVED: lambda rule, g, saved, _: rule(g, *map(_detached, saved)),
    "second order: sign": lambda rule, g, saved, _: (
        2 * d.detach() - d if isinstance(d := rule(g, *saved), Tensor) else d
    ),
    "second order: gradient as a constant": lambda rule, g, saved, _: rule(_detached(g), *saved),
    "second order: scaled by 1 + 1e-4": lambda rule, g, saved, _: (
        d + (d - d.detach()) * 1e-4 if isinstance(d := rule(g, *saved), Tensor) else d
    ),
    "writes into g": lambda rule, g, saved, _: rule(_written(g), *saved),
}


def _cast(x: Any, dtype: Any) -> Any:
    return x.to(dtype) if isinstance(x, Tensor) else x.astype(dtype)


def _written(g: Any) -> Any:
    if isinstance(g, np.ndarray):
        g *= 1.0
    return g


def wrapped(op: Op, name: str, rule: Rule, wrap: Callable[..., Any]) -> Rule:
    """A rule that names what the right one names, and the shape of its input, and breaks the result."""
    shape = f"{op.inputs[0] if op.variadic else name}_shape"

    def wrong(g: Any, *saved: Any) -> Any:
        *rest, own = saved
        own = own[rest[-1]] if op.variadic else own
        return wrap(rule, g, tuple(rest[:-1] if op.variadic else rest), own)

    return signed(wrong, [*op.needs[name], *(["i"] if op.variadic else []), shape])


def copied(rule: Rule) -> Rule:
    """The rule as the rule of another input: `Op` wants a function of its own for each."""
    needs = list(inspect.signature(rule).parameters)[1:]
    return signed(rule, needs)


def renamed(rule: Rule, wanted: str, given: str) -> Rule:
    """The rule with one of the values that it saves in the place of another."""
    needs = list(inspect.signature(rule).parameters)[1:]
    return signed(rule, [given if n == wanted else n for n in needs])


def exchanged(rule: Rule, a: str, b: str) -> Rule:
    """The rule with two of the values that it saves in each other's place."""
    needs = list(inspect.signature(rule).parameters)[1:]
    return signed(rule, [{a: b, b: a}.get(n, n) for n in needs])


def signed(function: Rule, needs: list[str]) -> Rule:
    """The function with the signature (g, *needs): Op reads there what a rule saves."""
    # A name may come twice (a rule that already asked for the shape): the later takes the plain name.
    parameter = inspect.Parameter
    unique = list(dict.fromkeys(needs))
    places = [unique.index(n) for n in needs]

    def rule(g: Any, *saved: Any) -> Any:
        return function(g, *[saved[p] for p in places])

    rule.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter(n, parameter.POSITIONAL_OR_KEYWORD) for n in ("g", *unique)]
    )
    return rule


def mistaken(op: Op, name: str, rule: Rule) -> Iterator[tuple[str, str, Rule]]:
    """(family, description, wrong rule) for each array that the rule for `name` could take for another."""
    arrays = [] if op.variadic else [n for n in op.inputs if n in op.rules]
    saved = op.needs[name]
    for n in saved:
        if n == "out":
            for x in arrays:
                yield "out and input mistaken", f"{x} for out", renamed(rule, "out", x)
        elif n in arrays:
            yield "out and input mistaken", f"out for {n}", renamed(rule, n, "out")
            for x in arrays:
                if x != n:
                    yield "inputs exchanged", f"{x} for {n}", renamed(rule, n, x)
                if x in saved and arrays.index(x) > arrays.index(n):
                    yield "inputs exchanged", f"{n} and {x}", exchanged(rule, n, x)
