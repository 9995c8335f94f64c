"""The normal distribution of vectors."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from minigrad import creation, linalg
from minigrad._tensor.compositions.differences import broadcast_shapes

from . import constraints
from .distribution import Derived, Distribution, drawn


def log_diagonal(factor: Any) -> Any:
    """The logarithm of the determinant of a triangular matrix."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def factor_of(name: str, matrix: Any) -> Any:
    """The lower Cholesky factor of a covariance, from that matrix, its inverse or the factor."""
    if name == "scale_tril":
        return matrix
    if name == "covariance_matrix":
        return linalg.cholesky(matrix)
    # P = U U^T with an upper U, so that P^-1 = U^-T U^-1, and U^-T is lower
    upper = linalg.cholesky(matrix.flip((-2, -1))).flip((-2, -1))
    eye = creation.eye(matrix.shape[-1], dtype=matrix.dtype)
    return linalg.solve_triangular(upper.mT, eye.expand(matrix.shape), upper=False)


class OfCovariance:
    """Of a covariance, given by itself, by its inverse or by its Cholesky factor; the others follow."""

    _factor: Any

    @Derived
    def scale_tril(self) -> Any:
        """The lower Cholesky factor of the covariance."""
        return self._factor

    @Derived
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return self._factor @ self._factor.mT

    @Derived
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        eye = creation.eye(self._factor.shape[-1], dtype=self._factor.dtype).expand(self._factor.shape)
        inverse = linalg.solve_triangular(self._factor, eye, upper=False)
        return inverse.mT @ inverse


class MultivariateNormal(OfCovariance, Distribution):
    """The normal distribution of vectors of n numbers.

    Arguments:
        loc: the mean, of shape (..., n).
        covariance_matrix: positive definite, of shape (..., n, n).
        precision_matrix: its inverse, in its place.
        scale_tril: its lower Cholesky factor, in its place.

    >>> import minigrad as torch
    >>> d = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2))
    >>> d.log_prob(torch.zeros(2)), d.rsample((5,)).shape
    (tensor(-1.8379), torch.Size([5, 2]))
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    _more_parameters = ("_factor",)

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {
            name: matrix
            for name, matrix in (
                ("covariance_matrix", covariance_matrix),
                ("precision_matrix", precision_matrix),
                ("scale_tril", scale_tril),
            )
            if matrix is not None
        }
        if len(given) != 1:
            raise ValueError("give exactly one of covariance_matrix, precision_matrix and scale_tril")
        [(name, matrix)] = given.items()
        if loc.ndim < 1 or matrix.ndim < 2:
            raise ValueError(
                f"MultivariateNormal: loc must be a vector and {name} a matrix at least, but they have "
                f"shapes {tuple(loc.shape)} and {tuple(matrix.shape)}"
            )
        n = loc.shape[-1]
        batch = broadcast_shapes(loc.shape[:-1], matrix.shape[:-2])
        self.loc, matrix = loc.expand(*batch, n), matrix.expand(*batch, n, n)
        setattr(self, name, matrix)
        super().__init__(batch, (n,), validate_args)
        self._factor = factor_of(name, matrix)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self._factor.pow(2).sum(-1)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._shape(sample_shape)
        noise = drawn(lambda random: random.standard_normal(shape), self.loc)
        return self.loc + (self._factor @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        far = (value - self.loc).unsqueeze(-1)
        squared = linalg.solve_triangular(self._factor, far, upper=False).pow(2).sum((-2, -1))
        n = self._event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + squared) - log_diagonal(self._factor)

    def entropy(self) -> Any:
        return 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi)) + log_diagonal(self._factor)
