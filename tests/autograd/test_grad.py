"""autograd.grad and autograd.backward: gradients returned or accumulated, of several outputs."""

import itertools

import numpy as np
import pytest

import minigrad as torch
from minigrad import autograd


def leaf(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_gradients_are_returned_and_nothing_is_accumulated():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    gx, gw = autograd.grad((x * w).sum(), (x, w))
    assert gx.tolist() == [3.0, 4.0] and gw.tolist() == [1.0, 2.0]
    assert x.grad is None and w.grad is None
    assert not gx.requires_grad


def test_one_input_gives_a_tuple_of_one():
    x = leaf(3.0)
    result = autograd.grad(x * x, x)
    assert isinstance(result, tuple) and len(result) == 1 and result[0].item() == 6.0


def test_inputs_may_be_non_leaves():
    x = leaf([1.0, 2.0])
    h = x * 3
    y = (h * h).sum()
    gh, gx = autograd.grad(y, (h, x))
    assert gh.tolist() == [6.0, 12.0] and gx.tolist() == [18.0, 36.0]


def test_the_output_itself_may_be_an_input():
    x = leaf([1.0, 2.0])
    y = x * 3
    assert autograd.grad(y.sum(), y)[0].tolist() == [1.0, 1.0]
    assert autograd.grad(x, x, torch.ones_like(x))[0].tolist() == [1.0, 1.0]


def test_several_outputs_add_up():
    x = leaf([1.0, 2.0])
    total = autograd.grad([x.sum(), (x * x).sum()], x)[0]
    assert total.tolist() == [3.0, 5.0]
    y = x * 2
    twice = autograd.grad([y, y], x, [torch.ones_like(y), 10 * torch.ones_like(y)])[0]
    assert twice.tolist() == [22.0, 22.0]


def test_an_output_that_lies_behind_another():
    x = leaf([1.0, 2.0])
    h = x * 3
    y = (h * h).sum()
    (g,) = autograd.grad([y, h], x, [None, torch.ones_like(h)])
    assert g.tolist() == [18.0 + 3, 36.0 + 3]


def test_grad_outputs_weigh_the_outputs():
    x = leaf([1.0, 2.0])
    y = x * x
    assert autograd.grad(y, x, torch.tensor([1.0, 10.0]), retain_graph=True)[0].tolist() == [2.0, 40.0]
    with pytest.raises(RuntimeError, match="1 tensors and 2 gradients"):
        autograd.grad(y, x, [torch.ones(2), torch.ones(2)])
    with pytest.raises(RuntimeError, match="scalar outputs"):
        autograd.grad(y, x)


# --- unused inputs -------------------------------------------------------------------------------------


def test_an_unused_input_raises_unless_allowed():
    x, unused = leaf([1.0]), leaf([2.0, 3.0])
    with pytest.raises(RuntimeError, match=r"input 1 .*allow_unused=True"):
        autograd.grad(x * 2, (x, unused), torch.ones(1))
    assert autograd.grad(x * 2, (x, unused), torch.ones(1), allow_unused=True)[1] is None


def test_an_unused_input_can_be_given_zeros():
    x, unused = leaf([1.0]), leaf([2.0, 3.0])
    g = autograd.grad(x * 2, (x, unused), torch.ones(1), materialize_grads=True)[1]
    assert g.tolist() == [0.0, 0.0] and g.dtype == torch.float64
    with pytest.raises(ValueError, match="materialize_grads"):
        autograd.grad(x * 2, (unused,), torch.ones(1), allow_unused=False, materialize_grads=True)


def test_an_input_from_another_place_is_unused():
    x = leaf([1.0])
    later = x * 2
    with pytest.raises(RuntimeError, match="not have been used"):
        autograd.grad(x * 3, later)


@pytest.mark.parametrize(
    ("inputs", "kind", "words"),
    [
        (lambda: torch.ones(1), RuntimeError, "does not require grad: input 0"),
        (lambda: (leaf(1.0), torch.ones(1)), RuntimeError, "input 1"),
        (lambda: "x", TypeError, "input 0 must be a Tensor, not str"),
        (lambda: np.ones(1), TypeError, "not ndarray"),
    ],
)
def test_inputs_that_cannot_have_a_gradient(inputs, kind, words):
    with pytest.raises(kind, match=words):
        autograd.grad(leaf(1.0) * 2, inputs())


@pytest.mark.parametrize("outputs", [1.0, "y", None, np.ones(1)])
def test_outputs_are_tensors(outputs):
    x = leaf(1.0)
    for call in (lambda: autograd.grad(outputs, x), lambda: autograd.backward(outputs)):
        with pytest.raises(TypeError, match="must be a Tensor"):
            call()


def test_an_output_without_a_graph_is_named_by_its_position():
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="element 1 of tensors"):
        autograd.grad([x * 2, torch.ones(())], x)


