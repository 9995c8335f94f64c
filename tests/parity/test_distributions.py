"""Distributions, beside PyTorch's: densities, entropies, moments and divergences, to the second order."""

import re

import numpy as np
import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(2, 3); y = real(2, 3); p = positive(2, 3); q = positive(3); u = between(0.1, 0.9, 2, 3);
b = 1.0 * bools(2, 3); w = positive(2, 4)
    D.Normal(x, p).log_prob({y|y[0]})
    d = D.Normal(x, {p|q|0.5}); {d.entropy()|d.perplexity()|d.cdf(y)|d.icdf(u)}
    d = D.Normal(x, {p|q|0.5}); {d.mean|d.variance|d.stddev|d.mode}
    D.Normal({0.0|1}, 2.0).log_prob(y), D.Normal(x, p).expand((4, 2, 3)).log_prob(y)
    d = D.Uniform(x - p, x + p); {d.log_prob(x)|d.cdf(x)|d.icdf(u)}
    d = D.Uniform(x - p, x + p); {d.entropy()|d.mean|d.variance|d.stddev|d.mode}
    D.Uniform(x, x + p, validate_args=False).log_prob(x - 1)
    D.Uniform(x, x + p, validate_args=False).cdf(x + {0.1|9})
    d = D.Bernoulli({u|logits=x}); {d.log_prob(b)|d.entropy()|d.mean|d.variance|d.mode|d.probs|d.logits}
    D.Bernoulli(u[0]).log_prob(b), D.Bernoulli(torch.tensor([0.0, 0.5, 1.0])).mode
    D.Bernoulli(u).log_prob(b[0]), D.Bernoulli(u).enumerate_support({True|False})
    D.Bernoulli(torch.tensor([0.0, 1.0])).log_prob(torch.tensor([1.0, 1.0]))
    d = D.Categorical({w|logits=w}); d.log_prob(torch.tensor({[1, 3]|[[0, 1], [1, 0], [2, 3]]}))
    d = D.Categorical({w|logits=w}); {d.entropy()|d.probs|d.logits|d.mode|d.enumerate_support()|d.mean}
    D.Categorical(logits=torch.tensor([0.0, -inf])).entropy()
    D.Categorical(w).expand((3, 2)).log_prob(torch.tensor(2))
    d = D.Independent(D.Normal(x, p), {0|1|2}); {d.log_prob(y)|d.entropy()|d.mean|d.variance|d.stddev}
    D.Independent(D.Normal(x, p), 1).expand((4, 2)).log_prob(y)
    D.kl_divergence(D.Normal(x, p), D.Normal(y, q)), D.kl_divergence(D.Bernoulli(u), D.Bernoulli(logits=x))
    D.kl_divergence(D.Uniform(x, x + p), D.Uniform(x - {1|-0.1}, x + p + q))
    D.kl_divergence(D.Categorical(w), D.Categorical(logits={w * w|w[0]}))
    D.kl_divergence(D.Independent(D.Normal(x, p), 1), D.Independent(D.Normal(y, q), 1))
    D.kl_divergence(D.Bernoulli(torch.tensor([0.0, 1.0, 0.5])), D.Bernoulli(torch.tensor([0.0, 0.0, 1.0])))
    D.kl_divergence(D.Normal(x, p), D.Bernoulli(u))                          # raises
    D.Normal(x, -p)                                                          # raises
    D.Normal(x, p).log_prob(y * nan)                                         # raises
    D.Normal(x, p).log_prob({1.0|torch.zeros(5)})                            # raises
    D.Normal("a", 1.0)                                                       # raises
    D.Uniform(x, x)                                                          # raises
    D.Bernoulli({|u, u|x * 9})                                               # raises
    D.Bernoulli(u).log_prob(u)                                               # raises
    D.Categorical(w).log_prob(torch.tensor([4, 0]))                          # raises
    D.Categorical(torch.tensor({[1.0, -3.0]|1.0}))                                 # raises
    D.Categorical(w).cdf(w)                                                  # raises
    D.Bernoulli(u).rsample()                                                 # raises
    D.Independent(D.Normal(x, p), 3)                                         # raises
    d = D.Exponential({p|0.5}); {d.log_prob(q)|d.cdf(q)|d.icdf(u)|d.entropy()}
    d = D.Exponential({p|0.5}); {d.mean|d.variance|d.stddev|d.mode}
    d = D.Laplace(x, p); {d.log_prob(y)|d.cdf(y)|d.icdf(u)|d.entropy()|d.mean|d.variance|d.stddev|d.mode}
    d = D.Cauchy(x, p); {d.log_prob(y)|d.cdf(y)|d.icdf(u)|d.entropy()|d.mean|d.variance|d.mode}
    d = D.Gumbel(x, p); {d.log_prob(y)|d.cdf(y)|d.icdf(u)|d.entropy()|d.mean|d.variance|d.stddev|d.mode}
    d = D.HalfNormal(p); {d.log_prob(q)|d.cdf(q)|d.icdf(u)|d.entropy()|d.mean|d.variance|d.stddev|d.mode}
    d = D.LogNormal(x, p); {d.log_prob(q)|d.cdf(q)|d.icdf(u)|d.entropy()|d.mean|d.variance|d.stddev|d.mode}
    D.HalfNormal(p, validate_args=False).log_prob(x)
    d = D.Gamma(p, q); {d.log_prob(w[:, :3])|d.entropy()|d.mean|d.variance|d.stddev|d.mode}  # rough
    d = D.Beta(p, q); {d.log_prob(u)|d.entropy()|d.mean|d.variance|d.stddev|d.mode}  # rough
    D.Dirichlet(w).log_prob(torch.tensor([0.1, 0.2, 0.3, 0.4]).to(w))        # rough
    d = D.Dirichlet(w); {d.entropy()|d.mean|d.variance|d.mode}  # rough
    D.Dirichlet(torch.tensor([[0.5, 0.2], [2.0, 0.5]])).mode, D.Dirichlet(w).expand((3, 2)).batch_shape
    d = D.Poisson(p); {d.log_prob(torch.tensor([0.0, 1.0, 4.0]).to(p))|d.mean|d.variance|d.mode}
    d = D.Geometric({u|logits=x}); {d.log_prob(b)|d.entropy()|d.mean|d.variance|d.mode}
    D.Binomial({1|5}, {u|logits=x}).log_prob(b)                              # rough: its trigamma
    D.Binomial({1|5}, {u|logits=x}).entropy()                                # rough: its trigamma
    d = D.Binomial({1|5}, {u|logits=x}); {d.mean|d.variance|d.mode|d.enumerate_support()}
    D.Binomial(torch.tensor([2.0, 3.0, 4.0]), u[0].detach()).log_prob(torch.tensor([1.0, 3.0, 0.0]).to(u))
    d = D.OneHotCategorical({w|logits=w}); {d.mode|d.entropy()|d.mean|d.variance|d.enumerate_support()}
    D.OneHotCategorical(w).log_prob(torch.eye(4)[:2].to(w)), D.OneHotCategorical(w).expand((3, 2)).mode
    D.Multinomial(5, {w|logits=w}).log_prob(torch.tensor([1.0, 0.0, 3.0, 1.0]).to(w))
    d = D.Multinomial(5, {w|logits=w}); {d.mean|d.variance}
    TD(D.Normal(x, p), D.{TanhTransform|SigmoidTransform}()).log_prob(u)
    TD(D.Normal(x, p), [D.AffineTransform({1.0|y}, {-2.0|q}), D.ExpTransform()]).log_prob(w[:, :3])
    d = TD(D.Normal(0.0, 1.0), D.AffineTransform(x, {-2.0|q})); {d.cdf(y)|d.icdf(u)|d.log_prob(y)}
    d = TD(D.Normal(x, p), D.AffineTransform(y, q, event_dim=1)); d.log_prob(y), d.event_shape
    d = TD(D.Independent(D.Normal(x, p), 1), D.TanhTransform()); d.log_prob(u)
    kind = D.{Laplace|Cauchy|Gumbel|LogNormal}; D.kl_divergence(kind(x, p), kind(y, q))
    D.kl_divergence(D.Exponential(p), D.Exponential(q)), D.kl_divergence(D.HalfNormal(p), D.HalfNormal(q))
    kind = D.{Gamma|Beta}; D.kl_divergence(kind(p, q), kind(q, p + 1))       # rough
    D.kl_divergence(D.Dirichlet(w), D.Dirichlet(w[0] + 1))                   # rough
    D.kl_divergence(D.Poisson(p), D.Poisson(q)), D.kl_divergence(D.Geometric(u), D.Geometric(logits=x))
    D.kl_divergence(D.Binomial(3, u), D.Binomial({3|2}, logits=x))
    D.kl_divergence(D.OneHotCategorical(w), D.OneHotCategorical(logits=w))
    D.{Exponential|HalfNormal|Poisson}(-p)                                   # raises
    D.{Gamma|Beta|Laplace|Cauchy|Gumbel|LogNormal}(p, -q)                    # raises
    D.Poisson(p).log_prob(u)                                                 # raises
    D.Poisson(p).{entropy|rsample}()                                         # raises
    D.Multinomial(2, w).log_prob(w)                                          # raises
    D.OneHotCategorical(w).log_prob(w)                                       # raises
    TD(D.Normal(x, p), [3])                           # raises
    str(D.Normal(0.0, {1.0|torch.ones(2)})), str(D.Independent(D.Normal(0.0, torch.ones(2)), 1))
    str(D.Normal(x, p).support), D.Bernoulli(u).has_rsample
    D.Normal(x, q).batch_shape, D.Categorical(w).event_shape

