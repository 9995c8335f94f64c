"""Jacobians, Hessians and products with them, against closed forms and PyTorch."""

# ruff: noqa: ARG005 (functions that depend on nothing are the point)

import numpy as np
import pytest

import minigrad as torch
from minigrad.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp

A = np.array([[1.0, 2.0, -1.0], [0.5, -3.0, 2.0]])
S = np.array([[2.0, 0.5, 1.0], [0.5, 3.0, -1.0], [1.0, -1.0, 4.0]])


def vector(*values):
    return torch.tensor(values or (0.5, -1.0, 2.0), dtype=torch.float64)


def linear(x):
    return torch.from_numpy(A) @ x


def quadratic(x):
    return 0.5 * (x @ torch.from_numpy(S) @ x)


# --- closed forms --------------------------------------------------------------------------------------


def test_the_jacobian_of_a_linear_map_is_its_matrix():
    np.testing.assert_allclose(jacobian(linear, vector()).numpy(), A)


def test_the_jacobian_of_an_elementwise_function_is_diagonal():
    x = vector()
    np.testing.assert_allclose(jacobian(torch.sin, x).numpy(), np.diag(np.cos(x.numpy())))


def test_a_jacobian_has_the_outputs_axes_first():
    x = torch.ones(2, 3, dtype=torch.float64)
    j = jacobian(lambda x: x.sum(1, keepdim=True) * 2, x)
    assert j.shape == (2, 1, 2, 3)
    expected = np.zeros((2, 1, 2, 3))
    expected[0, 0, 0] = expected[1, 0, 1] = 2
    np.testing.assert_allclose(j.numpy(), expected)
    assert jacobian(lambda x: x.sum(), x).shape == (2, 3)
    assert jacobian(lambda x: x[:0], x).shape == (0, 3, 2, 3)


def test_the_hessian_of_a_quadratic_form_is_its_matrix():
    np.testing.assert_allclose(hessian(quadratic, vector()).numpy(), S)


def test_products_with_the_jacobian():
    x, v, u = vector(), vector(1.0, 2.0, 3.0), vector(1.0, -2.0)
    value, product = vjp(linear, x, u)
    np.testing.assert_allclose(value.numpy(), A @ x.numpy())
    np.testing.assert_allclose(product.numpy(), u.numpy() @ A)
    value, product = jvp(linear, x, v)
    np.testing.assert_allclose(value.numpy(), A @ x.numpy())
    np.testing.assert_allclose(product.numpy(), A @ v.numpy())


def test_products_with_the_hessian():
    x, v = vector(), vector(1.0, 2.0, 3.0)
    for product_with in (hvp, vhp):
        value, product = product_with(quadratic, x, v)
        np.testing.assert_allclose(value.item(), 0.5 * x.numpy() @ S @ x.numpy())
        np.testing.assert_allclose(product.numpy(), S @ v.numpy())


def test_jvp_of_a_nonlinear_function_is_a_directional_derivative():
    def f(x):
        return torch.softmax(x, 0) * x.exp()

    x, v, eps = vector(), vector(1.0, 2.0, 3.0), 1e-6
    numeric = (f(x + eps * v) - f(x - eps * v)).numpy() / (2 * eps)
    np.testing.assert_allclose(jvp(f, x, v)[1].numpy(), numeric, rtol=1e-7)


# --- several inputs and outputs ------------------------------------------------------------------------


def test_several_inputs_give_a_tuple_and_several_outputs_a_tuple_of_tuples():
    x, w = vector(), vector(3.0)

    def f(x, w):
        return x * w, (w * w).sum()

    (xx, xw), (sx, sw) = jacobian(f, (x, w))
    np.testing.assert_allclose(xx.numpy(), 3 * np.eye(3))
    np.testing.assert_allclose(xw.numpy(), x.numpy()[:, None])
    assert sx.tolist() == [0.0] * 3 and sw.tolist() == [6.0]
    (one,) = jacobian(lambda x: x * 2, (x,))
    np.testing.assert_allclose(one.numpy(), 2 * np.eye(3))


def test_the_hessian_of_several_inputs_is_made_of_blocks():
    x, w = vector(), vector(3.0)
    (xx, xw), (wx, ww) = hessian(lambda x, w: (x * x * w).sum(), (x, w))
    np.testing.assert_allclose(xx.numpy(), 6 * np.eye(3))
    np.testing.assert_allclose(xw.numpy(), 2 * x.numpy()[:, None])
    np.testing.assert_allclose(wx.numpy(), 2 * x.numpy()[None, :])
    assert ww.tolist() == [[0.0]]


