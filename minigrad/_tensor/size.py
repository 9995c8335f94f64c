"""`Size`: the shape of a tensor, a tuple that knows how many elements it stands for."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any, Self


class Size(tuple[int, ...]):
    """The sizes of a tensor's axes; equal to the tuple of the same integers.

    Arguments:
        sizes: integers.

    Raises:
        TypeError: for anything that is no integer.

    >>> import minigrad as torch
    >>> torch.zeros(2, 3).shape, torch.Size([2, 3]).numel(), torch.Size([2, 3]) == (2, 3)
    (torch.Size([2, 3]), 6, True)
    >>> torch.zeros(2, 3, 4).shape[1:] + (5,)
    torch.Size([3, 4, 5])
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[Any] = ()) -> Self:
        sizes = tuple(sizes)
        try:
            return tuple.__new__(cls, map(operator.index, sizes))
        except TypeError:
            raise TypeError(f"torch.Size() takes integers, not {sizes!r}") from None

    def numel(self) -> int:
        """The number of elements: the product of the sizes."""
        return math.prod(self)

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return size_of(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Any:
        return size_of(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Any:
        return Size(other) + self if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Any:
        return size_of(tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __reduce__(self) -> Any:
        return Size, (tuple(self),)


def size_of(sizes: tuple[int, ...]) -> Size:
    """A shape that is known to hold integers."""
    return tuple.__new__(Size, sizes)
