"""The base of the distributions whose density is exp(parameters . statistics - normaliser + carrier)."""

from __future__ import annotations

from typing import Any

from minigrad.autograd import grad

from .distribution import Distribution


class ExponentialFamily(Distribution):
    """A distribution of an exponential family: p(x) = exp(<t(x), theta> - F(theta) + k(x)).

    A subclass that defines the properties `_natural_params` (a tuple of tensors, theta) and
    `_mean_carrier_measure` (the mean of k(x)) and the method `_log_normalizer(*theta)`, F, has an entropy.

    Arguments:
        batch_shape, event_shape: the shape of the batch, and of one sample.
        validate_args: check arguments and values.

    Source: Nielsen and Nock, "Entropies and cross-entropies of exponential families" (2010).

    >>> import minigrad as torch
    >>> isinstance(torch.distributions.Normal(0.0, 1.0), torch.distributions.ExponentialFamily)
    True
    """

    @property
    def _natural_params(self) -> Any:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Any:
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError

    def entropy(self) -> Any:
        """F(theta) - <theta, the gradient of F> - the mean of k(x), in nats; without a gradient.

        Raises:
            NotImplementedError: for a distribution that does not define these.
        """
        try:
            carrier, natural = self._mean_carrier_measure, self._natural_params
        except NotImplementedError:
            raise self._without("entropy") from None
        theta = [parameter.detach().requires_grad_() for parameter in natural]
        normalizer = self._log_normalizer(*theta)
        result = normalizer - carrier
        for t, g in zip(theta, grad(normalizer.sum(), theta, create_graph=True), strict=True):
            result = result - (t * g).reshape(*self.batch_shape, -1).sum(-1)
        return result
