"""The divergence of one distribution from another."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad import linalg
from minigrad.nn import functional as nn_functional

from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .independent import Independent, summed
from .multivariate_normal import MultivariateNormal, log_diagonal
from .normal import Normal
from .uniform import Uniform

_FORMULAS: dict[tuple[type, type], Callable[[Any, Any], Any]] = {}


def register_kl(type_p: Any, type_q: Any) -> Callable[[Any], Any]:
    """Register a function as the divergence of one kind of distribution from another.

    Arguments:
        type_p: the class of the first.
        type_q: the class of the second.

    Raises:
        TypeError: for something else than classes of distributions.

    >>> import minigrad as torch
    >>> class Mine(torch.distributions.Normal):
    ...     pass
    >>> @torch.distributions.register_kl(Mine, Mine)
    ... def kl_mine(p, q):
    ...     return p.loc - q.loc
    >>> torch.distributions.kl_divergence(Mine(3.0, 1.0), Mine(1.0, 1.0))
    tensor(2.)
    """
    for one in (type_p, type_q):
        if not (isinstance(one, type) and issubclass(one, Distribution)):
            raise TypeError(f"register_kl takes classes of distributions, but got {one!r}")

    def register(function: Any) -> Any:
        _FORMULAS[type_p, type_q] = function
        return function

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Any:
    """The Kullback-Leibler divergence: the mean under `p` of log p(x) - log q(x).

    Arguments:
        p: a batch of distributions.
        q: another, whose batch_shape broadcasts.

    Raises:
        NotImplementedError: where no formula is registered for the two classes.

    >>> import minigrad as torch
    >>> from minigrad.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(1.0, 1.0), Normal(0.0, 1.0))
    tensor(0.5000)
    """
    ps, qs = type(p).__mro__, type(q).__mro__
    known = [(ps.index(a) + qs.index(b), ps.index(a), a, b) for a, b in _FORMULAS if a in ps and b in qs]
    if not known:
        raise NotImplementedError(
            f"no formula for the divergence of {type(p).__name__} from {type(q).__name__}; "
            f"register_kl registers one"
        )
    *_, a, b = min(known, key=lambda one: one[:2])
    return _FORMULAS[a, b](p, q)


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    inside = (q.low <= p.low) & (p.high <= q.high)
    return ((q.high - q.low) / (p.high - p.low)).log().masked_fill(~inside, math.inf)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    """Of the odds: log sigmoid(x) = -softplus(-x)."""
    a, b = p.logits, q.logits
    yes, no = p.probs, 1 - p.probs
    found = yes * (softplus(-b) - softplus(-a)) + no * (softplus(b) - softplus(a))
    impossible = ((q.probs == 0) & (yes != 0)) | ((q.probs == 1) & (yes != 1))
    return found.masked_fill(impossible, math.inf)


def softplus(x: Any) -> Any:
    """log(1 + e^x), exact to the last digit also for large x."""
    return -nn_functional.logsigmoid(-x)


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Any:
    terms = p.probs * (p.logits - q.logits)
    terms = terms.masked_fill((q.probs == 0).expand(terms.shape), math.inf)
    return terms.masked_fill((p.probs == 0).expand(terms.shape), 0.0).sum(-1)


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: Any, q: Any) -> Any:
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"the divergence of vectors of {tuple(p.event_shape)} from those of {tuple(q.event_shape)}: "
            f"the shapes must be the same"
        )
    a, b = p.scale_tril, q.scale_tril
    spread = linalg.solve_triangular(b, a, upper=False).pow(2).sum((-2, -1))
    far = linalg.solve_triangular(b, (q.loc - p.loc).unsqueeze(-1), upper=False).pow(2).sum((-2, -1))
    return log_diagonal(b) - log_diagonal(a) + 0.5 * (spread + far - p.event_shape[0])


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("the two Independent take different numbers of dimensions as a vector")
    return summed(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)
