"""The binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad import creation
from minigrad.nn.functional import logsigmoid

from . import constraints
from .distribution import OfTrials, drawn


class Binomial(OfTrials):
    """The number of successes in trials.

    Arguments:
        total_count: the number of trials.
        probs: the probability of a success in each.
        logits: the logarithm of its odds, in the place of `probs`.

    >>> import minigrad as torch
    >>> torch.distributions.Binomial(2, torch.tensor(0.5)).log_prob(torch.tensor([0.0, 1.0]))
    tensor([-1.3863, -0.6931])
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True

    def __init__(
        self,
        total_count: Any = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        self._take(probs, logits, total_count)
        self.total_count = self._others[0].to(self._own.dtype)
        super().__init__(self._own.shape, validate_args=validate_args)

    @property
    def support(self) -> Any:
        """The numbers from 0 to the number of trials."""
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Any:
        return self.total_count * self.probs

    @property
    def mode(self) -> Any:
        return ((self.total_count + 1) * self.probs).floor().minimum(self.total_count)

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape, chance = self._shape(sample_shape), self.probs.detach()._array
        trials = self.total_count._array.astype("int64")
        return drawn(lambda random: random.binomial(trials, chance, shape), self.probs)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        n, x = self.total_count, self.logits
        ways = (n + 1).lgamma() - (value + 1).lgamma() - (n - value + 1).lgamma()
        return ways + value * x + n * logsigmoid(-x)

    def entropy(self) -> Any:
        told = self.log_prob(self.enumerate_support(False))
        return -(told.exp() * told).sum(0)

    def enumerate_support(self, expand: bool = True) -> Any:
        most = self.total_count.max()
        if not (self.total_count == most).all():
            raise NotImplementedError("Binomial: the values are enumerated where all have one total_count")
        return self._along(creation.arange(int(most.item()) + 1).to(self._own.dtype), expand)
