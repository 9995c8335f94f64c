"""PyTorch's format: what is written comes back, PyTorch reads it, and its pickle is never run."""

import contextlib
import io
import pickle
import zipfile
from collections import Counter, OrderedDict, defaultdict

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


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "this, a object"), ({"f": [lambda x: x]}, r"\['f'\]\[0\], a function: .*at the top"),
        (len, "this, a builtin"), ({"a": np.array(["a"])}, r"\['a'\], an array of str32"), ([print], "print"),
        ({"o": io.BytesIO}, "class: files do not name"), ({object(): 1}, "keys must be strings, numbers"),
    ],
)  # fmt: skip
def test_other_objects_are_refused(tmp_path, value, words):
    with pytest.raises(TypeError, match=f"cannot save .*{words}"):
        torch.save(value, tmp_path / "a.pt")
    assert not list(tmp_path.iterdir())


OTHERS = {
    "set": {1, "a"}, "frozen": frozenset({2.5}), "bytes": b"\x00\xff", "array": bytearray(b"ab"), "z": 1 + 2j,
    "dtype": torch.float32, "device": torch.device("cpu"), "cuda": torch.device("cuda:1"), (1, "k"): 2,
    0.5: None, "lists": defaultdict(list, a=[1]), "kind": defaultdict(int),
}  # fmt: skip


def test_sets_bytes_dtypes_and_devices_come_back(tmp_path):
    torch.save(OTHERS, tmp_path / "a.pt")
    back = torch.load(tmp_path / "a.pt")
    assert back == OTHERS
    assert [type(part) for part in back.values()] == [type(part) for part in OTHERS.values()]
    assert back["lists"]["new"] == []


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "i2", "bool", "u1", "<f2"])
def test_arrays_come_back(tmp_path, dtype):
    x = np.array([[0, 1, 2], [3, 4, 5]], dtype)
    value = {
        "x": x,
        "again": x,
        "columns": np.asfortranarray(x),
        "none": x[:0],
        "kind": x.dtype,
        "row": x[0, ::2],
    }
    torch.save(value, tmp_path / "a.pt")
    for key, part in torch.load(tmp_path / "a.pt").items():
        if key == "kind":
            assert part.newbyteorder("=") == x.dtype.newbyteorder("=")
        else:
            assert part.dtype == x.dtype.newbyteorder("=")
            np.testing.assert_array_equal(part, value[key])


def test_an_expanded_tensor_is_small_in_the_file_and_in_memory(tmp_path):
    x = torch.arange(3.0).expand(1000, 1000, 3)
    torch.save({"x": x, "row": x[0, 0], "one": torch.ones(()).expand(7)}, tmp_path / "a.pt")
    assert (tmp_path / "a.pt").stat().st_size < 3000
    back = torch.load(tmp_path / "a.pt")
    assert back["x"].shape == (1000, 1000, 3) and back["x"][-1, -1].tolist() == [0, 1, 2]
    assert back["one"].tolist() == [1] * 7
    back["row"][0] = 5
    assert back["x"][3, 3, 0].item() == 5


def test_tensors_may_be_strided_backwards_and_empty(tmp_path):
    x = torch.arange(24.0).reshape(2, 3, 4)
    value = [x.permute(2, 0, 1), x[:, ::2, 1::2], x[:0], x[1, 1, 1], x.flip(0)]
    torch.save(value, tmp_path / "a.pt")
    assert [part.tolist() for part in torch.load(tmp_path / "a.pt")] == [part.tolist() for part in value]


def test_an_optimiser_goes_on_from_its_file(tmp_path):
    def made():
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2)
        return model, optimizer, schedule

    def steps(model, optimizer, schedule):
        for _ in range(3):
            optimizer.zero_grad()
            (model(torch.ones(2, 3)) ** 2).sum().backward()
            optimizer.step()
            schedule.step()

    first, second = made(), made()
    steps(*first)
    torch.save([part.state_dict() for part in first], tmp_path / "a.pt")
    for part, state in zip(second, torch.load(tmp_path / "a.pt"), strict=True):
        part.load_state_dict(state)
    steps(*first)
    steps(*second)
    assert first[0].weight.tolist() == second[0].weight.tolist()
    assert first[2].get_last_lr() == second[2].get_last_lr()


