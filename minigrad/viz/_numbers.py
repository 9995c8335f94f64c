"""Numbers as short text, and arrays as text where they are small or as a strip of colours where not."""

from __future__ import annotations

import math
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
    """All elements where there are at most `limit`, else the lowest and the highest.

    >>> array(np.array([[1.0, 2.0], [3.0, 4.5]]))
    '[[1, 2], [3, 4.5]]'
    >>> array(np.arange(100))
    '0 to 99'
    >>> array(np.array([1.0, np.nan, 3.0]), limit=2)
    '1 to 3, 1 nan'
    """
    value = np.asarray(value)
    if not value.size:
        return "empty"
    if value.size <= limit:
        return _nested(value)
    return _span(value, " to ", digits)


def _nested(value: Any) -> str:
    if not value.ndim:
        return number(value[()])
    return f"[{', '.join(map(_nested, value))}]"


def described(value: Any, limit: int = 6) -> str:
    """An array in words: its elements, or its shape and range.

    >>> described(np.zeros((20, 30)))
    '(20, 30), all 0'
    """
    value = np.asarray(value)
    if value.size <= limit:
        return array(value, limit)
    span = _span(value, " to ")
    return f"{tuple(value.shape)}, {span if span.startswith('all ') else f'from {span}'}"


def _span(value: Any, between: str, digits: int = 4) -> str:
    """The lowest and the highest that are finite, and how many are not."""
    finite = value[np.isfinite(value)]
    if not finite.size:
        kinds = sorted({number(x) for x in np.unique(value)})
        return f"all {' or '.join(kinds)}"
    low, high = number(finite.min(), digits), number(finite.max(), digits)
    if finite.size == value.size:
        return f"all {low}" if low == high else f"{low}{between}{high}"
    nan = int(np.isnan(value).sum())
    infinite = value.size - finite.size - nan
    odd = [f"{n:,} {what}" for n, what in ((nan, "nan"), (infinite, "inf")) if n]
    return ", ".join([f"{low}{between}{high}", *odd])


def strip(value: Any, cells: int = 16) -> list[float]:
    """At most `cells` numbers between -1 and 1: the elements, or the means of runs of them.

    Each is a part of the largest of them by magnitude. A value that is not finite counts as 0.

    >>> strip(np.array([2.0, -1.0, 0.0]))
    [1.0, -0.5, 0.0]
    """
    flat = np.asarray(value, np.float64).ravel()
    flat = np.where(np.isfinite(flat), flat, 0.0)
    if flat.size > cells:
        flat = np.array([part.mean() for part in np.array_split(flat, cells)])
    top = float(np.abs(flat).max(initial=0.0))
    return [float(round(v / top, 3)) if top else 0.0 for v in flat]


def colour(part: float, theme: str) -> str:
    """Blue for -1, orange for 1, the paper's colour for 0: told apart by every kind of colour vision."""
    paper = (228, 231, 235) if theme == "light" else (52, 58, 66)
    end = (33, 102, 172) if part < 0 else (217, 95, 2)
    share = math.sqrt(min(abs(part), 1.0))
    return "#" + "".join(f"{round(p + (e - p) * share):02x}" for p, e in zip(paper, end, strict=True))
