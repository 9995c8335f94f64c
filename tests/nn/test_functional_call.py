"""A module called with other parameters and buffers than its own."""

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn.utils.stateless import functional_call
from minigrad.testing import check_grads


def test_the_given_tensors_stand_in_for_the_modules_own_which_come_back():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    own = dict(net.named_parameters())
    other = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = torch.randn(4, 2)
    made = functional_call(net, dict(other.named_parameters()), x)
    assert torch.equal(made, other(x))
    assert all(p is own[name] for name, p in net.named_parameters())
    some = functional_call(net, {"2.bias": own["2.bias"] + 1}, (x,))
    assert torch.allclose(some, net(x) + 1)
    made.sum().backward()
    assert other[0].weight.grad is not None and net[0].weight.grad is None


def test_gradients_flow_to_what_the_tensors_were_computed_from_at_order_2():
    layer = nn.LSTM(1, 2, dtype=torch.float64)
    x = torch.tensor(np.random.default_rng(0).standard_normal((2, 1, 1)))
    weights = {name: p.detach() for name, p in layer.named_parameters()}

    def run(factor):
        return functional_call(layer, {name: p * factor for name, p in weights.items()}, x)[0]

    check_grads(run, np.array(0.7), order=2)


def test_the_module_is_as_before_also_after_an_error():
    layer = nn.Linear(2, 1)
    weight = layer.weight
    with pytest.raises(RuntimeError):
        functional_call(layer, {"weight": torch.ones(1, 2)}, torch.ones(3, 5))
    assert layer.weight is weight and isinstance(layer.weight, nn.Parameter)


def test_several_dicts_keyword_arguments_and_calls_without_arguments():
    norm = nn.BatchNorm1d(2)
    params, buffers = dict(norm.named_parameters()), dict(norm.named_buffers())
    x = torch.randn(5, 2)
    given = {name: b.clone() for name, b in buffers.items()}
    out = functional_call(norm, (params, given), kwargs={"input": x}, strict=True)
    assert torch.allclose(out.mean(0), torch.zeros(2), atol=1e-6)
    assert given["num_batches_tracked"].item() == 1 and norm.num_batches_tracked.item() == 0
    assert given["running_mean"].abs().sum() > 0 and not norm.running_mean.any()

    class Nothing(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.tensor(0.0))
            self.register_buffer("none", None)
            self.plain = torch.tensor(1.0)

        def forward(self):
            self.seen = self.seen + 1
            return self.seen, self.none, self.plain

    module, state = Nothing(), {"seen": torch.tensor(5.0), "none": torch.ones(1), "plain": torch.tensor(2.0)}
    seen, none, plain = functional_call(module, state)
    assert seen.item() == 6 and none is not None and plain.item() == 2
    assert state["seen"].item() == 6  # what a forward assigns is found in the dict
    assert module.seen.item() == 0 and module.none is None and module.plain.item() == 1


def test_a_shared_parameter_is_replaced_under_all_its_names():
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    x, two = torch.ones(1, 2), 2 * torch.eye(2)
    assert functional_call(net, {"1.weight": two}, x, strict=True).tolist() == [[4, 4]]
    untied = functional_call(net, {"1.weight": two}, x, tie_weights=False)
    assert torch.allclose(untied, 2 * (x @ net[0].weight.T))
    assert functional_call(net, {"0.weight": two, "1.weight": two}, x).tolist() == [[4, 4]]
    with pytest.raises(ValueError, match="one shared parameter"):
        functional_call(net, {"0.weight": two, "1.weight": 3 * two}, x)
    assert net[0].weight is net[1].weight


@pytest.mark.parametrize(("given", "options", "error", "words"), [
    ({"weight": torch.ones(1, 2)}, {"strict": True}, RuntimeError, r"Missing key\(s\): 'bias'"),
    ({"weight": torch.ones(1, 2), "bias": torch.ones(1), "x": torch.ones(1)}, {"strict": True}, RuntimeError,
     r"Unexpected key\(s\): 'x'"),
    ({"weight": 3}, {}, TypeError, "'weight' must be a Tensor, not int"),
    (3, {}, ValueError, "not int"),
    ([{"weight": torch.ones(1, 2)}, {"weight": torch.ones(1, 2)}], {}, ValueError, "'weight' in more"),
])  # fmt: skip
def test_misuse_says_what_is_wrong(given, options, error, words):
    with pytest.raises(error, match=words):
        functional_call(nn.Linear(2, 1), given, torch.ones(3, 2), **options)


def test_an_unknown_name_is_ignored_unless_strict():
    layer, x = nn.Linear(2, 1), torch.ones(3, 2)
    given = {"x": torch.ones(1), "a.b": torch.ones(1)}
    assert torch.equal(functional_call(layer, given, x), layer(x))
