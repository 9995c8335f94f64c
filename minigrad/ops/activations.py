"""Derivatives of activations, the softmaxes and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import (
    ONE,
    ZERO,
    Array,
    Number,
    bounded,
    cast,
    is_tensor,
    keep,
    keep_nonzero,
    keep_or,
    log_softmax as log_softmax_kernel,
    ndarray,
    positive_part,
    sigmoid,
    softmax as softmax_kernel,
    times,
)
from .op import NONZERO, REAL, Interval, Op
from .special import log_sigmoid, normal_cdf
from .sums import total

# out is 0 where x <= 0; a nan there lets the gradient through, as in PyTorch.
relu = Op(
    "relu", positive_part,
    x=lambda g, out: keep_nonzero(g, out),
    read="where(x > 0, g, 0)",
    formula="d relu(x)/dx = 1 for x > 0,  0 for x <= 0",
    domain=NONZERO,
)  # fmt: skip


def _leaky_relu(x: Array, negative_slope: float) -> Array:
    if 0 < negative_slope <= 1:  # np.where takes ten times as long on a mixed mask
        low = x * negative_slope
        return np.maximum(x, low, out=low) if type(low) is ndarray else np.maximum(x, low)
    return np.where(x > 0, x, x * negative_slope)


def _leaky_relu_rule(g: Array, x: Array, negative_slope: float) -> Array:
    above = x > 0
    if type(above) is ndarray and 0 < negative_slope <= 1:
        slope = above.astype(x.dtype)
        bounded(slope, x.dtype.type(negative_slope), ONE[x.dtype], out=slope)
        return times(slope, g)
    return np.where(above, g, g * negative_slope)


leaky_relu = Op(
    "leaky_relu", lambda x, *, negative_slope=0.01: _leaky_relu(x, negative_slope),
    x=_leaky_relu_rule,
    read="where(x > 0, g, g * negative_slope)",
    formula="1 for x > 0,  negative_slope for x <= 0",
    domain=lambda d: ((d.values(d.shape(), NONZERO),), {"negative_slope": d.choice((0.01, 0.3, 1.5))}),
    result="floating",
)  # fmt: skip


# exp(min(x, 0)): the branch not taken must not overflow, or its inf would meet a 0 in a second derivative.
def _elu(x: Array, alpha: float) -> Array:
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


def _elu_slope(x: Array, alpha: float) -> Array:
    return _one_above(x, alpha * np.exp(_below(x)))


def _below(x: Array) -> Array:
    """min(x, 0), with the slope 0 at 0: the second derivative there is 0, as in PyTorch."""
    return keep(x, ~(x >= 0))


def _one_above(x: Array, below: Array) -> Array:
    """1 where x > 0, elsewhere `below`."""
    above = x > 0
    if type(x) is ndarray:  # np.where takes ten times as long on a mixed mask
        return above.astype(x.dtype) + keep(below, ~above)
    return np.where(above, 1.0, below)


elu = Op(
    "elu", lambda x, *, alpha=1.0: _elu(x, alpha),
    x=lambda g, x, alpha: g * _elu_slope(x, alpha),
    read="where(x > 0, g, g * alpha * exp(x))",
    formula="1 for x > 0,  alpha * exp(x) for x <= 0",
    domain=lambda d: ((d.values(d.shape(), NONZERO),), {"alpha": d.choice((1.0, 0.7))}),
    result="floating",
)  # fmt: skip
# Barron 2017, "Continuously differentiable exponential linear units": the slope at 0 is always 1.
celu = Op(
    "celu", lambda x, *, alpha=1.0: np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) * (1 / alpha)),
    x=lambda g, x, alpha: g * _one_above(x, np.exp(_below(x) * (1 / alpha))),
    read="where(x > 0, g, g * exp(x / alpha))",
    formula="1 for x > 0,  exp(x / alpha) for x <= 0",
    domain=lambda d: ((d.values(d.shape(), NONZERO),), {"alpha": d.choice((1.0, 0.7))}),
    result="floating",
)  # fmt: skip
# Klambauer et al. 2017, "Self-Normalizing Neural Networks", equation 2.
_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772
selu = Op(
    "selu", lambda x: _SCALE * _elu(x, _ALPHA),
    x=lambda g, x: g * _SCALE * _elu_slope(x, _ALPHA),
    read="where(x > 0, g * 1.0507009873554805, g * 1.7580993408473766 * exp(x))",
    formula="1.0507 for x > 0,  1.7581 * exp(x) for x <= 0",
    domain=NONZERO,
    result="floating",
)  # fmt: skip
# Hendrycks and Gimpel 2016, "Gaussian Error Linear Units": x Phi(x), or its tanh approximation.
_INV_SQRT_2PI, _GELU_C = 0.3989422804014327, 0.7978845608028654


def _gelu_cdf(x: Array, approximate: str) -> Array:
    """The factor of x in gelu: Phi(x), or its approximation."""
    if approximate == "tanh":
        return 0.5 * (1 + np.tanh(_GELU_C * (x + 0.044715 * x * x * x)))
    if approximate != "none":
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")
    return normal_cdf(x)


def _gelu(x: Array, approximate: str) -> tuple[Array, Array]:
    cdf = _gelu_cdf(x, approximate)
    return x * cdf, cdf


def _gelu_slope(x: Array, cdf: Array, approximate: str) -> Array:
    if is_tensor(x):  # to the second derivative the factor is no constant
        cdf = _gelu_cdf(x, approximate)
    if approximate == "tanh":
        return cdf + x * 2 * cdf * (1 - cdf) * _GELU_C * (1 + 0.134145 * x * x)
    if type(x) is not ndarray or not x.ndim:
        return cdf + x * _INV_SQRT_2PI * np.exp(-0.5 * x * x)
    density = -0.5 * x  # the same in one memory
    density *= x
    np.exp(density, out=density)
    density *= x * _INV_SQRT_2PI
    density += cdf
    return density


gelu = Op(
    "gelu", lambda x, *, approximate="none": _gelu(x, approximate),
    x=lambda g, x, cdf, approximate: times(_gelu_slope(x, cdf, approximate), g),
    constants=("cdf",),
    read=lambda approximate: (
        "g * (Phi(x) + x * phi(x))" if approximate == "none" else "g times the slope of the approximation"
    ),
    formula="d gelu(x)/dx = Phi(x) + x * phi(x)",
    domain=lambda d: ((d.values(d.shape(), REAL),), {"approximate": d.choice(("none", "tanh"))}),
    result="floating",
)  # fmt: skip
silu = Op(
    "silu", lambda x: _silu(x),
    x=lambda g, x: times(_silu_slope(x, sigmoid(x)), g),
    read="g * sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
    formula="d silu(x)/dx = sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
    domain=REAL,
    result="floating",
)  # fmt: skip


def _silu(x: Array) -> Array:
    if type(x) is not ndarray or not x.ndim:
        return x / (1 + np.exp(-x))
    out = np.negative(x)  # all in one memory, as in the next
    np.exp(out, out=out)
    out += ONE[out.dtype]
    return np.divide(x, out, out=out)


def _silu_slope(x: Array, s: Array) -> Array:
    if type(x) is not ndarray or not x.ndim:
        return s * (1 + x * (1 - s))
    slope = ONE[s.dtype] - s
    slope *= x
    slope += ONE[s.dtype]
    slope *= s
    return slope


def _softplus(x: Array, beta: float, threshold: float) -> Array:
    scaled = x if beta == 1 else beta * x
    linear = scaled > threshold
    out = -log_sigmoid(-scaled)
    out = out if beta == 1 else out / beta
    return out if type(linear) is ndarray and not linear.any() else np.where(linear, x, out)


def _softplus_rule(g: Array, x: Array, beta: float, threshold: float) -> Array:
    scaled = x if beta == 1 else beta * x
    linear = scaled > threshold
    slope = times(sigmoid(scaled), g)
    return slope if type(linear) is ndarray and not linear.any() else np.where(linear, g, slope)


softplus = Op(
    "softplus",
    lambda x, *, beta=1.0, threshold=20.0: _softplus(x, beta, threshold),
    x=_softplus_rule,
    read="where(beta * x > threshold, g, g * sigmoid(beta * x))",
    formula="d softplus(x)/dx = sigmoid(beta * x)",
    domain=lambda d: (
        (d.values(d.shape(), Interval(-3.0, 3.0, avoid=(0.5,))),),
        d.choice(({"beta": 1.0}, {"beta": 2.0}, {"beta": 2.0, "threshold": 1.0})),
    ),
    result="floating",
)
logsigmoid = Op(
    "logsigmoid", log_sigmoid,
    x=lambda g, x: g * sigmoid(-x),
    formula="d logsigmoid(x)/dx = sigmoid(-x)",
    domain=REAL,
    result="floating",
)  # fmt: skip
hardtanh = Op(
    "hardtanh", lambda x, *, min_val=-1.0, max_val=1.0: np.clip(x, min_val, max_val),
    x=lambda g, x, min_val, max_val: keep(g, (x > min_val) & (x < max_val)),
    read="where((min_val < x) & (x < max_val), g, 0)",
    formula="1 for min_val < x < max_val,  0 elsewhere",
    domain=Interval(-3.0, 3.0, avoid=(-1.0, 1.0)),
)  # fmt: skip
# He et al. 2015, "Delving deep into rectifiers": a slope that is learned. It broadcasts to x.
prelu = Op(
    "prelu", lambda x, weight: np.maximum(x, 0) + weight * np.minimum(x, 0),
    x=lambda g, x, weight: keep(g, x > 0) + weight * keep(g, ~(x > 0)),
    weight=lambda g, x: g * keep(x, ~(x > 0)),
    read={"x": "where(x > 0, g, g * weight)", "weight": "where(x > 0, 0, g * x)"},
    formula="d/dx = 1 for x > 0, else weight;  d/dweight = 0 for x > 0, else x",
    domain=lambda d: ((d.values(s := d.shape(), NONZERO), d.values(s[-1:], REAL)), {}),
    result="floating",
    promote=False,
)  # fmt: skip
hardshrink = Op(
    "hardshrink", lambda x, *, lambd=0.5: keep(x, ~((x <= lambd) & (x >= -lambd))),
    x=lambda g, x, lambd: keep(g, (x > lambd) | (x < -lambd)),
    read="where(abs(x) > lambd, g, 0)",
    formula="1 for |x| > lambd,  0 elsewhere",
    domain=Interval(-3.0, 3.0, avoid=(-0.5, 0.5)),
    result="floating",
)  # fmt: skip
# The gradient of what is replaced is 0; a nan stays, as in PyTorch.
threshold = Op(
    "threshold", lambda x, *, threshold, value: keep_or(x, ~(x <= threshold), value),
    x=lambda g, x, threshold: keep(g, ~(x <= threshold)),
    read="where(x > threshold, g, 0)",
    formula="1 for x > threshold,  0 elsewhere",
    domain=lambda d: (
        (d.values(d.shape(), Interval(-3.0, 3.0, avoid=(0.5,))),),
        {"threshold": 0.5, "value": d.choice((0, -7, 2))},
    ),
)  # fmt: skip
softshrink = Op(
    "softshrink", lambda x, *, lambd=0.5: x - np.clip(x, -lambd, lambd),
    x=lambda g, x, lambd: keep(g, np.abs(x) > lambd),
    read="where(abs(x) > lambd, g, 0)",
    formula="1 for |x| > lambd,  0 elsewhere",
    domain=Interval(-3.0, 3.0, avoid=(-0.5, 0.5)),
    result="floating",
)  # fmt: skip
# Howard et al. 2019, "Searching for MobileNetV3", section 5.2.
_THREE, _SIX, _HALF = Number(3), Number(6), Number(0.5)


def _between(x: Array) -> Array:
    """min(max(x + 3, 0), 6)."""
    if type(x) is not ndarray or not x.ndim:
        return np.clip(x + 3, 0, 6)
    out = x + _THREE[x.dtype]
    return bounded(out, ZERO[x.dtype], _SIX[x.dtype], out=out)


def _hardswish_slope(x: Array) -> Array:
    if type(x) is not ndarray or not x.ndim:
        return keep(x / 3 + 0.5, ~(np.abs(x) >= 3)) + cast(x >= 3, x.dtype)
    # Of x held between -3 and 3; x / 3 + 1/2 at these ends is -1/2 and 3/2, where the slope is 0 and 1.
    third = bounded(x, -_THREE[x.dtype], _THREE[x.dtype])
    third /= _THREE[x.dtype]
    ends = np.trunc(third)
    ends *= _HALF[x.dtype]
    third -= ends
    third += _HALF[x.dtype]
    return third


hardswish = Op(
    "hardswish", lambda x: times(_between(x), x) / 6,
    x=lambda g, x: times(_hardswish_slope(x), g),
    read="where(abs(x) < 3, g * (x / 3 + 0.5), where(x < 0, 0, g))",
    formula="x / 3 + 1/2 for |x| < 3,  0 below,  1 above",
    domain=Interval(-4.0, 4.0, avoid=(-3.0, 3.0)),
    result="floating",
)  # fmt: skip
hardsigmoid = Op(
    "hardsigmoid", lambda x: _between(x) / 6,
    x=lambda g, x: keep(g, (x > -3) & (x < 3)) / 6,
    read="where(abs(x) < 3, g / 6, 0)",
    formula="1/6 for |x| < 3,  0 elsewhere",
    domain=Interval(-4.0, 4.0, avoid=(-3.0, 3.0)),
    result="floating",
)  # fmt: skip
# The mask is drawn before the call, so that forward stays a function of its inputs.
dropout = Op(
    "dropout", lambda x, *, mask: x * mask,
    x=lambda g, mask: g * mask,
    formula="the gradient through the same mask, scaled by 1/(1 - p)",
    domain=lambda d: ((d.values(s := d.shape(), REAL),), {"mask": d.bools(s) * 2.0}),
)  # fmt: skip


# --- softmax -----------------------------------------------------------------------------------------


def _along_dim(d: Any) -> Any:
    shape = d.shape(min_dims=1, min_side=1)
    return (d.values(shape, REAL),), {"dim": d.dim(shape)}


def _total(g: Array, dim: int) -> Array:
    return total(g, dim, True) if g.ndim else g


softmax = Op(
    "softmax", softmax_kernel, inputs="x",
    x=lambda g, out, dim: out * (g - _total(g * out, dim)),
    read="out * (g - sum(g * out))",
    formula="d p_i/dx_j = p_i ([i = j] - p_j)",
    domain=_along_dim,
    result="floating",
)  # fmt: skip
log_softmax = Op(
    "log_softmax", log_softmax_kernel, inputs="x",
    x=lambda g, out, dim: g - np.exp(out) * _total(g, dim),
    read="g - exp(out) * sum(g)",
    formula="d log p_i/dx_j = [i = j] - p_j",
    domain=_along_dim,
    result="floating",
)  # fmt: skip
