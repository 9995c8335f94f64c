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


@pytest.mark.parametrize("create_graph", [False, True])
def test_the_slope_of_hubers_loss_beyond_the_quadratic_and_at_nan(create_graph):
    x = torch.tensor([0.5, -0.5, 3.0, -3.0, math.inf, math.nan], requires_grad=True)
    loss = nn.functional.huber_loss(x, torch.zeros(6), reduction="none", delta=2.0)
    np.testing.assert_array_equal(loss.detach().numpy(), [0.125, 0.125, 4.0, 4.0, math.inf, math.nan])
    (g,) = torch.autograd.grad(loss.sum(), x, create_graph=create_graph)
    np.testing.assert_array_equal(g.detach().numpy(), [0.5, -0.5, 2.0, -2.0, 2.0, math.nan])


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


@pytest.mark.parametrize("options", [{}, {"weight": torch.tensor([2.0, 0.5, 1.0], dtype=torch.float64)}])
def test_the_second_derivative_of_cross_entropy_is_the_softmaxs_covariance(options):
    x = torch.tensor([[0.3, -1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    loss = nn.functional.cross_entropy(x, torch.tensor([1]), reduction="sum", **options)
    (g,) = torch.autograd.grad(loss, x, create_graph=True)
    rows = [torch.autograd.grad(g[0, i], x, retain_graph=True)[0].numpy()[0] for i in range(3)]
    p = np.exp([0.3, -1.0, 2.0])
    p /= p.sum()
    expected = (np.diag(p) - np.outer(p, p)) * (0.5 if options else 1.0)
    np.testing.assert_allclose(rows, expected, rtol=1e-12, atol=1e-16)


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


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_smoothed_and_weighted_probabilities(reduction):
    scores = np.array([[0.3, -1.0, 2.0, 0.1], [1.0, 0.0, 0.5, -2.0]])
    target = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.0, 0.3, 0.0]])
    weight = np.array([1.0, 2.0, 0.5, 3.0])
    logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    each = -((target * 0.8 + 0.2 / 4) * logs * weight).sum(1)
    # The mean is over the rows: with probabilities PyTorch does not divide by weights.
    expected = {"mean": each.sum() / 2, "sum": each.sum(), "none": each}[reduction]
    loss = nn.CrossEntropyLoss(torch.tensor(weight), reduction=reduction, label_smoothing=0.2)
    np.testing.assert_allclose(loss(torch.tensor(scores), torch.tensor(target)).numpy(), expected, rtol=1e-12)


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


NAN, INF = math.nan, math.inf
TWO = [[1.0, 2.0], [0.5, -1.0]]
HIDDEN = [[NAN, 1.0], [1.0, 2.0]]
P00, P10 = 1 / (1 + math.e), 1 / (1 + math.exp(-1.5))  # softmax(TWO)[0][0], [1][0]


