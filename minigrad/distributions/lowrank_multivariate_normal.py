"""The normal distribution of vectors whose covariance is a diagonal and a matrix of low rank."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from minigrad import creation, linalg
from minigrad._tensor.compositions.differences import broadcast_shapes

from . import constraints
from .distribution import Distribution, drawn
from .multivariate_normal import log_diagonal


class LowRankMultivariateNormal(Distribution):
    """The normal distribution of vectors of n numbers, of covariance W Wᵀ + diag(D).

    Arguments:
        loc: the mean, of shape (..., n).
        cov_factor: W, of shape (..., n, r) with a small r.
        cov_diag: D, positive, of shape (..., n).

    Raises:
        ValueError: for shapes that do not fit.

    >>> import minigrad as torch
    >>> d = torch.distributions.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(2))
    >>> d.covariance_matrix, d.log_prob(torch.zeros(2))
    (tensor([[2., 1.],
            [1., 2.]]), tensor(-2.3872))
    >>> d.precision_matrix.shape, d.scale_tril.shape
    (torch.Size([2, 2]), torch.Size([2, 2]))
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: bool | None = None) -> None:
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        n = loc.shape[-1]
        if cov_factor.ndim < 2:
            raise ValueError(
                "cov_factor must be at least two-dimensional, with optional leading batch dimensions"
            )
        if cov_factor.shape[-2] != n:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {n} x m")
        if cov_diag.ndim < 1 or cov_diag.shape[-1] != n:
            raise ValueError(f"cov_diag must be a batch of vectors with shape ({n},)")
        try:
            batch = broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except RuntimeError:
            raise ValueError(
                f"Incompatible batch shapes: loc {tuple(loc.shape)}, cov_factor {tuple(cov_factor.shape)}, "
                f"cov_diag {tuple(cov_diag.shape)}"
            ) from None
        self.loc, self.cov_diag = loc.expand(*batch, n), cov_diag.expand(*batch, n)
        self.cov_factor = cov_factor.expand(*batch, *cov_factor.shape[-2:])
        super().__init__(batch, (n,), validate_args)

    @property
    def _capacitance(self) -> Any:
        """The Cholesky factor of 1 + Wᵀ W / D, a small matrix."""
        w = self.cov_factor
        eye = creation.eye(w.shape[-1], dtype=w.dtype)
        return linalg.cholesky(eye + w.mT @ (w / self.cov_diag.unsqueeze(-1)))

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self.cov_factor.pow(2).sum(-1) + self.cov_diag

    @property
    def scale_tril(self) -> Any:
        """The lower Cholesky factor of the covariance."""
        return linalg.cholesky(self.covariance_matrix)

    @property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return self.cov_factor @ self.cov_factor.mT + self.cov_diag.diag_embed()

    @property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance, by Woodbury's identity."""
        part = linalg.solve_triangular(
            self._capacitance, self.cov_factor.mT / self.cov_diag.unsqueeze(-2), upper=False
        )
        return (1 / self.cov_diag).diag_embed() - part.mT @ part

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._shape(sample_shape)
        inner = (*shape[:-1], self.cov_factor.shape[-1], 1)
        low = drawn(lambda random: random.standard_normal(inner), self.loc)
        own = drawn(lambda random: random.standard_normal(shape), self.loc)
        return self.loc + (self.cov_factor @ low).squeeze(-1) + self.cov_diag.sqrt() * own

    def _far(self, gap: Any) -> Any:
        """The squared length of a vector in units of the covariance: gapᵀ C⁻¹ gap."""
        scaled = gap / self.cov_diag
        part = linalg.solve_triangular(
            self._capacitance, self.cov_factor.mT @ scaled.unsqueeze(-1), upper=False
        )
        return (gap * scaled).sum(-1) - part.pow(2).sum((-2, -1))

    @property
    def _log_det(self) -> Any:
        """The logarithm of the determinant of the covariance."""
        return 2 * log_diagonal(self._capacitance) + self.cov_diag.log().sum(-1)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        n = self._event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + self._log_det + self._far(value - self.loc))

    def entropy(self) -> Any:
        return 0.5 * (self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._log_det)
