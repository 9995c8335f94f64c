"""The Wishart distribution, of positive definite matrices."""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar

import numpy as np

from minigrad import creation, linalg
from minigrad._tensor.compositions.differences import broadcast_shapes
from minigrad._tensor.compositions.powers import mvlgamma
from minigrad._tensor.record import wrap
from minigrad._tensor.tensor import Tensor

from . import constraints
from .chi2 import Chi2
from .distribution import drawn
from .exp_family import ExponentialFamily
from .multivariate_normal import OfCovariance, factor_of, log_diagonal


def mvdigamma(x: Any, p: int) -> Any:
    """The derivative of the logarithm of the gamma function of p dimensions."""
    steps = wrap((np.arange(p) / 2).astype(x._array.dtype), None)
    return (x.unsqueeze(-1) - steps).digamma().sum(-1)


class Wishart(OfCovariance, ExponentialFamily):
    """The Wishart distribution: of the sum of outer products of normal vectors of n numbers.

    Arguments:
        df: how many vectors, the degrees of freedom; more than n - 1.
        covariance_matrix: of the vectors, of shape (..., n, n).
        precision_matrix: its inverse, in its place.
        scale_tril: its lower Cholesky factor, in its place.

    Raises:
        ValueError: for too few degrees of freedom, and for no matrix or more than one.

    >>> import minigrad as torch
    >>> d = torch.distributions.Wishart(2.0, torch.eye(2))
    >>> d.log_prob(torch.eye(2)), d.mean, d.rsample().shape
    (tensor(-3.5310), tensor([[2., 0.],
            [0., 2.]]), torch.Size([2, 2]))
    """

    arg_constraints: ClassVar = {
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
        "df": constraints.greater_than(0),
    }
    support = constraints.positive_definite
    has_rsample = True
    _more_parameters = ("_factor",)

    def __init__(
        self,
        df: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(given) != 1:
            raise ValueError("give exactly one of covariance_matrix, precision_matrix and scale_tril")
        [(name, matrix)] = given.items()
        if matrix.ndim < 2:
            raise ValueError(
                f"Wishart: {name} must be a matrix at least, but has shape {tuple(matrix.shape)}"
            )
        n = matrix.shape[-1]
        df = df if isinstance(df, Tensor) else creation.tensor(float(df), dtype=matrix.dtype)
        batch = broadcast_shapes(matrix.shape[:-2], df.shape)
        if (df.detach() <= n - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {n - 1}.")
        if (df.detach() < n).any():
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur for "
                "ndim - 1 < df < ndim.",
                stacklevel=2,
            )
        self.df, matrix = df.expand(batch), matrix.expand(*batch, n, n)
        setattr(self, name, matrix)
        super().__init__(batch, (n, n), validate_args)
        self._factor = factor_of(name, matrix)

    @property
    def mean(self) -> Any:
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Any:
        factor = self.df - self._event_shape[0] - 1
        return factor.masked_fill(factor <= 0, math.nan)[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Any:
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        return self.df[..., None, None] * (v.pow(2) + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def rsample(self, sample_shape: Any = ()) -> Any:
        # Bartlett's way: a triangle of normal numbers, on its diagonal roots of chi-squared ones.
        n, shape = self._event_shape[0], self._shape(sample_shape)
        steps = wrap(np.arange(n).astype(self.df._array.dtype), None)
        squares = Chi2(self.df.unsqueeze(-1) - steps, validate_args=False).rsample(sample_shape)
        normal = drawn(lambda random: np.tril(random.standard_normal(shape), -1), self.df)
        factor = self._factor @ (normal + squares.sqrt().diag_embed())
        return factor @ factor.mT

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        n, nu = self._event_shape[0], self.df
        whole = nu * (n * math.log(2) / 2 + log_diagonal(self._factor)) + mvlgamma(nu / 2, n)
        half = linalg.solve_triangular(self._factor, value, upper=False)
        trace = linalg.solve_triangular(self._factor.mT, half, upper=True).diagonal(dim1=-2, dim2=-1).sum(-1)
        return (nu - n - 1) / 2 * linalg.slogdet(value)[1] - trace / 2 - whole

    def entropy(self) -> Any:
        n, nu = self._event_shape[0], self.df
        size = (n + 1) * (n * math.log(2) / 2 + log_diagonal(self._factor))
        return size + mvlgamma(nu / 2, n) - (nu - n - 1) / 2 * mvdigamma(nu / 2, n) + nu * n / 2
