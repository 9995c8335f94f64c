"""The methods of Tensor that combine the elements along axes: sums, spreads, scans, softmax."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from minigrad.engine.mode import mode

from .calls import CALLS, method
from .convert import as_spelled
from .methods_later import methods_composed
from .record import Recorded

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

    all = method("all")
    any = method("any")
    logsumexp = method("logsumexp")
    trace = method("trace")
    norm = methods_composed.norm
    _vector_norm = method("vector_norm")

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
    if dtype is None:
        return x
    converted = x.to(dtype)
    if x.requires_grad and converted.dtype.kind != "f" and mode.recording:
        raise RuntimeError(
            f"Autograd not support dtype: {converted.dtype.name}. Integers carry no gradient: convert the "
            "result, or x.detach()"
        )
    return converted


def _spread_call(name: str, x: Any, dim: Any, unbiased: Any, keepdim: Any, correction: Any) -> Any:
    if isinstance(dim, bool):  # x.var(False): the older signature, unbiased first
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    elif unbiased is not None:
        raise TypeError(f"{name}: give correction or unbiased, not both")
    return CALLS[name](x, dim=dim, correction=correction, keepdim=keepdim)
