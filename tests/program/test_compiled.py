"""`minigrad.compile`: a compiled call equals the eager one, whatever changes between calls."""

import contextlib
import copy
import gc
import importlib
import pickle
import random
import threading
import tracemalloc
import warnings
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, strategies as st

import minigrad as torch
from minigrad.nn import functional as F
from minigrad.ops import REAL, Op
from minigrad.program import build
from minigrad.testing import strategies as some

nn = torch.nn


def gradients(tensors):
    return [None if t.grad is None else t.grad.numpy() for t in tensors]


def assert_same(a, b, rtol=1e-9):
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        assert (x is None) == (y is None)
        if x is not None:
            assert x.dtype == y.dtype
            np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol)


def as_function(program, own=True):
    """A program of the strategies as a function of its leaves; `own` lets each output own its memory."""

    def run(*leaves):
        scope = {"torch": torch, "F": F, "np": np}
        scope |= {f"x{i}": x for i, x in enumerate(leaves)}
        for code in program._code:
            exec(code, scope)
        return tuple(scope[name] * 1.0 if own else scope[name] for name in program.outputs)

    return run


def is_compiled(compiled):
    return not compiled._calls.why_eager and len(compiled._calls.runners) > 0


@given(program=some.programs(), seed=st.integers(0, 99), own=st.booleans(), large=st.sampled_from([2**21, 1]))
def test_a_compiled_program_is_the_eager_one(program, seed, own, large):
    with mock.patch.object(build, "LARGE", large):  # all values as the large ones
        compare_with_eager(program, seed, own)


def compare_with_eager(program, seed, own):
    run = as_function(program, own)
    compiled = torch.compile(run)
    draw = np.random.default_rng(seed)
    for turn in range(3):
        data = [np.asarray(x + 0.01 * turn * draw.standard_normal(x.shape)) for x in program.leaves]
        a, b = ([torch.from_numpy(x.copy()).requires_grad_() for x in data] for _ in range(2))
        outs = run(*a)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # outputs that share memory are not compiled
            got = compiled(*b)
        assert_same([x.detach().numpy() for x in outs], [x.detach().numpy() for x in got])
        assert [x.requires_grad for x in outs] == [x.requires_grad for x in got]
        for results in (outs, got):
            sums = [x.sum() for x in results if x.requires_grad]
            torch.autograd.backward(sums) if sums else None
        assert_same(gradients(a), gradients(b))
    assert is_compiled(compiled) or not own
    assert not any(runner.failures for runner in compiled._calls.runners)


@given(program=some.programs(), seed=st.integers(0, 99))
def test_the_second_order_of_a_compiled_program_is_the_eager_one(program, seed):
    run = as_function(program)
    compiled = torch.compile(run)
    draw = np.random.default_rng(seed)
    data = [np.asarray(x) for x in program.leaves]
    compiled(*[torch.from_numpy(x.copy()).requires_grad_() for x in data])
    results = []
    weights = None
    for function in (run, compiled):
        leaves = [torch.from_numpy(x.copy()).requires_grad_() for x in data]
        total = sum((x * x).sum() for x in function(*leaves) if x.requires_grad)
        if not isinstance(total, torch.Tensor):
            return
        first = torch.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
        weights = weights or [draw.standard_normal(x.shape) for x in data]
        mixed = sum(
            (g * torch.from_numpy(np.asarray(w))).sum()
            for g, w in zip(first, weights, strict=True)
            if g is not None and g.requires_grad
        )
        if isinstance(mixed, torch.Tensor) and mixed.requires_grad:
            mixed.backward()
        results.append([*(None if g is None else g.detach().numpy() for g in first), *gradients(leaves)])
    assert_same(*results, rtol=1e-7)


