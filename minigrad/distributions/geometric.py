"""The geometric distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.functional import xlogy
from minigrad.nn.functional import binary_cross_entropy_with_logits
from minigrad.ops.arrays import everything
from minigrad.ops.kernels import broken

from . import constraints
from .distribution import OfTrials, drawn


class Geometric(OfTrials):
    """The number of failures before the first success.

    Arguments:
        probs: the probability of a success.
        logits: the logarithm of its odds, in the place of `probs`.

    >>> import minigrad as torch
    >>> torch.distributions.Geometric(torch.tensor(0.5)).log_prob(torch.tensor([0.0, 1.0]))
    tensor([-0.6931, -1.3863])
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._take(probs, logits)
        super().__init__(self._own.shape, validate_args=validate_args)
        if self._validate_args and broken(everything((self.probs > 0)._array)):
            raise ValueError(f"Geometric: probs must be above 0, but is {self.probs}")

    @property
    def mean(self) -> Any:
        return 1 / self.probs - 1

    @property
    def mode(self) -> Any:
        return 0 * self.probs.detach()

    @property
    def variance(self) -> Any:
        return (1 / self.probs - 1) / self.probs

    def sample(self, sample_shape: Any = ()) -> Any:
        shape, chance = self._shape(sample_shape), self.probs.detach()._array
        return drawn(lambda random: random.geometric(chance, shape) - 1, self.probs)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return xlogy(value, 1 - self.probs) + self.probs.log()

    def entropy(self) -> Any:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
