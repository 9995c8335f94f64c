"""Activations as functions."""

from __future__ import annotations

import warnings
from typing import Any

from minigrad._tensor.calls import CALLS
from minigrad._tensor.tensor import Tensor

from .checks import check_tensor

_relu = CALLS["relu"]


def _activation(name: str, input: Tensor, inplace: bool = False, **options: Any) -> Tensor:
    check_tensor(name, "input", input)
    if inplace:
        return input._replace(f"{name}_", CALLS[name], None, (), options)
    return CALLS[name](input, **options)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0).

    Arguments:
        input: a tensor of any shape; integers stay integers.
        inplace: write the result over `input`.

    >>> import minigrad as torch
    >>> torch.nn.functional.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if inplace or not isinstance(input, Tensor):
        return _activation("relu", input, inplace)
    return _relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x for x > 0, negative_slope * x below.

    Arguments:
        input: a floating tensor of any shape.
        negative_slope: the slope for x <= 0.
        inplace: write the result over `input`.

    Source: Maas et al., "Rectifier nonlinearities improve neural network acoustic models" (2013).

    >>> import minigrad as torch
    >>> torch.nn.functional.leaky_relu(torch.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return _activation("leaky_relu", input, inplace, negative_slope=negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x for x > 0, alpha * (exp(x) - 1) below (Clevert et al. 2016).

    Arguments:
        input: a floating tensor of any shape.
        alpha: minus the limit at -inf.
        inplace: write the result over `input`.

    >>> import minigrad as torch
    >>> torch.nn.functional.elu(torch.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """
    return _activation("elu", input, inplace, alpha=alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """A scaled elu that keeps mean 0 and variance 1 through layers (Klambauer et al. 2017).

    Arguments:
        input: a floating tensor of any shape.
        inplace: write the result over `input`.

    >>> import minigrad as torch
    >>> torch.nn.functional.selu(torch.tensor([1.0]))
    tensor([1.0507])
    """
    return _activation("selu", input, inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Phi(x), Phi the normal distribution (Hendrycks and Gimpel 2016); or its "tanh" approximation.

    Arguments:
        input: a floating tensor of any shape.
        approximate: "none", or "tanh" for 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).

    >>> import minigrad as torch
    >>> torch.nn.functional.gelu(torch.tensor([1.0]))
    tensor([0.8413])
    """
    return _activation("gelu", input, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x), also called swish.

    Arguments:
        input: a floating tensor of any shape.
        inplace: write the result over `input`.

    Source: Ramachandran et al., "Searching for activation functions" (2017).

    >>> import minigrad as torch
    >>> torch.nn.functional.silu(torch.tensor([1.0]))
    tensor([0.7311])
    """
    return _activation("silu", input, inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta x)) / beta, and x itself where beta x > threshold.

    Arguments:
        input: a floating tensor of any shape.
        beta: how sharp the bend at 0 is.
        threshold: where it turns into x.

    >>> import minigrad as torch
    >>> torch.nn.functional.softplus(torch.tensor([0.0]))
    tensor([0.6931])
    """
    return _activation("softplus", input, beta=beta, threshold=threshold)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x kept within [min_val, max_val]; the gradient at the bounds is 0.

    Arguments:
        input: a tensor of any shape.
        min_val, max_val: the bounds.
        inplace: write the result over `input`.

    Raises:
        ValueError: where min_val > max_val.

    >>> import minigrad as torch
    >>> torch.nn.functional.hardtanh(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    check_tensor("hardtanh", "input", input)
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val {min_val} must not be greater than max_val {max_val}")
    if input.dtype.kind != "f":
        min_val, max_val = int(min_val), int(max_val)
    return _activation("hardtanh", input, inplace, min_val=min_val, max_val=max_val)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), finite for every finite x.

    Arguments:
        input: a floating tensor of any shape.

    >>> import minigrad as torch
    >>> torch.nn.functional.logsigmoid(torch.tensor([-1000.0]))
    tensor([-1000.])
    """
    return _activation("logsigmoid", input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)).

    Arguments:
        input: a tensor of any shape; integers become floats.

    >>> import minigrad as torch
    >>> torch.nn.functional.sigmoid(torch.tensor([0.0]))
    tensor([0.5000])
    """
    return _activation("sigmoid", input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent.

    Arguments:
        input: a tensor of any shape; integers become floats.

    >>> import minigrad as torch
    >>> torch.nn.functional.tanh(torch.tensor([0.0]))
    tensor([0.])
    """
    return _activation("tanh", input)


def _chosen_dim(name: str, dim: int | None, ndim: int) -> int:
    """The axis; without one PyTorch's older choice, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an "
        "argument.",
        UserWarning,
        stacklevel=3,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(x) over its sum along `dim`.

    Arguments:
        input: a floating tensor.
        dim: the axis along which the results sum to 1. Without it, with a warning, the first one of a tensor
            of 0, 1 or 3 axes, else the second one.
        dtype: convert the input to it first.

    >>> import minigrad as torch
    >>> torch.nn.functional.softmax(torch.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    check_tensor("softmax", "input", input)
    return input.softmax(_chosen_dim("softmax", dim, input.ndim), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """log(softmax(x)) along `dim`, computed without leaving the logarithms.

    Arguments:
        input: a floating tensor.
        dim: the axis along which the probabilities sum to 1; without it chosen as by `softmax`.
        dtype: convert the input to it first.

    >>> import minigrad as torch
    >>> torch.nn.functional.log_softmax(torch.tensor([0.0, 1000.0]), dim=0)
    tensor([-1000.,     0.])
    """
    check_tensor("log_softmax", "input", input)
    return input.log_softmax(_chosen_dim("log_softmax", dim, input.ndim), dtype)
