"""In-place methods of less usual kinds: they load when one of them is first used."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from minigrad.engine.mode import mode

from .convert import sizes_of
from .in_place import InPlace
from .record import history_of, wrap as wrapped


class Rewritten(InPlace):
    """The methods that give a tensor another shape, or write it without a gradient."""

    __slots__ = ()

    # --- another shape of this very tensor ---------------------------------------------------------

    def _turned(self, name: str, result: Any) -> Self:
        """Take the shape, the memory and the history of a view of this tensor."""
        if mode.recording:
            self._refuse_history(name)
        node = history_of(self)
        if node is not None and node.op is not None and not mode.recording:
            raise RuntimeError(f"{name}: the shape of a tensor of the graph cannot change in no_grad")
        self._array = result._array
        if node is not None and node.op is None:
            node.resize(self._array.shape, self._array.dtype)
        elif node is not None:
            self._rebase(result)
        return self

    def unsqueeze_(self, dim: int) -> Self:
        """A new axis of size 1, as `unsqueeze(input, dim)`; this very tensor.

        >>> import minigrad as torch
        >>> torch.ones(2).unsqueeze_(0).shape
        torch.Size([1, 2])
        """
        return self._turned("unsqueeze_", self.unsqueeze(dim))

    def squeeze_(self, dim: Any = None) -> Self:
        """Without the axes of size 1, as `squeeze(input, dim)`; this very tensor.

        >>> import minigrad as torch
        >>> torch.ones(1, 2).squeeze_().shape
        torch.Size([2])
        """
        return self._turned("squeeze_", self.squeeze(dim))

    def t_(self: Any) -> Any:
        """The transpose of a matrix, as `t(input)`; this very tensor.

        >>> import minigrad as torch
        >>> torch.ones(1, 2).t_().shape
        torch.Size([2, 1])
        """
        return self._turned("t_", self.t())

    def transpose_(self, dim0: int, dim1: int) -> Self:
        """Two axes swapped, as `transpose(input, dim0, dim1)`; this very tensor.

        >>> import minigrad as torch
        >>> torch.ones(1, 2).transpose_(0, 1).shape
        torch.Size([2, 1])
        """
        return self._turned("transpose_", self.transpose(dim0, dim1))

    swapaxes_ = swapdims_ = transpose_

    def resize_(self, *sizes: Any) -> Self:
        """Another shape over the same elements in their order; new ones, if there are more, may be anything.

        Arguments:
            sizes: the new sizes, one by one or in a tuple.

        Raises:
            RuntimeError: for a tensor that requires grad.

        >>> import minigrad as torch
        >>> torch.arange(4).resize_(2, 2)
        tensor([[0, 1],
                [2, 3]])
        """
        if history_of(self) is not None:
            raise RuntimeError("cannot resize variables that require grad")
        shape = sizes_of(sizes)
        old, n = self._array.reshape(-1), math.prod(shape)
        flat = old if n <= old.size else np.zeros(n, old.dtype)
        flat[: min(n, old.size)] = old[:n]
        self._array = flat[:n].reshape(shape)
        return self

    def resize_as_(self, other: Any) -> Self:
        """The shape of `other`, as `resize_(*sizes)`.

        >>> import minigrad as torch
        >>> torch.arange(4).resize_as_(torch.ones(2, 2)).shape
        torch.Size([2, 2])
        """
        return self.resize_(other.shape)

    # --- written without a gradient ----------------------------------------------------------------

    def fill_diagonal_(self, fill_value: Any, wrap: bool = False) -> Self:
        """Write one number on the main diagonal.

        Arguments:
            fill_value: the number.
            wrap: go on in tall matrices below the square.

        Raises:
            RuntimeError: for a tensor of fewer than two axes, or of more with unequal sizes.

        >>> import minigrad as torch
        >>> torch.zeros(2, 2).fill_diagonal_(1.0)
        tensor([[1., 0.],
                [0., 1.]])
        """
        shape = self._array.shape
        if len(shape) < 2:
            raise RuntimeError("dimensions must larger than 1")
        if len(shape) > 2 and len({*shape}) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        marked = np.zeros(shape, np.bool_)
        np.fill_diagonal(marked, True, wrap=wrap)
        self.masked_fill_(wrapped(marked, None), fill_value)
        return self

    def apply_(self, callable: Callable[[Any], Any]) -> Self:
        """Write callable(x) in the place of each element x.

        Arguments:
            callable: takes and returns a number of Python's.

        Raises:
            RuntimeError: for a tensor that requires grad.

        >>> import minigrad as torch
        >>> torch.ones(2).apply_(lambda x: x + 1)
        tensor([2., 2.])
        """
        if history_of(self) is not None:
            raise RuntimeError(
                "Can't call apply_() on Variable that requires grad. Use var.detach().apply_() instead."
            )
        values = [callable(x) for x in self._array.reshape(-1).tolist()]
        return self.copy_(wrapped(np.array(values, self._array.dtype).reshape(self._array.shape), None))

    def map_(self, tensor: Any, callable: Callable[[Any, Any], Any]) -> Self:
        """Write callable(x, y) in the place of each element x, y being the one of `tensor` there.

        Arguments:
            tensor: of a shape that broadcasts to this one's.
            callable: takes two numbers of Python's and returns one.

        Raises:
            RuntimeError: for a tensor that requires grad.

        >>> import minigrad as torch
        >>> torch.ones(2).map_(torch.tensor([1.0, 2.0]), max)
        tensor([1., 2.])
        """
        if history_of(self) is not None:
            raise RuntimeError(
                "Can't call map_() on Variable that requires grad. Use var.detach().map_() instead."
            )
        other = np.broadcast_to(tensor._array, self._array.shape).reshape(-1).tolist()
        values = [callable(x, y) for x, y in zip(self._array.reshape(-1).tolist(), other, strict=True)]
        return self.copy_(wrapped(np.array(values, self._array.dtype).reshape(self._array.shape), None))
