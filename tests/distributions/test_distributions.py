"""Distributions: draws by their moments, densities that sum to 1, gradients against finite differences."""

import math
import subprocess
import sys

import numpy as np
import pytest

import minigrad as torch
from minigrad import distributions as D
from minigrad.ops.incomplete import beta_slope, gamma_parts, gamma_slope


def t(*values, grad=False):
    return torch.tensor(values, dtype=torch.float64, requires_grad=grad)


COVARIANCE = [[2.0, 0.6], [0.6, 1.0]]
MADE = {  # a batch of two, of parameters that are leaves
    "normal": (D.Normal, t(0.3, -1.2), t(0.7, 1.9)),
    "uniform": (D.Uniform, t(-1.0, 0.0), t(0.5, 3.0)),
    "bernoulli": (D.Bernoulli, t(0.3, 0.7)),
    "bernoulli of odds": (lambda x: D.Bernoulli(logits=x), t(0.3, -2.0)),
    "categorical": (D.Categorical, t([0.2, 0.5, 0.3], [0.6, 0.3, 0.1])),
    "categorical of logits": (lambda x: D.Categorical(logits=x), t([0.2, 1.5, 0.3], [0.6, -0.3, 0.1])),
    "multivariate normal": (
        lambda a, c: D.MultivariateNormal(a, (c + c.mT) / 2), t([0.0, 1.0], [2.0, -1.0]), t(*COVARIANCE)
    ),
    "multivariate normal of precisions": (
        lambda a, c: D.MultivariateNormal(a, precision_matrix=(c + c.mT) / 2),
        t([0.0, 1.0], [2.0, 1.0]), t(*COVARIANCE)
    ),
    "exponential": (D.Exponential, t(0.5, 2.0)),
    "laplace": (D.Laplace, t(0.3, -1.2), t(0.7, 1.9)),
    "cauchy": (D.Cauchy, t(0.3, -1.2), t(0.7, 1.9)),
    "gumbel": (D.Gumbel, t(0.3, -1.2), t(0.7, 1.9)),
    "half normal": (D.HalfNormal, t(0.7, 1.9)),
    "gamma": (D.Gamma, t(0.8, 3.0), t(0.7, 1.9)),
    "dirichlet": (D.Dirichlet, t([0.7, 1.9, 3.0], [2.0, 1.5, 1.0])),
    "beta": (D.Beta, t(0.8, 3.0), t(0.7, 1.9)),
    "poisson": (D.Poisson, t(0.7, 4.0)),
    "geometric": (D.Geometric, t(0.3, 0.7)),
    "one-hot": (D.OneHotCategorical, t([0.2, 0.5, 0.3], [0.6, 0.3, 0.1])),
    "binomial": (lambda p: D.Binomial(5, p), t(0.3, 0.7)),
    "multinomial": (lambda p: D.Multinomial(5, p), t([0.2, 0.5, 0.3], [0.6, 0.3, 0.1])),
    "log-normal": (D.LogNormal, t(0.3, -1.2), t(0.7, 0.4)),
    "sigmoid of normal": (
        lambda a, b: D.TransformedDistribution(D.Normal(a, b), D.SigmoidTransform()), t(0.3, 0.1), t(0.7, 0.4)
    ),
    "tanh of an affine": (
        lambda a, b: D.TransformedDistribution(
            D.Normal(0.0, b), [D.AffineTransform(a, -2.0), D.TanhTransform()]
        ),
        t(0.3, 0.1), t(0.7, 0.4)
    ),
    "chi-squared": (D.Chi2, t(2.5, 5.0)),
    "student": (D.StudentT, t(5.0, 9.0), t(0.3, -1.2), t(0.7, 1.9)),
    "fisher": (D.FisherSnedecor, t(5.0, 8.0), t(12.0, 15.0)),
    "half cauchy": (D.HalfCauchy, t(0.7, 1.9)),
    "pareto": (D.Pareto, t(0.7, 1.9), t(5.0, 7.0)),
    "generalised pareto": (D.GeneralizedPareto, t(0.0, 1.0), t(0.7, 1.9), t(0.1, -0.2)),
    "weibull": (D.Weibull, t(0.7, 1.9), t(1.5, 3.0)),
    "kumaraswamy": (D.Kumaraswamy, t(0.8, 3.0), t(0.7, 1.9)),
    "inverse gamma": (D.InverseGamma, t(5.0, 7.0), t(0.7, 1.9)),
    "negative binomial": (D.NegativeBinomial, t(3.0, 5.5), t(0.3, 0.6)),
    "continuous bernoulli": (D.ContinuousBernoulli, t(0.2, 0.7)),
    "relaxed bernoulli": (D.RelaxedBernoulli, t(0.5, 0.9), t(0.3, 0.7)),
    "relaxed one-hot": (
        lambda p: D.RelaxedOneHotCategorical(t(0.7)[0], p), t([0.2, 0.5, 0.3], [0.6, 0.3, 0.1])
    ),
    "straight-through": (D.OneHotCategoricalStraightThrough, t([0.2, 0.5, 0.3], [0.6, 0.3, 0.1])),
    "logistic normal": (D.LogisticNormal, t([0.3, -0.2], [0.0, 0.1]), t([0.7, 0.4], [0.2, 0.3])),
    "von mises": (D.VonMises, t(0.3, -1.2), t(0.7, 1.9)),
    "correlations": (lambda c: D.LKJCholesky(3, c), t(1.5, 3.0)),
    "wishart": (lambda n, c: D.Wishart(n, (c + c.mT) / 2), t(4.0, 6.0), t(*COVARIANCE)),
    "low rank": (D.LowRankMultivariateNormal, t([0.0, 1.0], [2.0, -1.0]), t([0.5], [0.2]), t(0.7, 1.9)),
    "mixture": (
        lambda w, a, b: D.MixtureSameFamily(D.Categorical(w), D.Normal(a, b)),
        t([0.2, 0.8], [0.5, 0.5]), t([0.0, 1.0], [2.0, -1.0]), t(0.7, 1.9)
    ),
    "independent": (lambda a, b: D.Independent(D.Normal(a, b), 1), t([0.3, -1.2], [0.0, 2.0]), t(0.7, 1.9)),
}  # fmt: skip


