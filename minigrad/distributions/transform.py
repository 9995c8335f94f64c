"""The base of functions that have an inverse, and the inverse of each."""

from __future__ import annotations

from typing import Any

from . import constraints


class Transform:
    """The base of functions by which a distribution becomes another.

    Arguments:
        cache_size: 1 to keep the last argument and result, so that the inverse of a result that was
            just computed is exact.

    A class of your own defines `_call`, `_inverse` and `log_abs_det_jacobian`, and says in `domain` and
    `codomain` between which sets it leads.

    >>> import minigrad as torch
    >>> f = torch.distributions.transforms.ExpTransform()
    >>> x = torch.tensor([0.0, 1.0])
    >>> f(x), f.inv(f(x)), f.log_abs_det_jacobian(x, f(x))
    (tensor([1.0000, 2.7183]), tensor([0.0000, 1.0000]), tensor([0., 1.]))
    >>> f.domain, f.codomain, f.sign, f.event_dim, f.with_cache(1), f.inv.inv is f
    (Real(), GreaterThan(lower_bound=0.0), 1, 0, ExpTransform(), True)
    >>> f.forward_shape((2,)), f.inverse_shape((2,))
    ((2,), (2,))
    """

    bijective = False
    domain: Any = constraints.real
    codomain: Any = constraints.real

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError(f"cache_size must be 0 or 1, but is {cache_size}")
        self._cache_size = cache_size
        self._last: tuple[Any, Any] = (None, None)

    @property
    def event_dim(self) -> int:
        """The number of dimensions of one argument, where it is that of a result too."""
        if self.domain.event_dim != self.codomain.event_dim:
            raise ValueError("Please use either .domain.event_dim or .codomain.event_dim")
        dims: int = self.domain.event_dim
        return dims

    @property
    def sign(self) -> Any:
        """1 where it grows, -1 where it falls."""
        raise NotImplementedError(f"{type(self).__name__} has no sign")

    @property
    def inv(self) -> Any:
        """The inverse, a transform too."""
        return _Inverse(self)

    def with_cache(self, cache_size: int = 1) -> Any:
        """The same function with another cache.

        Arguments:
            cache_size: 0 or 1.
        """
        if self._cache_size == cache_size:
            return self
        return self._again(cache_size)

    def _again(self, cache_size: int) -> Any:
        if type(self).__init__ is Transform.__init__:
            return type(self)(cache_size=cache_size)
        raise NotImplementedError(f"{type(self)}.with_cache is not implemented")

    def forward_shape(self, shape: Any) -> Any:
        """The shape of a result.

        Arguments:
            shape: of the argument.
        """
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of an argument.

        Arguments:
            shape: of the result.
        """
        return shape

    def __call__(self, x: Any) -> Any:
        if x is self._last[0] and x is not None:
            return self._last[1]
        y = self._call(x)
        if self._cache_size:
            self._last = (x, y)
        return y

    def _inv_call(self, y: Any) -> Any:
        if y is self._last[1] and y is not None:
            return self._last[0]
        x = self._inverse(y)
        if self._cache_size:
            self._last = (x, y)
        return x

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """The logarithm of the absolute derivative; of vectors, of its determinant.

        Arguments:
            x: the argument.
            y: the result for it.
        """
        raise NotImplementedError

    def _call(self, x: Any) -> Any:
        raise NotImplementedError

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    """The inverse of a transform."""

    def __init__(self, transform: Transform) -> None:
        super().__init__(transform._cache_size)
        self._inv = transform

    @property
    def domain(self) -> Any:
        return self._inv.codomain

    @property
    def codomain(self) -> Any:
        return self._inv.domain

    @property
    def bijective(self) -> bool:  # type: ignore[override]
        return self._inv.bijective

    @property
    def sign(self) -> Any:
        return self._inv.sign

    @property
    def inv(self) -> Any:
        return self._inv

    def _again(self, cache_size: int) -> Any:
        return self._inv.with_cache(cache_size).inv

    def __call__(self, x: Any) -> Any:
        return self._inv._inv_call(x)

    def _inv_call(self, y: Any) -> Any:
        return self._inv(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Any:
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return self._inv.forward_shape(shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Inverse) and self._inv == other._inv

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"_InverseTransform({self._inv!r})"
