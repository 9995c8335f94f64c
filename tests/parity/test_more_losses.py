"""Distances and the losses beyond the core beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(4, 3); y = real(4, 3); z = real(4, 3)
    F.cosine_similarity(x, y{|, 0|, dim=-1|, 1, 2.5})
    F.pairwise_distance(x, y{|, 1.0|, 3.0|, eps=0.1|, keepdim=True})
    F.triplet_margin_loss(x, y, z{|, margin=0.1|, swap=True|, p=1|, reduction='sum'|, reduction='none'})
    F.triplet_margin_with_distance_loss(x, y, z, swap={True|False})
    F.triplet_margin_with_distance_loss(x, y, z, distance_function=lambda a, b: (a - b).abs().sum(1))
    F.triplet_margin_loss(x, y, z[0])                                        # raises
    F.margin_ranking_loss(x, y, z.detach().sign(){|, 0.5|, reduction='sum'|, reduction='none'})
    F.margin_ranking_loss(x, y, z[0])                                        # raises
    F.hinge_embedding_loss(x, y.detach().sign(){|, 0.5|, reduction='sum'|, reduction='none'})
    F.soft_margin_loss(x, y.detach().sign(){|, reduction='sum'|, reduction='none'})
    F.multilabel_soft_margin_loss(x, (y.detach() > 0).to(x.dtype){|, reduction='sum'|, reduction='none'})
    F.multilabel_soft_margin_loss(x, (y.detach() > 0).to(x.dtype), z[0].detach().abs())
    F.gaussian_nll_loss(x, y, z.abs(){|, full=True|, eps=0.5|, reduction='sum'|, reduction='none'})
    F.gaussian_nll_loss(x, y, {z.abs()[:, :1]|z.abs()[:, 0]|0.5})
    F.gaussian_nll_loss(x, y, {z|z.abs()[:2]})                               # raises
    F.poisson_nll_loss(x, y.abs().detach() * 3{|, full=True|, reduction='sum'|, reduction='none'})
    F.poisson_nll_loss(x.abs(), y.abs().detach(), log_input=False{|, eps=0.1})
    F.{hinge_embedding_loss|soft_margin_loss|poisson_nll_loss}(x, y.detach(), reduction='avg')  # raises
x = real(4, 3); y = real(4, 3); t = ints(4, below=2)
    F.cosine_embedding_loss(x, y, 2 * t - 1{|, 0.2|, reduction='sum'|, reduction='none'})
    F.cosine_embedding_loss(x[0], y[0], 2 * t[0] - 1)
    F.cosine_embedding_loss(x, y, t[:, None])                                # raises
    F.multi_margin_loss(x, t{|, 2|, margin=0.3|, reduction='sum'|, reduction='none'})  # first
    F.multi_margin_loss(x[0], t[0])                                          # first
    F.multi_margin_loss(x, t, weight=y[0].detach().abs())                    # first
    F.multi_margin_loss(x, t, 3)                                             # raises
    F.multi_margin_loss(x, t{ + 9|[:2]})                                     # complains
x = real(2, 4)
    F.multilabel_margin_loss(x, torch.tensor([[3, 0, -1, 1], [1, -1, 2, 0]]){|, reduction='none'})  # first
    F.multilabel_margin_loss(x[0], torch.tensor([3, 0, -1, 1]))              # first
    F.multilabel_margin_loss(x, torch.tensor([3, 0, -1, 1]))                 # raises
x = real(4, 3); y = real(4, 3); z = real(4, 3); t = ints(4, below=2)
    torch.nn.{CosineSimilarity(0)|PairwiseDistance(1.0, keepdim=True)}(x, y)
    torch.nn.{TripletMarginLoss(0.5, swap=True)|TripletMarginWithDistanceLoss(margin=0.5)}(x, y, z)
    torch.nn.{MarginRankingLoss(0.5)|GaussianNLLLoss(full=True, reduction='sum')}(x, y, z.detach().abs())
    torch.nn.{HingeEmbeddingLoss(0.5)|SoftMarginLoss()|PoissonNLLLoss(full=True)}(x, y.detach().sign())
    torch.nn.CosineEmbeddingLoss(0.1)(x, y, 2 * t - 1)
    torch.nn.MultiLabelSoftMarginLoss(reduction='none')(x, y.detach().sigmoid())
    torch.nn.MultiMarginLoss(2, 0.5)(x, t)                                   # first
    torch.nn.MultiLabelMarginLoss()(x, torch.tensor([[2, 0, -1]] * 4))       # first
x = real(5, 2, 4); i = ints(2, 3, low=1, below=4)
    F.ctc_loss(x.log_softmax(2), i, (5, 4), (3, 2){|, reduction='sum'|, reduction='none'})  # first
    F.ctc_loss(x, i, torch.tensor([5, 3]), torch.tensor([2, 0]))             # first
    F.ctc_loss(x.log_softmax(2), i.reshape(-1)[:4], (5, 5), (3, 1))          # first
    F.ctc_loss(x.log_softmax(2), i - 1, (5, 5), (2, 3), blank=3)             # first
    F.ctc_loss(x[:, 0].log_softmax(1), i[0], (5,), (3,){|, reduction='none'})  # first
    F.ctc_loss(x.log_softmax(2), i, (5, 2), (2, 3), reduction='none', zero_infinity={True|False})  # first
    F.ctc_loss(x.log_softmax(2), i, (5, 0), (2, 0), reduction='none')        # first
    torch.nn.CTCLoss(1, 'sum', True)(x.log_softmax(2), 0 * i + 2, (5, 4), (1, 3))  # first
    torch.ctc_loss(x.log_softmax(2), i, (5, 5), (2, 1){|, 0, 0|, 0, 1, True|, 0, 2})  # first
    F.ctc_loss(x, i, {(6, 5)|(5,)|(-1, 5)}, (2, 2))                          # raises
    F.ctc_loss(x, i, (5, 5), {(2,)|(4, 2)|(-1, 2)})                          # raises
    F.ctc_loss(x, i, (5, 5), (2, 2), {-1|4})                                 # raises
    F.ctc_loss(x, i.reshape(-1), (5, 5), (2, 2))                             # raises
    F.ctc_loss(x, i, (5, 5), (2, 2), reduction='avg')                        # raises
x = real(4, 3); y = real(4, 3); z = real(4, 3); w = ints(4, 3)
    torch.binary_cross_entropy_with_logits(x, y.sigmoid(), {None|w}, w[0]{|, 0|, 2})
    torch.kl_div(x, y{.abs()|.abs(), 0|.abs(), 2|, 1, log_target=True|, log_target=True})
    torch.kl_div(x, y.abs(), 'sum')                                          # raises
    torch.kl_div(x, y.abs(), 3)                                              # refused
    torch.hinge_embedding_loss(x, y.detach().sign(), 0.5, 2)
    torch.margin_ranking_loss(x, y, z.detach().sign(), 0.3, 2)
    torch.triplet_margin_loss(x, y, z, 0.5, 2.0, 1e-6, {True|False}, 0)
    torch.poisson_nll_loss(x, y.abs().detach(), True, False, 1e-8, {0|1|2})
    torch.cosine_embedding_loss(x, y, torch.tensor([1, -1, 1, -1]), 0.1, 2)
    torch.constant_pad_nd(x, (1, 2){|, 3.0})
    torch.adaptive_max_pool1d(x, 2)
    torch.feature_dropout(x, {1.0, True|0.5, False})
x = exact([[0.0, 0.0], [1e-12, 0.0]]); y = exact([[1.0, 2.0], [0.0, 3.0]])
    F.cosine_similarity(x, y)                                                # first
"""