def test_a_state_dict_keeps_what_is_told_about_it(tmp_path):
    state = torch.nn.Linear(1, 1).state_dict()
    state._metadata = OrderedDict({"": {"version": 1}})
    torch.save(state, tmp_path / "a.pt")
    assert torch.load(tmp_path / "a.pt")._metadata == state._metadata


HERE = [
    None, "cpu", "cpu:0", torch.device("cpu"), {"cuda:0": "cpu"}, {}, lambda storage, _: storage,
    lambda storage, _: storage.cpu(), lambda *_: None, {"cpu": torch.device("cpu")},
]  # fmt: skip


@pytest.mark.parametrize("place", HERE)
def test_map_location_may_name_the_cpu_in_each_way(tmp_path, place):
    torch.save(torch.ones(2), tmp_path / "a.pt")
    assert torch.load(tmp_path / "a.pt", map_location=place).tolist() == [1, 1]


def test_map_location_sees_each_location(tmp_path):
    torch.save([torch.ones(2), torch.zeros(1)], tmp_path / "a.pt")
    seen = []
    torch.load(tmp_path / "a.pt", lambda storage, location: seen.append((storage.device.type, location)))
    assert seen == [("cpu", "cpu")] * 2


@pytest.mark.parametrize(
    ("place", "error", "words"),
    [
        ("cuda", RuntimeError, "CPU only; map_location cannot be 'cuda'"),
        (torch.device("cuda:1"), RuntimeError, "CPU only"), ({"cpu": "cuda:0"}, RuntimeError, "CPU only"),
        (lambda storage, _: storage.cuda(0), RuntimeError, "minigrad is not compiled with CUDA"),
        (lambda *_: "cuda", RuntimeError, "map_location returned a str"), (7, TypeError, "not int"),
    ],
)  # fmt: skip
def test_map_location_elsewhere_is_refused(tmp_path, place, error, words):
    torch.save(torch.ones(2), tmp_path / "a.pt")
    with pytest.raises(error, match=words):
        torch.load(tmp_path / "a.pt", map_location=place)


def test_pickle_options_are_those_of_pytorch(tmp_path):
    path = tmp_path / "a.pt"
    torch.save([1], path, pickle, pickle_protocol=4)
    assert torch.load(path, None, pickle, weights_only=False, encoding="latin1", mmap=True) == [1]
    with pytest.raises(RuntimeError, match="no pickle_module"):
        torch.load(path, pickle_module=pickle, weights_only=True)
    with pytest.raises(ValueError, match="pickle only"):
        torch.load(path, pickle_module=contextlib, weights_only=False)
    with pytest.raises(TypeError, match="unexpected keyword argument 'strict'"):
        torch.load(path, strict=True)


def test_a_file_that_was_just_written_is_read_from_its_start():
    memory = io.BytesIO()
    torch.save([1], memory)
    with pytest.raises(CheckpointError, match=r"it is empty .*seek\(0\)"):
        torch.load(memory)


def test_the_same_part_again_and_again_is_refused(tmp_path):
    part = b"X\xff\x00\x00\x00" + b"a" * 255 + b"q\x01"
    again = b"c_codecs\nencode\nq\x02" + b"(" + b"h\x02h\x01\x85R" * 3000 + b"t."
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\x02" + part + b"0" * 0 + again)
    with pytest.raises(CheckpointError, match="copies more than it holds"):
        torch.load(tmp_path / "a.pt")


@pytest.mark.parametrize("values", [np.zeros((40, 60)), np.arange(256, dtype=np.uint8)])
def test_an_array_of_many_bytes_comes_back(tmp_path, values):
    torch.save({"x": values}, tmp_path / "a.pt")
    assert np.array_equal(torch.load(tmp_path / "a.pt", weights_only=False)["x"], values)


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
    for weights_only in (True, False):
        theirs.save(net, tmp_path / "c.pt")
        with pytest.raises(CheckpointError, match=r"not a whole module"):
            torch.load(tmp_path / "c.pt", weights_only=weights_only)