def another(name):
    """One of the same kind near it, whose support is no smaller."""
    make, *parameters = MADE[name]
    if name == "uniform":
        return make(parameters[0] - 1, parameters[1] + 0.5)
    if name.startswith("multivariate"):
        return make(parameters[0] + 0.4, parameters[1] * 1.2)
    if name == "pareto":
        return make(parameters[0] * 0.9, parameters[1])
    if name == "laplace":  # whose divergence has a kink at the same centre
        return make(parameters[0] + 0.4, parameters[1])
    return make(*parameters[:-1], parameters[-1] * 1.2)


# Of these no mean or variance is told, or it has none.
NO_MOMENTS = {
    "categorical", "categorical of logits", "cauchy", "sigmoid of normal", "tanh of an affine", "half cauchy",
    "relaxed bernoulli", "relaxed one-hot", "logistic normal", "von mises", "correlations"
}  # fmt: skip
NO_ENTROPY = {
    "poisson", "multinomial", "sigmoid of normal", "tanh of an affine", "fisher", "negative binomial",
    "relaxed bernoulli", "relaxed one-hot", "logistic normal", "von mises", "correlations", "mixture"
}  # fmt: skip
NO_FORMULA = {
    "multinomial", "tanh of an affine", "student", "fisher", "half cauchy", "generalised pareto", "weibull",
    "kumaraswamy", "negative binomial", "relaxed bernoulli", "relaxed one-hot", "von mises", "correlations",
    "mixture"
}  # fmt: skip
# Their draws are implicit functions of the concentration, at a fixed probability of less.
IMPLICIT = {
    "gamma", "beta", "dirichlet", "chi-squared", "student", "fisher", "inverse gamma", "wishart"
}  # fmt: skip


def made(name, grad=False):
    make, *parameters = MADE[name]
    return make, [p.clone().requires_grad_(grad) for p in parameters]


@pytest.mark.parametrize("name", [n for n in MADE if n not in NO_MOMENTS])
def test_draws_have_the_mean_and_the_variance_that_are_told(name):
    make, parameters = made(name)
    torch.manual_seed(0)
    d = make(*parameters)
    draws = d.sample((40_000,))
    assert draws.shape == (40_000, *d.batch_shape, *d.event_shape) and draws.dtype == torch.float64
    assert not draws.requires_grad
    d._check(draws)
    error = 5 * d.variance.sqrt() / 200
    assert ((draws.mean(0) - d.mean).abs() <= error + 1e-9).all()
    assert ((draws.var(0) / d.variance - 1).abs() < 0.12).all()
    assert (d.stddev**2 - d.variance).abs().max() < 1e-12


