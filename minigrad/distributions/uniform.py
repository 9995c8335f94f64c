"""The uniform distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from minigrad.ops.arrays import everything
from minigrad.ops.kernels import broken

from . import constraints
from .distribution import Distribution, together, uniform


class Uniform(Distribution):
    """The uniform distribution between two numbers.

    Arguments:
        low: the lower end, which belongs to it.
        high: the upper end, which does not.

    Raises:
        ValueError: where `low` is not below `high`.

    >>> import minigrad as torch
    >>> torch.distributions.Uniform(0.0, 2.0).log_prob(torch.tensor([0.5, 2.0]))
    tensor([-0.6931,    -inf])
    """

    arg_constraints: ClassVar = {"low": constraints.dependent, "high": constraints.dependent}
    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = together(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and broken(everything((self.low < self.high)._array)):
            raise ValueError(f"Uniform: low must be below high, but they are {self.low} and {self.high}")

    @property
    def support(self) -> Any:
        """The numbers between the ends."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Any:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Any:
        return self.high * math.nan

    @property
    def stddev(self) -> Any:
        return (self.high - self.low) / math.sqrt(12)

    @property
    def variance(self) -> Any:
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.low + (self.high - self.low) * uniform(self._shape(sample_shape), self.low)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        inside = (self.low <= value) & (value < self.high)
        return -(self.high - self.low).log() + (~inside).to(self.low.dtype).masked_fill(~inside, -math.inf)

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return ((value - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value: Any) -> Any:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        return (self.high - self.low).log()
