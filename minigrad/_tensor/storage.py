"""The memory of a tensor as a row of numbers, which its views share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.engine.writes import writes
from minigrad.ops.arrays import read

from .device import device
from .named_dtype import dtype, named


def _root(array: Any) -> Any:
    """The array that has all of the memory, as a vector of the dtype."""
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    flat = root.ravel("K")
    if root.dtype.names or (root.size and not np.may_share_memory(flat, root)):
        raise RuntimeError("this tensor's memory is no row of numbers: it is a part of an array of yours")
    return flat.view(array.dtype)


class UntypedStorage:
    """The bytes of a tensor's memory, all of it: views of one tensor have the same.

    Arguments:
        array: NumPy's, of the tensor.

    >>> import minigrad as torch
    >>> x = torch.arange(6.0)
    >>> x.untyped_storage().nbytes(), x[2:].untyped_storage().data_ptr() == x.data_ptr()
    (24, True)
    """

    def __init__(self, array: Any) -> None:
        self._array = array = read(array)
        self._items = self._row(array)
        self.device = device("cpu")

    def _row(self, array: Any) -> Any:
        return _root(array).view(np.uint8)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __getitem__(self, index: Any) -> Any:
        found = self._items[index]
        return found.item() if np.ndim(found) == 0 else found.tolist()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._items[index] = value
        writes.stamp(self._array)

    def __repr__(self) -> str:
        return "".join(f" {x}\n" for x in self) + f"[{self._title()} of size {len(self)}]"

    def _title(self) -> str:
        return "torch.storage.UntypedStorage(device=cpu)"

    def data_ptr(self) -> int:
        """The address of the first number.

        >>> import minigrad as torch
        >>> x = torch.ones(2)
        >>> x.storage().data_ptr() == x.data_ptr()
        True
        """
        address: int = self._items.__array_interface__["data"][0]
        return address

    def element_size(self) -> int:
        """The bytes of one of them.

        >>> import minigrad as torch
        >>> torch.ones(2).storage().element_size()
        4
        """
        return int(self._items.itemsize)

    def nbytes(self) -> int:
        """The bytes of all of them.

        >>> import minigrad as torch
        >>> torch.ones(2).storage().nbytes()
        8
        """
        return int(self._items.nbytes)

    def size(self) -> int:
        """How many there are.

        >>> import minigrad as torch
        >>> torch.ones(2, 3).T.storage().size()
        6
        """
        return len(self)

    def tolist(self) -> list[Any]:
        """The numbers in a list.

        >>> import minigrad as torch
        >>> torch.tensor([[1, 2], [3, 4]]).T.storage().tolist()
        [1, 2, 3, 4]
        """
        numbers: list[Any] = self._items.tolist()
        return numbers


class TypedStorage(UntypedStorage):
    """The numbers in a tensor's memory, all of it: views of one tensor have the same.

    Arguments:
        array: NumPy's, of the tensor.

    >>> import minigrad as torch
    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x.T.storage().tolist()
    [1.0, 2.0, 3.0, 4.0]
    >>> x.storage()[0] = 9
    >>> x[0]
    tensor([9., 2.])
    """

    def _row(self, array: Any) -> Any:
        return _root(array)

    @property
    def dtype(self) -> dtype:
        """The dtype of the numbers."""
        return named(self._items.dtype)

    def _title(self) -> str:
        return f"torch.storage.TypedStorage(dtype={self.dtype}, device=cpu)"

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes.

        >>> import minigrad as torch
        >>> len(torch.ones(2).storage().untyped())
        8
        """
        return UntypedStorage(self._array)
