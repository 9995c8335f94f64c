"""Kinds of arrays: NumPy's, those of other libraries that speak NumPy's protocols, and Tensors in rules."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
ndarray = np.ndarray


# Functions of NumPy's that look at shapes and dtypes only.
OF_LAYOUT = {
    np.shape, np.ndim, np.size, np.may_share_memory, np.shares_memory, np.result_type, np.can_cast,
    np.iscomplexobj, np.isrealobj,
}  # fmt: skip
# Those that write to their first argument.
WRITING = {np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal}


def is_array(x: Any) -> bool:
    """True for an array of any kind, but not for NumPy's scalars."""
    return isinstance(x, ndarray) or hasattr(type(x), "__array_function__")


def is_foreign(x: Any) -> bool:
    """True for an array of another library; False for NumPy's, and for Tensors and traced arrays."""
    kind = type(x)
    return kind is not ndarray and hasattr(kind, "__array_function__") and not hasattr(kind, "takes_kernels")


def kin(*given: Any) -> Any:
    """The first array of another library among these, also within tuples; None where there is none.

    It is for the `like` of NumPy's makers: a mask or a row of places must be of the kind of its data.
    """
    for x in given:
        if type(x) is tuple:
            if (found := kin(*x)) is not None:
                return found
            continue
        stored: Any = x if is_foreign(x) else getattr(x, "_array", None)  # of a Tensor in a rule
        if is_foreign(stored):
            return stored.joined(given) if hasattr(stored, "level") else stored
    return None


# A library that has NumPy's functions need not have the methods of its ufuncs.
_FOLDS: dict[Any, Any] = {
    np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min,
    np.logical_and: np.all, np.logical_or: np.any,
}  # fmt: skip


def fold(ufunc: np.ufunc, x: Array, axis: Any = None, keepdims: bool = False, **how: Any) -> Array:
    """ufunc.reduce for arrays of any kind; `how` has its `initial` and `dtype`."""
    if not is_foreign(x):
        return ufunc.reduce(x, axis=axis, keepdims=keepdims, **how)
    how.pop("initial", None)
    return _FOLDS[ufunc](x, axis=axis, keepdims=keepdims, **how)


def everything(x: Any) -> Any:
    """All numbers of an array; of a batch of `func.vmap`, those of all samples."""
    while hasattr(x, "level"):
        x = x.data
    return x


def one_sample(x: Any) -> Any:
    """The array; of a batch of `func.vmap` one sample of it, a view."""
    while hasattr(x, "level"):
        x = x.data[(0, ...)]
    return x


def read(x: Any) -> Any:
    """The array itself, to look at its numbers or its address; a trace that holds it ends there."""
    return x.read() if hasattr(type(x), "takes_kernels") else x


def arrayed(x: Any) -> Any:
    """NumPy's scalar as an array without axes; an array of any kind as it is."""
    return np.asarray(x) if isinstance(x, np.generic) else x


def fresh(x: Array) -> Array:
    """A copy of an array of any kind; of a NumPy scalar an array without axes."""
    return x.copy() if is_array(x) and not isinstance(x, ndarray) else np.array(x)


def is_writable(x: Array) -> bool:
    """True for memory of NumPy's that may be written; arrays of other libraries are replaced instead."""
    return type(x) is ndarray and x.flags.writeable


def kind_of(x: Any) -> str:
    """The kind of an array's or a number's dtype: "f" for floats, "i", "u", "b"."""
    dtype = getattr(x, "dtype", None)
    return str((np.asarray(x).dtype if dtype is None else dtype).kind)