def test_products_with_several_inputs_and_outputs():
    x, w = vector(), vector(3.0)
    (a, b), (gx, gw) = vjp(lambda x, w: (x * w, w * 2), (x, w), (vector(1.0, 1.0, 1.0), vector(5.0)))
    assert a.tolist() == (x * 3).tolist() and b.tolist() == [6.0]
    np.testing.assert_allclose(gx.numpy(), [3.0] * 3)
    np.testing.assert_allclose(gw.numpy(), [x.sum().item() + 10])
    (_, _), (ja, jb) = jvp(lambda x, w: (x * w, w * 2), (x, w), (vector(1.0, 0.0, 0.0), vector(1.0)))
    np.testing.assert_allclose(ja.numpy(), x.numpy() + np.array([3.0, 0, 0]))
    assert jb.tolist() == [2.0]
    _, (hx, hw) = vhp(lambda x, w: (x * x * w).sum(), (x, w), (vector(1.0, 1.0, 1.0), vector(1.0)))
    np.testing.assert_allclose(hx.numpy(), 6 + 2 * x.numpy())
    np.testing.assert_allclose(hw.numpy(), [2 * x.sum().item()])


# --- dependence and modes ------------------------------------------------------------------------------


def test_an_output_that_depends_on_nothing_gives_zeros_or_an_error():
    x = vector()

    def constant(x):
        return torch.ones(2, dtype=torch.float64)

    assert jacobian(constant, x).tolist() == [[0.0] * 3] * 2
    assert vjp(constant, x, vector(1.0, 1.0))[1].tolist() == [0.0] * 3
    assert jvp(constant, x, x)[1].tolist() == [0.0] * 2
    assert hessian(lambda x: x.sum(), x).tolist() == [[0.0] * 3] * 3
    for call in (
        lambda: jacobian(constant, x, strict=True),
        lambda: vjp(constant, x, vector(1.0, 1.0), strict=True),
        lambda: hessian(lambda x: x.sum(), x, strict=True),
    ):
        with pytest.raises(RuntimeError, match="does not depend on"):
            call()


def test_results_have_no_history_unless_asked_for():
    x = vector().requires_grad_()
    assert not jacobian(torch.exp, x).requires_grad and not hessian(quadratic, x).requires_grad
    assert x.grad is None
    for made in (
        jacobian(torch.exp, x, create_graph=True),
        hessian(lambda x: x.exp().sum(), x, create_graph=True),
    ):
        (g,) = torch.autograd.grad(made.sum(), x)
        np.testing.assert_allclose(g.numpy(), np.exp(x.detach().numpy()))
    for product in (vjp, jvp):
        made = product(torch.exp, x, vector(1.0, 1.0, 1.0), create_graph=True)[1]
        np.testing.assert_allclose(torch.autograd.grad(made.sum(), x)[0].numpy(), np.exp(x.detach().numpy()))


def test_everything_works_under_no_grad():
    with torch.no_grad():
        np.testing.assert_allclose(jacobian(linear, vector()).numpy(), A)
        np.testing.assert_allclose(hessian(quadratic, vector()).numpy(), S)
        ones = torch.ones_like(vector())
        for product in (vjp, jvp, vhp, hvp):
            v = torch.tensor(1.0, dtype=ones.dtype) if product is vjp else ones
            assert product(quadratic, vector(), v)[1].numpy().any()
        assert not torch.is_grad_enabled()


def test_the_users_tensors_stay_as_they_are():
    x = vector().requires_grad_()

    def writes(x):
        y = x * 1
        y.mul_(2)
        return y

    np.testing.assert_allclose(jacobian(writes, x).numpy(), 2 * np.eye(3))
    assert x.grad is None and x.tolist() == [0.5, -1.0, 2.0]


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda x: jacobian(torch.exp, [1.0]), TypeError, "input 0 must be a Tensor, not float"),
        (lambda x: jacobian(lambda x: 3.0, x), TypeError, "jacobian: output 0"),
        (lambda x: vjp(torch.exp, x), RuntimeError, "vjp: v may be left out only"),
        (
            lambda x: vjp(torch.exp, x, vector(1.0)),
            RuntimeError,
            r"vjp: v has shape \(1,\), the output \(3,\)",
        ),
        (lambda x: jvp(torch.exp, x, (x, x)), RuntimeError, "jvp: v has 2 tensors, the input 1"),
        (lambda x: hessian(torch.exp, x), RuntimeError, r"hessian: .*single element, got shape \(3,\)"),
        (lambda x: vhp(lambda x: 1.0, x, x), RuntimeError, "vhp: .*got float"),
        (lambda x: jacobian(lambda i: i, torch.arange(3)), RuntimeError, "floating point"),
    ],
)
def test_what_makes_no_sense_is_told(call, kind, words):
    with pytest.raises(kind, match=words):
        call(vector())


