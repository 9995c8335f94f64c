"""The laws of calculus for every derivative, beyond its value at a point."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import minigrad as torch
from minigrad.autograd.functional import hessian, hvp, jacobian, jvp, vjp
from minigrad.ops.op import REGISTRY
from minigrad.testing import RandomDrawer, draw_sample, properties, strategies as some

TWICE = [op for op in REGISTRY.values() if op.rules and not op.once]
SMOOTH = [torch.sin, torch.tanh, torch.exp, torch.sigmoid, torch.atan, lambda x: x * x + 1]
smooth = st.sampled_from(SMOOTH)


def like(x, seed):
    return torch.from_numpy(np.random.default_rng(seed).uniform(-1, 1, x.shape))


def close(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-10)


def dot(a, b):
    return (a * b).sum()


def scalar_of(op, inputs, options):
    """The op as a function of one tensor, its inputs flattened, weighted into a number; and that tensor."""
    positions = properties.differentiable_positions(op, inputs)
    fn = properties.as_function(op, inputs, options)
    pieces = [inputs[i] for i in positions]
    ends = np.cumsum([0, *(p.size for p in pieces)])

    def scalar(flat):
        out = fn(*(flat[ends[k] : ends[k + 1]].reshape(p.shape) for k, p in enumerate(pieces)))
        return dot(out, like(out, 1))

    return scalar, torch.from_numpy(np.concatenate([p.ravel() for p in pieces]))


@pytest.mark.parametrize("op", TWICE, ids=[op.name for op in TWICE])
def test_hessians_are_symmetric(op):
    for seed in range(3):
        scalar, x = scalar_of(op, *draw_sample(op, RandomDrawer(seed)))
        u, w = like(x, 2), like(x, 3)
        close(dot(u, hvp(scalar, x, w)[1]), dot(w, hvp(scalar, x, u)[1]))


@pytest.mark.parametrize("op", TWICE, ids=[op.name for op in TWICE])
def test_vjp_and_jvp_of_an_op_are_adjoint(op):
    """<J v, u> = <v, J^T u>."""
    for seed in range(2):
        inputs, options = draw_sample(op, RandomDrawer(seed))
        fn = properties.as_function(op, inputs, options)
        xs = tuple(torch.from_numpy(inputs[i]) for i in properties.differentiable_positions(op, inputs))
        tangents = tuple(like(x, seed + k) for k, x in enumerate(xs))
        out, forward = jvp(fn, xs, tangents)
        cotangent = like(out, seed + 9)
        back = vjp(fn, xs, cotangent)[1]
        close(dot(forward, cotangent), sum(dot(b, t) for b, t in zip(back, tangents, strict=True)))


@given(some.tensors(), smooth, st.integers(0, 99))
def test_vjp_is_linear_in_its_cotangent(x, fn, seed):
    u, w = like(x, seed), like(x, seed + 1)
    mixed = vjp(fn, x, 2 * u - 3 * w)[1]
    close(mixed, 2 * vjp(fn, x, u)[1] - 3 * vjp(fn, x, w)[1])


@given(some.matmul_pairs(), st.integers(0, 99))
def test_vjp_and_jvp_are_adjoint(pair, seed):
    a, b = pair
    out = a @ b
    tangents, cotangent = (like(a, seed), like(b, seed + 1)), like(out, seed + 2)
    forward = jvp(torch.matmul, (a, b), tangents)[1]
    back = vjp(torch.matmul, (a, b), cotangent)[1]
    close(dot(forward, cotangent), dot(back[0], tangents[0]) + dot(back[1], tangents[1]))


@given(some.tensors(), smooth, smooth, st.integers(0, 99))
def test_chain_rule(x, outer, inner, seed):
    v = like(x, seed)
    y = inner(x).detach()
    close(vjp(lambda t: outer(inner(t)), x, v)[1], vjp(inner, x, vjp(outer, y, v)[1])[1])


@given(some.tensors(), smooth, smooth, st.integers(0, 99))
def test_product_rule(x, f, g, seed):
    v = like(x, seed)
    both = vjp(f, x, v * g(x).detach())[1] + vjp(g, x, v * f(x).detach())[1]
    close(vjp(lambda t: f(t) * g(t), x, v)[1], both)


@given(some.tensors(), smooth, smooth, st.integers(0, 99))
def test_sum_rule(x, f, g, seed):
    v = like(x, seed)
    close(vjp(lambda t: f(t) + g(t), x, v)[1], vjp(f, x, v)[1] + vjp(g, x, v)[1])


@given(some.tensors(), smooth)
def test_inverse_functions_have_inverse_derivatives(x, f):
    pairs = {torch.sin: torch.asin, torch.tanh: torch.atanh, torch.exp: torch.log, torch.atan: torch.tan}
    if f in pairs:
        y = (x * 0.25).detach()  # where the inverse is one
        slopes = vjp(f, y, torch.ones_like(y))[1] * vjp(pairs[f], f(y), torch.ones_like(y))[1]
        close(slopes, torch.ones_like(y))


@given(st.data())
def test_gradients_move_with_their_elements(data):
    """Permutation equivariance: a symmetric function's gradient is permuted as its input is."""
    x = data.draw(some.tensors((4,), distinct=True))
    order = torch.tensor(data.draw(st.permutations(range(4))))
    for fn in (torch.sum, torch.prod, torch.amax, lambda t: torch.logsumexp(t, 0), torch.var, torch.norm):
        one = torch.ones(())
        close(vjp(fn, x[order], one.double())[1], vjp(fn, x, one.double())[1][order])


