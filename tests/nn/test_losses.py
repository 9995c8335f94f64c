"""Losses: values by hand, reductions, options."""

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn

A = torch.tensor([[0.5, -1.0], [2.0, 0.0]])
B = torch.tensor([[0.0, 1.0], [0.0, 0.0]])


@pytest.mark.parametrize(
    ("make", "elements"),
    [
        (nn.MSELoss, [0.25, 4.0, 4.0, 0.0]),
        (nn.L1Loss, [0.5, 2.0, 2.0, 0.0]),
        (nn.SmoothL1Loss, [0.125, 1.5, 1.5, 0.0]),
        (nn.HuberLoss, [0.125, 1.5, 1.5, 0.0]),
    ],
)
def test_elementwise_losses_and_their_reductions(make, elements):
    assert make(reduction="none")(A, B).flatten().tolist() == elements
    assert make(reduction="sum")(A, B).item() == sum(elements)
    assert make()(A, B).item() == sum(elements) / 4


def test_beta_and_delta_set_where_the_quadratic_ends():
    one, zero = torch.tensor([1.0]), torch.tensor([0.0])
    assert nn.SmoothL1Loss(beta=2.0)(one, zero).item() == 0.25
    assert nn.HuberLoss(delta=0.5)(one, zero).item() == 0.375


def test_cross_entropy_of_scores_equals_nll_of_log_probabilities():
    scores, target = torch.randn(4, 3), torch.tensor([0, 2, 1, 1])
    ours = nn.CrossEntropyLoss()(scores, target)
    assert ours.item() == pytest.approx(nn.NLLLoss()(nn.LogSoftmax(1)(scores), target).item(), rel=1e-6)


def test_class_weights_and_ignored_targets_change_the_mean():
    scores = torch.zeros(3, 2)
    target = torch.tensor([0, 1, -100])
    weight = torch.tensor([1.0, 3.0])
    for make, given in ((nn.CrossEntropyLoss, scores), (nn.NLLLoss, nn.LogSoftmax(1)(scores))):
        assert make(weight)(given, target).item() == pytest.approx(math.log(2))
        assert make(weight, reduction="sum")(given, target).item() == pytest.approx(4 * math.log(2))
        assert make(reduction="none", ignore_index=1)(given, torch.tensor([0, 1, 0])).tolist()[1] == 0.0


@pytest.mark.parametrize("classes", [1, 2, 63, 64, 65])
@pytest.mark.parametrize("lies", ["in rows", "in columns", "apart"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_however_many_classes_there_are_and_however_they_lie(classes, lies, reduction):
    draw = np.random.default_rng(classes)
    scores = draw.standard_normal((5, classes))
    target = draw.integers(0, classes, 5)
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    losses = -np.log(p[np.arange(5), target])
    slope = p - np.eye(classes)[target]
    each = losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()

    apart = np.zeros((5, 2 * classes))
    apart[:, ::2] = scores
    laid = {"in rows": scores, "in columns": np.asfortranarray(scores), "apart": apart[:, ::2]}[lies]
    for classes_as in (np.int64, np.uint8):
        x = torch.from_numpy(laid).requires_grad_()
        loss = nn.CrossEntropyLoss(reduction=reduction)(x, torch.from_numpy(target.astype(classes_as)))
        np.testing.assert_allclose(loss.detach().numpy(), each, rtol=1e-12, atol=1e-12)
        loss.sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), slope / (5 if reduction == "mean" else 1), atol=1e-12)


def test_the_scores_may_be_a_numpy_array():
    loss = nn.functional.cross_entropy(np.zeros((2, 4)), torch.tensor([0, 3]))
    assert loss.item() == pytest.approx(math.log(4))
    with pytest.raises(TypeError, match=r"cross_entropy\(\): argument 2 must be a Tensor, not ndarray"):
        nn.functional.cross_entropy(torch.zeros(2, 4), np.array([0, 3]))
    with pytest.raises(TypeError, match=r"cross_entropy\(\): argument 1 must be a Tensor, not list"):
        nn.functional.cross_entropy([0.0, 1.0], torch.tensor(1))


