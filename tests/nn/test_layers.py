"""Linear, Bilinear, Embedding, Dropout, the norms, Flatten, Identity, the activations."""

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn


def test_linear_is_x_times_weight_transposed_plus_bias():
    layer = nn.Linear(3, 2)
    x = torch.randn(5, 3)
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, rtol=1e-5)


def test_linear_starts_uniform_within_one_over_the_root_of_its_inputs():
    layer = nn.Linear(400, 50)
    for parameter in layer.parameters():
        values = parameter.detach().numpy()
        assert np.abs(values).max() <= 1 / 20
        assert abs(values.std() - 1 / 20 / math.sqrt(3)) < 0.01


def test_linear_without_bias_and_in_float64():
    layer = nn.Linear(2, 1, bias=False, dtype=torch.float64)
    assert layer.bias is None
    assert list(layer.state_dict()) == ["weight"]
    assert layer.weight.dtype == torch.float64


def test_the_same_seed_gives_the_same_layer():
    made = []
    for _ in range(2):
        torch.manual_seed(3)
        made.append(nn.Linear(3, 3).weight.tolist())
    assert made[0] == made[1]


def test_bilinear_is_a_form_per_output():
    layer = nn.Bilinear(2, 3, 4)
    x, y = torch.randn(5, 6, 2), torch.randn(5, 6, 3)
    weight, bias = (p.detach().numpy() for p in layer.parameters())
    expected = np.einsum("abi,oij,abj->abo", x.numpy(), weight, y.numpy()) + bias
    np.testing.assert_allclose(layer(x, y).detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_bilinear_explains_wrong_shapes():
    layer = nn.Bilinear(2, 3, 4)
    with pytest.raises(ValueError, match="last dimension"):
        layer(torch.ones(2, 2), torch.ones(3, 3))
    with pytest.raises(ValueError, match="in2_features=3, the input ends in 4"):
        layer(torch.ones(2, 2), torch.ones(2, 4))
    with pytest.raises(ValueError, match="positive"):
        nn.Bilinear(0, 1, 1)


def test_flatten_and_identity():
    x = torch.ones(2, 3, 4, 5)
    assert nn.Flatten()(x).shape == (2, 60)
    assert nn.Flatten(0, 1)(x).shape == (6, 4, 5)
    assert nn.Identity()(x) is x


def test_dropout_drops_and_rescales_in_training_only():
    torch.manual_seed(0)
    layer = nn.Dropout(0.25)
    out = layer(torch.ones(2000))
    kept = out.numpy() != 0
    assert abs(kept.mean() - 0.75) < 0.05
    np.testing.assert_allclose(out.numpy()[kept], 1 / 0.75, rtol=1e-6)
    x = torch.ones(5)
    assert torch.equal(layer.eval()(x), x)
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.Dropout(1.5)


def test_dropout_of_everything_is_zero_with_zero_gradient():
    x = torch.ones(3, requires_grad=True)
    nn.Dropout(1.0)(x).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_batch_norm_gives_each_feature_mean_zero_and_variance_one():
    layer = nn.BatchNorm1d(3)
    out = layer(torch.randn(50, 3) * 4 + 2).detach().numpy()
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(0), 1, atol=1e-3)


def test_batch_norm_remembers_and_uses_it_in_evaluation():
    layer = nn.BatchNorm1d(1)
    x = torch.tensor([[1.0], [3.0]])
    layer(x)
    assert layer.running_mean.tolist() == pytest.approx([0.2])
    assert layer.running_var.tolist() == pytest.approx([0.9 + 0.1 * 2])
    assert layer.num_batches_tracked.item() == 1
    out = layer.eval()(x).detach()
    np.testing.assert_allclose(out.numpy(), (x.numpy() - 0.2) / np.sqrt(1.1 + 1e-5), rtol=1e-5)
    assert layer.num_batches_tracked.item() == 1
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0.0]
    assert layer.running_var.tolist() == [1.0]


def test_batch_norm_without_momentum_averages_all_batches():
    layer = nn.BatchNorm1d(1, momentum=None)
    for value in (1.0, 2.0, 6.0):
        layer(torch.tensor([[value], [value]]))
    assert layer.running_mean.tolist() == pytest.approx([3.0])


