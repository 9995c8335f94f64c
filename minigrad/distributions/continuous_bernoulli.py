"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from minigrad.functional import where
from minigrad.nn.functional import binary_cross_entropy_with_logits

from . import constraints
from .distribution import Derived, OfTrials, inside, uniform
from .exp_family import ExponentialFamily


class ContinuousBernoulli(OfTrials, ExponentialFamily):
    """Numbers between 0 and 1 with a density that is a power of the odds.

    Arguments:
        probs: between 0 and 1; it is not the mean.
        logits: the logarithm of its odds, in the place of `probs`.
        lims: between these, around 0.5, Taylor's series are taken, for the formulas are 0/0 there.

    Source: Loaiza-Ganem and Cunningham, "The continuous Bernoulli" (2019).

    >>> import minigrad as torch
    >>> torch.distributions.ContinuousBernoulli(torch.tensor(0.25)).log_prob(torch.tensor([0.0, 1.0]))
    tensor([ 0.4995, -0.5991])
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self,
        probs: Any = None,
        logits: Any = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        self._take(probs, logits)
        self._lims = lims
        super().__init__(self._own.shape, validate_args=validate_args)
        if logits is None:
            self.probs = inside(self.probs)

    @Derived
    def probs(self) -> Any:
        """The parameter between 0 and 1."""
        return inside(self.logits.sigmoid())

    def _away(self) -> tuple[Any, Any]:
        """True outside the limits; and the parameter, the lower limit within them."""
        away = (self.probs <= self._lims[0]) | (self.probs > self._lims[1])
        return away, where(away, self.probs, self._lims[0])

    def _log_norm(self) -> Any:
        away, p = self._away()
        low = p <= 0.5
        gap = where(low, (-2 * where(low, p, 0.0)).log1p(), (2 * where(low, 1.0, p) - 1).log())
        x = (self.probs - 0.5).pow(2)
        near = math.log(2) + (4 / 3 + 104 / 45 * x) * x
        return where(away, ((-p).log1p() - p.log()).abs().log() - gap, near)

    @property
    def mean(self) -> Any:
        away, p = self._away()
        x = self.probs - 0.5
        return where(
            away, p / (2 * p - 1) + 1 / ((-p).log1p() - p.log()), 0.5 + (1 / 3 + 16 / 45 * x.pow(2)) * x
        )

    @property
    def variance(self) -> Any:
        away, p = self._away()
        x = (self.probs - 0.5).pow(2)
        found = p * (p - 1) / (1 - 2 * p).pow(2) + 1 / ((-p).log1p() - p.log()).pow(2)
        return where(away, found, 1 / 12 - (1 / 15 - 128 / 945 * x) * x)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(uniform(self._shape(sample_shape), self._own))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        logits = self.logits
        value = value + 0 * logits.detach()
        cost = binary_cross_entropy_with_logits(logits.expand(value.shape), value, reduction="none")
        return self._log_norm() - cost

    def cdf(self, value: Any) -> Any:
        self._check(value)
        away, p = self._away()
        found = where(away, (p.pow(value) * (1 - p).pow(1 - value) + p - 1) / (2 * p - 1), value)
        return where(value <= 0, 0.0, where(value >= 1, 1.0, found))

    def icdf(self, value: Any) -> Any:
        away, p = self._away()
        rest = (-p).log1p()
        return where(away, ((-p + value * (2 * p - 1)).log1p() - rest) / (p.log() - rest), value)

    def entropy(self) -> Any:
        rest = (-self.probs).log1p()
        return self.mean * (rest - self.probs.log()) - self._log_norm() - rest
