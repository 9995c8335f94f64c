"""Full backward hooks of modules: what they see, what they may change, when they run."""

import copy
import itertools
import pickle
from typing import NamedTuple

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn


class Twice(nn.Module):
    """Two inputs, two outputs."""

    def forward(self, x, factor, y):
        return x * y * factor, x + y


def seen_by(module, **kwargs):
    seen = []
    module.register_full_backward_hook(lambda m, into, out: seen.append((m, into, out)), **kwargs)
    return seen


def test_a_hook_sees_one_gradient_for_each_argument_and_each_output():
    module = Twice()
    seen = seen_by(module)
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = torch.tensor([5.0, 7.0])
    product, total = module(x, 10.0, y)
    (product.sum() + 2 * total.sum()).backward()
    ((m, into, out),) = seen
    assert m is module
    assert into[0].tolist() == [52.0, 72.0]
    assert into[1:] == (None, None)
    assert [g.tolist() for g in out] == [[1.0, 1.0], [2.0, 2.0]]
    assert x.grad.tolist() == [52.0, 72.0]


def test_the_gradient_of_an_output_that_nothing_used_is_none():
    module = Twice()
    seen = seen_by(module)
    x = torch.ones(2, requires_grad=True)
    module(x, 1.0, x)[1].sum().backward()
    assert seen[0][2][0] is None
    assert x.grad.tolist() == [2.0, 2.0]


