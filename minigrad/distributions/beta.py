"""The beta distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.functional import stack

from . import constraints
from .dirichlet import Dirichlet
from .distribution import together
from .exp_family import ExponentialFamily


class Beta(ExponentialFamily):
    """The beta distribution, of numbers between 0 and 1.

    Arguments:
        concentration1: how strongly draws tend to 1.
        concentration0: how strongly they tend to 0.

    The gradient of `rsample` is that of an implicit function, at a fixed probability of less than the draw.
    It has no gradient in its turn.

    >>> import minigrad as torch
    >>> torch.distributions.Beta(2.0, 1.0).log_prob(torch.tensor([0.5]))
    tensor([0.])
    """

    _told = ()
    arg_constraints: ClassVar = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = together(concentration1, concentration0)
        super().__init__(self.concentration1.shape, validate_args=validate_args)

    @property
    def _both(self) -> Dirichlet:
        return Dirichlet(stack([self.concentration1, self.concentration0], -1), validate_args=False)

    @property
    def mean(self) -> Any:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Any:
        return self._both.mode[..., 0]

    @property
    def variance(self) -> Any:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._both.rsample(sample_shape)[..., 0]

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return self._both.log_prob(stack([value, 1 - value], -1))

    def entropy(self) -> Any:
        return self._both.entropy()
