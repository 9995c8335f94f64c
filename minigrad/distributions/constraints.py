"""Sets of numbers, by name: the supports of distributions, and what their parameters must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad import linalg
from minigrad._tensor.tensor import Tensor


class Constraint:
    """A set of values that a tensor may have; `check` tells for each value whether it belongs to the set.

    Arguments:
        name: as it is shown.
        belongs: takes a tensor, returns one of booleans, without the last `event_dim` dimensions.
        event_dim: the number of dimensions of one value: 1 for vectors.
        is_discrete: whether the set is one of separate points.

    >>> import minigrad as torch
    >>> torch.distributions.constraints.positive.check(torch.tensor([-1.0, 2.0]))
    tensor([False,  True])
    """

    def __init__(
        self,
        name: str,
        belongs: Callable[[Tensor], Any] | None = None,
        event_dim: int = 0,
        is_discrete: bool = False,
    ) -> None:
        self.name, self.belongs, self.event_dim, self.is_discrete = name, belongs, event_dim, is_discrete

    def check(self, value: Tensor) -> Any:
        """Tells for each value of a tensor if it belongs to the set.

        Arguments:
            value: a tensor.
        """
        if self.belongs is None:
            raise ValueError(f"{self.name}: the set depends on parameters, so that nothing can be checked")
        return self.belongs(value)

    def __repr__(self) -> str:
        return self.name


def _whole(x: Tensor) -> Any:
    return x % 1 == 0


def _all(x: Any) -> Any:
    return x.all(-1)


def greater_than(lower_bound: Any) -> Constraint:
    """The numbers above a bound."""
    return Constraint(f"GreaterThan(lower_bound={lower_bound})", lambda x: x > lower_bound)


def greater_than_eq(lower_bound: Any) -> Constraint:
    """The numbers from a bound on."""
    return Constraint(f"GreaterThanEq(lower_bound={lower_bound})", lambda x: x >= lower_bound)


def less_than(upper_bound: Any) -> Constraint:
    """The numbers below a bound."""
    return Constraint(f"LessThan(upper_bound={upper_bound})", lambda x: x < upper_bound)


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """The numbers between two bounds, which belong to them."""
    return Constraint(
        f"Interval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda x: (lower_bound <= x) & (x <= upper_bound),
    )


def half_open_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """The numbers between two bounds, of which the lower belongs to them."""
    return Constraint(
        f"HalfOpenInterval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda x: (lower_bound <= x) & (x < upper_bound),
    )


def integer_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """The whole numbers between two bounds, which belong to them."""
    return Constraint(
        f"IntegerInterval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda x: _whole(x) & (lower_bound <= x) & (x <= upper_bound),
        is_discrete=True,
    )


def multinomial(upper_bound: Any) -> Constraint:
    """Vectors of counts whose sum is a number."""
    return Constraint(
        "Multinomial()", lambda x: _all(x >= 0) & (x.sum(-1) <= upper_bound), event_dim=1, is_discrete=True
    )


def independent(base_constraint: Constraint, reinterpreted_batch_ndims: int) -> Constraint:
    """The set of which a value is several of another's, along the last dimensions."""

    def belongs(x: Tensor) -> Any:
        found = base_constraint.check(x)
        kept = found.shape[: found.ndim - reinterpreted_batch_ndims]
        return found.reshape(*kept, -1).all(-1) if reinterpreted_batch_ndims else found

    return Constraint(
        f"IndependentConstraint({base_constraint}, {reinterpreted_batch_ndims})",
        belongs,
        base_constraint.event_dim + reinterpreted_batch_ndims,
        base_constraint.is_discrete,
    )


def _lower_triangular(x: Tensor) -> Any:
    return (x.tril() == x).flatten(-2).all(-1)


def _positive_definite(x: Tensor) -> Any:
    symmetric = ((x - x.mT).abs() <= 1e-6 + 1e-5 * x.mT.abs()).flatten(-2).all(-1)
    if not symmetric.all():
        return symmetric
    return linalg.cholesky_ex(x.detach())[1] == 0


dependent = Constraint("Dependent()")
boolean = Constraint("Boolean()", lambda x: (x == 0) | (x == 1), is_discrete=True)
real = Constraint("Real()", lambda x: x == x)
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
unit_interval = interval(0.0, 1.0)
nonnegative_integer = Constraint(
    "IntegerGreaterThan(lower_bound=0)", lambda x: _whole(x) & (x >= 0), is_discrete=True
)
positive_integer = Constraint(
    "IntegerGreaterThan(lower_bound=1)", lambda x: _whole(x) & (x >= 1), is_discrete=True
)
real_vector = independent(real, 1)
simplex = Constraint("Simplex()", lambda x: _all(x >= 0) & ((x.sum(-1) - 1).abs() < 1e-6), event_dim=1)
one_hot = Constraint(
    "OneHot()",
    lambda x: _all((x == 0) | (x == 1)) & (x.sum(-1) == 1),
    event_dim=1,
    is_discrete=True,
)
lower_triangular = Constraint("LowerTriangular()", _lower_triangular, event_dim=2)
lower_cholesky = Constraint(
    "LowerCholesky()", lambda x: _lower_triangular(x) & _all(x.diagonal(dim1=-2, dim2=-1) > 0), event_dim=2
)
positive_definite = Constraint("PositiveDefinite()", _positive_definite, event_dim=2)
