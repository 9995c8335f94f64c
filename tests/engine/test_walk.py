"""The walk: what accumulates, in which order, what is freed, what is refused."""

import itertools
import re

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor.calls import CALLS
from minigrad.engine.mode import mode
from minigrad.engine.node import Node
from minigrad.engine.writes import writes
from minigrad.ops.op import REGISTRY
from minigrad.testing import RandomDrawer, draw_sample


def leaf(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


def grad_of(x):
    return x.grad.tolist()


# --- accumulation --------------------------------------------------------------------------------------


def test_a_leaf_used_several_times_in_one_op_gets_every_share():
    x = leaf([3.0, -2.0])
    (x * x).sum().backward()
    assert grad_of(x) == [6.0, -4.0]


def test_a_leaf_used_in_many_ops_gets_the_sum():
    x = leaf([0.5])
    (x * 2 + x.exp() + x * x * x + torch.stack([x, x]).sum()).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 + np.exp(0.5) + 3 * 0.25 + 2)


@pytest.mark.parametrize("times", range(1, 8))
def test_adding_a_leaf_to_itself_counts_each_time(times):
    # Three times with a naive += into the borrowed array gives 4.
    x = leaf([1.0, 1.0])
    y = x
    for _ in range(times - 1):
        y = y + x
    y.sum().backward()
    assert grad_of(x) == [times, times]


def test_add_hands_one_array_to_both_and_neither_spoils_the_other():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    s = x + y
    # x gets the array of s, then another share: it must not land in y's.
    (s + x * 10).sum().backward()
    assert grad_of(x) == [11.0, 11.0]
    assert grad_of(y) == [1.0, 1.0]


def test_a_shared_intermediate_is_differentiated_once_with_the_whole_gradient():
    # A diamond: if h were walked before all of its users, x would miss a part.
    x = leaf([0.3])
    h = x.tanh()
    calls = []
    h.register_hook(lambda g: calls.append(g.tolist()))
    (h * 2 + h.exp() * h).sum().backward()
    t = np.tanh(0.3)
    expected = 2 + np.exp(t) + t * np.exp(t)
    assert len(calls) == 1
    np.testing.assert_allclose(calls[0], [expected])
    np.testing.assert_allclose(x.grad.numpy(), [expected * (1 - t * t)])


def test_the_order_holds_where_a_long_and_a_short_path_meet():
    x = leaf(1.0)
    long = x
    for _ in range(20):
        long = long * 1.0 + 0.0
    (long * x).backward()
    assert grad_of(x) == 2.0


def test_a_second_backward_adds_to_grad():
    x = leaf([1.0, 2.0])
    for step in range(1, 4):
        (x * 5).sum().backward()
        assert grad_of(x) == [5.0 * step] * 2


def test_grad_has_the_dtype_and_shape_of_the_leaf():
    x = leaf([[1.0], [2.0]], dtype=torch.float32)
    y = leaf(np.ones((3, 2, 4)))
    (x.double() * y).sum().backward()
    assert x.grad.dtype == torch.float32 and x.grad.shape == (2, 1)
    assert y.grad.dtype == torch.float64 and y.grad.shape == (3, 2, 4)
    assert grad_of(x) == [[12.0], [12.0]]


@pytest.mark.parametrize(
    ("small", "large"), [((), (2, 3)), ((1,), (2, 3)), ((3,), (2, 3)), ((2, 1), (2, 3)), ((1, 1), (4, 1, 5))]
)
def test_broadcasting_is_undone(small, large):
    x, y = leaf(np.full(small, 2.0)), leaf(np.full(large, 3.0))
    (x * y).sum().backward()
    assert x.grad.shape == small and y.grad.shape == large
    np.testing.assert_allclose(x.grad.numpy(), np.full(small, 3.0 * y.numel() / x.numel()))
    np.testing.assert_allclose(y.grad.numpy(), np.full(large, 2.0))


