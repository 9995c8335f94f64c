"""The functions of steps that are no plain functions of NumPy's: ufuncs, draws, checks, writable views."""

from __future__ import annotations

from typing import Any

import numpy as np


class Ufunc:
    """A ufunc, or a method of one such as `np.add.reduce`, as the function of a step."""

    __slots__ = ("__name__", "call", "method", "ufunc")

    def __init__(self, ufunc: Any, method: str) -> None:
        self.ufunc, self.method = ufunc, method
        self.call = ufunc if method == "__call__" else getattr(ufunc, method)
        self.__name__ = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ufunc) and (self.ufunc, self.method) == (other.ufunc, other.method)

    def __hash__(self) -> int:
        return hash((self.ufunc, self.method))


class Draw:
    """The function of a step that draws from a Generator's stream, as it stands at that moment."""

    def __init__(self, generator: Any, name: str) -> None:
        self.generator, self.name = generator, name
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.generator.numpy, self.name)(*args, **kwargs)


def hold(check: Any, *args: Any) -> None:
    """A step: raise unless a check finds nothing wrong, as in the traced call."""
    if (wrong := check(*args)) is not None:
        raise ValueError(f"{check.__name__}: {wrong}")


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """NumPy's, of which the view can be written to."""
    view = np.diagonal(x, offset, axis1, axis2)
    view.flags.writeable = True
    return view


def broadcast_to(x: Any, shape: Any) -> Any:
    """NumPy's, of which the view can be written to."""
    view = np.broadcast_to(x, shape)
    view.flags.writeable = True
    return view


WRITABLE: dict[Any, Any] = {np.diagonal: diagonal, np.broadcast_to: broadcast_to}
