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
    r"\bL\b": "(m.tril(-1) + torch.diag(m.diagonal().exp()))",
    r"\bD\.": "torch.distributions.",
}
for short, long in SHORT.items():
    TABLE = re.sub(short, long, TABLE)


def test_distributions(case, compare):
    compare(case)
