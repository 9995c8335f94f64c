"""The Laplace distribution."""

from __future__ import annotations

from typing import Any

from .distribution import LocationScale, uniform


class Laplace(LocationScale):
    """The Laplace distribution: exponential on both sides of its centre.

    Arguments:
        loc: the centre.
        scale: the mean distance from it.

    >>> import minigrad as torch
    >>> torch.distributions.Laplace(0.0, 1.0).log_prob(torch.tensor([0.0, -1.0]))
    tensor([-0.6931, -1.6931])
    """

    @property
    def mean(self) -> Any:
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
