"""Dtypes and their promotion: PyTorch's names and PyTorch's rules over NumPy's dtypes.

Two rules differ from NumPy's. A float of any width beats every integer: float32 with int64 stays float32.
And operands fall into three classes: arrays with dimensions, then 0-d arrays, then Python numbers. A later
class changes the dtype only if its *category* (bool < integer < float) is higher.
"""

from __future__ import annotations

from typing import Any

import numpy as np

float16 = np.dtype(np.float16)
float32 = np.dtype(np.float32)
float64 = np.dtype(np.float64)
int8 = np.dtype(np.int8)
int16 = np.dtype(np.int16)
int32 = np.dtype(np.int32)
int64 = np.dtype(np.int64)
uint8 = np.dtype(np.uint8)
bool_ = np.dtype(np.bool_)

double, float_, half, long, int_, short = float64, float32, float16, int64, int32, int16

SUPPORTED = (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)
_BY_NAME = {str(d): d for d in SUPPORTED}
_KNOWN = {d: d for d in SUPPORTED}
_CATEGORY = {"b": 0, "i": 1, "u": 1, "f": 2}

_default = float32


def get_default_dtype() -> np.dtype[Any]:
    """The dtype of tensors made from Python floats, and of integers that an op turns into floats."""
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Make `dtype` (a floating dtype) the one of tensors made from Python floats.

    Raises:
        TypeError: for a dtype that is not floating.

    >>> import minigrad as torch
    >>> torch.set_default_dtype(torch.float64)
    >>> torch.tensor(1.0).dtype
    torch.float64
    >>> torch.set_default_dtype(torch.float32)
    """
    global _default  # noqa: PLW0603 (one setting of the process, as in PyTorch)
    dtype = as_dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(f"the default dtype must be floating (float32, float64), not {dtype}")
    _default = dtype


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """One of the supported dtypes from a dtype, a NumPy scalar type, a name, or Python's float, int, bool."""
    try:
        known = _KNOWN.get(dtype)  # to ask NumPy for a dtype's name takes 1.5 µs
        return _BY_NAME[str(np.dtype(dtype))] if known is None else known
    except (KeyError, TypeError):
        names = ", ".join(_BY_NAME)
        raise TypeError(f"minigrad has no dtype {dtype!r}; it has {names}") from None


def category(dtype: np.dtype[Any]) -> int:
    """0 for booleans, 1 for integers, 2 for floats: an op's result never falls to a lower one."""
    return _CATEGORY[dtype.kind]


def promote_types(a: Any, b: Any) -> np.dtype[Any]:
    """The dtype that holds both, PyTorch's way: float32 with int64 is float32."""
    a, b = np.dtype(a), np.dtype(b)
    if (a.kind == "f") != (b.kind == "f"):
        return a if a.kind == "f" else b
    return np.promote_types(a, b)


def result_type(operands: Any) -> np.dtype[Any]:
    """The dtype in which an op on these raw arrays and Python numbers is computed."""
    classes: list[np.dtype[Any] | None] = [None, None, None]  # with dimensions, 0-d, Python numbers
    for x in operands:
        dtype: np.dtype[Any]
        if isinstance(x, bool):
            rank, dtype = 2, bool_
        elif isinstance(x, int):
            rank, dtype = 2, int64
        elif isinstance(x, float):
            rank, dtype = 2, _default
        else:
            rank, dtype = (0 if x.ndim else 1), x.dtype
        known = classes[rank]
        classes[rank] = dtype if known is None else promote_types(known, dtype)
    result: np.dtype[Any] | None = None
    for candidate in classes:
        if candidate is None:
            continue
        if result is None:
            result = candidate
        elif _CATEGORY[candidate.kind] > _CATEGORY[result.kind]:
            result = promote_types(result, candidate)
    return _default if result is None else result
