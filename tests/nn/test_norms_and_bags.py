"""Bags of embeddings, RMSNorm, norms over channels, shuffled channels: by hand, gradients, errors."""

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.testing import check_grads

TABLE = torch.tensor([[1.0, 8.0], [2.0, 4.0], [3.0, -2.0]])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("sum", [[3.0, 12.0], [0.0, 0.0], [3.0, -2.0]]),
        ("mean", [[1.5, 6.0], [0.0, 0.0], [3.0, -2.0]]),
        ("max", [[2.0, 8.0], [0.0, 0.0], [3.0, -2.0]]),
    ],
)
def test_bags_also_an_empty_one(mode, expected):
    places, offsets = torch.tensor([0, 1, 2]), torch.tensor([0, 2, 2])
    assert F.embedding_bag(places, TABLE, offsets, mode=mode).tolist() == expected
    ends = torch.tensor([0, 2, 2, 3])
    assert F.embedding_bag(places, TABLE, ends, mode=mode, include_last_offset=True).tolist() == expected


def test_a_bag_leaves_padding_out_and_weighs_its_members():
    places = torch.tensor([[0, 1], [2, 1]])
    layer = nn.EmbeddingBag(3, 2, _weight=TABLE, padding_idx=1)
    assert layer(places).tolist() == [[1.0, 8.0], [3.0, -2.0]]
    weights = torch.tensor([[2.0, 1.0], [0.0, -1.0]])
    out = F.embedding_bag(places, TABLE, mode="sum", per_sample_weights=weights)
    assert out.tolist() == [[4.0, 20.0], [-2.0, -4.0]]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_gradients_of_bags(mode):
    places, offsets = torch.tensor([0, 1, 2, 0]), torch.tensor([0, 3, 3])
    table = TABLE.double().requires_grad_()
    check_grads(lambda w: F.embedding_bag(places, w, offsets, mode=mode), table, order=2)


def test_norms():
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 4, 3))).requires_grad_()
    a = x.detach().numpy()
    rms = a / np.sqrt((a * a).mean(-1, keepdims=True) + 0.1)
    np.testing.assert_allclose(F.rms_norm(x, (3,), eps=0.1).detach().numpy(), rms, rtol=1e-12)
    padded = np.pad(a * a, ((0, 0), (1, 1), (0, 0)))
    mean = (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3
    near = a / (2.0 + 0.5 * mean) ** 0.75
    np.testing.assert_allclose(F.local_response_norm(x, 3, 0.5, k=2.0).detach().numpy(), near, rtol=1e-12)
    check_grads(lambda x: F.rms_norm(x, (3,), eps=0.1), x, order=2)
    check_grads(lambda x: F.local_response_norm(x, 2, 0.5), x, order=2)


def test_feature_alpha_dropout_drops_whole_channels():
    torch.manual_seed(0)
    out = nn.FeatureAlphaDropout(0.5)(torch.ones(50, 40, 3)).numpy()
    assert (out == out[:, :, :1]).all() and len(np.unique(out)) == 2
    assert abs((out == out.max()).mean() - 0.5) < 0.1


def test_errors():
    with pytest.raises(ValueError, match="offsets has to be a 1D"):
        F.embedding_bag(torch.tensor([0]), TABLE)
    with pytest.raises(ValueError, match="sum, mean or max"):
        F.embedding_bag(torch.tensor([[0]]), TABLE, mode="min")
    with pytest.raises(RuntimeError, match="begin with 0"):
        F.embedding_bag(torch.tensor([0, 1]), TABLE, torch.tensor([1]))
    with pytest.raises(NotImplementedError, match="sparse"):
        nn.EmbeddingBag(3, 2, sparse=True)
    with pytest.raises(RuntimeError, match=r"normalized_shape=\(2,\)"):
        nn.RMSNorm(2)(torch.ones(2, 3))
    with pytest.raises(RuntimeError, match="must be divisible by 3"):
        nn.ChannelShuffle(3)(torch.ones(1, 4, 1))


def test_functions_of_pairs_of_rows():
    x, y, w, b = (torch.from_numpy(np.random.default_rng(i).standard_normal(s)).requires_grad_()
                  for i, s in enumerate([(4, 3), (4, 2), (5, 3, 2), (5,)]))  # fmt: skip
    expected = np.einsum("ni,oij,nj->no", *(t.detach().numpy() for t in (x, w, y))) + b.detach().numpy()
    np.testing.assert_allclose(F.bilinear(x, y, w, b).detach().numpy(), expected)
    check_grads(F.bilinear, x, y, w, b, order=2)
    check_grads(F.pdist, x, order=2)
    rows, columns = np.triu_indices(4, 1)
    np.testing.assert_allclose(F.pdist(x).tolist(), torch.cdist(x, x).detach().numpy()[rows, columns])
    assert F.pdist(torch.ones(1, 2)).shape == (0,)
    with pytest.raises(RuntimeError, match=r"input2.*should end in"):
        F.bilinear(x, x, w)
    with pytest.raises(TypeError, match="element of type float at pos 1"):
        nn.Unflatten(1, (2, 1.0))