def test_batch_norm_without_statistics_uses_the_batch_in_evaluation_too():
    layer = nn.BatchNorm1d(2, track_running_stats=False, affine=False).eval()
    assert not list(layer.parameters())
    assert not layer.state_dict()
    assert abs(layer(torch.randn(20, 2)).mean().item()) < 1e-6


def test_batch_norm_refuses_other_ranks():
    with pytest.raises(ValueError, match=r"\(N, C\) or \(N, C, L\)"):
        nn.BatchNorm1d(2)(torch.ones(2))


def test_the_norms_add_a_hundred_thousandth_to_the_variance():
    x = torch.tensor([[0.0], [0.002]], dtype=torch.float64)  # of variance 1e-6
    high = 0.001 / math.sqrt(1e-6 + 1e-5)
    for out in (
        nn.functional.layer_norm(x.T, (2,))[0],
        nn.LayerNorm(2, dtype=torch.float64)(x.T)[0],
        nn.functional.batch_norm(x, None, None, training=True)[:, 0],
        nn.BatchNorm1d(1, dtype=torch.float64)(x)[:, 0],
        nn.functional.batch_norm(x, x.mean(0), x.var(0, correction=0))[:, 0],
    ):
        np.testing.assert_allclose(out.detach().numpy(), [-high, high], rtol=1e-9)


def test_normalize_divides_by_no_less_than_a_trillionth():
    x = torch.tensor([[3e-13, 4e-13], [0.0, 0.0], [3.0, 4.0]], dtype=torch.float64)
    normal = nn.functional.normalize
    np.testing.assert_allclose(normal(x).numpy(), [[0.3, 0.4], [0, 0], [0.6, 0.8]], rtol=1e-12)
    np.testing.assert_allclose(normal(x, p=1.0, eps=14.0)[2].numpy(), [3 / 14, 4 / 14], rtol=1e-12)
    np.testing.assert_allclose(normal(x[2:], dim=0).numpy(), [[1.0, 1.0]])


def test_one_hot_has_a_one_for_each_class_up_to_the_largest():
    one_hot = nn.functional.one_hot
    assert one_hot(torch.tensor([0, 2])).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert one_hot(torch.tensor([[1], [0]]), 4).tolist() == [[[0, 1, 0, 0]], [[1, 0, 0, 0]]]


@pytest.mark.parametrize("widths", [(-3, 0), (0, -3), (-3, 1), (1, -3), (-1, -2), (1, 1, -2, 1)])
def test_pad_takes_no_more_than_there_is(widths):
    with pytest.raises(RuntimeError, match=r"pad: -?\d and -?\d take more than the \d elements of dimension"):
        nn.functional.pad(torch.ones(1, 2), widths)


def test_bilinear_starts_uniform_within_one_over_the_root_of_its_first_inputs():
    layer = nn.Bilinear(100, 3, 50)
    for parameter in layer.parameters():
        values = parameter.detach().numpy()
        assert 0.09 < np.abs(values).max() <= 0.1


def test_layer_norm_normalises_each_sample():
    layer = nn.LayerNorm((2, 3), dtype=torch.float64)
    x = np.random.default_rng(0).standard_normal((4, 2, 3)) * 3 + 1
    mean, variance = (f(x, axis=(1, 2), keepdims=True) for f in (np.mean, np.var))
    out = layer(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(out, (x - mean) / np.sqrt(variance + 1e-5), rtol=1e-12)
    assert nn.LayerNorm(3, bias=False).bias is None
    assert nn.LayerNorm(3, elementwise_affine=False).weight is None


def test_embedding_looks_rows_up_and_sends_gradients_to_them():
    layer = nn.Embedding(4, 2)
    out = layer(torch.tensor([[1, 3], [1, 1]]))
    assert out.shape == (2, 2, 2)
    assert out[0, 1].tolist() == layer.weight[3].tolist()
    out.sum().backward()
    assert layer.weight.grad.tolist() == [[0.0, 0.0], [3.0, 3.0], [0.0, 0.0], [1.0, 1.0]]


def test_embedding_padding_is_zero_and_is_not_trained():
    layer = nn.Embedding(3, 2, padding_idx=-1)
    assert layer.padding_idx == 2
    assert layer.weight[2].tolist() == [0.0, 0.0]
    layer(torch.tensor([2, 0])).sum().backward()
    assert layer.weight.grad[2].tolist() == [0.0, 0.0]
    assert layer.weight.grad[0].tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="rows"):
        nn.Embedding(3, 2, padding_idx=3)


