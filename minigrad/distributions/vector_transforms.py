"""Functions of vectors and matrices that have an inverse, and different functions of different parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad import creation, linalg
from minigrad._tensor.record import wrap
from minigrad.functional import cat, stack
from minigrad.nn.functional import logsigmoid, pad, softplus

from . import constraints
from .elementwise_transforms import Plain, clipped_sigmoid
from .transform import Transform


class SoftmaxTransform(Plain):
    """y = softmax(x), as whose inverse log(y) is taken.

    Arguments:
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.SoftmaxTransform()(torch.zeros(2))
    tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Any) -> Any:
        return x.softmax(-1)

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def forward_shape(self, shape: Any) -> Any:
        return _with_vectors(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return _with_vectors(shape)


def _with_vectors(shape: Any) -> Any:
    if len(shape) < 1:
        raise ValueError("Too few dimensions on input")
    return shape


class StickBreakingTransform(Plain):
    """From n numbers to n + 1 that are positive and sum to 1: each is a share of what the others have left.

    Arguments:
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.StickBreakingTransform()(torch.zeros(1))
    tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def _odds(self, n: int, like: Any) -> Any:
        return wrap(np.log(np.arange(n, 0, -1)).astype(like._array.dtype), None)

    def _call(self, x: Any) -> Any:
        share = clipped_sigmoid(x - self._odds(x.shape[-1], x))
        left = (1 - share).cumprod(-1)
        return pad(share, (0, 1), value=1.0) * pad(left, (1, 0), value=1.0)

    def _inverse(self, y: Any) -> Any:
        first = y[..., :-1]
        left = (1 - first.cumsum(-1)).clamp(min=float(np.finfo(y._array.dtype).tiny))
        return first.log() - left.log() + self._odds(first.shape[-1], y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        x = x - self._odds(x.shape[-1], x)
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        return (*_with_vectors(shape)[:-1], shape[-1] + 1)

    def inverse_shape(self, shape: Any) -> Any:
        return (*_with_vectors(shape)[:-1], shape[-1] - 1)


def _below(n: int, diagonal: int) -> tuple[Any, Any]:
    rows, columns = np.tril_indices(n, diagonal)
    return wrap(rows, None), wrap(columns, None)


class CorrCholeskyTransform(Plain):
    """From n(n - 1)/2 numbers to the Cholesky factor of an n x n matrix of correlations.

    Arguments:
        cache_size: as for `Transform`.

    Source: Lewandowski, Kurowicka and Joe, "Generating random correlation matrices" (2009).

    >>> import minigrad as torch
    >>> torch.distributions.transforms.CorrCholeskyTransform()(torch.zeros(1))
    tensor([[1., 0.],
            [0., 1.]])
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Any) -> Any:
        eps = float(np.finfo(x._array.dtype).eps)
        partial = x.tanh().clamp(-1 + eps, 1 - eps)
        n = self.forward_shape(x.shape)[-1]
        rows, columns = _below(n, -1)
        square = x.new_zeros(*x.shape[:-1], n, n).index_put((..., rows, columns), partial)
        left = (1 - square.square()).sqrt().cumprod(-1)
        square = square + creation.eye(n, dtype=x.dtype)
        return square * pad(left[..., :-1], (1, 0), value=1.0)

    def _left(self, y: Any) -> Any:
        return 1 - y.square().cumsum(-1)

    def _inverse(self, y: Any) -> Any:
        rows, columns = _below(y.shape[-1], -1)
        left = pad(self._left(y)[..., :-1], (1, 0), value=1.0)
        return (y[..., rows, columns] / left[..., rows, columns].sqrt()).atanh()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        rows, columns = _below(y.shape[-1], -2)
        sticks = 0.5 * self._left(y)[..., rows, columns].log().sum(-1)
        return sticks - 2 * (x + softplus(-2 * x) - math.log(2)).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        number = _with_vectors(shape)[-1]
        n = round(0.5 + math.sqrt(0.25 + 2 * number))
        if n * (n - 1) // 2 != number:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return (*shape[:-1], n, n)

    def inverse_shape(self, shape: Any) -> Any:
        if len(shape) < 2:
            raise ValueError("Too few dimensions on input")
        if shape[-2] != shape[-1]:
            raise ValueError("Input is not square")
        return (*shape[:-2], shape[-1] * (shape[-1] - 1) // 2)


class LowerCholeskyTransform(Plain):
    """From any matrix to a lower triangular one with a positive diagonal: its exponential.

    Arguments:
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.LowerCholeskyTransform()(torch.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Any) -> Any:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Any) -> Any:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Plain):
    """From any matrix to a positive definite one.

    Arguments:
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.transforms.PositiveDefiniteTransform()(torch.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x: Any) -> Any:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Any) -> Any:
        return LowerCholeskyTransform().inv(linalg.cholesky(y))


