"""An array that speaks NumPy's protocols and nothing else, as one on a device does."""

from typing import Any

import numpy as np


class Strict(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that refuses each silent way to an ndarray, and arrays of another kind beside it."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("a Strict array was converted to an ndarray in silence")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "at":
            ufunc.at(inputs[0].array, _index(inputs[1]), *opened(inputs[2:]))
            return None
        if method != "__call__" or not all(isinstance(x, _KNOWN) for x in inputs):
            return NotImplemented
        made = getattr(ufunc, method)(*opened(inputs), **opened(kwargs))
        return kwargs["out"][0] if "out" in kwargs else closed(made)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if not function.__module__.startswith("numpy") or not all(issubclass(t, _KNOWN) for t in types):
            return NotImplemented
        if function in (np.array, np.asarray):  # asked for in so many words: like=
            return closed(function(*args, **kwargs))
        return closed(function(*opened(args), **opened(kwargs)))

    def __getitem__(self, index: Any) -> Any:
        return closed(self.array[_index(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[_index(index)] = opened(value)

    def __bool__(self) -> bool:
        return bool(self.array)

    def __float__(self) -> float:
        return float(self.array)

    def __int__(self) -> int:
        return int(self.array)

    def __len__(self) -> int:
        return len(self.array)

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "dtype", "ndim", "size", "itemsize", "nbytes"):
            return getattr(self.array, name)
        if name in ("T",):
            return closed(self.array.T)
        if name in (
            "reshape",
            "astype",
            "copy",
            "sum",
            "max",
            "min",
            "any",
            "all",
            "ravel",
            "transpose",
            "mean",
        ):
            method = getattr(self.array, name)
            return lambda *args, **kwargs: closed(method(*opened(args), **opened(kwargs)))
        raise AttributeError(f"a Strict array has no {name}")


_KNOWN = (Strict, np.ndarray, np.generic, int, float)


def _index(x: Any) -> Any:
    """An index: arrays of NumPy's are welcome there."""
    if isinstance(x, tuple):
        return tuple(map(_index, x))
    return x.array if isinstance(x, Strict) else x


def opened(x: Any) -> Any:
    """The NumPy arrays inside; an ndarray with axes among them is refused."""
    if isinstance(x, Strict):
        return x.array
    if isinstance(x, np.ndarray) and x.ndim:
        raise TypeError("an ndarray met a Strict array")
    if isinstance(x, (tuple, list)):
        return type(x)(map(opened, x)) if not hasattr(x, "_fields") else type(x)(*map(opened, x))
    if isinstance(x, slice):
        return x
    return {k: opened(v) for k, v in x.items()} if isinstance(x, dict) else x


def closed(x: Any) -> Any:
    """Arrays and scalars that NumPy returned, as Strict ones."""
    if isinstance(x, (np.ndarray, np.generic)):
        return Strict(x)
    return tuple(map(closed, x)) if isinstance(x, (tuple, list)) else x
