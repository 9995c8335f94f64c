"""Distances and the losses beyond the core: by hand, at their margins, gradients, errors."""

import itertools
import math

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.testing import check_grads


def drawn(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape)).requires_grad_()


def test_values_by_hand():
    x, y = torch.tensor([[3.0, 4.0], [0.0, 2.0]]), torch.tensor([[4.0, 3.0], [0.0, -1.0]])
    signs = torch.tensor([1.0, -1.0])
    for ours, expected in (
        (F.cosine_similarity(x, y), [0.96, -1.0]),
        (F.pairwise_distance(x, y, eps=0.0), [math.sqrt(2), 3.0]),
        (F.cosine_embedding_loss(x, y, signs, reduction="none"), [0.04, 0.0]),
        (F.cosine_embedding_loss(x, y, -signs, 0.5, reduction="none"), [0.46, 2.0]),
        (F.margin_ranking_loss(x[0], y[0], signs, 0.5, reduction="none"), [1.5, 1.5]),
        (F.hinge_embedding_loss(x[1], signs, 3.0, reduction="none"), [0.0, 1.0]),
        (F.soft_margin_loss(x[1], signs, reduction="none"), [math.log(2), math.log1p(math.exp(2))]),
        (F.multi_margin_loss(x, torch.tensor([0, 1]), reduction="none"), [1.0, 0.0]),
        (F.multi_margin_loss(x, torch.tensor([0, 1]), 2, reduction="none"), [2.0, 0.0]),
        (F.multilabel_margin_loss(x, torch.tensor([[0, -1], [0, 1]]), reduction="none"), [1.0, 0.0]),
        (F.multilabel_soft_margin_loss(x * 0, x * 0, reduction="none"), [math.log(2)] * 2),
        (F.triplet_margin_loss(x, y, x, 0.5, eps=0.0, reduction="none"), [math.sqrt(2) + 0.5, 3.5]),
        (F.poisson_nll_loss(x[1], y[0], reduction="none"), [1.0, math.exp(2) - 6]),
        (F.gaussian_nll_loss(x[0, :1], y[0, :1], y[0, :1]), (math.log(4) + 0.25) / 2),
    ):  # fmt: skip
        np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        F.cosine_similarity,
        F.pairwise_distance,
        lambda x, y: F.triplet_margin_loss(x, y, x.flip(0), 5.0, swap=True),
        lambda x, y: F.gaussian_nll_loss(x, y, y * y + 1, full=True),
        lambda x, y: F.cosine_embedding_loss(x, y, torch.tensor([1, -1, 1, -1])),
        lambda x, y: F.poisson_nll_loss(x, y.exp() + 1, full=True),
        lambda x, y: F.soft_margin_loss(x, y.sign()) + F.hinge_embedding_loss(x, y.sign(), 0.3),
        lambda x, y: F.multi_margin_loss(x, torch.tensor([0, 2, 1, 1]), 2) + (0 * y).sum(),
        lambda x, y: F.multilabel_margin_loss(x, torch.tensor([[0, -1, 1]] * 4)) + (y * y).sum(),
    ],
)
def test_gradients(loss):
    check_grads(loss, drawn(4, 3), drawn(4, 3, seed=1), order=2)


def test_vectors_of_length_0_have_finite_gradients():
    x = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    F.cosine_similarity(x, torch.ones(1, 2, dtype=torch.float64)).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_soft_margin_is_finite_far_out():
    x = torch.tensor([-1000.0, 1000.0], requires_grad=True)
    loss = F.soft_margin_loss(x, torch.ones(2), reduction="none")
    assert loss.tolist() == [1000.0, 0.0]
    assert torch.autograd.grad(loss.sum(), x)[0].tolist() == [-1.0, 0.0]


def test_errors_name_the_fault():
    x = torch.ones(2, 3)
    with pytest.raises(ValueError, match="negative entries"):
        nn.GaussianNLLLoss()(x, x, -x)
    with pytest.raises(ValueError, match=r"var \(3,\) does not fit"):
        nn.GaussianNLLLoss()(x, x, x[0])
    with pytest.raises(RuntimeError, match=r"out of range for 3 classes"):
        nn.MultiMarginLoss()(x, torch.tensor([0, 3]))
    with pytest.raises(RuntimeError, match=r"use \.long"):
        nn.MultiLabelMarginLoss()(x, x)
    with pytest.raises(RuntimeError, match="same number of dimensions"):
        nn.TripletMarginLoss()(x, x, x[0])
    with pytest.raises(RuntimeError, match="tensors of one rank"):
        nn.MarginRankingLoss()(x, x, x[0])


