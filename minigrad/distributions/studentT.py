"""Student's t distribution."""
# ruff: noqa: N999 (PyTorch's name)

from __future__ import annotations

import math
from typing import Any, ClassVar

from minigrad.functional import where

from . import constraints
from .chi2 import Chi2
from .distribution import Distribution, drawn, together


class StudentT(Distribution):
    """Student's t distribution: a normal number over the root of a chi-squared one.

    Arguments:
        df: the degrees of freedom.
        loc: the centre.
        scale: the spread.

    >>> import minigrad as torch
    >>> torch.distributions.StudentT(1.0).log_prob(torch.tensor([0.0]))
    tensor([-1.1447])
    """

    arg_constraints: ClassVar = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self.df, self.loc, self.scale = together(df, loc, scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.loc.masked_fill(self.df <= 1, math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        more = self.df > 2
        df = where(more, self.df, 3.0)
        found = where(more, self.scale.pow(2) * df / (df - 2), math.inf)
        return found.masked_fill(self.df <= 1, math.nan)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._shape(sample_shape)
        normal = drawn(lambda random: random.standard_normal(shape), self.loc)
        squares = Chi2(self.df, validate_args=False).rsample(sample_shape)
        return self.loc + self.scale * normal * (squares / self.df).rsqrt()

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        far, half = (value - self.loc) / self.scale, (self.df + 1) / 2
        whole = self.scale.log() + 0.5 * (self.df * math.pi).log() + (self.df / 2).lgamma() - half.lgamma()
        return -half * (far.pow(2) / self.df).log1p() - whole

    def entropy(self) -> Any:
        low, high = self.df / 2, (self.df + 1) / 2
        beta = low.lgamma() + math.lgamma(0.5) - high.lgamma()
        return self.scale.log() + high * (high.digamma() - low.digamma()) + 0.5 * self.df.log() + beta
