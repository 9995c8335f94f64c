"""The von Mises distribution, of angles."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from minigrad._tensor.calls import CALLS
from minigrad.ops import bessel  # noqa: F401 (its records)

from . import constraints
from .distribution import Distribution, drawn, together


class VonMises(Distribution):
    """The von Mises distribution: of angles, as the normal distribution is of numbers.

    Arguments:
        loc: the mean angle.
        concentration: how close draws are to it: one over a variance, where it is large.

    >>> import minigrad as torch
    >>> torch.distributions.VonMises(0.0, 1.0).log_prob(torch.tensor([0.0]))
    tensor([-1.0738])
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = together(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """The mean angle."""
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        """The circular variance: 1 less the mean cosine of the angle to the mean."""
        return 1 - CALLS["i1e"](self.concentration) / CALLS["i0e"](self.concentration)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape, k = self._shape(sample_shape), self.concentration.detach()._array.astype(np.float64)
        loc = self.loc.detach()._array

        def draw(random: Any) -> Any:
            turned = random.vonmises(0.0, k, shape) + loc
            return (turned + math.pi) % (2 * math.pi) - math.pi

        return drawn(draw, self.loc)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        k = self.concentration
        return k * ((value - self.loc).cos() - 1) - math.log(2 * math.pi) - CALLS["i0e"](k).log()
