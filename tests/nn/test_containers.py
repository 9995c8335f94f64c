"""Sequential, ModuleList, ModuleDict."""

from collections import OrderedDict

import pytest

import minigrad as torch
from minigrad import nn


def test_sequential_applies_in_order():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2), nn.ReLU())
    x = torch.randn(3, 2, 2)
    assert torch.equal(net(x), torch.relu(net[1](x.reshape(3, 4))))


def test_sequential_calls_what_has_hooks_or_a_call_of_its_own():
    class Louder(nn.ReLU):
        def __call__(self, x):
            return super().__call__(x) * 10

    row = nn.Sequential(nn.ReLU(), Louder())
    x = torch.tensor([-1.0, 2.0])
    assert row(x).tolist() == [0.0, 20.0]
    with row[0].register_forward_hook(lambda _module, _args, output: output + 1):
        assert row(x).tolist() == [10.0, 30.0]
    with row[0].register_forward_pre_hook(lambda _, args: (-args[0],)):
        assert row(x).tolist() == [10.0, 0.0]
    assert row(x).tolist() == [0.0, 20.0]


def test_an_empty_sequential_returns_its_input():
    x = torch.ones(2)
    assert nn.Sequential()(x) is x


def test_sequential_from_an_ordered_mapping_uses_its_names():
    net = nn.Sequential(OrderedDict([("hidden", nn.Linear(1, 2)), ("act", nn.ReLU())]))
    assert list(net.state_dict()) == ["hidden.weight", "hidden.bias"]
    assert net.hidden is net[0]


def test_indexing_slicing_and_length():
    net = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
    assert len(net) == 3
    assert net[-1] is net[2]
    head = net[:2]
    assert type(head) is nn.Sequential
    assert head[0] is net[0]
    assert list(head) == [net[0], net[1]]
    with pytest.raises(IndexError, match="out of range"):
        net[3]
    with pytest.raises(IndexError):
        net[-4]


@pytest.mark.parametrize("kind", [nn.Sequential, lambda *modules: nn.ModuleList(modules)])
def test_append_insert_extend_pop_delete_and_replace(kind):
    a, b, c, d = (nn.Linear(1, 1) for _ in range(4))
    row = kind(a, b)
    assert row.append(c) is row
    assert list(row) == [a, b, c]
    row.insert(1, d)
    assert list(row) == [a, d, b, c]
    assert list(dict(row.named_children())) == ["0", "1", "2", "3"]
    assert row.pop(0) is a
    del row[-1]
    assert list(row) == [d, b]
    del row[:1]
    assert list(row) == [b]
    assert list(dict(row.named_children())) == ["0"]
    row.extend([a, c])
    row[0] = d
    row[-1] = b
    assert list(row) == [d, a, b]
    row += [c]
    assert len(row) == 4
    with pytest.raises(IndexError):
        row.insert(9, a)


def test_adding_rows_gives_a_new_row():
    a, b = nn.Linear(1, 1), nn.ReLU()
    assert list(nn.Sequential(a) + nn.Sequential(b)) == [a, b]
    assert list(nn.ModuleList([a]) + nn.ModuleList([b])) == [a, b]
    assert isinstance(nn.ModuleList([a, b])[1:], nn.ModuleList)


def test_only_modules_go_in():
    with pytest.raises(TypeError, match=r"ReLU\(\) makes one"):
        nn.Sequential(nn.ReLU)
    with pytest.raises(TypeError, match="function"):
        nn.ModuleList([torch.relu, lambda x: x])
    with pytest.raises(TypeError, match="int"):
        nn.ModuleDict({"a": 1})


def test_module_list_registers_and_has_no_forward():
    layers = nn.ModuleList(nn.Linear(1, 1) for _ in range(3))
    assert len(list(layers.parameters())) == 6
    with pytest.raises(NotImplementedError, match="ModuleList"):
        layers(torch.ones(1, 1))


def test_module_list_prints_runs_of_equals_once():
    assert repr(nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh()])) == (
        "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n)"
    )


def test_module_dict_is_a_mapping_in_order():
    heads = nn.ModuleDict([("b", nn.ReLU()), ("a", nn.Linear(1, 1))])
    assert list(heads) == list(heads.keys()) == ["b", "a"]
    assert "a" in heads
    assert "c" not in heads
    assert [name for name, _ in heads.items()] == ["b", "a"]
    heads["c"] = nn.Tanh()
    heads.update({"b": nn.Sigmoid()})
    assert [type(m).__name__ for m in heads.values()] == ["Sigmoid", "Linear", "Tanh"]
    assert isinstance(heads.pop("c"), nn.Tanh)
    del heads["b"]
    assert len(heads) == 1
    heads.clear()
    assert len(heads) == 0
    with pytest.raises(KeyError):
        heads["a"]


def test_data_parallel_calls_its_module_whose_names_get_a_prefix():
    layer = nn.Linear(2, 1)
    model = nn.DataParallel(layer, device_ids=[0, 1])
    x = torch.ones(3, 2)
    assert model(x).equal(layer(x)) and model.module is layer and model.device_ids == []
    assert list(model.state_dict()) == ["module.weight", "module.bias"]
    assert nn.parallel.DataParallel is nn.DataParallel
    assert nn.parallel.data_parallel(nn.Bilinear(2, 2, 1), (x, x)).shape == (3, 1)
    assert nn.parallel.data_parallel(layer, x, module_kwargs={}).equal(layer(x))


def test_none_keeps_a_place_free():
    layers = nn.ModuleList([nn.ReLU(), None])
    assert len(layers) == 2 and layers[1] is None and list(layers) == [layers[0], None]
    assert repr(layers) == "ModuleList(\n  (0): ReLU()\n  (1): None\n)"
    assert list(layers.children()) == [layers[0]] and not layers.state_dict()
    layers.append(None)
    layers[1] = nn.Linear(2, 1)
    layers[0] = None
    assert [name for name, _ in layers.named_parameters()] == ["1.weight", "1.bias"]
    layers.train().double().apply(lambda module: module.eval())
    heads = nn.ModuleDict({"a": None, "b": nn.ReLU()})
    assert heads["a"] is None and repr(heads) == "ModuleDict(\n  (a): None\n  (b): ReLU()\n)"
    with pytest.raises(TypeError, match=r"layer \(1\) of Sequential is None"):
        nn.Sequential(nn.ReLU(), None)(torch.ones(1))