@pytest.mark.parametrize("name", [n for n in MADE if n not in NO_ENTROPY])
def test_the_entropy_is_the_mean_of_the_negative_log_probability(name):
    make, parameters = made(name)
    torch.manual_seed(1)
    d = make(*parameters)
    told = -d.log_prob(d.sample((40_000,)))
    assert ((told.mean(0) - d.entropy()).abs() < 5 * told.std(0) / 200 + 1e-9).all()
    assert torch.allclose(d.perplexity(), d.entropy().exp())


@pytest.mark.parametrize("name", [n for n in MADE if n not in NO_FORMULA])
def test_the_divergence_is_the_mean_of_the_difference_of_the_logarithms(name):
    make, parameters = made(name)
    torch.manual_seed(2)
    p, q = make(*parameters), another(name)
    draws = p.sample((40_000,))
    told = p.log_prob(draws) - q.log_prob(draws)
    assert ((told.mean(0) - D.kl_divergence(p, q)).abs() < 5 * told.std(0) / 200 + 1e-9).all()
    assert D.kl_divergence(p, p).abs().max() < 1e-12


@pytest.mark.parametrize("name", MADE)
def test_gradients_of_both_orders_are_those_of_finite_differences(name):
    make, parameters = made(name, grad=True)
    torch.manual_seed(3)
    value = make(*parameters).sample()

    def numbers(*parameters):
        d = make(*parameters)
        found = [d.log_prob(value)]
        if name not in NO_ENTROPY:
            found.append(d.entropy())
        if name not in NO_FORMULA:
            found.append(D.kl_divergence(d, another(name)))
        return tuple(found)

    assert torch.autograd.gradcheck(numbers, parameters)
    assert torch.autograd.gradgradcheck(numbers, parameters, atol=1e-4)


@pytest.mark.parametrize(
    "name",
    [n for n in MADE if made(n)[0](*made(n)[1]).has_rsample and n not in IMPLICIT | {"straight-through"}],
)
def test_a_gradient_flows_through_draws(name):
    make, parameters = made(name, grad=True)

    def draw(*parameters):
        torch.manual_seed(4)
        return make(*parameters).rsample((3,))

    assert draw(*parameters).requires_grad and torch.autograd.gradcheck(draw, parameters)
    assert not make(*parameters).sample().requires_grad


WITH_INVERSE = """normal|uniform|exponential|laplace|cauchy|gumbel|half normal|log-normal|sigmoid of normal
tanh of an affine|half cauchy|pareto|generalised pareto|weibull|kumaraswamy|continuous bernoulli""".replace(
    "\n", "|"
).split("|")


@pytest.mark.parametrize("name", WITH_INVERSE)
def test_the_density_is_the_derivative_of_the_distribution_function_and_icdf_its_inverse(name):
    make, parameters = made(name)
    d = make(*parameters)
    chance = t([0.1, 0.2], [0.45, 0.55], [0.7, 0.95])
    x = d.icdf(chance).requires_grad_()
    assert torch.allclose(d.cdf(x), chance)
    (slope,) = torch.autograd.grad(d.cdf(x).sum(), x)
    assert torch.allclose(slope, d.log_prob(x).exp())


def test_categories_are_drawn_as_often_as_they_are_probable():
    torch.manual_seed(0)
    d = D.Categorical(torch.tensor([[0.0, 1.0, 3.0], [1.0, 0.0, 0.0]]))
    draws = d.sample((20_000,))
    assert draws.dtype == torch.int64 and draws.shape == (20_000, 2)
    share = [(draws[:, 0] == k).float().mean().item() for k in range(3)]
    assert share[0] == 0 and share[1] == pytest.approx(0.25, abs=0.015)
    assert (draws[:, 1] == 0).all() and d.mode.tolist() == [2, 0] and d.param_shape == (2, 3)
    assert torch.equal(D.Categorical(torch.ones(2)).log_prob(torch.tensor(1)), torch.tensor(0.5).log())


def test_a_precision_is_the_inverse_of_a_covariance():
    matrix = t(*COVARIANCE)
    d = D.MultivariateNormal(t(0.0, 0.0), precision_matrix=matrix)
    assert torch.allclose(d.covariance_matrix @ matrix, torch.eye(2, dtype=torch.float64))
    assert torch.allclose(D.MultivariateNormal(t(0.0, 0.0), matrix).precision_matrix, d.covariance_matrix)


