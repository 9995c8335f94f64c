"""torch.nn.functional beside PyTorch's: activations, normalisation, embeddings, losses."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(3, 4)
    F.{relu|leaky_relu|elu|selu|gelu|silu|softplus|hardtanh|logsigmoid|sigmoid|tanh}(x)
    F.{relu|leaky_relu|elu|selu|silu|hardtanh}(x * 1, inplace={True|False})
    y = x * 1; F.{relu|leaky_relu|elu|selu|silu|hardtanh}(y, inplace=True); y * x
    F.leaky_relu(x, {0.3|0.0|1.0|-0.5|negative_slope=0.2})
    F.leaky_relu(x * 1, 0.3, True)
    F.elu(x, {0.5|2.0|alpha=1.5})
    F.gelu(x, approximate={'none'|'tanh'})
    F.gelu(x, approximate='fast')                                            # raises
    F.softplus(x, {2|0.5|2, 1|beta=3.0|threshold=0.5|1, -5})
    F.hardtanh(x, {-0.5, 0.5|0.0, 6.0|min_val=-0.2, max_val=2})
    F.hardtanh(x, 0.5, -0.5)                                                 # raises
    F.{softmax|log_softmax}(x, {0|1|-1|dim=1})
    F.{softmax|log_softmax}(x, dim=1, dtype=torch.float64)
    torch.{softmax|log_softmax}(x, {0|-1})
    x.{softmax|log_softmax}({0|-1|dim=1})
    F.{softmax|log_softmax}(x, 2)                                            # raises
    F.{relu|gelu|selu|logsigmoid}(input=x)
    F.dropout(x, {0.0|0.3|1.0}, training=False)
    F.dropout(x, {0.0|1.0})
    F.dropout(x, {-0.1|1.5})                                                 # raises
    F.normalize(x{|, p=1|, dim=0|, 2.0, -1})
    F.relu([1.0])                                                            # raises
x = exact([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.5])
    F.{relu|leaky_relu|hardtanh|silu|softplus|logsigmoid|gelu}(x)
    F.{elu(x)|selu(x)|elu(x, 0.5)}
    F.softplus(x, 1, 0.5)                                                    # first: beside the kink
    F.{leaky_relu(x, 0.0)|hardtanh(x, -0.5, 0.5)|gelu(x, approximate='tanh')}
    torch.sqrt(F.relu(x))
    torch.log(F.{relu|hardtanh}(x))
    torch.sqrt(torch.clamp(x, min=0.0) + 0.0)
x = exact([1000.0, -1000.0, 88.8, -88.8, 30.0, -30.0, 19.0, 21.0, 1e-30])
    F.{relu|leaky_relu|elu|selu|silu|softplus|logsigmoid|gelu|sigmoid|tanh|hardtanh}(x)
    F.gelu(x, approximate='tanh')
    F.{softmax|log_softmax}(x, 0)
    torch.logsumexp(x, 0)
x = exact([inf, -inf, nan, 1.0])
    F.{relu|leaky_relu|silu|softplus|logsigmoid|sigmoid|tanh}(x)
    F.{softmax|log_softmax}(x[{1:2|1::2|:1}], 0)
x = exact([inf, -inf, 1.0])  # of nan PyTorch's gradient depends on its place: see tests/nn/test_layers.py
    F.hardtanh(x)
    F.{elu|selu}(x)                                                          # first
x = real()
    F.{relu|leaky_relu|elu|selu|gelu|silu|softplus|hardtanh|logsigmoid}(x)
    F.{softmax|log_softmax}(x, 0)
    F.mse_loss(x, x.detach() + 1)
x = real(0, 3)
    F.{relu|leaky_relu|elu|gelu|silu|softplus|logsigmoid}(x)
    F.{softmax|log_softmax}(x, {0|1})
    F.{mse_loss|l1_loss|huber_loss|smooth_l1_loss}(x, x.detach(), reduction={'mean'|'sum'|'none'})
    F.cross_entropy(x, torch.zeros(0, dtype=torch.int64), reduction={'mean'|'sum'|'none'})
    F.linear(x, torch.ones(2, 3, dtype=x.dtype))
    F.layer_norm(x, (3,))
i = ints(3, 4, low=-2)
    F.relu(i)
    F.{elu|selu|gelu|silu|softplus|logsigmoid|leaky_relu}(i)                 # raises
    F.hardtanh({i|i, -1, 1|i, -0.5, 1.5})
    F.{softmax|log_softmax}(i, 1)                                            # raises
    F.{softmax|log_softmax}(i, 1, dtype=torch.float32)
    F.one_hot(i.abs(){|, 6|, num_classes=5})
    F.one_hot({i|i.double()|i.int().abs()})                                  # raises
    F.one_hot(i.abs(), 1)                                                    # raises
    F.one_hot(torch.tensor(2), 4)

x = real(2, 5, 3); W = real(4, 3); b = real(4)
    F.linear(x, W{|, b|, bias=b|, None})
    F.linear(x[{0|0, 0}], W{|, b})
    F.linear(x, W[0])                                                        # refused: a vector as weight
    F.linear(x, weight=W, bias=None)
    F.linear(x, {W.T|W[:, :2]|W, b[:2]})                                     # raises
    F.layer_norm(x, {(3,)|[5, 3]|(2, 5, 3)})
    F.layer_norm(x, {(2,)|(3, 5)|()})                                        # raises
    F.layer_norm(x, 3)                                                       # extra
    F.layer_norm(x, (3,), W[0], W[1], 1e-3)
    F.layer_norm(x, (3,), weight=W[0]{|, eps=0.1})
    F.layer_norm(x, (3,), None, W[1])
    F.layer_norm(x, (3,), b)                                                 # raises
    F.layer_norm(x[{0|0, 0}], (3,))
    F.batch_norm(x, None, None, training=True)
    F.batch_norm(x, None, None, W[0].repeat(2)[:5], W[1].repeat(2)[:5], True, 0.1, 1e-3)
    F.batch_norm(x[0], W[0].detach(), W[1].detach().abs(), training={True|False})
    m = W[0].detach() * 1; v = m * m; F.batch_norm(x[:, :3], m, v, training=True, momentum=0.3); m, v
    F.batch_norm(x[:, :3], W[0].detach(), W[1].detach().abs(), W[2], W[3], False)
    F.batch_norm(x, None, None)                                              # raises
    F.batch_norm(x[:1, :, 0], None, None, training=True)                     # raises
W = real(5, 3); i = ints(2, 4)
    F.embedding(i, W)
    F.embedding(i, W, padding_idx={0|-1|2})
    F.embedding({i[0]|i.int()|torch.tensor(3)|i[:0]}, W)
    F.embedding({i + 5|i - 6|i.double()}, W)                                 # raises
    F.embedding(i, W, padding_idx={5|-6})                                    # complains
    F.embedding(i, W, {max_norm=1.0|max_norm=0.5, norm_type=1.0})            # first
    F.embedding(i, W, scale_grad_by_freq=True{|, padding_idx=2})             # first
    F.embedding(i, W, sparse=True)                                           # refused

x = real(3, 4); y = real(3, 4)
    F.{mse_loss|l1_loss|huber_loss|smooth_l1_loss|kl_div}(x, y{|, reduction='sum'})
    F.{mse_loss|l1_loss|huber_loss|smooth_l1_loss|kl_div}(x, y{, reduction='none'|, reduction='mean'})
    F.{mse_loss|l1_loss|huber_loss|smooth_l1_loss}(x, y.detach())
    F.{huber_loss(x, y, delta=0.3)|smooth_l1_loss(x, y, beta=0.3)}
    F.{smooth_l1_loss(x, y, beta=0)|huber_loss(x, y, 'sum', 2.0)}
    F.{huber_loss(x, y, delta=0)|huber_loss(x, y, delta=-1)|smooth_l1_loss(x, y, beta=-1)}  # raises
    F.{mse_loss|l1_loss|huber_loss|smooth_l1_loss}(x, y, reduction='avg')    # raises
    F.{mse_loss|l1_loss|huber_loss|smooth_l1_loss|binary_cross_entropy_with_logits}(x, y[:2])  # raises
    F.{mse_loss|l1_loss|huber_loss|smooth_l1_loss}(x, y[0])  # refused: PyTorch warns and compares all pairs
    F.{mse_loss|l1_loss}(x, y.float().double())
    F.kl_div(x, y.exp())
    F.kl_div(x, y.exp(), reduction={'batchmean'|'sum'|'mean'|'none'})
    F.kl_div(x, y, reduction={'batchmean'|'sum'|'mean'|'none'}, log_target=True)
    F.kl_div(x, y.softmax(1), reduction='batchmean')
    F.kl_div(x, y.exp(), reduction='x')                                      # raises
    t = torch.tensor([0.0, 0.5, 0.5, 0.0], dtype=x.dtype); F.kl_div(x.log_softmax(1), t, reduction='sum')
    F.binary_cross_entropy(x.sigmoid(), y.sigmoid())
    F.binary_cross_entropy(x.sigmoid(), y.sigmoid(), reduction={'sum'|'none'|'mean'})
    F.binary_cross_entropy(x.sigmoid(), (y > 0).to(x.dtype), weight={y.detach().abs()|y[0].detach().abs()})
    F.binary_cross_entropy(x, y)                                             # raises
    F.binary_cross_entropy(x.sigmoid(), y[:2].sigmoid())                     # raises
    F.binary_cross_entropy(x.sigmoid(), (y > 0).long())                      # raises
    F.binary_cross_entropy_with_logits(x, y.sigmoid())
    F.binary_cross_entropy_with_logits(x, y.sigmoid(), reduction={'sum'|'none'})
    F.binary_cross_entropy_with_logits(x, (y > 0).to(x.dtype), weight=y.detach().abs())
    F.binary_cross_entropy_with_logits(x, (y > 0).to(x.dtype), pos_weight=y[0].detach().abs())
    F.binary_cross_entropy_with_logits(x, (y > 0).to(x.dtype), pos_weight=y.detach().abs())
    F.binary_cross_entropy_with_logits(x, y.sigmoid(), y[0].detach().abs(), pos_weight=y[1].detach().abs())
    F.binary_cross_entropy(x.sigmoid(), y.sigmoid(), reduction='avg')        # raises
    F.binary_cross_entropy_with_logits(x.sigmoid(), y.sigmoid(), reduction='avg')  # raises
p = exact([0.0, 1.0, 0.0, 1.0, 0.5]); t = exact([0.0, 0.0, 1.0, 1.0, 0.5])
    F.binary_cross_entropy(p, t.detach(), reduction={'none'|'mean'})         # first: beside the kink
    F.kl_div(p, t.detach(), reduction='none')
    torch.xlogy(p, t)                                                        # first
x = exact([1000.0, -1000.0, 1000.0, -1000.0, 0.0]); t = exact([0.0, 0.0, 1.0, 1.0, 0.5])
    F.binary_cross_entropy_with_logits(x, t.detach(), reduction={'none'|'mean'})
    F.{mse_loss|l1_loss|huber_loss|smooth_l1_loss}(x, t, reduction='none')
    F.cross_entropy(x, torch.tensor({0|1|4}))
    F.{cross_entropy|binary_cross_entropy_with_logits}(x, t)
x = exact([1.0, 0.0, -1.0, 2.0]); y = exact([1.0, 1.0, 0.0, 0.0])
    F.l1_loss(x, y, reduction='none')
    F.{huber_loss|smooth_l1_loss}(x, y, reduction='none')                    # first: beside the kink

x = real(5, 3); t = ints(5, below=3); w = positive(3); q = positive(5, 3)
    F.cross_entropy(x, t{|, reduction='sum'|, reduction='none'|, reduction='mean'})
    F.cross_entropy(x, t, {w.detach()|weight=w.detach()}{|, reduction='sum'|, reduction='none'})
    F.cross_entropy(x, t, label_smoothing={0.1|1.0|0.0}, reduction={'mean'|'sum'|'none'})
    F.cross_entropy(x, t, w.detach(), label_smoothing=0.2, reduction={'mean'|'sum'|'none'})
    F.cross_entropy(x, t, ignore_index={0|1|-5})
    F.cross_entropy(x, t, w.detach(), ignore_index=1, label_smoothing=0.1, reduction={'mean'|'sum'|'none'})
    F.cross_entropy(x, torch.tensor([-100, 0, 1, -100, 2]){|, reduction='none'})
    F.cross_entropy(x[:1], torch.tensor([-100]){|, reduction='sum'})
    F.cross_entropy(x[0], t[0]{|, w.detach()|, reduction='none'})
    F.cross_entropy(x, q.softmax(1){|, reduction='sum'|, reduction='none'|, label_smoothing=0.1})
    F.cross_entropy(x, q.softmax(1), w.detach(){|, reduction='sum'|, reduction='none'|, label_smoothing=0.1})
    F.cross_entropy(x[0], q[0].softmax(0))
    F.cross_entropy(x, {t + 3|t - 9|t.int()|t.bool()})                       # raises
    F.cross_entropy(x, {t[:4]|q[:4]})                                        # raises
    F.cross_entropy(x, {t[:, None]|t[None]})                                 # complains
    F.cross_entropy(x, t, {w[:2].detach()|reduction='avg'|label_smoothing=2.0})  # raises
    F.cross_entropy(x.sum(), t[0])                                           # complains
    F.nll_loss(x, t{|, reduction='sum'|, reduction='none'})
    F.nll_loss(x.log_softmax(1), t, w.detach(){|, reduction='sum'|, reduction='none'|, ignore_index=2})
    F.nll_loss(x[0], t[0])
    F.nll_loss(x, {t + 3|t.double()|t[:4]})                                  # raises
    F.nll_loss(x[:1], torch.tensor([-100]))
x = real(2, 3, 4, 2); t = ints(2, 4, 2, below=3); w = positive(3); q = positive(2, 3, 4, 2)
    F.{cross_entropy|nll_loss}(x, t{|, w.detach()|, reduction='none'|, reduction='sum'|, ignore_index=1})
    F.{cross_entropy|nll_loss}(x[..., 0], t[..., 0]{|, w.detach()|, reduction='none'})
    F.cross_entropy(x, t, label_smoothing=0.1, weight=w.detach())
    F.cross_entropy(x, q.softmax(1){|, w.detach()|, reduction='none'|, label_smoothing=0.2})
    F.cross_entropy(x, t[:, :3])                                             # complains
"""


def test_functional(case, compare):
    compare(case)
