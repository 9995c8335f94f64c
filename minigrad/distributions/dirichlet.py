"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.functional import where, xlogy
from minigrad.nn.functional import one_hot

from . import constraints
from .draws import dirichlet
from .exp_family import ExponentialFamily


class Dirichlet(ExponentialFamily):
    """The Dirichlet distribution: vectors of K numbers that are not negative and sum to 1.

    Arguments:
        concentration: of shape (..., K), positive.

    In the gradient of `rsample` a number moves as a draw of the beta distribution does, at a fixed
    probability of less, and the others give way in proportion. It has no gradient in its turn.

    >>> import minigrad as torch
    >>> torch.distributions.Dirichlet(torch.tensor([1.0, 1.0])).log_prob(torch.tensor([0.25, 0.75]))
    tensor(0.)
    """

    arg_constraints: ClassVar = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ValueError("Dirichlet: concentration must have a dimension at least")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self) -> Any:
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self) -> Any:
        above = (self.concentration - 1).clamp(min=0)
        corner = (self.concentration < 1).all(-1, keepdim=True)
        total = where(corner, 1.0, above.sum(-1, keepdim=True))
        highest = one_hot(above.argmax(-1), above.shape[-1]).to(above.dtype)
        return where(corner, highest, above / total)

    @property
    def variance(self) -> Any:
        total = self.concentration.sum(-1, keepdim=True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return dirichlet(self.concentration, self._shape(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        a = self.concentration
        return xlogy(a - 1, value).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    def entropy(self) -> Any:
        a, k = self.concentration, self._event_shape[0]
        total = a.sum(-1)
        spread = a.lgamma().sum(-1) - total.lgamma()
        return spread - (k - total) * total.digamma() - ((a - 1) * a.digamma()).sum(-1)
