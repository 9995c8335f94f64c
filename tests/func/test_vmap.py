"""vmap: the numbers of a loop over the samples, all at once."""

# ruff: noqa: ARG005, PLW0108 (functions of a sample are written out as a reader of vmap writes them)

import numpy as np
import pytest

import minigrad as torch
from minigrad import func, nn
from minigrad.nn import functional as F
from minigrad.ops import REAL, Op

rng = np.random.default_rng(0)


def floats(*shape):
    return torch.tensor(rng.normal(size=shape))


def loop(function, *stacks):
    return torch.stack([function(*row) for row in zip(*stacks, strict=True)])


def close(a, b, rtol=1e-10):
    np.testing.assert_allclose(a.numpy(force=True), b.numpy(force=True), rtol=rtol, atol=1e-12)


def test_a_mapped_function_sees_one_sample():
    x, seen = floats(3, 4), []
    out = torch.vmap(lambda a: (seen.append(a.shape), a @ a)[1])(x)
    assert seen == [(4,)]
    close(out, (x * x).sum(1))


def test_axes_of_arguments_and_results():
    x, y = floats(3, 4), floats(4, 3)
    close(torch.vmap(torch.mul, in_dims=(0, 1))(x, y), x * y.T)
    close(torch.vmap(torch.mul, in_dims=(0, None), out_dims=1)(x, y[:, 0]), (x * y[:, 0]).T)
    nested = torch.vmap(lambda d, k: d["a"] * d["b"][0] * k, in_dims=({"a": 0, "b": (None,)}, None))
    close(nested({"a": x, "b": (y[:, 0],)}, 2.0), x * y[:, 0] * 2)
    twice, total, constant = torch.vmap(lambda a: (a * 2, a.sum(), 7), out_dims=(1, 0, None))(x)
    assert constant == 7
    close(twice, (x * 2).T)
    close(total, x.sum(1))
    made = torch.vmap(lambda a: {"a": a, "ones": torch.ones(2)})(x)
    assert made["ones"].tolist() == [[1, 1]] * 3


def test_gradients_flow_through_to_arguments_and_to_what_the_function_sees():
    x, w = floats(3, 4).requires_grad_(), floats(4).requires_grad_()
    torch.vmap(lambda a: (a * w).sin().sum())(x).sum().backward()
    mine = x.grad.clone(), w.grad.clone()
    x.grad = w.grad = None
    (x * w).sin().sum().backward()
    close(mine[0], x.grad)
    close(mine[1], w.grad)


def test_the_gradient_of_each_sample():
    w, x, t = floats(4), floats(3, 4), floats(3)

    def loss(w, a, b):
        return ((w @ a).tanh() - b) ** 2

    mine = torch.vmap(func.grad(loss), in_dims=(None, 0, 0))(w, x, t)
    close(mine, loop(lambda a, b: func.grad(loss)(w, a, b), x, t))
    h = torch.vmap(func.hessian(loss), in_dims=(None, 0, 0))(w, x, t)
    close(h, loop(lambda a, b: func.hessian(loss)(w, a, b), x, t))


def test_the_gradients_of_each_sample_of_a_convolutional_net():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3)
    ).double()
    parameters = {name: p.detach() for name, p in net.named_parameters()}
    x, t = floats(4, 1, 6, 6), torch.tensor([0, 2, 1, 1])

    def loss(p, a, b):
        return F.cross_entropy(func.functional_call(net, p, (a.unsqueeze(0),)), b.unsqueeze(0))

    found = torch.vmap(func.grad(loss), in_dims=(None, 0, 0))(parameters, x, t)
    for i in range(4):
        net.zero_grad()
        F.cross_entropy(net(x[i : i + 1]), t[i : i + 1]).backward()
        for name, p in net.named_parameters():
            close(found[name][i], p.grad)


def test_an_ensemble_is_trained_as_one():
    models = [nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double() for _ in range(3)]
    parameters, buffers = func.stack_module_state(models)
    assert not buffers and all(p.requires_grad and p.is_leaf for p in parameters.values())
    x = floats(5, 2)
    out = torch.vmap(lambda p, x: func.functional_call(models[0], p, (x,)), in_dims=(0, None))(parameters, x)
    out.square().sum().backward()
    for i, model in enumerate(models):
        mine = model(x)
        close(out[i], mine)
        mine.square().sum().backward()
        for name, p in model.named_parameters():
            close(parameters[name].grad[i], p.grad)


