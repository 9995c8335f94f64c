"""The Bernoulli distribution: 0 or 1."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from minigrad import creation
from minigrad.nn.functional import binary_cross_entropy_with_logits

from . import constraints
from .distribution import OfTrials, drawn
from .exp_family import ExponentialFamily


class Bernoulli(OfTrials, ExponentialFamily):
    """1 with a probability, else 0.

    Arguments:
        probs: the probability of a 1.
        logits: the logarithm of its odds, in the place of `probs`.

    >>> import minigrad as torch
    >>> torch.distributions.Bernoulli(torch.tensor(0.25)).log_prob(torch.tensor([0.0, 1.0]))
    tensor([-0.2877, -1.3863])
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._take(probs, logits)
        super().__init__(self._own.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        return (self.probs >= 0.5).to(self.probs.dtype).masked_fill(self.probs == 0.5, math.nan)

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape, chance = self._shape(sample_shape), self.probs._array
        return drawn(lambda random: random.random(shape) < chance, self.probs)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        logits = self.logits
        value = value + 0 * logits.detach() if value.shape != logits.shape else value
        logits = logits.expand(value.shape)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Any:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._along(creation.tensor([0.0, 1.0], dtype=self.probs.dtype), expand)