@given(some.broadcastable(2), st.integers(0, 99))
def test_broadcasting_is_expanding(pair, seed):
    a, b = pair
    shape = np.broadcast_shapes(a.shape, b.shape)
    v = torch.from_numpy(np.random.default_rng(seed).uniform(-1, 1, shape))
    implicit = vjp(torch.mul, (a, b), v)[1]
    explicit = vjp(lambda s, t: s.expand(shape) * t.expand(shape), (a, b), v)[1]
    for g, h in zip(implicit, explicit, strict=True):
        close(g, h)


@given(some.overlapping(2))
def test_leaves_that_share_memory_have_gradients_of_their_own(pair):
    x, y = pair
    (x * 2 + y * 3).sum().backward()
    assert (x.grad == 2).all() and (y.grad == 3).all()
    assert not np.shares_memory(x.grad.numpy(), y.grad.numpy())


@given(st.data())
def test_reading_and_writing_an_index_are_adjoint(data):
    x = data.draw(some.tensors((2, 3)))
    index = data.draw(some.indices((2, 3), repeats=False))
    v = like(x[index], 0)
    put = torch.zeros(2, 3, dtype=torch.float64)
    put[index] = v
    close(vjp(lambda t: t[index], x, v)[1], put)


@given(some.tensors((3,)))
def test_jacobian_and_hessian_are_made_of_the_same_gradients(x):
    close(hessian(lambda t: (t.sin() * t.prod()).sum(), x), jacobian(lambda t: torch.autograd.grad(
        (t.sin() * t.prod()).sum(), t, create_graph=True)[0], x))  # fmt: skip


@pytest.mark.parametrize("order", [3, 4, 5])
def test_derivatives_of_any_order(order):
    x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    d = torch.sin(x) * torch.exp(x)
    for _ in range(order):
        (d,) = torch.autograd.grad(d.sum(), x, create_graph=True)
    # sin(x) e^x = Im e^((1 + i) x), so that the n-th derivative is Im (1 + i)^n e^((1 + i) x).
    expected = ((1 + 1j) ** order * np.exp((1 + 1j) * x.detach().numpy())).imag
    np.testing.assert_allclose(d.detach().numpy(), expected, rtol=1e-12)
