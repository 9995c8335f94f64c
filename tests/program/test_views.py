"""Results that share memory with an input or with another result: a program returns views of them."""

import contextlib
import gc
import weakref

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.testing import check_engines

NET = nn.Linear(4, 4)
GIVEN = np.ones((3, 4), "f4")


def without_history(h):
    with torch.no_grad():
        return h[0]


def of_a_result(take):
    """A function that returns a tensor that it makes, and others taken from it."""
    return lambda x: (h := x * 2, *take(h))


def of_a_constant(take):
    return lambda x: (y := torch.ones(3, 4) * 3, *take(y), x + y)


def windows(h):
    return h[:2], h[1:]


def written(x):
    h = x * 2
    h[0] = x[1]
    row = h[1]
    row += 1
    return h, row, h[:, 1:], h.sum()


CASES = {
    "flat": lambda x: x.view(-1),
    "a row": lambda x: x[0],
    "turned": lambda x: x.T,
    "chunks": lambda x: x.chunk(2),
    "columns": lambda x: x.unbind(1),
    "a part used too": lambda x: (x[1:], x[1:] * 2),
    "expanded": lambda x: x[:, None].expand(3, 2, 4),
    "diagonal": lambda x: x.diagonal(),
    "detached": lambda x: (x.detach(), x.detach()[1:], x[0].detach(), x.data, x * 2),
    "of parameters": lambda x: (NET(x), NET.weight.T, NET.weight[0], NET.bias.detach()),
    "input and view": lambda x: (x, x.unsqueeze(0), [x.view(2, 6)]),
    "last": of_a_result(lambda h: (h[:, -1],)),
    "heads": of_a_result(lambda h: (h.view(3, 2, 2).transpose(0, 1), h.reshape(4, 3)[:, 1])),
    "detached results": of_a_result(lambda h: (h.detach(), h.detach()[0], h[0].detach(), h.data)),
    "no history": of_a_result(lambda h: (without_history(h), h[1])),
    "overlapping": lambda x: (h := x * 2, h[:2], h[1:]),
    "the same memory": lambda x: (h := x * 2, h[0:], h.squeeze(), x[:], x.detach()[:]),
    "other layouts": lambda x: ((x * 2).T, (x * 3)[:, ::2], (x * 4).chunk(2, 1), (x * 5).expand(2, 3, 4)),
    "of one that is gone": lambda x: windows(x * 2),
    "overlapping and whole": lambda x: (h := x.tanh()) is None or {"a": h[:2], "b": h[1:], "h": h},
    "constants": of_a_constant(lambda y: (y[:2], y.T, y.view(-1)[2:8], y.diagonal(), y[1], y[1:, 1:][None])),
    "overlapping constants": lambda x: (h := torch.ones(3) * 2) is None or (h[:2], h[1:], x * 2),
    "written": written,
}


def flat(result):
    if isinstance(result, torch.Tensor):
        return [result]
    parts = result.values() if isinstance(result, dict) else result
    return [x for part in parts for x in flat(part)]


def looks(outs, x):
    """Everything that can be seen of results beside their numbers."""
    tensors = [x, *outs, *NET.parameters()]
    shared = [[np.shares_memory(a.numpy(force=True), b.numpy(force=True)) for b in tensors] for a in outs]
    roots = [[getattr(a, "_root", None) is b for b in tensors] for a in outs]
    return shared, roots, [(a.shape, a.stride(), a.requires_grad, a.is_leaf) for a in outs]


def given(turn, grad):
    leaf = torch.arange(12.0).view(3, 4).add(turn).requires_grad_(grad)
    with torch.no_grad():
        NET.weight.copy_(torch.arange(16.0).view(4, 4))
        NET.bias.zero_()
    NET.zero_grad()
    return leaf, leaf * 1.0 if turn % 2 else leaf


def used(call, turn, grad):
    """The results of a call: as they look, after writes through them, and the gradients of sums of them."""
    found = []
    leaf, x = given(turn, grad)
    outs = flat(call(x))
    found += [looks(outs, x), [y.tolist() for y in outs]]
    for j, y in enumerate(outs):
        with torch.no_grad():
            y[(..., 0) if y.ndim else ...] = 5 + j
        found.append([t.tolist() for t in (x, *outs, NET.weight, NET.bias)])
    leaf, x = given(turn, grad)
    outs = flat(call(x))
    for y in outs:
        if y.requires_grad and not y.is_leaf:
            y.retain_grad()
    weighed = [(y * torch.arange(y.numel()).view(y.shape)).sum() * (j + 1) for j, y in enumerate(outs)]
    weighed = [y for y in weighed if y.requires_grad]
    if weighed:
        sum(weighed).backward()
    grads = [t.grad for t in (leaf, *outs, *NET.parameters())]
    return [*found, [None if g is None else g.tolist() for g in grads]]


