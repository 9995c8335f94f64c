"""The categorical distribution whose draws are vectors with a single 1."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.nn.functional import one_hot

from . import constraints
from .categorical import Categorical
from .distribution import Derived, Distribution


class OneHotCategorical(Distribution):
    """One of K places, as a vector that is 1 there and 0 elsewhere.

    Arguments:
        probs: weights of shape (..., K) that are not negative; they are divided by their sum.
        logits: logarithms of such weights, in the place of `probs`.

    >>> import minigrad as torch
    >>> d = torch.distributions.OneHotCategorical(torch.tensor([1.0, 3.0]))
    >>> d.log_prob(torch.tensor([0.0, 1.0]))
    tensor(-0.2877)
    """

    _told = ()
    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args)

    @Derived
    def probs(self) -> Any:
        """The probability of each place."""
        return self._categorical.probs

    @Derived
    def logits(self) -> Any:
        """The logarithm of each probability."""
        return self._categorical.logits

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        return self._vectors(self._categorical.mode)

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def _vectors(self, places: Any) -> Any:
        return one_hot(places, self._event_shape[0]).to(self.probs.dtype)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = super().expand(batch_shape)
        new._categorical = self._categorical.expand(batch_shape)
        return new

    def sample(self, sample_shape: Any = ()) -> Any:
        return self._vectors(self._categorical.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Any:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._vectors(self._categorical.enumerate_support(expand))


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One of K places, whose draws pass a gradient on as if they were the probabilities.

    Arguments:
        probs: weights of shape (..., K) that are not negative; they are divided by their sum.
        logits: logarithms of such weights, in the place of `probs`.

    Source: Bengio, Léonard and Courville, "Estimating or propagating gradients through stochastic
    neurons" (2013).

    >>> import minigrad as torch
    >>> torch.distributions.OneHotCategoricalStraightThrough(torch.tensor([0.0, 1.0])).rsample()
    tensor([0., 1.])
    """

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Any:
        probs = self.probs
        return self.sample(sample_shape) + (probs - probs.detach())
