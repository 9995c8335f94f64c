"""The derivative of normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import is_foreign
from .kernels import (
    Array,
    average,
    average_product,
    c_order,
    centered,
    is_tensor,
    ndarray,
    normalize_dims,
    wide,
)
from .op import Op


def _statistics(x: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array, Array]:
    """The mean of x, x less its mean, one over its standard deviation (with eps), and its variance."""
    mean = average(x, axes)
    rest = x - mean
    slip = average(rest, axes)  # of the mean, by its rounding
    variance = average_product(rest, rest, axes)
    if type(rest) is not ndarray or (np.abs(slip) > _SLIGHT * np.sqrt(variance)).any():
        rest, mean = centered(x, axes)
        variance = average(rest * rest, axes)
    return mean, rest, 1 / np.sqrt(variance + eps), variance


_SLIGHT = 1e-8  # of a deviation, less than the rounding of float32


def _normalized(x: Array, dim: Any, eps: float) -> tuple[Array, Array, Array, Array]:
    mean, rest, scale, variance = _statistics(wide(c_order(x)), normalize_dims(dim, x.ndim), eps)
    rest *= scale
    return rest, mean, scale, variance


def _normalize_rule(g: Array, x: Array, mean: Array, scale: Array, dim: Any, eps: float) -> Array:
    # From x, not from the output, to which the user may write.
    axes = normalize_dims(dim, x.ndim)
    g, x = wide(g), wide(x)
    if type(x) is not ndarray and is_tensor(x):  # to the second derivative the statistics are no constants
        _, out, scale, _ = _statistics(x, axes, eps)
        return _at_right_angles(g, out * scale, scale, axes)
    rest = x - mean
    if type(g) is not ndarray and is_foreign(g):
        return _at_right_angles(g, rest * scale, scale, axes)
    rest *= average_product(g, rest, axes) * (scale * scale)
    rest += average(g, axes)
    np.subtract(g, rest, out=rest)
    rest *= scale
    return rest


def _at_right_angles(g: Array, out: Array, scale: Array, axes: tuple[int, ...]) -> Array:
    return scale * (g - average(g, axes) - out * average(g * out, axes))


def _normalize_domain(d: Any) -> Any:
    shape = d.shape(min_dims=1, min_side=2)
    return (d.distinct(shape),), {"dim": d.dims(shape), "eps": d.choice((1e-5, 0.1))}


# The statistics of layer_norm and batch_norm (Ba et al. 2016; Ioffe and Szegedy 2015): one record for both.
normalize = Op(
    "standardize",
    lambda x, *, dim, eps=1e-5: _normalized(x, dim, eps),
    x=_normalize_rule,
    constants=("mean", "scale", "variance"),  # the last for running statistics
    read="(g - mean(g) - out * mean(g * out)) / std(x)",
    formula="grad x = (g - mean(g) - out * mean(g * out))/std(x)",
    domain=_normalize_domain,
    result="floating",
)
