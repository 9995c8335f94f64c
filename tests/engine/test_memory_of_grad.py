"""The memory of `.grad`: its own, writable, shared with nothing."""

import numpy as np
import pytest

import minigrad as torch


def leaf(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


def grad_of(x):
    return x.grad.tolist()


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


@pytest.mark.parametrize("values", [2.0, [1.0, 2.0]])
def test_a_later_backward_adds_to_the_grad_that_a_user_holds(values):
    # Without axes, NumPy's operators give scalars, which have no memory to add to.
    x, y = leaf(values), leaf(3.0)
    (x * y).sum().backward()
    held = x.grad
    (x * y).sum().backward()
    assert x.grad is held
    assert (held == 6).all()


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
