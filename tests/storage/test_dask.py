"""Arrays of dask as storage: the same numbers, on a cluster of processes too."""

import numpy as np
import pytest

import minigrad as torch
from minigrad.utils.storage import compute

da = pytest.importorskip("dask.array", reason="dask is not installed: pip install 'dask[array,distributed]'")
F = torch.nn.functional


def data(rows, features, classes):
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, features)).astype(np.float32)
    return x, random.integers(0, classes, rows), random.normal(size=(rows, classes)).astype(np.float32)


def network():
    torch.manual_seed(0)
    layers = torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.LayerNorm(8), torch.nn.GELU()
    return torch.nn.Sequential(*layers, torch.nn.Linear(8, 3))


def train(x, classes, wanted, steps):
    """Losses of a few steps, and the parameters after them."""
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        out = model(torch.as_tensor(x))
        loss = F.cross_entropy(out, torch.as_tensor(classes)) + F.mse_loss(out, torch.as_tensor(wanted))
        loss.backward()
        losses += compute(loss, gradients_of=model.parameters())
        optimizer.step()
    return [loss.item() for loss in losses], [p.detach().numpy() for p in model.parameters()]


def chunked(*arrays):
    return [da.from_array(x, chunks=(30, *x.shape[1:])) for x in arrays]


def assert_same_training(lazy, eager):
    np.testing.assert_allclose(lazy[0], eager[0], rtol=2e-5)
    for mine, right in zip(lazy[1], eager[1], strict=True):
        np.testing.assert_allclose(mine, right, atol=2e-5)


@pytest.mark.filterwarnings("error")
def test_training_on_chunks_of_rows_is_training_on_the_whole():
    arrays = data(100, 5, 3)
    assert_same_training(train(*chunked(*arrays), steps=3), train(*arrays, steps=3))


def test_backward_computes_nothing():
    def refuse(block):
        raise AssertionError("a chunk was computed")

    x = da.ones((6, 5), chunks=(3, 5), dtype=np.float32).map_blocks(
        refuse, dtype=np.float32, meta=np.ones((0, 0))
    )
    w = torch.ones(5, 2, requires_grad=True)
    loss = (torch.as_tensor(x) @ w).tanh().mean()
    loss.backward()
    assert isinstance(loss._array, da.Array) and isinstance(w.grad._array, da.Array)
    with pytest.raises(AssertionError, match="a chunk was computed"):
        compute(loss)


def test_gradients_add_up_before_they_are_computed():
    x = da.from_array(np.arange(6.0).reshape(3, 2), chunks=(2, 2))
    w = torch.ones(2, dtype=torch.float64, requires_grad=True)
    for _ in range(2):
        (torch.as_tensor(x) * w).sum().backward()
    compute(gradients_of=[w])
    assert type(w.grad._array) is np.ndarray and w.grad.tolist() == [12.0, 18.0]


def test_second_order():
    x = da.from_array(np.arange(1.0, 5.0), chunks=2)
    t = torch.as_tensor(x).requires_grad_()
    (first,) = torch.autograd.grad((t**3).sum(), t, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), t)
    assert second.tolist() == [6.0, 12.0, 18.0, 24.0]


def test_a_cluster_of_two_processes_trains_alike():
    distributed = pytest.importorskip("distributed", reason="pip install 'dask[distributed]'")
    arrays = data(90, 5, 3)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        lazy = train(*chunked(*arrays), steps=2)
        assert len(client.scheduler_info()["workers"]) == 2
    assert_same_training(lazy, train(*arrays, steps=2))