x = real(2, 3); y = real(2, 3); p = positive(2, 3); q = positive(3); u = between(0.1, 0.9, 2, 3);
b = 1.0 * bools(2, 3); w = positive(2, 4); n = exact([0.0, 1.0, 4.0])
    d = D.Chi2(p); {d.log_prob(q)|d.entropy()|d.mean|d.variance|d.mode|d.df}  # rough
    D.Gamma(p.detach(), q).cdf(w[:, :3])                                     # rough
    d = D.StudentT(p{|, x|, x, q}); {d.log_prob(y)|d.entropy()|d.mean|d.variance|d.mode}  # rough
    D.StudentT(torch.tensor([0.5, 1.0, 1.5, 2.0, 9.0])).{mean|variance}
    d = D.FisherSnedecor(p + 2, q + 2); {d.log_prob(w[:, :3])|d.mean|d.variance|d.mode}  # rough
    D.FisherSnedecor(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 4.0])).{mean|variance|mode}
    d = D.HalfCauchy(p); {d.log_prob(q)|d.cdf(q)|d.icdf(u)|d.entropy()|d.mean|d.variance|d.mode}
    d = D.Pareto(p, q); {d.log_prob(p + 1)|d.cdf(p + 1)|d.icdf(u)|d.entropy()|d.mean|d.variance|d.mode}
    D.GeneralizedPareto(x, p, {q|q * 0|-q / 9|1.0}).icdf(u)
    d = D.GeneralizedPareto(x, p, q - 1); {d.entropy()|d.mean|d.variance|d.mode}
    d = D.Weibull(p, q + 1); {d.log_prob(w[:, :3])|d.cdf(p)|d.icdf(u)|d.entropy()}  # rough
    d = D.Weibull(p, q + 1); {d.mean|d.variance|d.mode}                      # rough
    d = D.Kumaraswamy(p, q); {d.log_prob(u)|d.cdf(u)|d.icdf(u)|d.entropy()|d.mean|d.variance}  # rough
    d = D.InverseGamma(p, q); {d.log_prob(w[:, :3])|d.entropy()|d.mean|d.variance|d.mode}  # rough
    d = D.NegativeBinomial({p|3}, {u|logits=x}); {d.log_prob(n)|d.mean|d.variance|d.mode}  # rough
    T = torch.tensor; D.NegativeBinomial(T([0.0, 0.0, 2.0]), T([0.5, 0.2, 0.0])).log_prob(T([0.0, 1.0, 0.0]))
    d = D.ContinuousBernoulli({0.3 * u|logits=-p - 1|0.0 * u + 0.4995}); {d.log_prob(u)|d.cdf(u)}  # rough
    d = D.ContinuousBernoulli({0.3 * u|logits=-p - 1|0.0 * u + 0.4995}); {d.icdf(u)|d.entropy()}  # rough
    d = D.ContinuousBernoulli({0.3 * u|logits=-p - 1|0.0 * u + 0.4995}); {d.mean|d.variance|d.stddev}  # rough
    d = D.RelaxedBernoulli({p|torch.tensor(0.5).to(p)}, {u|logits=x}); {d.log_prob(u)|d.probs|d.logits}
    D.RelaxedBernoulli(q, u).expand((4, 2, 3)).log_prob(u)
    d = D.RelaxedOneHotCategorical(q[0], {w|logits=w}); {d.log_prob(w.softmax(-1))|d.probs|d.logits}
    D.RelaxedOneHotCategorical(q[0], w).expand((3, 2)).log_prob(w.softmax(-1))
    d = D.OneHotCategoricalStraightThrough(w); d.log_prob(torch.eye(4)[:2].to(w)), d.has_rsample
    d = D.LogisticNormal(x, p); {d.log_prob(w.softmax(-1))|d.loc|d.scale}, d.event_shape, d.batch_shape
    d = D.VonMises(x, p); {d.log_prob(y)|d.mean|d.mode}                      # rough
    D.VonMises(x, p).expand((4, 2, 3)).log_prob(y)                           # rough
    D.Wishart({3.5|q.detach()[:2] + 3}, covariance_matrix=C).{entropy()|mean|variance|mode}
    d = D.Wishart(4.5, {C|precision_matrix=C|scale_tril=C.tril()}); d.log_prob(torch.eye(3).to(x) + y.mT @ y)
    d = D.LowRankMultivariateNormal(x, w[:, :3, None], q); {d.log_prob(y)|d.entropy()|d.variance|d.mean}
    d = D.LowRankMultivariateNormal(x, w[:, :3, None], q); {d.covariance_matrix|d.precision_matrix}
    D.LowRankMultivariateNormal(x, w[:, :3, None], q).scale_tril
    D.LowRankMultivariateNormal(x[0], x.mT, q).expand((2,)).log_prob(y)
    d = D.MixtureSameFamily(D.Categorical(w[:, :3]), D.Normal(x, p)); {d.log_prob(y[:, 0])|d.cdf(y[:, 0])}
    d = D.MixtureSameFamily(D.Categorical(w[:, :3]), D.Normal(x, p)); {d.mean|d.variance}
    D.MixtureSameFamily(D.Categorical(w[:, :3]), D.Normal(x, p)).expand((3, 2)).mean
    d = D.MixtureSameFamily(D.Categorical(q[:2]), D.Independent(D.Normal(x, p), 1)); d.log_prob(y), d.mean
    d = D.MixtureSameFamily(D.Categorical(q[:2]), D.Independent(D.Normal(x, p), 1)); d.variance
    D.{StudentT|Chi2|HalfCauchy}(-p)                                         # raises
    D.{Pareto|Weibull|Kumaraswamy|InverseGamma|FisherSnedecor}({p, -q|-p, q}), D.VonMises(x, -p)  # raises
    n = D.Normal(x, p); D.MixtureSameFamily({n, n|D.Categorical(w), n|D.Categorical(w[0]), 3})  # raises
    D.LowRankMultivariateNormal(x, {x, q|w[:, :3, None], q[:2]|w[:, :3], q})  # raises
    D.NegativeBinomial(p, {x * 9|1.0 + 0 * u}), D.LKJCholesky(1)             # raises
    D.LKJCholesky(3, p[0, 0]).log_prob(torch.linalg.cholesky(0.5 * torch.eye(3).to(x) + 0.5))  # rough
    D.LKJCholesky(2, p).log_prob(torch.linalg.cholesky(0.5 * torch.eye(2).to(x) + 0.5))  # rough