def test_loss(case, compare):
    compare(case)


def test_the_adaptive_softmax_has_the_numbers_of_pytorch(pytorch):
    import numpy as np

    import minigrad

    def run(lib, x, state=None):
        layer = lib.nn.AdaptiveLogSoftmaxWithLoss(6, 12, [3, 7], div_value=2.0, head_bias=True).double()
        if state is not None:
            layer.load_state_dict({k: lib.tensor(v) for k, v in state.items()})
        x = lib.tensor(x, requires_grad=True)
        target = lib.tensor([0, 3, 11, 7, 2])
        out = layer(x, target)
        (slope,) = lib.autograd.grad(out.loss, x, create_graph=True)
        bend = lib.autograd.grad(slope.square().sum(), [x, *layer.parameters()])
        single = layer(x[0], target[2])
        found = [*out, slope, *bend, *single, layer.log_prob(x), layer.predict(x), layer.predict(x[:2] * 9)]
        return [y.detach().numpy() for y in found], {k: v.numpy() for k, v in layer.state_dict().items()}

    x = np.random.default_rng(0).standard_normal((5, 6))
    theirs, state = run(pytorch, x)
    ours, names = run(minigrad, x, state)
    assert list(names) == list(state)
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-10, atol=1e-12)
    for wrong in ([], [3, 3], [0], [12], [2.5], [5, 2]):
        for lib in (pytorch, minigrad):
            with pytest.raises(ValueError, match="cutoffs should be"):
                lib.nn.AdaptiveLogSoftmaxWithLoss(6, 12, wrong)
    refused = (((5, 6), [0, 12]), ((2, 6), [0, 12]), ((6,), [0]), ((2, 6), 1), ((2, 6), [[1], [1]]))
    for shape, target in refused:
        for lib in (pytorch, minigrad):
            with pytest.raises(RuntimeError):
                lib.nn.AdaptiveLogSoftmaxWithLoss(6, 12, [3])(lib.ones(shape), lib.tensor(target))