def test_v_may_be_left_out_for_a_single_element():
    x = vector(2.0)
    assert vjp(lambda x: x**2, x)[1].tolist() == [4.0]
    assert jvp(lambda x: x**2, x)[1].tolist() == [4.0]


# --- PyTorch -------------------------------------------------------------------------------------------

FUNCTIONS = {
    "elementwise": lambda x, w: x.exp() * w.sin(),
    "product": lambda x, w: x.reshape(3, 1) * w,
    "two": lambda x, w: ((x * w).sum(), x.cumsum(0)),
    "softmax": lambda x, w: x.softmax(0) * w,
}
SCALARS = {
    "cubic": lambda x, w: (x**3 * w).sum(),
    "logsumexp": lambda x, w: (x * w).logsumexp(0),
    "norm": lambda x, w: (x - w).norm(),
}


def arrays(tree):
    return [a for t in tree for a in arrays(t)] if isinstance(tree, tuple) else [np.asarray(tree.detach())]


def same(mine, theirs):
    for a, b in zip(arrays(mine), arrays(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
        assert a.shape == tuple(b.shape)


@pytest.mark.parity
@pytest.mark.parametrize("create_graph", [False, True])
def test_pytorch_agrees(pytorch, create_graph):
    values = [0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [1.0, 2.0, -1.0], [0.2, 0.0, 3.0]

    def inputs(lib):
        x, w, v, u = (lib.tensor(a, dtype=lib.float64) for a in values)
        return (x.requires_grad_(), w.requires_grad_()), (v, u)

    mine, theirs = inputs(torch), inputs(pytorch)
    ours, yours = torch.autograd.functional, pytorch.autograd.functional
    how = {"create_graph": create_graph}
    for f in FUNCTIONS.values():
        same(ours.jacobian(f, mine[0], **how), yours.jacobian(f, theirs[0], **how))
        same(ours.jvp(f, mine[0], mine[1], **how), yours.jvp(f, theirs[0], theirs[1], **how))
    f = FUNCTIONS["softmax"]
    same(ours.vjp(f, mine[0], mine[1][0], **how), yours.vjp(f, theirs[0], theirs[1][0], **how))
    for f in SCALARS.values():
        same(ours.hessian(f, mine[0], **how), yours.hessian(f, theirs[0], **how))
        same(ours.hvp(f, *mine, **how), yours.hvp(f, *theirs, **how))
        same(ours.vhp(f, *mine, **how), yours.vhp(f, *theirs, **how))


def test_products_name_themselves_in_their_errors():
    x = torch.ones(2)
    for product, name in ((torch.autograd.functional.hvp, "hvp"), (torch.autograd.functional.vhp, "vhp")):
        with pytest.raises(RuntimeError, match=f"^{name}: .*strict=True"):
            product(lambda x: x.detach().sum(), x, torch.ones(2), strict=True)
        with pytest.raises(RuntimeError, match=f"^{name}: v has shape"):
            product(lambda x: x.sum(), x, torch.ones(3))


def test_strategies_that_do_not_go_together_are_refused():
    functional, x = torch.autograd.functional, torch.ones(2)
    with pytest.raises(
        NotImplementedError, match="jacobian: the strategy 'forward-mode' goes with vectorize"
    ):
        functional.jacobian(torch.sin, x, strategy="forward-mode")
    with pytest.raises(NotImplementedError, match="hessian: the strategy 'forward-mode' goes with"):
        functional.hessian(lambda x: x.sum(), x, outer_jacobian_strategy="forward-mode")
    with pytest.raises(RuntimeError, match="not supported together"):
        functional.jacobian(torch.sin, x, strict=True, vectorize=True)


@pytest.mark.parametrize("name", ["jacobian", "vjp", "jvp"])
def test_a_constant_derivative_is_refused_where_strict_is_to_differentiate_it(name):
    function = getattr(torch.autograd.functional, name)
    given = () if name == "jacobian" else (torch.ones(2),)
    function(lambda x: x * 1, torch.ones(2), *given, strict=True)
    function(lambda x: x**2, torch.ones(2, requires_grad=True), *given, strict=True, create_graph=True)
    with pytest.raises(RuntimeError, match=f"{name}: derivative 0 does not depend on the inputs"):
        function(lambda x: x * 1, torch.ones(2, requires_grad=True), *given, strict=True, create_graph=True)
