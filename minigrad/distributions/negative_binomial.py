"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.nn.functional import logsigmoid

from . import constraints
from .distribution import OfTrials, drawn


class NegativeBinomial(OfTrials):
    """The number of successes before so many failures.

    Arguments:
        total_count: the number of failures; it need not be whole.
        probs: the probability of a success in each trial.
        logits: the logarithm of its odds, in the place of `probs`.

    >>> import minigrad as torch
    >>> torch.distributions.NegativeBinomial(1.0, torch.tensor(0.5)).log_prob(torch.tensor([0.0, 1.0]))
    tensor([-0.6931, -1.3863])
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self,
        total_count: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        self._take(probs, logits, total_count)
        self.total_count = self._others[0].to(self._own.dtype)
        super().__init__(self._own.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Any:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0)

    @property
    def variance(self) -> Any:
        return self.mean / (-self.logits).sigmoid()

    def sample(self, sample_shape: Any = ()) -> Any:
        shape, count = self._shape(sample_shape), self.total_count.detach()._array
        odds = self.logits.detach().exp()._array

        def draw(random: Any) -> Any:
            return random.poisson(random.standard_gamma(count, shape) * odds)

        return drawn(draw, self._own)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        n, x = self.total_count, self.logits
        weight = n * logsigmoid(-x) + value * logsigmoid(x)
        nothing = (n + value == 0).detach()
        size = -(n + value).masked_fill(nothing, 1).lgamma() + (1 + value).lgamma()
        size = size + n.expand(nothing.shape).masked_fill(nothing, 1).lgamma()
        return weight - size.masked_fill(nothing, 0)