x = real(2, 3); y = real(2, 3); p = positive(2, 3); u = between(0.1, 0.9, 2, 3); m = real(3, 3)
    f = D.{Exp|Sigmoid|Tanh|Softplus|StickBreaking|CorrCholesky}Transform(); f(x), f.inv(f(x)), J(x, f(x))
    f = D.{Exp|Sigmoid|Tanh|Softplus}Transform().inv; f(u), f.inv(f(u)), J(u, f(u)), f.sign
    f = D.PowerTransform({2.0|p}); f(u), f.inv(u), f.log_abs_det_jacobian(u, f(u)), f.sign
    f = D.AffineTransform(x, p, event_dim={0|1}); f(y), f.inv(y), f.log_abs_det_jacobian(y, f(y)), f.sign
    f = D.{Softmax|Abs|LowerCholesky|PositiveDefinite}Transform(); f(m)
    f = D.{LowerCholesky|PositiveDefinite}Transform(); f.inv(f(m))
    f = D.{SoftmaxTransform|AbsTransform}().inv; f(u)
    f = D.CumulativeDistributionTransform(D.Normal(x, p)); f(y), f.inv(u), f.log_abs_det_jacobian(y, u)
    f = D.ComposeTransform([D.ExpTransform(), D.AffineTransform(1.0, p)]); f(x), f.inv(f(x)), J(x, f(x))
    f = D.ComposeTransform([D.AffineTransform(x, p), D.StickBreakingTransform()]); f(y), J(y, f(y))
    f = D.IndependentTransform(D.ExpTransform(), {1|2}); f(x), J(x, f(x)), f.domain.event_dim
    f = D.ReshapeTransform((3,), (3, 1)); f(x), f.inv(f(x)), J(x, f(x)), f.codomain.event_dim
    f = D.CatTransform([D.ExpTransform(), D.TanhTransform()], {0, [1, 2]|1, [1, 1]|0, [1]}); f(x)  # complains
    f = D.CatTransform([D.ExpTransform(), D.TanhTransform()], 1, [1, 2]); f(x), J(x, f(x))
    f = D.StackTransform([D.ExpTransform(), D.TanhTransform()]); f(x), f.inv(f(x)), J(x, f(x))
    TD(D.Normal(x, p), D.StickBreakingTransform()).log_prob(torch.cat([u, u[:, :1]], 1).softmax(1))
    d = TD(D.Normal(x, p), [D.ExpTransform(), D.StickBreakingTransform()]); d.batch_shape, d.event_shape
    d = TD(D.Normal(0.0, 1.0), [D.AffineTransform(x, p), D.SigmoidTransform()]); d.log_prob(u), d.batch_shape
    TD(D.Normal(0.0, 1.0), D.StickBreakingTransform())                       # raises
    D.{biject_to|transform_to}(D.constraints.{real|positive|unit_interval|real_vector|corr_cholesky})(x)
    D.{biject_to|transform_to}(D.constraints.{simplex|less_than(2.0)|greater_than_eq(1.0)})(x)
    D.{biject_to|transform_to}(D.constraints.interval(-1.0, 3.0))(x)
    D.transform_to(D.constraints.{lower_cholesky|positive_definite})(m)
    D.biject_to(D.constraints.{lower_cholesky|positive_definite})(m)         # raises
    D.{biject_to|transform_to}(D.{Gamma(p, p)|Beta(p, p)|Dirichlet(p)|Uniform(x, x + 1)}.support)(y)
    D.transform_to(D.constraints.{boolean|one_hot})                          # raises
    str(D.constraints.{simplex|corr_cholesky|square|symmetric|positive_semidefinite|greater_than(2.0)})
    s = (m @ m.mT).detach(); D.constraints.{square|symmetric|positive_definite}.check({s|m.detach()|-s})
    s = (m @ m.mT).detach(); D.constraints.positive_semidefinite.check({s|m.detach()|-s})
    D.constraints.cat([D.constraints.positive, D.constraints.unit_interval], 1, [1, 2]).check(x.detach())
    D.constraints.stack([D.constraints.positive, D.constraints.unit_interval]).check(x.detach())

