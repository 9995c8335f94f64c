"""Objects of the program's classes in files: which come back, by whose word, and that nothing is run."""

import argparse
import enum
import io
import pathlib
import pickle
import random
import types
import zipfile
from collections import namedtuple
from dataclasses import dataclass, field

import pytest

import minigrad as torch
from minigrad import nn
from minigrad.checkpoint import CheckpointError

Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = 1


@dataclass
class Settings:
    lr: float = 0.1
    parts: list = field(default_factory=list)


def doubled(x):
    return x * 2


class Net(nn.Module):
    made = 0

    def __init__(self, activation):
        super().__init__()
        type(self).made += 1
        self.body = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.5), nn.ReLU())
        self.head = nn.Linear(3, 2, bias=False)
        self.tied = self.head
        self.register_buffer("scale", torch.tensor([2.0, 3.0]))
        self.activation = activation
        self.sizes = {"hidden": (3,)}

    def forward(self, x):
        return self.activation(self.tied(self.body(x))) * self.scale


class Loud:
    calls = 0

    def __init__(self, word="a"):
        self.word = word

    def __reduce__(self):
        return shout, (self.word,)


def shout(word):
    Loud.calls += 1
    return Loud(word)


class Quiet:
    def __setstate__(self, state):
        Loud.calls += 1


class Fresh:
    def __new__(cls):
        Loud.calls += 1
        return object.__new__(cls)


class Slotted:
    __slots__ = ("a", "b")


def through_file(value, **how):
    memory = io.BytesIO()
    torch.save(value, memory)
    memory.seek(0)
    return torch.load(memory, **how)


@pytest.mark.parametrize("activation", [doubled, torch.relu, torch.nn.functional.gelu, nn.Tanh()])
def test_a_whole_module_comes_back_for_one_who_trusts_the_file(activation):
    net = Net(activation).eval()
    made = Net.made
    back = through_file(net, weights_only=False)
    assert Net.made == made  # no __init__ ran
    x = torch.ones(4, 2)
    assert torch.equal(back(x), net(x))
    assert back.tied is back.head and not back.training and back.sizes == {"hidden": (3,)}
    assert [n for n, _ in back.named_parameters()] == [n for n, _ in net.named_parameters()]
    assert isinstance(back.head.weight, nn.Parameter) and back.head.weight.requires_grad
    back.train()(x).sum().backward()
    assert back.head.weight.grad is not None
    assert repr(back) == repr(net)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 2, 3, padding="same"), nn.LSTM(2, 3, 2, bidirectional=True), nn.MultiheadAttention(4, 2),
        nn.Embedding(3, 2, padding_idx=0), nn.TransformerEncoderLayer(4, 2, 8), nn.LayerNorm(3),
        nn.ModuleDict({"a": nn.PReLU(), "b": nn.Softmax(1)}), nn.ParameterList([torch.ones(2)]),
        nn.CrossEntropyLoss(weight=torch.ones(3), label_smoothing=0.1), nn.Bilinear(1, 2, 3), nn.MLP(2, 3, 1),
    ],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_layers_come_back(layer):
    back = through_file(layer, weights_only=False)
    assert repr(back) == repr(layer) and type(back) is type(layer)
    assert all(torch.equal(a, b) for a, b in zip(back.parameters(), layer.parameters(), strict=True))


def test_a_whole_module_is_refused_without_that_word():
    for how in ({}, {"weights_only": True}, {"weights_only": None}):
        with pytest.raises(
            CheckpointError, match=r"names .*Net, which is not imported: .*weights_only=False"
        ):
            through_file(Net(doubled), **how)
        with pytest.raises(pickle.UnpicklingError):  # PyTorch's error
            through_file(Net(doubled), **how)


OBJECTS = [
    argparse.Namespace(lr=0.1, names=["a"]), types.SimpleNamespace(a=1), Point(1, (2,)), Colour.RED,
    Settings(0.5, [1, 2]), {"class": Settings, "function": doubled}, pathlib.Path("a/b"),
]  # fmt: skip


@pytest.mark.parametrize("value", OBJECTS, ids=repr)
def test_objects_of_plain_classes_come_back(value):
    back = through_file([value, value], weights_only=False)
    assert back == [value, value] and type(back[0]) is type(value)
    with pytest.raises(CheckpointError, match="not imported"):
        through_file(value)


