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
x = exact([[0.0, 0.0], [1e-12, 0.0]]); y = exact([[1.0, 2.0], [0.0, 3.0]])
    F.cosine_similarity(x, y)                                                # first
"""


def test_loss(case, compare):
    compare(case)
