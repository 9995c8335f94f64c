"""Parameter: a leaf that shares its data."""

import pytest

import minigrad as torch
from minigrad import nn


def test_every_registered_parameter_is_a_leaf_that_requires_grad(Net):
    for parameter in Net().parameters():
        assert isinstance(parameter, nn.Parameter)
        assert parameter.is_leaf
        assert parameter.requires_grad


def test_parameter_shares_the_memory_of_its_data_and_has_no_history():
    data = torch.zeros(2)
    parameter = nn.Parameter(data)
    data.fill_(3.0)
    assert parameter.tolist() == [3.0, 3.0]
    grown = torch.ones(2, requires_grad=True) * 2
    assert nn.Parameter(grown).is_leaf


def test_parameter_of_something_else_than_a_tensor_raises():
    with pytest.raises(TypeError, match="list"):
        nn.Parameter([1.0])


def test_a_parameter_can_be_made_without_gradient():
    assert not nn.Parameter(torch.ones(1), requires_grad=False).requires_grad


def test_ops_on_a_parameter_give_plain_tensors():
    out = nn.Parameter(torch.ones(2)) * 2
    assert type(out) is torch.Tensor


def test_parameter_prints_as_in_pytorch():
    assert repr(nn.Parameter(torch.ones(2))) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
