"""Lazy layers take their sizes from the first input, and what has no shape yet says so."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn.parameter import is_lazy

LAYERS = [
    (lambda: nn.LazyLinear(3), lambda: nn.Linear(4, 3), (2, 4)),
    (lambda: nn.LazyLinear(3, bias=False), lambda: nn.Linear(4, 3, bias=False), (2, 5, 4)),
    (lambda: nn.LazyConv1d(4, 3, 2, groups=2), lambda: nn.Conv1d(6, 4, 3, 2, groups=2), (2, 6, 8)),
    (lambda: nn.LazyConv2d(4, 3, padding="same"), lambda: nn.Conv2d(3, 4, 3, padding="same"), (3, 5, 5)),
    (lambda: nn.LazyConv3d(4, 2, bias=False), lambda: nn.Conv3d(2, 4, 2, bias=False), (1, 2, 3, 3, 3)),
    (lambda: nn.LazyConvTranspose1d(4, 3, groups=2), lambda: nn.ConvTranspose1d(6, 4, 3, groups=2),
     (2, 6, 3)),
    (lambda: nn.LazyConvTranspose2d(4, 3, 2), lambda: nn.ConvTranspose2d(3, 4, 3, 2), (2, 3, 4, 4)),
    (lambda: nn.LazyConvTranspose3d(4, 2), lambda: nn.ConvTranspose3d(2, 4, 2), (1, 2, 2, 2, 2)),
    (nn.LazyBatchNorm1d, lambda: nn.BatchNorm1d(3), (4, 3)),
    (lambda: nn.LazyBatchNorm2d(1e-3, 0.2), lambda: nn.BatchNorm2d(3, 1e-3, 0.2), (4, 3, 2, 2)),
    (lambda: nn.LazyBatchNorm3d(affine=False), lambda: nn.BatchNorm3d(3, affine=False), (4, 3, 2, 2, 2)),
    (lambda: nn.LazyBatchNorm2d(track_running_stats=False, bias=False),
     lambda: nn.BatchNorm2d(3, track_running_stats=False, bias=False), (4, 3, 2, 2)),
    (nn.LazyInstanceNorm1d, lambda: nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
     (3, 5)),
    (nn.LazyInstanceNorm2d, lambda: nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
     (2, 3, 5, 5)),
    (lambda: nn.LazyInstanceNorm3d(affine=False, track_running_stats=False), lambda: nn.InstanceNorm3d(3),
     (2, 3, 5, 5, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("make", "ordinary", "shape"), LAYERS)
def test_a_lazy_layer_becomes_the_ordinary_one_with_the_same_numbers(make, ordinary, shape):
    x = torch.tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32))
    torch.manual_seed(3)
    wanted = ordinary()
    torch.manual_seed(3)
    layer = make()
    assert type(layer).__name__ == "Lazy" + type(wanted).__name__ and isinstance(layer, type(wanted))
    assert layer.has_uninitialized_params() == bool(wanted.state_dict())
    assert list(layer.state_dict()) == list(wanted.state_dict())
    out = layer(x)
    assert type(layer) is type(wanted) and repr(layer) == repr(wanted)
    assert torch.equal(out, wanted(x))
    for (name, ours), theirs in zip(layer.state_dict().items(), wanted.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name
    assert torch.equal(layer(x), wanted(x))


@pytest.mark.parametrize(("make", "ordinary", "shape"), LAYERS)
def test_a_lazy_layer_loads_copies_pickles_and_converts_before_its_first_call(make, ordinary, shape):
    x = torch.tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32))
    saved = ordinary().state_dict()
    layer = make()
    for copied in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert type(copied) is type(layer)
        assert copied(x).shape == ordinary()(x).shape
        assert copied.state_dict().keys() == saved.keys()
    assert layer.has_uninitialized_params() == bool(saved)
    layer.load_state_dict(saved)
    wanted = ordinary()
    wanted.load_state_dict(saved)
    assert torch.equal(layer(x), wanted(x)) and repr(layer) == repr(wanted)
    double = make().double()
    assert double(x.double()).dtype is torch.float64


def test_an_uninitialized_parameter_says_what_it_is():
    layer = nn.LazyLinear(3, dtype=torch.float64)
    weight = layer.weight
    assert repr(weight) == str(weight) == "<UninitializedParameter>"
    assert isinstance(weight, nn.Parameter) and is_lazy(weight) and weight.requires_grad and weight.is_leaf
    assert weight.dtype is torch.float64 and weight.device == torch.device("cpu") and weight.grad is None
    assert weight in {weight} and weight.is_floating_point()
    assert repr(nn.LazyBatchNorm1d().running_mean) == "<UninitializedBuffer>"
    assert repr(layer) == "LazyLinear(in_features=0, out_features=3, bias=True)"
    for use in (
        lambda: weight + 1, lambda: 2 * weight, weight.sum, lambda: weight[0], weight.detach, weight.zero_,
        weight.tolist, lambda: len(weight), lambda: float(weight), weight.numel, lambda: weight == weight,
        lambda: nn.init.zeros_(weight), lambda: nn.functional.linear(torch.ones(2, 2), weight),
        lambda: nn.utils.parameters_to_vector(layer.parameters()), lambda: torch.cat([weight]),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="Call the module with a batch first"):
            use()
    with pytest.raises(RuntimeError, match="shape of an UninitializedParameter is not known"):
        weight.shape


def test_materialize_gives_the_same_object_a_shape():
    weight = nn.UninitializedParameter(requires_grad=False, dtype=torch.float16)
    weight.materialize((2, 3))
    assert type(weight) is nn.Parameter and weight.shape == (2, 3) and weight.dtype is torch.float16
    assert not weight.requires_grad
    for make in (copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))):
        again = make(nn.UninitializedParameter(False, dtype=torch.float16))
        assert is_lazy(again) and again.dtype is torch.float16 and not again.requires_grad
    buffer = nn.UninitializedBuffer()
    buffer.materialize((2,), dtype=torch.float64)
    assert type(buffer) is torch.Tensor and buffer.dtype is torch.float64


@pytest.mark.parametrize("optimiser", [torch.optim.SGD, torch.optim.Adam])
def test_an_optimiser_may_be_made_before_the_first_call(optimiser):
    torch.manual_seed(0)
    lazy = nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(1))
    steps = optimiser(lazy.parameters(), lr=0.1)
    steps.zero_grad()
    x = torch.ones(4, 2)
    lazy(x)
    ordinary = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    ordinary.load_state_dict(lazy.state_dict())
    others = optimiser(ordinary.parameters(), lr=0.1)
    for net, step in ((lazy, steps), (ordinary, others)):
        for _ in range(3):
            step.zero_grad()
            net(x).square().sum().backward()
            step.step()
    for a, b in zip(lazy.parameters(), ordinary.parameters(), strict=True):
        assert torch.equal(a, b)


def test_state_without_a_shape_is_loaded_into_nothing_that_has_one():
    with pytest.raises(RuntimeError, match="weight has no shape yet"):
        nn.Linear(2, 3).load_state_dict(nn.LazyLinear(3).state_dict())
    layer = nn.LazyLinear(3)
    layer.load_state_dict(nn.LazyLinear(3).state_dict())
    assert layer.has_uninitialized_params()


def test_a_refused_first_input_leaves_the_layer_lazy():
    layer = nn.LazyConv2d(4, 3, groups=2)
    for wrong, error in ((torch.ones(2), RuntimeError), (torch.ones(1, 3, 5, 5), ValueError)):
        with pytest.raises(error):
            layer(wrong)
        assert type(layer) is nn.LazyConv2d and is_lazy(layer.weight)
    norm = nn.LazyBatchNorm2d()
    with pytest.raises(ValueError, match="expected 4D input"):
        norm(torch.ones(2, 3))
    with pytest.raises(ValueError, match="expected 2D or 3D input"):
        nn.LazyInstanceNorm1d()(torch.ones(2))
    assert is_lazy(norm.running_mean)
    with pytest.raises(RuntimeError, match="0-d"):
        nn.LazyLinear(3)(torch.tensor(1.0))
    with pytest.raises(TypeError, match="not list"):
        nn.LazyLinear(3)([1.0])
    with pytest.raises(ValueError, match="out_channels must be divisible"):
        nn.LazyConv1d(3, 2, groups=2)
    with pytest.raises(TypeError, match="out_features must be an integer"):
        nn.LazyLinear("3")


def test_hooks_see_the_layer_with_its_shapes():
    layer, seen = nn.LazyLinear(3), []
    layer.register_forward_pre_hook(lambda module, _: seen.append(module.in_features))
    layer(torch.ones(2, 4))
    layer(torch.ones(2, 4))
    assert seen == [4, 4]


def test_apply_and_zero_grad_pass_over_what_has_no_shape():
    net = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d())
    net.apply(lambda _: None).train().zero_grad()
    for module in net:
        module.reset_parameters()
    assert net(torch.ones(2, 5)).shape == (2, 3)


def test_a_lazy_module_of_the_users_own():
    class Scale(nn.modules.lazy.LazyModuleMixin, nn.Module):
        def __init__(self, give=True):
            super().__init__()
            self.give = give
            self.factor = nn.UninitializedParameter()

        def initialize_parameters(self, x):
            if self.give:
                self.factor.materialize(x.shape[1:])
                nn.init.ones_(self.factor)

        def forward(self, x):
            return x * self.factor

    layer = Scale()
    assert torch.equal(layer(torch.full((2, 3), 5.0)), torch.full((2, 3), 5.0))
    assert type(layer) is Scale
    nn.init.constant_(layer.factor, 2.0)
    assert (layer(torch.ones(2, 3)) == 2).all()  # initialized once
    with pytest.raises(RuntimeError, match="left parameters or buffers uninitialized"):
        Scale(give=False)(torch.ones(2, 3))
    with pytest.raises(NotImplementedError, match="initialize_parameters"):
        nn.modules.lazy.LazyModuleMixin()(torch.ones(1))
