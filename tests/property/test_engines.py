"""The laws of the engines: plain walk, attended walk and first engine agree, and so do the ways to record.

Each law is shown to bite: a fault is planted in each engine, and the law is broken.
"""

import importlib
import inspect
import sys
import textwrap
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder

import numpy as np
import pytest
from hypothesis import given, settings

import minigrad as torch
from minigrad import first_engine
from minigrad._tensor import backward as backward_module, shortcuts
from minigrad.engine import attended_walk as attended, walk as plain
from minigrad.engine.mode import mode
from minigrad.ops import REGISTRY
from minigrad.testing import RandomDrawer, draw_sample, strategies as some
from minigrad.testing.programs import random_program

often = settings(max_examples=3 * settings().max_examples)  # programs are short, and these are the engines

# --- a second minigrad ------------------------------------------------------------------------------------

_SHORTCUTS = """
from functools import partial
from . import record
from .record import call_of

def recorder_of(op):
    return lambda operands, options: record.record(op, operands, options)
"""


class _Finder(MetaPathFinder):
    """Finds the module of shortcuts, with the complete way in the place of each."""

    def find_spec(self, name, path, target=None):
        if name != "minigrad._tensor.shortcuts":
            return None
        spec = PathFinder.find_spec(name, path)
        spec.loader.get_code = lambda _: compile(_SHORTCUTS, "<without shortcuts>", "exec")
        return spec


class Complete:
    """The second minigrad: `torch` is the package, `programs` and `laws` its parts of `minigrad.testing`."""

    def __init__(self) -> None:
        def ours():
            return {n: m for n, m in sys.modules.items() if n.partition(".")[0] == "minigrad"}

        first, finder = ours(), _Finder()
        for name in first:
            del sys.modules[name]
        sys.meta_path.insert(0, finder)
        try:
            self.torch = importlib.import_module("minigrad")
            self.programs = importlib.import_module("minigrad.testing.programs")
            self.laws = importlib.import_module("minigrad.testing.laws")
            self.registry = importlib.import_module("minigrad.ops.op").REGISTRY
            self.first = importlib.import_module("minigrad.first_engine")
            self._record = importlib.import_module("minigrad._tensor.record")
            # A name that loads later would be taken from the first minigrad.
            for home in (self.torch.nn.functional, self.torch, self.torch.Tensor):
                for name in (*dir(home), *self.torch._later._HOMES):
                    getattr(home, name, None)
        finally:
            sys.meta_path.remove(finder)
            for name in ours():
                del sys.modules[name]
            sys.modules.update(first)

    @contextmanager
    def telling(self, listener):
        """While this lasts, listener(op, operands, options, result) hears of every op that is run."""
        right = self._record.record

        def record(op, operands, options):
            before = [x._array.copy() if hasattr(x, "_array") else x for x in operands]
            results = right(op, operands, options)
            listener(op, operands, before, options, results[0])
            return results

        self._record.record = record
        try:
            yield
        finally:
            self._record.record = right

    def call(self, op, *operands, **options):
        """Run an op the complete way."""
        return self._record.call_of(op)(*operands, **options)

    def history_of(self, x):
        return self._record.history_of(x)


complete = Complete()


class Nobody:
    """An observer that does nothing; with it, backward takes the attended walk."""

    def arrive(self, node, g):
        pass

    def send(self, node, edge, d):
        pass

    def leave(self, node, freed):
        pass


def loss_of(program, torch):
    """The leaves, and the outputs as one number, each element with a weight of its own."""
    leaves = [torch.from_numpy(x.copy()).requires_grad_() for x in program.leaves]
    total = None
    for out in program(*leaves):
        if out.requires_grad:
            weights = torch.from_numpy(np.cos(np.arange(out.numel())).reshape(out.shape))
            part = (out * weights).sum()
            total = part if total is None else total + part
    return leaves, total


def gradients(program, torch=torch, observer=None, order=1):
    """Of the loss with respect to each leaf; at order 2, of the gradients' weighted sum."""
    leaves, loss = loss_of(program, torch)
    if loss is None:
        return [None] * len(leaves)
    before, mode.observer = mode.observer, observer
    try:
        if order == 2:
            first = torch.autograd.grad(loss, leaves, create_graph=True, allow_unused=True)
            parts = [(g * g.cos().detach()).sum() for g in first if g is not None and g.requires_grad]
            if not parts:
                return [None] * len(leaves)
            loss = sum(parts[1:], parts[0])
        loss.backward()
    finally:
        mode.observer = before
    return [None if x.grad is None else x.grad.numpy() for x in leaves]


def same_bits(found, wanted):
    for a, b in zip(found, wanted, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            assert a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def close(found, wanted):
    for a, b in zip(found, wanted, strict=True):
        x, y = (np.zeros(()) if g is None else g for g in (a, b))
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-11)


# --- the laws ----------------------------------------------------------------------------------------------


def plain_is_attended(program, order=1):
    same_bits(gradients(program, order=order), gradients(program, observer=Nobody(), order=order))


