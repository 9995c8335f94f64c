"""Module: calling, modes, hooks, conversions, copies, printing."""

import copy
import pickle

import pytest

import minigrad as torch
from minigrad import nn


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="Module does not define forward"):
        nn.Module()(1)


def test_train_and_eval_reach_every_module():
    net = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout()))
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    assert all(m.training for m in net.train().modules())
    with pytest.raises(TypeError, match="True or False"):
        net.train(1)


def test_apply_visits_children_before_their_parent():
    seen = []
    net = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU()))
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "Sequential", "Sequential"]


def test_zero_grad_forgets_or_zeroes(Net):
    net = Net()
    net(torch.ones(1, 2)).sum().backward()
    grad = net.first.weight.grad
    net.zero_grad(set_to_none=False)
    assert net.first.weight.grad is not None
    assert net.first.weight.grad.tolist() == [[0.0, 0.0]]
    assert grad.tolist() == [[0.0, 0.0]]  # in place
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_a_gradient_that_is_zeroed_leaves_its_graph(Net):
    net = Net()
    (net(torch.ones(1, 2)) ** 2).sum().backward(create_graph=True)
    assert net.first.weight.grad.requires_grad
    net.zero_grad(set_to_none=False)
    assert not any(p.grad.requires_grad for p in net.parameters())


def test_requires_grad_freezes_all(Net):
    net = Net().requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    assert not net(torch.ones(1, 2)).requires_grad


def test_double_converts_in_place_and_leaves_integer_buffers():
    layer = nn.BatchNorm1d(2)
    weight = layer.weight
    assert layer.double() is layer
    assert layer.weight is weight
    assert weight.dtype == torch.float64
    assert layer.running_mean.dtype == torch.float64
    assert layer.num_batches_tracked.dtype == torch.int64
    assert layer.float().weight.dtype == torch.float32
    assert layer.half().weight.dtype == torch.float16
    assert layer.type(torch.float64).weight.dtype == torch.float64
    assert layer.cpu() is layer


def test_conversion_takes_the_gradient_along():
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    layer.to(torch.float64)
    assert layer.weight.grad.dtype == torch.float64
    assert layer.weight.grad.tolist() == [[1.0, 1.0]]
    layer(torch.ones(1, 2, dtype=torch.float64)).sum().backward()
    assert layer.weight.grad.tolist() == [[2.0, 2.0]]


def test_a_converted_module_is_still_the_one_the_optimiser_holds():
    layer = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    layer.double()
    layer(torch.ones(1, 1, dtype=torch.float64)).sum().backward()
    before = layer.bias.item()
    optimizer.step()
    assert layer.bias.item() == before - 1


def test_to_refuses_dtypes_that_are_not_floating():
    with pytest.raises(TypeError, match="floating"):
        nn.Linear(1, 1).to(torch.int64)


def test_forward_hooks_see_and_change_the_output():
    layer = nn.Identity()
    seen = []
    handle = layer.register_forward_hook(lambda *given: seen.append(given))
    doubling = layer.register_forward_hook(lambda *given: given[-1] * 2)
    assert layer(3) == 6
    assert seen == [(layer, (3,), 3)]
    doubling.remove()
    doubling.remove()
    assert layer(3) == 3
    handle.remove()
    layer(3)
    assert len(seen) == 2


def test_forward_pre_hooks_change_the_arguments():
    layer = nn.Identity()
    with layer.register_forward_pre_hook(lambda *given: given[1][0] + 1):
        assert layer(1) == 2
    assert layer(1) == 1


def test_hooks_with_kwargs_and_prepended():
    class Add(nn.Module):
        def forward(self, x, *, y=0):
            return x + y

    layer = Add()
    layer.register_forward_pre_hook(lambda _, args, given: (args, {"y": given["y"] * 10}), with_kwargs=True)
    layer.register_forward_hook(lambda *given: given[-1] + given[2]["y"], with_kwargs=True)
    layer.register_forward_hook(lambda *given: -given[-1], prepend=True)
    assert layer(1, y=2) == -(1 + 20) + 20


def test_modules_survive_pickle_and_deepcopy_with_their_own_memory(Net):
    net = Net()
    x = torch.ones(1, 2)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(twin(x), net(x))
        assert [type(p) for p in twin.parameters()] == [nn.Parameter] * 4
        with torch.no_grad():
            twin.scale.fill_(7.0)
        assert net.scale.item() == 1.0


def test_deepcopy_keeps_sharing_within_the_copy():
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    twin = copy.deepcopy(net)
    assert twin[0].weight is twin[1].weight
    assert twin[0].weight is not net[0].weight


def test_a_copy_starts_without_gradients():
    layer = nn.Linear(1, 1, bias=False)
    layer(torch.ones(1, 1)).backward()
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert twin.weight.grad is None
        twin(torch.ones(1, 1)).backward()
        assert twin.weight.grad.tolist() == [[1.0]]
    assert layer.weight.grad.tolist() == [[1.0]]


def test_deepcopy_keeps_buffers_that_share_memory_together():
    module = nn.Module()
    table = torch.arange(6.0).reshape(2, 3)
    module.register_buffer("table", table)
    module.register_buffer("row", table[1])
    twin = copy.deepcopy(module)
    twin.row.zero_()
    assert twin.table.tolist() == [[0.0, 1.0, 2.0], [0.0, 0.0, 0.0]]
    assert module.row.tolist() == [3.0, 4.0, 5.0]


def test_an_unpickled_module_is_as_fast_as_before():
    layer = pickle.loads(pickle.dumps(nn.Linear(2, 2)))
    assert all(p.dtype is torch.float32 for p in layer.parameters())


def test_extra_repr_is_printed_above_the_children():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.ReLU()

        def extra_repr(self):
            return "size=3"

    assert repr(Named()) == "Named(\n  size=3\n  (layer): ReLU()\n)"


def test_a_module_may_choose_the_name_that_is_printed():
    class Own(torch.nn.Linear):
        def _get_name(self):
            return "Mine"

    assert repr(Own(1, 2, bias=False)) == "Mine(in_features=1, out_features=2, bias=False)"
    assert torch.nn.ReLU()._get_name() == "ReLU"