def test_maps_within_maps_and_within_derivatives():
    x, y = floats(3), floats(4)
    outer = torch.vmap(torch.vmap(torch.mul, in_dims=(None, 0)), in_dims=(0, None))
    close(outer(x, y), torch.outer(x, y))
    close(func.jacrev(torch.vmap(torch.sin))(x), torch.diag(x.cos()))
    close(func.hessian(lambda v: torch.vmap(lambda a: a**3)(v).sum())(x), torch.diag(6 * x))
    _, pull = func.vjp(torch.vmap(torch.sin), x)
    close(torch.vmap(pull)(torch.eye(3, dtype=x.dtype))[0], torch.diag(x.cos()))
    weights = floats(5, 3)
    close(torch.vmap(pull)(weights)[0], weights * x.cos())

    def penalty(w):  # the norm of the gradient of each sample, and its own gradient
        return torch.vmap(func.grad(lambda a: (a * w).sin().sum()))(outer(x, y)).square().sum()

    w = floats(4).requires_grad_()
    penalty(w).backward()
    direct = w.detach().requires_grad_()
    ((torch.outer(x, y) * direct).cos() * direct).square().sum().backward()
    close(w.grad, direct.grad)


def test_second_derivatives_against_differences():
    x, step = floats(3, 2), 1e-6
    bend = torch.vmap(func.grad(lambda a: (a.exp() * a.flip(0)).sum()))
    hessian = torch.vmap(func.hessian(lambda a: (a.exp() * a.flip(0)).sum()))(x)
    for k in range(2):
        shift = torch.eye(2, dtype=x.dtype)[k] * step
        difference = (bend(x + shift) - bend(x - shift)) / (2 * step)
        np.testing.assert_allclose(hessian[:, :, k].numpy(), difference.numpy(), rtol=1e-6, atol=1e-7)


def test_integers_of_each_sample_are_places():
    x, i = floats(3, 4, 2), torch.tensor([[0, 3], [1, 1], [2, 0]])
    for pick in (
        lambda a, k: a[k],
        lambda a, k: a[k, 0],
        lambda a, k: a[k[0]],
        lambda a, k: a[:, k[0] % 2],
        lambda a, k: a[k[0], k[1] % 2],
        lambda a, k: a.index_select(0, k),
        lambda a, k: torch.zeros_like(a).index_add(0, k, a[:2]),
        lambda a, k: F.embedding(k, a),
        lambda a, k: F.cross_entropy(a.T, k % 4),
    ):
        close(torch.vmap(pick)(x, i), loop(pick, x, i))
    close(torch.vmap(lambda k: x[0][k])(i), torch.stack([x[0][k] for k in i]))


def test_functions_that_look_at_values_treat_one_sample_after_the_other():
    x = floats(3, 5)
    s = floats(3, 4, 4)
    s = s @ s.mT + torch.eye(4, dtype=s.dtype)
    for function, given in (
        (torch.median, x),
        (lambda a: torch.searchsorted(a.sort()[0], a), x),
        (lambda a: torch.linalg.eigh(a)[0], s),
        (torch.linalg.det, s),
        (torch.linalg.svdvals, s),
        (lambda a: torch.quantile(a, 0.3), x),
    ):
        mine, right = torch.vmap(function)(given), loop(function, given)
        assert mine.dtype == right.dtype
        close(mine, right, 1e-8)
    lam = given.clone()
    close(torch.vmap(func.grad(lambda a: torch.linalg.det(a)))(s), loop(func.grad(torch.linalg.det), s), 1e-8)
    assert lam.shape == (3, 5)


def test_chunks_give_the_same():
    x = floats(5, 2)
    whole = torch.vmap(lambda a: (a.sin(), a.sum()), out_dims=(1, 0))(x)
    for size in (1, 2, 5, 9):
        for a, b in zip(
            torch.vmap(lambda a: (a.sin(), a.sum()), out_dims=(1, 0), chunk_size=size)(x), whole, strict=True
        ):
            close(a, b)


