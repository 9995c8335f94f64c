"""Derivatives as functions: values by hand, nested, connected to the graph around them."""

import numpy as np
import pytest

import minigrad as torch
from minigrad import func


def floats(values):
    return torch.tensor(values, dtype=torch.float64)


def test_derivatives_of_a_cubic_by_hand():
    x, w = floats([1.0, 2.0]), floats([3.0, -1.0])

    def cubic(x, w):
        return (w * x**3).sum()

    assert func.grad(cubic)(x, w).tolist() == [9, -12]
    by_x, by_w = func.grad(cubic, argnums=(0, 1))(x, w)
    assert by_x.tolist() == [9, -12] and by_w.tolist() == [1, 8]
    gradient, value = func.grad_and_value(cubic, argnums=-1)(x, w)
    assert gradient.tolist() == [1, 8] and value.item() == -5
    assert func.hessian(cubic)(x, w).tolist() == [[18, 0], [0, -12]]
    assert func.jvp(cubic, (x, w), (w, x))[1].item() == 9 * 3 + 12 + 1 + 16
    assert [g.tolist() for g in func.vjp(cubic, x, w)[1](floats(2.0))] == [[18, -24], [2, 16]]


def test_both_jacobians_have_the_outputs_axes_first():
    x = floats([1.0, 2.0, 3.0])

    def outer(x):
        return torch.outer(x[:2], x**2)

    wanted = np.zeros((2, 3, 3))
    for i in range(2):
        for j in range(3):
            wanted[i, j, i] += x[j].item() ** 2
            wanted[i, j, j] += 2 * x[i].item() * x[j].item()
    for jacobian in (func.jacrev, func.jacfwd):
        np.testing.assert_allclose(jacobian(outer)(x).numpy(), wanted)
        parts = jacobian(lambda d: {"a": d["x"] * 2, "b": d["x"].sum()})({"x": x})
        assert parts["a"]["x"].tolist() == (2 * np.eye(3)).tolist() and parts["b"]["x"].tolist() == [1, 1, 1]


def test_they_nest_and_see_the_graph_around_them():
    x = floats([0.5, 2.0])
    twice = func.grad(lambda z: func.grad(lambda q: (q**3 * z**2).sum())(z).sum())
    np.testing.assert_allclose(twice(x).numpy(), 12 * x.numpy() ** 3)  # of 3 z^4
    w = floats(3.0).requires_grad_()
    inner = func.grad(lambda z: (w * z**2).sum())(x)  # w is no argument
    inner.sum().backward()
    assert w.grad.item() == 5
    leaf = x.clone().requires_grad_()
    func.grad(lambda z: (z**3).sum())(leaf).sum().backward()
    assert leaf.grad.tolist() == [3, 12]
    with torch.no_grad():
        assert func.grad(lambda z: (z**2).sum())(x).tolist() == [1, 4]


def test_a_result_records_nothing_where_nothing_else_is_differentiated():
    x = floats([0.5, 2.0])
    gradient, value = func.grad_and_value(lambda z: (z**3).sum())(x)
    assert not gradient.requires_grad and not value.requires_grad and not x.requires_grad
    assert not func.hessian(lambda z: (z**3).sum())(x).requires_grad


def test_further_results_pass_through():
    x = floats([1.0, 2.0])
    gradient, aux = func.grad(lambda z: ((z**2).sum(), {"twice": 2 * z}), has_aux=True)(x)
    assert gradient.tolist() == [2, 4] and aux["twice"].tolist() == [2, 4] and not aux["twice"].requires_grad


def test_misuse_is_told():
    x = floats([1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"without axes, not \(2,\); use vjp"):
        func.grad(lambda z: z * 2)(x)
    with pytest.raises(RuntimeError, match="argnums=1, but there are 1 arguments"):
        func.grad(lambda z: z.sum(), argnums=1)(x)
    with pytest.raises(RuntimeError, match="has_aux=True the function must return"):
        func.grad(lambda z: z.sum(), has_aux=True)(x)
    with pytest.raises(RuntimeError, match="only floating tensors can be differentiated by, not int64"):
        func.grad(lambda z: z.sum())(torch.arange(2))
    with pytest.raises(RuntimeError, match="shapes of the output"):
        func.vjp(lambda z: z, x)[1](floats(1.0))
    with pytest.raises(RuntimeError, match="shapes of the primals"):
        func.jvp(lambda z: z, (x,), (floats(1.0),))
