"""Activations that bend or jump at some points, and the in-place spellings of activations."""

from __future__ import annotations

import numpy as np

from minigrad._tensor.compositions import thresholds
from minigrad._tensor.random import generator_of
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor
from minigrad.ops.arrays import arrayed

from .activations import _activation, elu, hardtanh, leaky_relu, relu, selu
from .checks import check_tensor
from .sizes import check_floating

hardshrink, prelu = thresholds.hardshrink, thresholds.prelu


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6); the gradient at 0 and at 6 is 0.

    Arguments:
        input: a tensor of any shape.
        inplace: write the result over `input`.

    >>> import minigrad as torch
    >>> torch.nn.functional.relu6(torch.tensor([-1.0, 2.0, 7.0]))
    tensor([0., 2., 6.])
    """
    check_tensor("relu6", "input", input)
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6, a sigmoid of three straight lines.

    Arguments:
        input: a floating tensor of any shape.
        inplace: write the result over `input`.

    Source: Howard et al., "Searching for MobileNetV3" (2019), section 5.2.

    >>> import minigrad as torch
    >>> torch.nn.functional.hardsigmoid(torch.tensor([-4.0, 0.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return _activation("hardsigmoid", input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x): x min(max(x + 3, 0), 6) / 6.

    Arguments:
        input: a floating tensor of any shape.
        inplace: write the result over `input`.

    Source: Howard et al., "Searching for MobileNetV3" (2019), section 5.2.

    >>> import minigrad as torch
    >>> torch.nn.functional.hardswish(torch.tensor([-4.0, 3.0]))
    tensor([-0., 3.])
    """
    return _activation("hardswish", input, inplace)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, and 0 where |x| <= lambd.

    Arguments:
        input: a floating tensor of any shape.
        lambd: half the width of the gap, not negative.

    Raises:
        RuntimeError: for a negative lambd.

    >>> import minigrad as torch
    >>> torch.nn.functional.softshrink(torch.tensor([-1.0, 0.2, 2.0]))
    tensor([-0.5000,  0.0000,  1.5000])
    """
    if lambd < 0:
        raise RuntimeError(f"softshrink: lambd must not be negative, but found {lambd}")
    return _activation("softshrink", input, lambd=lambd)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, `value` elsewhere.

    Arguments:
        input: a tensor of any shape.
        threshold: the bound.
        value: of the elements that do not exceed it.
        inplace: write the result over `input`.

    >>> import minigrad as torch
    >>> torch.nn.functional.threshold(torch.tensor([0.5, 2.0]), 1.0, -1.0)
    tensor([-1.,  2.])
    """
    check_tensor("threshold", "input", input)
    if input.dtype.kind != "f":
        threshold, value = int(threshold), int(value)
    return _activation("threshold", input, inplace, threshold=threshold, value=value)


_threshold = threshold  # under a name that no argument hides


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x for x > 0, alpha (exp(x / alpha) - 1) below: smooth at 0 for every alpha.

    Arguments:
        input: a floating tensor of any shape.
        alpha: minus the limit at -inf; not 0.
        inplace: write the result over `input`.

    Raises:
        RuntimeError: for alpha 0.

    Source: Barron, "Continuously differentiable exponential linear units" (2017).

    >>> import minigrad as torch
    >>> torch.nn.functional.celu(torch.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """
    if alpha == 0:
        raise RuntimeError("celu: alpha cannot be 0, because x is divided by it")
    return _activation("celu", input, inplace, alpha=alpha)


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """x for x > 0, a x elsewhere: in training each a is drawn from [lower, upper], else it is their middle.

    Arguments:
        input: a floating tensor of any shape.
        lower, upper: the bounds of the slope.
        training: whether slopes are drawn.
        inplace: write the result over `input`.

    Raises:
        RuntimeError: where lower > upper.

    Source: Xu et al., "Empirical evaluation of rectified activations in convolutional network" (2015).

    >>> import minigrad as torch
    >>> torch.nn.functional.rrelu(torch.tensor([-1.0, 2.0]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    check_tensor("rrelu", "input", input)
    check_floating("rrelu", input)
    if lower > upper:
        raise RuntimeError(
            f"rrelu: Lower bound should be less than or equal to the upper bound, not {lower} and {upper}"
        )
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    drawn = arrayed(generator_of(None).uniform(lower, upper, input.shape)).astype(input.dtype)
    slopes = wrap(np.where(input._array > 0, input.dtype.type(1), drawn), None)
    return input.mul_(slopes) if inplace else input * slopes


def relu_(input: Tensor) -> Tensor:
    """`relu`, written over `input`, a tensor of any shape.

    >>> import minigrad as torch
    >>> torch.nn.functional.relu_(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return relu(input, True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu`, written over `input`, a floating tensor of any shape; `negative_slope` as there.

    >>> import minigrad as torch
    >>> torch.nn.functional.leaky_relu_(torch.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return leaky_relu(input, negative_slope, True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu`, written over `input`, a floating tensor of any shape; `alpha` as there.

    >>> import minigrad as torch
    >>> torch.nn.functional.elu_(torch.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """
    return elu(input, alpha, True)


def selu_(input: Tensor) -> Tensor:
    """`selu`, written over `input`, a floating tensor of any shape.

    >>> import minigrad as torch
    >>> torch.nn.functional.selu_(torch.tensor([1.0]))
    tensor([1.0507])
    """
    return selu(input, True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu`, written over `input`, a floating tensor of any shape; `alpha` as there.

    >>> import minigrad as torch
    >>> torch.nn.functional.celu_(torch.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """
    return celu(input, alpha, True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh`, written over `input`, a tensor of any shape; `min_val` and `max_val` as there.

    >>> import minigrad as torch
    >>> torch.nn.functional.hardtanh_(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    return hardtanh(input, min_val, max_val, True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """The function `threshold`, written over `input`, a tensor of any shape; `threshold`, `value` as there.

    >>> import minigrad as torch
    >>> torch.nn.functional.threshold_(torch.tensor([0.5, 2.0]), 1.0, -1.0)
    tensor([-1.,  2.])
    """
    return _threshold(input, threshold, value, True)


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """`rrelu`, written over `input`, a floating tensor of any shape; `lower`, `upper`, `training` as there.

    >>> import minigrad as torch
    >>> torch.nn.functional.rrelu_(torch.tensor([-1.0, 2.0]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    return rrelu(input, lower, upper, training, True)
