"""Tensors as text, to the letter as PyTorch prints them (but dtypes by NumPy's names)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

THRESHOLD, EDGE, LINE = 1000, 3, 80  # of more elements only the edges are shown; characters in a line


def _float_format(shown: np.ndarray[Any, Any]) -> tuple[Callable[[float], str], int]:
    """One format for all elements, and its width: integers as `1.`, else four decimals, else scientific."""
    finite = shown[np.isfinite(shown) & (shown != 0)].astype(np.float64)
    if not finite.size:
        return _whole, 1
    # Python's floats: their overflow is inf, whatever NumPy was told to do about it.
    largest, smallest = float(np.abs(finite).max()), float(np.abs(finite).min())
    whole = bool(np.all(finite == np.ceil(finite)))
    scientific = largest / smallest > 1000 or largest > 1e8 or (smallest < 1e-4 and not whole)
    form: Callable[[float], str] = "{:.4e}".format if scientific else _whole if whole else "{:.4f}".format
    return form, max(len(form(v)) for v in finite)


def _whole(v: float) -> str:
    return f"{v:.0f}." if math.isfinite(v) else f"{v:.0f}"


def _edges(a: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The first and last elements of each long axis: those of a large array that are printed."""
    for axis, n in enumerate(a.shape):
        if n > 2 * EDGE:
            a = np.take(a, [*range(EDGE), *range(n - EDGE, n)], axis=axis)
    return a


def _rows(a: np.ndarray[Any, Any], indent: int, form: Callable[[Any], str], width: int, cut: bool) -> str:
    if a.ndim == 0:
        return form(a.item()).rjust(width)
    cut_here = cut and len(a) > 2 * EDGE
    parts = [*a[:EDGE], *a[-EDGE:]] if cut_here else list(a)
    if a.ndim > 1:
        texts = [_rows(part, indent + 1, form, width, cut) for part in parts]
        texts[EDGE:EDGE] = ["..."] if cut_here else []
        return "[" + ("," + "\n" * (a.ndim - 1) + " " * (indent + 1)).join(texts) + "]"
    texts = [form(v.item()).rjust(width) for v in parts]
    texts[EDGE:EDGE] = [" ..."] if cut_here else []
    per_line = max(1, (LINE - indent) // (width + 2))
    lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def array_text(a: Any, prefix: str) -> str:
    """The elements of an array; lines after the first are indented by the length of `prefix`."""
    a = np.asarray(a)
    if a.size == 0:
        return "[]"
    cut = a.size > THRESHOLD
    shown = _edges(a) if cut else a
    if a.dtype.kind == "f":
        form, width = _float_format(shown)
    else:
        form, width = str, max(len(str(v)) for v in shown.ravel())
    return _rows(a, len(prefix), form, width, cut)


def tensor_text(a: Any, *, default: Any, requires_grad: bool, grad_fn: str, name: str = "tensor") -> str:
    text = f"{name}(" + array_text(a, f"{name}(")
    extra = []
    if a.size == 0 and a.ndim != 1:
        extra.append(f"size={tuple(a.shape)}")
    if a.dtype != default and (a.size == 0 or a.dtype not in (np.int64, np.bool_)):
        extra.append(f"dtype={a.dtype}")
    if grad_fn:
        extra.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        extra.append("requires_grad=True")
    length = len(text) - text.rfind("\n") + 1
    for part in extra:
        fits = length + len(part) + 2 <= LINE
        text += (", " if fits else ",\n" + " " * (len(name) + 1)) + part
        length = (length + 2 if fits else len(name) + 1) + len(part)
    return text + ")"
