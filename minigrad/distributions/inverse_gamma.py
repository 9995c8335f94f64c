"""The inverse gamma distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from minigrad.functional import where

from . import constraints
from .gamma import Gamma
from .transformed_distribution import TransformedDistribution
from .transforms import PowerTransform


class InverseGamma(TransformedDistribution):
    """One over a draw of the gamma distribution.

    Arguments:
        concentration: the shape of that one.
        rate: its rate, which is the scale here.

    >>> import minigrad as torch
    >>> d = torch.distributions.InverseGamma(1.0, 2.0)
    >>> d.log_prob(torch.tensor([1.0])), d.concentration, d.rate
    (tensor([-1.3069]), tensor(1.), tensor(2.))
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args)
        power = PowerTransform(-base.rate.new_ones(()))
        super().__init__(base, power, validate_args)

    @property
    def concentration(self) -> Any:
        """The shape of the gamma distribution."""
        return self.base_dist.concentration

    @property
    def rate(self) -> Any:
        """The rate of the gamma distribution."""
        return self.base_dist.rate

    @property
    def mean(self) -> Any:
        more = self.concentration > 1
        return where(more, self.rate / (where(more, self.concentration, 2.0) - 1), math.inf)

    @property
    def mode(self) -> Any:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Any:
        more = self.concentration > 2
        a = where(more, self.concentration, 3.0)
        return where(more, self.rate.pow(2) / ((a - 1).pow(2) * (a - 2)), math.inf)

    def entropy(self) -> Any:
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()