def walk_is_the_first_engine(program, order=1):
    """Every op that the real engine records is run by the first engine too; then both walk."""
    torch, first = complete.torch, complete.first
    values = {}  # the first engine's value for each node of the real one

    def mirror(op, operands, arrays, options, result):
        node = result._node
        if node is None:
            return
        inputs = [
            values.setdefault(place, first.Value(array)) if (place := place_of(x)) is not None else array
            for x, array in zip(operands, arrays, strict=True)
        ]
        values[node] = first.apply(op, *inputs, **options)

    def place_of(x):
        return complete.history_of(x) if hasattr(x, "_array") else None

    translated = complete.programs.Program(program.leaves, program.lines)
    with complete.telling(mirror):
        leaves, loss = loss_of(translated, torch)
        if loss is None:
            return
        if order == 2:
            grads = torch.autograd.grad(loss, leaves, create_graph=True, allow_unused=True)
            parts = [(g * g.cos().detach()).sum() for g in grads if g is not None and g.requires_grad]
            if not parts:
                return
            loss = sum(parts[1:], parts[0])
    arrived = first.gradients(values[loss._node])
    loss.backward()
    close(
        [arrived.get(values.get(x._node)) for x in leaves],
        [None if x.grad is None else x.grad.numpy() for x in leaves],
    )


def shortcuts_are_record(program, order=1):
    translated = complete.programs.Program(program.leaves, program.lines)
    same_bits(gradients(program, order=order), gradients(translated, complete.torch, order=order))


LAWS = [plain_is_attended, walk_is_the_first_engine, shortcuts_are_record]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@often
@given(program=some.programs())
def test_the_engines_agree_on_programs(law, order, program):
    law(program, order)


@pytest.mark.parametrize("name", [name for name, op in REGISTRY.items() if op.rules])
def test_the_first_engine_agrees_on_every_op(name):
    op = REGISTRY[name]
    for seed in range(5):
        inputs, options = draw_sample(op, RandomDrawer(seed))
        tensors = [torch.from_numpy(x).requires_grad_() if floating(x) else x for x in inputs]
        out = op(tensors, **options) if op.variadic else op(*tensors, **options)
        if not out.requires_grad:
            continue
        cotangent = np.cos(np.arange(out.numel())).reshape(out.shape)
        out.backward(torch.from_numpy(cotangent))
        values = [first_engine.Value(x) if floating(x) else x for x in inputs]
        arrived = first_engine.gradients(first_engine.apply(op, *values, **options), cotangent)
        for x, value in zip(tensors, values, strict=True):
            if isinstance(value, first_engine.Value):
                close([arrived.get(value)], [None if x.grad is None else x.grad.numpy()])


def floating(x):
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


@pytest.mark.parametrize("name", list(REGISTRY))
def test_a_shortcut_makes_the_result_and_the_node_of_the_complete_way(name):
    op = REGISTRY[name]
    shortcut_is_record(op, shortcuts.call_of(op), complete.registry[name])


def shortcut_is_record(op, shortcut, other):
    for seed in range(5):
        inputs, options = draw_sample(op, RandomDrawer(seed))
        inputs = [x.astype(np.float32) if floating(x) and seed % 2 else x for x in inputs]
        for needing in range(4):  # which of the inputs require grad: the first, all others
            outs = []
            for package, call in ((torch, shortcut), (complete.torch, complete_call(other))):
                tensors = [
                    package.from_numpy(x.copy()).requires_grad_(floating(x) and not needing >> min(k, 1) & 1)
                    if isinstance(x, np.ndarray)
                    else x
                    for k, x in enumerate(inputs)
                ]
                outs.append(call(tensors, **options) if op.variadic else call(*tensors, **options))
            found, wanted = outs
            assert type(found).__name__ == type(wanted).__name__
            np.testing.assert_array_equal(found.detach().numpy(), wanted.detach().numpy())
            assert str(found.dtype) == str(wanted.dtype) and found.requires_grad == wanted.requires_grad
            if found.requires_grad:
                assert described(found._node) == described(wanted._node)
                rules_are_exact(found._node)


def rules_are_exact(node):
    """A node that says so has rules that return their parents' shapes and dtypes."""
    for edge in node.edges if node.exact else ():
        if edge is not None:
            parent, rule, *saved = edge
            d = rule(np.ones(node.shape, node.dtype), *saved)
            assert (d.shape, d.dtype) == (parent.shape, parent.dtype)


def complete_call(op):
    return lambda *args, **options: complete.call(op, *args, **options)


def described(node):
    """All that a backward could see of a node."""
    edges = [
        None if edge is None else (edge[0].shape, edge[0].op is None, *[shown(value) for value in edge[2:]])
        for edge in node.edges
    ]
    return node.op.name, node.shape, str(node.dtype), node.watch, edges


def shown(value):
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return tuple(map(shown, value)) if isinstance(value, tuple | list) else repr(value)


# --- each law bites ----------------------------------------------------------------------------------------


def breaks(law, orders=(1, 2), programs=600):
    """Whether some program breaks a law."""
    for seed in range(programs):
        program = random_program(RandomDrawer(seed))
        for order in orders:
            try:
                law(program, order)
            except Exception:  # whatever shows that the engines differ
                return True
    return False


