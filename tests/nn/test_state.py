"""state_dict and load_state_dict: everything or nothing."""

import pytest

import minigrad as torch
from minigrad import nn


def net():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))


def values(module):
    return {name: tensor.tolist() for name, tensor in module.state_dict().items()}


def test_a_state_dict_is_detached_and_shares_memory():
    layer = nn.Linear(1, 1)
    state = layer.state_dict()
    assert not state["weight"].requires_grad
    with torch.no_grad():
        layer.weight.fill_(5.0)
    assert state["weight"].item() == 5.0
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight


def test_prefix_and_destination():
    found = {"old": 1}
    assert nn.Linear(1, 1).state_dict(destination=found, prefix="net.") is found
    assert list(found) == ["old", "net.weight", "net.bias"]


def test_loading_copies_values_and_keeps_the_objects():
    ours, theirs = net(), net()
    weight = ours[0].weight
    keys = ours.load_state_dict(theirs.state_dict())
    assert values(ours) == values(theirs)
    assert ours[0].weight is weight
    assert weight.requires_grad
    assert repr(keys) == "<All keys matched successfully>"
    with torch.no_grad():
        theirs[0].weight.fill_(9.0)
    assert ours[0].weight.tolist() != theirs[0].weight.tolist()


def test_loading_casts_to_the_dtype_of_the_module():
    ours = nn.Linear(1, 1)
    ours.load_state_dict(nn.Linear(1, 1).double().state_dict())
    assert ours.weight.dtype == torch.float32


def test_every_wrong_key_is_listed_and_nothing_is_loaded():
    ours = net()
    before = values(ours)
    state = net().state_dict()
    del state["0.bias"]
    state["0.bais"] = torch.zeros(3)
    state["extra"] = torch.zeros(1)
    state["0.weight"] = torch.zeros(3, 4)
    state["2.weight"] = torch.zeros(1)
    with pytest.raises(RuntimeError) as caught:
        ours.load_state_dict(state)
    message = str(caught.value)
    for part in (
        'Missing key(s) in state_dict: "0.bias"',
        'Unexpected key(s) in state_dict: "0.bais" (did you mean "0.bias"?), "extra"',
        "size mismatch for 0.weight: the state_dict has (3, 4), the module (3, 2)",
        "size mismatch for 2.weight: the state_dict has (1,), the module (1, 3)",
        "Sequential, which is unchanged",
    ):
        assert part in message
    assert values(ours) == before


def test_not_strict_loads_what_fits_and_reports_the_rest():
    ours, theirs = net(), net()
    state = theirs.state_dict()
    del state["2.bias"]
    state["extra"] = torch.zeros(1)
    missing, unexpected = ours.load_state_dict(state, strict=False)
    assert (missing, unexpected) == (["2.bias"], ["extra"])
    assert ours[0].weight.tolist() == theirs[0].weight.tolist()


def test_not_strict_still_refuses_wrong_shapes_and_loads_nothing():
    ours = net()
    before = values(ours)
    state = net().state_dict()
    state["2.weight"] = torch.zeros(7)
    with pytest.raises(RuntimeError, match=r"size mismatch for 2\.weight"):
        ours.load_state_dict(state, strict=False)
    assert values(ours) == before


def test_a_value_that_is_no_tensor_is_refused():
    state = net().state_dict()
    state["0.bias"] = [1.0, 2.0, 3.0]
    with pytest.raises(RuntimeError, match="must be a Tensor, not list"):
        net().load_state_dict(state)
    with pytest.raises(TypeError, match="mapping"):
        net().load_state_dict([1])


def test_assign_takes_the_given_tensors_with_their_dtype():
    ours = nn.BatchNorm1d(2)
    state = nn.BatchNorm1d(2).double().state_dict()
    ours.load_state_dict(state, assign=True)
    assert isinstance(ours.weight, nn.Parameter)
    assert ours.weight.requires_grad
    assert ours.weight.dtype == torch.float64
    assert ours.running_mean.dtype == torch.float64
    state["weight"].fill_(4.0)
    assert ours.weight.tolist() == [4.0, 4.0]


def test_assign_leaves_frozen_what_was_frozen():
    ours = nn.Linear(2, 1)
    ours.weight.requires_grad_(False)
    ours.load_state_dict(nn.Linear(2, 1).state_dict(), assign=True)
    assert [p.requires_grad for p in ours.parameters()] == [False, True]


def test_a_loaded_model_goes_on_training():
    ours = nn.Linear(2, 1)
    ours.load_state_dict(nn.Linear(2, 1).state_dict())
    ours(torch.ones(1, 2)).sum().backward()
    assert ours.weight.grad.tolist() == [[1.0, 1.0]]
