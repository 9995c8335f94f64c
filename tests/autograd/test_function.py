"""autograd.Function: ops of the user's own."""

import weakref

import numpy as np
import pytest

import minigrad as torch
from minigrad.autograd import Function, gradcheck, gradgradcheck
from minigrad.autograd.function import once_differentiable


def leaf(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


class Exp(Function):
    """Saves its output."""

    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class Affine(Function):
    """Several inputs, one of them a number."""

    @staticmethod
    def forward(ctx, x, w, shift):
        ctx.save_for_backward(x, w)
        ctx.shift = shift
        return x * w + shift

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        gx = g * w if ctx.needs_input_grad[0] else None
        gw = g * x if ctx.needs_input_grad[1] else None
        return gx, gw, None


class SumAndProduct(Function):
    """Several outputs."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a + b, a * b

    @staticmethod
    def backward(ctx, gs, gp):
        a, b = ctx.saved_tensors
        return gs + gp * b, gs + gp * a


# --- first and second derivatives ----------------------------------------------------------------------


def test_a_function_is_recorded_under_its_name():
    x = leaf([1.0, 2.0])
    y = Cube.apply(x)
    assert y.grad_fn.name() == "CubeBackward0" and y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 12.0]


@pytest.mark.parametrize("function", [Cube, Exp], ids=lambda f: f.__name__)
def test_derivatives_of_every_order_through_a_saved_input_and_a_saved_output(function):
    x = leaf([0.5, -1.5])
    assert gradcheck(function.apply, (x,)) and gradgradcheck(function.apply, (x,))
    value, derivatives = function.apply(x), []
    for _ in range(3):
        (value,) = torch.autograd.grad(value.sum(), x, create_graph=True)
        derivatives.append(value.detach().numpy())
    a = x.detach().numpy()
    expected = [3 * a**2, 6 * a, 6 + 0 * a] if function is Cube else [np.exp(a)] * 3
    for found, right in zip(derivatives, expected, strict=True):
        np.testing.assert_allclose(found, right)


def test_several_outputs():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 5.0])
    assert gradcheck(SumAndProduct.apply, (a, b)) and gradgradcheck(SumAndProduct.apply, (a, b))
    s, p = SumAndProduct.apply(a, b)
    (s.sum() * 2 + p.sum() * 10).backward()
    assert a.grad.tolist() == [2 + 30.0, 2 + 50.0] and b.grad.tolist() == [2 + 10.0, 2 + 20.0]


def test_an_output_that_is_not_used_gets_zeros():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 5.0])
    _, p = SumAndProduct.apply(a, b)
    p.sum().backward()
    assert a.grad.tolist() == [3.0, 5.0]


def test_or_none_where_zeros_are_not_wanted():
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            seen.append((g is None, h is None))
            return g * 2 if h is None else h * 3

    x = leaf([1.0])
    Two.apply(x)[0].sum().backward()
    Two.apply(x)[1].sum().backward()
    assert seen == [(False, True), (True, False)] and x.grad.item() == 5.0


def test_backward_runs_once_for_all_its_inputs():
    calls = []

    class Counted(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            calls.append(g.tolist())
            return g, g * 2

    a, b = leaf([1.0]), leaf([2.0])
    y = Counted.apply(a, b)
    (y * 3 + y * 4).sum().backward()
    assert calls == [[7.0]] and a.grad.item() == 7.0 and b.grad.item() == 14.0


def test_each_walk_runs_backward_anew():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 5.0])
    y = Affine.apply(a, b, 0.0)
    g = torch.ones(2, dtype=torch.float64)
    y.backward(g, retain_graph=True)
    g.mul_(10)
    a.grad = None
    y.backward(g, retain_graph=True)
    assert a.grad.tolist() == [30.0, 50.0]
    # Also where the walks ask for different inputs.
    torch.autograd.grad(y, a, g, retain_graph=True)
    g.mul_(10)
    assert torch.autograd.grad(y, b, g)[0].tolist() == [100.0, 200.0]


# --- what is needed and what is none -------------------------------------------------------------------


def test_needs_input_grad_says_which_inputs_require_grad():
    seen = []

    class Asks(Function):
        @staticmethod
        def forward(ctx, x, w, n):
            seen.append(ctx.needs_input_grad)
            return x + w

        @staticmethod
        def backward(ctx, g):
            return g, g, None

    Asks.apply(leaf(1.0), torch.tensor(1.0).double(), 3)
    Asks.apply(torch.tensor(1.0).double(), leaf(1.0), None)
    with torch.no_grad():
        Asks.apply(leaf(1.0), leaf(1.0), 3)
    assert seen == [(True, False, False), (False, True, False), (False, False, False)]


def test_a_none_gradient_contributes_nothing():
    class Blocks(Function):
        @staticmethod
        def forward(ctx, x, w):
            return x * w

        @staticmethod
        def backward(ctx, g):
            return None, g

    x, w = leaf([2.0]), leaf([3.0])
    (Blocks.apply(x, w) + x).backward()
    assert x.grad.item() == 1.0 and w.grad.item() == 1.0
    with pytest.raises(RuntimeError, match="not have been used"):
        torch.autograd.grad(Blocks.apply(x, w), x)


def test_nothing_is_recorded_without_an_input_that_requires_grad():
    y = Cube.apply(torch.ones(2))
    assert not y.requires_grad and y.is_leaf
    with torch.no_grad():
        assert not Cube.apply(leaf([1.0])).requires_grad


def test_ops_in_forward_are_not_recorded():
    class Looks(Function):
        @staticmethod
        def forward(ctx, x):
            assert not torch.is_grad_enabled() and not (x * 2).requires_grad
            return x * 2

        @staticmethod
        def backward(ctx, g):
            assert not torch.is_grad_enabled()
            return g * 2

    Looks.apply(leaf([1.0])).backward()
    assert torch.is_grad_enabled()


def test_an_error_in_forward_restores_the_mode():
    class Fails(Function):
        @staticmethod
        def forward(ctx, x):
            raise KeyError

    with pytest.raises(KeyError):
        Fails.apply(leaf(1.0))
    assert torch.is_grad_enabled()


def test_outputs_marked_non_differentiable_are_constants():
    class Ranked(Function):
        @staticmethod
        def forward(ctx, x):
            order = x.argsort()
            ranks = order.double()
            ctx.mark_non_differentiable(ranks)
            return x * 2, ranks, order

        @staticmethod
        def backward(ctx, g, *_):
            return g * 2

    x = leaf([3.0, 1.0])
    y, ranks, order = Ranked.apply(x)
    assert y.requires_grad and not ranks.requires_grad and not order.requires_grad
    (y + ranks).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_outputs_keep_their_kind():
    class Mixed(Function):
        @staticmethod
        def forward(ctx, x, as_list):
            made = [x * 2, "words", None]
            return made if as_list else tuple(made)

        @staticmethod
        def backward(ctx, g, *_):
            return g * 2, None

    for as_list in (True, False):
        x = leaf([1.0])
        out = Mixed.apply(x, as_list)
        assert type(out) is (list if as_list else tuple) and out[1:] in (["words", None], ("words", None))
        out[0].backward()
        assert x.grad.item() == 2.0


def test_setup_context_stands_apart_from_forward():
    class Scaled(Function):
        @staticmethod
        def forward(x, scale):
            return x * scale

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, scale = inputs
            ctx.scale = scale
            ctx.save_for_backward(x, output)

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            assert (y == x * ctx.scale).all()
            return g * ctx.scale, None

    x = leaf([1.0, 2.0])
    Scaled.apply(x, 4.0).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_an_input_given_twice_gets_both_gradients():
    x = leaf([2.0])
    Affine.apply(x, x, 1.0).backward()
    assert x.grad.item() == 4.0


def test_a_gradient_of_a_broadcast_input_is_summed_and_its_dtype_is_that_of_the_input():
    w = torch.tensor([2.0], requires_grad=True)
    half_way = w * 1
    half_way.retain_grad()
    (Affine.apply(leaf([1.0, 2.0, 3.0]), w, 0.0) + Affine.apply(leaf([4.0]), half_way, 0.0)).sum().backward()
    assert half_way.grad.tolist() == [12.0] and half_way.grad.dtype == torch.float32
    assert w.grad.tolist() == [18.0] and w.grad.dtype == torch.float32


def test_a_gradient_that_backward_keeps_does_not_change_later():
    kept = []

    class Keeps(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            kept.append(g)
            return g

    x = leaf([1.0])
    for _ in range(2):
        Keeps.apply(x).backward()
    assert [g.item() for g in kept] == [1.0, 1.0] and x.grad.item() == 2.0


def test_a_tensor_that_backward_returns_stays_the_users():
    constant = torch.tensor([5.0], dtype=torch.float64)

    class Fixed(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return constant

    x = leaf([1.0])
    for _ in range(2):
        Fixed.apply(x).backward()
    assert x.grad.item() == 10.0 and constant.item() == 5.0


# --- memory and writes ---------------------------------------------------------------------------------


def test_a_saved_output_closes_no_cycle():
    x = leaf([1.0])
    y = Exp.apply(x)
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


def test_what_was_saved_is_freed_by_backward():
    x = leaf([1.0])
    h = x * 2
    array = weakref.ref(h._array)
    y = Cube.apply(h).sum()
    del h
    assert array() is not None
    y.backward()
    assert array() is None
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


@pytest.mark.parametrize("which", ["input", "output", "constant"])
def test_a_saved_tensor_written_in_place_is_caught(which):
    x, w = leaf([1.0, 2.0]), torch.ones(2, dtype=torch.float64)
    if which == "output":
        y = Exp.apply(x)
        loss = y.sum()
        y.detach().zero_()
    else:
        h = x * 2
        loss = Affine.apply(h, w, 0.0).sum()
        (h.detach() if which == "input" else w).zero_()
    with pytest.raises(RuntimeError, match=r"(Exp|Affine) .*inplace|inplace.*(Exp|Affine)"):
        loss.backward()


def test_writing_what_forward_returned_does_not_reach_its_input():
    class Same(Function):
        @staticmethod
        def forward(ctx, x, view):
            return x.reshape(-1) if view else x

        @staticmethod
        def backward(ctx, g):
            return g * 7, None

    for view in (True, False):
        x = leaf([1.0, 2.0])
        h = x * 2
        y = Same.apply(h, view)
        assert y is not h
        y.mul_(100)
        (y.sum() + h.sum()).backward()
        assert h.tolist() == [2.0, 4.0] and x.grad.tolist() == [1402.0, 1402.0]


# --- refusals ------------------------------------------------------------------------------------------


class Wrong(Function):
    result = staticmethod(lambda g: g)

    @staticmethod
    def forward(ctx, x, n):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return Wrong.result(g)


@pytest.mark.parametrize(
    ("result", "kind", "words"),
    [
        (lambda g: g, RuntimeError, r"Wrong.backward returned 1 gradients for the 2 arguments"),
        (lambda g: (g, None, g), RuntimeError, "returned 3 gradients"),
        (lambda g: (g.numpy(), None), TypeError, "gradient 0 must be a Tensor or None, not ndarray"),
        (lambda g: (g.sum(), None), RuntimeError, r"argument 0 .*got shape \(\).*compatible with \(3,\)"),
        (lambda g: (g[:1], None), RuntimeError, r"got shape \(1,\).*compatible with \(3,\)"),
        (lambda g: (g.reshape(3, 1), None), RuntimeError, r"got shape \(3, 1\)"),
        (lambda g: (g, g), RuntimeError, "argument 1 of forward, which was not a Tensor"),
    ],
)
def test_a_backward_that_returns_the_wrong_thing_is_told(monkeypatch, result, kind, words):
    monkeypatch.setattr(Wrong, "result", staticmethod(result))
    x = leaf([1.0, 2.0, 3.0])
    with pytest.raises(kind, match=words):
        Wrong.apply(x, 5).sum().backward()
    assert x.grad is None


def test_nones_beyond_the_arguments_are_let_pass(monkeypatch):
    monkeypatch.setattr(Wrong, "result", staticmethod(lambda g: (g * 2, None, None)))
    x = leaf([1.0])
    Wrong.apply(x, 5).backward()
    assert x.grad.item() == 2.0


def test_a_function_is_not_an_object():
    with pytest.raises(RuntimeError, match=r"Cube.apply"):
        Cube()


def test_what_is_not_written_is_named():
    class Empty(Function):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Empty.apply(leaf(1.0))

    class Half(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    with pytest.raises(NotImplementedError, match="backward"):
        Half.apply(leaf(1.0)).backward()


def test_what_cannot_be_saved_or_returned_or_written():
    class Saves(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3.0)

    class Returns(Function):
        @staticmethod
        def forward(ctx, x):
            return x.detach().numpy()

    class Dirty(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)

    for function, kind, words in (
        (Saves, TypeError, "ctx.name"),
        (Returns, TypeError, "must return a Tensor"),
        (Dirty, NotImplementedError, "mark_dirty"),
    ):
        with pytest.raises(kind, match=words):
            function.apply(leaf(1.0))


def test_once_differentiable_refuses_the_second_derivative():
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return torch.from_numpy(g.numpy() * 2 * x.numpy(force=True))

    x = leaf([3.0])
    Once.apply(x).backward()
    assert x.grad.item() == 6.0
    with pytest.raises(RuntimeError, match=r"Once.*once_differentiable"):
        torch.autograd.grad(Once.apply(x), x, create_graph=True)


def test_a_function_that_recomputes_in_backward():
    """Checkpointing: forward keeps the input only, backward builds the inner graph and walks it."""

    def inner(x):
        return (x.sin() * x).exp()

    class Checkpoint(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return inner(x)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                again = x.detach().requires_grad_()
                y = inner(again)
            return torch.autograd.grad(y, again, g)[0]

    x = leaf([0.3, 0.8])
    assert gradcheck(Checkpoint.apply, (x,))


def test_a_straight_through_estimator():
    class Round(Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, g):
            return g

    x = leaf([0.4, 1.7])
    (Round.apply(x) * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