def test_random_numbers_are_the_same_or_different():
    x = torch.zeros(4, 3)
    with pytest.raises(RuntimeError, match="a random number is drawn; say randomness="):
        torch.vmap(lambda a: a + torch.rand(3))(x)
    for draw in (
        lambda a: a + torch.randn(3),
        lambda a: torch.rand_like(a),
        lambda a: F.dropout(torch.ones(64)),
        lambda a: torch.randperm(30).float(),
        lambda a: torch.randint(0, 1000, (5,)).float(),
        lambda a: torch.normal(a, 1.0),
        lambda a: torch.zeros_like(a).uniform_(),
    ):
        same = torch.vmap(draw, randomness="same")(x)
        assert (same == same[0]).all()
        different = torch.vmap(draw, randomness="different")(x)
        assert not (different == different[0]).all(-1)[1:].any()
    rate = torch.tensor([0.0, 1.0])
    assert torch.vmap(torch.bernoulli, randomness="different")(rate).tolist() == [0, 1]
    with pytest.raises(RuntimeError, match="must be the same for all samples"):
        torch.vmap(torch.bernoulli, randomness="same")(rate)


def test_different_numbers_are_those_of_a_loop():
    torch.manual_seed(0)
    mine = torch.vmap(lambda a: a + torch.randn(3), randomness="different")(torch.zeros(4, 3))
    torch.manual_seed(0)
    assert torch.equal(mine, torch.stack([torch.randn(3) for _ in range(4)]))


def test_the_value_of_a_tensor_is_nobodys():
    x = floats(3, 4)
    for ask in (
        lambda a: a.sum().item(),
        lambda a: float(a[0]),
        lambda a: a if a.sum() > 0 else -a,
        lambda a: a.tolist(),
        lambda a: a.numpy(),
        lambda a: a[a > 0],
        lambda a: a.nonzero(),
        lambda a: a.unique(),
        lambda a: torch.tensor([a[0], a[1]]),
    ):
        with pytest.raises(RuntimeError, match="vmap: "):
            torch.vmap(ask)(x)


def test_arguments_that_do_not_fit_are_told():
    x = floats(3, 4)
    for given, words in (
        (lambda: torch.vmap(torch.mul, in_dims=(0,))(x, x), r"in_dims=\(0,\) does not have the structure"),
        (lambda: torch.vmap(torch.sin, in_dims=2)(x), r"in_dims is 2 for a tensor of shape \(3, 4\)"),
        (lambda: torch.vmap(torch.mul)(x, 2.0), "in_dims is 0 for a float; only tensors"),
        (lambda: torch.vmap(torch.mul)(x, x[:2]), r"different numbers of samples: \[3, 2\]"),
        (lambda: torch.vmap(torch.sin, in_dims=(None,))(x), "at least one tensor"),
        (lambda: torch.vmap(torch.sin, in_dims=[0])(x), "must be an int or a tuple"),
        (lambda: torch.vmap(torch.sin, in_dims=(0.5,))(x), "must be an int or None, not 0.5"),
        (lambda: torch.vmap(lambda: 1)(), "no arguments"),
        (lambda: torch.vmap(lambda a: 1)(x), "must return tensors, not int"),
        (lambda: torch.vmap(torch.sin, out_dims=None)(x), "differs from sample to sample"),
        (lambda: torch.vmap(torch.sin, out_dims="a")(x), "out_dims must be an int, None"),
        (lambda: torch.vmap(torch.sin, out_dims=(0, 1))(x), "structure of the results, a Tensor"),
        (lambda: torch.vmap(torch.sin, chunk_size=0), "greater than 0"),
    ):
        with pytest.raises(ValueError, match=words):
            given()
    with pytest.raises(IndexError, match="out_dims=3, but the result has 2 axes"):
        torch.vmap(torch.sin, out_dims=3)(x)
    with pytest.raises(RuntimeError, match="'error', 'different' or 'same', not 'any'"):
        torch.vmap(torch.sin, randomness="any")


def test_writes_reach_the_arguments_and_nothing_else():
    x = floats(3, 4)
    before = x.clone()
    assert torch.vmap(lambda a: a.mul_(2).sum())(x).shape == (3,)
    assert torch.equal(x, before * 2)

    def masked(a):
        out = torch.zeros_like(a)
        out[1:] = a[:-1]
        out[0] = 7
        return out

    close(torch.vmap(masked)(x), loop(masked, x))
    constant = torch.zeros(4, dtype=x.dtype)
    with pytest.raises(RuntimeError, match="a write into a tensor that is the same for all samples"):
        torch.vmap(lambda a: constant.add_(a))(x)
    with pytest.raises(RuntimeError, match="a write into a tensor that is the same for all samples"):
        torch.vmap(lambda a: constant.copy_(a))(x)
    assert not constant.any()


