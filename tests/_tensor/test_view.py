"""Views: a write to any member of a family is known to all, or refused; never a silently wrong gradient."""

import itertools
import random

import numpy as np
import pytest

import minigrad as torch


def leaf(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def matrix():
    return leaf(np.arange(1.0, 7.0).reshape(2, 3))


VIEWS = {
    "row": lambda y: y[0],
    "column": lambda y: y[:, 1],
    "slice": lambda y: y[:, 1:],
    "strided": lambda y: y[:, ::2],
    "transpose": lambda y: y.t(),
    "permute": lambda y: y.permute(1, 0),
    "reshape": lambda y: y.reshape(3, 2),
    "view": lambda y: y.view(-1),
    "flatten": lambda y: y.flatten(),
    "unsqueeze": lambda y: y.unsqueeze(1),
    "squeeze": lambda y: y.unsqueeze(0).squeeze(),
    "narrow": lambda y: y.narrow(1, 1, 2),
    "split": lambda y: y.split(2, 1)[0],
    "unbind": lambda y: y.unbind(1)[2],
    "element": lambda y: y[1, 2],
    "of a view": lambda y: y.t()[1:][0],
    "everything": lambda y: y[...],
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_shares_memory_and_keeps_its_source_alive(name):
    y = matrix().detach()
    v = VIEWS[name](y)
    assert np.shares_memory(v.numpy(), y.numpy())
    y.mul_(10)
    expected = VIEWS[name](torch.tensor(y.numpy())).tolist()
    del y
    assert v.tolist() == expected


@pytest.mark.parametrize("name", VIEWS)
def test_a_write_to_a_view_reaches_the_history_of_its_source(name):
    x, w = matrix(), leaf(3.0)
    y = x * 1.0
    v = VIEWS[name](y)
    v.mul_(w)
    (y * y).sum().backward()
    a, factor = x.detach().numpy(), np.ones((2, 3))
    VIEWS[name](torch.from_numpy(factor)).mul_(3.0)
    np.testing.assert_allclose(y.detach().numpy(), a * factor)
    np.testing.assert_allclose(x.grad.numpy(), 2 * a * factor**2)
    np.testing.assert_allclose(w.grad.item(), (2 * a * a * factor)[factor == 3].sum())


@pytest.mark.parametrize("name", VIEWS)
def test_a_write_to_the_source_reaches_the_history_of_its_views(name):
    x, w = matrix(), leaf(3.0)
    y = x * 1.0
    v = VIEWS[name](y)
    y.mul_(w)
    (v * v).sum().backward()
    a, chosen = x.detach().numpy(), np.zeros((2, 3))
    VIEWS[name](torch.from_numpy(chosen)).fill_(1.0)
    np.testing.assert_allclose(x.grad.numpy(), 2 * a * 9 * chosen)
    np.testing.assert_allclose(w.grad.item(), (2 * a * a * 3 * chosen).sum())


def test_a_write_to_one_view_reaches_another():
    x, w = leaf([1.0, 2.0, 3.0]), leaf(5.0)
    y = x * 1.0
    first, second = y[:2], y[1:]
    first.mul_(w)
    (second * second).sum().backward()
    assert x.grad.tolist() == [0.0, 2 * 2 * 25.0, 6.0]
    assert w.grad.item() == 2 * 4 * 5


def test_writes_through_a_chain_of_views():
    x = leaf(np.arange(12.0).reshape(3, 4))
    y = x * 1.0
    v = y[1:].t()[::2].reshape(2, 2)
    v.exp_()
    z = y.sum()
    v2 = y.t()[0]
    v2.mul_(2.0)
    (z + y.sum()).backward()
    a = x.detach().numpy()
    d = np.ones((3, 4))
    d[1:, ::2] = np.exp(a[1:, ::2])
    later = d.copy()
    later[:, 0] *= 2
    np.testing.assert_allclose(x.grad.numpy(), d + later)


def test_a_view_of_a_constant_takes_the_history_of_what_is_written():
    w = leaf([2.0, 3.0])
    buffer = torch.zeros(3, 2, dtype=torch.float64)
    early = buffer[1]
    for row in buffer.unbind(0):
        row.copy_(w)
    assert buffer.requires_grad and early.requires_grad
    (buffer.sum() + early.sum()).backward()
    assert w.grad.tolist() == [4.0, 4.0]


def test_iterating_gives_views():
    w = leaf(2.0)
    y = leaf([1.0, 2.0, 3.0]) * 1.0
    for v in y:
        v.mul_(w)
    y.sum().backward()
    assert w.grad.item() == 6.0


def test_second_derivatives_through_writes_to_views():
    x, w = leaf([0.5, 1.5]), leaf(2.0)

    def in_place(x, w):
        y = x * 1.0
        y[1:].mul_(w)
        y[:1].exp_()
        return (y**3).sum()

    def out_of_place(x, w):
        return ((x[1:] * w) ** 3).sum() + (x[:1].exp() ** 3).sum()

    mine, expected = (torch.autograd.functional.hessian(f, (x, w)) for f in (in_place, out_of_place))
    for row, other in zip(mine, expected, strict=True):
        for a, b in zip(row, other, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)


@pytest.mark.parametrize("layout", ["transposed", "reversed", "gaps"])
def test_a_source_that_is_not_contiguous(layout):
    a = np.arange(1.0, 13.0).reshape(3, 4)
    a = {"transposed": a.T, "reversed": a[::-1, ::-1], "gaps": np.repeat(a, 2, 1)[:, ::2]}[layout]
    x, w = torch.tensor(a.copy(), requires_grad=True), leaf(3.0)
    y = torch.from_numpy(a)
    assert not y.is_contiguous()
    y.copy_(x)
    y[1:, ::2].mul_(w)
    y.t()[0].mul_(w)
    (y * y).sum().backward()
    factor = np.ones(a.shape)
    factor[1:, ::2] *= 3
    factor[:, 0] *= 3
    b = x.detach().numpy()
    np.testing.assert_allclose(y.detach().numpy(), b * factor)
    np.testing.assert_allclose(x.grad.numpy(), 2 * b * factor**2)


def test_a_result_that_inherits_a_transposed_layout():
    x = matrix()
    y = x.t() * 2.0  # NumPy keeps the order of the memory
    assert not y.is_contiguous()
    y[0].mul_(5.0)
    y.sum().backward()
    assert x.grad.tolist() == [[10.0, 2.0, 2.0]] * 2


def test_fields_of_a_structured_array_are_refused():
    record = np.zeros(3, dtype=[("value", np.float64), ("flag", np.int8)])
    y = torch.from_numpy(record["value"])
    with pytest.raises(RuntimeError, match="clone"):
        y[:2].mul_(leaf(2.0))
    assert record["value"].tolist() == [0, 0, 0]


# --- copies are no views -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "copy",
    [
        lambda y: y[[0, 1]],
        lambda y: y[torch.tensor([0])],
        lambda y: y[y > 0],
        lambda y: y.t().reshape(-1),
        lambda y: y.clone(),
        lambda y: y.flip(0),
        lambda y: y.repeat(1, 1),
        lambda y: y + 0,
        lambda y: y.expand(2, 2, 3).reshape(-1),
    ],
)
def test_a_write_to_a_copy_stays_there(copy):
    x = matrix()
    y = x * 1.0
    before = y.tolist()
    c = copy(y)
    c.mul_(100.0)
    assert y.tolist() == before
    (y * 2).sum().backward()
    assert x.grad.tolist() == [[2.0] * 3] * 2


def test_view_refuses_what_needs_a_copy():
    with pytest.raises(RuntimeError, match="reshape"):
        matrix().t().view(-1)


# --- leaves and modes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("made", ["recorded", "under no_grad"])
def test_a_view_of_a_leaf_is_refused_before_anything_is_written(name, made):
    x = matrix()
    before = x.tolist()
    with torch.set_grad_enabled(made == "recorded"):
        v = VIEWS[name](x)
    for write in (lambda: v.mul_(2.0), lambda: v.__setitem__(..., 5.0), v.zero_):
        with pytest.raises(RuntimeError, match=r"view of a leaf.*Nothing was written"):
            write()
    assert x.tolist() == before


def test_under_no_grad_a_view_of_a_leaf_is_written():
    x = leaf([1.0, 2.0, 3.0])
    with torch.no_grad():
        x[1:].mul_(10)
        x[0] += 5
    assert x.tolist() == [6.0, 20.0, 30.0] and x.is_leaf
    (x * x).sum().backward()
    assert x.grad.tolist() == [12.0, 40.0, 60.0]


def test_a_view_made_under_no_grad_is_not_written_while_recording():
    x = leaf([1.0, 2.0])
    y = x * 2
    with torch.no_grad():
        v = y[:1]
    with pytest.raises(RuntimeError, match=r"made under no_grad.*mul"):
        v.mul_(10)
    assert y.tolist() == [2.0, 4.0]


def test_a_view_that_is_looked_at_under_no_grad_keeps_its_history():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    v = y[:1]
    y.mul_(3.0)
    with torch.no_grad():
        assert v.requires_grad  # computes the view's new history
    (v * 2).sum().backward()
    assert x.grad.tolist() == [6.0, 0.0]


def test_a_detached_alias_writes_past_the_history_and_leaves_a_stamp():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    z = y.sum()  # saves nothing of y
    square = (y * y).sum()
    y.detach()[:1].mul_(100)
    assert y.tolist() == [100.0, 2.0]
    z.backward(retain_graph=True)
    assert x.grad.tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError, match="inplace"):
        square.backward()


