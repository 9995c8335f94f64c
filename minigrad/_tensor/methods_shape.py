"""The methods of Tensor that move, pick and place elements: shapes, axes, parts, indices."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from . import compositions as composed
from .calls import CALLS, RECORD, method
from .convert import sizes_of
from .index import normalize as normalize_index
from .methods_later import methods_composed
from .record import Recorded

if TYPE_CHECKING:
    from .tensor import Tensor


class Shapes(Recorded):
    """The methods that give the elements other places."""

    __slots__ = ()

    def reshape(self, *sizes: Any, shape: Any = None) -> Tensor:
        """The elements in another shape, as `reshape(input, shape)`; `sizes` may be given one by one."""
        return CALLS["reshape"](self, shape=sizes_of(sizes, shape))

    def view(self, *shape: Any) -> Tensor:
        """The same memory in another shape, or an error where that needs a copy.

        Arguments:
            shape: the sizes, one by one or in a tuple; one may be -1.

        Raises:
            RuntimeError: for a shape of another size, or one that needs a copy: `reshape` makes it.
            NotImplementedError: for a dtype.

        >>> import minigrad as torch
        >>> torch.arange(4).view(2, -1)
        tensor([[0, 1],
                [2, 3]])
        """
        if len(shape) == 1 and isinstance(shape[0], np.dtype):
            raise NotImplementedError("view(dtype) reinterprets bytes, which has no gradient; use .to(dtype)")
        out = self.reshape(*shape)
        if self._array.size and not np.may_share_memory(out._array, self._array):
            raise RuntimeError(
                f"view size is not compatible with the size {self._array.shape} and the strides of this "
                "tensor: it would need a copy. Use .reshape(...) instead, which makes one."
            )
        return out

    def reshape_as(self, other: Any) -> Tensor:
        """The elements in the shape of `other`, as `reshape(input, other.shape)`."""
        return self.reshape(other.shape)

    def view_as(self, other: Any) -> Tensor:
        """The same memory in the shape of `other`, as `view(other.shape)`."""
        return self.view(other.shape)

    def permute(self, *order: Any, dims: Any = None) -> Tensor:
        """The axes in another order, as `permute(input, dims)`; the `order` may be given one by one."""
        return CALLS["permute"](self, dims=sizes_of(order, dims))

    transpose = swapaxes = swapdims = method("transpose")

    @property
    def T(self) -> Tensor:
        """The transpose (of more than two axes: their order reversed).

        >>> import minigrad as torch
        >>> torch.zeros(2, 3).T.shape
        torch.Size([3, 2])
        """
        return (
            self.transpose(0, 1)
            if self._array.ndim == 2
            else self.permute(tuple(range(self._array.ndim))[::-1])
        )

    @property
    def mT(self) -> Tensor:
        """The last two axes swapped.

        >>> import minigrad as torch
        >>> torch.zeros(5, 2, 3).mT.shape
        torch.Size([5, 3, 2])
        """
        if self._array.ndim < 2:
            raise RuntimeError(f"mT needs at least two dimensions, got shape {self._array.shape}")
        return self.transpose(-2, -1)

    squeeze = method("squeeze")
    unsqueeze = method("unsqueeze")

    def expand(self, *sizes: Any, size: Any = None) -> Tensor:
        """Axes of size 1 (and new ones in front) repeated without a copy: a view.

        Arguments:
            sizes: the new sizes, one by one or in a tuple; -1 leaves one as it is.
            size: the tuple by name.

        Raises:
            RuntimeError: for an axis of another size than 1 that would change.

        Derivative: the sum of the gradient over the repeated axes.

        >>> import minigrad as torch
        >>> torch.ones(3, 1).expand(-1, 4).shape
        torch.Size([3, 4])
        """
        return CALLS["expand"](self, size=sizes_of(sizes, size))

    def broadcast_to(self, size: Any) -> Tensor:
        """`input` expanded to the shape `size` without a copy, as `Tensor.expand(size)`.

        >>> import minigrad as torch
        >>> torch.broadcast_to(torch.ones(3), (2, 3)).shape
        torch.Size([2, 3])
        """
        return self.expand(size)

    def expand_as(self, other: Any) -> Tensor:
        """Expanded to the shape of `other` without a copy, as `expand(other.shape)`."""
        return self.expand(other.shape)

    def repeat(self, *sizes: Any) -> Tensor:
        """The tensor copied along its axes.

        Arguments:
            sizes: how often along each axis, one by one or in a tuple; further ones add axes in front.

        Raises:
            RuntimeError: for fewer numbers than axes.

        Derivative: the sum of the gradient over the copies.

        >>> import minigrad as torch
        >>> torch.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
        """
        return CALLS["tile"](self, dims=composed.repeat_sizes(sizes_of(sizes), self._array.ndim))

    def tile(self, *dims: Any) -> Tensor:
        """The tensor repeated along its axes, as `tile(input, dims)`."""
        return CALLS["tile"](self, dims=sizes_of(dims))

    def flip(self, *axes: Any, dims: Any = None) -> Tensor:
        """The order reversed along axes, as `flip(input, dims)`; the `axes` may be given one by one."""
        return CALLS["flip"](self, dims=sizes_of(axes, dims))

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """The elements shifted, as `roll(input, shifts, dims)`."""
        return CALLS["roll"](self, shifts=shifts, dims=dims)

    def diagonal(self, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1) -> Tensor:
        """The diagonals of two axes as a new last axis: a view.

        Arguments:
            input: a tensor of at least two axes.
            offset: 0 for the main diagonal, positive above it, negative below.
            dim1, dim2: the two axes, which go.

        Raises:
            IndexError: for an axis that is not there.
            RuntimeError: for one axis twice.

        Derivative: the gradient on the diagonal, 0 beside it.

        >>> import minigrad as torch
        >>> torch.diagonal(torch.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
        """
        return CALLS["diagonal"](self, offset=offset, dim1=dim1, dim2=dim2)

    tril = method("tril")
    triu = method("triu")
    flatten = methods_composed.flatten
    movedim = moveaxis = methods_composed.movedim
    narrow = methods_composed.narrow
    split = methods_composed.split
    chunk = methods_composed.chunk
    unbind = methods_composed.unbind
    t = methods_composed.t
    diag = methods_composed.diag
    _embed_diagonal = method("embed_diagonal")

    # --- picking and placing ---------------------------------------------------------------------

    index_select = methods_composed.index_select
    index_add = methods_composed.index_add
    gather = methods_composed.gather
    take_along_dim = methods_composed.take_along_dim
    scatter = methods_composed.scatter
    scatter_add = methods_composed.scatter_add
    _gather = method("gather")
    _scatter = method("scatter")
    _add_along = method("add_along")
    _scatter_index = method("scatter_index")

    def __getitem__(self, index: Any) -> Tensor:
        """A selection: a view for ints, slices, None and `...`; a copy for index arrays and masks."""
        return RECORD["getitem"]((self,), {"index": normalize_index(index, self._array.shape)})[0]