def test_a_gradient_does_not_leave_a_function_that_still_runs():
    x, w = floats(3, 4), floats(4).requires_grad_()
    with pytest.raises(RuntimeError, match="reach a tensor of outside; use"):
        torch.vmap(lambda a: torch.autograd.grad((a * w).sum(), w)[0])(x)
    close(
        torch.vmap(lambda a: torch.autograd.functional.jacobian(lambda w: w * a, w))(x), torch.diag_embed(x)
    )


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, g):
        return g * 3 * ctx.saved_tensors[0] ** 2


class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * b, g * a


class Sorted(torch.autograd.Function):
    """A Function of NumPy, which tells what it does on a batch."""

    @staticmethod
    def forward(x, dim):
        order = np.argsort(x.detach().numpy(), dim)
        return torch.tensor(np.take_along_axis(x.detach().numpy(), order, dim)), torch.tensor(order)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output[1])
        ctx.mark_non_differentiable(output[1])
        ctx.dim = inputs[1]

    @staticmethod
    def backward(ctx, g, _):
        (order,) = ctx.saved_tensors
        return torch.zeros_like(g).scatter(ctx.dim, order, g), None

    @staticmethod
    def vmap(info, in_dims, x, dim):
        assert info.batch_size == 3 and info.randomness == "error" and in_dims == (0, None)
        return Sorted.apply(x, dim if dim < 0 else dim + 1), (0, 0)


def test_functions_of_the_user():
    x, w = floats(3, 4), floats(4).requires_grad_()
    close(torch.vmap(func.grad(lambda a: Cube.apply(a).sum()))(x), 3 * x**2)
    torch.vmap(lambda a: Cube.apply(w).sum() * a.sum() + Cube.apply(w * a).sum())(x).sum().backward()
    other = w.detach().requires_grad_()
    ((other**3).sum() * x.sum(1) + ((other * x) ** 3).sum(1)).sum().backward()
    close(w.grad, other.grad)
    w.grad = None
    torch.vmap(lambda a: Product.apply(w, a))(x).sum().backward()
    close(w.grad, x.sum(0))
    close(torch.vmap(lambda a: Sorted.apply(a, 0)[0])(x), x.sort(1)[0])
    y = x.clone().requires_grad_()
    (torch.vmap(lambda a: Sorted.apply(a, 0)[0])(y) * torch.arange(4)).sum().backward()
    close(y.grad, x.argsort(1).argsort(1).double())


def test_no_samples_and_one():
    assert torch.vmap(lambda a: a.sin().sum())(torch.zeros(0, 3)).shape == (0,)
    x = floats(1, 3)
    close(torch.vmap(lambda a: a.softmax(0))(x), x.softmax(1))


def test_a_write_after_vmap_is_noticed_by_the_graph():
    x = floats(3).requires_grad_()
    y = torch.vmap(torch.exp)(x)
    y.mul_(2)
    with pytest.raises(RuntimeError, match="exp"):
        y.sum().backward()


def test_it_runs_within_compile():
    x = floats(3, 4)
    compiled = torch.compile(lambda x: torch.vmap(lambda a: a.tanh() @ a)(x))
    for _ in range(3):
        close(compiled(x), (x.tanh() * x).sum(1))


def test_linearize_runs_the_function_once():
    calls = []

    def wave(a, b):
        calls.append(1)
        return {"product": a * b, "sin": a.sin()}

    a, b = floats(3), floats(3)
    out, push = func.linearize(wave, a, b)
    for _ in range(2):
        u, v = floats(3), floats(3)
        found = push(u, v)
        close(found["product"], u * b + v * a)
        close(found["sin"], u * a.cos())
    assert len(calls) == 1 and not out["sin"].requires_grad
    with pytest.raises(RuntimeError, match="shapes of the primals"):
        push(a)


