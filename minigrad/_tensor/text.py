"""Tensors as text, to the letter as PyTorch prints them ."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops.arrays import read


class _Options:
    """How tensors print: decimals, from how many elements on only edges are shown, characters in a line."""

    precision, threshold, edgeitems, linewidth = 4, 1000.0, 3, 80
    sci_mode: bool | None = None  # None: where the numbers ask for it


_options = _Options()
_PROFILES = {"default": (4, 1000, 3, 80), "short": (2, 1000, 2, 80), "full": (4, math.inf, 3, 80)}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Say how tensors print. An option that is None stays as it is, but `sci_mode` is chosen anew.

    Arguments:
        precision: decimals (4).
        threshold: only edges are shown of more elements than this (1000).
        edgeitems: how many stand at each edge (3).
        linewidth: characters in a line (80).
        profile: "default", "short" or "full", from which the other arguments differ.
        sci_mode: whether numbers have exponents; None lets the numbers decide.

    Raises:
        ValueError: for another profile.

    >>> import minigrad as torch
    >>> torch.set_printoptions(precision=2)
    >>> torch.tensor(1 / 3)
    tensor(0.33)
    >>> torch.set_printoptions(profile="default")
    """
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"set_printoptions: profile must be one of {', '.join(_PROFILES)}, not {profile!r}")
    given = (precision, threshold, edgeitems, linewidth)
    kept = (_options.precision, _options.threshold, _options.edgeitems, _options.linewidth)
    based = kept if profile is None else _PROFILES[profile]
    chosen: Any = [b if g is None else g for g, b in zip(given, based, strict=True)]
    _options.precision, _options.threshold, _options.edgeitems, _options.linewidth = chosen
    _options.sci_mode = sci_mode


def _float_format(shown: np.ndarray[Any, Any]) -> tuple[Callable[[float], str], int]:
    """One format for all elements, and its width: integers as `1.`, else four decimals, else scientific."""
    finite = shown[np.isfinite(shown) & (shown != 0)].astype(np.float64)
    if not finite.size:
        return _whole, 1
    # Python's floats: they overflow to inf, under any setting of NumPy's.
    largest, smallest = float(np.abs(finite).max()), float(np.abs(finite).min())
    whole = bool(np.all(finite == np.ceil(finite)))
    scientific = largest / smallest > 1000 or largest > 1e8 or (smallest < 1e-4 and not whole)
    scientific = scientific if _options.sci_mode is None else _options.sci_mode
    digits = _options.precision
    form: Callable[[float], str] = (
        f"{{:.{digits}e}}".format if scientific else _whole if whole else f"{{:.{digits}f}}".format
    )
    return form, max(len(form(v)) for v in finite)


def _whole(v: float) -> str:
    return f"{v:.0f}." if math.isfinite(v) else f"{v:.0f}"


def _edges(a: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The first and last elements of each long axis: those of a large array that are printed."""
    edge = _options.edgeitems
    for axis, n in enumerate(a.shape):
        if n > 2 * edge:
            a = np.take(a, [*range(edge), *range(n - edge, n)], axis=axis)
    return a


def _rows(a: np.ndarray[Any, Any], indent: int, form: Callable[[Any], str], width: int, cut: bool) -> str:
    if a.ndim == 0:
        return form(a.item()).rjust(width)
    edge = _options.edgeitems
    cut_here = cut and len(a) > 2 * edge
    parts = [*a[:edge], *a[-edge:]] if cut_here else list(a)
    if a.ndim > 1:
        texts = [_rows(part, indent + 1, form, width, cut) for part in parts]
        texts[edge:edge] = ["..."] if cut_here else []
        return "[" + ("," + "\n" * (a.ndim - 1) + " " * (indent + 1)).join(texts) + "]"
    texts = [form(v.item()).rjust(width) for v in parts]
    texts[edge:edge] = [" ..."] if cut_here else []
    per_line = max(1, (_options.linewidth - indent) // (width + 2))
    lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def array_text(a: Any, prefix: str) -> str:
    """The elements of an array; lines after the first are indented by the length of `prefix`."""
    a = np.asarray(a)
    if a.size == 0:
        return "[]"
    cut = a.size > _options.threshold
    shown = _edges(a) if cut else a
    if a.dtype.kind == "f":
        form, width = _float_format(shown)
    else:
        form, width = str, max(len(str(v)) for v in shown.ravel())
    return _rows(a, len(prefix), form, width, cut)


def tensor_text(a: Any, *, default: Any, requires_grad: bool, grad_fn: str, name: str = "tensor") -> str:
    a = read(a)
    text = f"{name}(" + (array_text(a, f"{name}(") if type(a) is np.ndarray else repr(a))
    extra = []
    if a.size == 0 and a.ndim != 1:
        extra.append(f"size={tuple(a.shape)}")
    if a.dtype != default and (a.size == 0 or a.dtype not in (np.int64, np.bool_)):
        extra.append(f"dtype=torch.{a.dtype}")
    if grad_fn:
        extra.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        extra.append("requires_grad=True")
    length = len(text) - text.rfind("\n") + 1
    for part in extra:
        fits = length + len(part) + 2 <= _options.linewidth
        text += (", " if fits else ",\n" + " " * (len(name) + 1)) + part
        length = (length + 2 if fits else len(name) + 1) + len(part)
    return text + ")"