def test_each_broadcast_use_is_undone_by_itself():
    x = leaf([1.0])
    (x * torch.ones(4, dtype=torch.float64) + x.expand(2, 4).sum(0)).sum().backward()
    assert grad_of(x) == [4.0 + 8.0]


def test_empty_tensors_go_through():
    x = leaf(np.ones((0, 3)))
    (x.exp().sum() * 2).backward()
    assert x.grad.shape == (0, 3)


# --- .grad owns its memory -----------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_grad_is_not_the_gradient_passed_in(create_graph):
    for make in (lambda x: x, lambda x: x + 1, lambda x: x.reshape(2, 1), lambda x: x.clone()):
        x = leaf([1.0, 2.0])
        y = make(x)
        given = torch.ones_like(y)
        y.backward(given, create_graph=create_graph)
        assert not np.shares_memory(x.grad.detach().numpy(), given.numpy())
        x.grad.zero_()
        assert given.sum() == 2


@pytest.mark.parametrize("create_graph", [False, True])
def test_grads_of_two_leaves_are_two_arrays(create_graph):
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (x + y).sum().backward(create_graph=create_graph)
    x.grad.zero_()
    assert grad_of(y) == [1.0, 1.0]


def test_grad_is_not_an_array_that_the_graph_saved():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (x * y).sum().backward(retain_graph=True)
    x.grad.zero_()
    assert y.tolist() == [3.0, 4.0]


def test_a_broadcast_gradient_becomes_writable_memory():
    # The gradient of sum is a read-only view of one number.
    x = leaf([1.0, 2.0])
    x.sum().backward()
    x.grad.add_(torch.tensor([0.0, 5.0], dtype=torch.float64))
    assert grad_of(x) == [1.0, 6.0]


def test_the_gradient_passed_in_is_not_accumulated_into():
    x = leaf([1.0, 2.0])
    given = torch.ones(2, dtype=torch.float64)
    y = x + 0
    (y + y).backward(given, retain_graph=True)
    assert given.tolist() == [1.0, 1.0]
    torch.autograd.backward([y, y], [given, given])
    assert given.tolist() == [1.0, 1.0]
    assert grad_of(x) == [4.0, 4.0]


def test_a_kept_gradient_of_a_non_leaf_is_not_a_leafs():
    x = leaf([1.0, 2.0])
    y = x + 0
    y.retain_grad()
    y.sum().backward()
    y.grad.zero_()
    assert grad_of(x) == [1.0, 1.0]


def test_accumulating_into_an_assigned_read_only_grad_makes_a_new_one():
    x = leaf([1.0, 2.0])
    x.grad = torch.tensor(1.0, dtype=torch.float64).expand(2)
    (x * 3).sum().backward()
    assert grad_of(x) == [4.0, 4.0]


# --- twice ---------------------------------------------------------------------------------------------


def test_a_second_backward_raises_unless_the_first_kept_the_graph():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    assert grad_of(x) == [2.0, 4.0]


def test_a_graph_freed_in_part_is_refused_before_anything_is_accumulated():
    x = leaf([1.0, 2.0])
    h = x.exp()
    h.sum().backward()
    before = grad_of(x)
    with pytest.raises(RuntimeError, match="exp"):
        (h * 2 + x).sum().backward()
    assert grad_of(x) == before


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x + x, lambda x: x + 1, lambda x: x - x, lambda x: -x, lambda x: x.sum(),
        lambda x: x.mean(0), lambda x: x.float(), lambda x: x.reshape(2, 1), lambda x: x.t(),
        lambda x: torch.cat([x, x]),
        lambda x: torch.stack([x, x]), lambda x: x[0], lambda x: x[1:], lambda x: x.expand(3, 2),
        lambda x: x.clone(), lambda x: x.unbind(0)[1], lambda x: x.cumsum(0),
    ],
)  # fmt: skip
def test_a_graph_whose_ops_saved_nothing_may_be_walked_again(make):
    # Only saved values are freed, as in PyTorch: scripts for differential equations rely on it.
    x = leaf([1.0, 2.0])
    y = make(x)
    y.sum().backward()
    once = grad_of(x)
    y.sum().backward()
    assert grad_of(x) == [2 * g for g in once]


