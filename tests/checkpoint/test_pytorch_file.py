"""PyTorch's format: what is written comes back, PyTorch reads it, and its pickle is never run."""

import contextlib
import io
import pickle
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest

import minigrad as torch
from minigrad.checkpoint import CheckpointError

DTYPES = ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]
PLAIN = {
    "n": None, "t": (1, -2, 2**40, -(2**31) - 1, 10**30, True), "x": [1.5, float("inf"), "ü", [], ()],
    "o": OrderedDict(a={1: {}}), "c": Counter({10: 2}),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".pt", ".ckpt", ".params", "", ".tar.NPZ"])
def test_plain_values_and_tensors_come_back(tmp_path, suffix, same):
    value = {**PLAIN, "d": torch.ones(2, 0, 3), "e": torch.tensor(2.5)}
    for dtype in DTYPES:
        value[dtype] = torch.tensor([[0, 1], [1, 0]]).to(getattr(torch, dtype))
    torch.save(value, tmp_path / f"a{suffix}")
    back = torch.load(tmp_path / f"a{suffix}")
    assert same(back, value)
    assert isinstance(back["c"], Counter)


def test_views_share_memory_again(tmp_path):
    w = torch.arange(6.0)
    torch.save([w, w[1:5:2], w.reshape(2, 3).T], tmp_path / "a.pt")
    a, b, c = torch.load(tmp_path / "a.pt")
    a[1] = 50
    assert b.tolist() == [50, 3]
    assert c.tolist() == [[0, 3], [50, 4], [2, 5]]


def test_parameters_stay_parameters(tmp_path):
    torch.save(torch.nn.Parameter(torch.ones(2)), tmp_path / "a.pt")
    assert isinstance(torch.load(tmp_path / "a.pt"), torch.nn.Parameter)


@pytest.mark.parametrize("value", [torch.nn.Linear(1, 1), {"f": {1}}, object()])
def test_a_module_and_other_objects_are_refused(tmp_path, value):
    with pytest.raises(TypeError, match="cannot save"):
        torch.save(value, tmp_path / "a.pt")
    assert not list(tmp_path.iterdir())


class Evil:
    def __reduce__(self):
        return eval, ("1/0",)


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_is_not_run(tmp_path, protocol):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps(Evil(), protocol))
    with pytest.raises(CheckpointError, match="eval, which is not imported"):
        torch.load(tmp_path / "a.pt")


def test_damage_is_an_error(tmp_path):
    path = tmp_path / "a.pt"
    torch.save({"w": torch.arange(4.0), "k": (1, "a")}, path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place])
        with pytest.raises(CheckpointError):
            torch.load(path)
    text = zipfile.ZipFile(_put(path, whole)).read("archive/data.pkl")
    for place in range(len(text)):
        for bit in range(8):
            changed = bytearray(text)
            changed[place] ^= 1 << bit
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("archive/data.pkl", bytes(changed))
                archive.writestr("archive/data/0", np.arange(4.0, dtype=np.float32).tobytes())
            with contextlib.suppress(CheckpointError):
                torch.load(path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"J\x04\0\0\0tQ", b"J\x03\0\0\0tQ", "has 16 bytes, not 3 values of float32"),
        (b"(J\x04\0\0\0t", b"(J\x05\0\0\0t", "a view of 5 elements in an array of 4"),
        (b"(J\x01\0\0\0t", b"(J\x02\0\0\0t", "cannot be loaded"),
    ],
)
def test_a_claim_beyond_the_storage_is_refused(tmp_path, old, new, reason):
    path = tmp_path / "a.pt"
    torch.save(torch.arange(4.0), path)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert contents["archive/data.pkl"].count(old) == 1
    contents["archive/data.pkl"] = contents["archive/data.pkl"].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    with pytest.raises(CheckpointError, match=reason):
        torch.load(path)


def _put(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parity
def test_pytorch_reads_it_and_is_read(tmp_path):
    theirs = pytest.importorskip("torch")
    w = torch.arange(6.0)
    model = torch.nn.Linear(2, 1)
    torch.save({**PLAIN, "w": [w, w[1:5:2]], "m": model.state_dict(), "s": w.shape}, tmp_path / "a.pt")
    got = theirs.load(tmp_path / "a.pt", weights_only=True)
    assert {k: got[k] for k in PLAIN} == PLAIN
    got["w"][0][1] = 50
    assert got["w"][1].tolist() == [50, 3]
    assert got["m"]["weight"].tolist() == model.weight.tolist()
    net = theirs.nn.Linear(2, 1)
    v = theirs.arange(6.0)
    theirs.save({**PLAIN, "v": [v, v.reshape(2, 3).T], "m": net.state_dict(), "s": v.shape,
                 "b": v.bfloat16(), "p": net.weight, **{d: v.to(getattr(theirs, d)) for d in DTYPES}},
                tmp_path / "b.pt")  # fmt: skip
    back = torch.load(tmp_path / "b.pt")
    assert {k: back[k] for k in PLAIN} == PLAIN
    assert back["v"][1].tolist() == v.reshape(2, 3).T.tolist()
    assert back["b"].tolist() == v.tolist()
    assert back["p"].tolist() == net.weight.tolist()
    model.load_state_dict(back["m"])
    assert all(back[d].tolist() == v.to(getattr(theirs, d)).tolist() for d in DTYPES)
    theirs.save(net, tmp_path / "c.pt")
    with pytest.raises(CheckpointError, match="whole module"):
        torch.load(tmp_path / "c.pt")


def test_open_files_are_written_and_read(tmp_path, same):
    value = {**PLAIN, "w": torch.arange(3.0)}
    memory = io.BytesIO()
    torch.save(value, memory)
    memory.seek(0)
    assert same(torch.load(memory), value)
    with (tmp_path / "a.dat").open("wb") as file:
        torch.save(value, file)
    assert (tmp_path / "a.dat").read_bytes() == memory.getvalue()
    with (tmp_path / "a.dat").open("rb") as file:
        assert same(torch.load(file, map_location="cpu"), value)
    with pytest.raises(CheckpointError, match="this file cannot be loaded: it is no zip"):
        torch.load(io.BytesIO(memory.getvalue()[:-9]))
    for call in (lambda: torch.save(value, io.StringIO()), lambda: torch.load(io.StringIO())):
        with pytest.raises(TypeError, match="bytes"):
            call()
    empty = io.BytesIO()
    with pytest.raises(TypeError, match="cannot save"):
        torch.save({"a": object()}, empty)
    assert not empty.getvalue()


@pytest.mark.parity
def test_pytorch_reads_what_is_in_memory_and_we_what_it_wrote(pytorch):
    ours, theirs = io.BytesIO(), io.BytesIO()
    torch.save({"w": torch.arange(3.0)}, ours)
    ours.seek(0)
    assert pytorch.load(ours, weights_only=True)["w"].tolist() == [0, 1, 2]
    pytorch.save({"w": pytorch.arange(3.0)}, theirs)
    theirs.seek(0)
    assert torch.load(theirs)["w"].tolist() == [0, 1, 2]
