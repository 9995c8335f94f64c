"""The Weibull distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from . import constraints
from .distribution import together
from .exponential import Exponential
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, PowerTransform


class Weibull(TransformedDistribution):
    """The Weibull distribution: of the time until a failure.

    Arguments:
        scale: the spread.
        concentration: the shape: failures grow rarer with age below 1, more frequent above.

    >>> import minigrad as torch
    >>> torch.distributions.Weibull(1.0, 2.0).log_prob(torch.tensor([1.0]))
    tensor([-0.3069])
    """

    _told = ("scale", "concentration")
    arg_constraints: ClassVar = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = together(scale, concentration)
        base = Exponential(0 * self.scale.detach() + 1, validate_args)
        parts = [PowerTransform(1 / self.concentration), AffineTransform(0, self.scale)]
        super().__init__(base, parts, validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        scale, concentration = self.scale.expand(batch_shape), self.concentration.expand(batch_shape)
        return type(self)(scale, concentration, self._validate_args)

    @property
    def mean(self) -> Any:
        return self.scale * (1 + 1 / self.concentration).lgamma().exp()

    @property
    def mode(self) -> Any:
        c = self.concentration
        return self.scale * ((c - 1) / c).pow(1 / c)

    @property
    def variance(self) -> Any:
        first, second = ((1 + n / self.concentration).lgamma() for n in (1, 2))
        return self.scale.pow(2) * (second.exp() - (2 * first).exp())

    def entropy(self) -> Any:
        return np.euler_gamma * (1 - 1 / self.concentration) + (self.scale / self.concentration).log() + 1
