"""Derivatives of ops that slide a window over the last axes: convolution and pooling.

The three convolutions stand for one sum, of x, weight and g: each is its derivative by one of these, and the
derivatives of each are the other two (Dumoulin and Visin, "A guide to convolution arithmetic", 2016).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import Array, ndarray
from .op import REAL, Op
from .places import add_along
from .sums import total
from .windows import (
    convolve,
    convolve_back,
    convolve_weight,
    count_places,
    fold as fold_kernel,
    max_windows,
    spread_windows as spread_kernel,
    sum_windows as sum_kernel,
    unfold as unfold_kernel,
)


def _slid(d: Any) -> tuple[tuple[int, ...], dict[str, tuple[int, ...]]]:
    """The last axes of an input, and how a window slides over them."""
    axes = d.integer(1, 2)
    size, stride, dilation = (tuple(d.integer(1, 2) for _ in range(axes)) for _ in range(3))
    lengths = tuple(d.integer(2, 4) for _ in range(axes))
    # At least one window fits.
    least = [max(e * (k - 1) + 2 - n, 0) // 2 for k, e, n in zip(size, dilation, lengths, strict=True)]
    padding = tuple(d.integer(p, 2) for p in least)
    return lengths, {"size": size, "stride": stride, "padding": padding, "dilation": dilation}


def _convolved(d: Any) -> tuple[Array, Array, Array, dict[str, Any]]:
    """x, weight, and something of the shape of their convolution."""
    lengths, how = _slid(d)
    groups = d.integer(1, 2)
    channels = groups * d.integer(1, 2)
    x = d.values((d.integer(1, 2), channels, *lengths), REAL)
    weight = d.values((groups * d.integer(1, 2), channels // groups, *how.pop("size")), REAL)
    places = count_places(lengths, weight.shape[2:], **how)
    return x, weight, d.values((len(x), len(weight), *places), REAL), {**how, "groups": groups}


def _convolution_domain(d: Any) -> Any:
    x, weight, _, options = _convolved(d)
    return (x, weight, d.values((len(weight),), REAL) if d.flag() else None), options


def _back_domain(d: Any) -> Any:
    x, weight, g, options = _convolved(d)
    # With an output_padding not below the stride there is room for more windows than g has elements.
    room = zip(x.shape[2:], options["stride"], options["dilation"], strict=True)
    shape = tuple(n + d.integer(0, 1) if e > s else n for n, s, e in room)
    return (g, weight), {"shape": shape, **options}


def _weight_domain(d: Any) -> Any:
    x, weight, g, options = _convolved(d)
    g = g[..., : d.integer(1, g.shape[-1])]  # as in the derivative of such a transposed convolution
    return (x, g), {"size": weight.shape[2:], **options}


convolution = Op(
    "convolution", convolve, inputs="x weight bias",
    x=lambda g, weight, x_shape, stride, padding, dilation, groups: convolve_back(
        g, weight, x_shape[2:], stride, padding, dilation, groups
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: convolve_weight(
        x, g, weight_shape[2:], stride, padding, dilation, groups
    ),
    bias=lambda g: total(g, (0, *range(2, g.ndim))),
    read={
        "x": "g times weight, added to each window",
        "weight": "g times the windows of x, summed",
        "bias": "g summed over all but the channels",
    },
    formula="grad x = g * weight added to each window,  grad weight = the sum of g * window",
    domain=_convolution_domain,
    result="floating",
    promote=False,
    exact=True,
)  # fmt: skip
convolution_back = Op(
    "convolution_back", convolve_back, inputs="x weight",
    x=lambda g, x_shape, weight, stride, padding, dilation, groups: _first(
        convolve(g, weight, None, stride, padding, dilation, groups), x_shape
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: convolve_weight(
        g, x, weight_shape[2:], stride, padding, dilation, groups
    ),
    read={"x": "g convolved with weight", "weight": "x times the windows of g, summed"},
    formula="grad x = the convolution of g with weight,  grad weight = the sum of x * window of g",
    domain=_back_domain,
    result="floating",
    promote=False,
)  # fmt: skip
convolution_weight = Op(
    "convolution_weight", convolve_weight, inputs="x y",
    x=lambda g, x_shape, y, stride, padding, dilation, groups: convolve_back(
        y, g, x_shape[2:], stride, padding, dilation, groups
    ),
    y=lambda g, x, y_shape, stride, padding, dilation, groups: _first(
        convolve(x, g, None, stride, padding, dilation, groups), y_shape
    ),
    read={"x": "y times g, added to each window", "y": "x convolved with g"},
    formula="grad x = y * g added to each window,  grad y = the convolution of x with g",
    domain=_weight_domain,
    result="floating",
    promote=False,
)  # fmt: skip


def _first(x: Array, shape: tuple[int, ...]) -> Array:
    """The first part, of `shape`: a transposed convolution with output_padding has room for more windows."""
    return x if x.shape == shape else x[tuple(slice(n) for n in shape)]


def _unfold_domain(d: Any) -> Any:
    lengths, how = _slid(d)
    return (d.values((d.integer(1, 2), d.integer(1, 2), *lengths), REAL),), how


def _fold_domain(d: Any) -> Any:
    lengths, how = _slid(d)
    shape = (d.integer(1, 2), d.integer(1, 2), *how["size"], *count_places(lengths, **how))
    return (d.values(shape, REAL),), {"shape": lengths, **{k: v for k, v in how.items() if k != "size"}}


unfold = Op(
    "unfold", unfold_kernel, inputs="x",
    x=lambda g, x_shape, stride, padding, dilation: fold_kernel(g, x_shape[2:], stride, padding, dilation),
    read="g added up at the places of the windows",
    formula="the gradients of the windows, added up at their places",
    domain=_unfold_domain,
)  # fmt: skip
fold = Op(
    "fold", fold_kernel, inputs="x",
    x=lambda g, x_shape, stride, padding, dilation: unfold_kernel(
        g, x_shape[2 : g.ndim], stride, padding, dilation
    ),
    read="the windows of g",
    formula="the windows of the gradient",
    domain=_fold_domain,
)  # fmt: skip


def _pooled(d: Any) -> Any:
    lengths, how = _slid(d)
    del how["dilation"]
    places = count_places(lengths, dilation=(1,) * len(lengths), **how)
    return lengths, how, places


def _sum_domain(d: Any) -> Any:
    lengths, how, places = _pooled(d)
    return (d.values((d.integer(1, 2), d.integer(1, 2), *lengths), REAL),), {**how, "places": places}


def _spread_domain(d: Any) -> Any:
    lengths, how, places = _pooled(d)
    return (d.values((d.integer(1, 2), d.integer(1, 2), *places), REAL),), {"shape": lengths, **how}


sum_windows = Op(
    "sum_windows", sum_kernel, inputs="x",
    x=lambda g, x_shape, size, stride, padding: spread_kernel(g, x_shape[2:], size, stride, padding),
    read="g added to each window",
    formula="the gradient of a window, added to each of its elements",
    domain=_sum_domain,
    result="floating",
)  # fmt: skip
spread_windows = Op(
    "spread_windows", spread_kernel, inputs="x",
    x=lambda g, x_shape, size, stride, padding: sum_kernel(g, size, stride, padding, x_shape[2:]),
    read="g summed over each window",
    formula="the sum of each window of the gradient",
    domain=_spread_domain,
    result="floating",
)  # fmt: skip


def _max_domain(d: Any) -> Any:
    lengths, how = _slid(d)
    how["padding"] = tuple(min(p, k // 2) for p, k in zip(how["padding"], how["size"], strict=True))
    reach = zip(lengths, how["size"], how["dilation"], how["padding"], strict=True)
    lengths = tuple(max(n, e * (k - 1) + 1 - 2 * p) for n, k, e, p in reach)
    x = d.distinct((d.integer(1, 2), d.integer(1, 2), *lengths))
    return (x,), {**how, "places": count_places(lengths, **how)}


def _to_chosen(g: Array, shape: tuple[int, ...], indices: Array) -> Array:
    """`g` at the `indices` into the flattened last axes, added up, in zeros of `shape`."""
    if type(g) is type(indices) is ndarray and g.size <= _FEW:
        samples, plane = math.prod(shape[:2]), math.prod(shape[2:])
        starts = np.arange(0, samples * plane, plane).reshape(*shape[:2], *(1,) * (len(shape) - 2))
        out: Array = np.empty(shape, g.dtype)
        out.reshape(-1)[...] = np.bincount((indices + starts).ravel(), g.ravel(), out.size)
        return out
    rows, planes = ((*s[:2], math.prod(s[2:])) for s in (g.shape, shape))
    return np.reshape(add_along(np.reshape(g, rows), np.reshape(indices, rows), 2, planes), shape)


_FEW = 1 << 13  # gradients that are added soonest in one call


max_pool = Op(
    "max_pool",
    lambda x, *, size, stride, padding, dilation, places: max_windows(
        x, size, stride, padding, dilation, places
    ),
    x=lambda g, x_shape, indices: _to_chosen(g, x_shape, indices),
    constants=("indices",),
    read="g at the maximum of each window, 0 elsewhere",
    formula="the gradient at the maximum of each window",
    domain=_max_domain,
)