# --- the graph after it --------------------------------------------------------------------------------


def test_the_graph_is_freed_unless_retained():
    x = leaf(2.0)
    y = x**3
    autograd.grad(y, x, retain_graph=True)
    autograd.grad(y, x)
    with pytest.raises(RuntimeError, match="second time"):
        autograd.grad(y, x)


def test_what_lies_behind_the_inputs_stays_as_it_is():
    # A backward in two pieces: the first must not free the second's part.
    x = leaf([1.0, 2.0])
    h = x.exp()
    (gh,) = autograd.grad((h * h).sum(), h)
    h.backward(gh)
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp(2 * x.detach().numpy()))


def test_a_freed_part_behind_the_inputs_is_no_hindrance():
    x = leaf([1.0, 2.0])
    h = x.exp()
    w = leaf([3.0, 4.0])
    h.sum().backward()
    # h's own history is freed. w is younger than h, so it cannot lie behind it.
    assert autograd.grad((h * w).sum(), (w, h))[0].tolist() == h.tolist()
    assert autograd.grad((h * w).sum(), w)[0].tolist() == h.tolist()
    with pytest.raises(RuntimeError, match="second time"):
        autograd.grad((h * w).sum(), x)


def test_a_node_reached_on_many_ways_is_looked_at_once():
    x = leaf([1.0])
    y = x
    for _ in range(60):
        y = y + y  # 2 ** 60 ways lead back to x
    assert autograd.grad(y, x)[0].tolist() == [2.0**60]


@pytest.mark.parametrize("create", [False, True])
def test_a_tensor_that_retains_its_gradient_does_so_wherever_a_walk_passes_it(create):
    x = leaf([1.0, 2.0])
    y = x * 3
    w = x * 5
    for tensor in (y, w):
        tensor.retain_grad()
    z = (y * y).sum()
    both = z + w.sum()
    (g,) = torch.autograd.grad(both, x, retain_graph=True, create_graph=create)
    assert g.tolist() == [23.0, 41.0] and x.grad is None
    assert y.grad.tolist() == [6.0, 12.0] and w.grad.tolist() == [1.0, 1.0]
    (g,) = torch.autograd.grad(both, y, retain_graph=True, create_graph=create)
    assert g.tolist() == [6.0, 12.0] and y.grad.tolist() == [12.0, 24.0]
    assert w.grad.tolist() == [1.0, 1.0]  # it is not on the way to y
    with torch.no_grad():
        g.zero_()
    assert y.grad.tolist() == [12.0, 24.0]
    both.backward(inputs=[y, x], retain_graph=True, create_graph=create)
    assert y.grad.tolist() == [18.0, 36.0] and x.grad.tolist() == [23.0, 41.0]


def test_a_root_that_leads_to_no_input_is_not_visited():
    x, seen = leaf([1.0]), []
    y, w = x * 2, x * 3
    w.retain_grad()
    for tensor in (w, x):
        tensor.register_hook(seen.append)
    for roots in itertools.permutations([y, w, x]):
        ones = [torch.ones(1, dtype=torch.float64)] * 3
        grads = torch.autograd.grad(roots, y, ones, retain_graph=True)
        assert grads[0].tolist() == [1.0] and w.grad is None and seen == []


def test_behind_an_input_the_walk_goes_on_elsewhere():
    x, v = leaf([1.0]), leaf([2.0])
    older = (x * 3).exp()
    newer = v * 2
    grads = torch.autograd.grad(older.sum() + newer.sum(), [newer, x])
    assert grads[0].tolist() == [1.0]
    np.testing.assert_allclose(grads[1].numpy(), 3 * np.exp([3.0]))


def test_a_gradient_with_a_graph_and_one_without_add_up_to_a_tensor_like_any_other():
    s = torch.tensor(2.0, requires_grad=True)
    (s**3).backward(create_graph=True)
    (s * 2).backward()
    with torch.no_grad():
        s.grad.mul_(2)
    assert s.grad.item() == 28.0 and type(s.grad.numpy()) is np.ndarray