def test_a_view_of_a_detached_alias_has_no_history():
    x = leaf([1.0, 2.0])
    v = (x * 1.0).detach()[:1]
    v.mul_(3.0)
    assert not v.requires_grad


def test_writes_to_a_view_are_caught_where_the_source_was_saved():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    v = y[1:]
    z = y.exp().sin() + y * y
    v.add_(1)
    with pytest.raises(RuntimeError, match="mul"):
        z.sum().backward()


def test_a_second_write_to_a_buffer_is_caught_through_whichever_tensor_it_comes():
    for first, second in itertools.product(range(4), repeat=2):
        array = np.ones(4, np.float32)
        x, w = torch.from_numpy(array), torch.ones(4, requires_grad=True)
        writers = (x, x[:2], x.detach(), torch.from_numpy(array[:2]))
        writers[first].add_(1)
        y = (x * w).sum()
        writers[second].add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()
        (x * w).sum().backward()
        assert w.grad.tolist() == x.tolist()


def test_writes_to_the_source_are_caught_where_a_view_was_saved():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    z = y[1:].sin()
    y.add_(1)
    with pytest.raises(RuntimeError, match="sin"):
        z.sum().backward()


def test_data_of_a_view_writes_past_everything():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    z = (y * y).sum()
    y[:1].data.mul_(3)
    z.backward()
    assert x.grad.tolist() == [6.0, 4.0]
    with pytest.raises(RuntimeError, match="view"):
        y[:1].data = torch.ones(1)


