"""Hooks on tensors: their order, what they may return, their removal; and retained gradients."""

import copy

import pytest

import minigrad as torch


def leaf(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_a_hook_sees_the_complete_gradient_once():
    x, seen = leaf([1.0, 2.0]), []
    h = x * 3
    h.register_hook(seen.append)
    (h * h + h).sum().backward()
    assert [g.tolist() for g in seen] == [[7.0, 13.0]]
    assert isinstance(seen[0], torch.Tensor) and not seen[0].requires_grad


def test_hooks_run_in_the_order_of_registration_and_each_sees_the_last_ones_result():
    x, seen = leaf([1.0]), []

    def hook(name, factor):
        def run(g):
            seen.append((name, g.item()))
            return None if factor is None else g * factor

        return run

    x.register_hook(hook("first", 2))
    x.register_hook(hook("second", None))
    x.register_hook(hook("third", 5))
    x.register_hook(hook("fourth", 1))
    (x * 3).sum().backward()
    assert seen == [("first", 3.0), ("second", 6.0), ("third", 6.0), ("fourth", 30.0)]
    assert x.grad.item() == 30.0


def test_a_replaced_gradient_flows_on():
    x = leaf([1.0, 2.0])
    h = x * 3
    h.register_hook(lambda g: g.clamp(max=0.5))
    (h * 10).sum().backward()
    assert x.grad.tolist() == [1.5, 1.5]


def test_a_removed_hook_is_not_called():
    x, seen = leaf([1.0]), []
    first = x.register_hook(lambda _: seen.append(1))
    x.register_hook(lambda _: seen.append(2))
    first.remove()
    first.remove()
    (x * 2).backward()
    assert seen == [2]
    with x.register_hook(lambda _: seen.append(3)):
        (x * 2).backward()
    (x * 2).backward()
    assert seen == [2, 2, 3, 2]


def test_a_hook_may_remove_itself_and_others():
    x, seen, handles = leaf([1.0]), [], []

    def once(_):
        seen.append("once")
        for handle in handles:
            handle.remove()

    handles += [x.register_hook(once), x.register_hook(lambda _: seen.append("late"))]
    (x * 2).backward()
    (x * 2).backward()
    assert seen == ["once", "late"]


def test_what_a_hook_keeps_does_not_change_later():
    x, seen = leaf([1.0, 2.0]), []
    x.register_hook(seen.append)
    for factor in (1.0, 10.0):
        (x * factor).sum().backward()
    x.grad.zero_()
    assert [g.tolist() for g in seen] == [[1.0, 1.0], [10.0, 10.0]]


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_hook_that_writes_to_its_gradient_changes_that_one_only(create_graph):
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    given = torch.ones(2, dtype=torch.float64)
    x.register_hook(lambda g: g.mul_(10))
    (x + y).backward(given, create_graph=create_graph)
    assert x.grad.tolist() == [10.0, 10.0]
    assert y.grad.tolist() == [1.0, 1.0] and given.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g: g.sum(),
        lambda g: g.reshape(2, 1),
        lambda g: g.float(),
        lambda g: g.numpy(),
        lambda _: 1.0,
        lambda _: True,
    ],
)
def test_a_hook_must_return_a_gradient_like_the_one_it_got(wrong):
    x = leaf([1.0, 2.0])
    x.register_hook(wrong)
    with pytest.raises(RuntimeError, match=r"must return None.*shape \(2,\) and dtype float64; it returned"):
        (x * 2).sum().backward()
    assert x.grad is None


def test_hooks_of_inputs_and_of_intermediates_run_for_autograd_grad():
    x = leaf([1.0, 2.0])
    h = x * 3
    h.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    gh, gx = torch.autograd.grad(h.sum(), (h, x))
    assert gh.tolist() == [10.0, 10.0] and gx.tolist() == [31.0, 31.0]


def test_a_hook_off_the_way_is_not_called():
    x, w = leaf([1.0]), leaf([2.0])

    def fail(g):
        raise AssertionError

    x.register_hook(fail)
    torch.autograd.grad((x * w).sum(), w)


def test_hooks_see_differentiable_gradients_under_create_graph():
    x, seen = leaf(2.0), []
    handle = x.register_hook(lambda g: (seen.append(g.requires_grad), g * x)[1])
    (g,) = torch.autograd.grad(x**2, x, create_graph=True)
    handle.remove()
    # The hook made of 2x the function 2x^2.
    assert seen == [True] and g.item() == 8.0
    assert torch.autograd.grad(g, x)[0].item() == 8.0


