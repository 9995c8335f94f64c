"""The lifetime of graphs: with the garbage collector off, nothing of a graph survives its use."""

import gc
import itertools
import tracemalloc
import weakref

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.engine.node import Node


@pytest.fixture(autouse=True)
def _no_collector():
    gc.disable()
    yield
    gc.enable()


def young():
    """Tensors and nodes made while the collector is off: nothing moves them to an older generation."""
    return [x for x in gc.get_objects(generation=0) if isinstance(x, (torch.Tensor, Node))]


@pytest.fixture
def nothing_left():
    """Asserts that no tensor and no node made in the test is still there."""
    before = {id(x) for x in young()}

    def check():
        left = [x for x in young() if id(x) not in before]
        assert not left, left

    return check


def leaf(*shape):
    return torch.ones(shape, dtype=torch.float64, requires_grad=True)


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x * 2
        ctx.save_for_backward(x, y)
        return y, x + 1

    @staticmethod
    def backward(ctx, g, h):
        x, y = ctx.saved_tensors
        return g * 2 + h + 0 * y * x


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def in_place():
    y = leaf(3) * 2
    v = y[1:]
    v.mul_(3.0)
    y[0] = leaf(1)[0]
    return (y * v.sum()).sum()


GRAPHS = {
    "elementwise": lambda: ((leaf(3) * leaf(3)).tanh() + leaf(1).exp()).mean(0),
    "views": lambda: (leaf(3, 4).t().reshape(2, 6)[0] * leaf(6)).unsqueeze(0).sum(),
    "softmax": lambda: torch.softmax(leaf(3, 4), 1).log().mean(),
    "loss": lambda: nn.functional.cross_entropy(leaf(5, 3), torch.tensor([0, 1, 2, 1, 0])),
    "network": lambda: network()(torch.ones(2, 3)).sum(),
    "function": lambda: sum(o.sum() for o in Twice.apply(leaf(3))),
    "lists": lambda: torch.einsum("i,i->", torch.cat([leaf(2), leaf(1)]), torch.stack([leaf()] * 3)),
    "sort": lambda: leaf(4).sort().values.sum() + leaf(3, 2).max(0).values.sum(),
    "in place": in_place,
}


