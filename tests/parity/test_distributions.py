"""Distributions, beside PyTorch's: densities, entropies, moments and divergences, to the second order."""

import re

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
    D.Gamma({p|p}, q).rsample()                                              # refused
    TD(D.Normal(x, p), [3])                           # raises
    str(D.Normal(0.0, {1.0|torch.ones(2)})), str(D.Independent(D.Normal(0.0, torch.ones(2)), 1))
    str(D.Normal(x, p).support), D.Bernoulli(u).has_rsample
    D.Normal(x, q).batch_shape, D.Categorical(w).event_shape

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
    r"\bL\b": "(m.tril(-1) + torch.diag(m.diagonal().exp()))",
    r"\bD\.": "torch.distributions.",
}
for short, long in SHORT.items():
    TABLE = re.sub(short, long, TABLE)


def test_distributions(case, compare):
    compare(case)