def alignments(log_probs, labels, blank):
    """The loss by its definition: all alignments, one by one."""
    steps, classes = log_probs.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=steps):
        read = [c for i, c in enumerate(path) if c != blank and (not i or path[i - 1] != c)]
        if read == list(labels):
            total += math.exp(sum(log_probs[t, c] for t, c in enumerate(path)))
    return -math.log(total) if total else math.inf


@pytest.mark.parametrize(("labels", "blank"), [([1, 2], 0), ([1, 1], 0), ([0], 2), ([], 1), ([2, 2, 1], 0)])
def test_ctc_is_the_sum_over_all_alignments(labels, blank):
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.standard_normal((4, 1, 3))).log_softmax(2)
    targets = torch.tensor([[*labels, 9]])  # what stands beyond the length is not read
    for steps in range(1, 5):
        loss = F.ctc_loss(x, targets, (steps,), (len(labels),), blank, reduction="sum")
        expected = alignments(x[:steps, 0].numpy(), labels, blank)
        assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_ctc_has_the_slope_of_finite_differences_behind_log_softmax():
    rng = np.random.default_rng(1)
    x = torch.tensor(rng.standard_normal((5, 2, 3)), requires_grad=True)
    for targets, lengths in ((torch.tensor([[1, 2], [2, 2]]), (2, 2)), (torch.tensor([1, 2, 1, 2]), (3, 1))):

        def loss(x, targets=targets, lengths=lengths):
            return F.ctc_loss(x.log_softmax(2), targets, (5, 4), lengths, reduction="none")

        assert torch.autograd.gradcheck(loss, x)
    # Of log-probabilities themselves it is PyTorch's: as if log_softmax were taken of them.
    y = x.detach().log_softmax(2).requires_grad_()
    loss(y).sum().backward()
    loss(x).sum().backward()
    assert torch.allclose(y.grad, x.grad)
    with pytest.raises(NotImplementedError, match="no second derivative"):
        torch.autograd.grad(loss(x).sum(), x, create_graph=True)


def test_ctc_of_a_sequence_that_is_too_short_is_infinite_and_can_count_as_nothing():
    x = torch.zeros(2, 2, 3).log_softmax(2).requires_grad_()
    targets = torch.tensor([[1, 1], [1, 2]])
    loss = F.ctc_loss(x, targets, (2, 2), (2, 2), reduction="none")
    assert loss[0].item() == math.inf and loss[1].item() == pytest.approx(2 * math.log(3))
    (grad,) = torch.autograd.grad(loss.sum(), x)
    assert grad[:, 0].isnan().all() and grad[:, 1].isfinite().all()
    loss = F.ctc_loss(x, targets, (2, 2), (2, 2), reduction="none", zero_infinity=True)
    (grad,) = torch.autograd.grad(loss.sum(), x)
    assert loss[0].item() == 0 and not grad[:, 0].any() and grad[:, 1].any()


def test_ctc_stays_finite_at_very_small_probabilities():
    x = torch.full((3, 1, 2), -1000.0, requires_grad=True)
    loss = F.ctc_loss(x, torch.tensor([[1]]), (3,), (1,))
    assert loss.item() == pytest.approx(3000, rel=1e-3)
    assert torch.autograd.grad(loss, x)[0].isfinite().all()


def test_the_parts_of_an_adaptive_softmax_sum_to_one_and_agree():
    torch.manual_seed(0)
    layer = nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10])
    x, target = torch.randn(7, 16) * 3, torch.tensor([0, 3, 4, 9, 10, 19, 12])
    told = layer.log_prob(x)
    assert torch.allclose(told.exp().sum(1), torch.ones(7))
    assert torch.allclose(layer(x, target).output, told.gather(1, target[:, None])[:, 0])
    assert torch.allclose(layer(x, target).loss, F.nll_loss(told, target))
    in_head = layer.head(x).argmax(1) < 4
    assert torch.equal(layer.predict(x)[~in_head], told.argmax(1)[~in_head])
    with pytest.raises(RuntimeError, match=r"Target values should be in \[0, 19\]"):
        layer(x, target + 1)


def test_the_older_name_of_a_loss_warns():
    with pytest.warns(FutureWarning, match="use `NLLLoss`"):
        assert nn.NLLLoss2d()(torch.zeros(1, 2, 1, 1), torch.zeros(1, 1, 1, dtype=torch.int64)) == 0
