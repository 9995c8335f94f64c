"""The one-hot categorical distribution made continuous by a temperature."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from . import constraints
from .categorical import Categorical
from .distribution import Distribution, inside, uniform
from .relaxed_bernoulli import _as_tensor
from .transformed_distribution import TransformedDistribution
from .transforms import ExpTransform


class ExpRelaxedCategorical(Distribution):
    """The logarithm of a relaxed one-hot vector.

    Arguments:
        temperature: positive.
        probs: weights of shape (..., K) that are not negative.
        logits: logarithms of such weights, in the place of `probs`.

    Source: Maddison, Mnih and Teh, "The concrete distribution" (2017).

    >>> import minigrad as torch
    >>> from minigrad.distributions.relaxed_categorical import ExpRelaxedCategorical
    >>> ExpRelaxedCategorical(torch.tensor(1.0), torch.ones(2)).log_prob(torch.tensor([0.5, 0.5]).log())
    tensor(-1.3863)
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._categorical, self.temperature = Categorical(probs, logits), temperature
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._categorical.param_shape

    @property
    def probs(self) -> Any:
        """The probability of each place."""
        return self._categorical.probs

    @property
    def logits(self) -> Any:
        """The logarithm of each probability."""
        return self._categorical.logits

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = super().expand(batch_shape)
        new._categorical = self._categorical.expand(batch_shape)
        return new

    def rsample(self, sample_shape: Any = ()) -> Any:
        noise = inside(uniform(self._shape(sample_shape), self.logits))
        scores = (self.logits - (-noise.log()).log()) / self.temperature
        return scores.log_softmax(-1)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        k, temperature = self._event_shape[0], _as_tensor(self.temperature, self.logits)
        scores = self.logits - value * temperature
        return scores.log_softmax(-1).sum(-1) + math.lgamma(k) + (k - 1) * temperature.log()


class RelaxedOneHotCategorical(TransformedDistribution):
    """A vector that sums to 1, a function of its probabilities, nearly one-hot at a low temperature.

    Arguments:
        temperature: positive.
        probs: weights of shape (..., K) that are not negative.
        logits: logarithms of such weights, in the place of `probs`.

    Sources: Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax" (2017); Maddison, Mnih
    and Teh, "The concrete distribution" (2017).

    >>> import minigrad as torch
    >>> d = torch.distributions.RelaxedOneHotCategorical(torch.tensor(0.5), torch.ones(2))
    >>> d.rsample().shape, d.temperature, d.probs, d.logits
    (torch.Size([2]), tensor(0.5000), tensor([0.5000, 0.5000]), tensor([-0.6931, -0.6931]))
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args)

    @property
    def temperature(self) -> Any:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Any:
        """The probability of each place."""
        return self.base_dist.probs

    @property
    def logits(self) -> Any:
        """The logarithm of each probability."""
        return self.base_dist.logits
