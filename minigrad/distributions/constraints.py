"""Sets of numbers, by name: the supports of distributions, and what their parameters must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad import creation, functional, linalg
from minigrad._tensor.tensor import Tensor


class Constraint:
    """A set of values that a tensor may have; `check` tells for each value whether it belongs to the set.

    Arguments:
        name: as it is shown.
        belongs: takes a tensor, returns one of booleans, without the last `event_dim` dimensions.
        event_dim: the number of dimensions of one value: 1 for vectors.
        is_discrete: whether the set is one of separate points.
        bounds: what it is made of, as attributes: `lower_bound`, `upper_bound`, ...

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
        **bounds: Any,
    ) -> None:
        self.name, self.belongs, self.event_dim, self.is_discrete = name, belongs, event_dim, is_discrete
        self.kind = name.partition("(")[0]
        vars(self).update(bounds)

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
    return Constraint(
        f"GreaterThan(lower_bound={lower_bound})", lambda x: x > lower_bound, lower_bound=lower_bound
    )


def greater_than_eq(lower_bound: Any) -> Constraint:
    """The numbers from a bound on."""
    return Constraint(
        f"GreaterThanEq(lower_bound={lower_bound})", lambda x: x >= lower_bound, lower_bound=lower_bound
    )


def less_than(upper_bound: Any) -> Constraint:
    """The numbers below a bound."""
    return Constraint(
        f"LessThan(upper_bound={upper_bound})", lambda x: x < upper_bound, upper_bound=upper_bound
    )


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """The numbers between two bounds, which belong to them."""
    return Constraint(
        f"Interval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda x: (lower_bound <= x) & (x <= upper_bound),
        lower_bound=lower_bound,
        upper_bound=upper_bound,
    )


def half_open_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """The numbers between two bounds, of which the lower belongs to them."""
    return Constraint(
        f"HalfOpenInterval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda x: (lower_bound <= x) & (x < upper_bound),
        lower_bound=lower_bound,
        upper_bound=upper_bound,
    )


def integer_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """The whole numbers between two bounds, which belong to them."""
    return Constraint(
        f"IntegerInterval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda x: _whole(x) & (lower_bound <= x) & (x <= upper_bound),
        is_discrete=True,
        lower_bound=lower_bound,
        upper_bound=upper_bound,
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
        base_constraint=base_constraint,
        reinterpreted_batch_ndims=reinterpreted_batch_ndims,
    )


def cat(cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> Constraint:
    """The set of which the parts along a dimension are of other sets."""
    sizes = [1] * len(cseq) if lengths is None else list(lengths)

    def belongs(x: Tensor) -> Any:
        return functional.cat(
            [one.check(part) for one, part in zip(cseq, x.split(sizes, dim), strict=True)], dim
        )

    dims, whole = max(one.event_dim for one in cseq), any(one.is_discrete for one in cseq)
    return Constraint("Cat()", belongs, dims, whole, cseq=list(cseq), dim=dim, lengths=sizes)


def stack(cseq: Sequence[Constraint], dim: int = 0) -> Constraint:
    """The set of which the slices along a dimension are of other sets."""

    def belongs(x: Tensor) -> Any:
        return functional.stack([one.check(part) for one, part in zip(cseq, x.unbind(dim), strict=True)], dim)

    dims, whole = max(one.event_dim for one in cseq) + (dim < 0), any(one.is_discrete for one in cseq)
    return Constraint("Stack()", belongs, dims, whole, cseq=list(cseq), dim=dim)


class dependent_property(property):
    """A property whose value is a set that depends on parameters.

    Arguments:
        fget: the function; None where this is written with brackets, as a decorator.
        is_discrete, event_dim: of the set, as far as they are known without parameters.
    """

    def __init__(self, fget: Any = None, *, is_discrete: Any = None, event_dim: Any = None) -> None:
        super().__init__(fget)
        self.is_discrete, self.event_dim = is_discrete, event_dim

    def __call__(self, fget: Any) -> dependent_property:
        """The decorator with its function."""
        return dependent_property(fget, is_discrete=self.is_discrete, event_dim=self.event_dim)


def is_dependent(constraint: Any) -> bool:
    """True for a set that depends on parameters, so that nothing can be checked."""
    return isinstance(constraint, dependent_property) or constraint.belongs is None


def _lower_triangular(x: Tensor) -> Any:
    return (x.tril() == x).flatten(-2).all(-1)


def _positive_definite(x: Tensor) -> Any:
    good = _symmetric(x)
    if not good.all():
        return good
    return linalg.cholesky_ex(x.detach())[1] == 0


def _symmetric(x: Tensor) -> Any:
    return ((x - x.mT).abs() <= 1e-6 + 1e-5 * x.mT.abs()).flatten(-2).all(-1)


def _semidefinite(x: Tensor) -> Any:
    good = _symmetric(x)
    return good & (linalg.eigvalsh(x.detach()) >= -1e-6).all(-1) if good.all() else good


def _factor(x: Tensor) -> Any:
    return _lower_triangular(x) & _all(x.diagonal(dim1=-2, dim2=-1) > 0)


def _unit_rows(x: Tensor) -> Any:
    size = x.shape[-1]
    tolerance = float(np.finfo(x._array.dtype).eps) * size * 10
    return _factor(x) & _all((x.pow(2).sum(-1).sqrt() - 1).abs() < tolerance)


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
lower_cholesky = Constraint("LowerCholesky()", _factor, event_dim=2)
corr_cholesky = Constraint("CorrCholesky()", _unit_rows, event_dim=2)
square = Constraint(
    "Square()", lambda x: creation.full(x.shape[:-2], x.shape[-1] == x.shape[-2]), event_dim=2
)
symmetric = Constraint("Symmetric()", _symmetric, event_dim=2)
positive_semidefinite = Constraint("PositiveSemidefinite()", _semidefinite, event_dim=2)
positive_definite = Constraint("PositiveDefinite()", _positive_definite, event_dim=2)