def test_the_same_seed_draws_the_same():
    for make, *parameters in MADE.values():
        torch.manual_seed(5)
        first = make(*parameters).sample((2,))
        torch.manual_seed(5)
        assert torch.equal(make(*parameters).sample((2,)), first)


@pytest.mark.parametrize("name", MADE)
def test_a_batch_expands(name):
    make, parameters = made(name)
    d = make(*parameters)
    new = d.expand((3, *d.batch_shape))
    assert new.batch_shape == (3, *d.batch_shape) and new.event_shape == d.event_shape
    value = d.sample()
    assert torch.allclose(new.log_prob(value)[1], d.log_prob(value))
    assert new.sample().shape == (3, *d.batch_shape, *d.event_shape)
    assert type(new) is type(d) and repr(new).startswith(type(d).__name__)


LOW_RANK = D.LowRankMultivariateNormal
REFUSED = [
    (lambda: D.Normal(0.0, -1.0), r"Normal: scale of shape \(\) must satisfy GreaterThan\(lower_bound=0.0\)"),
    (lambda: D.Normal(math.nan, 1.0), r"Normal: loc of shape \(\) must satisfy Real"),
    (lambda: D.Normal("0", 1.0), "must be a number or a tensor, but got str"),
    (lambda: D.Normal(torch.zeros(2), 1.0).log_prob(torch.zeros(3)), r"\(3,\) does not broadcast with"),
    (lambda: D.Normal(0.0, 1.0).log_prob(0.0), "the value must be a tensor, but got float"),
    (lambda: D.Uniform(1.0, 1.0), "low must be below high"),
    (lambda: D.Uniform(0.0, 1.0).log_prob(torch.tensor(2.0)), "within the support Interval"),
    (lambda: D.Bernoulli(0.5, 0.5), "either probs or logits, and not both"),
    (lambda: D.Bernoulli(0.5).log_prob(torch.tensor(0.5)), r"within the support Boolean\(\)"),
    (lambda: D.Categorical(torch.tensor(1.0)), "probs must have a dimension at least"),
    (lambda: D.Categorical(torch.ones(2)).log_prob(torch.tensor(2)), "IntegerInterval"),
    (lambda: D.MultivariateNormal(torch.zeros(2)), "exactly one of covariance_matrix"),
    (lambda: D.MultivariateNormal(torch.zeros(2), -torch.eye(2)), "must satisfy PositiveDefinite"),
    (lambda: D.MultivariateNormal(torch.zeros(2), scale_tril=torch.ones(2, 2)), "must satisfy LowerCholesky"),
    (lambda: D.MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(torch.zeros(3)), "must end in the"),
    (lambda: D.Independent(D.Normal(0.0, 1.0), 1), "must be at most 0"),
    (lambda: D.Distribution.set_default_validate_args(2), "takes True or False"),
    (lambda: D.StudentT(-1.0), r"StudentT: df of shape \(\) must satisfy GreaterThan"),
    (lambda: D.Chi2(-1.0), r"Chi2: df of shape \(\) must satisfy GreaterThan"),
    (lambda: D.LKJCholesky(1), "greater than or equal to 2. Found dim=1"),
    (lambda: D.Wishart(1.0, torch.eye(2)), "greater than ndim - 1 = 1"),
    (lambda: D.Wishart(3.0), "exactly one of covariance_matrix"),
    (lambda: D.Wishart(3.0, torch.ones(2)), "must be a matrix at least"),
    (lambda: LOW_RANK(torch.tensor(0.0), torch.ones(2, 1), torch.ones(2)), "at least one-d"),
    (lambda: LOW_RANK(torch.zeros(2), torch.ones(2), torch.ones(2)), "least two-dim"),
    (lambda: LOW_RANK(torch.zeros(2), torch.ones(3, 1), torch.ones(2)), "shape 2 x m"),
    (lambda: LOW_RANK(torch.zeros(2), torch.ones(2, 1), torch.ones(3)), r"shape \(2,\)"),
    (lambda: LOW_RANK(torch.zeros(2, 2), torch.ones(3, 2, 1), torch.ones(2)), "Incompatible"),
    (lambda: D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(0.0, 1.0)), "Categorical, not Normal"),
    (lambda: D.MixtureSameFamily(D.Categorical(torch.ones(2)), 3), "Distribution, not int"),
    (lambda: D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Normal(0.0, 1.0)), "has 2 components"),
    (lambda: D.MixtureSameFamily(D.Categorical(torch.ones(3, 2)), D.Normal(torch.ones(2, 2), 1)), "not comp"),
    (lambda: D.ReshapeTransform((2,), (3,)), "different numbers of elements"),
    (lambda: D.CatTransform([D.ExpTransform()], lengths=[1, 2]), "1 transforms and 2 lengths"),
    (lambda: D.CatTransform([D.ExpTransform()])(torch.ones(3)), "must have size 1"),
    (lambda: D.StackTransform([D.ExpTransform()])(torch.ones(3)), "must have size 1, one for each"),
    (lambda: D.IndependentTransform(D.ExpTransform(), 1)(torch.tensor(0.0)), "Too few dimensions"),
    (lambda: D.CorrCholeskyTransform()(torch.ones(2)), "not a flattened lower-diagonal"),
    (lambda: D.CorrCholeskyTransform().event_dim, "codomain.event_dim"),
    (lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), D.StickBreakingTransform()), "at least 1, but"),
    (lambda: D.constraints.dependent.check(torch.ones(1)), "depends on parameters"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), REFUSED)