def test_nll_loss_looks_at_the_targets_alone_whatever_the_weights():
    impossible = torch.tensor([[-math.inf, 0.0], [-1.0, -math.inf]])
    assert nn.NLLLoss()(impossible, torch.tensor([1, 0])).item() == 0.5
    assert nn.NLLLoss()(-impossible, torch.tensor([1, 0])).item() == -0.5
    scores, target = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]]), torch.tensor([0, 1])
    weighted = nn.NLLLoss(torch.tensor([-1.0, 2.0]), reduction="none")(scores, target)
    assert weighted.tolist() == [-1.0, 8.0]


@pytest.mark.parametrize("wrong", [-1, 3, 64, -2])
@pytest.mark.parametrize("classes", [3, 64])
def test_a_target_that_is_no_class_is_refused(wrong, classes):
    if wrong == 3 and classes == 64:
        wrong = 2**40
    for place in range(3):
        target = torch.tensor([0, 1, 2])
        target[place] = wrong
        with pytest.raises(IndexError, match=f"[Tt]arget {wrong} is out of bounds"):
            nn.CrossEntropyLoss()(torch.zeros(3, classes), target)


def test_cross_entropy_of_probabilities_is_that_of_classes_when_they_are_sure():
    scores = torch.randn(2, 3)
    sure = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    by_class = nn.CrossEntropyLoss()(scores, torch.tensor([1, 0]))
    assert nn.CrossEntropyLoss()(scores, sure).item() == pytest.approx(by_class.item(), rel=1e-6)


def test_label_smoothing_shares_the_target():
    scores = torch.randn(1, 4)
    smooth = torch.tensor([[0.925, 0.025, 0.025, 0.025]])
    ours = nn.CrossEntropyLoss(label_smoothing=0.1)(scores, torch.tensor([0])).item()
    assert ours == pytest.approx(nn.CrossEntropyLoss()(scores, smooth).item(), rel=1e-5)


def test_binary_losses_agree_and_stay_finite():
    scores, target = torch.tensor([-2.0, 0.5]), torch.tensor([0.0, 1.0])
    by_probability = nn.BCELoss()(torch.sigmoid(scores), target)
    assert nn.BCEWithLogitsLoss()(scores, target).item() == pytest.approx(by_probability.item(), rel=1e-5)
    assert nn.BCEWithLogitsLoss()(torch.tensor([1000.0]), torch.tensor([0.0])).item() == 1000.0
    assert nn.BCELoss()(torch.tensor([0.0]), torch.tensor([1.0])).item() == 100.0


def test_pos_weight_weighs_the_positive_targets():
    loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]), reduction="none")
    out = loss(torch.zeros(2, 1), torch.tensor([[1.0], [0.0]]))
    np.testing.assert_allclose(out.numpy(), [[3 * math.log(2)], [math.log(2)]], rtol=1e-6)


def test_kl_divergence_of_equals_is_zero_and_batchmean_divides_by_the_batch():
    p = torch.tensor([[0.2, 0.8], [0.5, 0.5]])
    q = torch.tensor([[0.4, 0.6], [0.1, 0.9]])
    assert nn.KLDivLoss(reduction="batchmean")(p.log(), p).item() == pytest.approx(0.0, abs=1e-7)
    by_hand = (q * (q.log() - p.log())).sum().item()
    assert nn.KLDivLoss(reduction="sum")(p.log(), q).item() == pytest.approx(by_hand, rel=1e-5)
    assert nn.KLDivLoss(reduction="batchmean")(p.log(), q).item() == pytest.approx(by_hand / 2, rel=1e-5)
    logs = nn.KLDivLoss(reduction="sum", log_target=True)(p.log(), q.log())
    assert logs.item() == pytest.approx(by_hand, rel=1e-5)


def test_an_unknown_reduction_is_refused_when_the_loss_is_made():
    with pytest.raises(ValueError, match="'average'"):
        nn.MSELoss(reduction="average")


def test_weights_are_buffers():
    loss = nn.CrossEntropyLoss(torch.ones(3))
    assert list(loss.state_dict()) == ["weight"]
    assert loss.double().weight.dtype == torch.float64