@pytest.mark.parametrize(
    ("scores", "target", "options", "loss", "gradient"),
    [
        # A mean over a total weight of 0 is 0/0; as in PyTorch 2.13, so is the gradient of what counts.
        (TWO, [1, 1], {"weight": [1.0, 0.0]}, NAN, [[NAN, NAN], [NAN, NAN]]),
        (TWO, [1, 1], {"weight": [1.0, 0.0], "label_smoothing": 0.1}, NAN, [[NAN, NAN], [NAN, NAN]]),
        (TWO, [1, 0], {"weight": [1.0, 0.0], "ignore_index": 0}, NAN, [[NAN, NAN], [0.0, 0.0]]),
        (TWO, [0, 1], {"weight": [1.0, -1.0]}, -INF, [[NAN, INF], [-INF, NAN]]),
        (TWO, [1, 1], {"ignore_index": 1}, NAN, [[0.0, 0.0], [0.0, 0.0]]),
        (TWO, [1, 1], {"ignore_index": 1, "label_smoothing": 0.1}, NAN, [[0.0, 0.0], [0.0, 0.0]]),
        # A weight of 0 does not hide a nan or an infinity, ignore_index does.
        (HIDDEN, [1, 1], {"weight": [1.0, 0.0], "reduction": "sum"}, NAN, [[NAN, NAN], [0.0, 0.0]]),
        (HIDDEN, [1, 0], {"ignore_index": 1}, math.log(1 + math.e), [[NAN, NAN], [P00 - 1, 1 - P00]]),
        ([[-INF, 1.0], TWO[1]], [0, 1], {"weight": [0.0, 1.0]}, NAN, [[0.0, 0.0], [P10, -P10]]),
        # The weight of a smoothed target is that of all classes, the divisor that of the targets.
        (
            TWO,
            [0, 1],
            {"weight": [1.0, 3.0], "label_smoothing": 0.5},
            -(
                0.5 * (math.log(P00) + 3 * math.log(1 - P10))
                + 0.25 * (math.log(P00) + 3 * math.log(1 - P00) + math.log(P10) + 3 * math.log(1 - P10))
            )
            / 4,
            [
                [(1.5 * P00 - 0.75) / 4, (1.5 * (1 - P00) - 0.75) / 4],
                [(2.5 * P10 - 0.25) / 4, (2.5 * (1 - P10) - 2.25) / 4],
            ],
        ),
    ],
)  # fmt: skip
def test_cross_entropy_at_its_edges(scores, target, options, loss, gradient):
    x = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    if "weight" in options:
        options = {**options, "weight": torch.tensor(options["weight"], dtype=torch.float64)}
    found = nn.functional.cross_entropy(x, torch.tensor(target), **options)
    found.backward()
    np.testing.assert_allclose(found.item(), loss, rtol=1e-12)
    np.testing.assert_allclose(x.grad.numpy(), gradient, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("target", "options", "loss", "gradient"),
    [
        ([1, 1], {"weight": [1.0, 0.0]}, NAN, [[0.0, NAN], [0.0, NAN]]),
        ([0, 1], {"weight": [1.0, -1.0]}, -INF, [[-INF, 0.0], [0.0, INF]]),
        ([0, 0], {"weight": [0.25, 9.0]}, -0.75, [[-0.5, 0.0], [-0.5, 0.0]]),
        ([1, 1], {"ignore_index": 1}, NAN, [[0.0, 0.0], [0.0, 0.0]]),
    ],
)
def test_nll_loss_divides_by_the_total_weight_whatever_it_is(target, options, loss, gradient):
    x = torch.tensor(TWO, dtype=torch.float64, requires_grad=True)
    if "weight" in options:
        options = {**options, "weight": torch.tensor(options["weight"], dtype=torch.float64)}
    found = nn.functional.nll_loss(x, torch.tensor(target), **options)
    found.backward()
    np.testing.assert_allclose(found.item(), loss, rtol=1e-12)
    np.testing.assert_allclose(x.grad.numpy(), gradient, rtol=1e-12)


def test_a_float32_nan_is_not_lost_behind_a_weight_of_zero():
    for loss in (nn.CrossEntropyLoss, nn.NLLLoss):
        made = loss(torch.tensor([0.0, 1.0]), reduction="none")
        out = made(torch.tensor([[NAN, 0.0], [0.0, 0.0]]), torch.tensor([0, 1]))
        assert math.isnan(out[0].item()) and math.isfinite(out[1].item())


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2}, {"weight": torch.tensor([1.0, 2.0, 0.5])}])
@pytest.mark.parametrize("classes", [3, 64])
def test_the_scores_may_be_written_once_the_loss_is_known(options, classes):
    if classes != 3 and "weight" in options:
        options = {"weight": torch.ones(classes)}
    target = torch.tensor([0, 2])
    first = torch.randn(2, classes, requires_grad=True)

    def gradients(write):
        scores = first * 1.5
        loss = nn.functional.cross_entropy(scores, target, **options)
        if write:
            scores.zero_()
        (g,) = torch.autograd.grad(loss, first, create_graph=True)
        (h,) = torch.autograd.grad((g**2).sum(), first)
        return g.detach().numpy(), h.numpy()

    for ours, right in zip(gradients(write=True), gradients(write=False), strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-4, atol=1e-7)