def test_what_makes_no_distribution_and_no_value_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_checks_can_be_left_out():
    assert D.Normal(0.0, 1.0, validate_args=False).log_prob(0.0).item() == pytest.approx(-0.9189385)
    assert D.Uniform(0.0, 1.0, validate_args=False).log_prob(torch.tensor([-1.0, 0.5, 1.0])).tolist() == [
        -math.inf, 0.0, -math.inf
    ]  # fmt: skip
    D.Distribution.set_default_validate_args(False)
    try:
        assert D.Normal(0.0, -1.0).stddev.item() == -1
    finally:
        D.Distribution.set_default_validate_args(True)


def test_a_quantity_that_a_distribution_does_not_have_is_told():
    d = D.Bernoulli(0.5)
    with pytest.raises(NotImplementedError, match=r"Bernoulli has no rsample: .* sample\(\) draws without"):
        d.rsample()
    with pytest.raises(NotImplementedError, match="Bernoulli has no cdf in closed form"):
        d.cdf(torch.tensor(0.0))
    with pytest.raises(NotImplementedError, match="divergence of Bernoulli from Normal; register_kl"):
        D.kl_divergence(d, D.Normal(0.0, 1.0))
    base = D.Distribution(validate_args=False)
    for name in ("mean", "mode", "variance"):
        with pytest.raises(NotImplementedError, match=f"no {name} in"):
            getattr(base, name)
    for name in ("log_prob", "icdf"):
        with pytest.raises(NotImplementedError, match=f"no {name} in"):
            getattr(base, name)(0)
    for name in ("entropy", "enumerate_support"):
        with pytest.raises(NotImplementedError, match=f"no {name} in"):
            getattr(base, name)()
    with pytest.raises(TypeError, match="takes classes of distributions, but got 3"):
        D.register_kl(3, D.Normal)


def test_the_nearest_registered_formula_is_taken():
    class Mine(D.Normal):
        pass

    p = Mine(1.0, 1.0)
    assert D.kl_divergence(p, D.Normal(0.0, 1.0)).item() == 0.5
    D.register_kl(Mine, D.Normal)(lambda *_: 7)
    assert D.kl_divergence(p, D.Normal(0.0, 1.0)) == 7
    assert D.kl_divergence(D.Normal(0.0, 1.0), p).item() == 0.5


def test_extreme_probabilities_have_exact_divergences():
    one, other = D.Bernoulli(t(0.0, 1.0, 0.5)), D.Bernoulli(t(0.0, 0.0, 0.5))
    assert D.kl_divergence(one, other).tolist() == pytest.approx([0, math.inf, 0], abs=1e-14)
    p, q = D.Categorical(t(0.0, 1.0)), D.Categorical(t(1.0, 1.0))
    assert D.kl_divergence(p, q).item() == pytest.approx(math.log(2), abs=1e-14)
    assert D.kl_divergence(q, p).item() == math.inf


