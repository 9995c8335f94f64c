"""autograd.Function: ops of the user's own."""

import threading
import weakref

import numpy as np
import pytest

import minigrad as torch
from minigrad.autograd import Function, gradcheck, gradgradcheck
from minigrad.autograd._context import Bundle
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
    assert y.grad_fn.name() == "CubeBackward" and y.requires_grad
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
    # Also where nothing is recorded, as in PyTorch.
    assert seen == [(True, False, False), (False, True, False), (True, True, False)]


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


def test_a_marked_temporary_does_not_mark_the_tensor_that_takes_its_place_in_memory():
    class Marks(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_non_differentiable(x > 0)  # dies at once, and its id is free
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = leaf([3.0, 1.0])
    assert all(Marks.apply(x).requires_grad for _ in range(50))


def test_outputs_that_are_no_tensors_pass():
    class Mixed(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, "words", None

        @staticmethod
        def backward(ctx, g, *_):
            return g * 2

    x = leaf([1.0])
    out = Mixed.apply(x)
    assert type(out) is tuple and out[1:] == ("words", None)
    out[0].backward()
    assert x.grad.item() == 2.0


def test_a_list_of_tensors_is_refused_where_it_would_cut_the_graph():
    class Listed(Function):
        @staticmethod
        def forward(ctx, x):
            return [x * 2, 3]

    assert type(Listed.apply(torch.ones(1))) is list
    with pytest.raises(TypeError, match="return a tuple"):
        Listed.apply(leaf([1.0]))


def test_a_tensor_returned_twice_is_one_tensor_with_the_gradient_of_its_last_place():
    class Twice(Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            return y, y

        @staticmethod
        def backward(ctx, g, h):
            return g * 10 + h

    x = leaf([1.0])
    a, b = Twice.apply(x)
    assert a is b
    (a * 3 + b * 5).backward()
    assert x.grad.item() == 8.0  # PyTorch's number


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


def test_setup_context_is_given_the_defaults_and_keywords_find_their_place():
    class Scaled(Function):
        @staticmethod
        def forward(x, scale=3.0):
            return x * scale

        @staticmethod
        def setup_context(ctx, inputs, output):
            _, ctx.scale = inputs

        @staticmethod
        def backward(ctx, g):
            return g * ctx.scale, None

    x = leaf([1.0])
    Scaled.apply(x).backward()
    Scaled.apply(scale=5.0, x=x).backward()
    Affine.apply(x, shift=0.0, w=leaf([7.0])).backward()
    assert x.grad.item() == 3.0 + 5.0 + 7.0

    class Named(Function):
        @staticmethod
        def forward(ctx, x, *, n):
            return x

    with pytest.raises(TypeError, match="'n' by keyword only"):
        Named.apply(x, n=1)


def test_a_backward_called_vjp_will_do():
    class Triple(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        def vjp(ctx, g):
            return g * 3

    x = leaf([1.0])
    Triple.apply(x).backward()
    assert x.grad.item() == 3.0


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


class Sinh(Function):
    """Saves two outputs, for callers who want the first only."""

    @staticmethod
    def forward(ctx, x):
        a, b = x.exp(), (-x).exp()
        ctx.save_for_backward(a, b)
        return (a - b) / 2, a, b

    @staticmethod
    def backward(ctx, g, ga, gb):
        a, b = ctx.saved_tensors
        return g * (a + b) / 2 + ga * a - gb * b


@pytest.mark.parametrize("held", [(), (1,), (1, 2)])
def test_saved_outputs_have_their_place_in_the_graph_whether_the_caller_holds_them_or_not(held):
    x = leaf([0.3, 0.7])
    outputs = Sinh.apply(x)
    y, kept = x * outputs[0], [outputs[k] for k in held]
    del outputs
    a, derivatives = x.detach().numpy(), []
    for _ in range(3):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        derivatives.append(y.detach().numpy())
    sinh, cosh = np.sinh(a), np.cosh(a)
    for found, right in zip(
        derivatives, [sinh + a * cosh, 2 * cosh + a * sinh, 3 * sinh + a * cosh], strict=True
    ):
        np.testing.assert_allclose(found, right, rtol=1e-14)
    np.testing.assert_allclose(derivatives[1], [2.1820, 3.0413], atol=5e-5)
    assert gradgradcheck(lambda x: Sinh.apply(x)[0] * Sinh.apply(x)[2], (x,))
    assert len(kept) == len(held)


def test_a_saved_output_remade_twice_adds_up():
    """Each look at saved_tensors may make the place of a dropped output anew, in two threads even twice."""

    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 1
            ctx.save_for_backward(y)
            return x**2, y

        @staticmethod
        def backward(ctx, g, h):
            return g * ctx.saved_tensors[0] + g * ctx.saved_tensors[0] + h

    x = leaf([3.0])
    (first,) = torch.autograd.grad(Square.apply(x)[0], x, create_graph=True)
    assert torch.autograd.grad(first, x)[0].item() == 2.0
    assert (Bundle({0: 1}, None) + Bundle({0: 2, 1: 3}, None)).parts == {0: 3, 1: 3}


def test_saved_outputs_close_no_cycle_with_several_outputs():
    x = leaf([1.0])
    outputs = Sinh.apply(x)
    nodes = [weakref.ref(y.grad_fn) for y in outputs] + [weakref.ref(outputs[0].grad_fn.parents()[0])]
    (first,) = torch.autograd.grad(outputs[0], x, create_graph=True)
    nodes.append(weakref.ref(first.grad_fn))
    del outputs, first
    assert [node() for node in nodes] == [None] * 5


def test_what_backward_freed_cannot_be_looked_at_later():
    kept = []

    class Keeps(Cube):
        @staticmethod
        def forward(ctx, x):
            kept.append(ctx)
            return Cube.forward(ctx, x)

    y = Keeps.apply(leaf([1.0]))
    assert kept[0].saved_tensors[0].item() == 1.0
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        kept[0].saved_tensors


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


class Same(Function):
    """Returns its input, or a view of it."""

    @staticmethod
    def forward(ctx, x, view):
        return x.reshape(-1) if view else x

    @staticmethod
    def backward(ctx, g, *_):
        return g * 7, None


@pytest.mark.parametrize("view", [True, False])
def test_an_output_that_is_an_input_shares_its_memory_and_has_its_own_gradient(view):
    x = leaf([1.0, 2.0])
    h = x * 2
    y = Same.apply(h, view)
    assert y is not h and y.data_ptr() == h.data_ptr() and y.is_leaf is False
    (y.sum() + h.sum()).backward()
    assert x.grad.tolist() == [16.0, 16.0]
    with torch.no_grad():
        y.mul_(10)
    assert h.tolist() == [20.0, 40.0]


@pytest.mark.parametrize("view", [True, False])
def test_recorded_writes_to_such_memory_are_refused(view):
    h = leaf([1.0, 2.0]) * 2
    y = Same.apply(h, view)
    with pytest.raises(RuntimeError, match=r"mul_.*output of a Function.*inplace.*clone"):
        y.mul_(100)
    assert h.tolist() == y.tolist() == [2.0, 4.0]
    h.mul_(3)
    with pytest.raises(RuntimeError, match=r"output of a Function.*modified in place.*clone"):
        y.sum()


def test_outputs_that_share_memory_with_each_other():
    class Parts(Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            return y, y[:1]

        @staticmethod
        def backward(ctx, g, h):
            return g * 2 + h * 5

    x = leaf([1.0, 2.0])
    y, first = Parts.apply(x)
    assert first.data_ptr() == y.data_ptr()
    (y.sum() + first.sum()).backward()
    assert x.grad.tolist() == [7.0, 7.0]
    y.mul_(2)
    with pytest.raises(RuntimeError, match="output of a Function"):
        first.sum()


def test_an_input_returned_where_nothing_is_recorded_is_a_constant_view():
    x = leaf([1.0, 2.0])
    h = x * 2
    with torch.no_grad():
        y = Same.apply(h, False)
        y.mul_(10)
    assert y is not h and not y.requires_grad and h.tolist() == [20.0, 40.0]
    constant = torch.ones(2)
    z = Same.apply(constant, False)
    assert z is not constant and z.data_ptr() == constant.data_ptr()
    z.add_(1)
    assert constant.tolist() == [2.0, 2.0]


# --- inputs written in place -----------------------------------------------------------------------------


class Doubled(Function):
    @staticmethod
    def forward(ctx, x, weight=None):
        ctx.mark_dirty(x)
        x.mul_(2 if weight is None else weight)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g, *_):
        assert (ctx.saved_tensors[0] != 0).all()
        return (g * 2, g)[: len(ctx.needs_input_grad)]


def test_a_dirty_input_is_the_output_itself():
    x = leaf([1.0, 2.0])
    h = x * 3
    y = Doubled.apply(h)
    assert y is h and h.tolist() == [6.0, 12.0] and h.grad_fn.name() == "DoubledBackward"
    (y * y).sum().backward()
    assert x.grad.tolist() == [72.0, 144.0]  # d (6x)^2 = 72 x


def test_a_dirty_view_changes_its_base():
    x = leaf([1.0, 2.0])
    h = x * 3
    v = h[:1]
    assert Doubled.apply(v) is v
    (h * h).sum().backward()
    assert h.tolist() == [6.0, 6.0] and x.grad.tolist() == [72.0, 36.0]


def test_a_dirty_constant_takes_a_place_in_the_graph():
    constant, w = torch.ones(2).double(), leaf([3.0, 4.0])
    y = Doubled.apply(constant, w)
    assert y is constant and constant.requires_grad and not constant.is_leaf
    y.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0]
    with torch.no_grad():
        h = w * 1
        assert Doubled.apply(h) is h and h.tolist() == [6.0, 8.0]


class DoubledByNumpy(Doubled):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        array = x.detach().numpy()
        array *= 2
        return x


@pytest.mark.parametrize("function", [Doubled, DoubledByNumpy])
def test_a_graph_that_saved_a_dirty_input_notices(function):
    h = leaf([1.0, 2.0]) * 1
    square = (h * h).sum()
    function.apply(h)
    with pytest.raises(RuntimeError, match="inplace"):
        square.backward()


def test_dirty_leaves_and_dirty_inputs_that_are_not_returned_are_refused():
    class Forgets(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2) + 1

    with pytest.raises(RuntimeError, match=r"Forgets.forward marked an input dirty that it did not return"):
        Forgets.apply(leaf([1.0]) * 1)
    x = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"leaf Variable.*Doubled.forward marked dirty a leaf"):
        Doubled.apply(x)
    with pytest.raises(RuntimeError, match=r"dirty a view of a leaf of shape \(2,\)"):
        Doubled.apply(x[:1])


# --- threads ---------------------------------------------------------------------------------------------


def test_two_threads_that_walk_one_function_node_get_each_their_own_gradients():
    """A second walk that comes in the middle of a first must not be handed the first one's results."""
    a, b = leaf([2.0]), leaf([3.0])
    node = Affine.apply(a, b, 0.0).grad_fn
    (_, first, *_), (_, second, *_), _ = node.edges
    one, ten = np.ones(1), np.full(1, 10.0)
    found = [first(one)]
    thread = threading.Thread(target=lambda: found.extend([first(ten), second(ten)]))
    thread.start()
    thread.join()
    found.append(second(one))
    assert [g.item() for g in found] == [3.0, 30.0, 20.0, 2.0]


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

    class Marks(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_non_differentiable(3.0)

    class Dirty(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty([x])

    for function, kind, words in (
        (Saves, TypeError, "ctx.name"),
        (Returns, TypeError, "must return a Tensor"),
        (Marks, TypeError, "mark_non_differentiable can only take tensors, not float"),
        (Dirty, TypeError, "mark_dirty can only take tensors, not list"),
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
            return torch.from_numpy(g.numpy(force=True) * 2 * x.numpy(force=True))

    x = leaf([3.0])
    Once.apply(x).backward()
    assert x.grad.item() == 6.0
    # A graph of the gradient can be made, for what lies beside; the walk through it is refused.
    (first,) = torch.autograd.grad(Once.apply(x) + x**3, x, create_graph=True)
    assert first.item() == 33.0
    with pytest.raises(RuntimeError, match=r"Once.*once_differentiable"):
        first.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match=r"Once.*once_differentiable"):
        torch.autograd.grad(first, x)


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


def test_a_second_visit_with_the_same_array_runs_backward_anew():
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g * b, g * a

    a, b = (torch.tensor([v], requires_grad=True) for v in (2.0, 3.0))
    out, given = Product.apply(a, b), torch.ones(1)
    assert torch.autograd.grad(out, a, given, retain_graph=True)[0].item() == 3.0
    given.numpy()[0] = 5.0  # past the engine, which hears of no write
    assert torch.autograd.grad(out, a, given)[0].item() == 15.0