def written_first(call, turn):
    """The gradient where a recorded write through the last result comes before."""
    leaf, x = given(turn, True)
    outs = [y for y in flat(call(x)) if y.requires_grad]
    try:
        outs[-1].mul_(2)
        (g,) = torch.autograd.grad(sum((y * y).sum() for y in outs), leaf, allow_unused=True)
        return None if g is None else g.tolist()
    except RuntimeError as error:
        return type(error)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("grad", [True, False])
def test_a_result_that_is_a_view_is_that_of_eager_mode(name, grad):
    function = CASES[name]
    compiled = torch.compile(function, fullgraph=True)
    for turn in (0, 0, 1, 1, 2):
        assert used(compiled, turn, grad) == used(function, turn, grad), turn
        if grad:
            assert written_first(compiled, turn) == written_first(function, turn), turn
    assert len(compiled._calls.runners) <= 2 and not compiled._calls.why_eager


@pytest.mark.parametrize("name", CASES)
def test_the_derivative_through_a_view_is_that_of_eager_mode(name):
    x = torch.linspace(-1, 1, 12, dtype=torch.float64).view(3, 4)
    if name != "of parameters":
        assert check_engines(CASES[name], x).program == ""


def test_an_array_of_the_users_is_returned_itself():
    for function in (
        lambda x: (torch.from_numpy(GIVEN), x * 2),
        lambda x: (torch.as_tensor(GIVEN)[1:], x * 2),
        lambda x: (torch.from_dlpack(GIVEN).T, x * 2),
    ):
        compiled = torch.compile(function)
        with pytest.warns(UserWarning, match="an array that the call did not make"):
            compiled(torch.ones(2))
        assert np.shares_memory(compiled(torch.ones(2))[0].numpy(), GIVEN)

    def own(x):
        return torch.from_numpy(np.arange(3)), torch.as_tensor([1.0, 2.0]), x * 2

    compiled = torch.compile(own, fullgraph=True)
    assert [[y.tolist() for y in call(torch.ones(1))] for call in (own, compiled, compiled)] == [
        [[0, 1, 2], [1, 2], [2]]
    ] * 3


def test_the_text_shows_a_view_as_a_view():
    compiled = torch.compile(lambda x: (h := torch.tanh(x), h[:, -1], x.view(-1)))
    compiled(torch.ones(3, 4, requires_grad=True))
    source = compiled.source
    assert "out[:, -1], x.reshape(12)" in source
    assert "That of out[:, -1], a view, is part of grad_out." in source
    scope = {}
    exec(source, scope)
    x = np.arange(12, dtype="f4").reshape(3, 4)
    (out, last, flat), saved = scope["forward"](x)
    assert np.shares_memory(out, last) and np.shares_memory(flat, x)
    grad = scope["backward"](np.ones_like(out), saved)["x"]
    np.testing.assert_allclose(grad, 1 - np.tanh(x) ** 2, rtol=1e-5, atol=1e-6)


def test_results_that_are_views_are_gone_with_their_last_name():
    compiled = torch.compile(lambda x: (h := torch.tanh(x) * 2, h[:, -1], x[0]), fullgraph=True)
    x = torch.ones(3, 4, requires_grad=True)
    compiled(x)
    gc.disable()
    try:
        outs = compiled(x)
        gone = [weakref.ref(y) for y in outs]
        del outs
        assert [ref() for ref in gone] == [None] * 3
        assert len(compiled._calls.runners[0].pool) == 1
    finally:
        gc.enable()


@pytest.mark.parametrize("name", ["detach", "data"])
def test_a_write_through_an_alias_is_seen_where_eager_mode_sees_it(name):
    take = {"detach": lambda x: x.detach(), "data": lambda x: x.data}[name]
    compiled = torch.compile(take, fullgraph=True)
    for call in (take, compiled, compiled):
        x, w = torch.ones(2), torch.ones(2, requires_grad=True)
        y = (w * x).sum()
        call(x).mul_(2)
        with pytest.raises(RuntimeError, match="inplace") if name == "detach" else contextlib.nullcontext():
            y.backward()
