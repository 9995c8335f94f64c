"""nn.init: the distributions, their fans and gains."""

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad.nn import init


def filled(fill, *shape, **options):
    w = torch.empty(shape)
    assert fill(w, generator=torch.Generator().manual_seed(1), **options) is w
    return w.numpy()


def test_fans_count_the_receptive_field():
    assert init._calculate_fan_in_and_fan_out(torch.empty(5, 3)) == (3, 5)
    assert init._calculate_fan_in_and_fan_out(torch.empty(5, 3, 2, 2)) == (12, 20)
    with pytest.raises(ValueError, match="two or more dimensions"):
        init._calculate_fan_in_and_fan_out(torch.empty(5))


def test_gains():
    assert init.calculate_gain("linear") == 1
    assert init.calculate_gain("tanh") == pytest.approx(5 / 3)
    assert init.calculate_gain("relu") == pytest.approx(math.sqrt(2))
    assert init.calculate_gain("selu") == 0.75
    assert init.calculate_gain("leaky_relu", 2.0) == pytest.approx(math.sqrt(2 / 5))
    with pytest.raises(ValueError, match="known are linear"):
        init.calculate_gain("mish")
    with pytest.raises(ValueError, match="number"):
        init.calculate_gain("leaky_relu", "x")


def test_constants():
    w = torch.empty(2, 3)
    assert init.constant_(w, 2.5).tolist() == [[2.5] * 3] * 2
    assert init.ones_(w).tolist() == [[1.0] * 3] * 2
    assert init.zeros_(w).tolist() == [[0.0] * 3] * 2
    assert init.eye_(w).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    with pytest.raises(ValueError, match="matrix"):
        init.eye_(torch.empty(2))


@pytest.mark.parametrize(
    ("fill", "options", "std"),
    [
        (init.uniform_, {"a": -2.0, "b": 2.0}, 2 / math.sqrt(3)),
        (init.normal_, {"mean": 0.0, "std": 0.3}, 0.3),
        (init.xavier_uniform_, {"gain": 2.0}, 2 * math.sqrt(2 / 300)),
        (init.xavier_normal_, {}, math.sqrt(2 / 300)),
        (init.kaiming_uniform_, {"nonlinearity": "relu"}, math.sqrt(2 / 100)),
        (init.kaiming_normal_, {"nonlinearity": "relu"}, math.sqrt(2 / 100)),
        (init.kaiming_normal_, {"a": 1.0, "mode": "fan_out"}, math.sqrt(1 / 200)),
    ],
)
def test_random_fills_have_the_standard_deviation_of_their_paper(fill, options, std):
    values = filled(fill, 200, 100, **options)
    assert abs(values.mean()) < 4 * std / math.sqrt(values.size)
    assert values.std() == pytest.approx(std, rel=0.02)


def test_uniform_bounds():
    values = filled(init.kaiming_uniform_, 50, 100, a=math.sqrt(5))
    assert np.abs(values).max() <= 0.1
    assert np.abs(values).max() > 0.099


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="'fan_avg'"):
        init.kaiming_normal_(torch.empty(2, 2), mode="fan_avg")


def test_an_empty_weight_warns():
    with pytest.warns(UserWarning, match="nothing to initialise"):
        init.kaiming_uniform_(torch.empty(0, 3))


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [(0.0, 1.0, -2.0, 2.0), (1.0, 0.5, 0.9, 1.0), (0.0, 1.0, 1.5, 9.0), (0.0, 1.0, -math.inf, -1.6)],
)
def test_truncated_normal_has_the_moments_of_the_cut_distribution(mean, std, a, b):
    values = filled(init.trunc_normal_, 20000, mean=mean, std=std, a=a, b=b)
    assert values.min() >= a
    assert values.max() <= b
    grid = np.linspace(max(a, mean - 9 * std), min(b, mean + 9 * std), 20001)
    density = np.exp(-0.5 * ((grid - mean) / std) ** 2)
    density /= density.sum()
    expected = (grid * density).sum()
    spread = math.sqrt(((grid - expected) ** 2 * density).sum())
    assert values.mean() == pytest.approx(expected, abs=5 * spread / math.sqrt(values.size))
    assert values.std() == pytest.approx(spread, rel=0.03)


def test_a_far_tail_is_drawn_and_warned_about():
    with pytest.warns(UserWarning, match="two standard deviations"):
        values = filled(init.trunc_normal_, 2000, a=10.0, b=1e6)
    assert values.min() >= 10
    assert values.mean() == pytest.approx(10.098, abs=0.02)


def test_truncation_needs_an_interval():
    with pytest.raises(ValueError, match="a <= b"):
        init.trunc_normal_(torch.empty(2), a=1.0, b=0.0)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (4, 2, 3)])
