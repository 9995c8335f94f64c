"""The log-normal distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from . import constraints
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import ExpTransform


class LogNormal(TransformedDistribution):
    """The exponential of a normal number.

    Arguments:
        loc: the mean of its logarithm.
        scale: the standard deviation of its logarithm.

    >>> import minigrad as torch
    >>> torch.distributions.LogNormal(0.0, 1.0).log_prob(torch.tensor([1.0]))
    tensor([-0.9189])
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    @property
    def loc(self) -> Any:
        """The mean of the logarithm.

        >>> import minigrad as torch
        >>> torch.distributions.LogNormal(0.0, 1.0).loc
        tensor(0.)
        """
        return self.base_dist.loc

    @property
    def scale(self) -> Any:
        """The standard deviation of the logarithm.

        >>> import minigrad as torch
        >>> torch.distributions.LogNormal(0.0, 1.0).scale
        tensor(1.)
        """
        return self.base_dist.scale

    @property
    def mean(self) -> Any:
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self) -> Any:
        return (self.loc - self.scale.pow(2)).exp()

    @property
    def variance(self) -> Any:
        squared = self.scale.pow(2)
        return squared.expm1() * (2 * self.loc + squared).exp()

    def entropy(self) -> Any:
        return self.base_dist.entropy() + self.loc