def test_ops_in_a_hook_are_not_recorded_without_create_graph():
    x, w, seen = leaf([1.0]), leaf([2.0]), []
    x.register_hook(lambda g: seen.append((g * w).requires_grad))
    (x * 2).backward()
    assert seen == [False] and torch.is_grad_enabled()


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_hooks_run_in_the_mode_of_the_backward_which_an_error_does_not_change(before, create):
    x, seen = leaf([1.0]), []
    y = x * 2
    for hooked in (x, y):
        hooked.register_hook(lambda _: seen.append(torch.is_grad_enabled()))
    x.register_post_accumulate_grad_hook(lambda _: seen.append(torch.is_grad_enabled()))
    with torch.set_grad_enabled(before):
        y.backward(create_graph=create, retain_graph=True)
        assert torch.is_grad_enabled() is before and seen == [create] * 3
        y.register_hook(lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            y.backward(create_graph=create)
        assert torch.is_grad_enabled() is before


def test_the_gradient_at_the_start_can_be_kept_and_written_to():
    for shape in ((), (1,), (1, 1)):
        x = torch.ones(shape, requires_grad=True)
        y = x * 2
        for tensor in (x, y):
            tensor.retain_grad()
        for _ in range(2):
            y.backward(retain_graph=True)
            y.grad.mul_(5)
            y.grad = None
        assert x.grad.flatten().tolist() == [4.0]
        x.backward()
        x.grad.add_(1)
        assert x.grad.flatten().tolist() == [6.0]


def test_a_hook_may_run_a_backward_of_its_own():
    x, w = leaf([1.0]), leaf([2.0])

    def hook(g):
        with torch.enable_grad():
            (w * w).sum().backward()

    x.register_hook(hook)
    (x * 3).backward()
    assert w.grad.item() == 4.0 and x.grad.item() == 3.0


def test_a_hook_is_a_function():
    x = leaf([1.0])
    for register in (x.register_hook, x.register_post_accumulate_grad_hook):
        with pytest.raises(TypeError, match="must be a function, not int"):
            register(3)


def test_a_constant_has_no_hooks():
    for register in (torch.ones(1).register_hook, torch.ones(1).register_post_accumulate_grad_hook):
        with pytest.raises(RuntimeError, match=r"requires? grad"):
            register(lambda g: None)  # noqa: ARG005
    with pytest.raises(RuntimeError, match="leaf"):
        (leaf(1.0) * 2).register_post_accumulate_grad_hook(print)


# --- after accumulation --------------------------------------------------------------------------------


def test_a_post_accumulate_hook_sees_the_leaf_with_its_new_grad():
    x, seen = leaf([1.0, 2.0]), []
    x.register_post_accumulate_grad_hook(lambda t: seen.append((t is x, t.grad.tolist())))
    (x * 3).sum().backward()
    (x * 4).sum().backward()
    assert seen == [(True, [3.0, 3.0]), (True, [7.0, 7.0])]


def test_a_post_accumulate_hook_may_take_the_step_and_clear_the_grad():
    x = leaf([1.0, 2.0])

    def step(t):
        with torch.no_grad():
            t -= 0.1 * t.grad
        t.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    (x * 10).sum().backward()
    assert x.tolist() == [0.0, 1.0] and x.grad is None
    handle.remove()
    (x * 10).sum().backward()
    assert x.grad.tolist() == [10.0, 10.0]


def test_a_post_accumulate_hook_does_not_run_for_autograd_grad():
    x, seen = leaf([1.0]), []
    x.register_post_accumulate_grad_hook(seen.append)
    torch.autograd.grad(x * 2, x)
    assert not seen


def test_a_post_accumulate_hook_outlives_the_name_of_its_leaf():
    x, seen = leaf([1.0]), []
    x.register_post_accumulate_grad_hook(lambda t: seen.append((t.tolist(), t.grad.tolist())))
    y = x * 2
    del x
    y.backward()
    assert seen == [([1.0], [2.0])]


# --- retained gradients --------------------------------------------------------------------------------


def test_retained_gradients_come_after_the_hooks():
    x = leaf([1.0])
    h = x * 2
    h.register_hook(lambda g: g * 10)
    h.retain_grad()
    h.sum().backward()
    assert h.grad.item() == 10.0 and x.grad.item() == 20.0


def test_retained_gradients_accumulate():
    h = leaf([1.0]) * 2
    h.retain_grad()
    for _ in range(2):
        (h * 3).sum().backward(retain_graph=True)
    assert h.grad.item() == 6.0


def test_hooks_are_not_copied():
    x, seen = leaf([1.0]), []
    x.register_hook(lambda _: seen.append(1))
    (copy.deepcopy(x) * 2).backward()
    assert not seen


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_a_hook_may_not_change_the_dtype(dtype):
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: g.to(dtype))
    with pytest.raises(RuntimeError, match="hook"):
        x.sum().backward()


@pytest.mark.parametrize("walk", ["grad", "backward"])
def test_hooks_of_a_single_root_run_though_it_leads_to_no_target(walk):
    x, w = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    s, seen = (x * 3).sum(), []
    s.register_hook(lambda g: seen.append(g.item()))
    if walk == "grad":
        assert torch.autograd.grad(s, w, allow_unused=True) == (None,)
    else:
        s.backward(inputs=[w])
    assert seen == [1.0] and x.grad is None and w.grad is None


def forked():
    x, y = (torch.ones(2, requires_grad=True) for _ in range(2))
    first, second = x * 1, y * 1
    return x, y, first, second, first + second  # whose rule hands one array to both


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_hook_that_writes_to_its_gradient_writes_to_nobody_elses(which, create):
    # PyTorch hands out its own memory: such a hook is forbidden there, and writes to others.
    x, y, *hooked = forked()
    hooked[which].register_hook(lambda g: (g.detach().zero_(), None)[1])
    given = torch.ones(2)
    hooked[2].backward(given, create_graph=create)
    expected = [1.0, 0.0 if which in (0, 2) else 1.0, 0.0 if which in (1, 2) else 1.0]
    assert [t[0].item() for t in (given, x.grad, y.grad)] == expected


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_retained_gradient_is_nobody_elses_memory(which, create):
    x, y, *kept = forked()
    for t in kept:
        t.retain_grad()
    given = torch.ones(2)
    kept[2].backward(given, create_graph=create)
    kept[which].grad.detach().zero_()
    others = [t.grad for k, t in enumerate(kept) if k != which]
    assert [t.tolist() for t in (given, x.grad, y.grad, *others)] == [[1.0, 1.0]] * 5