loc = real(2, 3); v = real(3); m = real(3, 3); y = real(5, 3)
    M(loc, {S|precision_matrix=S|scale_tril=L}).log_prob(v)
    d = M(loc, {S|precision_matrix=S|scale_tril=L}); {d.entropy()|d.variance|d.mean|d.mode}
    d = M(v, {S|precision_matrix=S|scale_tril=L}); {d.scale_tril|d.covariance_matrix|d.precision_matrix}
    M(v, S).expand((4,)).log_prob(v + 1), M(v, S).log_prob(y), D.kl_divergence(M(loc, S), M(v, scale_tril=L))
    M(v, {-S|m|scale_tril=m|S, S|})                                          # raises
    M(v.sum(), S)                                                            # raises
    M(v, S).log_prob(torch.zeros(4))                                         # raises
"""
SHORT = {
    r"\bM\(": "D.MultivariateNormal(",
    r"\bS\b": "(m @ m.mT + torch.eye(3).to(m))",
    r"\bTD\(": "D.TransformedDistribution(",
    r"\bJ\(": "f.log_abs_det_jacobian(",
    r"\bC\b": "(torch.eye(3).to(x) + 0.1 * x.mT @ x)",
    r"\bL\b": "(m.tril(-1) + torch.diag(m.diagonal().exp()))",
    r"\bD\.": "torch.distributions.",
}
for short, long in SHORT.items():
    TABLE = re.sub(short, long, TABLE)


def test_distributions(case, compare):
    compare(case)


def test_every_pair_of_which_pytorch_knows_the_divergence(pytorch):
    from torch.distributions.kl import _KL_REGISTRY

    import minigrad

    def made(lib, name, seed):
        rng, D = np.random.default_rng([seed, len(name)]), lib.distributions

        def tensors(draw):
            return lambda *shape: lib.tensor(draw(shape or (3,)))

        real, unit = tensors(rng.standard_normal), tensors(lambda s: rng.uniform(0.1, 0.9, s))
        positive = tensors(lambda s: rng.uniform(0.3, 3, s))
        a, b, c = real() if name != "Beta" else positive(), positive(), unit()
        low = lib.tensor([-1.0, -0.1, -0.3] if seed else [-0.5, 0.2, 1.5], dtype=lib.float64)
        if name == "Uniform":
            return D.Uniform(low, low + b)
        if name == "Binomial":
            return D.Binomial(4, c)
        if name == "MultivariateNormal":
            return D.MultivariateNormal(a, scale_tril=(real(3, 3) + 4 * lib.eye(3)).tril())
        if name == "LowRankMultivariateNormal":
            return D.LowRankMultivariateNormal(a, real(3, 2), b)
        if name in ("Bernoulli", "Geometric", "ContinuousBernoulli"):
            return getattr(D, name)(c)
        if name in ("Categorical", "OneHotCategorical", "Dirichlet"):
            return getattr(D, name)(positive(2, 3))
        if name in ("Exponential", "Poisson", "HalfNormal"):
            return getattr(D, name)(b)
        if name in ("Beta", "Gamma", "Pareto"):
            return getattr(D, name)(positive(), b)
        return getattr(D, name)(a, b)

    skipped = {"ExponentialFamily", "TransformedDistribution", "Independent"}
    pairs = [(a.__name__, b.__name__) for a, b in _KL_REGISTRY if a.__name__ not in skipped]
    assert len(pairs) > 80
    for first, second in pairs:
        theirs, ours = (
            lib.distributions.kl_divergence(made(lib, first, 0), made(lib, second, 1)).numpy()
            for lib in (pytorch, minigrad)
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10, err_msg=f"{first} from {second}")


def test_the_gradients_of_draws_are_those_of_pytorch_at_the_same_draws(pytorch):
    from minigrad.ops.incomplete import beta_slope, gamma_slope

    rng = np.random.default_rng(0)
    a, b, x = rng.uniform(0.2, 9, 50), rng.uniform(0.2, 9, 50), rng.uniform(0.01, 0.99, 50)
    z = rng.gamma(a)
    theirs = pytorch._standard_gamma_grad(pytorch.tensor(a), pytorch.tensor(z))
    np.testing.assert_allclose(gamma_slope(a, z), theirs.numpy(), rtol=2e-3)
    theirs = pytorch._dirichlet_grad(*(pytorch.tensor(v)[:, None] for v in (x, a, a + b)))[:, 0]
    np.testing.assert_allclose(beta_slope(a, b, x), theirs.numpy(), rtol=2e-2)