@pytest.mark.parity
def test_pytorch_reads_other_values_and_is_read(tmp_path, pytorch):
    arrays = {"x": np.arange(6.0).reshape(2, 3), "i": np.array([True, False]), "k": np.dtype("int16")}
    x = pytorch.arange(3.0)
    kinds = {"dtype": pytorch.float32, "device": pytorch.device("cpu"), "cuda": pytorch.device("cuda:1")}
    tensors = {"e": x.expand(4, 3), "p": x.reshape(3, 1).t(), "q": x[1:]}
    pytorch.save(
        {**OTHERS, **kinds, **arrays, **tensors, "s": np.float64(2.5), "m": np.int8(-3)}, tmp_path / "a.pt"
    )
    back = torch.load(tmp_path / "a.pt", weights_only=False)
    assert {k: back[k] for k in OTHERS} == OTHERS
    assert back["s"] == 2.5 and type(back["s"]) is np.float64 and back["m"] == -3
    assert all(back[k].tolist() == v.tolist() for k, v in tensors.items())
    assert back["x"].tolist() == arrays["x"].tolist() and back["k"] == arrays["k"]
    mine = torch.arange(3.0)
    ours = {"e": mine.expand(4, 3), "p": mine.reshape(3, 1).t(), "q": mine[1:]}
    torch.save({**OTHERS, **arrays, **ours}, tmp_path / "b.pt")
    back = pytorch.load(tmp_path / "b.pt", weights_only=False)
    assert {k: back[k] for k in OTHERS} == {**OTHERS, **kinds}
    assert all(back[k].tolist() == v.tolist() for k, v in tensors.items())
    assert back["x"].tolist() == arrays["x"].tolist() and back["k"] == arrays["k"]
    back["q"][0] = 7
    assert back["e"][2, 1] == 7


@pytest.mark.parity
def test_pytorch_reads_every_dtype_with_weights_only(tmp_path, pytorch):
    value = {dtype: torch.tensor([[0, 1], [1, 0]]).to(getattr(torch, dtype)) for dtype in DTYPES}
    torch.save(
        {**value, "set": {1}, "dtype": torch.int8, "p": torch.nn.Parameter(torch.ones(2))}, tmp_path / "a.pt"
    )
    back = pytorch.load(tmp_path / "a.pt", weights_only=True)
    assert all(back[d].tolist() == value[d].tolist() and str(back[d].dtype) == f"torch.{d}" for d in DTYPES)
    assert (
        back["set"] == {1} and back["dtype"] is pytorch.int8 and isinstance(back["p"], pytorch.nn.Parameter)
    )


@pytest.mark.parity
def test_an_optimiser_of_pytorchs_goes_on_here_and_back(tmp_path, pytorch):
    def steps(library, model, optimizer):
        for _ in range(3):
            optimizer.zero_grad()
            (model(library.ones(2, 3)) ** 2).sum().backward()
            optimizer.step()

    def made(library):
        model = library.nn.Linear(3, 1)
        return model, library.optim.Adam(model.parameters(), lr=0.1, amsgrad=True)

    theirs, ours, again = made(pytorch), made(torch), made(pytorch)
    steps(pytorch, *theirs)
    for (one, first), (other, second) in (
        ((pytorch, theirs), (torch, ours)),
        ((torch, ours), (pytorch, again)),
    ):
        one.save([part.state_dict() for part in first], tmp_path / "a.pt")
        for part, state in zip(second, other.load(tmp_path / "a.pt", weights_only=True), strict=True):
            part.load_state_dict(state)
    for library, parts in ((pytorch, theirs), (torch, ours), (pytorch, again)):
        steps(library, *parts)
    for model, _ in (ours, again):
        np.testing.assert_allclose(
            model.weight.detach().numpy(), theirs[0].weight.detach().numpy(), rtol=1e-5
        )


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