def test_objects_with_slots_and_tensors_come_back():
    x, tensor = Slotted(), torch.ones(2)
    x.a, x.b = tensor, {"again": tensor}
    back = through_file(x, weights_only=False)
    assert back.a is back.b["again"] and back.a.tolist() == [1, 1]


def test_an_object_that_holds_itself_comes_back():
    x = Settings()
    x.parts.append(1)
    x.self = x
    back = through_file(x, weights_only=False)
    assert back.self is back and back.parts == [1]


@pytest.mark.parametrize("x", [Loud(), Quiet(), Fresh()], ids=lambda x: type(x).__name__)
def test_code_of_a_class_runs_only_where_it_was_declared_safe(x):
    if type(x) is Quiet:
        x.a = 1
    plain = pickle.dumps(x, 2)
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("x/data.pkl", plain)
    before = Loud.calls
    for how in ({}, {"weights_only": False}):
        memory.seek(0)
        with pytest.raises(CheckpointError, match="add_safe_globals"):
            torch.load(memory, **how)
    assert Loud.calls == before
    with torch.serialization.safe_globals([type(x), shout]):
        memory.seek(0)
        assert type(torch.load(memory)) is type(x)
    assert Loud.calls == before + 1
    memory.seek(0)
    with pytest.raises(CheckpointError):
        torch.load(memory)


def test_safe_globals_are_added_listed_and_cleared():
    serialization = torch.serialization
    serialization.add_safe_globals([Settings, (Colour, "old.place.Colour")])
    try:
        assert serialization.get_safe_globals() == [Settings, Colour]
        assert through_file(Settings(0.5)) == Settings(0.5)
        with serialization.safe_globals([Point]):
            assert through_file(Point(1, 2)) == Point(1, 2)
        assert Point not in serialization.get_safe_globals()
    finally:
        serialization.clear_safe_globals()
    assert serialization.get_safe_globals() == []
    with pytest.raises(TypeError, match="declared safe"):
        serialization.add_safe_globals([3])


NOT_TAKEN = ["os system", "builtins eval", "builtins exec", "subprocess Popen", "builtins getattr",
             "sys exit", "pickle loads", "importlib import_module", "builtins object", "no.such module",
             "minigrad.checkpoint.trusted import_module", "minigrad.__main__ main"]  # fmt: skip


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("name", NOT_TAKEN)
def test_names_of_pythons_library_are_refused_in_either_mode(name, weights_only):
    module, function = name.split()
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("x/data.pkl", f"\x80\x02c{module}\n{function}\n(X\x04\0\0\0truetR.".encode("latin1"))
    memory.seek(0)
    with pytest.raises(CheckpointError, match=f"names {module}.{function}"):
        torch.load(memory, weights_only=weights_only)


def test_a_damaged_pickle_of_a_trusted_file_is_refused_or_loaded():
    memory = io.BytesIO()
    torch.save({"net": Net(doubled), "settings": Settings(), "set": {1, 2}}, memory)
    with zipfile.ZipFile(memory) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    text, dice, refused = contents["archive/data.pkl"], random.Random(0), 0
    for _ in range(1500):
        changed, place = bytearray(text), dice.randrange(len(text))
        if dice.random() < 0.6:
            changed[place] ^= 1 << dice.randrange(8)
        elif dice.random() < 0.5:
            del changed[place : place + dice.randrange(1, 9)]
        else:
            begin = dice.randrange(len(text))
            changed[place:place] = text[begin : begin + dice.randrange(40)]
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w") as archive:
            for name, data in contents.items():
                archive.writestr(name, bytes(changed) if name == "archive/data.pkl" else data)
        memory.seek(0)
        try:
            torch.load(memory, weights_only=False)
        except CheckpointError:
            refused += 1
    assert refused > 1000


def test_a_class_that_is_not_there_is_named():
    memory = io.BytesIO()
    torch.save(Settings(), memory)
    with zipfile.ZipFile(memory) as archive:
        text = archive.read("archive/data.pkl").replace(b"Settings", b"Settinks")
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("archive/data.pkl", text)
    memory.seek(0)
    with pytest.raises(CheckpointError, match=r"Settinks, which this program does not have: import it"):
        torch.load(memory, weights_only=False)