def test_the_kind_of_a_tuple_of_outputs_stays():
    class Pair(NamedTuple):
        one: torch.Tensor
        two: torch.Tensor

    class Doubled(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.kind = kind

        def forward(self, x):
            return Pair(x, 2 * x) if self.kind is Pair else self.kind([x, 2 * x])

    for kind in (Pair, tuple, list):
        module = Doubled(kind)
        seen_by(module)
        out = module(torch.ones(2, requires_grad=True))
        assert type(out) is kind and out[1].tolist() == [2.0, 2.0]


def test_what_hooks_return_replaces_the_gradient_in_their_order():
    module = nn.Identity()
    order = []
    module.register_full_backward_hook(lambda _, into, _out: (order.append("b"), (into[0] + 1,))[1])
    module.register_full_backward_hook(lambda _, into, _out: into[0] * 10)
    first = module.register_full_backward_hook(
        lambda _, into, _out: (order.append("a"), (into[0] * 3,))[1], prepend=True
    )
    x = torch.ones(1, requires_grad=True)
    module(x).backward()
    assert (order, x.grad.tolist()) == (["a", "b"], [40.0])
    first.remove()
    module(x).backward()
    assert x.grad.tolist() == [60.0]


def test_a_pre_hook_changes_what_arrives_at_the_outputs():
    layer = nn.Linear(1, 1, bias=False)
    seen = seen_by(layer)
    layer.register_full_backward_pre_hook(lambda _, out: (out[0] * 5,))
    x = torch.ones(1, 1, requires_grad=True)
    layer(x).backward()
    assert seen[0][2][0].tolist() == [[5.0]]
    assert layer.weight.grad.tolist() == [[5.0]]
    assert x.grad.item() == pytest.approx(5 * layer.weight.item())


def test_without_an_input_that_requires_grad_the_hook_runs_at_the_outputs_and_says_so():
    layer = nn.Linear(1, 1)
    seen = seen_by(layer)
    y = layer(torch.ones(1, 1))
    with pytest.warns(UserWarning, match="no input of Linear requires grad"):
        y.backward()
    assert seen[0][1:] == ((None,), (torch.ones(1, 1),))
    layer.register_full_backward_hook(lambda _, _into, out: out)
    with (
        pytest.warns(UserWarning, match="no input"),
        pytest.raises(RuntimeError, match="no input of the module requires grad"),
    ):
        layer(torch.ones(1, 1)).backward()


def test_each_call_has_its_own_gradients_and_second_derivatives_pass():
    module = nn.Tanh()
    seen = seen_by(module)
    x = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    y = module(module(x))
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    (h,) = torch.autograd.grad(g, x)
    z = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    (plain,) = torch.autograd.grad(z.tanh().tanh(), z, create_graph=True)
    assert len(seen) >= 2
    assert g.item() == pytest.approx(plain.item(), rel=1e-14)
    assert h.item() == pytest.approx(torch.autograd.grad(plain, z)[0].item(), rel=1e-14)


def test_inputs_and_outputs_of_a_module_with_a_hook_may_not_be_written_in_place():
    layer = nn.ReLU(inplace=True)
    seen_by(layer)
    x = torch.ones(2, requires_grad=True) * 1
    with pytest.raises(RuntimeError, match=r"relu_: .* modified inplace.* Nothing was written"):
        layer(x)
    layer.inplace = False
    with pytest.raises(RuntimeError, match=r"add_: .* modified inplace.* Nothing was written"):
        layer(x).add_(1)


@pytest.mark.parametrize("returned", [(), (torch.ones(1), torch.ones(1))])
def test_a_wrong_number_of_gradients_is_refused(returned):
    module = nn.Identity()
    module.register_full_backward_hook(lambda *_: returned)
    with pytest.raises(RuntimeError, match="one gradient for each of the 1"):
        module(torch.ones(1, requires_grad=True)).backward()


@pytest.mark.parametrize("kind", ["forward_pre", "forward", "full_backward", "full_backward_pre"])
def test_a_hook_that_is_no_function_is_refused(kind):
    with pytest.raises(TypeError, match="a hook must be a function, not int"):
        getattr(nn.ReLU(), f"register_{kind}_hook")(3)


def test_a_forward_pre_hook_with_kwargs_returns_both_or_none():
    layer = nn.Identity()
    layer.register_forward_pre_hook(lambda *_: torch.ones(1), with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple \(args, kwargs\)"):
        layer(torch.ones(1))


def double(module, into, out):
    return (into[0] * 2,)


def test_hooks_are_copied_and_pickled_with_their_module():
    layer = nn.Identity()
    layer.register_full_backward_hook(double)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        x = torch.ones(1, requires_grad=True)
        other(x).backward()
        assert x.grad.item() == 2.0


def run(torch, several, pre, into):
    """The gradients that hooks see and that reach the leaves, in either library."""
    seen = []
    layer = torch.nn.Bilinear(2, 3, 2) if several else torch.nn.Linear(2, 2)
    for i, p in enumerate(layer.parameters()):
        with torch.no_grad():
            p.copy_((torch.arange(p.numel()) * 0.3 - 0.7 + i).reshape(p.shape))
    x = torch.tensor([[0.5, -1.5]], requires_grad=True)
    args = (x, torch.tensor([[0.2, 0.4, -0.6]], requires_grad=True)) if several else (x,)
    if pre:
        layer.register_full_backward_pre_hook(lambda _, out: (out[0] * 3,))
    layer.register_full_backward_hook(lambda _, gi, go: seen.append((gi, go)))
    if into:
        layer.register_full_backward_hook(lambda _, gi, _go: tuple(g * 2 for g in gi))
    (layer(*args) ** 2).sum().backward()
    flat = [*seen[0][0], *seen[0][1], *(a.grad for a in args), *(p.grad for p in layer.parameters())]
    return [g.tolist() for g in flat]


@pytest.mark.parity
@pytest.mark.parametrize(("several", "pre", "into"), [*itertools.product((False, True), repeat=3)])
def test_hooks_see_and_change_what_pytorchs_do(several, pre, into):
    pytorch = pytest.importorskip("torch")
    for ours, theirs in zip(run(torch, several, pre, into), run(pytorch, several, pre, into), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_the_older_kind_is_called_as_the_full_one_and_does_not_mix_with_it():
    layer, seen = nn.Linear(2, 1), []
    with pytest.warns(UserWarning, match="the gradients of the module's inputs"):
        handle = layer.register_backward_hook(lambda _, into, out: seen.append((into, out)))
    x = torch.ones(1, 2, requires_grad=True)
    layer(x).sum().backward()
    ((into, out),) = seen
    assert torch.equal(into[0], layer.weight) and out[0].tolist() == [[1.0]]
    with pytest.raises(RuntimeError, match="Cannot use both"):
        layer.register_full_backward_hook(lambda *_: None)
    handle.remove()
    layer.register_full_backward_hook(lambda *_: None)
    with pytest.raises(RuntimeError, match="Cannot use both"):
        layer.register_backward_hook(lambda *_: None)


def test_hooks_of_all_modules_come_first_and_leave_no_trace():
    from minigrad.nn.modules import module as every

    plain, seen = nn.Module.__call__, []
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    net[1].register_forward_pre_hook(lambda *_: seen.append("own"))
    net[1].register_full_backward_hook(lambda *_: seen.append("own backward"))

    def told(word):
        return lambda module, *_: seen.append(f"{type(module).__name__} {word}")

    handles = [
        every.register_module_forward_pre_hook(told("before")),
        every.register_module_forward_hook(told("after")),
        every.register_module_full_backward_pre_hook(told("back")),
        every.register_module_full_backward_hook(told("done")),
    ]
    net(torch.ones(1, 2, requires_grad=True)).sum().backward()
    assert nn.Module.__call__ is not plain
    for handle in handles:
        handle.remove()
    assert nn.Module.__call__ is plain
    assert seen == [
        "Sequential before", "Linear before", "Linear after", "ReLU before", "own", "ReLU after",
        "Sequential after", "Sequential back", "ReLU back", "ReLU done", "own backward", "Linear back",
        "Linear done", "Sequential done",
    ]  # fmt: skip
    seen.clear()
    net(torch.ones(1, 2))
    assert seen == ["own"]
    with every.register_module_forward_hook(lambda *call: call[3] + len(call[2]), with_kwargs=True):
        assert nn.Identity()(torch.zeros(1)).item() == 0
    with pytest.raises(NotImplementedError, match="always_call"):
        every.register_module_forward_hook(print, always_call=True)
    with pytest.raises(TypeError, match="a hook must be a function"):
        every.register_module_forward_hook(3)


def test_hooks_of_all_modules_are_called_in_a_compiled_one_too():
    from minigrad.nn.modules import module as every

    compiled, seen = torch.compile(nn.Sequential(nn.Linear(2, 2), nn.ReLU())), []
    x = torch.ones(1, 2)
    compiled(x)
    with every.register_module_forward_hook(lambda module, *_: seen.append(type(module).__name__)):
        compiled(x)
    assert seen == ["Linear", "ReLU", "Sequential"]
    compiled(x)
    assert len(seen) == 3
