"""Layers, losses and compositions, compiled: traced as a whole, with the numbers of eager mode."""

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.testing import check_engines

f64 = torch.float64


def x(*shape):
    return torch.randn(*shape, dtype=f64)


def p(*shape):
    """Within 0.1 and 0.9."""
    return torch.rand(*shape, dtype=f64) * 0.8 + 0.1


def i(n, *shape):
    return torch.randint(0, n, shape)


SIGNS = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=f64)
CAUSAL = torch.tril(torch.ones(3, 3)).bool()
PADDING = torch.tensor([[False, False, True], [False, False, False]])


ENCODER = nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True).double()
NEXT = nn.Transformer.generate_square_subsequent_mask(3)


OFFSETS = torch.tensor([0, 3, 3, 6])


def aligned(scores, labels, times, sizes):
    return F.ctc_loss(scores.log_softmax(2), labels, times, sizes, blank=4, reduction="none")


def aligned_of(*times):
    return lambda a, labels: F.ctc_loss(a.log_softmax(2), labels, times, (2, 1), 4, zero_infinity=True)


def beside(a, places):
    return a[1, places], a[places, 0] * a[places, 2, -1:], a[0, :, places]


def written_beside(a, places):
    y = a.clone()
    y[places, 1] = y[0, 0] * 2
    y[places.max() * 0 + places, 2] += 1
    return y


def sums_at_places(a, places):
    return a / torch.ones(4, dtype=f64).scatter_add_(0, places, torch.ones(5, dtype=f64))


def zeros(n):
    return torch.zeros(n, 3, dtype=f64)


