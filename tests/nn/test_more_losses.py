"""Distances and the losses beyond the core: by hand, at their margins, gradients, errors."""

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
