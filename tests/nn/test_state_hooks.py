"""Hooks that see a state dict when it is made and when it is loaded."""

import copy
import pickle

import pytest

import minigrad as torch
from minigrad import nn


def rename(module, state, prefix, metadata, strict, missing, unexpected, errors):
    if prefix + "kernel" in state:
        state[prefix + "weight"] = state.pop(prefix + "kernel")


def ones(*names, **more):
    shapes = {"weight": (1, 2), "bias": (1,), "kernel": (1, 2)}
    return {name: torch.ones(shapes[name.rpartition(".")[2]]) for name in names} | more


def test_a_hook_before_loading_may_rename_keys_of_a_part():
    net = nn.Sequential(nn.ReLU(), nn.Linear(2, 1))
    handle = net[1].register_load_state_dict_pre_hook(rename)
    state = ones("1.kernel", "1.bias")
    assert not net.load_state_dict(state).missing_keys
    assert list(state) == ["1.kernel", "1.bias"]  # the user's dict is left as it was
    assert net[1].weight.tolist() == [[1, 1]]
    for copied in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        copied.load_state_dict(state)
    handle.remove()
    with pytest.raises(RuntimeError, match=r"1\.kernel"):
        net.load_state_dict(state)


def test_the_older_spelling_is_called_without_the_module():
    layer, seen = nn.Linear(2, 1), []
    layer._register_load_state_dict_pre_hook(lambda _, prefix, *rest: seen.append((prefix, len(rest))))
    layer._register_load_state_dict_pre_hook(lambda *args: seen.append(args[0]), with_module=True)
    layer.load_state_dict(ones("weight", "bias"))
    assert seen == [("", 5), layer]


def test_a_hook_before_loading_may_tell_of_errors():
    layer = nn.Linear(2, 1)
    before = layer.weight.tolist()
    layer.register_load_state_dict_pre_hook(lambda *args: args[-1].append("this state is of another year"))
    with pytest.raises(RuntimeError, match="another year"):
        layer.load_state_dict(ones("weight", "bias"))
    assert layer.weight.tolist() == before
    layer = nn.Linear(2, 1)
    layer.register_load_state_dict_pre_hook(lambda *args: args[-3].append("scale"))
    assert layer.load_state_dict(ones("weight", "bias"), strict=False).missing_keys == ["scale"]


def test_a_hook_after_loading_sees_the_loaded_values_and_may_excuse_missing_keys():
    layer, seen = nn.Linear(2, 1), []

    def hook(module, keys):
        seen.append((module.weight.tolist(), list(keys.missing_keys)))
        keys.missing_keys.clear()

    handle = layer.register_load_state_dict_post_hook(hook)
    layer.load_state_dict(ones("weight"))
    assert seen == [([[1, 1]], ["bias"])]
    handle.remove()
    with pytest.raises(RuntimeError, match="bias"):
        layer.load_state_dict(ones("weight"))


@pytest.mark.parametrize("assign", [False, True])
def test_a_refused_load_leaves_the_module_as_it_was_also_with_hooks(assign):
    net = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
    net.register_load_state_dict_post_hook(lambda *_: None)
    parts = dict(net.named_parameters()) | dict(net.named_buffers())
    before = {name: x.tolist() for name, x in parts.items()}
    state = {name: x + 1 for name, x in net.state_dict().items() if name != "0.bias"}
    with pytest.raises(RuntimeError, match=r"0\.bias"):
        net.load_state_dict(state, assign=assign)
    after = dict(net.named_parameters()) | dict(net.named_buffers())
    assert all(after[name] is parts[name] and after[name].tolist() == before[name] for name in parts)


def test_a_hook_after_loading_returns_nothing():
    layer = nn.Linear(2, 1)
    layer.register_load_state_dict_post_hook(lambda _, keys: keys)
    with pytest.raises(AssertionError, match="must return None"):
        layer.load_state_dict(ones("weight", "bias"))


def test_hooks_around_saving():
    net, seen = nn.Sequential(nn.Linear(2, 1)), []
    net[0].register_state_dict_pre_hook(lambda module, prefix, keep: seen.append((module, prefix, keep)))
    net[0].register_state_dict_post_hook(
        lambda _, state, prefix, metadata: state.update({prefix + "year": metadata})
    )
    assert list(net.state_dict(prefix="net.", keep_vars=True)) == ["net.0.weight", "net.0.bias", "net.0.year"]
    assert seen == [(net[0], "net.0.", True)]
    with pytest.raises(TypeError, match="must be a function"):
        net.register_state_dict_pre_hook(3)


class Counted(nn.Module):
    """A parameter, a part, and a number that no tensor holds."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.part = nn.Linear(1, 1)
        self.calls = 3

    def get_extra_state(self):
        return {"calls": self.calls}

    def set_extra_state(self, state):
        if state["calls"] < 0:
            raise ValueError("no number of calls")
        self.calls = state["calls"]


def test_an_extra_state_goes_along():
    net, other = nn.Sequential(Counted(), nn.Linear(1, 1)), nn.Sequential(Counted(), nn.Linear(1, 1))
    net[0].calls = 5
    state = net.state_dict()
    names = ["0.weight", "0._extra_state", "0.part.weight", "0.part.bias", "1.weight", "1.bias"]
    assert list(state) == names and state["0._extra_state"] == {"calls": 5}
    assert repr(other.load_state_dict(state)) == "<All keys matched successfully>" and other[0].calls == 5
    assert copy.deepcopy(net)[0].calls == pickle.loads(pickle.dumps(net))[0].calls == 5
    del state["0._extra_state"]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "0._extra_state"'):
        other.load_state_dict(state)
    assert other.load_state_dict(state, strict=False).missing_keys == ["0._extra_state"]
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "1._extra_state"'):
        other.load_state_dict(net.state_dict() | {"1._extra_state": 1})
    plain = nn.ReLU()
    for call in (plain.get_extra_state, lambda: plain.set_extra_state(1)):
        with pytest.raises(RuntimeError, match="ReLU has no extra state"):
            call()


def test_an_extra_state_that_is_refused_leaves_all_as_it_was():
    module = Counted()
    state = module.state_dict()
    state |= {"weight": torch.ones(1), "_extra_state": {"calls": -1}}
    with pytest.raises(ValueError, match="no number of calls"):
        module.load_state_dict(state)
    assert module.weight.item() == 0 and module.calls == 3


def test_the_metadata_of_a_state_dict_tells_the_versions():
    net, seen = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1)), []
    assert net.state_dict()._metadata == {"": {"version": 1}, "0": {"version": 1}, "1": {"version": 2}}
    assert list(net.state_dict(prefix="net.")._metadata) == ["net", "net.0", "net.1"]
    net[1].register_state_dict_post_hook(lambda *call: seen.append(call[2:4]))
    net[1].register_load_state_dict_pre_hook(lambda *call: seen.append(call[2:4]))
    net.load_state_dict(net.state_dict())
    assert seen == [("1.", {"version": 2})] * 2
    net.load_state_dict(dict(net.state_dict()))  # a plain dict has none
    assert seen[-1] == ("1.", {})
