"""The Cauchy distribution."""

from __future__ import annotations

import math
from typing import Any

from .distribution import LocationScale, drawn


class Cauchy(LocationScale):
    """The Cauchy distribution, whose tails are so heavy that it has no mean.

    Arguments:
        loc: the median.
        scale: half the distance between the quartiles.

    >>> import minigrad as torch
    >>> torch.distributions.Cauchy(0.0, 1.0).cdf(torch.tensor([0.0, 1.0]))
    tensor([0.5000, 0.7500])
    """

    @property
    def mean(self) -> Any:
        return 0 * self.loc.detach() + math.nan

    @property
    def variance(self) -> Any:
        return 0 * self.loc.detach() + math.inf

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._shape(sample_shape)
        return self.loc + self.scale * drawn(lambda random: random.standard_cauchy(shape), self.loc)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return -math.log(math.pi) - self.scale.log() - ((value - self.loc) / self.scale).pow(2).log1p()

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5

    def icdf(self, value: Any) -> Any:
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Any:
        return math.log(4 * math.pi) + self.scale.log()
