"""Tensors as text, the way PyTorch prints them."""

from typing import Any

import numpy as np


def _float_format(a: np.ndarray[Any, Any], edge: np.ndarray[Any, Any]) -> Any:
    """One format for all elements: integers as `1.`, else four decimals, else scientific."""
    finite = edge[np.isfinite(edge)].astype(np.float64)
    size = np.abs(finite[finite != 0])
    if size.size and not np.all(finite == np.floor(finite)):
        scientific = size.max() / size.min() > 1000.0 or size.max() > 1.0e8 or size.min() < 1.0e-4
        pattern = "{:.4e}" if scientific else "{:.4f}"
    else:
        pattern = "{:.4e}" if size.size and size.max() > 1.0e8 else "{:.0f}."
    width = max((len(_one(v, pattern)) for v in edge.ravel()), default=0)
    return lambda v: _one(v, pattern).rjust(width)


def _one(v: Any, pattern: str) -> str:
    return pattern.format(v) if np.isfinite(v) else str(float(v))


def _shown(a: np.ndarray[Any, Any], threshold: int, edgeitems: int) -> np.ndarray[Any, Any]:
    """The elements that will be printed: all of a small array, the edges of a large one."""
    if a.size <= threshold:
        return a
    for axis, n in enumerate(a.shape):
        if n > 2 * edgeitems:
            a = np.take(a, [*range(edgeitems), *range(n - edgeitems, n)], axis=axis)
    return a


def array_text(a: Any, prefix: str, threshold: int = 1000, edgeitems: int = 3, linewidth: int = 80) -> str:
    a = np.asarray(a)
    if a.size == 0:
        return "[]"
    shown = _shown(a, threshold, edgeitems)
    if a.dtype.kind == "f":
        formatter = _float_format(a, shown)
    else:
        width = max(len(str(v)) for v in shown.ravel())
        formatter = lambda v: str(v).rjust(width)  # noqa: E731 (three lines for one expression read worse)
    if a.ndim == 0:
        return str(formatter(a[()])).strip()
    return np.array2string(
        a, separator=", ", prefix=prefix, threshold=threshold, edgeitems=edgeitems,
        max_line_width=linewidth, formatter={"all": formatter},
    )  # fmt: skip


def tensor_text(a: Any, *, default: Any, requires_grad: bool, grad_fn: str, name: str = "tensor") -> str:
    body = array_text(a, f"{name}(")
    extra = []
    if a.size == 0 and a.shape != (0,):
        extra.append(f"size={tuple(a.shape)}")
    if a.dtype not in (default, np.dtype(np.int64), np.dtype(np.bool_)) or (
        a.size == 0 and a.dtype != default
    ):
        extra.append(f"dtype={a.dtype}")
    if grad_fn:
        extra.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        extra.append("requires_grad=True")
    return f"{name}({', '.join([body, *extra])})"
