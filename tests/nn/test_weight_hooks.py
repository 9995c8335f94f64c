"""The older weight norm and spectral norm, which compute a weight before every forward."""

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn.utils import remove_spectral_norm, remove_weight_norm, spectral_norm, weight_norm
from minigrad.testing import check_grads

pytestmark = pytest.mark.filterwarnings("ignore:nn.utils.weight_norm is the older form:FutureWarning")


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_computes_the_weight_from_its_norms_and_directions(dim):
    layer = nn.Linear(3, 2, dtype=torch.float64)
    weight = layer.weight.detach().numpy().copy()
    assert weight_norm(layer, dim=dim) is layer
    assert list(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
    np.testing.assert_allclose(layer.weight.detach().numpy(), weight, rtol=1e-12)
    norms = np.sqrt((weight**2).sum(None if dim is None else 1 - dim, keepdims=dim is not None))
    np.testing.assert_allclose(layer.weight_g.detach().numpy(), norms, rtol=1e-12)
    with torch.no_grad():
        layer.weight_g.mul_(3)
        layer.weight_v.mul_(5)
    x = np.random.default_rng(0).standard_normal((2, 3))
    out = layer(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(out, x @ (3 * weight).T + layer.bias.detach().numpy(), rtol=1e-12)
    check_grads(layer, x, order=2)
    remove_weight_norm(layer)
    assert type(layer.weight) is nn.Parameter and list(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(layer.weight.detach().numpy(), 3 * weight, rtol=1e-12)
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), out, rtol=1e-12)


def test_spectral_norm_divides_by_the_largest_singular_value():
    torch.manual_seed(0)
    layer = nn.Linear(4, 3, dtype=torch.float64)
    weight = layer.weight
    values = weight.detach().numpy().copy()
    spectral_norm(layer, n_power_iterations=100)
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    assert layer.weight_orig is weight
    x = torch.tensor(np.random.default_rng(0).standard_normal((2, 4)))
    layer(x)
    np.testing.assert_allclose(
        layer.weight.detach().numpy(), values / np.linalg.svd(values, compute_uv=False)[0], rtol=1e-9
    )
    layer.eval()
    check_grads(layer, x, order=2)
    assert spectral_norm(nn.ConvTranspose2d(2, 3, 2)).weight_u.shape == (3,)


def test_removing_a_spectral_norm_leaves_the_present_weight():
    layer = spectral_norm(nn.Linear(4, 3))
    (layer(torch.ones(2, 4)) - layer(torch.zeros(2, 4))).sum().backward()
    assert layer.weight_orig.grad.shape == (3, 4)
    before = layer.weight.detach()
    remove_spectral_norm(layer)
    assert type(layer.weight) is nn.Parameter and torch.allclose(layer.weight, before)
    assert layer.training and list(layer.state_dict()) == ["bias", "weight"]


def test_in_evaluation_nothing_moves():
    layer = spectral_norm(nn.Linear(4, 3)).eval()
    u = layer.weight_u.clone()
    layer(torch.ones(2, 4))
    assert torch.equal(layer.weight_u, u)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: weight_norm(weight_norm(nn.Linear(2, 2))), RuntimeError, "already"),
    (lambda: spectral_norm(spectral_norm(nn.Linear(2, 2))), RuntimeError, "already"),
    (lambda: weight_norm(nn.Linear(2, 2), "wight"), ValueError, "'wight'"),
    (lambda: weight_norm(nn.LazyLinear(2)), ValueError, "no shape yet"),
    (lambda: spectral_norm(nn.Linear(2, 2), n_power_iterations=0), ValueError, "positive"),
    (lambda: remove_weight_norm(nn.Linear(2, 2)), ValueError, "no such norm"),
    (lambda: remove_spectral_norm(weight_norm(nn.Linear(2, 2))), ValueError, "no such norm"),
])  # fmt: skip
def test_misuse_says_what_is_wrong(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_the_older_form_says_so():
    with pytest.warns(FutureWarning, match="parametrizations"):
        weight_norm(nn.Linear(2, 2))
