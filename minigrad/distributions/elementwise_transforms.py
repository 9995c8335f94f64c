"""Functions of each element that have an inverse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import creation
from minigrad._tensor.compositions.differences import broadcast_shapes
from minigrad._tensor.tensor import Tensor
from minigrad.nn.functional import softplus

from . import constraints
from .independent import summed
from .transform import Transform


class Plain(Transform):
    """A function without parameters: two of a kind are equal."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    __hash__ = object.__hash__


class _Growing(Plain):
    """A function without parameters that grows."""

    bijective = True
    sign = 1


class ExpTransform(_Growing):
    """y = exp(x).

    Arguments:
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.ExpTransform()(torch.tensor(0.0))
    tensor(1.)
    """

    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return x.exp()

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return x


def clipped_sigmoid(x: Any) -> Any:
    """The sigmoid, neither 0 nor 1."""
    return _inside(x.sigmoid())


def _inside(y: Any) -> Any:
    info = np.finfo(y._array.dtype)
    return y.clamp(float(info.tiny), float(1 - info.eps))


class SigmoidTransform(_Growing):
    """y = 1 / (1 + exp(-x)), kept within the open interval from 0 to 1.

    Arguments:
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.SigmoidTransform()(torch.tensor(0.0))
    tensor(0.5000)
    """

    codomain = constraints.unit_interval

    def _call(self, x: Any) -> Any:
        return clipped_sigmoid(x)

    def _inverse(self, y: Any) -> Any:
        y = _inside(y)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -softplus(-x) - softplus(x)


class TanhTransform(_Growing):
    """y = tanh(x).

    Arguments:
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.TanhTransform()(torch.tensor(0.0))
    tensor(0.)
    """

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Any) -> Any:
        return x.tanh()

    def _inverse(self, y: Any) -> Any:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return 2 * (math.log(2) - x - softplus(-2 * x))


class SoftplusTransform(_Growing):
    """y = log(1 + exp(x)).

    Arguments:
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.SoftplusTransform()(torch.tensor(0.0))
    tensor(0.6931)
    """

    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return softplus(x)

    def _inverse(self, y: Any) -> Any:
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -softplus(-x)


class AbsTransform(Plain):
    """y = |x|, as whose inverse y itself is taken.

    Arguments:
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.AbsTransform()(torch.tensor(-2.0))
    tensor(2.)
    """

    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return x.abs()

    def _inverse(self, y: Any) -> Any:
        return y


class PowerTransform(Transform):
    """y = x to a power, for positive x.

    Arguments:
        exponent: a number or a tensor.
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.PowerTransform(2.0)(torch.tensor(3.0))
    tensor(9.)
    """

    domain = constraints.positive
    codomain = constraints.positive
    bijective = True

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = exponent if isinstance(exponent, Tensor) else creation.tensor(float(exponent))

    def _again(self, cache_size: int) -> Any:
        return PowerTransform(self.exponent, cache_size)

    @property
    def sign(self) -> Any:
        return self.exponent.sign()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and bool((self.exponent == other.exponent).all())

    __hash__ = object.__hash__

    def _call(self, x: Any) -> Any:
        return x.pow(self.exponent)

    def _inverse(self, y: Any) -> Any:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape: Any) -> Any:
        return broadcast_shapes(shape, self.exponent.shape)

    def inverse_shape(self, shape: Any) -> Any:
        return broadcast_shapes(shape, self.exponent.shape)


class AffineTransform(Transform):
    """y = loc + scale * x.

    Arguments:
        loc, scale: numbers or tensors.
        event_dim: the number of dimensions of one value.
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.AffineTransform(1.0, 2.0)(torch.tensor(3.0))
    tensor(7.)
    """

    bijective = True

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim

    def _again(self, cache_size: int) -> Any:
        return AffineTransform(self.loc, self.scale, self._event_dim, cache_size)

    @property
    def domain(self) -> Any:
        """All numbers, or vectors."""
        return (
            constraints.independent(constraints.real, self._event_dim)
            if self._event_dim
            else constraints.real
        )

    codomain = domain

    @property
    def sign(self) -> Any:
        """1 where it grows, -1 where it falls.

        >>> import minigrad as torch
        >>> torch.distributions.transforms.AffineTransform(1.0, -2.0).sign
        -1
        """
        if isinstance(self.scale, Tensor):
            return self.scale.sign()
        return (self.scale > 0) - (self.scale < 0)

    def _call(self, x: Any) -> Any:
        return self.loc + self.scale * x

    def _inverse(self, y: Any) -> Any:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        if isinstance(self.scale, Tensor):
            found = self.scale.abs().log() + 0 * x.detach()
        else:
            found = 0 * x.detach() + math.log(abs(self.scale))
        return summed(found, self._event_dim)

    def forward_shape(self, shape: Any) -> Any:
        own = [x.shape for x in (self.loc, self.scale) if isinstance(x, Tensor)]
        return broadcast_shapes(shape, *own)

    inverse_shape = forward_shape

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AffineTransform):
            return False
        pairs = ((self.loc, other.loc), (self.scale, other.scale))
        return all(bool((a == b).all()) if isinstance(a == b, Tensor) else a == b for a, b in pairs)

    __hash__ = object.__hash__
