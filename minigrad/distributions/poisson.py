"""The Poisson distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.functional import xlogy

from . import constraints
from .distribution import drawn, together
from .exp_family import ExponentialFamily


class Poisson(ExponentialFamily):
    """The number of events in a unit of time.

    Arguments:
        rate: its mean.

    >>> import minigrad as torch
    >>> torch.distributions.Poisson(2.0).log_prob(torch.tensor([0.0, 1.0]))
    tensor([-2.0000, -1.3069])
    """

    arg_constraints: ClassVar = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = together(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.rate

    @property
    def mode(self) -> Any:
        return self.rate.floor()

    @property
    def variance(self) -> Any:
        return self.rate

    def sample(self, sample_shape: Any = ()) -> Any:
        shape, rate = self._shape(sample_shape), self.rate.detach()._array
        return drawn(lambda random: random.poisson(rate, shape), self.rate)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return xlogy(value, self.rate) - self.rate - (value + 1).lgamma()
