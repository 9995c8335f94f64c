"""Numbers as short text, and arrays as text where they are small or as a strip of colours where not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

MINUS = "\N{MINUS SIGN}"


def number(value: Any, digits: int = 4) -> str:
    """So many significant digits, no trailing zeros, a sign that can be seen.

    >>> number(2.0), number(-1 / 3), number(1e-9), number(True)
    ('2', '−0.3333', '1e−9', 'True')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    text = ""
    if isinstance(value, (int, np.integer)):
        return str(int(value)).replace("-", MINUS)
    value = float(value)
    text = f"{value:.{digits}g}" if value else "0"
    if "e" in text:
        head, exponent = text.split("e")
        text = f"{head}e{int(exponent)}"
    return text.replace("-", MINUS)


def raw(value: Any) -> Any:
    """The array of a tensor; numbers and arrays as they are; None for what holds no numbers."""
    value = getattr(value, "_array", value)
    return value if isinstance(value, (int, float, np.generic, np.ndarray)) else None


def array(value: Any, limit: int = 6, digits: int = 4) -> str:
    """All elements where there are at most `limit`, else the least and the greatest.

    Of many whole numbers or truth values the first: they may be labels, which are no magnitudes.

    >>> array(np.array([[1.0, 2.0], [3.0, 4.5]]))
    '[[1, 2], [3, 4.5]]'
    >>> array(np.arange(100.0))
    'min 0, max 99'
    >>> array(np.array([1.0, np.nan, 3.0]), limit=2)
    'min 1, max 3, 1 nan'
    >>> array(np.array([7, 0, 3, 3, 9, 1, 2]))
    '7, 0, 3, 3, …'
    """
    value = np.asarray(value)
    if not value.size:
        return "empty"
    if value.size <= limit:
        return _nested(value, digits)
    return _span(value, digits)


def _nested(value: Any, digits: int) -> str:
    if not value.ndim:
        return number(value[()], digits)
    return f"[{', '.join(_nested(part, digits) for part in value)}]"


def described(value: Any, limit: int = 6) -> str:
    """An array in words: its elements, or its shape and range.

    >>> described(np.zeros((20, 30))), described(np.arange(8.0))
    ('(20, 30), all 0', '(8,), min 0, max 7')
    """
    value = np.asarray(value)
    return array(value, limit) if value.size <= limit else f"{tuple(value.shape)}, {_span(value)}"


def brief(value: Any, longest: int = 19) -> str:
    """An array in a few characters: all elements, or the range, or how large the largest is at most.

    >>> brief(np.array([1.0, -2.5])), brief(np.array([0.12345, -0.6789, 0.3, 1, 2]))
    ('[1, −2.5]', 'min −0.6789, max 2')
    >>> brief(np.linspace(-1.23e-5, 3.21e-9, 20))
    'within ±1.2e−5'
    """
    value = np.asarray(value)
    text = ""
    for limit, digits in ((4, 4), (4, 3), (4, 2), (0, 3), (0, 2)):
        text = array(value, limit if value.ndim else 1, digits)
        if len(text) <= longest:
            return text
    finite = value[np.isfinite(value)]
    if value.dtype.kind != "f" or finite.size < value.size:
        return text
    return f"within ±{number(np.abs(finite).max(), 2)}"


def _span(value: Any, digits: int = 4) -> str:
    """The least and the greatest that are finite, and how many are not; of whole numbers the first."""
    if value.dtype.kind in "iub":
        first = number(value.flat[0])
        if (value == value.flat[0]).all():
            return f"all {first}"
        return ", ".join([*map(number, value.ravel()[:4]), "\N{HORIZONTAL ELLIPSIS}"])
    finite = value[np.isfinite(value)]
    if not finite.size:
        kinds = sorted({number(x) for x in np.unique(value)})
        return f"all {' or '.join(kinds)}"
    low, high = number(finite.min(), digits), number(finite.max(), digits)
    if finite.size == value.size:
        return f"all {low}" if finite.min() == finite.max() else f"min {low}, max {high}"
    nan = int(np.isnan(value).sum())
    infinite = value.size - finite.size - nan
    odd = [f"{n:,} {what}" for n, what in ((nan, "nan"), (infinite, "inf")) if n]
    return ", ".join([f"min {low}, max {high}", *odd])


def summed(parts: Sequence[Any]) -> str:
    """Numbers or small arrays with signs between them.

    >>> summed([1.0, -5.96, 7.382]), summed([np.array([1.0, -2.0]), np.array([3.0, 4.0])])
    ('1 − 5.96 + 7.382', '[1, −2] + [3, 4]')
    """
    text = ""
    for part in parts:
        term = array(np.asarray(part), np.size(part))
        if not text:
            text = term
        else:
            text += f" {MINUS} {term[1:]}" if term.startswith(MINUS) else f" + {term}"
    return text


def strip(value: Any, cells: int = 16) -> list[float]:
    """At most `cells` numbers between -1 and 1: the elements, or the means of runs of them.

    Each is a part of the largest of them by magnitude. A value that is not finite counts as 0. Whole
    numbers and truth values have none: they may be labels, which are no magnitudes.

    >>> strip(np.array([2.0, -1.0, 0.0])), strip(np.array([0, 2]))
    ([1.0, -0.5, 0.0], [])
    """
    if np.asarray(value).dtype.kind != "f":
        return []
    flat = np.asarray(value, np.float64).ravel()
    flat = np.where(np.isfinite(flat), flat, 0.0)
    if flat.size > cells:
        flat = np.array([part.mean() for part in np.array_split(flat, cells)])
    top = float(np.abs(flat).max(initial=0.0))
    return [float(round(v / top, 3)) if top else 0.0 for v in flat]
