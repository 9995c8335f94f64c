"""The Laplace distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from . import constraints
from .distribution import Distribution, together, uniform


class Laplace(Distribution):
    """The Laplace distribution: exponential on both sides of its centre.

    Arguments:
        loc: the centre.
        scale: the mean distance from it.

    >>> import minigrad as torch
    >>> torch.distributions.Laplace(0.0, 1.0).log_prob(torch.tensor([0.0, -1.0]))
    tensor([-0.6931, -1.6931])
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = together(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def stddev(self) -> Any:
        return 2**0.5 * self.scale

    @property
    def variance(self) -> Any:
        return 2 * self.scale.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(uniform(self._shape(sample_shape), self.loc))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Any) -> Any:
        self._check(value)
        far = value - self.loc
        return 0.5 - 0.5 * far.sign() * (-far.abs() / self.scale).expm1()

    def icdf(self, value: Any) -> Any:
        far = value - 0.5
        return self.loc - self.scale * far.sign() * (-2 * far.abs()).log1p()

    def entropy(self) -> Any:
        return 1 + (2 * self.scale).log()
