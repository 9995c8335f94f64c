"""The walk: what accumulates, in which order, what is freed, what is refused."""

import numpy as np
import pytest

import minigrad as torch


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