def test_returned_gradients_own_their_memory():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    for create_graph in (False, True):
        given = torch.ones(2, dtype=torch.float64)
        gx, gw = autograd.grad(x + w, (x, w), given, create_graph=create_graph)
        gx.mul_(100)
        assert gw.tolist() == [1.0, 1.0] and given.tolist() == [1.0, 1.0]


def test_a_gradient_that_requires_grad_can_be_differentiated_itself():
    # u^T J is linear in u: its derivative is J. That is how jvp works.
    x, u = leaf([1.0, 2.0]), leaf([1.0, 1.0])
    (g,) = autograd.grad(x * x, x, u, create_graph=True)
    assert autograd.grad(g.sum(), u)[0].tolist() == [2.0, 4.0]
    (g,) = autograd.grad(x + 0, x, u, create_graph=True)
    assert autograd.grad((g * g).sum(), u)[0].tolist() == [2.0, 2.0]


def test_under_no_grad_gradients_are_still_computed():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    with torch.no_grad():
        (g,) = autograd.grad(y, x, create_graph=True)
    assert g.requires_grad and autograd.grad(g.sum(), x)[0].tolist() == [2.0, 2.0]


def test_third_order_of_several_inputs():
    x, y = leaf(0.5), leaf(2.0)
    z = (x * y).sin() * y
    (zx,) = autograd.grad(z, x, create_graph=True)  # y^2 cos(xy)
    (zxy,) = autograd.grad(zx, y, create_graph=True)  # 2y cos(xy) - x y^2 sin(xy)
    (zxyx,) = autograd.grad(zxy, x)
    s, c = np.sin(1.0), np.cos(1.0)
    np.testing.assert_allclose(zx.item(), 4 * c)
    np.testing.assert_allclose(zxy.item(), 4 * c - 2 * s)
    np.testing.assert_allclose(zxyx.item(), -8 * s - 4 * s - 0.5 * 8 * c)


# --- autograd.backward ---------------------------------------------------------------------------------


def test_backward_of_several_tensors_accumulates_once():
    x = leaf([1.0, 2.0])
    h = x * 2
    calls = []
    h.register_hook(lambda g: calls.append(g.tolist()))
    autograd.backward([h.sum(), (h * h).sum()])
    assert x.grad.tolist() == [10.0, 18.0] and calls == [[5.0, 9.0]]


def test_backward_takes_gradients_and_inputs():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    autograd.backward([x * w, x.sum()], [torch.ones(2), None], inputs=[w])
    assert x.grad is None and w.grad.tolist() == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="require grad"):
        autograd.backward([x.sum()], inputs=[torch.ones(1)])


# --- as PyTorch takes its arguments -----------------------------------------------------------------------


def test_outputs_and_inputs_may_come_from_an_iterator():
    model = torch.nn.Linear(2, 1)
    y = model(torch.ones(1, 2))
    weight, bias = torch.autograd.grad(y, model.parameters())
    assert weight.tolist() == [[1.0, 1.0]] and bias.tolist() == [1.0]
    x = torch.ones(1, requires_grad=True)
    assert torch.autograd.grad((x * k for k in (2, 3)), iter([x]))[0].item() == 5.0
    torch.autograd.backward((x * k for k in (2, 3)), inputs=iter([x]))
    assert x.grad.item() == 5.0


def test_inputs_in_a_dict_give_a_dict():
    x, w = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    found = torch.autograd.grad(x * 2, {"x": x, "w": w}, allow_unused=True)
    assert list(found) == ["x", "w"] and found["x"].item() == 2.0 and found["w"] is None


def test_the_sixth_argument_is_only_inputs_as_in_pytorch():
    x = torch.ones(1, requires_grad=True)
    w = torch.ones(1, requires_grad=True)
    assert torch.autograd.grad(x * 2, (x, w), None, None, False, True, True)[1] is None
    with pytest.warns(FutureWarning, match="only_inputs=False"):
        assert torch.autograd.grad(x * 2, x, only_inputs=False)[0].item() == 2.0
    assert torch.autograd.grad(x * 2, x, torch.ones(3, 1), is_grads_batched=True)[0].shape == (3, 1)


def test_no_inputs_at_all_are_refused():
    x = torch.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="cannot be empty"):
        torch.autograd.grad(x * 2, [])


