"""The half-normal distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from . import constraints
from .distribution import Distribution, drawn, together


class HalfNormal(Distribution):
    """The distance of a normal number of mean 0 from 0.

    Arguments:
        scale: the standard deviation of that number.

    >>> import minigrad as torch
    >>> torch.distributions.HalfNormal(1.0).log_prob(torch.tensor([0.0, 1.0]))
    tensor([-0.2258, -0.7258])
    """

    _told = ()
    arg_constraints: ClassVar = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        (self.scale,) = together(scale)
        super().__init__(self.scale.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def mode(self) -> Any:
        return 0 * self.scale.detach()

    @property
    def variance(self) -> Any:
        return self.scale.pow(2) * (1 - 2 / math.pi)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._shape(sample_shape)
        return self.scale * drawn(lambda random: abs(random.standard_normal(shape)), self.scale)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        found = 0.5 * math.log(2 / math.pi) - self.scale.log() - 0.5 * (value / self.scale).pow(2)
        return found.masked_fill((value < 0).expand(found.shape), -math.inf)

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return (value / self.scale / math.sqrt(2)).erf()

    def icdf(self, value: Any) -> Any:
        return self.scale * math.sqrt(2) * value.erfinv()

    def entropy(self) -> Any:
        return 0.5 + 0.5 * math.log(math.pi / 2) + self.scale.log()
