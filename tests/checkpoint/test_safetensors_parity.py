"""Networks that move between PyTorch and minigrad through safetensors predict the same."""

import numpy as np
import pytest

import minigrad
from minigrad.checkpoint import load, save

pytestmark = pytest.mark.parity


@pytest.fixture
def library(pytorch):
    library = pytest.importorskip("safetensors.torch")
    threads = pytorch.get_num_threads()
    pytorch.set_num_threads(1)  # arrays this small only wait for the others
    yield library
    pytorch.set_num_threads(threads)


def network(lib):
    nn = lib.nn
    return nn.Sequential(
        nn.Linear(6, 16), nn.BatchNorm1d(16), nn.GELU(), nn.Dropout(0.2), nn.Linear(16, 16), nn.LayerNorm(16),
        nn.Tanh(), nn.Linear(16, 3),
    )  # fmt: skip


def data(lib):
    rng = np.random.default_rng(0)
    return lib.tensor(rng.standard_normal((200, 6)).astype("f4")), lib.tensor(rng.integers(0, 3, 200))


def trained(lib):
    """A network some way from its start, with running statistics, for prediction."""
    x, y = data(lib)
    lib.manual_seed(0)
    model = network(lib)
    optimizer = lib.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        lib.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model.eval()


def predictions(lib, model):
    with lib.no_grad():
        return np.asarray(lib.nn.functional.softmax(model(data(lib)[0]), dim=1))


def test_a_network_trained_in_pytorch_predicts_the_same_here(tmp_path, pytorch, library):
    theirs = trained(pytorch)
    library.save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    ours = network(minigrad).eval()
    ours.load_state_dict(load(tmp_path / "model.safetensors"))
    np.testing.assert_allclose(predictions(minigrad, ours), predictions(pytorch, theirs), rtol=0, atol=1e-6)
    assert ours[1].num_batches_tracked.item() == 60


def test_a_network_trained_here_predicts_the_same_in_pytorch(tmp_path, pytorch, library):
    ours = trained(minigrad)
    save(ours.state_dict(), tmp_path / "model.safetensors")
    theirs = network(pytorch).eval()
    theirs.load_state_dict(library.load_file(tmp_path / "model.safetensors"))
    np.testing.assert_allclose(predictions(pytorch, theirs), predictions(minigrad, ours), rtol=0, atol=1e-6)


def test_there_and_back_every_bit_is_the_same(tmp_path, pytorch, library, same):
    ours = trained(minigrad).state_dict()
    save(ours, tmp_path / "a.safetensors")
    library.save_file(library.load_file(tmp_path / "a.safetensors"), tmp_path / "b.safetensors")
    back = load(tmp_path / "b.safetensors")
    assert same({name: back[name] for name in ours}, dict(ours))


def test_tensors_of_a_nested_checkpoint_have_dotted_names_in_pytorch(tmp_path, pytorch, library):
    model = minigrad.nn.Linear(2, 1)
    optimizer = minigrad.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(minigrad.ones(1, 2)).sum().backward()
    optimizer.step()
    saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1}
    save(saved, tmp_path / "a.safetensors")
    assert sorted(library.load_file(tmp_path / "a.safetensors")) == [
        "model.bias",
        "model.weight",
        "optimizer.state.0.momentum_buffer",
        "optimizer.state.1.momentum_buffer",
    ]
