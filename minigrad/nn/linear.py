"""Layers that are linear in their input, and those that only pass it on: Identity, Flatten, Unflatten."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn import functional as F, init
from minigrad.nn.functional.checks import check_tensor
from minigrad.nn.module import Layer, Module
from minigrad.nn.parameter import Parameter, check_sizes, new_parameter


class Linear(Layer):
    """y = x Wᵀ + b: (..., in_features) to (..., out_features).

    `weight` is (out_features, in_features), `bias` (out_features) or None; both start uniform in
    ±1/sqrt(in_features).

    Arguments:
        in_features, out_features: the last sizes of the input and of the output.
        bias: whether b is added.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        RuntimeError: in the call, for an input of another last size or dtype.

    >>> import minigrad as torch
    >>> layer = torch.nn.Linear(4, 5)
    >>> layer(torch.ones(2, 4)).shape
    torch.Size([2, 5])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        check_sizes("Linear", in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = new_parameter(out_features, in_features, device=device, dtype=dtype)
        made = new_parameter(out_features, device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new first values.

        >>> import minigrad as torch
        >>> torch.nn.Linear(4, 5).reset_parameters()
        """
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            _fill_bias(self.bias, self.in_features)

    def forward(self, input: Tensor) -> Tensor:
        try:  # from the table: `self.weight` looks in vain in two other places first
            own = self._parameters
            weight, bias = own["weight"], own["bias"]
        except KeyError:  # someone has put a plain tensor in the place of a parameter
            weight, bias = self.weight, self.bias
        try:
            return F.linear(input, weight, bias)
        except (RuntimeError, TypeError) as error:
            if told := self._misfit(input, weight):
                raise type(error)(told) from None
            raise

    def _misfit(self, input: Any, weight: Any) -> str:
        """The fault of an input, in words, or the empty string."""
        wanted, shape = weight.shape[-1], getattr(input, "shape", None)
        if not hasattr(input, "dtype"):
            return f"{self!r}: argument 'input' must be a Tensor, not {type(input).__name__}"
        if not shape or shape[-1] != wanted:
            return (
                f"{self!r}: mat1 and mat2 shapes cannot be multiplied: expected an input of shape "
                f"(..., {wanted}), but got {tuple(shape or ())}"
            )
        if input.dtype != weight.dtype:
            return (
                f"{self!r}: the input has dtype {input.dtype.name}, the weight "
                f"{weight.dtype.name}. Convert one: "
                f"input.to({weight.dtype.name}) or layer.to({input.dtype.name})"
            )
        return ""

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        )


class Bilinear(Layer):
    """y_o = x1ᵀ W_o x2 + b_o: (..., in1_features) and (..., in2_features) to (..., out_features).

    `weight` is (out_features, in1_features, in2_features), `bias` (out_features) or None.

    Arguments:
        in1_features, in2_features, out_features: the last sizes of the inputs and of the output.
        bias: whether b is added.
        device, dtype: of the parameters: the CPU, and a floating dtype (the default one where it is None).

    Raises:
        ValueError: for in1_features below 1; in the call, for inputs of other shapes.

    >>> import minigrad as torch
    >>> torch.nn.Bilinear(2, 3, 4)(torch.ones(5, 2), torch.ones(5, 3)).shape
    torch.Size([5, 4])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_sizes(
            "Bilinear", in1_features=in1_features, in2_features=in2_features, out_features=out_features
        )
        if in1_features < 1:
            raise ValueError(f"in1_features must be positive, not {in1_features}")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = new_parameter(out_features, in1_features, in2_features, device=device, dtype=dtype)
        made = new_parameter(out_features, device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new first values.

        >>> import minigrad as torch
        >>> torch.nn.Bilinear(2, 3, 4).reset_parameters()
        """
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        for input, name in ((input1, "input1"), (input2, "input2")):
            check_tensor("Bilinear", name, input)
            if not input.ndim:
                raise ValueError(
                    f"Bilinear: {name} must have the shape (..., features), and it is a 0-d tensor"
                )
            if input.dtype != self.weight.dtype:
                raise RuntimeError(
                    f"Bilinear: {name} has dtype {input.dtype.name}, the weight "
                    f"{self.weight.dtype.name}; convert one "
                    "with .to()"
                )
        if input1.shape[:-1] != input2.shape[:-1]:
            raise ValueError(
                f"Bilinear needs inputs alike in all but the last dimension, "
                f"not {tuple(input1.shape)} and {tuple(input2.shape)}"
            )
        for input, name in ((input1, "in1_features"), (input2, "in2_features")):
            if input.shape[-1] != getattr(self, name):
                raise ValueError(
                    f"Bilinear has {name}={getattr(self, name)}, the input ends in {input.shape[-1]}"
                )
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Identity(Module):
    """Returns its input; takes and ignores any arguments, so that it can stand in for another layer.

    Arguments:
        args, kwargs: anything; ignored.

    >>> import minigrad as torch
    >>> torch.nn.Identity(54, unused=True)(3)
    3
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Flatten(Layer):
    """Makes the dimensions from start_dim to end_dim one: by default all but the batch.

    >>> import minigrad as torch
    >>> torch.nn.Flatten()(torch.ones(2, 3, 4)).shape
    torch.Size([2, 12])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        check_tensor("Flatten", "input", input)
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Layer):
    """Makes several dimensions of one, as `Tensor.unflatten`; the reverse of `Flatten`.

    Arguments:
        dim: the dimension.
        unflattened_size: a tuple or list of its sizes; one may be -1.

    Raises:
        TypeError: for other sizes than a tuple or list of integers.

    >>> import minigrad as torch
    >>> torch.nn.Unflatten(1, (2, -1))(torch.ones(3, 8)).shape
    torch.Size([3, 2, 4])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            found = type(unflattened_size).__name__
            raise TypeError(f"unflattened_size must be a tuple of ints, but found type {found}")
        for place, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {place}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        check_tensor("Unflatten", "input", input)
        out: Tensor = input.unflatten(self.dim, self.unflattened_size)
        return out

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


def _fill_bias(bias: Tensor, fan_in: int) -> None:
    bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0.0
    init.uniform_(bias, -bound, bound)