@pytest.mark.parametrize("how", ["backward", "retained", "create_graph", "never walked", "interrupted"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_nothing_survives_del(graph, how, nothing_left):
    y = GRAPHS[graph]()
    if how == "interrupted":

        def stop(g):
            raise KeyError

        y.register_hook(stop)
        with pytest.raises(KeyError):
            y.backward()
        del stop
    elif how == "create_graph":
        leaves = [node for node in nodes_behind(y) if node.op is None]
        y.backward(create_graph=True)
        # Such a gradient hangs on the graph of the leaf on which it hangs; PyTorch warns of that cycle.
        for node in leaves:
            node.watch.grad = None
        del leaves, node
    elif how != "never walked":
        y.backward(retain_graph=how == "retained")
    del y
    nothing_left()


def nodes_behind(y):
    found = [y._node]
    for node in found:
        found += [parent for parent, _ in node.next_functions if parent is not None and parent not in found]
    return found


def test_gradients_returned_with_a_graph_close_no_cycle(nothing_left):
    x = leaf(3)
    (g,) = torch.autograd.grad((x.exp() * x).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
    del x, g, h
    nothing_left()


def test_hooks_and_retained_gradients_close_no_cycle(nothing_left):
    x = leaf(3)
    y = x * 2
    y.retain_grad()
    seen = set()
    handles = [x.register_hook(lambda g: g * 2), y.register_hook(lambda _: None)]
    handles.append(x.register_post_accumulate_grad_hook(lambda t: seen.add(t.grad.sum().item())))
    (y * y).sum().backward()
    assert seen == {48.0}
    del x, y, handles
    nothing_left()


def test_anomaly_mode_leaves_nothing(nothing_left):
    with torch.autograd.detect_anomaly():
        y = (leaf(3) * 2).exp().sum()
        y.backward()
    del y
    nothing_left()


def test_functional_derivatives_leave_nothing(nothing_left):
    x = torch.ones(3, dtype=torch.float64)
    results = [
        torch.autograd.functional.hessian(lambda x: (x**3).sum(), x),
        torch.autograd.functional.jvp(torch.exp, x, x),
    ]
    del x, results
    nothing_left()


def test_an_error_leaves_nothing_once_its_traceback_is_gone(nothing_left):
    y = (leaf(3) * 2).exp().sum()
    y.backward()
    with pytest.raises(RuntimeError) as caught:
        y.backward()
    del y, caught
    nothing_left()


def test_dropping_the_output_frees_the_graph_and_the_intermediates():
    x = leaf(3)
    h = x.exp()
    y = (h * 2).sum()
    tensor, node = weakref.ref(h), weakref.ref(h._node)
    del h
    assert tensor() is None  # the tensor is not part of the graph
    assert node() is not None
    del y
    assert node() is None


def test_the_leaf_dies_but_its_node_gets_the_gradient():
    x = leaf(3)
    y = (x * x).sum()
    node = x._node
    del x
    y.backward()
    assert node.watch.grad.tolist() == [2.0, 2.0, 2.0]


# --- during the walk -----------------------------------------------------------------------------------


def test_a_saved_array_dies_as_the_walk_passes_its_op():
    x = leaf(3)
    y = x * 2
    h = y.exp()
    late = h.sin()  # saves h's array, as exp does
    saved = weakref.ref(h._array)
    seen = []
    for tensor in (h, y, x):
        tensor.register_hook(lambda _: seen.append(saved() is not None))
    loss = late.sum()
    del h, y, late
    loss.backward()
    # Before exp is walked; before the product, when the walk has just left exp; and before the leaf.
    assert seen[0] and not seen[-1]


def test_memory_falls_while_backward_walks():
    x = torch.ones(20_000, dtype=torch.float64, requires_grad=True)
    nbytes = x.nbytes
    y = x
    marks = []
    tracemalloc.start()
    try:
        for i in range(20):
            y = y.sin()
            if i % 5 == 0:
                y.register_hook(lambda _: marks.append(tracemalloc.get_traced_memory()[0]))
        loss = y.sum()
        del y
        full = tracemalloc.get_traced_memory()[0]
        loss.backward()
    finally:
        tracemalloc.stop()
    assert full > 19 * nbytes
    # One mark for every five ops, from the newest on; each time some five arrays less.
    assert len(marks) == 4
    for earlier, later in itertools.pairwise(marks):
        assert earlier - later > 3.5 * nbytes
    assert marks[-1] < 6 * nbytes


def test_retain_graph_keeps_what_was_saved():
    x = leaf(3)
    h = x.exp()
    saved = weakref.ref(h._array)
    y = h.sin().sum()
    del h
    y.backward(retain_graph=True)
    assert saved() is not None
    y.backward()
    assert saved() is None


# --- what an op keeps alive ----------------------------------------------------------------------------


def kept(make, *operands):
    """Which operands' arrays are still there after an op on them, and whether its output's is."""
    tensors = [o() for o in operands]
    arrays = [weakref.ref(t._array) for t in tensors]
    y = make(*tensors)
    out = weakref.ref(y._array)
    node = y._node
    del tensors, y
    result = [a() is not None for a in arrays], out() is not None
    del node
    return result


def inner():
    return leaf(3) * 1.5


def test_add_keeps_no_operand_alive():
    assert kept(torch.add, inner, inner) == ([False, False], False)


def test_tanh_keeps_its_output_only_and_sin_its_input_only():
    assert kept(torch.tanh, inner) == ([False], True)
    assert kept(torch.sin, inner) == ([True], False)


def test_mul_by_a_constant_keeps_the_constant_only():
    assert kept(torch.mul, inner, lambda: torch.ones(3, dtype=torch.float64)) == ([False, True], False)


def test_sum_mean_and_concatenation_keep_nothing():
    for make in (torch.sum, torch.mean, lambda x: torch.cat([x, x]), lambda x: x.expand(2, 3).clone()):
        assert kept(make, inner) == ([False], False)


def test_relu_keeps_its_output_only():
    assert kept(torch.relu, inner) == ([False], True)


def test_nothing_is_kept_under_no_grad():
    x = leaf(3)
    with torch.no_grad():
        y = x.exp()
        out = weakref.ref(y._array)
        z = y.tanh()
    del y
    assert out() is None and z.grad_fn is None


# --- deep graphs ---------------------------------------------------------------------------------------

# The design's figure is a million; a fifth of it takes a second, and recursion would fail at a thousand.
DEEP = 200_000


def chain(x, n):
    for _ in range(n):
        x = -x
    return x


def test_a_deep_chain_is_built_walked_and_freed():
    x = leaf()
    y = chain(x, DEEP)
    y.backward()
    assert x.grad.item() == 1.0
    del y


def test_a_deep_chain_dies_unwalked():
    y = chain(leaf(), DEEP)
    first = weakref.ref(y._node)
    del y
    assert first() is None


def test_a_deep_chain_through_two_edges_per_node_dies():
    x = leaf()
    y = x
    for _ in range(DEEP // 4):
        y = y + y * 0.0
    del y


def test_a_deep_second_derivative():
    x = leaf()
    y = x
    for _ in range(3_000):
        y = y.sin()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    g.backward()
    assert np.isfinite(x.grad.item())


def test_a_leaf_used_by_very_many_ops():
    x = leaf()
    parts = [x * float(i) for i in range(2_000)]
    torch.stack(parts).sum().backward()
    assert x.grad.item() == sum(range(2_000))
