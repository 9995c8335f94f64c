"""Tensors that a compiled function makes and then writes: the program writes them anew at each call."""

import warnings

import numpy as np
import pytest

import minigrad as torch


def rows(x):
    out = torch.empty(3, 4)
    state = torch.zeros(4)
    for i in range(3):
        state = torch.tanh(x[i] + state)
        out[i] = state
    return out


def added(x):
    total = torch.zeros(4)
    for row in x:
        total += row
    return total


def parts(x):
    y = torch.zeros(3, 4)
    y[:, 1:] = x[:, 1:]
    return y * 2, y + 1


def of_its_kind(x):
    y = x.new_zeros(3, 4)
    y[torch.arange(3), torch.arange(3)] = x[0, 0]
    return y


def copied(x):
    y = torch.zeros_like(x)
    y.copy_(x).mul_(x)
    return y


def numbers_first(x):
    y = torch.ones(3, 4)
    y[0] = 2.0
    y[1] = x[1]
    y[2] = y[1]
    return y * x


def two_names(x):
    y = torch.zeros(3, 4)
    also = y
    y += x
    also += x
    return y * 1.0


def without_history(x):
    y = torch.zeros(3, 4)
    with torch.no_grad():
        y.copy_(x)
        y.clamp_(min=0)
    return x * y


def scattered(x):
    return torch.zeros(2, 4).scatter_(0, torch.tensor([[0, 1, 0, 1]]), x)


def masked(x):
    mask = torch.zeros(3, 4, dtype=torch.bool)
    mask[x > 0] = True
    return x * mask


def view_before(x):
    y = torch.zeros(3, 4)
    row = y[0]
    y += x
    return row * 1.0, y * 2


def used_before(x):
    y = torch.zeros(3, 4)
    z = x + y
    y += x
    return z + y


def detached_before(x):
    y = torch.zeros(3, 4)
    d = y.detach()
    y += x
    return d * x


def through_a_view(x):
    y = torch.zeros(3, 4)
    y[0] += x[0]
    return y * x


def shared_with_numpy(x):
    y = torch.zeros(3, 4)
    array = y.numpy()
    y += x.detach()
    return torch.from_numpy(array) * x


def transposed(x):
    y = torch.zeros(4, 3).T
    y += x
    return y * 1.0


GIVEN = np.zeros((3, 4), "f4")


def the_users_array(x):
    y = torch.from_numpy(GIVEN)
    y += x.detach()
    return y * x


def used_before_a_number(x):
    y = torch.zeros(3, 4)
    z = x + y
    y += 1
    return z + y


def part_used_before_a_number(x):
    y = torch.zeros(3, 4)
    row = y[0]
    z = x + row + y[1]
    row += 1
    y[1] = 2
    return z + row + y


def used_before_numpy_writes(x):
    y = torch.zeros(3, 4)
    array = y.numpy()
    z = x + y
    array[:] = 1
    return z + y


def loop_over_rows(x):
    h = torch.zeros(4, 4)
    for i in range(3):
        h[i + 1] = torch.tanh(x[i] + h[i])
        h[i, 2:] *= 0.5
    return h[1:], h


def through_many_views(x):
    y = torch.zeros(3, 4)
    flat, turned, part = y.view(-1), y.T, y[1:, ::2]
    flat[2:6] = x.reshape(-1)[2:6]
    turned[0] += x[:, 3]
    part.mul_(x[1:, ::2])
    y.diagonal().add_(x[0, :3])
    y.view(3, 2, 2)[:, 1].copy_(x[:, :2])
    return y * 1.0, turned, part * 2


def a_view_used_before(x):
    y = torch.ones(3, 4)
    row = y[0]
    z = x + row
    row += x[1].detach()
    return z + y


def mask_with_a_row_of_data(x):
    mask = torch.ones(3, 4)
    mask[0] = 0
    mask[:, 1].zero_()
    mask[2] *= (x[0] > 0).float()
    return x * mask


def swapped(x):
    y = torch.empty(3, 4)
    y[0], y[1], y[2] = x[2], x[1], x[0]
    y[:2] = y[1:].clone()
    y[1:] = y[:2]
    return y


def accumulated_in_parts(x):
    total = torch.zeros(2)
    for row in x:
        total[0] += row.sum()
        total[1] += (row * row).sum()
    return total[0], total[1]


def expanded(x):
    y = torch.zeros(3, 1)
    wide = y.expand(3, 4)
    y += x[:, :1]
    return wide * x


def kept_by_the_graph(x):
    y = torch.ones(4)
    z = x * y
    y[0] = x[0, 0].detach()
    return z.detach() + y + x


def turned_onto_itself(x):
    y = torch.zeros(4, 4)
    y[:3] = x
    y += y.T
    y[1:] += y[:3]
    y[2] = y[1]
    before = y.clone()
    y -= before.mean()
    return y, before * 2