class _Parts(Transform):
    """Different functions of parts along a dimension."""

    transforms: list[Transform]
    dim: int

    @property
    def bijective(self) -> bool:  # type: ignore[override]
        return all(one.bijective for one in self.transforms)

    def _cut(self, x: Any) -> Any:
        raise NotImplementedError

    def _join(self, parts: Any) -> Any:
        raise NotImplementedError

    def _call(self, x: Any) -> Any:
        parts = zip(self.transforms, self._cut(x), strict=True)
        return self._join([one(part) for one, part in parts])

    def _inverse(self, y: Any) -> Any:
        parts = zip(self.transforms, self._cut(y), strict=True)
        return self._join([one.inv(part) for one, part in parts])


class CatTransform(_Parts):
    """Different transforms of parts of given lengths along a dimension.

    Arguments:
        tseq: the transforms.
        dim: the dimension.
        lengths: of the parts; None for 1 each.
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> from minigrad.distributions import CatTransform, ExpTransform, TanhTransform
    >>> f = CatTransform([ExpTransform(), TanhTransform()], lengths=[1, 2])
    >>> f(torch.zeros(3)), f.length
    (tensor([1., 0., 0.]), 3)
    """

    def __init__(
        self,
        tseq: Sequence[Transform],
        dim: int = 0,
        lengths: Sequence[int] | None = None,
        cache_size: int = 0,
    ) -> None:
        super().__init__(cache_size)
        self.transforms = [one.with_cache(cache_size) for one in tseq] if cache_size else list(tseq)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise ValueError(
                f"CatTransform: there are {len(self.transforms)} transforms and {len(self.lengths)} lengths"
            )
        self.dim = dim

    def _again(self, cache_size: int) -> Any:
        return CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    @property
    def event_dim(self) -> int:
        """The most dimensions that a part takes."""
        return max(one.event_dim for one in self.transforms)

    @property
    def length(self) -> int:
        """The sum of the lengths."""
        return sum(self.lengths)

    @property
    def domain(self) -> Any:
        """The parts' side by side."""
        return constraints.cat([one.domain for one in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> Any:
        """The parts' side by side."""
        return constraints.cat([one.codomain for one in self.transforms], self.dim, self.lengths)

    def _cut(self, x: Any) -> Any:
        if x.shape[self.dim] != self.length:
            raise ValueError(
                f"CatTransform: dimension {self.dim} of shape {tuple(x.shape)} must have size {self.length}"
            )
        return x.split(self.lengths, self.dim)

    def _join(self, parts: Any) -> Any:
        return cat(parts, self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        found = []
        for one, a, b in zip(self.transforms, self._cut(x), self._cut(y), strict=True):
            part = one.log_abs_det_jacobian(a, b)
            for _ in range(self.event_dim - one.event_dim):
                part = part.sum(-1)
            found.append(part)
        dim = self.dim - x.ndim if self.dim >= 0 else self.dim
        dim += self.event_dim
        if dim < 0:
            return cat(found, dim)
        return sum(found[1:], found[0])


class StackTransform(_Parts):
    """Different transforms of the slices along a dimension.

    Arguments:
        tseq: the transforms, one for each slice.
        dim: the dimension.
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> from minigrad.distributions import ExpTransform, StackTransform, TanhTransform
    >>> StackTransform([ExpTransform(), TanhTransform()])(torch.zeros(2))
    tensor([1., 0.])
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.transforms = [one.with_cache(cache_size) for one in tseq] if cache_size else list(tseq)
        self.dim = dim

    def _again(self, cache_size: int) -> Any:
        return StackTransform(self.transforms, self.dim, cache_size)

    @property
    def domain(self) -> Any:
        """The slices' one on another."""
        return constraints.stack([one.domain for one in self.transforms], self.dim)

    @property
    def codomain(self) -> Any:
        """The slices' one on another."""
        return constraints.stack([one.codomain for one in self.transforms], self.dim)

    def _cut(self, x: Any) -> Any:
        if x.shape[self.dim] != len(self.transforms):
            raise ValueError(
                f"StackTransform: dimension {self.dim} of shape {tuple(x.shape)} must have size "
                f"{len(self.transforms)}, one for each transform"
            )
        return x.unbind(self.dim)

    def _join(self, parts: Any) -> Any:
        return stack(parts, self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        parts = zip(self.transforms, self._cut(x), self._cut(y), strict=True)
        return stack([one.log_abs_det_jacobian(a, b) for one, a, b in parts], self.dim)


class CumulativeDistributionTransform(Transform):
    """y = the probability of at most x under a distribution.

    Arguments:
        distribution: one that has `cdf` and `icdf`.
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> from minigrad.distributions import CumulativeDistributionTransform, Normal
    >>> CumulativeDistributionTransform(Normal(0.0, 1.0))(torch.tensor(0.0))
    tensor(0.5000)
    """

    bijective = True
    codomain = constraints.unit_interval
    sign = 1

    def __init__(self, distribution: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.distribution = distribution

    def _again(self, cache_size: int) -> Any:
        return CumulativeDistributionTransform(self.distribution, cache_size)

    @property
    def domain(self) -> Any:
        """The values that the distribution can have."""
        return self.distribution.support

    def _call(self, x: Any) -> Any:
        return self.distribution.cdf(x)

    def _inverse(self, y: Any) -> Any:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return self.distribution.log_prob(x)