MODULES = {
    "embedding": lambda: (nn.Embedding(5, 3, padding_idx=1), i(5, 4)),
    "bags": lambda: (nn.EmbeddingBag(5, 3, mode="sum"), i(5, 4, 2)),
    "bags by offsets": lambda: (nn.EmbeddingBag(5, 3, mode="sum", padding_idx=2), i(5, 8), OFFSETS),
    "means by offsets": lambda: (nn.EmbeddingBag(5, 3, padding_idx=2), i(5, 8), OFFSETS),
    "largest by offsets": lambda: (nn.EmbeddingBag(5, 3, mode="max", padding_idx=2), i(5, 8), OFFSETS),
    "means of bags": lambda: (nn.EmbeddingBag(5, 3, padding_idx=1), i(5, 4, 2)),
    "largest of bags": lambda: (nn.EmbeddingBag(5, 3, mode="max", padding_idx=0), i(5, 4, 2)),
    "lstm": lambda: (nn.LSTM(3, 4), x(5, 2, 3)),
    "gru": lambda: (nn.GRU(3, 4, batch_first=True, bidirectional=True), x(2, 5, 3)),
    "rnn": lambda: (nn.RNN(3, 4, num_layers=2), x(5, 2, 3)),
    "lstm cell": lambda: (nn.LSTMCell(3, 4), x(2, 3)),
    "gru cell": lambda: (nn.GRUCell(3, 4), x(2, 3)),
    "attention": lambda: (nn.MultiheadAttention(4, 2, batch_first=True), x(2, 3, 4), x(2, 3, 4), x(2, 3, 4)),
    "encoder": lambda: (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), x(2, 3, 4)),
    "transformer": lambda: (nn.Transformer(4, 2, 1, 1, 8, batch_first=True), x(2, 3, 4), x(2, 3, 4)),
    "weighted classes": lambda: (nn.CrossEntropyLoss(weight=torch.ones(5, dtype=f64)), x(4, 5), i(5, 4)),
    "gaussian": lambda: (nn.GaussianNLLLoss(), x(4), x(4), p(4)),
    "margins": lambda: (nn.MultiMarginLoss(), x(4, 3), i(3, 4)),
    "several margins": lambda: (nn.MultiLabelMarginLoss(), x(1, 4), torch.tensor([[3, 0, -1, 1]])),
    "places of maxima": lambda: (nn.MaxPool2d(2, return_indices=True), x(1, 2, 4, 4)),
    "adaptive maxima": lambda: (nn.AdaptiveMaxPool2d(2), x(1, 2, 5, 5)),
    "channels dropped": lambda: (nn.Dropout2d(0.3), x(2, 3, 4, 4)),
    "alpha dropout": lambda: (nn.AlphaDropout(0.3), x(4, 3)),
    "feature alpha dropout": lambda: (nn.FeatureAlphaDropout(0.3), x(2, 3, 4)),
    "random leaks": lambda: (nn.RReLU(), x(4, 3)),
    "weight norm": lambda: (nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)), x(2, 3)),
}
FUNCTIONS = {
    "attention mask": lambda: (lambda q: F.scaled_dot_product_attention(q, q, q, CAUSAL), x(2, 3, 4)),
    "encoder mask": lambda: (lambda q: ENCODER(q, src_mask=NEXT), x(2, 3, 4)),
    "encoder padding": lambda: (lambda q: ENCODER(q, src_key_padding_mask=PADDING), x(2, 3, 4)),
    "alignments": lambda: (aligned_of(4, 3), x(4, 2, 5), i(4, 2, 2)),
    "alignments in a row": lambda: (aligned, x(4, 2, 5), i(4, 3), torch.tensor([4, 3]), torch.tensor([1, 2])),
    "numbers beside indices": lambda: (beside, x(4, 3, 4), i(3, 2)),
    "writes beside numbers": lambda: (written_beside, x(4, 3), i(4, 2)),
    "sums at places of data": lambda: (sums_at_places, x(4), i(4, 5)),
    "one hot": lambda: (lambda t: F.one_hot(t, 5), i(5, 4)),
    "probabilities": lambda: (F.binary_cross_entropy, p(4), p(4)),
    "unpooled": lambda: (lambda a: F.max_unpool1d(*F.max_pool1d(a, 2, return_indices=True), 2), x(1, 2, 4)),
    "gumbel": lambda: (lambda a: F.gumbel_softmax(a, hard=True), x(4, 3)),
    "scatter_add": lambda: (lambda a, t: zeros(4).scatter_add(0, t, a), x(2, 3), i(4, 2, 3)),
    "index_add": lambda: (lambda a, t: zeros(4).index_add(0, t, a), x(2, 3), i(4, 2)),
    "index_copy": lambda: (lambda a: zeros(4).index_copy(0, torch.tensor([2, 0]), a), x(2, 3)),
    "index_fill": lambda: (lambda a, t: a.index_fill(0, t, 2.0), x(3, 3), torch.tensor([2, -3])),
    "index_select": lambda: (lambda a, t: a.index_select(1, t), x(2, 3), i(3, 4)),
    "gather": lambda: (lambda a, t: a.gather(1, t), x(2, 3), i(3, 2, 2)),
    "take": lambda: (torch.take, x(2, 3), i(6, 4)),
    "put": lambda: (lambda a, t, b: a.put(t, b), x(2, 3), torch.tensor([1, -2]), x(2)),
    "cummax": lambda: (lambda a: a.cummax(1), x(2, 3)),
    "kthvalue": lambda: (lambda a: a.kthvalue(2), x(2, 3)),
    "median": lambda: (lambda a: a.median(1), x(2, 3)),
    "mode": lambda: (lambda a: a.mode(1), x(2, 3)),
    "quantile": lambda: (lambda a: a.quantile(0.3, dim=1), x(2, 3)),
    "isclose": lambda: (torch.isclose, x(3), x(3)),
    "searchsorted": lambda: (lambda a: torch.searchsorted(torch.arange(3, dtype=f64), a), x(4)),
    "bernoulli": lambda: (lambda a: a * torch.bernoulli(torch.full((3,), 0.5, dtype=f64)), x(3)),
    "multinomial": lambda: (lambda a: torch.multinomial(a, 2), p(3)),
    "normal": lambda: (lambda a: torch.normal(a.detach(), 1.0) + a, x(3)),
    "log_prob": lambda: (lambda m, s: torch.distributions.Normal(m, s).log_prob(m * 2), x(3), p(3)),
    "rsample": lambda: (lambda m, s: torch.distributions.Normal(m, s).rsample(), x(3), p(3)),
    "categorical": lambda: (lambda a: torch.distributions.Categorical(logits=a).log_prob(i(1, 4)), x(4, 3)),
    "parts of one result": lambda: (lambda a: (a * 2).chunk(2, 1), x(3, 4)),
    "rows of one result": lambda: (lambda a: (a * 2).unbind(0), x(3, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_a_layer_is_traced_as_a_whole(name):
    module, *inputs = MODULES[name]()
    check_engines(module.double(), *inputs, fullgraph=True)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_composition_is_traced_as_a_whole(name):
    found = check_engines(*FUNCTIONS[name](), fullgraph=True)
    assert not found.program and not found.first, found


REFUSED = {
    "a class too large": (lambda t: F.one_hot(t, 3), torch.tensor([0, 1]), torch.tensor([0, 3])),
    "no probability": (lambda a: F.binary_cross_entropy(a, a), p(2), torch.tensor([0.5, 1.5], dtype=f64)),
    "no row": (lambda t: F.embedding(t, torch.eye(3)), torch.tensor([0]), torch.tensor([3])),
    "no scale": (lambda s: torch.distributions.Normal(0.0, s).log_prob(s), p(2), -p(2)),
    "no weight": (lambda a: torch.multinomial(a, 1), p(3), -p(3)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_values_are_checked_in_each_call(name):
    fn, right, wrong = REFUSED[name]
    compiled = torch.compile(fn, fullgraph=True)
    for _ in range(3):
        compiled(right)
    with pytest.raises((RuntimeError, ValueError, IndexError)) as eagerly:
        fn(wrong)
    with pytest.raises(type(eagerly.value)) as caught:
        compiled(wrong)
    assert str(caught.value) == str(eagerly.value)
    compiled(right)


def test_a_row_of_scores_that_is_empty_in_some_calls_only():
    def run(q, mask):
        return F.scaled_dot_product_attention(q, q, q, attn_mask=mask)

    compiled = torch.compile(run)
    q = x(3, 4)
    for mask in (CAUSAL, CAUSAL & torch.tensor([[False], [True], [True]]), CAUSAL):
        assert torch.equal(torch.isnan(compiled(q, mask)), torch.isnan(run(q, mask)))
        np.testing.assert_allclose(compiled(q, mask).numpy(), run(q, mask).numpy())


def test_backward_from_one_of_several_outputs():
    """As models do that return their scores and, for targets, the loss."""
    w = torch.ones(3, requires_grad=True)
    compiled = torch.compile(lambda a: ((a * w).exp(), (a * w).sum()), fullgraph=True)
    for _ in range(3):
        w.grad = None
        compiled(torch.arange(3.0))[1].backward()
        assert w.grad.tolist() == [0.0, 1.0, 2.0]


def test_outputs_that_overlap_are_a_program():
    def run(a):
        b = a * 2
        return b[:2], b[1:], a[0]

    assert check_engines(run, x(3)).program == ""
