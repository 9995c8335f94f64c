"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

from .distribution import LocationScale, drawn
from .exp_family import ExponentialFamily


class Normal(LocationScale, ExponentialFamily):
    """The normal distribution, also called Gaussian.

    Arguments:
        loc: the mean.
        scale: the standard deviation.

    >>> import minigrad as torch
    >>> torch.distributions.Normal(0.0, 1.0).log_prob(torch.tensor([0.0, 1.0]))
    tensor([-0.9189, -1.4189])
    """

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def stddev(self) -> Any:
        return self.scale

    @property
    def variance(self) -> Any:
        return self.scale.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._shape(sample_shape)
        return self.loc + self.scale * drawn(lambda random: random.standard_normal(shape), self.loc)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        far = (value - self.loc) / self.scale
        return -0.5 * far**2 - self.scale.log() - 0.5 * math.log(2 * math.pi)

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return 0.5 * (1 + ((value - self.loc) / self.scale / math.sqrt(2)).erf())

    def icdf(self, value: Any) -> Any:
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self) -> Any:
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()