def test_modules_that_do_not_stack_are_told():
    linear = nn.Linear(2, 1)
    for models, words in (
        ([], "at least one model"),
        ([linear, nn.ReLU()], "of the same class, got Linear, ReLU"),
        ([linear, nn.Linear(2, 1).eval()], "training mode"),
        ([linear, nn.Linear(2, 1).requires_grad_(False)], "requires grad in some"),
    ):
        with pytest.raises(RuntimeError, match=words):
            func.stack_module_state(models)


def test_jacobians_in_chunks_and_of_all_rows_at_once():
    x = floats(4)
    wanted = func.jacrev(lambda a: torch.outer(a, a))(x)
    for size in (1, 3, 100):
        close(func.jacrev(lambda a: torch.outer(a, a), chunk_size=size)(x), wanted)
    functional = torch.autograd.functional
    close(functional.jacobian(lambda a: torch.outer(a, a), x, vectorize=True), wanted)
    close(
        functional.jacobian(lambda a: torch.outer(a, a), x, vectorize=True, strategy="forward-mode"), wanted
    )
    close(functional.hessian(lambda a: (a**3).sum(), x, vectorize=True), torch.diag(6 * x))
    s = floats(3, 3)
    s = s + s.T
    values = lambda a: torch.linalg.eigh((a + a.T) / 2)[0]  # noqa: E731 (its rule looks at values)
    close(func.jacrev(values)(s), functional.jacobian(values, s), 1e-7)


def test_several_gradients_at_once():
    x = floats(3).requires_grad_()
    y = x**3
    weights = floats(5, 3)
    (found,) = torch.autograd.grad(y, x, weights, create_graph=True, is_grads_batched=True)
    close(found, weights * 3 * x**2)
    found.sum().backward()
    close(x.grad, weights.sum(0) * 6 * x)
    with pytest.raises(RuntimeError, match="an axis of gradients for each output"):
        torch.autograd.grad(y.sum(), x, torch.ones(()).double(), is_grads_batched=True)


def test_writes_through_views_of_what_each_sample_has():
    x = floats(3, 4)

    def framed(a):
        out = a.new_zeros(2, 6)
        out[0, 1:5].copy_(a)
        out[1].fill_(2)
        out.diagonal()[1:].mul_(a[0])
        return out.exp() * 2

    def grown(a):
        b = a * 2
        b[1:3].mul_(a[0])
        c = b.view(2, 2)
        c[0].add_(a[2:])
        return (b * b).sum() + c.sin().sum()

    close(torch.vmap(framed)(x), loop(framed, x))
    for function in (framed, grown):
        total = lambda a: function(a).sum()  # noqa: B023, E731
        close(torch.vmap(func.grad(total))(x), loop(func.grad(total), x))
        mine, right = x.clone().requires_grad_(), x.clone().requires_grad_()
        torch.vmap(function)(mine).sum().backward()
        loop(function, right).sum().backward()
        close(mine.grad, right.grad)
    given = x.clone()
    torch.vmap(lambda a: a[0].fill_(5))(given)
    assert (given[:, 0] == 5).all() and torch.equal(given[:, 1:], x[:, 1:])


def test_anomalies_are_found_within_a_batch():
    x = torch.tensor([[1.0, 4.0], [9.0, 0.0]]).requires_grad_()
    with torch.autograd.detect_anomaly():
        out = torch.vmap(lambda a: (a - a.detach()).sqrt().sum())(x)
        with pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan or inf"):
            (out * 0).sum().backward()
    with torch.autograd.detect_anomaly():
        close(torch.vmap(func.grad(lambda a: (a**2).sum()))(x.detach()), 2 * x)


def test_a_compiled_function_runs_eagerly_within_and_is_compiled_still():
    x = floats(3, 4)
    compiled = torch.compile(lambda a: (a.tanh() * 2).sum())
    right = compiled(x[0])
    close(torch.vmap(compiled)(x), (x.tanh() * 2).sum(1))
    close(compiled(x[0]), right)
    assert "1 program" in repr(compiled) or compiled.source


def test_an_op_whose_rule_looks_at_values_says_so_and_is_called_for_each_sample():
    def rule(g, x):
        return -g if (x < 0).any() else g

    falls = Op("falls", np.abs, x=rule, formula="a test", domain=REAL, register=False, by_values=True)
    x = torch.tensor([[1.0, -2.0], [3.0, 4.0]])
    found = torch.func.vmap(torch.func.grad(lambda row: falls(row).sum()))(x)
    assert found.tolist() == [[-1, -1], [1, 1]]
