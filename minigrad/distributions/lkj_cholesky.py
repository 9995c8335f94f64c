"""The distribution of Lewandowski, Kurowicka and Joe, of matrices of correlations."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from minigrad._tensor.compositions.powers import mvlgamma
from minigrad._tensor.record import wrap

from . import constraints
from .distribution import Distribution, drawn, together


class LKJCholesky(Distribution):
    """Cholesky factors of matrices of correlations, of which all are as probable at a concentration of 1.

    Arguments:
        dim: the number of rows of a matrix, at least 2.
        concentration: above 1 draws tend to the identity matrix, below 1 away from it.

    Raises:
        ValueError: for a smaller `dim`.

    Draws have the density that `log_prob` tells; PyTorch's are spread too wide beyond the second row.

    Source: Lewandowski, Kurowicka and Joe, "Generating random correlation matrices" (2009).

    >>> import minigrad as torch
    >>> factor = torch.distributions.LKJCholesky(3, 1.0).sample()
    >>> torch.allclose((factor @ factor.mT).diagonal(), torch.ones(3))
    True
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = together(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)

    def sample(self, sample_shape: Any = ()) -> Any:
        # The onion's way: a row is a point on a sphere, and its length a root of a beta number.
        shape = (*sample_shape, *self._batch_shape)
        row = np.maximum(np.arange(self.dim) - 1, 0)
        whole = (self.concentration.detach()._array.astype(np.float64) + (self.dim - 2) / 2)[..., None]

        def draw(random: Any) -> Any:
            squared = random.beta((row + 1) / 2, whole - row / 2, (*shape, self.dim))[..., None]
            point = np.tril(random.standard_normal((*shape, self.dim, self.dim)), -1)
            point[..., 0, 0] = 1.0  # the first row has no point
            point /= np.sqrt((point**2).sum(-1, keepdims=True))
            point[..., 0, 0] = 0.0
            factor = np.sqrt(squared) * point
            left = np.sqrt(np.maximum(1 - (factor**2).sum(-1), float(np.finfo(np.float32).tiny)))
            place = np.arange(self.dim)
            factor[..., place, place] = left
            return factor

        return drawn(draw, self.concentration)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        c, n = self.concentration, self.dim - 1
        diagonal = value.diagonal(dim1=-2, dim2=-1)[..., 1:]
        order = wrap(np.arange(n - 1, -1, -1).astype(c._array.dtype), None)
        power = 2 * (c - 1).unsqueeze(-1) + order
        alpha = c + n / 2
        whole = n / 2 * math.log(math.pi) + mvlgamma(alpha - 0.5, n) - n * alpha.lgamma()
        return (power * diagonal.log()).sum(-1) - whole
