"""ParameterList and ParameterDict: like a list and a dict, and parts of the module that has them."""

import copy
import pickle
from collections import OrderedDict

import pytest

import minigrad as torch
from minigrad import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.row = nn.ParameterList([torch.ones(2), nn.Parameter(torch.ones(3))])
        self.named = nn.ParameterDict({"b": torch.ones(1), "a": torch.zeros(1)})


def test_parameters_have_names_and_are_trained_saved_and_copied():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["row.0", "row.1", "named.a", "named.b"]
    other = Net()
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(2)
    other.load_state_dict(net.state_dict())
    assert other.row[1].tolist() == [2, 2, 2] and other.named["b"].item() == 2
    for copied in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert list(copied.state_dict()) == list(net.state_dict()) and copied.row[0] is not net.row[0]
        assert len(copied.row) == 2 and list(copied.named) == ["a", "b"]
    (net.row[0].sum() * net.named["b"]).backward()
    assert net.row[0].grad.tolist() == [2, 2]
    assert net.double().row[0].dtype is torch.float64


def test_a_parameter_list_is_like_a_list():
    row = nn.ParameterList()
    row.append(torch.ones(1)).extend([torch.ones(2), "text"])
    row += [torch.ones(3)]
    assert len(row) == 4 and row[-1].shape == (3,) and row[2] == "text"
    assert isinstance(row[0], nn.Parameter) and row[0].requires_grad
    assert [getattr(x, "shape", x) for x in row] == [(1,), (2,), "text", (3,)]
    part = row[1:3]
    assert type(part) is nn.ParameterList and part[0] is row[1] and len(part) == 2
    row[0] = torch.zeros(5)
    assert row[0].shape == (5,)
    assert repr(row[:3]) == (
        "ParameterList(\n"
        "    (0): Parameter containing: [torch.float32 of size 5]\n"
        "    (1): Parameter containing: [torch.float32 of size 2]\n"
        "    (2): Object of type: str\n"
        ")"
    )
    assert "(0): <UninitializedParameter>" in repr(nn.ParameterList([nn.UninitializedParameter()]))
    for wrong, error in ((4, IndexError), (-5, IndexError), ("0", TypeError)):
        with pytest.raises(error):
            row[wrong]
    with pytest.raises(TypeError, match="append"):
        row.extend(torch.ones(2))
    with pytest.raises(TypeError, match="not int"):
        nn.ParameterList(3)
    with pytest.raises(RuntimeError, match="cannot be called"):
        row(1)


def test_a_parameter_dict_is_like_a_dict():
    named = nn.ParameterDict(OrderedDict([("z", torch.ones(1)), ("y", torch.ones(2, 3))]))
    assert list(named) == ["z", "y"] and list(reversed(named)) == ["y", "z"] and "z" in named
    assert list(nn.ParameterDict([("z", torch.ones(1)), ("y", torch.ones(2))]).keys()) == ["z", "y"]
    assert repr(named) == (
        "ParameterDict(\n"
        "    (z): Parameter containing: [torch.FloatTensor of size 1]\n"
        "    (y): Parameter containing: [torch.FloatTensor of size 2x3]\n"
        ")"
    )
    named["x"] = torch.ones(4)
    assert named["x"].requires_grad and named.get("w") is None and named.get("x") is named["x"]
    assert named.setdefault("v", torch.ones(1)) is named["v"] and len(named) == 4
    assert named.popitem()[0] == "v" and named.pop("x").shape == (4,) and len(list(named.parameters())) == 2
    both = named | nn.ParameterDict({"k": torch.ones(1)})
    assert list(both) == ["z", "y", "k"] and both["z"] is named["z"]
    named |= {"a": torch.ones(1)}
    assert [key for key, _ in named.items()] == ["z", "y", "a"]
    assert len(list(named.values())) == 3 and list(named.copy()) == ["z", "y", "a"]
    assert list(named.fromkeys(["p"], 1).items()) == [("p", 1)]
    del named["z"]
    named.clear()
    assert not len(named) and not list(named.parameters())
    for wrong, error in ((lambda: named["q"], KeyError), (named.popitem, KeyError)):
        with pytest.raises(error):
            wrong()
    with pytest.raises(TypeError, match="strings, not int"):
        named[3] = torch.ones(1)
    with pytest.raises(TypeError, match="not int"):
        named.update(3)
    with pytest.raises(ValueError, match="length 3"):
        named.update([(1, 2, 3)])
    with pytest.raises(TypeError, match="item 0 must be a pair"):
        named.update([1])
    with pytest.raises(RuntimeError, match="cannot be called"):
        named(1)
    assert not len(named)