def test_a_retained_graph_gives_the_same_bits_again():
    draw = np.random.default_rng(0)
    x, w = leaf(draw.standard_normal((8, 5))), leaf(draw.standard_normal((5, 3)))
    h = (x @ w).tanh()
    loss = (torch.softmax(h, 1) * h + h.exp()).sum() + (x * 0.1).sum()
    loss.backward(retain_graph=True)
    first = x.grad.numpy().tobytes(), w.grad.numpy().tobytes()
    for _ in range(2):
        x.grad.zero_()
        w.grad = None
        loss.backward(retain_graph=True)
        assert (x.grad.numpy().tobytes(), w.grad.numpy().tobytes()) == first
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_create_graph_keeps_the_graph_by_itself():
    x = leaf(2.0)
    y = x**3
    y.backward(create_graph=True)
    y.backward(create_graph=True)
    assert grad_of(x) == 24.0


# --- interrupted ---------------------------------------------------------------------------------------


class StopError(Exception):
    pass


@pytest.mark.parametrize("reason", [StopError, KeyboardInterrupt])
def test_an_interrupted_backward_deposits_nothing(reason):
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])

    def interrupt(g):
        raise reason

    h = x * 2
    handle = h.register_hook(interrupt)
    with pytest.raises(reason):
        (h * w).sum().backward(retain_graph=True)
    assert x.grad is None and w.grad is None  # though w's gradient was known by then
    assert torch.is_grad_enabled()
    handle.remove()
    (h * w).sum().backward()
    assert grad_of(x) == [6.0, 8.0] and grad_of(w) == [2.0, 4.0]


def test_an_interrupted_backward_leaves_nothing_to_the_same_graph():
    x = leaf([1.0, 2.0])
    h = x * 2
    fail = [True]

    def hook(g):
        if fail[0]:
            raise StopError

    h.register_hook(hook)
    y = (h * h + h).sum()
    with pytest.raises(StopError):
        y.backward(retain_graph=True)
    fail[0] = False
    y.backward()
    assert grad_of(x) == [10.0, 18.0]


def test_a_stale_value_found_on_the_way_leaves_no_trace():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    h = x.exp()
    y = (h * w).sum() + (w * w).sum()
    h.detach().zero_()
    with pytest.raises(RuntimeError, match="inplace"):
        y.backward()
    assert x.grad is None and w.grad is None
    (w * w).sum().backward()
    assert grad_of(w) == [6.0, 8.0]


# --- what is asked -------------------------------------------------------------------------------------


def test_a_non_scalar_needs_a_gradient():
    x = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match="scalar outputs"):
        (x * 2).backward()
    (x[:1] * 2).backward()  # one element will do
    assert grad_of(x) == [2.0, 0.0]


@pytest.mark.parametrize("shape", [(), (1,), (2, 1), (1, 3), (3,), (2, 3, 1), (3, 2)])
def test_a_gradient_of_another_shape_raises_also_where_it_would_broadcast(shape):
    x = leaf(np.ones((2, 3)))
    with pytest.raises(RuntimeError, match="shape"):
        (x * 2).backward(torch.ones(shape, dtype=torch.float64))
    assert x.grad is None


def test_a_gradient_of_another_dtype_is_converted():
    x = leaf([1.0, 2.0], dtype=torch.float32)
    (x * 2).backward(torch.ones(2, dtype=torch.float64))
    assert x.grad.dtype == torch.float32 and grad_of(x) == [2.0, 2.0]


