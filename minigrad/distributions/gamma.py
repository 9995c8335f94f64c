"""The gamma distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad._tensor.compositions.integrals import igamma
from minigrad.functional import xlogy

from . import constraints
from .distribution import together
from .draws import standard_gamma
from .exp_family import ExponentialFamily


class Gamma(ExponentialFamily):
    """The gamma distribution.

    Arguments:
        concentration: the shape: the number of events, where it is whole.
        rate: how many events there are in a unit of time.

    The gradient of `rsample` to the concentration is that of an implicit function, at a fixed probability of
    less than the draw. It has no gradient in its turn.

    >>> import minigrad as torch
    >>> torch.distributions.Gamma(1.0, 2.0).log_prob(torch.tensor([1.0]))
    tensor([-1.3069])
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = together(concentration, rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.concentration / self.rate

    @property
    def mode(self) -> Any:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Any:
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return standard_gamma(self.concentration, self._shape(sample_shape)) / self.rate

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        a, b = self.concentration, self.rate
        return xlogy(a, b) + xlogy(a - 1, value) - b * value - a.lgamma()

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return igamma(self.concentration, self.rate * value)

    def entropy(self) -> Any:
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1 - a) * a.digamma()