def test_the_package_is_not_loaded_before_it_is_asked_for():
    ask = "import sys, minigrad as m; print('minigrad.distributions' in sys.modules, m.distributions.Normal)"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert told == "False <class 'minigrad.distributions.normal.Normal'>\n"


def test_enumerated_values_and_supports():
    d = D.Categorical(torch.ones(2, 3))
    assert d.enumerate_support().shape == (3, 2) and d.enumerate_support(False).shape == (3, 1)
    total = np.exp(d.log_prob(d.enumerate_support()).numpy()).sum(0)
    np.testing.assert_allclose(total, 1, rtol=1e-6)
    whole = D.Independent(d, 0)
    assert whole.has_enumerate_support and whole.enumerate_support().shape == (3, 2)
    with pytest.raises(NotImplementedError, match="not enumerated"):
        D.Independent(d, 1).enumerate_support()


def difference(function, x, step):
    """The slope by differences of the fourth order."""
    near, far = (function(x + k * step) - function(x - k * step) for k in (1, 2))
    return (8 * near - far) / (12 * step)


def test_draws_of_the_gamma_distribution_move_so_that_the_probability_of_less_stays():
    a = 10.0 ** np.random.default_rng(0).uniform(-1, 3, 300)
    z = np.random.default_rng(1).gamma(a)
    below = difference(lambda a: gamma_parts(a, z)[0], a, 1e-4 * a)  # of P(a, z)
    density = difference(lambda z: gamma_parts(a, z)[0], z, 1e-4 * z / np.sqrt(1 + a))
    np.testing.assert_allclose(gamma_slope(a, z), -below / density, rtol=2e-7)
    assert gamma_slope(np.array([1.0]), np.array([0.0])) == 0  # where a draw is so small that it is 0


def integral(a, b, x):
    """The probability of less than x under a beta distribution, by a sum."""
    t = (np.arange(200_000) + 0.5) / 200_000 * x
    return (
        np.mean(t ** (a - 1) * (1 - t) ** (b - 1))
        * x
        * math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b))
    )


@pytest.mark.parametrize(
    ("a", "b", "x"), [(2.0, 3.0, 0.2), (2.0, 3.0, 0.8), (1.5, 9.0, 0.1), (9.0, 1.5, 0.95)]
)
def test_draws_of_the_beta_distribution_move_so_that_the_probability_of_less_stays(a, b, x):
    slope = difference(lambda a: integral(a, b, x), a, 1e-3) / -difference(
        lambda x: integral(a, b, x), x, 1e-3
    )
    assert beta_slope(*np.array([[a], [b], [x]]))[0] * (1 - x) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("name", sorted(IMPLICIT))
def test_gradients_of_draws_are_on_average_those_of_the_mean_and_the_variance(name):
    make, parameters = made(name, grad=True)
    torch.manual_seed(0)
    d = make(*parameters)
    draws = d.rsample((40_000,))
    told = torch.autograd.grad(
        d.mean.sum() + d.variance.sum(), parameters, allow_unused=True, retain_graph=True
    )
    squares = (draws - draws.detach().mean(0)).square()
    found = torch.autograd.grad(draws.mean(0).sum() + squares.mean(0).sum(), parameters, allow_unused=True)
    for mine, right in zip(found, told, strict=True):
        if right is None:
            assert mine is None or mine.abs().max() < 0.02
        else:
            assert ((mine - right).abs() < 0.12 * right.abs().max() + 0.02).all(), (mine, right)
    slope = torch.autograd.grad(make(*parameters).rsample().sum(), parameters[0], create_graph=True)[0]
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad(slope.sum(), parameters[0])
    assert not make(*parameters).sample().requires_grad


def test_draws_of_tiny_and_of_large_concentrations_have_finite_gradients():
    torch.manual_seed(0)
    for dtype in (torch.float32, torch.float64):
        a = torch.tensor([1e-3, 0.1, 1.0, 1e3, 1e6], dtype=dtype, requires_grad=True)
        draws = [D.Gamma(a, 1.0).rsample((50,)), D.Dirichlet(a).rsample((50,)), D.Beta(a, 2.0).rsample((50,))]
        for draw in draws:
            assert draw.isfinite().all() and draw.dtype == dtype
            assert torch.autograd.grad(draw.sum(), a)[0].isfinite().all()


