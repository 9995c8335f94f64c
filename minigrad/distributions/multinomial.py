"""The multinomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from . import constraints
from .distribution import OfPlaces, drawn


class Multinomial(OfPlaces):
    """How often each of K places is drawn in a number of draws.

    Arguments:
        total_count: the number of draws.
        probs: weights of shape (..., K) that are not negative; they are divided by their sum.
        logits: logarithms of such weights, in the place of `probs`.

    >>> import minigrad as torch
    >>> d = torch.distributions.Multinomial(2, torch.tensor([1.0, 1.0]))
    >>> d.log_prob(torch.tensor([1.0, 1.0]))
    tensor(-0.6931)
    """

    _told = ()
    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self,
        total_count: int = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError(f"Multinomial: total_count must be an int, but is {total_count!r}")
        self.total_count = total_count
        self._take(probs, logits)
        super().__init__(self._own.shape[:-1], self._own.shape[-1:], validate_args)

    @property
    def support(self) -> Any:
        """Vectors of counts."""
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Any:
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self._shape(sample_shape)[:-1]
        chances = self.probs.detach()._array.astype("float64")
        chances = chances / chances.sum(-1, keepdims=True)
        return drawn(lambda random: random.multinomial(self.total_count, chances, shape), self._own)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        logits = self.logits
        impossible = (value == 0) & (logits == -float("inf"))
        return ways + (logits.expand(impossible.shape).masked_fill(impossible, 0.0) * value).sum(-1)