def test_embedding_from_a_given_table():
    table = torch.randn(3, 2)
    layer = nn.Embedding.from_pretrained(table)
    assert not layer.weight.requires_grad
    assert layer(torch.tensor([1])).tolist() == [table[1].tolist()]
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    with pytest.raises(ValueError, match="two-dimensional"):
        nn.Embedding.from_pretrained(torch.ones(3))


def test_embedding_has_no_sparse_gradients():
    with pytest.raises(NotImplementedError, match="Embedding has no sparse gradient"):
        nn.Embedding(2, 2, sparse=True)
    with pytest.raises(NotImplementedError, match="embedding: sparse"):
        nn.functional.embedding(torch.tensor([0]), torch.eye(2), sparse=True)


ROWS = [[3.0, 4.0], [0.3, 0.4], [6.0, 8.0], [-5.0, 12.0]]


@pytest.mark.parametrize(
    ("order", "norms"), [(2.0, [5, 0.5, 10, 13]), (1.0, [7, 0.7, 14, 17]), (math.inf, [4, 0.4, 8, 12])]
)
def test_embedding_shortens_the_rows_that_it_looks_up(order, norms):
    table = torch.tensor(ROWS, dtype=torch.float64)
    layer = nn.Embedding.from_pretrained(table, freeze=False, max_norm=2.0, norm_type=order)
    out = layer(torch.tensor([[0, 1], [3, 0]]))
    expected = np.array(ROWS)
    for row in (0, 3):  # row 1 is short enough, row 2 was not asked for
        expected[row] *= 2 / (norms[row] + 1e-7)
    np.testing.assert_allclose(layer.weight.detach().numpy(), expected, rtol=1e-14)
    assert out.tolist() == [
        [layer.weight[0].tolist(), layer.weight[1].tolist()],
        layer.weight[[3, 0]].tolist(),
    ]
    out.sum().backward()
    assert layer.weight.grad.tolist() == [[2, 2], [1, 1], [0, 0], [1, 1]]


def test_embedding_scales_the_gradient_by_frequency_and_leaves_that_of_its_output():
    table = torch.tensor(ROWS, requires_grad=True)
    out = nn.functional.embedding(torch.tensor([0, 2, 0, 0]), table, scale_grad_by_freq=True, padding_idx=2)
    out.retain_grad()
    out.backward(torch.tensor([[1.0, 2.0], [4.0, 4.0], [3.0, 5.0], [5.0, 5.0]]))
    assert table.grad.tolist() == [[pytest.approx(3.0), pytest.approx(4.0)], [0, 0], [0, 0], [0, 0]]
    assert out.grad.tolist()[1] == [4.0, 4.0]
    out.detach().add_(1)
    assert table[0].tolist() == ROWS[0]


def test_the_gradient_of_a_look_up_itself_knows_no_frequency():
    table = torch.ones(2, 1, requires_grad=True)
    out = nn.functional.embedding(torch.tensor([0, 0]), table, scale_grad_by_freq=True)
    out.retain_grad()
    out.sum().backward()
    assert out.grad.tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize("padding", [1, -3])
def test_embedding_has_no_gradient_for_padding_in_any_order(padding):
    layer = nn.Embedding(4, 2, padding_idx=padding)
    assert layer.padding_idx == 1
    assert layer.weight[1].tolist() == [0.0, 0.0]
    out = nn.functional.embedding(torch.tensor([0, 1, 1, 3]), layer.weight, padding)
    out.sum().backward()
    assert layer.weight.grad.tolist() == [[1, 1], [0, 0], [0, 0], [1, 1]]
    with pytest.raises(ValueError, match="is no row of the 4 rows"):
        nn.functional.embedding(torch.tensor([0]), layer.weight, -5)


