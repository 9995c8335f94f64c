"""The form of an answer that a judge asks for: a number or an array, and whether it is what nudging says."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad import Tensor

STEP = 1e-5


class MisfitError(Exception):
    """An answer of the wrong kind; the message is a sentence for the learner."""


def number(value: Any, name: str) -> float:
    """A float, of a number or an array or a tensor with one element.

    >>> number(np.array([2.0]), "slope")
    2.0
    """
    made = array(value, name)
    if made.size != 1:
        raise MisfitError(f"{name} returned {made.size} numbers, {short(made)}; it should return one.")
    return float(made.reshape(()))


def array(value: Any, name: str, shape: tuple[int, ...] | None = None) -> Any:
    """A float64 array; of `shape`, if it is given.

    >>> array([1, 2], "rule", (2,))
    array([1., 2.])
    """
    wanted = "a number" if shape is None or shape == () else "an array"
    _require_written(value, name)
    if isinstance(value, Tensor):
        value = value.detach().numpy()
    if callable(value):
        raise MisfitError(f"{name} returned a function; it should return {wanted}. Are parentheses missing?")
    if isinstance(value, (str, bytes)):
        raise MisfitError(f"{name} returned text, {short(value)}; it should return {wanted}.")
    try:
        made = np.asarray(value)
        if made.dtype.kind not in "biuf":
            raise TypeError
        made = made.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        raise MisfitError(
            f"{name} returned {_a(value)}, {short(value)}; it should return {wanted}."
        ) from None
    if shape is not None and made.shape != shape:
        raise MisfitError(f"{name} returned the shape {made.shape}; it should be {shape}.")
    return made


def several(value: Any, name: str, count: int) -> tuple[Any, ...]:
    """So many results.

    >>> several((1, 2), "rule", 2)
    (1, 2)
    """
    _require_written(value, name)
    if not isinstance(value, (tuple, list)) or len(value) != count:
        one = f"{len(value)} values" if isinstance(value, (tuple, list)) else _a(value)
        raise MisfitError(f"{name} returned {one}; it should return {count} values, as in `return a, b`.")
    return tuple(value)


def close(a: Any, b: Any, tolerance: float = 1e-6) -> bool:
    """True if two arrays are equal but for rounding.

    >>> close(0.1 + 0.2, 0.3)
    True
    """
    a, b = np.asarray(a), np.asarray(b)
    return bool(a.shape == b.shape and np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=False))


def nudge(loss: Callable[[Any], Any], x: Any) -> Any:
    """How fast `loss` changes with each entry of `x`: each is moved a little up and a little down.

    >>> nudge(lambda x: float(x[0] * x[1]), np.array([2.0, 3.0])).round(6)
    array([3., 2.])
    """
    x = np.asarray(x, np.float64)
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += STEP
        down[place] -= STEP
        slopes[place] = (float(loss(up)) - float(loss(down))) / (2 * STEP)
    return slopes.round(9) + 0.0


def _require_written(value: Any, name: str) -> None:
    if value is None:
        raise MisfitError(f"{name} returned None. Is a `return` missing?")
    if value is ...:
        raise MisfitError(f"{name} still returns the `...` of the starter. Put your own in its place.")


def the_only(candidates: Mapping[str, Any], yours: Any) -> str:
    """The key of the candidate that `yours` equals; empty where none or several do.

    >>> the_only({"sum": 4.0, "product": 4.0, "mean": 2.0}, 2.0)
    'mean'
    """
    keys = [key for key, candidate in candidates.items() if close(candidate, yours)]
    return keys[0] if len(keys) == 1 else ""


def _a(value: Any) -> str:
    kind = type(value).__name__
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def short(value: Any) -> str:
    """A value on one short line, however large it is.

    >>> short(0.1 + 0.2), short(np.array([1.0, 2.5])), short(np.ones((40, 40)))
    ('0.3', '[1, 2.5]', 'numbers of shape (40, 40)')
    """
    if isinstance(value, Tensor):
        value = value.detach().numpy()
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.4g}".replace("-0", "0") if value == 0 else f"{float(value):.4g}"
    if isinstance(value, np.ndarray):
        if value.size > 12:
            return f"numbers of shape {value.shape}"
        value = value.tolist()
        return short(value)
    if isinstance(value, (list, tuple)) and len(value) <= 12:
        inner = ", ".join(map(short, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    if isinstance(value, dict) and len(value) <= 12:
        return ", ".join(f"{name} = {short(item)}" for name, item in value.items())
    try:
        text = reprlib.repr(value) if isinstance(value, (list, tuple, dict)) else str(value)
    except Exception:
        return f"an object of the class {type(value).__name__}"
    return text if len(text) <= 90 else text[:87] + "..."
