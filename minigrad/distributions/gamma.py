"""The gamma distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.functional import xlogy

from . import constraints
from .distribution import Distribution, drawn, together


def refuse_gradient(kind: str, *concentrations: Any) -> None:
    """The noise of these draws depends on the concentration, and its derivative is no closed formula."""
    if any(c.requires_grad for c in concentrations):
        raise NotImplementedError(
            f"{kind}.rsample has no gradient with respect to the concentration; sample() draws without one, "
            f"and so does rsample() of a detached concentration"
        )


class Gamma(Distribution):
    """The gamma distribution.

    Arguments:
        concentration: the shape: the number of events, where it is whole.
        rate: how many events there are in a unit of time.

    `rsample` carries a gradient to the rate alone, and refuses a concentration that asks for one.

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

    def _draw(self, sample_shape: Any) -> Any:
        shape, concentration = self._shape(sample_shape), self.concentration.detach()._array
        return drawn(lambda random: random.standard_gamma(concentration, shape), self.rate) / self.rate

    def sample(self, sample_shape: Any = ()) -> Any:
        return self._draw(sample_shape).detach()

    def rsample(self, sample_shape: Any = ()) -> Any:
        refuse_gradient(type(self).__name__, self.concentration)
        return self._draw(sample_shape)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        a, b = self.concentration, self.rate
        return xlogy(a, b) + xlogy(a - 1, value) - b * value - a.lgamma()

    def entropy(self) -> Any:
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1 - a) * a.digamma()
