"""The Kumaraswamy distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from . import constraints
from .distribution import together
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, PowerTransform
from .uniform import Uniform


class Kumaraswamy(TransformedDistribution):
    """The Kumaraswamy distribution: numbers between 0 and 1, much as those of the beta distribution.

    Arguments:
        concentration1: how strongly draws tend to 1.
        concentration0: how strongly they tend to 0.

    The mode is that of the density; PyTorch's is nan where `concentration0` is above 1.

    >>> import minigrad as torch
    >>> torch.distributions.Kumaraswamy(1.0, 1.0).log_prob(torch.tensor([0.5]))
    tensor([0.])
    """

    _told = ("concentration1", "concentration0")
    arg_constraints: ClassVar = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = together(concentration1, concentration0)
        zero = 0 * self.concentration0.detach()
        parts = [
            PowerTransform(1 / self.concentration0),
            AffineTransform(1.0, -1.0),
            PowerTransform(1 / self.concentration1),
        ]
        super().__init__(Uniform(zero, zero + 1, validate_args), parts, validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        one, zero = self.concentration1.expand(batch_shape), self.concentration0.expand(batch_shape)
        return type(self)(one, zero, self._validate_args)

    def _moment(self, n: int) -> Any:
        """The mean of the n-th power."""
        a, b = self.concentration1, self.concentration0
        part = 1 + n / a
        return (part.lgamma() + b.log() + b.lgamma() - (part + b).lgamma()).exp()

    @property
    def mean(self) -> Any:
        return self._moment(1)

    @property
    def mode(self) -> Any:
        a, b = self.concentration1, self.concentration0
        found = ((a - 1) / (a * b - 1)).pow(1 / a)
        return found.masked_fill((a < 1) | (b < 1), math.nan)

    @property
    def variance(self) -> Any:
        return self._moment(2) - self.mean.pow(2)

    def entropy(self) -> Any:
        a, b = self.concentration1, self.concentration0
        return 1 - 1 / b + (1 - 1 / a) * ((b + 1).digamma() + np.euler_gamma) - a.log() - b.log()
