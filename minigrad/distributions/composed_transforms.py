"""Functions that have an inverse and are made of others, or move a shape to another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minigrad._tensor.size import Size

from . import constraints
from .independent import summed
from .transform import Transform


class ComposeTransform(Transform):
    """Several transforms, the first of which is applied first.

    Arguments:
        parts: the transforms.
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> from minigrad.distributions import AffineTransform, ComposeTransform, ExpTransform
    >>> f = ComposeTransform([ExpTransform(), AffineTransform(1.0, 2.0)])
    >>> f(torch.tensor(0.0)), f.bijective
    (tensor(3.), True)
    """

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = [one.with_cache(1) for one in parts] if cache_size else list(parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    __hash__ = object.__hash__

    @property
    def domain(self) -> Any:
        """The set of the first, of as many dimensions as any of the parts takes."""
        if not self.parts:
            return constraints.real
        first = self.parts[0].domain
        dims = self.parts[-1].codomain.event_dim
        for one in reversed(self.parts):
            dims = max(dims + one.domain.event_dim - one.codomain.event_dim, one.domain.event_dim)
        return _of_dims(first, dims)

    @property
    def codomain(self) -> Any:
        """The set of the last, of as many dimensions as any of the parts gives."""
        if not self.parts:
            return constraints.real
        last = self.parts[-1].codomain
        dims = self.parts[0].domain.event_dim
        for one in self.parts:
            dims = max(dims + one.codomain.event_dim - one.domain.event_dim, one.codomain.event_dim)
        return _of_dims(last, dims)

    @property
    def bijective(self) -> bool:  # type: ignore[override]
        """True if all parts have an inverse."""
        return all(one.bijective for one in self.parts)

    @property
    def sign(self) -> Any:
        sign: Any = 1
        for one in self.parts:
            sign = sign * one.sign
        return sign

    @property
    def inv(self) -> Any:
        return ComposeTransform([one.inv for one in reversed(self.parts)])

    def _again(self, cache_size: int) -> Any:
        return ComposeTransform(self.parts, cache_size)

    def __call__(self, x: Any) -> Any:
        for one in self.parts:
            x = one(x)
        return x

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        if not self.parts:
            return x * 0
        found: Any = 0.0
        dims = self.domain.event_dim
        for i, one in enumerate(self.parts):
            after = y if i == len(self.parts) - 1 else one(x)
            found = found + summed(one.log_abs_det_jacobian(x, after), dims - one.domain.event_dim)
            dims += one.codomain.event_dim - one.domain.event_dim
            x = after
        return found

    def forward_shape(self, shape: Any) -> Any:
        for one in self.parts:
            shape = one.forward_shape(shape)
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        for one in reversed(self.parts):
            shape = one.inverse_shape(shape)
        return shape

    def __repr__(self) -> str:
        return f"ComposeTransform(\n    {f',{chr(10)}    '.join(map(repr, self.parts))}\n)"


def _of_dims(constraint: Any, dims: int) -> Any:
    more = dims - constraint.event_dim
    return constraints.independent(constraint, more) if more else constraint


class IndependentTransform(Transform):
    """A transform of each element, or part, of a vector.

    Arguments:
        base_transform: of a part.
        reinterpreted_batch_ndims: how many more dimensions belong to one argument.
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> f = torch.distributions.IndependentTransform(torch.distributions.ExpTransform(), 1)
    >>> f.log_abs_det_jacobian(torch.ones(2), torch.ones(2).exp()), f.event_dim, f.bijective
    (tensor(2.), 1, True)
    """

    def __init__(
        self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0
    ) -> None:
        super().__init__(cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    def _again(self, cache_size: int) -> Any:
        return IndependentTransform(self.base_transform, self.reinterpreted_batch_ndims, cache_size)

    @property
    def domain(self) -> Any:
        """Vectors of the base's."""
        return constraints.independent(self.base_transform.domain, self.reinterpreted_batch_ndims)

    @property
    def codomain(self) -> Any:
        """Vectors of the base's."""
        return constraints.independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)

    @property
    def bijective(self) -> bool:  # type: ignore[override]
        """As of the base."""
        return self.base_transform.bijective

    @property
    def sign(self) -> Any:
        return self.base_transform.sign

    def _call(self, x: Any) -> Any:
        self._refuse_fewer(x, self.domain.event_dim)
        return self.base_transform(x)

    def _inverse(self, y: Any) -> Any:
        self._refuse_fewer(y, self.codomain.event_dim)
        return self.base_transform.inv(y)

    def _refuse_fewer(self, x: Any, dims: int) -> None:
        if x.ndim < dims:
            raise ValueError(f"Too few dimensions on input: {tuple(x.shape)} has fewer than {dims}")

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return summed(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def forward_shape(self, shape: Any) -> Any:
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return self.base_transform.inverse_shape(shape)

    def __repr__(self) -> str:
        return f"IndependentTransform({self.base_transform!r}, {self.reinterpreted_batch_ndims})"


class ReshapeTransform(Transform):
    """The same numbers in another shape.

    Arguments:
        in_shape: of an argument.
        out_shape: of a result.
        cache_size: as for `Transform`.

    >>> import minigrad as torch
    >>> torch.distributions.ReshapeTransform((4,), (2, 2))(torch.ones(3, 4)).shape
    torch.Size([3, 2, 2])
    """

    bijective = True

    def __init__(self, in_shape: Any, out_shape: Any, cache_size: int = 0) -> None:
        self.in_shape, self.out_shape = Size(in_shape), Size(out_shape)
        if math.prod(self.in_shape) != math.prod(self.out_shape):
            raise ValueError(
                f"in_shape {tuple(in_shape)} and out_shape {tuple(out_shape)} have different numbers of "
                "elements"
            )
        super().__init__(cache_size)

    def _again(self, cache_size: int) -> Any:
        return ReshapeTransform(self.in_shape, self.out_shape, cache_size)

    @property
    def domain(self) -> Any:
        """All numbers, in the shape of an argument."""
        return constraints.independent(constraints.real, len(self.in_shape))

    @property
    def codomain(self) -> Any:
        """All numbers, in the shape of a result."""
        return constraints.independent(constraints.real, len(self.out_shape))

    def _call(self, x: Any) -> Any:
        return x.reshape(self.forward_shape(x.shape))

    def _inverse(self, y: Any) -> Any:
        return y.reshape(self.inverse_shape(y.shape))

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return x.new_zeros(x.shape[: x.ndim - len(self.in_shape)])

    def forward_shape(self, shape: Any) -> Any:
        return _swapped(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Any) -> Any:
        return _swapped(shape, self.out_shape, self.in_shape)


def _swapped(shape: Any, end: Size, new: Size) -> Any:
    cut = len(shape) - len(end)
    if cut < 0:
        raise ValueError("Too few dimensions on input")
    if tuple(shape[cut:]) != tuple(end):
        raise ValueError(f"Shape mismatch: expected {tuple(shape[cut:])} but got {tuple(end)}")
    return Size((*shape[:cut], *new))
