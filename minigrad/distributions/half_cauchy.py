"""The half-Cauchy distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from . import constraints
from .cauchy import Cauchy
from .distribution import Distribution, together


class HalfCauchy(Distribution):
    """The distance of a Cauchy number of centre 0 from 0.

    Arguments:
        scale: the spread of that number.

    >>> import minigrad as torch
    >>> torch.distributions.HalfCauchy(1.0).log_prob(torch.tensor([0.0, 1.0]))
    tensor([-0.4516, -1.1447])
    """

    _told = ()
    arg_constraints: ClassVar = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        (self.scale,) = together(scale)
        super().__init__(self.scale.shape, validate_args=validate_args)

    @property
    def _whole(self) -> Cauchy:
        return Cauchy(0.0 * self.scale.detach(), self.scale, validate_args=False)

    @property
    def mean(self) -> Any:
        return 0 * self.scale.detach() + math.inf

    @property
    def mode(self) -> Any:
        return 0 * self.scale.detach()

    @property
    def variance(self) -> Any:
        return self._whole.variance

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._whole.rsample(sample_shape).abs()

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        found = self._whole.log_prob(value) + math.log(2)
        return found.masked_fill((value < 0).expand(found.shape), -math.inf)

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return 2 * self._whole.cdf(value) - 1

    def icdf(self, value: Any) -> Any:
        return self._whole.icdf((value + 1) / 2)

    def entropy(self) -> Any:
        return self._whole.entropy() - math.log(2)
