"""Smooth activations that are a few ops each, the gated linear unit, and the Gumbel softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad._tensor.random import as_drawn, generator_of
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor

from .activations import _chosen_dim
from .checks import check_tensor
from .sizes import check_floating


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(log(1 + exp(x))).

    Arguments:
        input: a floating tensor of any shape.
        inplace: write the result over `input`.

    Source: Misra, "Mish: a self regularized non-monotonic activation function" (2020), equation 1.

    >>> import minigrad as torch
    >>> torch.nn.functional.mish(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8651])
    """
    check_tensor("mish", "input", input)
    check_floating("mish", input)
    x = input.clone() if inplace else input
    out = x * CALLS["softplus"](x, beta=1.0, threshold=np.inf).tanh()
    return input.copy_(out) if inplace else out


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|), of any tensor `input`; integers become floats.

    >>> import minigrad as torch
    >>> torch.nn.functional.softsign(torch.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    check_tensor("softsign", "input", input)
    return input / (input.abs() + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x), of any tensor `input`; integers become floats.

    >>> import minigrad as torch
    >>> torch.nn.functional.tanhshrink(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.2384])
    """
    check_tensor("tanhshrink", "input", input)
    return input - input.tanh()


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(-x): the smallest gets the largest share.

    Arguments:
        input, dim, dtype: as in `softmax`.

    >>> import minigrad as torch
    >>> torch.nn.functional.softmin(torch.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    check_tensor("softmin", "input", input)
    return (-input).softmax(_chosen_dim("softmin", dim, input.ndim), dtype)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a sigmoid(b), a and b being the two halves of the input along `dim`.

    Arguments:
        input: a floating tensor, its size along `dim` even.
        dim: an axis.

    Raises:
        RuntimeError: for an odd size, or a tensor without axes.

    Source: Dauphin et al., "Language modeling with gated convolutional networks" (2017).

    >>> import minigrad as torch
    >>> torch.nn.functional.glu(torch.tensor([2.0, 0.0]))
    tensor([1.])
    """
    check_tensor("glu", "input", input)
    check_floating("glu", input)
    if not input.ndim:
        raise RuntimeError("glu does not support 0-d tensors, because it halves an axis")
    if input.size(dim) % 2:
        raise RuntimeError(
            f"glu: halving dimension must be even, but dimension {dim} has size {input.size(dim)}"
        )
    if not input.size(dim):
        return input.clone()
    a, b = input.chunk(2, dim)
    return a * b.sigmoid()


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A sample of one-hot rows, relaxed: softmax((logits + Gumbel noise) / tau) along `dim`.

    Arguments:
        logits: a floating tensor, log-probabilities up to a constant.
        tau: the temperature; the smaller, the nearer to one-hot.
        hard: return one-hot rows, with the gradient of the relaxed sample.
        eps: has no effect, as in PyTorch.
        dim: the axis along which a sample sums to 1.

    Source: Jang et al., "Categorical reparameterization with Gumbel-softmax" (2017).

    >>> import minigrad as torch
    >>> torch.nn.functional.gumbel_softmax(torch.tensor([0.0, 100.0]), hard=True)
    tensor([0., 1.])
    """
    check_tensor("gumbel_softmax", "logits", logits)
    check_floating("gumbel_softmax", logits)
    noise = as_drawn(generator_of(None).gumbel(size=logits.shape), logits.dtype)
    soft = ((logits + wrap(noise, None)) / tau).softmax(dim)
    if not hard:
        return soft
    place = soft.detach().max(dim, keepdim=True)[1]
    one_hot = soft.detach().new_zeros(soft.shape).scatter(dim, place, 1.0)
    return one_hot - soft.detach() + soft
