"""Which transform leads from all numbers to a set: for parameters that are trained, and for inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import constraints
from .transforms import (
    AffineTransform,
    CatTransform,
    ComposeTransform,
    CorrCholeskyTransform,
    ExpTransform,
    IndependentTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    SigmoidTransform,
    SoftmaxTransform,
    StackTransform,
    StickBreakingTransform,
    Transform,
    identity_transform,
)


class ConstraintRegistry:
    """The transforms to the sets of each kind.

    >>> import minigrad as torch
    >>> from minigrad.distributions import constraints, transform_to
    >>> transform_to(constraints.simplex)(torch.zeros(2))
    tensor([0.5000, 0.5000])
    """

    def __init__(self) -> None:
        self._factories: dict[str, Callable[[Any], Transform]] = {}

    def register(self, constraint: Any, factory: Callable[[Any], Transform] | None = None) -> Any:
        """Register a function that makes the transform to a set, for all sets of its kind.

        Arguments:
            constraint: one of the sets.
            factory: takes a set, returns a transform. None makes this a decorator.

        >>> import minigrad as torch
        >>> from minigrad.distributions import constraints, transform_to
        >>> mine = constraints.Constraint("Even()")
        >>> @transform_to.register(mine)
        ... def factory(constraint):
        ...     return torch.distributions.AffineTransform(0.0, 2.0)
        >>> transform_to(mine)(torch.tensor(3.0))
        tensor(6.)
        """
        if factory is None:
            return lambda given: self.register(constraint, given)
        if not isinstance(constraint, constraints.Constraint):
            raise TypeError(f"register takes a constraint, but got {constraint!r}")
        self._factories[constraint.kind] = factory
        return factory

    def __call__(self, constraint: Any) -> Transform:
        factory = self._factories.get(getattr(constraint, "kind", ""))
        if factory is None:
            raise NotImplementedError(f"there is no transform to the set {constraint}")
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _to_interval(constraint: Any) -> Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and (low, high) == (0, 1):
        return SigmoidTransform()
    return ComposeTransform([SigmoidTransform(), AffineTransform(low, high - low)])


def _to_greater(constraint: Any) -> Transform:
    return ComposeTransform([ExpTransform(), AffineTransform(constraint.lower_bound, 1)])


def _to_less(constraint: Any) -> Transform:
    return ComposeTransform([ExpTransform(), AffineTransform(constraint.upper_bound, -1)])


def _always(transform: Transform) -> Callable[[Any], Transform]:
    return lambda _: transform


def _of_parts(registry: ConstraintRegistry) -> dict[str, Callable[[Any], Transform]]:
    """The transforms to the sets that are made of others."""

    def to_vectors(constraint: Any) -> Transform:
        return IndependentTransform(
            registry(constraint.base_constraint), constraint.reinterpreted_batch_ndims
        )

    def to_cat(constraint: Any) -> Transform:
        return CatTransform([registry(one) for one in constraint.cseq], constraint.dim, constraint.lengths)

    def to_stack(constraint: Any) -> Transform:
        return StackTransform([registry(one) for one in constraint.cseq], constraint.dim)

    return {"IndependentConstraint": to_vectors, "Cat": to_cat, "Stack": to_stack}


_BOTH: dict[str, Callable[[Any], Transform]] = {
    "Real": _always(identity_transform),
    "GreaterThan": _to_greater,
    "GreaterThanEq": _to_greater,
    "LessThan": _to_less,
    "Interval": _to_interval,
    "HalfOpenInterval": _to_interval,
    "CorrCholesky": _always(CorrCholeskyTransform()),
}
for _registry in (biject_to, transform_to):
    _registry._factories.update(_BOTH | _of_parts(_registry))
biject_to.register(constraints.simplex, _always(StickBreakingTransform()))
transform_to.register(constraints.simplex, _always(SoftmaxTransform()))
transform_to.register(constraints.lower_cholesky, _always(LowerCholeskyTransform()))
for _set in (constraints.positive_definite, constraints.positive_semidefinite):
    transform_to.register(_set, _always(PositiveDefiniteTransform()))
