"""Divergences of one kind of distribution from another, and those of the rarer kinds.

Most are minus the entropy of the first less the mean, under it, of the logarithm of the second's density;
that mean is made of a few moments.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import creation, linalg
from minigrad._tensor.compositions.powers import mvlgamma
from minigrad.functional import xlogy

from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .continuous_bernoulli import ContinuousBernoulli
from .exponential import Exponential
from .gamma import Gamma
from .gumbel import Gumbel
from .kl import register_kl
from .laplace import Laplace
from .lowrank_multivariate_normal import LowRankMultivariateNormal
from .multivariate_normal import MultivariateNormal, log_diagonal
from .normal import Normal
from .pareto import Pareto
from .poisson import Poisson
from .uniform import Uniform
from .wishart import Wishart, mvdigamma

# --- where the first can have values that the second cannot ---------------------------------------------

_UNBOUNDED = {  # the first, and those that miss a part of its values
    Beta: (Pareto,),
    ContinuousBernoulli: (Pareto,),
    Exponential: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gamma: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gumbel: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Laplace: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Normal: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Pareto: (Beta, ContinuousBernoulli, Uniform),
    Poisson: (Bernoulli, Binomial),
}


def _infinite(p: Any, q: Any) -> Any:
    dtype = next(x.dtype for x in vars(p).values() if hasattr(x, "requires_grad"))
    return creation.full(p.batch_shape, math.inf, dtype=dtype)


for _first, _others in _UNBOUNDED.items():
    for _second in _others:
        register_kl(_first, _second)(_infinite)


def _outside(found: Any, *masks: Any) -> Any:
    """inf where a value of the first is none of the second."""
    for mask in masks:
        found = (found + 0 * mask.to(found.dtype)).masked_fill(mask.expand(found.shape), math.inf)
    return found


def _below(p: Any, end: float) -> Any:
    return [p.low < end] if isinstance(p, Uniform) else []


# --- moments of the first -------------------------------------------------------------------------------


def _mean_log(p: Any) -> Any:
    """The mean of log x."""
    if isinstance(p, Beta):
        return p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()
    if isinstance(p, Exponential):
        return -p.rate.log() - np.euler_gamma
    if isinstance(p, Pareto):
        return p.scale.log() + 1 / p.alpha
    return _mean_log_between(p.low, p.high)


def _mean_log_between(low: Any, high: Any) -> Any:
    return (xlogy(high, high) - xlogy(low, low)) / (high - low) - 1


def _laplace_transform(p: Any, s: Any) -> Any:
    """The mean of exp(-s x)."""
    if isinstance(p, Exponential):
        return p.rate / (p.rate + s)
    if isinstance(p, Gamma):
        return (1 + s / p.rate).pow(-p.concentration)
    if isinstance(p, Normal):
        return (-s * p.loc + 0.5 * (s * p.scale).pow(2)).exp()
    return ((-s * p.low).exp() - (-s * p.high).exp()) / (s * (p.high - p.low))


# --- the second, and the firsts that go with it ---------------------------------------------------------


@register_kl(Beta, Normal)
@register_kl(ContinuousBernoulli, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Pareto, Normal)
@register_kl(Uniform, Normal)
def _normal(p: Any, q: Any) -> Any:
    squared = p.variance + (p.mean - q.loc).pow(2)
    found = 0.5 * math.log(2 * math.pi) + q.scale.log() + squared / (2 * q.scale.pow(2)) - p.entropy()
    return _outside(found, p.alpha <= 2) if isinstance(p, Pareto) else found


@register_kl(Beta, Exponential)
@register_kl(ContinuousBernoulli, Exponential)
@register_kl(Gamma, Exponential)
@register_kl(Pareto, Exponential)
@register_kl(Uniform, Exponential)
def _exponential(p: Any, q: Any) -> Any:
    found = q.rate * p.mean - q.rate.log() - p.entropy()
    return _outside(found, *([p.alpha <= 1] if isinstance(p, Pareto) else _below(p, 0.0)))


@register_kl(Beta, Gamma)
@register_kl(Exponential, Gamma)
@register_kl(Pareto, Gamma)
@register_kl(Uniform, Gamma)
def _gamma(p: Any, q: Any) -> Any:
    a, b = q.concentration, q.rate
    found = a.lgamma() - a * b.log() - (a - 1) * _mean_log(p) + b * p.mean - p.entropy()
    return _outside(found, *([p.alpha <= 1] if isinstance(p, Pareto) else _below(p, 0.0)))


@register_kl(Exponential, Gumbel)
@register_kl(Gamma, Gumbel)
@register_kl(Normal, Gumbel)
@register_kl(Uniform, Gumbel)
def _gumbel(p: Any, q: Any) -> Any:
    grown = (q.loc / q.scale).exp() * _laplace_transform(p, 1 / q.scale)
    return q.scale.log() + (p.mean - q.loc) / q.scale + grown - p.entropy()


@register_kl(Beta, Uniform)
@register_kl(ContinuousBernoulli, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    found = (q.high - q.low).log() - p.entropy()
    return _outside(found, (q.low > 0) | (q.high < 1))


@register_kl(Beta, ContinuousBernoulli)
@register_kl(Uniform, ContinuousBernoulli)
def _continuous_bernoulli(p: Any, q: Any) -> Any:
    found = -p.mean * q.logits - (-q.probs).log1p() - q._log_norm() - p.entropy()
    return _outside(found, (p.low < 0) | (p.high > 1)) if isinstance(p, Uniform) else found


@register_kl(Uniform, Beta)
def _uniform_beta(p: Any, q: Any) -> Any:
    a, b = q.concentration1, q.concentration0
    rest = _mean_log_between(1 - p.high, 1 - p.low)
    found = a.lgamma() + b.lgamma() - (a + b).lgamma() - p.entropy()
    return _outside(found - (a - 1) * _mean_log(p) - (b - 1) * rest, (p.low < 0) | (p.high > 1))


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Any, q: Any) -> Any:
    found = (q.alpha + 1) * _mean_log(p) - q.alpha.log() - q.alpha * q.scale.log() - p.entropy()
    return _outside(found, p.low < q.scale)


@register_kl(Normal, Laplace)
def _normal_laplace(p: Any, q: Any) -> Any:
    far = (p.loc - q.loc) / p.scale
    mean = p.scale * (math.sqrt(2 / math.pi) * (-0.5 * far.pow(2)).exp() + far * (math.sqrt(0.5) * far).erf())
    return (2 * q.scale).log() + mean / q.scale - p.entropy()


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Any, q: Any) -> Any:
    return q.rate - p.probs * q.rate.log() - p.entropy()


# --- within a kind --------------------------------------------------------------------------------------


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous(p: Any, q: Any) -> Any:
    own, other = ((-x.probs).log1p() + x._log_norm() for x in (p, q))
    return p.mean * (p.logits - q.logits) + own - other


@register_kl(Pareto, Pareto)
def _pareto(p: Any, q: Any) -> Any:
    ratio = q.alpha / p.alpha
    found = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return _outside(found, p.scale < q.scale)


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _low_rank(p: Any, q: Any) -> Any:
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"the divergence of vectors of {tuple(p.event_shape)} from those of {tuple(q.event_shape)}: "
            f"the shapes must be the same"
        )
    gap, inverse = q.loc - p.loc, q.precision_matrix
    far = ((inverse @ gap.unsqueeze(-1)).squeeze(-1) * gap).sum(-1)
    spread = (inverse * p.covariance_matrix).sum((-2, -1))
    return 0.5 * (_log_det(q) - _log_det(p) + spread + far - p.event_shape[0])


def _log_det(d: Any) -> Any:
    return d._log_det if isinstance(d, LowRankMultivariateNormal) else 2 * log_diagonal(d.scale_tril)


@register_kl(Wishart, Wishart)
def _wishart(p: Any, q: Any) -> Any:
    n, a, b = p.event_shape[0], p.df, q.df
    spread = linalg.solve_triangular(q.scale_tril, p.scale_tril, upper=False).pow(2).sum((-2, -1))
    sizes = b * (log_diagonal(q.scale_tril) - log_diagonal(p.scale_tril)) + mvlgamma(b / 2, n)
    return sizes - mvlgamma(a / 2, n) + (a - b) / 2 * mvdigamma(a / 2, n) + a / 2 * (spread - n)