def test_a_straight_through_draw_passes_the_gradient_of_the_probabilities():
    p = t([0.2, 0.3, 0.5], grad=True)[0].detach().requires_grad_()
    torch.manual_seed(0)
    draw = D.OneHotCategoricalStraightThrough(p).rsample()
    assert sorted(draw.tolist()) == [0, 0, 1]
    weights = t(1.0, 2.0, 4.0)
    (found,) = torch.autograd.grad((draw * weights).sum(), p)
    (told,) = torch.autograd.grad((p / p.sum() * weights).sum(), p)
    assert torch.allclose(found, told)


def test_a_mixture_draws_from_its_components_as_often_as_they_are_probable():
    torch.manual_seed(0)
    parts = D.Independent(D.Normal(t([0.0, 0.0], [10.0, 20.0]), 0.1), 1)
    draws = D.MixtureSameFamily(D.Categorical(t(1.0, 3.0)), parts).sample((4000,))
    share = (draws[:, 0] > 5).double().mean().item()
    assert draws.shape == (4000, 2) and share == pytest.approx(0.75, abs=0.03)
    assert ((draws[:, 1] > 10) == (draws[:, 0] > 5)).all()


def test_draws_of_correlations_are_factors_of_correlation_matrices():
    torch.manual_seed(0)
    d = D.LKJCholesky(3, t(0.5, 20.0))
    draws = d.sample((3000,))
    d._check(draws)
    matrix = draws @ draws.mT
    assert torch.allclose(matrix.diagonal(dim1=-2, dim2=-1), torch.ones(1, dtype=torch.float64))
    # Under LKJ(c) of n rows each correlation is 2 Beta(a, a) - 1 with a = c - 1 + n / 2.
    told = 1 / (2 * (t(0.5, 20.0) + 0.5) + 1)
    for i, j in ((1, 0), (2, 0), (2, 1)):
        assert torch.allclose(matrix[..., i, j].var(0), told, rtol=0.1)


