"""Draws for each element of a tensor of probabilities, weights or rates; their gradient is 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.random import Generator, as_drawn, generator_of
from minigrad._tensor.record import wrap
from minigrad._tensor.tracing import drawn_for_each_sample
from minigrad.ops.kernels import broken
from minigrad.ops.refusal import level, without_derivative

if TYPE_CHECKING:
    from minigrad._tensor.tensor import Tensor


@drawn_for_each_sample
def bernoulli(input: Tensor, p: Any = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that `input` gives for each element, else 0; the gradient is 0.

    Arguments:
        input: a floating tensor of probabilities.
        p: a probability for all elements, in the place of those.
        generator: where the random numbers come from.

    Raises:
        RuntimeError: for a number outside [0, 1].

    >>> import minigrad as torch
    >>> torch.bernoulli(torch.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    own = input._array
    chance = own if p is None else np.asarray(p)
    if own.dtype.kind != "f":
        raise RuntimeError(f"bernoulli: expected floating probabilities, but got {own.dtype}")
    if broken((chance >= 0) & (chance <= 1)):
        raise RuntimeError("bernoulli expects probabilities within [0, 1]")
    drawn = as_drawn(generator_of(generator).random(own.shape) < chance, own.dtype)
    out: Tensor = level("bernoulli", wrap(drawn, None), input)
    return out


@drawn_for_each_sample
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
    if broken(np.isfinite(weights) & (weights >= 0)):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    rows = weights if weights.ndim == 2 else weights[None]
    if broken(rows.sum(-1) > 0):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if not replacement and broken((rows > 0).sum(-1) >= num_samples):
        raise RuntimeError("cannot sample more places than have a weight without replacement")
    stream = generator_of(generator)
    if replacement:
        ends = np.cumsum(rows, -1)
        draws = stream.random((len(rows), num_samples)) * ends[:, -1:]
        found = np.stack([np.searchsorted(e, d, "right") for e, d in zip(ends, draws, strict=True)])
    else:  # the first of exponential clocks that run at these rates
        with np.errstate(divide="ignore"):
            clocks = stream.standard_exponential(rows.shape) / rows
        found = np.argsort(clocks, -1)[:, :num_samples]
    places: Tensor = wrap(found.astype(np.int64).reshape((*weights.shape[:-1], num_samples)), None)
    return places


@drawn_for_each_sample
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Draws from Poisson distributions; the gradient is 0.

    Arguments:
        input: a floating tensor of rates that are not negative.
        generator: where the random numbers come from.

    Raises:
        RuntimeError: for a negative rate.

    >>> import minigrad as torch
    >>> torch.poisson(torch.zeros(2))
    tensor([0., 0.])
    """
    rates = input._array
    if rates.dtype.kind != "f":
        raise NotImplementedError(f"poisson: expected floating rates, but got {rates.dtype}")
    if broken(rates >= 0):
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    drawn = np.asarray(generator_of(generator).poisson(rates)).astype(rates.dtype)
    out: Tensor = level("poisson", wrap(drawn, None), input)
    return out


@without_derivative
@drawn_for_each_sample
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of `count` trials succeed, each with probability `prob`; backward raises.

    Arguments:
        count, prob: floating tensors of one dtype; shapes broadcast.
        generator: where the random numbers come from.

    >>> import minigrad as torch
    >>> torch.binomial(torch.tensor([3.0, 4.0]), torch.tensor([1.0, 0.0]))
    tensor([3., 0.])
    """
    trials = count._array
    draws = generator_of(generator).binomial(trials.astype(np.int64), prob._array)
    drawn: Tensor = wrap(np.asarray(draws).astype(trials.dtype), None)
    return drawn
