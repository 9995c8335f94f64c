"""Parametrized tensors, and the parametrizations of weights."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn.utils import parametrizations, parametrize
from minigrad.testing import check_grads


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T

    def right_inverse(self, x):
        return x.triu()


class Doubled(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return 2 * x


class Product(nn.Module):
    """A matrix of rank 1: two vectors."""

    def forward(self, a, b):
        return a[:, None] * b

    def right_inverse(self, x):
        return x[:, 0], x[0]


def test_a_parametrized_weight_is_computed_trained_and_saved_by_its_original():
    layer = nn.Linear(3, 3)
    weight = layer.weight
    assert parametrize.register_parametrization(layer, "weight", Symmetric()) is layer
    assert isinstance(layer, nn.Linear) and type(layer).__name__ == "ParametrizedLinear"
    assert torch.equal(layer.weight, layer.weight.T)
    assert layer.parametrizations.weight.original is weight  # what an optimiser may hold
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    x = torch.randn(2, 3)
    assert torch.allclose(layer(x), x @ layer.weight.T + layer.bias)
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.1)
    layer(x).square().sum().backward()
    before = layer.weight.detach()
    optimiser.step()
    assert not torch.equal(layer.weight, before) and torch.equal(layer.weight, layer.weight.T)
    other = parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other.weight, layer.weight)
    assert repr(layer).startswith("ParametrizedLinear(\n  in_features=3, out_features=3, bias=True\n  (param")


def test_gradients_go_through_a_parametrization():
    layer = nn.Linear(3, 3, dtype=torch.float64)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    check_grads(layer, np.random.default_rng(0).standard_normal((2, 3)), order=2)


def test_parametrizations_are_applied_in_their_order():
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    parametrize.register_parametrization(layer, "weight", Symmetric())
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert layer.weight.tolist() == [[2, 4], [4, 8]]
    assert len(layer.parametrizations.weight) == 2
    assert parametrize.is_parametrized(layer, "weight") and not parametrize.is_parametrized(layer, "bias")


def test_assigning_goes_through_the_right_inverse():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    layer.weight = torch.tensor([[1.0, 2.0], [2.0, 3.0]])
    assert layer.weight.tolist() == [[1, 2], [2, 3]]
    assert layer.parametrizations.weight.original.tolist() == [[1, 2], [0, 3]]
    with pytest.raises(ValueError, match=r"torch\.float32 tensor, not torch\.float64"):
        layer.weight = torch.ones(2, 2, dtype=torch.float64)


class Added(nn.Module):
    def forward(self, x):
        return x + 1

    def right_inverse(self, x):
        return x - 1


class Squared(nn.Module):
    def forward(self, x):
        return x * x

    def right_inverse(self, x):
        return x.sqrt()


def test_three_parametrizations_and_their_inverses_keep_their_order():
    layer = nn.Linear(1, 1)
    for part in (Added(), Squared(), Doubled()):
        parametrize.register_parametrization(layer, "weight", part)
    layer.parametrizations.weight.original.data.fill_(2.0)
    assert layer.weight.item() == 18
    layer = nn.Linear(1, 1)
    for part in (Added(), Squared()):
        parametrize.register_parametrization(layer, "weight", part)
    layer.weight = torch.tensor([[25.0]])
    assert layer.parametrizations.weight.original.item() == 4 and layer.weight.item() == 25


def test_a_weight_of_several_originals():
    layer = nn.Linear(2, 3)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 6.0], [5.0, 10.0]]))
    parametrize.register_parametrization(layer, "weight", Product())
    made = layer.parametrizations.weight
    assert not made.is_tensor and made.ntensors == 2 and made.original0.requires_grad
    assert list(layer.state_dict()) == [
        "bias", "parametrizations.weight.original0", "parametrizations.weight.original1",
    ]  # fmt: skip
    assert layer.weight.tolist() == [[1, 2], [3, 6], [5, 10]]
    layer.weight = torch.tensor([[2.0, 1.0], [2.0, 1.0], [2.0, 1.0]])
    assert made.original0.tolist() == [2, 2, 2] and made.original1.tolist() == [2, 1]
    with pytest.raises(ValueError, match="several tensors"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer.weight) is nn.Parameter and layer.weight.tolist() == [[4, 2], [4, 2], [4, 2]]


@pytest.mark.parametrize("leave", [True, False])
def test_removing_gives_an_ordinary_layer_back(leave):
    layer = nn.Linear(2, 2)
    weight, values = layer.weight, layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Doubled())
    parametrize.register_parametrization(layer, "bias", Doubled())
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=leave)
    assert layer.weight is weight and torch.equal(layer.weight, 2 * values if leave else values)
    assert type(layer).__name__ == "ParametrizedLinear"  # for the bias
    parametrize.remove_parametrizations(layer, "bias")
    assert type(layer) is nn.Linear and not hasattr(layer, "parametrizations")
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    pickle.dumps(layer)


def test_a_copy_has_parametrizations_of_its_own():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Doubled())
    copied = copy.deepcopy(layer)
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and parametrize.is_parametrized(copied)
    assert torch.equal(copied.weight, layer.weight)
    with pytest.raises(RuntimeError, match="state_dict"):
        pickle.dumps(copied)


def test_cached_computes_each_once():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Doubled())
    counter = layer.parametrizations.weight[0]
    start = counter.calls
    with parametrize.cached():
        first = layer.weight
        with parametrize.cached():
            assert layer.weight is first
        assert layer.weight is first
    assert counter.calls == start + 1
    assert layer.weight is not first
    with parametrize.cached():
        assert layer.weight is not first


def test_buffers_and_modes():
    norm = nn.BatchNorm1d(2)
    parametrize.register_parametrization(norm.eval(), "running_mean", Doubled())
    assert not norm.parametrizations.running_mean[0].training
    assert norm.running_mean.tolist() == [0, 0] and not norm.running_mean.requires_grad
    assert "parametrizations.running_mean.original" in norm.state_dict()
    parametrize.remove_parametrizations(norm, "running_mean")
    assert "running_mean" in dict(norm.named_buffers())


class Wrong(nn.Module):
    def __init__(self, made, back=None):
        super().__init__()
        self.made, self.back = made, back

    def forward(self, *_):
        return self.made

    def right_inverse(self, x):
        return x if self.back is None else self.back


@pytest.mark.parametrize(("wrong", "words"), [
    (Wrong(torch.ones(3)), "may not change the shape"),
    (Wrong(torch.ones(2, 2).double()), "may not change the dtype"),
    (Wrong(3), "must return a Tensor, not int"),
    (Wrong(torch.ones(2, 2), 3), "sequence of them, not int"),
    (Wrong(torch.ones(2, 2), [3]), "item 0 is int"),
    (Wrong(torch.ones(2, 2), torch.ones(2, 2).double()), "may not change the dtype"),
])  # fmt: skip
def test_a_wrong_parametrization_is_refused_and_leaves_the_layer(wrong, words):
    layer = nn.Linear(2, 2)
    before = layer.weight.tolist()
    with pytest.raises(ValueError, match=words):
        parametrize.register_parametrization(layer, "weight", wrong)
    assert type(layer) is nn.Linear and layer.weight.tolist() == before
    parametrize.register_parametrization(layer, "weight", Doubled())
    with pytest.raises(ValueError):  # noqa: PT011 (which words depends on the place)
        parametrize.register_parametrization(layer, "weight", Wrong(torch.ones(3)))
    assert len(layer.parametrizations.weight) == 1
    parametrize.register_parametrization(layer, "weight", Wrong(torch.ones(3)), unsafe=True)
    assert layer.weight.shape == (3,)


def test_unknown_names_are_refused():
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="'wight'"):
        parametrize.register_parametrization(layer, "wight", Doubled())
    with pytest.raises(ValueError, match="no parametrization of 'weight'"):
        parametrize.remove_parametrizations(layer, "weight")
    with pytest.raises(ValueError, match="one or more"):
        parametrize.ParametrizationList([], layer.weight)
    for make in (parametrizations.spectral_norm, parametrizations.orthogonal):
        with pytest.raises(ValueError, match="'wight'"):
            make(layer, "wight")


# -- weight norm, spectral norm, orthogonal


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_splits_a_weight_into_norms_and_directions(dim):
    layer = nn.Linear(3, 2, dtype=torch.float64)
    weight = layer.weight.detach().numpy().copy()
    parametrizations.weight_norm(layer, dim=dim)
    g, v = layer.parametrizations.weight.original0, layer.parametrizations.weight.original1
    axis = None if dim is None else 1 - dim
    norms = np.sqrt((weight**2).sum(axis, keepdims=dim is not None))
    np.testing.assert_allclose(g.detach().numpy(), norms, rtol=1e-12)
    np.testing.assert_allclose(layer.weight.detach().numpy(), weight, rtol=1e-12)
    with torch.no_grad():
        g.mul_(3)
        v.mul_(5)
    np.testing.assert_allclose(layer.weight.detach().numpy(), 3 * weight, rtol=1e-12)
    check_grads(layer, np.random.default_rng(0).standard_normal((2, 3)), order=2)


def test_weight_norm_loads_the_older_names():
    layer = parametrizations.weight_norm(nn.Linear(3, 2))
    layer.load_state_dict(
        {"weight_g": torch.full((2, 1), 2.0), "weight_v": torch.ones(2, 3), "bias": torch.ones(2)}
    )
    assert layer.weight.norm(dim=1).tolist() == pytest.approx([2, 2])
    assert isinstance(copy.deepcopy(layer), nn.Linear)


def test_spectral_norm_divides_by_the_largest_singular_value():
    torch.manual_seed(0)
    layer = nn.Linear(4, 3, dtype=torch.float64)
    weight = layer.weight.detach().numpy().copy()
    parametrizations.spectral_norm(layer, n_power_iterations=50)
    largest = np.linalg.svd(weight, compute_uv=False)[0]
    np.testing.assert_allclose(layer.weight.detach().numpy(), weight / largest, rtol=1e-6)
    layer.eval()
    assert torch.equal(layer.weight, layer.weight)
    check_grads(layer, np.random.default_rng(0).standard_normal((2, 4)), order=2)
    conv = parametrizations.spectral_norm(nn.ConvTranspose2d(2, 3, 2))
    assert conv.parametrizations.weight[0]._u.shape == (3,)
    vector = parametrizations.spectral_norm(nn.Linear(4, 3, dtype=torch.float64), "bias")
    assert vector.bias.norm().item() == pytest.approx(1)


def test_two_readings_of_a_spectral_norm_have_one_backward():
    layer = parametrizations.spectral_norm(nn.Linear(4, 3))
    (layer(torch.ones(2, 4)) - layer(torch.zeros(2, 4))).sum().backward()
    assert layer.parametrizations.weight.original.grad.shape == (3, 4)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
@pytest.mark.parametrize("orthogonal_map", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("use_trivialization", [True, False])
def test_an_orthogonal_weight_stays_so(shape, orthogonal_map, use_trivialization):
    torch.manual_seed(0)
    layer = nn.Linear(shape[1], shape[0], dtype=torch.float64)
    parametrizations.orthogonal(layer, orthogonal_map=orthogonal_map, use_trivialization=use_trivialization)
    x = torch.tensor(np.random.default_rng(0).standard_normal((2, shape[1])))
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.1)
    before = layer.weight.detach()
    for _ in range(3):
        optimiser.zero_grad()
        layer(x).sin().sum().backward()
        optimiser.step()
    q = layer.weight.detach().numpy()
    q = q.T if shape[0] < shape[1] else q
    np.testing.assert_allclose(q.T @ q, np.eye(min(shape)), atol=1e-12)
    assert np.abs(layer.weight.detach().numpy() - before.numpy()).max() > 1e-3
    original = layer.parametrizations.weight.original.detach()
    signs = torch.eye(*shape, dtype=torch.float64)  # on the diagonal, where the reflections have a jump

    def made(x):
        return layer.parametrizations.weight[0](x * (1 - signs) + original * signs)

    check_grads(made, original.numpy(), order=2)


@pytest.mark.parametrize("angle", [0.0, 0.3, 3.0, 40.0])
def test_the_exponential_of_a_skew_matrix_is_a_rotation(angle):
    layer = nn.Linear(2, 2, dtype=torch.float64)
    parametrizations.orthogonal(layer, use_trivialization=False)
    layer.parametrizations.weight.original.data = torch.tensor([[7.0, 9.0], [angle, 7.0]]).double()
    c, s = np.cos(angle), np.sin(angle)
    np.testing.assert_allclose(layer.weight.detach().numpy(), [[c, -s], [s, c]], atol=1e-12)


def test_an_orthogonal_weight_takes_an_orthogonal_value():
    q = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    for options in ({}, {"orthogonal_map": "cayley"}, {"orthogonal_map": "householder"},
                    {"orthogonal_map": "householder", "use_trivialization": False}):  # fmt: skip
        layer = parametrizations.orthogonal(nn.Linear(3, 3, dtype=torch.float64), **options)
        layer.weight = torch.tensor(q)
        np.testing.assert_allclose(layer.weight.detach().numpy(), q, atol=1e-12)
    layer = parametrizations.orthogonal(nn.Linear(3, 3), use_trivialization=False)
    with pytest.raises(ValueError, match="expected a matrix"):
        layer.weight = torch.ones(2, 2)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: parametrizations.orthogonal(nn.Linear(2, 2), "bias"), ValueError, "expected a matrix"),
    (lambda: parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map="exp"), ValueError, "not 'exp'"),
    (lambda: parametrizations.spectral_norm(nn.Linear(2, 2), dim=2), IndexError, "out of range"),
    (lambda: parametrizations.spectral_norm(nn.Linear(2, 2), n_power_iterations=0), ValueError, "positive"),
])  # fmt: skip
def test_wrong_options_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