def test_orthogonal_rows_or_columns(shape):
    w = filled(init.orthogonal_, *shape, gain=2.0).reshape(shape[0], -1)
    gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)
    with pytest.raises(ValueError, match="two or more"):
        init.orthogonal_(torch.empty(3))


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)])
def test_orthogonal_is_q_times_the_signs_of_the_diagonal_of_r(shape):
    torch.manual_seed(5)
    w = init.orthogonal_(torch.empty(shape, dtype=torch.float64), gain=3.0).numpy() / 3
    torch.manual_seed(5)
    tall = (max(shape), min(shape))
    drawn = torch.empty(tall, dtype=torch.float64).normal_().numpy()
    # Gram and Schmidt: the unique factors with a positive diagonal of R, whatever signs LAPACK chose.
    columns = []
    for column in drawn.T:
        rest = column - sum((q @ column) * q for q in columns)
        columns.append(rest / np.linalg.norm(rest))
    q = np.stack(columns, 1)
    np.testing.assert_allclose(w, q if shape == tall else q.T, rtol=1e-10, atol=1e-12)


def test_orthogonal_is_uniform_so_that_no_entry_has_a_sign_of_its_own():
    torch.manual_seed(0)
    drawn = np.stack([init.orthogonal_(torch.empty(2, 2)).numpy() for _ in range(400)])
    # Without the signs of R, LAPACK's Householder reflections make the first entry negative every time.
    assert abs((drawn[:, 0, 0] > 0).mean() - 0.5) < 0.1
    assert abs(np.linalg.det(drawn).mean()) < 0.2


@pytest.mark.parametrize(
    ("fill", "options", "std"),
    [
        (init.xavier_uniform_, {"gain": 2.0}, 2 * math.sqrt(2 / 700)),
        (init.xavier_normal_, {}, math.sqrt(2 / 700)),
        (init.kaiming_uniform_, {"a": 0.5}, math.sqrt(2 / 1.25 / 400)),
        (init.kaiming_uniform_, {"mode": "fan_out", "nonlinearity": "tanh"}, 5 / 3 / math.sqrt(300)),
        (init.kaiming_normal_, {"nonlinearity": "relu"}, math.sqrt(2 / 400)),
        (init.kaiming_normal_, {"nonlinearity": "selu"}, 3 / 4 / math.sqrt(400)),
        (init.normal_, {"mean": 1.0, "std": 3.0}, 3.0),
        (init.uniform_, {"a": -1.0, "b": 5.0}, 6 / math.sqrt(12)),
    ],
)
def test_the_schemes_have_the_standard_deviation_of_their_papers(fill, options, std):
    torch.manual_seed(1)
    values = fill(torch.empty(300, 400), **options).numpy()
    assert values.std() == pytest.approx(std, rel=0.01)
    if "uniform" in fill.__name__:
        assert np.abs(values - values.mean()).max() <= math.sqrt(3) * std * 1.01


def test_filling_a_parameter_is_not_recorded():
    w = torch.nn.Parameter(torch.empty(2, 2))
    for fill in (init.ones_, init.eye_, init.normal_, init.orthogonal_, init.trunc_normal_):
        fill(w)
    assert w.is_leaf
    assert w.requires_grad


def test_the_gain_of_a_leaky_relu_without_a_slope_is_that_of_a_hundredth():
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))
    assert init.calculate_gain("leaky_relu", 2) == math.sqrt(2 / 5)


@pytest.mark.parametrize("name", init._OLD)
def test_the_names_without_an_underscore_work_and_warn(name):
    w = torch.full((2, 2, 3) if name == "dirac" else (2, 2), 7.0)
    options = {"constant": {"val": 3.0}, "sparse": {"sparsity": 0.5}}.get(name, {})
    with pytest.warns(FutureWarning, match=rf"`nn\.init\.{name}` is now .* `nn\.init\.{name}_`"):
        assert getattr(init, name)(w, **options) is w
    assert (w != 7).all()


def test_dirac_passes_channels_on():
    w = init.dirac_(torch.empty(4, 2, 3, 3), groups=2)
    x = torch.randn(1, 4, 5, 5)
    assert torch.nn.functional.conv2d(x, w, padding=1, groups=2).equal(x)
    assert w.sum() == 4
    y = torch.nn.functional.conv1d(x[0, :, 0], init.dirac_(torch.empty(3, 4, 1)))
    assert y.equal(x[0, :3, 0])
    with pytest.raises(ValueError, match=r"3, 4 or 5 dimensions, not \(2, 2\)"):
        init.dirac_(torch.empty(2, 2))
    with pytest.raises(ValueError, match="3 channels are not divided by 2"):
        init.dirac_(torch.empty(3, 2, 1), groups=2)


def test_sparse_has_zeros_in_each_column_and_a_normal_elsewhere():
    w = init.sparse_(torch.empty(100, 200), sparsity=0.125, std=2.0)
    assert ((w == 0).sum(0) == 13).all() and abs(w[w != 0].std() - 2) < 0.05
    assert len(set((w == 0).sum(1).tolist())) > 5  # which rows they are is drawn
    with pytest.raises(ValueError, match="a matrix"):
        init.sparse_(torch.empty(2), 0.5)