def test_classes_given_as_floats_are_told_by_their_dtype():
    with pytest.raises(ValueError, match=r"dtype float32 holds probabilities.*convert them with \.long\(\)"):
        nn.functional.cross_entropy(torch.zeros(3, 4), torch.tensor([0.0, 1.0, 2.0]))
    with pytest.raises(RuntimeError, match=r"expected target classes as int64, got int32; use \.long\(\)"):
        nn.functional.cross_entropy(torch.zeros(1, 4), torch.tensor([0], dtype=torch.int32))


def test_probabilities_have_no_class_to_ignore():
    x, p = torch.tensor([[1.0, 2.0, 0.0]]), torch.tensor([[0.2, 0.3, 0.5]])
    with pytest.raises(RuntimeError, match="ignore_index=1 is a class, and the target holds probabilities"):
        nn.functional.cross_entropy(x, p, ignore_index=1)
    assert nn.functional.cross_entropy(x, p, ignore_index=-1).item() == pytest.approx(1.607606)


@pytest.mark.parametrize("make", [nn.CrossEntropyLoss, nn.NLLLoss])
@pytest.mark.parametrize(
    ("weight", "told"),
    [
        (torch.ones(2), r"shape \(3,\)"),
        (torch.ones(3, dtype=torch.int64), "dtype, float32, but it has int64"),
    ],
)
def test_wrong_class_weights_are_refused(make, weight, told):
    with pytest.raises(RuntimeError, match=told):
        make(weight)(torch.zeros(1, 3), torch.tensor([0]))


@pytest.mark.parametrize("wrong", [[3.0, 1.0], [0.5, -0.1], [NAN, 1.0]])
def test_binary_cross_entropy_takes_probabilities_on_both_sides(wrong):
    right = torch.tensor([0.2, 0.1])
    for argument, pair in (("input", (torch.tensor(wrong), right)), ("target", (right, torch.tensor(wrong)))):
        with pytest.raises(RuntimeError, match=f"all elements of {argument} should be between 0 and 1"):
            nn.functional.binary_cross_entropy(*pair)


LOGITS = [0.3, -1.0, 2.0, 20.0]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("pos_weight", [None, [3.0, 0.5, 1.0, 2.0]])
def test_binary_cross_entropy_of_logits_and_all_its_gradients(reduction, pos_weight):
    x, t = np.array(LOGITS), np.array([1.0, 0.2, 0.0, 0.7])
    p = np.ones(4) if pos_weight is None else np.array(pos_weight)
    s = 1 / (1 + np.exp(-x))
    each = -(p * t * np.log(s) + (1 - t) * np.log1p(-s))
    n = 4 if reduction == "mean" else 1
    given = [torch.tensor(v, requires_grad=True) for v in (x, t, p)]
    options = {} if pos_weight is None else {"pos_weight": given[2]}
    loss = nn.functional.binary_cross_entropy_with_logits(*given[:2], reduction=reduction, **options)
    loss.sum().backward()
    total = each if reduction == "none" else each.sum() / n
    np.testing.assert_allclose(loss.detach().numpy(), total, rtol=1e-7)
    slopes = [(s * (1 - t) - p * t * (1 - s)) / n, (-p * np.log(s) + np.log1p(-s)) / n, -t * np.log(s) / n]
    for leaf, slope in zip(given if pos_weight else given[:2], slopes, strict=False):
        np.testing.assert_allclose(leaf.grad.numpy(), slope, rtol=1e-7, atol=1e-16)


