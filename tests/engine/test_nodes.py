"""Nodes: their names, their order, their edges, and the gradients that reach them."""

import itertools
import re
import weakref

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor.calls import CALLS
from minigrad.engine.mode import mode
from minigrad.engine.node import Node
from minigrad.ops.op import REGISTRY
from minigrad.testing import RandomDrawer, draw_sample


def leaf(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


def test_nodes_are_named_as_in_pytorch():
    x = leaf([1.0])
    y = (x * 2).log_softmax(0)
    assert y.grad_fn.name() == "LogSoftmaxBackward0"
    (mul, _), *_ = y.grad_fn.next_functions
    assert mul.name() == "MulBackward0"
    assert mul.next_functions[0][0].name() == "AccumulateGrad"
    assert repr(mul).startswith("<MulBackward0 shape=(1,) tick=")


def test_inputs_are_older_than_outputs():
    x = leaf([1.0])
    y = x.exp()
    z = y * x
    assert x._node.tick < y._node.tick < z._node.tick


def test_a_freed_node_has_no_edges_and_still_shows_the_next_nodes():
    x = leaf([1.0])
    y = x.exp()
    node = y.grad_fn
    y.sum().backward()
    assert isinstance(node, Node) and node.edges is None and node.freed and node.parents() == []
    assert node.next_functions == ((x._node, 0),)


@pytest.mark.parametrize("inputs", [None, "x"])
@pytest.mark.parametrize(
    "use",
    [
        lambda x, saved: torch.where(saved > 2, 1, x),  # the third operand's rule saves a mask
        lambda x, saved: torch.einsum("i,i,i->i", torch.ones_like(x), saved, x),  # one of many operands
    ],
)
def test_backward_frees_the_values_saved_for_any_operand(use, inputs):
    x = leaf([1.0, 2.0, 3.0])
    y = use(x, x.detach() + 1)
    saved = [weakref.ref(value) for edge in y._node.edges if edge for value in values(edge[2:])]
    assert any(ref() is not None for ref in saved)
    y.sum().backward(inputs=x if inputs else None)
    assert all(ref() is None or ref() is x._array for ref in saved)


def values(saved):
    """The arrays among saved values."""
    if isinstance(saved, (tuple, list)):
        return [array for part in saved for array in values(part)]
    return [saved] if isinstance(saved, np.ndarray) else []


@pytest.mark.parametrize("order", [1, 2])
def test_a_program_may_walk_the_graph_before_and_after_backward(order):
    def names(node):
        return [node.name(), *(names(n) if n is not None else None for n, _ in node.next_functions)]

    x, w = leaf([[1.0, 2.0]]), torch.nn.Linear(2, 2, dtype=torch.float64)
    y = torch.cat([w(x).relu() * x, x]).sum()
    before = names(y.grad_fn)
    torch.autograd.grad(y, x, create_graph=order == 2, retain_graph=False)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    assert names(y.grad_fn) == before
    assert before[:2] == ["SumBackward0", ["CatBackward0", before[1][1], ["AccumulateGrad"]]]


def test_the_arrays_go_while_the_links_stay():
    x = leaf([1.0, 2.0])
    saved = x * 2
    h = saved.exp()
    y = torch.cat([h * saved, h])
    array = weakref.ref(saved._array)
    node = y.grad_fn.next_functions[0][0]
    y.sum().backward()
    del saved, h
    assert array() is None and node.next_functions[0][0].name() == "ExpBackward0"


def test_a_node_of_a_leaf_knows_its_tensor_and_nodes_take_notes():
    x = leaf([1.0])
    y = x * 2
    leaf_node = y.grad_fn.next_functions[0][0]
    assert leaf_node.variable is x and not hasattr(y.grad_fn, "variable")
    layer = torch.nn.Linear(1, 1)
    assert layer(torch.ones(1)).grad_fn.next_functions[2][0].variable is layer.bias
    y.grad_fn.metadata["cost"] = 3
    assert y.grad_fn.metadata == {"cost": 3} and leaf_node.metadata == {}
    del x
    assert leaf_node.variable is None
    with pytest.raises(NotImplementedError, match=r"register_hook\(\) of the tensor"):
        y.grad_fn.register_hook(print)


def test_the_observer_sees_each_step_in_order():
    class Observer:
        def __init__(self):
            self.seen = []

        def arrive(self, node, g):
            self.seen.append(("arrive", node.name()))

        def send(self, node, edge, d):
            self.seen.append(("send", node.name(), edge[0].name()))

        def leave(self, node, freed):
            self.seen.append(("leave", node.name(), freed))

    x = leaf([1.0])
    y = x.exp().sum()
    mode.observer = observer = Observer()
    try:
        y.backward(retain_graph=True)
    finally:
        mode.observer = None
    assert observer.seen == [
        ("arrive", "SumBackward0"),
        ("send", "SumBackward0", "ExpBackward0"),
        ("leave", "SumBackward0", False),
        ("arrive", "ExpBackward0"),
        ("send", "ExpBackward0", "AccumulateGrad"),
        ("leave", "ExpBackward0", False),
        ("arrive", "AccumulateGrad"),
    ]


def test_a_gradient_is_fitted_to_a_leaf_that_was_given_other_data_meanwhile():
    for other in (3,), (1, 2):
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        y = (w * w).sum()
        w.data = torch.ones(other)
        with pytest.raises(ValueError, match=re.escape(f"of shape (2,) for a value of shape {other}")):
            y.backward()
        assert w.grad is None
    for before, after in itertools.permutations((torch.float16, torch.float32, torch.float64), 2):
        w = torch.tensor([1.0, 2.0], dtype=before, requires_grad=True)
        y = (w * w).sum()
        w.data = torch.ones(2, dtype=after)
        y.backward()
        assert w.grad.dtype == after and w.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("name", [n for n, op in REGISTRY.items() if op.rules])
def test_nodes_know_their_shape_and_only_elementwise_ops_skip_the_fitting(name):
    op = REGISTRY[name]
    for seed in range(3):
        inputs, options = draw_sample(op, RandomDrawer(seed, equal_shapes=True))
        leaves = [torch.tensor(x, requires_grad=True) if floating(x) else x for x in inputs]
        try:
            out = CALLS[name](leaves, **options) if op.variadic else CALLS[name](*leaves, **options)
        except TypeError:  # an op that is called through its function only
            return
        node = getattr(out, "_node", None)
        if node is None:
            continue
        assert (node.shape, node.dtype) == (out.shape, out.dtype)
        if not node.exact:
            continue
        for edge in node.edges:
            if edge is not None:
                parent, rule, *saved = edge
                d = np.asarray(rule(np.ones(node.shape), *saved))
                assert (d.shape, d.dtype) == (parent.shape, parent.dtype)


def floating(x):
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


@pytest.mark.parametrize("create", [False, True])
def test_every_gradient_without_axes_is_an_array(create):
    """NumPy's functions return scalars where arrays without axes are meant."""
    x = torch.tensor(2.0, requires_grad=True)
    y = x**3
    y.retain_grad()
    seen = []
    y.register_hook(seen.append)
    (y * y).backward(create_graph=create)
    (asked,) = torch.autograd.grad((x**3).sin(), x, create_graph=create)
    for g in (x.grad, y.grad, *seen, asked):
        assert type(g._array) is np.ndarray and "float32" not in repr(g)
    (x**3).backward()
    assert type(x.grad._array) is np.ndarray
