"""Distributions of an exponential family: which they are, and the entropy that their normaliser gives."""

import math

import pytest

import minigrad as torch
from minigrad import distributions as D


@pytest.mark.parametrize(
    "made",
    [
        lambda: D.Bernoulli(0.3), lambda: D.Beta(1.0, 2.0), lambda: D.ContinuousBernoulli(0.3),
        lambda: D.Chi2(2.0),
        lambda: D.Dirichlet(torch.ones(2)), lambda: D.Exponential(1.0), lambda: D.Gamma(1.0, 2.0),
        lambda: D.Normal(0.0, 1.0), lambda: D.Poisson(2.0), lambda: D.Wishart(3.0, torch.eye(2)),
    ],
)  # fmt: skip
def test_pytorchs_families_are_known(made):
    assert isinstance(made(), D.ExponentialFamily) and not isinstance(
        D.Laplace(0.0, 1.0), D.ExponentialFamily
    )


class Mine(D.ExponentialFamily):
    """The normal distribution in its natural parameters."""

    support = D.constraints.real

    def __init__(self, loc, scale):
        self.loc, self.scale = loc, scale
        super().__init__(loc.shape, validate_args=False)

    @property
    def _natural_params(self):
        return self.loc / self.scale**2, -0.5 / self.scale**2

    def _log_normalizer(self, x, y):
        return -0.25 * x**2 / y + 0.5 * (-math.pi / y).log()

    @property
    def _mean_carrier_measure(self):
        return 0


def test_an_entropy_follows_from_the_normaliser():
    loc, scale = torch.tensor([0.0, 2.0], dtype=torch.float64), torch.tensor([1.0, 3.0], dtype=torch.float64)
    assert torch.allclose(Mine(loc, scale).entropy(), D.Normal(loc, scale).entropy())
    with pytest.raises(NotImplementedError, match="entropy"):
        D.Poisson(torch.tensor(2.0)).entropy()
