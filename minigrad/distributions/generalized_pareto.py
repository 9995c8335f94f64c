"""The generalised Pareto distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from minigrad.functional import where

from . import constraints
from .distribution import Distribution, together, uniform


class GeneralizedPareto(Distribution):
    """The generalised Pareto distribution: of what exceeds a high threshold.

    Arguments:
        loc: the threshold.
        scale: the spread.
        concentration: the shape: 0 for exponential tails, positive for heavier ones, negative for an end.

    >>> import minigrad as torch
    >>> torch.distributions.GeneralizedPareto(0.0, 1.0, 1.0).log_prob(torch.tensor([1.0]))
    tensor([-1.3863])
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = together(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def support(self) -> Any:
        """The numbers above the threshold, up to an end where the concentration is negative."""
        low, c = self.loc, self.concentration
        return constraints.interval(low, where(c < 0, low - self.scale / c, math.inf))

    @property
    def mean(self) -> Any:
        known = self.concentration < 1
        return where(known, self.loc + self.scale / (1 - where(known, self.concentration, 0.5)), math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        known = self.concentration < 0.5
        c = where(known, self.concentration, 0.25)
        return where(known, self.scale.pow(2) / ((1 - c).pow(2) * (1 - 2 * c)), math.nan)

    def _shape_or_one(self) -> tuple[Any, Any]:
        """True where the concentration is taken as 0; and the concentration, 1 there."""
        flat = self.concentration.detach().abs() <= 1e-8
        return flat, where(flat, 1.0, self.concentration)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(uniform(self._shape(sample_shape), self.loc))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        z, (flat, c) = (value - self.loc) / self.scale, self._shape_or_one()
        power = 1 / c + 1
        cost = where((power == 0).expand((power + z).shape), power, power * (c * z).log1p())
        return -self.scale.log() - where(flat, z, cost)

    def log_survival_function(self, value: Any) -> Any:
        """The logarithm of the probability of more than a value.

        Arguments:
            value: as for `log_prob`.

        >>> import minigrad as torch
        >>> torch.distributions.GeneralizedPareto(0.0, 1.0, 0.0).log_survival_function(torch.tensor(2.0))
        tensor(-2.)
        """
        self._check(value)
        z, (flat, c) = (value - self.loc) / self.scale, self._shape_or_one()
        return where(flat, -z, -(c * z).log1p() / c)

    def log_cdf(self, value: Any) -> Any:
        """The logarithm of the probability of at most a value.

        Arguments:
            value: as for `log_prob`.

        >>> import minigrad as torch
        >>> torch.distributions.GeneralizedPareto(0.0, 1.0, 1.0).log_cdf(torch.tensor(1.0))
        tensor(-0.6931)
        """
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Any) -> Any:
        return self.log_cdf(value).exp()

    def icdf(self, value: Any) -> Any:
        (flat, c), rest = self._shape_or_one(), (-value).log1p()
        return where(flat, self.loc - self.scale * rest, self.loc + self.scale / c * (-c * rest).expm1())

    def entropy(self) -> Any:
        return self.scale.log() + self.concentration + 1
