"""The Gumbel distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .distribution import LocationScale, uniform


class Gumbel(LocationScale):
    """The Gumbel distribution: of the largest of many numbers.

    Arguments:
        loc: the mode.
        scale: the spread.

    >>> import minigrad as torch
    >>> torch.distributions.Gumbel(0.0, 1.0).log_prob(torch.tensor([0.0]))
    tensor([-1.])
    """

    @property
    def mean(self) -> Any:
        return self.loc + self.scale * np.euler_gamma

    @property
    def stddev(self) -> Any:
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self) -> Any:
        return self.stddev.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(uniform(self._shape(sample_shape), self.loc))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        far = (self.loc - value) / self.scale
        return far - far.exp() - self.scale.log()

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return (-((self.loc - value) / self.scale).exp()).exp()

    def icdf(self, value: Any) -> Any:
        return self.loc - self.scale * (-value.log()).log()

    def entropy(self) -> Any:
        return self.scale.log() + (1 + np.euler_gamma)
