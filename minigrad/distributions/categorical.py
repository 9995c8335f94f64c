"""The categorical distribution: one of several places."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from minigrad import creation
from minigrad._tensor.compositions.differences import broadcast_tensors
from minigrad._tensor.random import as_drawn, generator_of
from minigrad._tensor.record import wrap

from . import constraints
from .distribution import OfPlaces


class Categorical(OfPlaces):
    """One of K places, 0 to K - 1.

    Arguments:
        probs: weights of shape (..., K) that are not negative; they are divided by their sum.
        logits: logarithms of such weights, in the place of `probs`.

    >>> import minigrad as torch
    >>> torch.distributions.Categorical(torch.tensor([1.0, 3.0])).log_prob(torch.tensor([0, 1]))
    tensor([-1.3863, -0.2877])
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._take(probs, logits)
        self._num_events = self._own.shape[-1]
        super().__init__(self._own.shape[:-1], validate_args=validate_args)

    @property
    def support(self) -> Any:
        """The places."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Any:
        return creation.full(self._batch_shape, math.nan, dtype=self._own.dtype)

    @property
    def variance(self) -> Any:
        return self.mean

    @property
    def mode(self) -> Any:
        return self.probs.argmax(-1)

    def sample(self, sample_shape: Any = ()) -> Any:
        ends = self.probs._array.astype(np.float64).cumsum(-1)
        ends[..., -1:] = np.maximum(ends[..., -1:], 1e-300)
        found = generator_of(None).random((*self._shape(sample_shape), 1)) * ends[..., -1:]
        return wrap(as_drawn((found >= ends).sum(-1), np.dtype(np.int64)), None)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        places, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, places[..., :1]).squeeze(-1)

    def entropy(self) -> Any:
        logits = self.logits
        return -(logits.clamp(min=float(np.finfo(logits._array.dtype).min)) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._along(creation.arange(self._num_events), expand)
