"""A mixture of distributions of one family."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.autograd import no_grad

from .categorical import Categorical
from .distribution import Distribution


class MixtureSameFamily(Distribution):
    """A mixture: a draw is one of several distributions of a family, which is drawn first.

    Arguments:
        mixture_distribution: a Categorical: how often each component is drawn.
        component_distribution: a batch, whose last batch dimension has the components.

    Raises:
        ValueError: for another mixture distribution, and for batches that do not fit.

    >>> import minigrad as torch
    >>> from minigrad.distributions import Categorical, MixtureSameFamily, Normal
    >>> d = MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.tensor([-1.0, 1.0]), 1.0))
    >>> d.mean, d.variance, d.log_prob(torch.tensor(0.0)), d.cdf(torch.tensor(0.0))
    (tensor(0.), tensor(2.), tensor(-1.4189), tensor(0.5000))
    >>> d.mixture_distribution.param_shape, d.component_distribution.batch_shape
    (torch.Size([2]), torch.Size([2]))
    """

    arg_constraints: ClassVar = {}

    def __init__(
        self,
        mixture_distribution: Any,
        component_distribution: Any,
        validate_args: bool | None = None,
    ) -> None:
        self._mixture, self._component = mixture_distribution, component_distribution
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                "The Mixture distribution needs to be an instance of torch.distributions.Categorical, not "
                f"{type(mixture_distribution).__name__}"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                "The Component distribution needs to be an instance of torch.distributions.Distribution, not "
                f"{type(component_distribution).__name__}"
            )
        batch = component_distribution.batch_shape
        mixed, parts = mixture_distribution.batch_shape, mixture_distribution.param_shape[-1]
        for a, b in zip(reversed(mixed), reversed(batch[:-1]), strict=False):
            if a != b and 1 not in (a, b):
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({tuple(mixed)}) is not compatible with "
                    f"`component_distribution.batch_shape` ({tuple(batch)})"
                )
        if not batch or batch[-1] != parts:
            raise ValueError(
                f"`mixture_distribution` has {parts} components, but the last batch dimension of "
                f"`component_distribution` is that of {tuple(batch)}"
            )
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)

    @property
    def mixture_distribution(self) -> Any:
        """The distribution of components."""
        return self._mixture

    @property
    def component_distribution(self) -> Any:
        """The components, as a batch."""
        return self._component

    @property
    def support(self) -> Any:
        """The components'."""
        return self._component.support

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        parts = self._component.batch_shape[-1]
        return type(self)(
            self._mixture.expand(batch_shape),
            self._component.expand((*batch_shape, parts)),
            validate_args=self._validate_args,
        )

    def _weights(self) -> Any:
        dims = len(self._event_shape)
        return self._mixture.probs.reshape(*self._mixture.probs.shape, *[1] * dims)

    def _over(self, x: Any) -> Any:
        return (self._weights() * x).sum(-1 - len(self._event_shape))

    @property
    def mean(self) -> Any:
        return self._over(self._component.mean)

    @property
    def variance(self) -> Any:
        middle = self.mean.unsqueeze(-1 - len(self._event_shape))
        return self._over(self._component.variance) + self._over((self._component.mean - middle).pow(2))

    def cdf(self, value: Any) -> Any:
        return (self._component.cdf(self._spread(value)) * self._mixture.probs).sum(-1)

    def _spread(self, value: Any) -> Any:
        return value.unsqueeze(-1 - len(self._event_shape))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        told = self._component.log_prob(self._spread(value))
        return (told + self._mixture.logits.log_softmax(-1)).logsumexp(-1)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            which = self._mixture.expand(self._batch_shape).sample(sample_shape)
            draws = self._component.sample(sample_shape)
            dims = len(self._event_shape)
            axis = draws.ndim - dims - 1
            place = which.reshape(*which.shape, *[1] * (dims + 1))
            chosen = draws.gather(axis, place.expand(*which.shape, 1, *self._event_shape))
            return chosen.squeeze(axis)

    def _check(self, value: Any) -> None:
        """As of any distribution; the support is that of the components, with their dimension."""
        if self._validate_args and hasattr(value, "unsqueeze"):
            self._component._check(self._spread(value))

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture},\n  {self._component})"
