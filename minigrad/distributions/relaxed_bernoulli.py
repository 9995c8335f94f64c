"""The Bernoulli distribution made continuous by a temperature."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad import creation
from minigrad._tensor.tensor import Tensor
from minigrad.nn.functional import softplus

from . import constraints
from .distribution import OfTrials, inside, uniform
from .transformed_distribution import TransformedDistribution
from .transforms import SigmoidTransform


class LogitRelaxedBernoulli(OfTrials):
    """The log odds of a relaxed Bernoulli number.

    Arguments:
        temperature: positive.
        probs: the probability of a 1.
        logits: the logarithm of its odds, in the place of `probs`.

    Source: Maddison, Mnih and Teh, "The concrete distribution" (2017).

    >>> import minigrad as torch
    >>> from minigrad.distributions.relaxed_bernoulli import LogitRelaxedBernoulli
    >>> LogitRelaxedBernoulli(torch.tensor(1.0), torch.tensor(0.5)).log_prob(torch.tensor([0.0]))
    tensor([-1.3863])
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        self._take(probs, logits)
        super().__init__(self._own.shape, validate_args=validate_args)

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._own.shape

    def rsample(self, sample_shape: Any = ()) -> Any:
        probs, noise = inside(self.probs), inside(uniform(self._shape(sample_shape), self._own))
        odds = probs.log() - (-probs).log1p()
        return (noise.log() - (-noise).log1p() + odds) / self.temperature

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        temperature = _as_tensor(self.temperature, self._own)
        gap = self.logits - value * temperature
        return temperature.log() + gap - 2 * softplus(gap)


def _as_tensor(x: Any, like: Any) -> Any:
    return x if isinstance(x, Tensor) else creation.tensor(float(x), dtype=like.dtype)


class RelaxedBernoulli(TransformedDistribution):
    """A number between 0 and 1 that is a function of its probability, and near 0 or 1 at a low temperature.

    Arguments:
        temperature: positive.
        probs: the probability of a 1.
        logits: the logarithm of its odds, in the place of `probs`.

    Source: Maddison, Mnih and Teh, "The concrete distribution" (2017).

    >>> import minigrad as torch
    >>> d = torch.distributions.RelaxedBernoulli(torch.tensor(0.5), torch.tensor([0.1, 0.9]))
    >>> d.rsample().shape, d.temperature, d.probs, d.logits
    (torch.Size([2]), tensor(0.5000), tensor([0.1000, 0.9000]), tensor([-2.1972,  2.1972]))
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args)

    @property
    def temperature(self) -> Any:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Any:
        """The probability of a 1."""
        return self.base_dist.probs

    @property
    def logits(self) -> Any:
        """The logarithm of its odds."""
        return self.base_dist.logits