ONE = t(0.3, -0.7, 1.1)
TRANSFORMS = {
    "exp": D.ExpTransform(), "sigmoid": D.SigmoidTransform(), "tanh": D.TanhTransform(),
    "softplus": D.SoftplusTransform(), "affine": D.AffineTransform(1.0, -2.0),
    "power": D.ComposeTransform([D.ExpTransform(), D.PowerTransform(0.5)]),
    "stick": D.StickBreakingTransform(), "corr": D.CorrCholeskyTransform(),
    "composed": D.ComposeTransform([D.TanhTransform(), D.AffineTransform(0.0, 3.0)]),
    "cat": D.CatTransform([D.ExpTransform(), D.TanhTransform()], 0, [1, 2]),
    "stack": D.StackTransform([D.ExpTransform(), D.TanhTransform(), D.SigmoidTransform()]),
    "reshaped": D.ReshapeTransform((3,), (1, 3)),
    "cdf": D.CumulativeDistributionTransform(D.Normal(0.0, 2.0)),
    "vectors": D.IndependentTransform(D.ExpTransform(), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_has_its_inverse_and_the_determinant_of_its_derivative(name):
    f = TRANSFORMS[name]
    y = f(ONE)
    assert f.codomain.check(y).all() and torch.allclose(f.inv(y), ONE) and f.inv.inv(ONE).allclose(y)
    assert tuple(f.forward_shape(ONE.shape)) == y.shape and tuple(f.inverse_shape(y.shape)) == ONE.shape
    assert f.inv.forward_shape(y.shape) == f.inverse_shape(y.shape)
    free = {"stick": lambda x: f(x)[:-1], "corr": lambda x: f(x)[[1, 2, 2], [0, 0, 1]]}.get(name, f)
    jacobian = torch.autograd.functional.jacobian(free, ONE).reshape(3, 3)
    told = f.log_abs_det_jacobian(ONE, y).sum()
    assert torch.allclose(told, torch.linalg.slogdet(jacobian)[1])
    assert torch.allclose(f.inv.log_abs_det_jacobian(y, ONE).sum(), -told)
    kept = f.with_cache(1)
    assert kept.with_cache(1) is kept and torch.equal(kept(ONE), y) and kept.inv(kept(ONE)) is ONE
    assert repr(f)


def test_transforms_are_equal_where_they_do_the_same():
    power = D.PowerTransform(2.0)
    same = [
        (power, D.PowerTransform(2.0)), (D.ExpTransform().inv, D.ExpTransform().inv),
        (D.ComposeTransform([power]), D.ComposeTransform([power])), (D.AbsTransform(), D.AbsTransform()),
    ]  # fmt: skip
    assert all(a == b for a, b in same) and power != D.PowerTransform(3.0) and D.ExpTransform() != power
    assert D.biject_to(D.constraints.real) == D.identity_transform and D.identity_transform(ONE) is ONE
    assert D.identity_transform.log_abs_det_jacobian(ONE, ONE).tolist() == [0, 0, 0]
    with pytest.raises(NotImplementedError, match="has no sign"):
        D.SoftmaxTransform().sign

    class Mine(D.Transform):
        def __init__(self, x):
            super().__init__()
            self.x = x

    with pytest.raises(NotImplementedError, match="with_cache is not implemented"):
        Mine(3).with_cache(1)
    with pytest.raises(NotImplementedError, match="no transform to the set Boolean"):
        D.biject_to(D.constraints.boolean)
    with pytest.raises(TypeError, match="takes a constraint, but got 3"):
        D.biject_to.register(3, lambda _: power)


def test_a_set_that_depends_on_parameters_is_a_property():
    class Half(D.Distribution):
        @D.constraints.dependent_property(is_discrete=False, event_dim=0)
        def support(self):
            return D.constraints.positive

    assert D.constraints.is_dependent(vars(Half)["support"])
    assert not D.constraints.is_dependent(D.constraints.real)
    assert Half(validate_args=False).support is D.constraints.positive
    assert D.constraints.is_dependent(D.constraints.dependent)


def test_draws_of_gamma_carry_a_gradient_to_the_rate():
    rate = t(0.7, 2.0, grad=True)

    def draw(rate):
        torch.manual_seed(0)
        return D.Gamma(t(0.8, 3.0), rate).rsample((3,))

    assert torch.autograd.gradcheck(draw, (rate,))


def test_a_transform_keeps_the_last_argument_where_told():
    kept, plain = D.TanhTransform(cache_size=1), D.TanhTransform()
    x = torch.tensor([12.0])
    assert kept.inv(kept(x)) is x and plain.inv(plain(x)).isinf().all() and kept(x) is kept(x)
    y = torch.tensor([0.5])
    assert kept(kept.inv(y)) is y and repr(plain) == "TanhTransform()"
    with pytest.raises(ValueError, match="cache_size must be 0 or 1, but is 2"):
        D.TanhTransform(cache_size=2)
    for call in (D.Transform(), D.Transform().inv, lambda y: D.Transform().log_abs_det_jacobian(y, y)):
        with pytest.raises(NotImplementedError):
            call(y)
    one, other = D.AffineTransform(1.0, torch.tensor([2.0])), D.AffineTransform(1.0, torch.tensor([2.0]))
    assert one == other and one != D.AffineTransform(2.0, 1.0) and one != plain and one.sign.item() == 1
    with pytest.raises(ValueError, match="transforms must be a Transform or a list of them, but has 3"):
        D.TransformedDistribution(D.Normal(0.0, 1.0), [3])
    p, q = (D.TransformedDistribution(D.Normal(0.0, 1.0), f) for f in (kept, one))
    with pytest.raises(NotImplementedError, match="different transforms"):
        D.kl_divergence(p, q)


def test_the_text_of_a_distribution_is_that_of_pytorch():
    two = torch.ones(2)
    assert repr(D.Bernoulli(torch.tensor([0.25]))) == "Bernoulli(probs: tensor([0.2500]))"
    assert repr(D.Normal(0.0, two[:1])) == "Normal(loc: tensor([0.]), scale: tensor([1.]))"
    assert repr(D.Beta(1.0, 2.0)) == "Beta()"
    assert repr(D.Chi2(two)) == "Chi2()"
    assert repr(D.HalfNormal(1.0)) == "HalfNormal()" and repr(D.HalfCauchy(1.0)) == "HalfCauchy()"
    assert repr(D.Kumaraswamy(1.0, 1.0)) == "Kumaraswamy(concentration1: 1.0, concentration0: 1.0)"
    assert repr(D.Multinomial(3, two)) == "Multinomial()"
    assert repr(D.OneHotCategorical(two)) == "OneHotCategorical()"
    assert repr(D.Pareto(1.0, two)) == "Pareto(alpha: torch.Size([2]), scale: torch.Size([2]))"
    assert repr(D.Weibull(1.0, 2.0)) == "Weibull(scale: 1.0, concentration: 2.0)"