def test_grad_variables_is_the_old_name_of_grad_tensors():
    x = torch.ones(2, requires_grad=True)
    with pytest.warns(FutureWarning, match="grad_tensors"):
        torch.autograd.backward(x * 2, grad_variables=torch.ones(2))
    assert x.grad.tolist() == [2.0, 2.0]
    with pytest.warns(FutureWarning), pytest.raises(RuntimeError, match="not both"):
        torch.autograd.backward(x * 2, torch.ones(2), grad_variables=torch.ones(2))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda x: x > 0, "dtype is bool.*Comparisons"),
        (lambda x: x.argmax(), "dtype is int64.*argmax"),
        (lambda x: torch.autograd.grad((x**2).sum(), x)[0].sum(), "without create_graph=True"),
        (lambda x: torch.tensor([x.sum().item(), 2.0]).sum(), "torch.stack"),
        (lambda x: x.detach(), r"detach\(\)"),
    ],
)
def test_an_output_without_a_graph_is_told_its_likely_cause(make, words):
    with pytest.raises(RuntimeError, match=words):
        make(torch.ones(1, requires_grad=True)).backward()


def test_old_and_missing_names():
    x = torch.ones(2, requires_grad=True)
    v = torch.autograd.Variable(x)
    assert isinstance(x, torch.autograd.Variable) and not v.requires_grad and v.data_ptr() == x.data_ptr()
    assert torch.autograd.Variable(torch.ones(2), requires_grad=True).requires_grad
    assert not torch.autograd.Variable(torch.ones(2), volatile=True).requires_grad
    with pytest.raises(TypeError, match="Variable takes a Tensor"):
        torch.autograd.Variable(3.0)
    for name, words in {"graph": "saved_tensors_hooks", "forward_ad": "jvp", "nonsense": "no attr"}.items():
        with pytest.raises(AttributeError, match=words):
            getattr(torch.autograd, name)


@pytest.mark.parametrize("create", [False, True])
def test_gradients_are_refused_where_a_saved_value_was_written(create):
    x = torch.ones(2, requires_grad=True)
    h = x * 3
    y = (h * h).sum()
    h.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad(y, x, create_graph=create)


@pytest.mark.parametrize("create", [False, True])
def test_each_gradient_has_memory_of_its_own(create):
    x, y = (torch.ones(2, requires_grad=True) for _ in range(2))
    first, second, given = x * 1, y * 1, torch.ones(2)
    total = first + second  # whose rule hands one array to both
    found = torch.autograd.grad(total, [first, second, total, x], given, create_graph=create)
    found[0].detach().zero_()
    assert [t.tolist() for t in (*found[1:], given)] == [[1.0, 1.0]] * 4
    found[2].detach().zero_()
    assert [t.tolist() for t in (found[1], found[3], given)] == [[1.0, 1.0]] * 3


def test_a_gradient_that_a_graph_saved_is_stale_once_it_is_added_to():
    x, w = (torch.tensor([2.0, 3.0], requires_grad=True) for _ in range(2))
    (x * x).sum().backward()
    product = (w * x.grad).sum()
    (x * x).sum().backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def test_a_weight_that_is_itself_a_leaf_is_not_the_gradient():
    x, weight = (torch.ones(2, requires_grad=True) for _ in range(2))
    (x + 1).backward(weight, create_graph=True)
    x.grad.detach().zero_()
    assert weight.tolist() == [1.0, 1.0]
    (x.grad * 3).sum().backward()
    assert weight.grad.tolist() == [3.0, 3.0]


def test_the_gradient_of_a_retained_node_is_not_its_grad():
    h = torch.tensor([2.0, 3.0], requires_grad=True) * 1
    h.retain_grad()
    (g,) = torch.autograd.grad((h * h).sum(), h)
    assert g.tolist() == h.grad.tolist() == [4.0, 6.0]
    g.zero_()
    assert h.grad.tolist() == [4.0, 6.0]


def test_variable_stands_in_its_own_module_too():
    from minigrad.autograd.variable import Variable

    assert Variable is torch.autograd.Variable


def test_inputs_may_be_the_values_of_a_dict_or_a_generator():
    x = torch.tensor(3.0, requires_grad=True)
    for inputs in ({"x": x}.values(), (p for p in [x]), {x}):
        assert torch.autograd.grad(x * x, inputs) == (torch.tensor(6.0),)
