"""The methods of Tensor that compute along axes: sums, extremes, spreads, orders, scans, softmax."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from minigrad.ops.arrays import arrayed
from minigrad.ops.kernels import normalize_dim

from . import compositions as composed
from .calls import CALLS, RECORD
from .convert import as_spelled
from .named_results import variant
from .record import Recorded, wrap

if TYPE_CHECKING:
    from .tensor import Tensor


class Reductions(Recorded):
    """The methods that combine the elements along axes."""

    __slots__ = ()

    @as_spelled
    def sum(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The sum over `dim`.

        Arguments:
            input: a tensor of any shape; booleans are counted.
            dim: an axis, a tuple of axes, or None for all.
            keepdim: whether these axes stay, with size 1.
            dtype: convert the input to it first. Integers are added as int64.

        Raises:
            IndexError: for an axis that is not there.

        Derivative: the gradient, spread over the axes that were summed.

        >>> import minigrad as torch
        >>> torch.sum(torch.ones(2, 3), dim=1)
        tensor([3., 3.])
        """
        return _in_dtype(CALLS["sum"](_in_dtype(self, dtype), dim, keepdim), dtype)

    @as_spelled
    def mean(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The mean over `dim`; nan for no elements.

        Arguments:
            input: a floating tensor of any shape.
            dim: an axis, a tuple of axes, or None for all.
            keepdim: whether these axes stay, with size 1.
            dtype: convert the input to it first.

        Raises:
            RuntimeError: for integers without a floating `dtype`.
            IndexError: for an axis that is not there.

        Derivative: 1/n, n being the number of elements of each mean.

        >>> import minigrad as torch
        >>> torch.mean(torch.tensor([[1.0, 3.0], [5.0, 7.0]]), dim=1)
        tensor([2., 6.])
        """
        return CALLS["mean"](_in_dtype(self, dtype), dim, keepdim)

    @as_spelled
    def prod(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The product over `dim`; its gradient is exact where elements are 0.

        Arguments:
            input: a tensor of any shape.
            dim: an axis, a tuple of axes, or None for all.
            keepdim: whether these axes stay, with size 1.
            dtype: convert the input to it first. Integers are multiplied as int64.

        Raises:
            IndexError: for an axis that is not there.

        Derivative: the product of all the other elements.

        >>> import minigrad as torch
        >>> torch.prod(torch.tensor([2, 3, 4]))
        tensor(24)
        """
        return _in_dtype(CALLS["prod"](_in_dtype(self, dtype), dim, keepdim), dtype)

    @as_spelled
    def cumsum(self, dim: builtins.int, *, dtype: Any = None) -> Tensor:
        """The running sums along `dim`.

        Arguments:
            input: a tensor of any shape.
            dim: an axis.
            dtype: convert the input to it first. Integers are added as int64.

        Raises:
            IndexError: for an axis that is not there.

        Derivative: the running sum of the gradient, from the end.

        >>> import minigrad as torch
        >>> torch.cumsum(torch.tensor([1, 2, 3]), dim=0)
        tensor([1, 3, 6])
        """
        return _in_dtype(CALLS["cumsum"](_in_dtype(self, dtype), dim), dtype)

    @as_spelled
    def cumprod(self, dim: builtins.int, *, dtype: Any = None) -> Tensor:
        """The running products along `dim`; the gradient is exact where elements are 0.

        Arguments:
            input: a tensor of any shape.
            dim: an axis.
            dtype: convert the input to it first. Integers are multiplied as int64.

        Raises:
            IndexError: for an axis that is not there.

        >>> import minigrad as torch
        >>> torch.cumprod(torch.tensor([1, 2, 3]), dim=0)
        tensor([1, 2, 6])
        """
        return _in_dtype(CALLS["cumprod"](_in_dtype(self, dtype), dim), dtype)

    amax = CALLS["amax"]
    amin = CALLS["amin"]
    argmax = CALLS["argmax"]
    argmin = CALLS["argmin"]

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

    all = CALLS["all"]
    any = CALLS["any"]
    logsumexp = CALLS["logsumexp"]
    trace = CALLS["trace"]
    norm = composed.norm
    _vector_norm = CALLS["vector_norm"]

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
    def var(
        self,
        dim: Any = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> Tensor:
        """The variance over `dim`: the sum of squared deviations from the mean, divided by n - correction.

        Arguments:
            input: a floating tensor of any shape.
            dim: an axis, a tuple of axes, or None for all.
            unbiased: the older way to say correction=1 (True) or 0 (False).
            keepdim: whether these axes stay, with size 1.
            correction: 1 where it is left out.

        Raises:
            RuntimeError: for a tensor that is not floating.
            TypeError: for both `unbiased` and `correction`.

        Derivative: 2 (x - mean) / (n - correction).

        >>> import minigrad as torch
        >>> torch.var(torch.tensor([1.0, 3.0])), torch.var(torch.tensor([1.0, 3.0]), correction=0)
        (tensor(2.), tensor(1.))
        """
        return _spread_call("var", self, dim, unbiased, keepdim, correction)

    @as_spelled
    def std(
        self,
        dim: Any = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> Tensor:
        """The standard deviation over `dim`: the root of `var`, with the same arguments.

        Arguments:
            input: a floating tensor of any shape.
            dim: an axis, a tuple of axes, or None for all.
            unbiased: the older way to say correction=1 (True) or 0 (False).
            keepdim: whether these axes stay, with size 1.
            correction: 1 where it is left out.

        Raises:
            RuntimeError: for a tensor that is not floating.
            TypeError: for both `unbiased` and `correction`.

        Derivative: (x - mean) / ((n - correction) std).

        >>> import minigrad as torch
        >>> torch.std(torch.tensor([1.0, 3.0]), correction=0)
        tensor(1.)
        """
        return _spread_call("std", self, dim, unbiased, keepdim, correction)

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

    @as_spelled
    def softmax(self, dim: builtins.int, dtype: Any = None) -> Tensor:
        """exp(input) over its sum along `dim`.

        Arguments:
            input: a floating tensor.
            dim: the axis along which the results sum to 1.
            dtype: convert the input to it first.

        Raises:
            RuntimeError: for a tensor that is not floating.
            IndexError: for an axis that is not there.

        Derivative: out * (g - sum(g * out)) for the gradient g.

        >>> import minigrad as torch
        >>> torch.softmax(torch.tensor([0.0, 0.0]), dim=0)
        tensor([0.5000, 0.5000])
        """
        return CALLS["softmax"](_in_dtype(self, dtype), dim)

    @as_spelled
    def log_softmax(self, dim: builtins.int, dtype: Any = None) -> Tensor:
        """log(softmax(input)) along `dim`, computed without leaving the logarithms.

        Arguments:
            input: a floating tensor.
            dim: the axis along which the probabilities sum to 1.
            dtype: convert the input to it first.

        Raises:
            RuntimeError: for a tensor that is not floating.
            IndexError: for an axis that is not there.

        Derivative: g - softmax(input) * sum(g) for the gradient g.

        >>> import minigrad as torch
        >>> torch.log_softmax(torch.tensor([0.0, 1000.0]), dim=0)
        tensor([-1000.,     0.])
        """
        return CALLS["log_softmax"](_in_dtype(self, dtype), dim)


def _in_dtype(x: Any, dtype: Any) -> Any:
    return x if dtype is None else x.to(dtype)


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
    return _with_indices(f"{name}_dim", x, {"dim": dim, "keepdim": keepdim})


def _spread_call(name: str, x: Any, dim: Any, unbiased: Any, keepdim: Any, correction: Any) -> Any:
    if isinstance(dim, bool):  # x.var(False): the older signature, unbiased first
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    elif unbiased is not None:
        raise TypeError(f"{name}: give correction or unbiased, not both")
    return CALLS[name](x, dim=dim, correction=correction, keepdim=keepdim)