def test_embedding_prints_its_options():
    layer = nn.Embedding(3, 2, padding_idx=-1, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)
    text = "Embedding(3, 2, padding_idx=2, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)"
    assert repr(layer) == text


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (nn.ReLU(), lambda x: np.maximum(x, 0)),
        (nn.LeakyReLU(0.1), lambda x: np.where(x > 0, x, 0.1 * x)),
        (nn.ELU(2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x))),
        (nn.SELU(), lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
        (nn.SiLU(), lambda x: x / (1 + np.exp(-x))),
        (nn.Softplus(2.0), lambda x: np.log1p(np.exp(2 * x)) / 2),
        (nn.Hardtanh(-0.5, 2.0), lambda x: np.clip(x, -0.5, 2.0)),
        (nn.LogSigmoid(), lambda x: -np.log1p(np.exp(-x))),
        (nn.Sigmoid(), lambda x: 1 / (1 + np.exp(-x))),
        (nn.Tanh(), np.tanh),
        (nn.GELU(), lambda x: x / 2 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))),
        (nn.Softmax(1), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
        (nn.LogSoftmax(1), lambda x: x - np.log(np.exp(x).sum(1, keepdims=True))),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_activations_are_their_formula(layer, function):
    x = np.linspace(-3, 3, 24).reshape(4, 6)
    np.testing.assert_allclose(layer(torch.tensor(x)).numpy(), function(x), rtol=1e-12, atol=1e-12)


def test_an_activation_in_place_changes_its_input():
    x = torch.tensor([-1.0, 2.0])
    out = nn.ReLU(inplace=True)(x)
    assert x.tolist() == [0.0, 2.0]
    assert out.tolist() == [0.0, 2.0]


def test_hardtanh_wants_an_interval():
    with pytest.raises(ValueError, match="min_val < max_val"):
        nn.Hardtanh(1.0, 1.0)


def test_gelu_of_inf_is_inf():
    # Not left to the comparison with PyTorch, whose float32 answer is nan on some processors, inf on others.
    assert torch.nn.functional.gelu(torch.tensor([float("inf"), 0.0])).tolist() == [float("inf"), 0.0]


@pytest.mark.parametrize(
    ("name", "slope"),
    [("hardtanh", 0.0), ("elu", math.nan), ("selu", math.nan), ("leaky_relu", 0.01), ("relu", 1.0)],
)
def test_the_slope_of_activations_at_nan(name, slope):
    # PyTorch 2.13 for the vectors of a long contiguous tensor; for the elements after the last whole vector,
    # and for other layouts, it has 1, 1 and 1.0507 for the first three.
    x = torch.full((32,), math.nan, requires_grad=True)
    getattr(nn.functional, name)(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.full(32, slope), rtol=1e-6)


@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.01, 1.0, 3.0])
def test_leaky_relu_at_every_slope(slope):
    x = torch.tensor([math.inf, -math.inf, -2.0, 0.0, -0.0, 5.0], dtype=torch.float64, requires_grad=True)
    out = nn.functional.leaky_relu(x, slope)
    out.backward(torch.tensor([2.0, 3.0, 5.0, 7.0, 11.0, 13.0], dtype=torch.float64))
    low = math.nan if slope == 0 else -math.inf * slope
    np.testing.assert_allclose(out.detach().numpy(), [math.inf, low, -2 * slope, 0, 0, 5])
    assert x.grad.tolist() == [2.0, 3 * slope, 5 * slope, 7 * slope, 11 * slope, 13.0]


def test_dropout_of_all_integers_is_zero_and_of_none_the_input():
    x = torch.tensor([1, 2])
    assert nn.Dropout(1.0)(x).tolist() == [0, 0]
    assert nn.Dropout(1.0)(x).dtype == torch.int64
    assert nn.Dropout(0.0)(x) is x


@pytest.mark.parametrize("shape", [(0, 2), (2, 2, 0), (0, 2, 3)])
def test_batch_norm_of_an_empty_batch_is_empty_and_leaves_the_statistics(shape):
    layer = nn.BatchNorm1d(2)
    x = torch.ones(shape, requires_grad=True)
    out = layer(x)
    out.sum().backward()
    assert out.shape == x.grad.shape == shape
    assert layer.weight.grad.tolist() == layer.bias.grad.tolist() == [0.0, 0.0]
    assert (layer.running_mean.tolist(), layer.running_var.tolist()) == ([0.0, 0.0], [1.0, 1.0])
    assert layer.num_batches_tracked.item() == 1


@pytest.mark.parametrize("rows", [2, 16])
def test_equal_numbers_are_normalised_to_zero(rows):
    x = torch.full((rows, 1000), 0.1) * torch.arange(1, rows + 1).unsqueeze(1)
    assert not nn.functional.layer_norm(x, (1000,)).any()
    assert not nn.functional.batch_norm(x.T, None, None, training=True).any()