def test_a_view_cannot_be_detached_in_place():
    with pytest.raises(RuntimeError, match=r"detach\(\)"):
        matrix()[0].detach_()


def test_retain_grad_of_a_view_survives_a_write_to_its_source():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    v = y[1:]
    v.retain_grad()
    y.mul_(3.0)
    (v * v).sum().backward()
    assert v.grad.tolist() == [12.0]


def test_retain_grad_of_the_source_survives_a_write_to_a_view():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    y.retain_grad()
    y[1:].mul_(3.0)
    (y * y).sum().backward()
    assert y.grad.tolist() == [2.0, 12.0]


# --- random programs on families of views --------------------------------------------------------------


SELECTIONS = [
    [".reshape(1)"],
    ["[0]", "[1:]", "[::2]", ".reshape(1, -1)", "[[0, 0]]"],
    ["[0]", "[1:]", "[:, ::2]", ".t()", ".reshape(-1)", ".unsqueeze(0).squeeze(0)", "[[0, 0]]"],
]


def program(seed, *, hidden_writes):
    """Lines of Python that make views of y, write to them and use them."""
    draw = random.Random(seed)
    lines = ["y = x * 1.5" if draw.random() < 0.7 else "y = torch.zeros(3, 4, dtype=torch.float64)"]
    shapes = {"y": (3, 4)}
    kinds = ["view", "view", "write", "write", "write", "use", "assign"]
    kinds += ["no_grad", "detach"] if hidden_writes else []
    for step in range(draw.randint(3, 8)):
        name = draw.choice(list(shapes))
        shape, kind = shapes[name], draw.choice(kinds)
        if kind == "view":
            selection = draw.choice(SELECTIONS[len(shape)])
            probe = eval(f"a{selection}", {"a": torch.zeros(shape)})
            if probe.numel():
                shapes[f"v{step}"] = probe.shape
                lines.append(f"v{step} = {name}{selection}")
        elif kind == "write":
            other = draw.choice(["2.0", "w", draw.choice(list(shapes))])
            write = [f"mul_({other})", "add_(1.0)", "add_(w)", "exp_()", "tanh_()", "zero_()", "copy_(w)"]
            lines.append(f"{name}.{draw.choice(write)}")
        elif kind == "use":
            lines.append(f"outs.append({name} * {draw.choice(['w', '2.0', name])})")
        elif kind == "assign" and shape:
            lines.append(f"{name}[0] = {draw.choice(['w', '1.0', 'w * 2', name + '[-1]'])}")
        elif kind == "no_grad":
            lines.append(f"with torch.no_grad(): {name}.mul_(3.0)")
        elif kind == "detach":
            lines.append(f"{name}.detach().mul_(0.5)")
    return [*lines, f"outs.append({draw.choice(list(shapes))} * 1.0)", "outs.append(y * 1.0)"]


