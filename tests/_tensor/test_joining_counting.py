"""Joining, grids, products, counts and draws: against NumPy, with gradients by finite differences."""

# ruff: noqa: ARG005, PLW0108 (each case is written as a user would)

import numpy as np
import pytest

import minigrad as torch

A, B = np.arange(6.0).reshape(2, 3) + 0.5, np.array([[2.0, -1.0, 0.5], [1.0, 3.0, -2.0]])


def leaf(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize(
    ("ours", "numpys"),
    [
        (lambda a, b: torch.hstack([a, b]), lambda a, b: np.hstack([a, b])),
        (lambda a, b: torch.vstack([a, b]), lambda a, b: np.vstack([a, b])),
        (lambda a, b: torch.dstack([a, b]), lambda a, b: np.dstack([a, b])),
        (lambda a, b: torch.column_stack([a, b]), lambda a, b: np.column_stack([a, b])),
        (torch.kron, np.kron),
        (lambda a, b: torch.tensordot(a, b.T, 1), lambda a, b: np.tensordot(a, b.T, 1)),
        (lambda a, b: torch.tensordot(a, b, ([0], [0])), lambda a, b: np.tensordot(a, b, ([0], [0]))),
        (lambda a, b: torch.cross(a, b, dim=1), np.cross),
        (lambda a, b: torch.repeat_interleave(a, 2, dim=1), lambda a, b: np.repeat(a, 2, 1)),
        (lambda a, b: torch.cdist(a, b), lambda a, b: np.sqrt(((a[:, None] - b) ** 2).sum(-1))),
        (lambda a, b: a.median(dim=1).values, lambda a, b: np.median(a, axis=1)),
        (lambda a, b: torch.std_mean(a, dim=1)[0], lambda a, b: a.std(axis=1, ddof=1)),
        (lambda a, b: torch.nanmean(a, 0), lambda a, b: np.nanmean(a, 0)),
        (lambda a, b: a.index_fill(1, torch.tensor([1]), 0.0), lambda a, b: a * np.array([1.0, 0.0, 1.0])),
    ],
)
def test_values_are_numpys_and_gradients_right_to_the_second_order(ours, numpys):
    a, b = leaf(A), leaf(B)
    np.testing.assert_allclose(ours(a, b).detach().numpy(), numpys(A, B), rtol=1e-12)
    assert torch.autograd.gradcheck(ours, (a, b)) and torch.autograd.gradgradcheck(ours, (a, b))


def test_grids_have_numpys_order():
    x, y = np.arange(3.0), np.arange(2.0)
    for indexing in ("ij", "xy"):
        ours = torch.meshgrid(torch.tensor(x), torch.tensor(y), indexing=indexing)
        for mine, its in zip(ours, np.meshgrid(x, y, indexing=indexing), strict=True):
            assert np.array_equal(mine.numpy(), its)
    with pytest.warns(UserWarning, match="indexing"):
        torch.meshgrid(torch.arange(2), torch.arange(3))


def test_the_median_is_the_lower_one_shared_by_equal_elements_and_nan_where_one_is():
    x = leaf([1.0, 2.0, 2.0, 5.0])
    x.median().backward()
    assert x.median().item() == 2.0 and x.grad.tolist() == [0.0, 0.5, 0.5, 0.0]
    assert torch.tensor([1.0, float("nan"), 3.0]).median().isnan()
    values, indices = torch.tensor([[3, 1, 2, 4]]).median(1)
    assert (values.tolist(), indices.tolist()) == ([2], [2])


def test_counts_bins_and_places():
    x = torch.tensor([3, 1, 3, 0])
    assert [t.tolist() for t in torch.unique(x, return_inverse=True, return_counts=True)] == [
        [0, 1, 3], [2, 1, 2, 0], [1, 1, 2],
    ]  # fmt: skip
    assert torch.bincount(x, minlength=6).tolist() == [1, 1, 0, 2, 0, 0]
    assert torch.bincount(x, torch.tensor([0.5, 1, 1, 1])).tolist() == [1.0, 1.0, 0.0, 1.5]
    assert torch.histc(x.float(), 3, 0, 3).tolist() == [1.0, 1.0, 2.0]
    assert torch.histogram(x.double()).hist.shape == (100,)
    found = torch.histogram(x.double(), 3)
    assert found.hist.tolist() == [1.0, 1.0, 2.0] and found.bin_edges.tolist() == [0.0, 1.0, 2.0, 3.0]
    edges = torch.tensor([1, 3, 5])
    assert torch.searchsorted(edges, x).tolist() == [1, 0, 1, 0]
    assert torch.bucketize(x, edges, right=True).tolist() == [2, 1, 2, 0]


def test_draws_have_the_probabilities_that_were_asked_for():
    torch.manual_seed(0)
    x = torch.normal(torch.full((20000,), 3.0), 2.0)
    assert abs(x.mean().item() - 3) < 0.1 and abs(x.std().item() - 2) < 0.1
    assert abs(torch.bernoulli(torch.full((20000,), 0.3)).mean().item() - 0.3) < 0.02
    weights = torch.tensor([1.0, 0.0, 3.0])
    counts = torch.bincount(torch.multinomial(weights, 20000, replacement=True), minlength=3)
    assert counts[1] == 0 and abs(counts[2].item() / 20000 - 0.75) < 0.02
    assert sorted(torch.multinomial(weights, 2).tolist()) == [0, 2]
    with pytest.raises(RuntimeError, match="without replacement"):
        torch.multinomial(weights, 3)
    with pytest.raises(RuntimeError, match="std >= 0"):
        torch.normal(0.0, -1.0, (2,))


def test_older_names_make_and_know_tensors():
    assert torch.FloatTensor([1, 2]).dtype is torch.float32 and torch.LongTensor(2, 3).shape == (2, 3)
    assert isinstance(torch.ones(1), torch.FloatTensor) and not isinstance(torch.ones(1), torch.LongTensor)
    x = torch.ones(2)
    assert x.type(torch.DoubleTensor).dtype is torch.float64
    assert x.type("torch.LongTensor").dtype is torch.int64 and x.type("torch.FloatTensor") is x
    with pytest.raises(ValueError, match=r"torch\.FloatTensor"):
        x.type("torch.cuda.FloatTensor")
    with pytest.raises(TypeError, match=r"convert it with \.to"):
        torch.LongTensor(x)
