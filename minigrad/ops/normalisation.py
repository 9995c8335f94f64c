"""The derivative of normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import Array, average, normalize_dims
from .op import Op


def _statistics(x: Array, dim: Any, eps: float) -> tuple[Array, Array]:
    """What is left of x without its mean, and one over its standard deviation."""
    axes = normalize_dims(dim, x.ndim)
    centered = x - average(x, axes)
    return centered, 1 / np.sqrt(average(centered * centered, axes) + eps)


def _normalized(x: Array, dim: Any, eps: float) -> Array:
    centered, scale = _statistics(x, dim, eps)
    return centered * scale


def _normalize_rule(g: Array, x: Array, out: Array, dim: Any, eps: float) -> Array:
    axes = normalize_dims(dim, x.ndim)
    _, scale = _statistics(x, dim, eps)
    return scale * (g - average(g, axes) - out * average(g * out, axes))


def _normalize_domain(d: Any) -> Any:
    shape = d.shape(min_dims=1, min_side=2)
    return (d.distinct(shape),), {"dim": d.dims(shape), "eps": d.choice((1e-5, 0.1))}


# The statistics of layer_norm and batch_norm (Ba et al. 2016; Ioffe and Szegedy 2015): one record for both.
normalize = Op(
    "standardize",
    lambda x, *, dim, eps=1e-5: _normalized(x, dim, eps),
    x=_normalize_rule,
    formula="for n = (x - mean)/std:  grad x = (g - mean(g) - n mean(g n))/std",
    domain=_normalize_domain,
    result="floating",
)