def test_a_gradient_must_be_a_tensor():
    x = leaf([1.0, 2.0])
    with pytest.raises(TypeError, match="Tensors or None"):
        (x * 2).backward(np.ones(2))


def test_backward_of_a_leaf_gives_the_gradient_itself():
    x = leaf(2.0)
    x.backward()
    assert grad_of(x) == 1.0


def test_backward_confined_to_inputs_touches_no_other_leaf():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    h = x * w
    h.sum().backward(inputs=[w])
    assert x.grad is None and grad_of(w) == [1.0, 2.0]


def test_backward_confined_to_a_non_leaf_fills_its_grad():
    x = leaf([1.0, 2.0])
    h = x * 3
    (h * h).sum().backward(inputs=h)
    assert h.grad.tolist() == [6.0, 12.0] and x.grad is None


@pytest.mark.parametrize("inputs", [[], [torch.ones(1)], ["x"]])
def test_backward_confined_to_what_has_no_gradient_raises(inputs):
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="require grad"):
        (x * 2).backward(inputs=inputs)


def test_no_path_to_a_leaf_raises():
    for y in (torch.ones(1), leaf([1.0]).detach() * 2):
        with pytest.raises(RuntimeError, match="does not require grad"):
            y.backward()


def test_what_needs_no_gradient_is_not_recorded():
    x, c = leaf([1.0]), torch.ones(1, dtype=torch.float64)
    y = x * (c * c)
    assert y.grad_fn.next_functions == ((x._node, 0), (None, 0))
    y.backward()
    assert c.grad is None


# --- stale values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write",
    [
        lambda h: h.detach().add_(1),
        lambda h: h.detach()[0:1].zero_(),
        lambda h: h.detach().reshape(1, 2).mul_(2),
        lambda h: h.detach().numpy() is not None and h.detach().fill_(0),
    ],
)
def test_a_saved_value_written_through_an_alias_is_caught(write):
    x = leaf([1.0, 2.0])
    h = x.exp()
    y = (h * h).sum()
    write(h)
    with pytest.raises(RuntimeError, match=r"mul .*shape \(2,\)"):
        y.backward()


def test_a_saved_value_written_directly_is_caught():
    x = leaf([1.0, 2.0])
    h = x * 2
    y = h.sin()
    h.add_(1)
    with pytest.raises(RuntimeError, match="sin"):
        y.sum().backward()


def test_a_saved_leaf_written_under_no_grad_is_caught():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    with torch.no_grad():
        x += 1
    with pytest.raises(RuntimeError, match="inplace"):
        y.backward()


def test_a_saved_index_written_in_place_is_caught():
    x, i = leaf([1.0, 2.0, 3.0]), torch.tensor([0, 0])
    y = x[i]
    i.add_(1)
    with pytest.raises(RuntimeError, match="getitem"):
        y.sum().backward()


@pytest.mark.parametrize("saved_where", ["one of a list", "alone"])
def test_a_saved_constant_written_in_place_is_caught(saved_where):
    x, c = leaf([1.0, 2.0]), torch.ones(2, dtype=torch.float64)
    y = torch.einsum("i,i->i", x, c) if saved_where == "one of a list" else x * c
    c.mul_(10)
    with pytest.raises(RuntimeError, match="inplace"):
        y.sum().backward()


def test_a_write_before_the_op_or_to_what_nobody_saved_is_no_fault():
    x = leaf([1.0, 2.0])
    c = torch.ones(2, dtype=torch.float64)
    c.mul_(3)
    h = x * c
    y = h + 1  # saves nothing
    h.detach().zero_()
    y.sum().backward()
    assert grad_of(x) == [3.0, 3.0]


def test_writing_data_is_the_way_past_the_check():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    x.data.mul_(10)
    x.data[0:1].mul_(10)
    y.backward()
    assert grad_of(x) == [200.0, 40.0]


