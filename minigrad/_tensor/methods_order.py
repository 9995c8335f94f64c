"""The methods of Tensor that find elements along axes: extremes, their places, elements in order."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from minigrad.ops.arrays import arrayed
from minigrad.ops.kernels import normalize_dim

from .calls import CALLS, RECORD, method
from .convert import as_spelled
from .named_results import variant
from .record import Recorded, check_flag, wrap

if TYPE_CHECKING:
    from .tensor import Tensor


class Orders(Recorded):
    """The methods that find the largest, the smallest, or all elements in order."""

    __slots__ = ()

    amax = method("amax")
    amin = method("amin")
    argmax = method("argmax")
    argmin = method("argmin")

    @as_spelled
    def argsort(
        self, dim: builtins.int = -1, descending: builtins.bool = False, stable: builtins.bool = True
    ) -> Tensor:
        """The indices that sort along `dim`; equal elements keep their order.

        Arguments:
            input: a tensor of any shape.
            dim: an axis.
            descending: whether the largest comes first.
            stable: accepted; the order is always stable.

        Returns:
            int64 indices of the input's shape; no gradient flows through them.

        >>> import minigrad as torch
        >>> torch.argsort(torch.tensor([30, 10, 20]))
        tensor([1, 2, 0])
        """
        return CALLS["argsort"](self, dim, descending)

    @overload
    def max(self) -> Tensor: ...
    @overload
    def max(self, dim: Tensor) -> Tensor: ...
    @overload
    def max(self, dim: builtins.int, keepdim: builtins.bool = False) -> Pair: ...
    @as_spelled
    def max(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The largest element; with `dim` (values, indices) along it; with a tensor, `maximum`.

        Arguments:
            input: a tensor with elements.
            dim: None for all elements, an axis, or a tensor for the larger of the two elementwise.
            keepdim: whether the axis stays, with size 1.

        Raises:
            RuntimeError: for a tensor without elements.
            IndexError: for an axis that is not there, or has no elements.

        Derivative: 1 at the largest element; over all elements tied ones share it, along an axis the one at
        the index has it.

        >>> import minigrad as torch
        >>> x = torch.tensor([[1.0, 5.0], [3.0, 2.0]])
        >>> torch.max(x)
        tensor(5.)
        >>> values, indices = torch.max(x, dim=1)
        >>> values, indices
        (tensor([5., 3.]), tensor([1, 0]))
        """
        return _extreme("max", self, dim, keepdim)

    @overload
    def min(self) -> Tensor: ...
    @overload
    def min(self, dim: Tensor) -> Tensor: ...
    @overload
    def min(self, dim: builtins.int, keepdim: builtins.bool = False) -> Pair: ...
    @as_spelled
    def min(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The smallest element; with `dim` (values, indices) along it; with a tensor, `minimum`.

        Arguments:
            input: a tensor with elements.
            dim: None for all elements, an axis, or a tensor for the smaller of the two elementwise.
            keepdim: whether the axis stays, with size 1.

        Raises:
            RuntimeError: for a tensor without elements.
            IndexError: for an axis that is not there, or has no elements.

        Derivative: 1 at the smallest element; over all elements tied ones share it, along an axis the one at
        the index has it.

        >>> import minigrad as torch
        >>> x = torch.tensor([[1.0, 5.0], [3.0, 2.0]])
        >>> torch.min(x, dim=1).values
        tensor([1., 2.])
        """
        return _extreme("min", self, dim, keepdim)

    @as_spelled
    def sort(
        self, dim: builtins.int = -1, descending: builtins.bool = False, stable: builtins.bool = True
    ) -> Pair:
        """(values, indices) in order along `dim`; equal elements keep their order.

        Arguments:
            input: a tensor of any shape.
            dim: an axis.
            descending: whether the largest comes first.
            stable: accepted; the order is always stable.

        Derivative: each gradient goes back to the place of its element.

        >>> import minigrad as torch
        >>> torch.sort(torch.tensor([30, 10, 20])).values
        tensor([10, 20, 30])
        """
        return _with_indices("sort", self, {"dim": dim, "descending": descending})

    @as_spelled
    def topk(
        self,
        k: builtins.int,
        dim: builtins.int = -1,
        largest: builtins.bool = True,
        sorted: builtins.bool = True,
    ) -> Pair:
        """(values, indices) of the k largest (or smallest) elements along `dim`, in order.

        Arguments:
            input: a tensor of any shape.
            k: how many.
            dim: an axis.
            largest: False for the smallest ones.
            sorted: accepted; they are always in order.

        Raises:
            RuntimeError: for a `k` that is negative, or greater than the size of the axis.

        Derivative: each gradient goes back to the place of its element, 0 to the others.

        >>> import minigrad as torch
        >>> torch.topk(torch.tensor([30, 10, 20]), 2).values
        tensor([30, 20])
        """
        n = self._array.shape[normalize_dim(dim, self._array.ndim)] if self._array.ndim else 1
        if not 0 <= k <= n:
            raise RuntimeError(f"topk: k ({k}) is out of range for a dimension of size {n}")
        return _with_indices("topk", self, {"k": k, "dim": dim, "largest": largest})


class Pair(NamedTuple):
    """Chosen elements, and where they stood along an axis."""

    values: Tensor
    indices: Tensor


_PAIRS: dict[str, type[Pair]] = {name: variant(Pair, name) for name in ("max", "min", "sort", "topk")}


def _with_indices(op: str, x: Any, options: dict[str, Any]) -> Pair:
    values, indices = RECORD[op]((x,), options)
    return _PAIRS[op.removesuffix("_dim")](values, wrap(arrayed(indices), None))


def _extreme(name: str, x: Any, dim: Any, keepdim: builtins.bool) -> Any:
    if isinstance(dim, Recorded):
        return CALLS["maximum" if name == "max" else "minimum"](x, dim)
    if x._array.size == 0 and (dim is None or x.shape[normalize_dim(dim, x.ndim)] == 0):
        raise (RuntimeError if dim is None else IndexError)(
            f"{name}(): the tensor of shape {tuple(x.shape)} has no elements to choose from; "
            f"test numel() first"
        )
    if dim is None:
        return CALLS[name](x)
    check_flag(name, keepdim)
    return _with_indices(f"{name}_dim", x, {"dim": dim, "keepdim": keepdim})
