"""The exponential distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from . import constraints
from .distribution import drawn, together
from .exp_family import ExponentialFamily


class Exponential(ExponentialFamily):
    """The exponential distribution: the time until an event that has no memory.

    Arguments:
        rate: how many events there are in a unit of time.

    >>> import minigrad as torch
    >>> torch.distributions.Exponential(2.0).log_prob(torch.tensor([0.0, 1.0]))
    tensor([ 0.6931, -1.3069])
    """

    arg_constraints: ClassVar = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = together(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return 1 / self.rate

    @property
    def mode(self) -> Any:
        return 0 * self.rate.detach()

    @property
    def stddev(self) -> Any:
        return 1 / self.rate

    @property
    def variance(self) -> Any:
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._shape(sample_shape)
        return drawn(lambda random: random.standard_exponential(shape), self.rate) / self.rate

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return -(-self.rate * value).expm1()

    def icdf(self, value: Any) -> Any:
        return -(-value).log1p() / self.rate

    def entropy(self) -> Any:
        return 1 - self.rate.log()