def test_a_stale_value_that_is_not_needed_does_not_matter():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    h = x.exp()
    y = (h * 2 + w).sum()
    h.detach().zero_()  # exp saved it, but w does not lie behind exp
    assert torch.autograd.grad(y, w)[0].tolist() == [1.0, 1.0]


def test_stamps_are_forgotten_with_their_arrays():
    known = len(writes.stamps)
    written = [torch.zeros(3).add_(1).mul_(2) for _ in range(5)]
    assert len(writes.stamps) == known + 5
    del written
    assert len(writes.stamps) == known


# --- higher order --------------------------------------------------------------------------------------


def derivatives(f, x, n):
    """f and its first n derivatives at x."""
    values = [f(x)]
    for _ in range(n):
        values.append(torch.autograd.grad(values[-1].sum(), x, create_graph=True)[0])
    return [v.detach().numpy() for v in values]


def test_the_same_rule_gives_the_third_and_fourth_derivative():
    x = leaf([0.4, -1.2])
    a = x.detach().numpy()
    for found, expected in zip(
        derivatives(lambda x: x**4, x, 4), [a**4, 4 * a**3, 12 * a**2, 24 * a, 24 + 0 * a], strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    t = np.tanh(a)
    s = 1 - t * t
    expected = [t, s, -2 * t * s, -2 * s * s + 4 * t * t * s]
    for found, value in zip(derivatives(torch.tanh, x, 3), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-12)
    for found in derivatives(torch.exp, x, 3):
        np.testing.assert_allclose(found, np.exp(a), rtol=1e-12)


def test_a_saved_output_is_no_constant_under_create_graph():
    # If softmax's saved probabilities were taken as constant, the second derivative would lack terms.
    x = leaf([0.1, 0.7, -0.3])

    def hessian_row(i):
        (g,) = torch.autograd.grad(torch.softmax(x, 0)[0], x, create_graph=True)
        return torch.autograd.grad(g[i], x)[0].numpy()

    eps = 1e-5

    def gradient(a):
        p = np.exp(a) / np.exp(a).sum()
        return p[0] * ((np.arange(3) == 0) - p)

    a = x.detach().numpy()
    for i in range(3):
        numeric = [(gradient(a + eps * e)[i] - gradient(a - eps * e)[i]) / (2 * eps) for e in np.eye(3)]
        np.testing.assert_allclose(hessian_row(i), numeric, atol=1e-9)


def test_mixed_second_derivatives_agree():
    x, y = leaf([0.5, 1.5]), leaf([2.0, 0.7])
    z = (x * y.log() + (x * y).sin()).sum()
    gx, gy = torch.autograd.grad(z, (x, y), create_graph=True)
    (xy,) = torch.autograd.grad(gx.sum(), y, retain_graph=True)
    (yx,) = torch.autograd.grad(gy.sum(), x)
    np.testing.assert_allclose(xy.numpy(), yx.numpy(), rtol=1e-12)


def test_backward_through_a_gradient_penalty():
    w = leaf([1.0, -2.0])
    x = leaf([3.0, 0.5])
    (g,) = torch.autograd.grad((w * x * x).sum(), x, create_graph=True)
    (g * g).sum().backward()
    # g = 2 w x, so the penalty is 4 w^2 x^2.
    np.testing.assert_allclose(w.grad.numpy(), 8 * w.detach().numpy() * x.detach().numpy() ** 2)


def test_a_gradient_without_create_graph_has_no_history():
    x = leaf(2.0)
    (x**3).backward()
    assert not x.grad.requires_grad
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (x**3).backward()
    assert not x.grad.requires_grad and grad_of(x) == 36.0


# --- nodes ---------------------------------------------------------------------------------------------


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


def test_a_freed_node_has_no_edges():
    x = leaf([1.0])
    y = x.exp()
    node = y.grad_fn
    y.sum().backward()
    assert isinstance(node, Node) and node.edges is None and node.next_functions == ()


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