A = np.linspace(0.1, 1.2, 12).reshape(3, 4)


def evaluate(lib, lines, da=0.0, dw=0.0):
    """The loss and its gradients; None where a line or backward raises."""
    x = lib.tensor((A + da).tolist(), dtype=lib.float64, requires_grad=True)
    w = lib.tensor(0.7 + dw, dtype=lib.float64, requires_grad=True)
    scope = {"torch": lib, "x": x, "w": w, "outs": []}
    try:
        for line in lines:
            exec(line, scope)
        loss = sum((o * o).sum() for o in scope["outs"])
        if loss.requires_grad:
            loss.backward()
    except RuntimeError:
        return None
    grads = [np.zeros(t.shape) if t.grad is None else np.array(t.grad.tolist()) for t in (x, w)]
    return loss.item(), *grads


@pytest.mark.parametrize("batch", range(4))
def test_random_programs_agree_with_finite_differences(batch):
    direction, eps = np.random.default_rng(batch).standard_normal(A.shape), 1e-6
    checked = 0
    for seed in range(60 * batch, 60 * batch + 60):
        lines = program(seed, hidden_writes=False)
        found = evaluate(torch, lines)
        if found is None:
            continue
        checked += 1
        up, down = (evaluate(torch, lines, s * eps * direction, s * eps * 0.3)[0] for s in (1, -1))
        slope = (found[1] * direction).sum() + found[2] * 0.3
        numeric, text = (up - down) / (2 * eps), "\n".join(lines)
        np.testing.assert_allclose(slope, numeric, rtol=1e-4, atol=1e-5, err_msg=text)
    assert checked > 20


@pytest.mark.parity
@pytest.mark.parametrize("batch", range(4))
def test_random_programs_agree_with_pytorch_where_both_run(pytorch, batch):
    agreed = 0
    for seed in range(1000 + 60 * batch, 1060 + 60 * batch):
        lines = program(seed, hidden_writes=True)
        mine, theirs = evaluate(torch, lines), evaluate(pytorch, lines)
        if mine is None or theirs is None:
            continue
        agreed += 1
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg="\n".join(lines))
    assert agreed > 15


def test_a_view_tells_its_root():
    x = torch.ones(2, 3)
    assert x._base is None and not x._is_view()
    for view in (x[0], x[0][1:], x.T, x.view(6).view(3, 2)):
        assert view._base is x and view._is_view()
    assert x.detach()._base is None and x.clone()._base is None