def test_binary_cross_entropy_of_float16_logits():
    # PyTorch 2.13: 0.2625, [-0.1259, 0.0897, 0].
    x = torch.tensor([0.5, -1.0, 20.0], dtype=torch.float16, requires_grad=True)
    loss = nn.BCEWithLogitsLoss()(x, torch.tensor([1.0, 0.0, 1.0], dtype=torch.float16))
    loss.backward()
    assert (loss.dtype, x.grad.dtype) == (torch.float16, torch.float16)
    assert loss.item() == pytest.approx(0.2625, abs=2e-4)
    np.testing.assert_allclose(x.grad.numpy(), [-0.1259, 0.0897, 0.0], atol=2e-4)


PAIRED = ["mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"]


@pytest.mark.parametrize("name", PAIRED)
def test_unequal_shapes_broadcast_with_a_warning(name):
    loss = getattr(nn.functional, name)
    x, y = torch.tensor([[1.0], [3.0]], requires_grad=True), torch.tensor([0.5, 0.75, 3.25])
    with pytest.warns(UserWarning, match=r"shape \(3,\) that differs from the input's, \(2, 1\)"):
        out = loss(x, y, reduction="none")
    assert out.tolist() == loss(x.expand(2, 3), y.expand(2, 3), reduction="none").tolist()
    with pytest.raises(RuntimeError, match="do not even broadcast"):
        loss(torch.ones(2), y)


@pytest.mark.parametrize("name", ["mse_loss", "huber_loss", "smooth_l1_loss"])
def test_integers_have_no_loss(name):
    with pytest.raises(RuntimeError, match=f"{name}|huber"):
        getattr(nn.functional, name)(torch.tensor([1, 2]), torch.tensor([4, 4]))


@pytest.mark.parametrize("name", [*PAIRED, "kl_div", "binary_cross_entropy", "nll_loss"])
def test_a_number_is_no_target(name):
    with pytest.raises(TypeError, match=rf"{name}\(\): argument 'target' must be a Tensor, not float"):
        getattr(nn.functional, name)(torch.ones(3), 0.5)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_a_weight_is_a_tensor_that_broadcasts_to_the_input(name):
    loss, x = getattr(nn.functional, name), torch.tensor([0.5, 0.5])
    assert loss(x, x, weight=torch.tensor([2.0])).item() == pytest.approx(2 * loss(x, x).item())
    with pytest.raises(RuntimeError, match=r"weight \(3,\) does not broadcast to the input, \(2,\)"):
        loss(x, x, weight=torch.ones(3))
    with pytest.raises(TypeError, match="'weight' must be a Tensor, not float"):
        loss(x, x, weight=2.0)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss"])
def test_the_third_argument_of_a_loss_is_pytorchs_size_average(name):
    # By position "sum" is no reduction there; it must not become one here.
    x = torch.ones(2)
    with pytest.raises(
        (TypeError, ValueError, NotImplementedError), match="reduction='mean', 'sum' or 'none'"
    ):
        getattr(torch.nn.functional, name)(x, x, "sum")


def test_the_elements_of_a_loss_may_have_weights():
    """The numbers are PyTorch's: "mean" divides by the sum of the weights, but Huber's by the number."""
    x, zero, weight = torch.tensor([1.0, 2.0, 3.0]), torch.zeros(3), torch.tensor([1.0, 2.0, 3.0])
    expected = {"mse_loss": (6.0, 36.0), "l1_loss": (7 / 3, 14.0), "huber_loss": (11 / 3, 11.0)}
    for name, (mean, total) in expected.items():
        loss = getattr(torch.nn.functional, name)
        assert loss(x, zero, weight=weight).item() == pytest.approx(mean)
        assert loss(x, zero, weight=weight, reduction="sum").item() == pytest.approx(total)
        assert loss(x, zero, weight=weight, reduction="none").sum().item() == pytest.approx(total)
        with pytest.raises(ValueError, match="same size"):
            loss(x, zero, weight=weight[:1])