TRACED = [
    rows, added, parts, of_its_kind, copied, numbers_first, two_names, without_history, scattered, masked,
    used_before_a_number, used_before_numpy_writes, view_before, used_before, part_used_before_a_number,
    detached_before, through_a_view, loop_over_rows, through_many_views, a_view_used_before,
    mask_with_a_row_of_data, swapped, accumulated_in_parts, expanded, turned_onto_itself,
]  # fmt: skip


def a_part_kept_by_the_graph(x):
    y = torch.ones(3, 4)
    z = x[0] * y[0]
    y += x.detach()
    return z.detach() + y + x


def a_part_shared_with_numpy(x):
    y = torch.zeros(3, 4)
    row = y[0]
    array = row.numpy()
    y += x.detach()
    return torch.from_numpy(array) * x


OTHERS = [
    a_part_kept_by_the_graph, a_part_shared_with_numpy, shared_with_numpy,
    transposed, the_users_array, kept_by_the_graph,
]  # fmt: skip


@pytest.mark.parametrize("function", [*TRACED, *OTHERS], ids=lambda f: f.__name__)
@pytest.mark.parametrize("grad", [True, False])
def test_a_tensor_that_the_call_makes_is_written_anew(function, grad):
    compiled = torch.compile(function, fullgraph=function in TRACED)
    draw = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for _ in range(3):
            data = draw.standard_normal((3, 4)).astype("f4")
            a, b = (torch.from_numpy(data.copy()).requires_grad_(grad) for _ in range(2))
            wanted, got = [], []
            for call, x, found in ((function, a, wanted), (compiled, b, got)):
                GIVEN[:] = 1
                outs = call(x)
                outs = outs if isinstance(outs, tuple) else (outs,)
                if grad:
                    torch.autograd.backward([(y * y).sum() for y in outs if y.requires_grad])
                found.extend([y.detach().numpy() for y in outs])
                found.extend([] if x.grad is None else [x.grad.numpy()])
                found.append(GIVEN.copy())
            assert len(wanted) == len(got)
            for x, y in zip(wanted, got, strict=True):
                np.testing.assert_allclose(y, x, rtol=1e-6)
    if function in TRACED:
        assert len(compiled._calls.runners) == 1


def test_a_mask_that_is_made_of_numbers_stays_a_constant():
    def attend(x):
        mask = torch.zeros(3, 3)
        for i in range(3):
            mask[i, : i + 1] = 1
        return mask @ x

    compiled = torch.compile(attend, fullgraph=True)
    compiled(torch.ones(3, 2))
    assert "1 calls forward" in str(compiled)


@pytest.mark.parametrize("given", [False, True])
def test_a_saved_value_that_the_call_itself_writes_is_an_error_at_each_call(given):
    def overwritten(x):
        y = x * 1.0 if given else torch.ones(2)
        z = torch.tanh(y) if given else x * y
        (z if given else y).mul_(3)
        return z

    compiled = torch.compile(overwritten)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for call in (overwritten, compiled, compiled, compiled):
            y = call(torch.ones(2, requires_grad=True))
            with pytest.raises(RuntimeError, match="modified by an inplace operation"):
                y.sum().backward()


def test_a_write_is_one_call():
    compiled = torch.compile(rows, fullgraph=True)
    compiled(torch.ones(3, 4, requires_grad=True))
    source = compiled.source
    assert "out = np.zeros((3, 4), np.float32)  " in source and "    out[2] = state\n" in source
    assert "copyto" not in source and source.count(".copy()") == 2  # of gradients, where the rows were
    compiled = torch.compile(through_a_view, fullgraph=True)
    compiled(torch.ones(3, 4))
    assert "picked += x[0]\n\n    # return" in compiled.source
    compiled = torch.compile(scattered, fullgraph=True)
    compiled(torch.ones(1, 4))
    assert "cop" not in compiled.source
    compiled = torch.compile(added, fullgraph=True)
    compiled(torch.ones(3, 4))
    assert compiled.source.count("    total += x[") == 3 and "cop" not in compiled.source


@pytest.mark.parametrize("function", [rows, added, turned_onto_itself, swapped], ids=lambda f: f.__name__)
def test_the_text_writes_as_the_program_does(function):
    compiled = torch.compile(function, fullgraph=True)
    x = np.random.default_rng(0).standard_normal((3, 4)).astype("f4")
    wanted = compiled(torch.from_numpy(x.copy()))
    scope = {}
    exec(compiled.source, scope)
    for _ in range(2):
        got = scope["forward"](x)
        for a, b in zip(*(y if isinstance(y, tuple) else (y,) for y in (wanted, got)), strict=True):
            np.testing.assert_array_equal(b, a.numpy())
