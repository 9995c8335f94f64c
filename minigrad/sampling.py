"""Draws from distributions whose parameters are tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad._tensor.dtype import as_dtype, get_default_dtype
from minigrad._tensor.random import Generator, generator_of
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Draws from normal distributions, without a gradient.

    Arguments:
        mean, std: tensors of shapes that broadcast, or numbers.
        size: the shape, where both are numbers.
        generator: where the random numbers come from.
        dtype: where both are numbers, the default dtype unless told.
        requires_grad: whether gradients flow to the result.

    Raises:
        RuntimeError: for a negative `std`.
        TypeError: for numbers without a size.

    >>> import minigrad as torch
    >>> torch.normal(0.0, 1.0, size=(2, 3)).shape, torch.normal(torch.zeros(4), 0.0)
    (torch.Size([2, 3]), tensor([0., 0., 0., 0.]))
    """
    arrays = [x._array for x in (mean, std) if isinstance(x, Tensor)]
    if not arrays and size is None:
        raise TypeError("normal(): say size=, or give a tensor as mean or std")
    if arrays and size is not None:
        raise TypeError("normal(): size= goes with numbers as mean and std; a tensor has its own")
    own = arrays[0].dtype if arrays else get_default_dtype() if dtype is None else as_dtype(dtype)
    low, scale = (x._array if isinstance(x, Tensor) else x for x in (mean, std))
    if (np.asarray(scale) < 0).any():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    shape = tuple(size) if size is not None else np.broadcast_shapes(np.shape(low), np.shape(scale))
    draws = low + scale * generator_of(generator).standard_normal(shape)
    made: Tensor = wrap(np.asarray(draws, own), None)
    return made.requires_grad_(requires_grad)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that `input` gives for each element, else 0; without a gradient.

    Arguments:
        input: a floating tensor of probabilities.
        generator: where the random numbers come from.

    Raises:
        RuntimeError: for a number outside [0, 1].

    >>> import minigrad as torch
    >>> torch.bernoulli(torch.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    p = input._array
    if p.dtype.kind != "f":
        raise RuntimeError(f"bernoulli: expected floating probabilities, but got {p.dtype}")
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError("bernoulli expects probabilities within [0, 1]")
    return wrap(np.asarray(generator_of(generator).random(p.shape) < p, p.dtype), None)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Places drawn with probabilities in proportion to weights, for each row.

    Arguments:
        input: a vector of weights that are not negative, or a matrix of such rows.
        num_samples: how many places for each row.
        replacement: whether a place may be drawn again.
        generator: where the random numbers come from.

    Raises:
        RuntimeError: for other weights, and for more draws than there are places with a weight.

    >>> import minigrad as torch
    >>> torch.multinomial(torch.tensor([0.0, 1.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    weights = input._array.astype(np.float64)
    if input.ndim not in (1, 2) or input._array.dtype.kind != "f":
        raise RuntimeError("multinomial: expected a floating vector or matrix of weights")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    rows = np.atleast_2d(weights)
    if not (rows.sum(-1) > 0).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if not replacement and ((rows > 0).sum(-1) < num_samples).any():
        raise RuntimeError("cannot sample more places than have a weight without replacement")
    stream = generator_of(generator)
    if replacement:
        ends = np.cumsum(rows, -1)
        draws = stream.random((len(rows), num_samples)) * ends[:, -1:]
        found = [np.searchsorted(e, d, "right") for e, d in zip(ends, draws, strict=True)]
    else:  # the first of exponential clocks that run at these rates
        with np.errstate(divide="ignore"):
            clocks = stream.standard_exponential(rows.shape) / rows
        found = list(np.argsort(clocks, -1)[:, :num_samples])
    return wrap(np.array(found, np.int64).reshape((*weights.shape[:-1], num_samples)), None)