def told(function, *calls):
    """The results of calls, of which the first warns that it runs eagerly; and the warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = [function(*args) for args in calls]
    texts = [str(w.message) for w in caught if "minigrad.compile" in str(w.message)]
    assert len(texts) == 1, texts
    return results, texts[0]


def net_of(*layers):
    torch.manual_seed(1)
    return nn.Sequential(*[make() for make in layers])


NETS = {
    "tanh": lambda: net_of(lambda: nn.Linear(4, 8), nn.Tanh, lambda: nn.Linear(8, 3)),
    "dropout": lambda: net_of(
        lambda: nn.Linear(4, 8), nn.ReLU, lambda: nn.Dropout(0.4), lambda: nn.Linear(8, 3)
    ),
    "batch norm": lambda: net_of(
        lambda: nn.Linear(4, 8), lambda: nn.BatchNorm1d(8), nn.GELU, lambda: nn.Linear(8, 3)
    ),
    "layer norm": lambda: net_of(
        lambda: nn.LayerNorm(4), lambda: nn.Linear(4, 6), nn.ELU, lambda: nn.Linear(6, 3)
    ),
    "softmax": lambda: net_of(lambda: nn.Linear(4, 3), nn.LeakyReLU, lambda: nn.Softmax(dim=1)),
}


def train(model, call, loss=F.cross_entropy, steps=6, sizes=(8,), optimiser=torch.optim.SGD):
    """Parameters, buffers and losses after some steps with fresh data."""
    torch.manual_seed(3)
    draw = np.random.default_rng(0)
    opt, losses = optimiser(model.parameters(), lr=0.05), []
    for step in range(steps):
        n = sizes[step % len(sizes)]
        x = torch.from_numpy(draw.standard_normal((n, 4)).astype(np.float32))
        y = torch.from_numpy(draw.integers(0, 3, n))
        value = loss(call(x), y)
        opt.zero_grad()
        value.backward()
        opt.step()
        losses.append(value.detach().numpy())
    return [*[t.detach().numpy() for t in model.state_dict().values()], *losses]


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("sizes", [(8,), (8, 8, 5)])
def test_training_a_compiled_net_is_training_the_eager_one(name, sizes):
    eager, plain = NETS[name](), NETS[name]()
    compiled = torch.compile(plain, fullgraph=True)
    assert_same(train(eager, eager, sizes=sizes), train(compiled, compiled, sizes=sizes), rtol=1e-5)
    assert len(compiled._calls.runners) == len(set(sizes)) and is_compiled(compiled)
    eager.eval(), compiled.eval()
    x = torch.randn(4, 4)
    with torch.no_grad():
        for _ in range(2):
            np.testing.assert_allclose(eager(x).numpy(), compiled(x).numpy(), rtol=1e-6, atol=2e-7)


@pytest.mark.parametrize(
    "loss", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.binary_cross_entropy_with_logits, F.kl_div]
)
def test_compiled_losses(loss):
    model, other = (nn.Linear(3, 2) for _ in range(2))
    other.load_state_dict(model.state_dict())
    compiled = torch.compile(lambda x, y: loss(other(x), y), fullgraph=True)
    for _ in range(3):
        x, y = torch.randn(5, 3), torch.rand(5, 2)
        a, b = loss(model(x), y), compiled(x, y)
        a.backward(), b.backward()
        np.testing.assert_allclose(a.item(), b.item(), rtol=1e-6)
    assert_same(gradients(model.parameters()), gradients(other.parameters()), rtol=1e-5)


def test_a_module_compiles_itself_in_place():
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh())
    x, names = torch.randn(2, 3), [name for name, _ in net.named_parameters()]
    expected, seen = net(x), []
    assert net._compiled_call_impl is None
    assert net.compile() is None and net.compile(mode="default") is None  # twice is once
    for _ in range(3):
        net.zero_grad()
        out = net(x)
        out.sum().backward()
    assert torch.allclose(out, expected)
    assert "1 program" in str(net._compiled_call_impl) and net._compiled_call_impl.source.count("def ") > 1
    assert [name for name, _ in net.named_parameters()] == names and list(net.state_dict()) == names
    other = copy.deepcopy(net)
    torch.nn.init.zeros_(other[0].weight)
    assert not torch.equal(other(x), net(x)) and torch.allclose(net(x), expected)
    with pytest.raises(NotImplementedError, match="dynamic"):
        net.compile(dynamic=True)
    net.register_forward_hook(lambda _, __, output: seen.append(output.shape))
    assert torch.allclose(net(x), expected) and seen == [(2, 4)]
    plain = torch.nn.Linear(3, 1)
    plain.compile(disable=True)
    assert plain._compiled_call_impl is None


def test_parameters_that_are_shared_and_data_that_is_replaced():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.outer = nn.Linear(3, 3), nn.Linear(3, 3)
            self.outer.weight = self.inner.weight

        def forward(self, x):
            return self.outer(self.inner(x).tanh())

    eager = Tied()
    compiled = torch.compile(copy.deepcopy(eager), fullgraph=True)
    for turn in range(3):
        x = torch.randn(4, 3)
        eager(x).sum().backward(), compiled(x).sum().backward()
        assert_same(gradients(eager.parameters()), gradients(compiled.parameters()), rtol=1e-6)
        for model in (eager, compiled):
            for p in model.parameters():
                p.data = p.data * (1 + turn)
    assert len(compiled._calls.runners) == 1


def test_a_changed_value_traces_anew():
    settings = {"scale": 2.0}
    power = 2

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.sign = nn.Linear(2, 2), 1.0

        def forward(self, x, *, twice=False):
            y = self.layer(x) * self.sign * settings["scale"]
            return (2 * y if twice else y) ** power

    model = Net()
    compiled = torch.compile(model)
    x = torch.ones(1, 2)

    def check(**options):
        np.testing.assert_allclose(
            compiled(x, **options).detach().numpy(), model(x, **options).detach().numpy()
        )

    check(), check()
    settings["scale"] = 3.0
    check()
    model.sign = -1.0
    check()
    power = 3
    check()
    check(twice=True)
    assert len(compiled._calls.runners) == 5
    model.layer = nn.Linear(2, 2)
    check()
    model.layer.weight.requires_grad_(False)
    check()
    out = compiled(x)
    out.sum().backward()
    assert model.layer.weight.grad is None and model.layer.bias.grad is not None


def test_modes_and_dtypes_are_part_of_the_key():
    layer = nn.Linear(2, 2)
    compiled = torch.compile(lambda x: layer(x).tanh() * torch.ones(2), fullgraph=True)
    assert compiled(torch.ones(1, 2)).requires_grad
    with torch.no_grad():
        assert not compiled(torch.ones(1, 2)).requires_grad
    with torch.inference_mode():
        assert compiled(torch.ones(1, 2)).is_inference()
    assert compiled(torch.ones(1, 2, requires_grad=True)).requires_grad
    layer.double()
    assert compiled(torch.ones(1, 2, dtype=torch.float64)).dtype == torch.float64


def test_more_than_eight_programs_are_not_made():
    compiled = torch.compile(lambda x, n: x * n)
    results, text = told(compiled, *[(torch.ones(2), n) for n in range(12)])
    assert [x.tolist() for x in results] == [[n, n] for n in range(12)] and "traced 8 times" in text
    assert len(compiled._calls.runners) == 8
    known = compiled._calls.runners[-1]
    before = known.calls
    assert compiled(torch.ones(2), 0).tolist() == [0, 0] and compiled(torch.ones(2), 99).tolist() == [99, 99]
    assert known.calls == before + 1  # as a trainer needs that writes samples of many lengths meanwhile
    strict = torch.compile(lambda x, n: x * n, fullgraph=True)
    for n in range(12):
        with pytest.raises(RuntimeError, match="traced 8 times") if n >= 8 else contextlib.nullcontext():
            strict(torch.ones(2), n)


READS = {
    "item": lambda x: x * x.sum().item(),
    "bool": lambda x: x * 2 if x.sum() > 0 else x * 3,
    "float": lambda x: x * float(x.detach().sum()),
    "tolist": lambda x: x * torch.tensor(x.tolist()),
    "index": lambda x: x[int(x.argmax())] * x,
    "tensor as an index": lambda x: x[x.argmax()] * x,
    "mask": lambda x: x[x > 0].sum() * x,
    "numpy": lambda x: x * torch.from_numpy(np.sort(x.detach().numpy())),
    "nonzero": lambda x: x[torch.nonzero(x > 0)].sum() * x,
    "in": lambda x: x * (3.0 in x),
    "format": lambda x: x * len(f"{x.sum().item():.1f}"),
    "text": lambda x: x * len(str(x.detach() * 10)),
    "storage": lambda x: x * (x.detach() * 2).storage()[0],
    "bytes": lambda x: x * sum((x.detach() * 2).untyped_storage()),
    "dlpack": lambda x: x * torch.from_dlpack(x.detach() * 2),
    "deepcopy": lambda x: x * copy.deepcopy(x.detach() * 2),
    "offset": lambda x: x * (x.storage_offset() + 1),
    "address": lambda x: x * (x.data_ptr() - x.detach().data_ptr() + 2),
    "same place": lambda x: x * x.is_set_to(x.detach()),
}


@pytest.mark.parametrize("name", READS)
def test_a_value_that_python_reads_ends_the_trace(name):
    function = READS[name]
    compiled = torch.compile(function)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for data in ([1.0, 2.0, -1.0], [-4.0, 0.5, 1.0], [-1.0, -1.0, -2.0]):
            a, b = (torch.tensor(data, requires_grad=True) for _ in range(2))
            x, y = function(a), compiled(b)
            x.sum().backward(), y.sum().backward()
            assert_same([x.detach().numpy(), a.grad.numpy()], [y.detach().numpy(), b.grad.numpy()], 1e-6)
    told = [str(w.message) for w in caught if "minigrad.compile" in str(w.message)]
    assert len(told) <= 1
    if told:
        assert "test_compiled.py, line" in told[0] or "tracing failed" in told[0]
        with pytest.raises(RuntimeError, match="fullgraph"):
            torch.compile(function, fullgraph=True)(torch.tensor([1.0, 2.0, -1.0]))


@pytest.mark.parametrize("name", ["item", "bool", "float", "mask", "tensor as an index"])
def test_reading_is_told_once_with_the_line(name):
    compiled = torch.compile(READS[name])
    _, text = told(compiled, (torch.tensor([1.0, 2.0, -1.0]),), (torch.tensor([1.0, 2.0, -1.0]),))
    assert "test_compiled.py, line" in text


def test_side_effects_of_python_are_not_lost():
    seen, count = [], {"calls": 0}

    def noting(x):
        y = x * 2
        seen.append(float(y.detach().sum()))
        return y

    def counting(x):
        count["calls"] += 1
        return x * count["calls"]

    def keeping(x):
        seen.append(x * 2)
        return x * 3

    for function in (noting, counting, keeping):
        compiled = torch.compile(function)
        before = len(seen)
        told(compiled, *[(torch.ones(2),)] * 3)
        assert len(seen) - before in (0, 3)
    assert count["calls"] == 3
    assert all(type(x._array) is np.ndarray for x in seen[3:]), seen


def test_draws_are_made_anew_in_the_order_of_eager_mode():
    def noisy(x):
        return F.dropout(x * torch.rand(3), 0.5) + torch.randn(3) + torch.randint(0, 5, (3,))

    compiled = torch.compile(noisy, fullgraph=True)
    torch.manual_seed(0)
    expected = [noisy(torch.ones(3)).tolist() for _ in range(4)]
    torch.manual_seed(0)
    assert [compiled(torch.ones(3)).tolist() for _ in range(4)] == expected
    assert expected[0] != expected[1]
    torch.manual_seed(0)
    assert compiled(torch.ones(3)).tolist() == expected[0]


def test_randomness_of_others_and_seeds_are_noticed():
    stream = np.random.default_rng(0)
    for function in (
        lambda x: x * random.random(),
        lambda x: x * float(np.random.rand()),  # noqa: NPY002
        lambda x: x * stream.random(),
        lambda x: torch.manual_seed(0) and x * torch.rand(2),
    ):
        with pytest.warns(UserWarning, match="minigrad.compile"):
            torch.compile(function)(torch.ones(2))


def test_writes_to_arguments_and_buffers_are_made_at_each_call():
    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(2))

        def forward(self, x):
            with torch.no_grad():
                self.seen += x.detach()
            return x * self.seen.clone()

    eager = Counter()
    compiled = torch.compile(Counter(), fullgraph=True)
    for _ in range(3):
        x = torch.randn(2)
        assert eager(x).tolist() == compiled(x).tolist()
    assert eager.seen.tolist() == compiled.seen.tolist()

    def double(x):
        x.mul_(2)
        return x + 1

    fast = torch.compile(double, fullgraph=True)
    for _ in range(3):
        x = torch.ones(2)
        assert fast(x).tolist() == [3.0, 3.0] and x.tolist() == [2.0, 2.0]


def test_a_write_by_a_program_is_noticed_by_another_backward():
    w = torch.ones(2, requires_grad=True)
    fast = torch.compile(lambda x: x.mul_(2) + 1)
    fast(torch.ones(2))
    x = torch.ones(2)
    y = w * x
    fast(x)
    with pytest.raises(RuntimeError, match="modified"):
        y.sum().backward()


def test_two_forwards_before_a_backward_and_retained_graphs():
    layer = nn.Linear(3, 3)
    compiled = torch.compile(lambda x: layer(layer(x).tanh()).tanh(), fullgraph=True)
    compiled(torch.ones(1, 3))
    xs = [torch.randn(2, 3) for _ in range(3)]
    outs = [compiled(x) for x in xs]
    expected = [layer(layer(x).tanh()).tanh() for x in xs]
    assert_same([x.detach().numpy() for x in outs], [x.detach().numpy() for x in expected], 1e-6)
    for a, b in zip(outs[::-1], expected[::-1], strict=True):
        got = torch.autograd.grad(a.sum(), list(layer.parameters()), retain_graph=True)
        again = torch.autograd.grad(a.sum(), list(layer.parameters()), retain_graph=True)
        wanted = torch.autograd.grad(b.sum(), list(layer.parameters()))
        assert_same([g.numpy() for g in got], [g.numpy() for g in again])
        assert_same([g.numpy() for g in got], [g.numpy() for g in wanted], 1e-6)
    outs[0].sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        outs[0].sum().backward()


def test_outputs_and_gradients_own_their_memory():
    w = torch.randn(3, requires_grad=True)
    compiled = torch.compile(lambda x: (x * w, x + w), fullgraph=True)
    kept = []
    for _ in range(4):
        w.grad = None
        a, b = compiled(torch.randn(3))
        (a + b).sum().backward()
        kept += [a.detach().numpy(), b.detach().numpy(), w.grad.numpy()]
    copies = [x.copy() for x in kept]
    for _ in range(3):
        a, b = compiled(torch.randn(3))
        (a * b).sum().backward()
    w.grad = None
    for i, x in enumerate(kept):
        if i != len(kept) - 1:
            np.testing.assert_array_equal(x, copies[i])
        assert not any(np.shares_memory(x, y) for y in kept[:i])


def test_an_output_that_nobody_uses_gives_no_gradient():
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    compiled = torch.compile(lambda: (a * 2, b * 3), fullgraph=True)
    compiled()
    compiled()[0].sum().backward()
    assert a.grad.tolist() == [2.0, 2.0] and b.grad is None


def test_a_saved_value_that_is_written_is_noticed():
    w = torch.ones(2, requires_grad=True)
    compiled = torch.compile(lambda x: (x * w).exp())
    compiled(torch.ones(2))
    x = torch.ones(2)
    y = compiled(x)
    x.mul_(2)
    with pytest.raises(RuntimeError, match="modified"):
        y.sum().backward()
    y = compiled(torch.ones(2))
    with torch.no_grad():
        y.mul_(2)
    with pytest.raises(RuntimeError, match="modified"):
        y.sum().backward()


def test_a_change_of_a_parameter_between_forward_and_backward_is_noticed():
    w = torch.ones(2, requires_grad=True)
    compiled = torch.compile(lambda x: (x * w).sum())
    x = torch.ones(2, requires_grad=True)
    compiled(x), compiled(x)
    loss = compiled(x)
    with torch.no_grad():
        w.mul_(2)
    with pytest.raises(RuntimeError, match="modified"):
        loss.backward()


def test_hooks_anomaly_mode_and_watching_switch_it_off_for_the_call():
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    compiled = torch.compile(model, fullgraph=True)
    compiled(torch.ones(1, 2)), compiled(torch.ones(1, 2))
    assert compiled(torch.ones(1, 2)).grad_fn.name() == "CompiledFunctionBackward"
    seen = []
    handle = model[0].register_forward_hook(lambda *call: seen.append(call[2].shape))
    assert compiled(torch.ones(1, 2)).grad_fn.name() == "TanhBackward0" and len(seen) == 1
    handle.remove()
    compiled(torch.ones(1, 2))
    assert compiled(torch.ones(1, 2)).grad_fn.name() == "CompiledFunctionBackward"
    with torch.autograd.detect_anomaly():
        assert compiled(torch.ones(1, 2)).grad_fn.name() == "TanhBackward0"
    with torch.viz.watch():
        assert compiled(torch.ones(1, 2)).grad_fn.name() == "TanhBackward0"


def test_hooks_of_leaves_work():
    w = torch.ones(2, requires_grad=True)
    compiled = torch.compile(lambda x: (x * w).sum(), fullgraph=True)
    compiled(torch.ones(2))
    w.register_hook(lambda g: g * 10)
    compiled(torch.ones(2)).backward()
    assert w.grad.tolist() == [10.0, 10.0]


def test_threads_share_a_compiled_module():
    model = net_of(lambda: nn.Linear(4, 16), nn.Tanh, lambda: nn.Linear(16, 3))
    compiled = torch.compile(model, fullgraph=True)
    compiled(torch.ones(8, 4))
    errors = []

    def work(seed):
        draw = np.random.default_rng(seed)
        for _ in range(60):
            x = torch.from_numpy(draw.standard_normal((8, 4)).astype(np.float32)).requires_grad_()
            wanted = torch.autograd.grad(model(x).square().sum(), x)[0]
            got = torch.autograd.grad(compiled(x).square().sum(), x)[0]
            if not np.allclose(wanted.numpy(), got.numpy(), rtol=1e-4, atol=1e-6):
                errors.append(seed)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not errors
    out = compiled(torch.ones(8, 4)).sum()
    t = threading.Thread(target=out.backward)
    t.start(), t.join()
    assert model[0].weight.grad is not None


def test_the_error_is_that_of_eager_mode():
    model = nn.Linear(3, 4)
    compiled = torch.compile(lambda x, y: F.cross_entropy(model(x), y))
    compiled(torch.ones(2, 3), torch.tensor([0, 1]))
    with pytest.raises(IndexError, match="target 7 is out of bounds"):
        compiled(torch.ones(2, 3), torch.tensor([0, 7]))
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        torch.compile(model)(torch.ones(2, 5))
    compiled(torch.ones(2, 3), torch.tensor([0, 1])).backward()


def test_a_compiled_module_is_a_module():
    model = net_of(lambda: nn.Linear(4, 3), lambda: nn.BatchNorm1d(3))
    compiled = torch.compile(model)
    assert list(compiled.state_dict()) == [f"_orig_mod.{k}" for k in model.state_dict()]
    assert [id(p) for p in compiled.parameters()] == [id(p) for p in model.parameters()]
    assert compiled._orig_mod is model
    compiled.eval()
    assert not model.training and not model[1].training
    compiled.train()
    compiled.load_state_dict(compiled.state_dict())
    compiled(torch.ones(2, 4)).sum().backward()
    compiled.zero_grad()
    assert model[0].weight.grad is None
    assert isinstance(compiled, nn.Module) and "Linear" in repr(compiled)


def test_decorators_methods_and_nested_compiling():
    @torch.compile
    def f(x):
        return x * 2

    @torch.compile(fullgraph=True)
    def g(x):
        return f(x) + 1

    assert g(torch.ones(2)).tolist() == g(torch.ones(2)).tolist() == [3.0, 3.0]
    assert f.__name__ == "f"


def test_arguments_that_are_refused():
    with pytest.raises(NotImplementedError, match="dynamic"):
        torch.compile(abs, dynamic=True)
    with pytest.raises(NotImplementedError, match="backend"):
        torch.compile(abs, backend="inductor2")
    with pytest.raises(TypeError, match="module or a function"):
        torch.compile(3)
    with pytest.raises(NotImplementedError, match="options"):
        torch.compile(abs, options={"x": 1})
    assert torch.compile(abs, disable=True) is abs


def test_results_of_every_structure():
    constant = torch.tensor([5.0])

    def f(x, y):
        return {"sum": x + y, "parts": [x, (y * 2, 3, None)], "constant": constant * 1}

    compiled = torch.compile(f, fullgraph=True)
    for _ in range(2):
        x, y = torch.ones(1), torch.ones(1)
        out = compiled(x, y)
        assert out["sum"].tolist() == [2.0] and out["parts"][0] is x and out["parts"][1][1:] == (3, None)
        assert out["constant"].tolist() == [5.0]


def test_the_same_number_twice():
    compiled = torch.compile(lambda x: (torch.tanh(x[0]), torch.tanh(x[0]), x[0] * 2), fullgraph=True)
    for _ in range(3):
        for y in compiled(torch.ones(2, requires_grad=True)):
            assert type(y._array) is np.ndarray
            y.mul_(2)


def test_constants_that_are_returned():
    def f(x):
        one = torch.tensor(1.0)
        return one, torch.arange(6.0).view(2, 3).T.detach(), x * one, one[None], torch.zeros(3)[1].detach()

    compiled = torch.compile(f, fullgraph=True)
    for _ in range(3):
        outs = compiled(torch.ones(2))
        for a, b in zip(outs, f(torch.ones(2)), strict=True):
            assert torch.equal(a, b) and a.stride() == b.stride() and type(a._array) is np.ndarray
        for a in outs:
            a.add_(1)


@dataclass(frozen=True)
class Scored:
    loss: Any
    about: Any


def test_results_that_are_records_and_names():
    config = {"width": [1, 2]}

    def f(x):
        h = x * 2
        return OrderedDict(b=h, a=SimpleNamespace(x=x, more=Scored(h.sum(), (x.dtype, x.shape)))), config

    compiled = torch.compile(f, fullgraph=True)
    for _ in range(3):
        x = torch.ones(2)
        (out, same), (wanted, _) = compiled(x), f(x)
        assert list(out) == ["b", "a"] and type(out) is OrderedDict and type(out["a"]) is SimpleNamespace
        assert same is config and out["a"].x is x and type(out["a"].more) is Scored
        assert out["a"].more.loss.item() == 4 and out["b"].tolist() == [2, 2]
        assert out["a"].more.about == wanted["a"].more.about


def test_nothing_is_left_alive_and_buffers_return_to_the_pool():
    layer = nn.Linear(2, 2)
    compiled = torch.compile(lambda x: layer(x).tanh(), fullgraph=True)
    compiled(torch.ones(1, 2))
    runner = compiled._calls.runners[0]
    gc.collect()
    gc.disable()
    try:
        outs = [compiled(torch.ones(1, 2)) for _ in range(5)]
        assert len(runner.pool) == 0
        outs[0].sum().backward()
        assert len(runner.pool) == 1
        del outs
        assert len(runner.pool) == 5
    finally:
        gc.enable()


def deep(layers=6, width=64):
    torch.manual_seed(0)
    return nn.Sequential(*[m for _ in range(layers) for m in (nn.Linear(width, width), nn.Tanh())])


def test_a_step_on_a_large_batch_takes_no_more_memory_than_the_eager_one():
    x = torch.ones(8192, 64)  # 2 MiB, as the result of each layer
    peaks = []
    for compiling in (False, True):
        net = deep()
        call = torch.compile(net) if compiling else net
        for turn in range(3):
            if turn == 1:  # the first is traced
                tracemalloc.start()
            net.zero_grad()
            (call(x) ** 2).mean().backward()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] <= peaks[0]


def test_a_trace_of_a_large_batch_takes_little_more_memory_than_the_eager_call():
    x, peaks = torch.ones(8192, 64), []
    for compiling in (False, True):
        net = deep()
        call = torch.compile(net) if compiling else net
        tracemalloc.start()
        (call(x) ** 2).mean().backward()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] <= 1.25 * peaks[0]


def test_large_values_are_dropped_by_a_backward_that_keeps_no_graph(monkeypatch):
    monkeypatch.setattr(build, "LARGE", 1)
    compiled = torch.compile(lambda x: (x.exp().sin() * 3).tanh() * 1.0, fullgraph=True)
    x = torch.ones(5, requires_grad=True)
    wanted = None
    for how in ("traced", "once", "kept", "raises", "others"):
        x.grad = None
        out = compiled(x)
        if how == "others":  # the buffers of another call have other numbers
            compiled(x * 2).sum().backward()
            x.grad = None
        if how in ("kept", "raises"):
            out.sum().backward(retain_graph=True)
            x.grad = None
        if how == "raises":
            handle = x.register_hook(lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                out.sum().backward(retain_graph=True)
            with pytest.raises(ZeroDivisionError):
                out.sum().backward()
            handle.remove()
            x.grad = None
            with pytest.raises(RuntimeError, match="second time"):
                out.sum().backward()
            continue
        saved = [weakref.ref(a) for a in out._node.further[2][1]] if how != "traced" else []
        out.sum().backward()
        wanted = x.grad.tolist() if wanted is None else wanted
        np.testing.assert_allclose(x.grad.numpy(), wanted, rtol=1e-6)
        assert sum(ref() is not None for ref in saved) <= 1  # x itself
        with pytest.raises(RuntimeError, match="second time"):
            out.sum().backward()


def test_a_trace_keeps_no_array_longer_than_it_must():
    def peak(compiled):
        model = net_of(*[make for _ in range(6) for make in (lambda: nn.Linear(128, 128), nn.Tanh)])
        call, x = torch.compile(model) if compiled else model, torch.randn(512, 128)
        tracemalloc.start()
        try:
            call(x).sum().backward()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(True)  # what is loaded at first use is not the net's
    assert peak(True) < 2.5 * peak(False)


def test_tensors_in_lists_tuples_and_objects_are_seen():
    class Holder:
        def __init__(self):
            self.weights = [torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)]

    holder = Holder()

    def f(xs):
        return sum((x * w).sum() for x, w in zip(xs, holder.weights, strict=True))

    compiled = torch.compile(f, fullgraph=True)
    for k in (1.0, 2.0):
        value = compiled([torch.full((2,), k), torch.ones(2)])
        value.backward()
        assert value.item() == 2 * k + 2
    assert holder.weights[0].grad.tolist() == [3.0, 3.0]
    holder.weights.append(torch.ones(2, requires_grad=True))
    assert compiled([torch.ones(2)] * 3).item() == 6.0


def test_numpy_arrays_that_it_sees_are_compared():
    scale = np.array([1.0, 2.0], np.float32)
    compiled = torch.compile(lambda x: x * torch.tensor(scale), fullgraph=True)
    assert compiled(torch.ones(2)).tolist() == compiled(torch.ones(2)).tolist() == [1.0, 2.0]
    scale[0] = 7.0
    assert compiled(torch.ones(2)).tolist() == [7.0, 2.0]


def test_a_function_of_the_users_own():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            return 3 * g * ctx.saved_tensors[0] ** 2

    compiled = torch.compile(lambda x: Cube.apply(x).sum())
    xs = [torch.tensor([k], requires_grad=True) for k in (1.0, 2.0)]
    results, text = told(compiled, *[(x,) for x in xs])
    assert "autograd.Function" in text
    for x, result in zip(xs, results, strict=True):
        result.backward()
        assert x.grad.tolist() == [3 * x.item() ** 2]


def test_dropout_and_batch_norm_of_second_order():
    model = NETS["dropout"]().double()
    model.add_module("norm", nn.BatchNorm1d(3).double())
    compiled = torch.compile(copy.deepcopy(model), fullgraph=True)
    results = []
    for call in (model, compiled):
        torch.manual_seed(5)
        for _ in range(3):
            x = torch.from_numpy(np.linspace(-1, 1, 20).reshape(5, 4)).requires_grad_()
            (g,) = torch.autograd.grad(call(x).square().sum(), x, create_graph=True)
            call.zero_grad()
            g.square().sum().backward()
        results.append([*gradients(call.parameters()), *(b.numpy() for b in call.buffers())])
        results[-1].append(torch.rand(3).numpy())
    assert_same(*results, rtol=1e-8)


def test_a_copy_and_a_pickle_have_parameters_of_their_own():
    compiled = torch.compile(nn.Linear(2, 2))
    x = torch.ones(1, 2)
    compiled(x), compiled(x)
    for twin in (copy.deepcopy(compiled), pickle.loads(pickle.dumps(compiled))):
        with torch.no_grad():
            for p in twin.parameters():
                p.zero_()
        assert twin(x).tolist() == twin(x).tolist() == [[0.0, 0.0]]
        assert compiled(x).tolist() != [[0.0, 0.0]]


def test_arguments_that_share_memory_with_a_written_one():
    def shift(x, y):
        x.add_(1)
        return x * y

    compiled = torch.compile(shift)
    for _ in range(2):
        compiled(torch.ones(4)[:3], torch.ones(4)[1:])
    a, b = (torch.arange(4.0) for _ in range(2))
    assert compiled(a[:3], a[1:]).tolist() == shift(b[:3], b[1:]).tolist()
    assert a.tolist() == b.tolist() and compiled._calls.runners[0].failures == 1


def test_threads_may_go_back_through_one_retained_graph():
    model = net_of(
        lambda: nn.Linear(4, 64), nn.Tanh, lambda: nn.Linear(64, 64), nn.Tanh, lambda: nn.Linear(64, 3)
    )
    compiled = torch.compile(model, fullgraph=True)
    x = torch.randn(256, 4)
    compiled(x)
    out = compiled(x).square().sum()
    wanted = torch.autograd.grad(out, list(model.parameters()), retain_graph=True)
    found = []

    def work():
        for _ in range(20):
            found.append(torch.autograd.grad(out, list(model.parameters()), retain_graph=True))

    threads = [threading.Thread(target=work) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(found) == 80
    for grads in found:
        assert_same([g.numpy() for g in grads], [g.numpy() for g in wanted])


def test_names_in_the_users_modules_are_seen(tmp_path, monkeypatch):
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "__init__.py").write_text("from kit import parts")
    (tmp_path / "kit" / "parts.py").write_text("SCALE = 2.0\ndef by(x):\n    return x * SCALE\n")
    monkeypatch.syspath_prepend(tmp_path)
    kit = importlib.import_module("kit")
    compiled = torch.compile(lambda x: kit.parts.by(x) * kit.parts.SCALE, fullgraph=True)
    assert compiled(torch.ones(1)).tolist() == compiled(torch.ones(1)).tolist() == [4.0]
    kit.parts.SCALE = 3.0
    assert compiled(torch.ones(1)).tolist() == [9.0]


def test_too_much_to_compare_is_said():
    table = [[float(i), {"a": i}] for i in range(9000)]
    compiled = torch.compile(lambda x: x * len(table))
    _, text = told(compiled, (torch.ones(1),), (torch.ones(1),))
    assert "more than 20,000 values" in text


def test_a_recorded_derivative_is_of_the_call_as_it_was_or_an_error():
    bias = torch.zeros(2, requires_grad=True)
    factor = 2.0
    compiled = torch.compile(lambda x: (torch.tanh(x + bias) * factor).sum())

    def called():
        x = torch.ones(2, requires_grad=True)
        return x, compiled(x)

    called(), called()
    x, out = called()
    with torch.no_grad():
        bias.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation since"):
        torch.autograd.grad(out, x, create_graph=True)
    x, out = called()
    factor = 3.0
    with pytest.raises(RuntimeError, match="other values"):
        torch.autograd.grad(out, x, create_graph=True)
    factor = 2.0
    (g,) = torch.autograd.grad(out, x, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), 2 * (1 - np.tanh(2.0) ** 2), rtol=1e-5)


def test_a_backward_that_fails_is_that_of_eager_mode():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    compiled = torch.compile(lambda x: (x * w).exp().sum(), fullgraph=True)
    x = torch.ones(2)
    compiled(x), compiled(x)
    out = compiled(x)
    call = out.grad_fn.further[2][0]

    def fails(*args):
        raise ValueError("a result has another shape than in the traced call")

    call.buffers = (call.buffers[0], fails, *call.buffers[2:])
    out.backward()
    np.testing.assert_allclose(w.grad.numpy(), np.exp([1.0, 2.0]), rtol=1e-6)


def test_a_copy_in_eager_mode_is_a_copy_in_the_program():
    def f(x):
        y = x.flip(0)  # of one row NumPy makes a view of x itself
        z = y + y
        y.mul_(2)
        return x * 1.0, y * 1.0, z * 1.0

    compiled = torch.compile(f, fullgraph=True)
    for _ in range(3):
        x = torch.ones(1, 3)
        for got, wanted in zip(compiled(x), f(torch.ones(1, 3)), strict=True):
            assert got.tolist() == wanted.tolist()
        assert x.tolist() == [[1.0, 1.0, 1.0]]


def test_a_view_of_a_transposed_result_is_written_as_in_eager_mode():
    def f(x):
        y = F.silu(F.silu(x.transpose(0, 1)))
        y.permute(1, 0)[1:].flip(1).mul_(2)  # a copy is written
        y.permute(1, 0)[1:].mul_(x[1:])
        return y * 1.0, y.T[:, ::2].mul_(3) * 1.0

    compiled = torch.compile(f, fullgraph=True)
    for k in (1.0, 2.0):
        a, b = ((torch.arange(12.0).reshape(3, 4) * k / 10).requires_grad_() for _ in range(2))
        outs, got = f(a), compiled(b)
        for results in (outs, got):
            torch.autograd.backward([x.sum() for x in results])
        assert_same([x.detach().numpy() for x in outs], [x.detach().numpy() for x in got], 1e-6)
        assert_same(gradients([a]), gradients([b]), 1e-6)


def test_a_forward_that_goes_another_way_for_other_arrays_becomes_one_step():
    op = Op(
        "odd_square",
        lambda x: x * x if type(x) is np.ndarray else x * x + 1,
        x=lambda g, x: 2 * g * x if type(x) is np.ndarray else g,
        formula="d x^2/dx = 2 * x",
        domain=REAL,
        register=False,
    )
    compiled = torch.compile(lambda x: op(x).sum(), fullgraph=True)
    for k in (1.0, 2.0):
        x = torch.tensor([k, 3.0], requires_grad=True)
        out = compiled(x)
        out.backward()
        assert out.item() == k * k + 9 and x.grad.tolist() == [2 * k, 6.0]


def test_an_attribute_is_no_global_of_its_name(monkeypatch):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.turn = torch.nn.Linear(2, 2)

        def forward(self, x):
            return self.turn(x)

    compiled = torch.compile(Model(), fullgraph=True)
    for turn in range(12):  # more than the programs that one function may have
        monkeypatch.setitem(globals(), "turn", turn)
        compiled(torch.ones(1, 2))
    assert str(compiled).count("run 11 times") == 1


def test_a_global_that_changes_is_seen(monkeypatch):
    def function(x):
        return x * factor  # noqa: F821

    compiled = torch.compile(function, fullgraph=True)
    for value in (1.0, 2.0, 3.0):
        monkeypatch.setitem(globals(), "factor", value)
        assert compiled(torch.ones(2)).tolist() == [value, value]