def changed(function, old, new):
    """A function whose source has one piece of text replaced."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {function.__name__}"
    made = dict(function.__globals__)
    exec(compile("from __future__ import annotations\n" + source.replace(old, new), "<fault>", "exec"), made)
    return made[function.__name__]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("arrived[parent] = arrived[parent] + d", "arrived[parent] = d"),
        ("arrived[parent] += d", "arrived[parent] = d"),
        ("if second is not None:", "if False:"),
        ("elif further:", "elif False:"),
        ("d = fitted(d, parent)", "pass"),
        ("heappush(waiting, (-parent.tick, parent))", "heappush(waiting, (parent.tick, parent))"),
        ("elif parent in ours:", "elif True:"),
    ],
)
def test_a_fault_of_the_plain_walk_breaks_a_law(old, new, monkeypatch):
    monkeypatch.setattr(backward_module, "walk", changed(plain.walk, old, new))
    assert breaks(plain_is_attended)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        arrived[node] = arrived[node] + g", "        arrived[node] = g"),
        ("heappush(waiting, (-node.tick, node))", "heappush(waiting, (node.tick, node))"),
        ("d = fitted(d, parent)", "pass"),
    ],
)
def test_a_fault_of_the_attended_walk_breaks_a_law(old, new, monkeypatch):
    monkeypatch.setattr(backward_module, "attended_walk", changed(attended.attended_walk, old, new))
    assert breaks(plain_is_attended)


def test_a_gradient_that_two_leaves_share_breaks_a_law(monkeypatch):
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)

    def share():
        x.grad = y.grad = None
        (x + y).backward(torch.ones(2))
        return np.shares_memory(x.grad.numpy(), y.grad.numpy())

    assert not share()
    monkeypatch.setattr(backward_module, "walk", changed(plain.walk, "d = d.copy()", "pass"))
    assert share()
    monkeypatch.setattr(mode, "observer", Nobody())
    assert not share()
    old = "d.copy() if d is g and parent.op is None and not create else d"
    monkeypatch.setattr(backward_module, "attended_walk", changed(attended.attended_walk, old, "d"))
    assert share()


def test_a_root_given_twice_counts_twice(monkeypatch):
    x = torch.ones(2, requires_grad=True)
    for observer in (None, Nobody()):
        monkeypatch.setattr(mode, "observer", observer)
        x.grad, y = None, x * 2
        torch.autograd.backward([y, y, x], [torch.ones(2)] * 3)
        assert x.grad.tolist() == [5.0, 5.0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("arrived[x] + part if x in arrived else part", "part"),
        ("max(waiting, key=", "min(waiting, key="),
    ],
)
def test_a_fault_of_the_first_engine_breaks_a_law(old, new, monkeypatch):
    monkeypatch.setattr(complete.first, "gradients", changed(complete.first.gradients, old, new))
    assert breaks(walk_is_the_first_engine, orders=(1,))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("unbroadcast(np.asarray(part), x.data.shape)", "part"),
        ('"i": i', '"i": 0'),
        ("None if k == i else array", "array if k == i else None"),
    ],
)
def test_a_fault_of_the_first_engines_parts_breaks_a_law(old, new, monkeypatch):
    monkeypatch.setattr(complete.first, "parts", changed(complete.first.parts, old, new))
    assert breaks(walk_is_the_first_engine, orders=(1,))


@pytest.mark.parametrize(
    ("way", "name", "old", "new"),
    [
        (shortcuts._unary, "tanh", "out if by_out else x if by_x", "x if by_out else out if by_x"),
        (shortcuts._unary, "exp", "node.shape = parent.shape", "node.shape = ()"),
        (shortcuts._binary, "mul", "b if a_by_b", "a if a_by_b"),
        (shortcuts._binary, "mul", "parent_b.shape != shape:\n", "parent_b.shape == 0:\n"),
        (shortcuts._binary, "sub", "node.parent_b = parent_b", "node.parent_b = None"),
        (shortcuts._affine, "linear", "(parent_c.shape,), ()", "(out.shape,), ()"),
        (shortcuts._leading, "sum", "*options.values())", "*op.options.values())"),
    ],
)
def test_a_fault_of_a_shortcut_breaks_a_law(way, name, old, new):
    op = REGISTRY[name]
    made = changed(way, old, new)(op)
    call = made
    if way is shortcuts._leading:
        call = lambda x, **options: made((x,), {**op.options, **options})[0]  # noqa: E731
    with pytest.raises(AssertionError):
        shortcut_is_record(op, call, complete.registry[name])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pick(values)", "pick(values)[::-1]"),
        ("edges.append(NO_EDGE)", "pass"),
        ("if op.variadic else shapes)", "if op.variadic else shapes[::-1])"),
    ],
)
def test_a_fault_of_the_complete_way_breaks_a_law(old, new, monkeypatch):
    record = complete._record
    monkeypatch.setattr(record, "record", changed(record.record, old, new))
    assert breaks(shortcuts_are_record)
