"""The derivative of normalisation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import (
    Array,
    average,
    average_product,
    c_order,
    is_tensor,
    ndarray,
    normalize_dims,
    wide,
)
from .op import REAL, Op
from .sums import mixed_rows, sum_rows, total

Sizes = tuple[int, ...]
_FEW = 4096  # numbers that are centred twice sooner than the mean is looked at


def _statistics(x: Array, axes: Sizes, eps: float) -> tuple[Array, Array, Array, Array]:
    """x less its mean, one over its standard deviation (with eps), its mean and its variance."""
    mean = average(x, axes)
    rest = x - mean
    slip = average(rest, axes)  # of the mean, by its rounding
    plain = type(rest) is ndarray
    if plain and x.size > _FEW:
        variance = average_product(rest, rest, axes)
        slight = np.finfo(x.dtype).eps * np.sqrt(variance)  # the rounding of a result
        if not (np.abs(slip) > slight).any():
            return rest, 1 / np.sqrt(variance + eps), mean, variance
    mean = mean + slip  # the mean of equal numbers is that number, so that x - mean is 0
    rest = np.subtract(x, mean, out=rest) if plain else x - mean
    variance = average_product(rest, rest, axes)  # about the mean
    return rest, 1 / np.sqrt(variance + eps), mean, variance


def _placed(weight: Array, x_shape: Sizes, at: int) -> Array:
    """A weight or a bias, whose axes are those of x from `at` on, so that it broadcasts to x."""
    return np.reshape(weight, (*weight.shape, *(1,) * (len(x_shape) - at - len(weight.shape))))


def _normalized(
    x: Array, weight: Array | None, bias: Array | None, dim: Any, eps: float, seen: Sizes | None, at: int
) -> tuple[Array, ...]:
    x = wide(c_order(x))
    grouped = x if seen is None else np.reshape(x, seen)
    axes = normalize_dims(dim, grouped.ndim)
    rest, scale, mean, variance = _statistics(grouped, axes, eps)
    factor, by_channel = scale, 0 in axes  # then a channel has one weight, and one scale
    if weight is not None and by_channel:
        factor = scale * np.reshape(weight, scale.shape)
    out = rest * factor
    if seen is not None:
        out, rest = np.reshape(out, x.shape), np.reshape(rest, x.shape)
    if weight is not None and not by_channel:
        out *= _placed(weight, x.shape, at)
    if bias is not None:
        out += _placed(bias, x.shape, at)
    return out, rest, scale, mean, variance


# From x less its mean, not from the output, to which the user may write.
def _to_x(
    g: Array, x_shape: Sizes, weight: Array | None, rest: Array, scale: Array, dim: Any, eps: float,
    seen: Sizes | None, at: int,
) -> Array:  # fmt: skip
    g = wide(g)
    grouped = rest if seen is None else np.reshape(rest, seen)
    axes = normalize_dims(dim, grouped.ndim)
    if is_tensor(rest):  # to the second derivative the statistics are no constants
        grouped, scale, _, _ = _statistics(grouped, axes, eps)
    factor = scale
    if weight is not None and 0 in axes:
        factor = scale * np.reshape(wide(weight), scale.shape)
    elif weight is not None:
        g = g * _placed(wide(weight), x_shape, at)
    if seen is not None:
        g = np.reshape(g, seen)
    share = average_product(g, grouped, axes) * (scale * scale)
    if type(grouped) is not ndarray or type(g) is not ndarray:
        return np.reshape((g - (grouped * share + average(g, axes))) * factor, x_shape)
    made = np.empty(x_shape, rest.dtype)  # the same in one memory
    slope = made if seen is None else made.reshape(seen)
    np.multiply(grouped, share, out=slope)
    slope += average(g, axes)
    np.subtract(g, slope, out=slope)
    slope *= factor
    return made


def _to_weight(
    g: Array, x_shape: Sizes, weight_shape: Sizes, rest: Array, scale: Array, dim: Any, eps: float,
    seen: Sizes | None, at: int,
) -> Array:  # fmt: skip
    g, grouped = wide(g), rest if seen is None else np.reshape(rest, seen)
    axes = normalize_dims(dim, grouped.ndim)
    if is_tensor(rest):
        grouped, scale, _, _ = _statistics(grouped, axes, eps)
    if type(g) is ndarray is type(grouped) and axes == (1,) and grouped.ndim == 2:
        return mixed_rows(scale[:, 0], g.reshape(grouped.shape) * grouped).reshape(weight_shape)
    if 0 in axes:
        g = g if seen is None else np.reshape(g, seen)
        each = g * (grouped * scale)
        return np.reshape(sum_rows(each) if axes == (0,) else total(each, axes), weight_shape)
    return _to_bias(g * np.reshape(grouped * scale, x_shape), weight_shape, at)


def _to_bias(g: Array, shape: Sizes, at: int) -> Array:
    """The sum over all axes but those of a weight or a bias."""
    g = wide(g)
    if at + len(shape) == g.ndim:  # its axes are the last: those before are rows
        return np.reshape(sum_rows(np.reshape(g, (math.prod(g.shape[:at]), math.prod(shape)))), shape)
    return total(g, (*range(at), *range(at + len(shape), g.ndim)))


def _normalize_domain(d: Any) -> Any:
    eps, kind = (
        d.choice((1e-5, 0.1)),
        d.choice(("layer", "rows", "batch", "columns", "group", "without weights")),
    )
    if kind == "without weights":
        shape = d.shape(min_dims=1, min_side=2)
        return (d.distinct(shape), None, None), {"dim": d.dims(shape), "eps": eps}
    n, channels, length = d.integer(2, 3), 2 * d.integer(1, 2), d.integer(2, 3)
    shape = {"rows": (n, length), "columns": (n, channels)}.get(kind, (n, channels, length))
    x, sizes = d.distinct(shape), (length,) if kind in ("layer", "rows") else (channels,)
    options = {
        "layer": {"dim": (2,), "at": 2},
        "rows": {"dim": (1,), "at": 1},
        "batch": {"dim": (0, 2), "at": 1},
        "columns": {"dim": (0,), "at": 1},
        "group": {"dim": (2,), "at": 1, "seen": (n, 2, channels // 2 * length)},
    }
    weights = [d.values(sizes, REAL) if d.flag() else None for _ in range(2)]
    return (x, *weights), {"eps": eps, **options[kind]}


# layer_norm, batch_norm and group_norm, with the scale and the shift that are learned: one record for all
# (Ba et al. 2016; Ioffe and Szegedy 2015; Wu and He 2018).
normalize = Op(
    "standardize",
    lambda x, weight=None, bias=None, *, dim, eps=1e-5, seen=None, at=0: _normalized(
        x, weight, bias, dim, eps, seen, at
    ),
    x=_to_x,
    weight=_to_weight,
    bias=lambda g, bias_shape, at: _to_bias(g, bias_shape, at),
    constants=("rest", "scale", "mean", "variance"),  # the last two for running statistics
    stands={"rest": "x"},
    read={
        "x": lambda weight_shape, bias_shape, seen: (
            "(g - mean(g) - out * mean(g * out)) / std(x)"
            if not (weight_shape or bias_shape or seen)
            else "(h - mean(h) - z * mean(h * z)) / std(x), of h = g * weight and z = (x - mean(x)) / std(x)"
        ),
        "weight": "g times (x - mean(x)) / std(x), summed to the shape of weight",
        "bias": "g summed to the shape of bias",
    },
    formula="grad x = (g - mean(g) - out * mean(g * out))/std(x),  grad weight = sum of g * (x - mean)/std",
    domain=_normalize_domain,
    result="floating",
    promote=False,
)  # fmt: skip
