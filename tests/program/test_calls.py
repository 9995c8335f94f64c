"""The forms in which a program makes its calls give the numbers of the calls that were traced."""

import numpy as np
import pytest

import minigrad as torch

NAN, INF = float("nan"), float("inf")


def agree(function, *arrays, calls=3):
    """A compiled function gives the values and gradients of the function itself, with fresh data."""
    compiled = torch.compile(function, fullgraph=True)
    rng = np.random.default_rng(0)
    for _ in range(calls):
        results = []
        for one in (function, compiled):
            inputs = [torch.tensor(a, requires_grad=True) for a in arrays]
            out = one(*inputs)
            out.backward(torch.ones(out.shape, dtype=out.dtype) * 1.5)
            results.append([out.detach().numpy(), *[x.grad.numpy() for x in inputs]])
        for a, b in zip(*results, strict=True):
            np.testing.assert_allclose(b, a, rtol=2e-6, atol=1e-6)
        arrays = [rng.permuted(a, axis=0) for a in arrays]


def draw(*shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_operands_that_repeat_in_a_call_share_no_memory(dtype):
    def function(x, row, column):
        a = torch.exp(x)
        b = (a + row) * column  # a may give its memory to b, not to the repeated row
        c = torch.tanh(column * row)  # both repeat
        return (b * c - row).sum()

    agree(function, draw(5, 7, dtype=dtype), draw(7, dtype=dtype, seed=1), draw(5, 1, dtype=dtype, seed=2))


def test_a_row_is_read_at_each_call():
    layer = torch.nn.Linear(3, 4)
    compiled = torch.compile(layer)
    x = torch.ones(5, 3)
    for step in range(3):
        with torch.no_grad():
            layer.bias.fill_(float(step))
        assert torch.equal(compiled(x), layer(x))


def test_constants_that_repeat():
    agree(lambda x: (x * torch.arange(4.0) + torch.ones(3, 1)).sum(), draw(3, 4))


@pytest.mark.parametrize("choose", [torch.amax, torch.amin, torch.logsumexp])
@pytest.mark.parametrize("rows", [2, 3])
def test_the_larger_of_two_rows(choose, rows):
    agree(lambda x: choose(torch.exp(x), 0), draw(rows, 6))
    agree(lambda x: choose(torch.exp(x), 0, keepdim=True), draw(rows, 6))


@pytest.mark.parametrize("classes", [2, 3])
def test_the_loss_of_two_classes(classes):
    target = torch.tensor([0, 1, 1, 0, 1])
    away = 200 * np.eye(5, classes, dtype=np.float32)  # exp(200) is inf in float32
    agree(lambda x: torch.nn.functional.cross_entropy(x, target), draw(5, classes) + away)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bounds_at_extremes(dtype):
    x = np.array([NAN, INF, -INF, 0.0, 1.0, -1.0, 1e30, -1e-30], dtype)
    for function in (
        torch.relu,
        lambda x: torch.maximum(x, torch.tensor(NAN).to(x.dtype)),
        lambda x: torch.clamp(x, min=-0.5),
        lambda x: torch.clamp(x, max=0.5),
        lambda x: torch.clamp(x, -0.5, 0.5),
        torch.nn.functional.relu6,
    ):
        compiled = torch.compile(
            lambda x, function=function: (function(x), function(x) * 1.0), fullgraph=True
        )
        given = torch.tensor(x)
        for _ in range(2):
            for found in compiled(given):
                np.testing.assert_array_equal(found.numpy(), function(given).numpy())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masks_of_several_layers_hold_back_what_is_infinite(dtype):
    def function(x, w):
        return (torch.relu(torch.relu(x) @ w) / 0.0).sum()

    x = torch.tensor(np.array([[1.0, -1.0], [-2.0, 3.0]], dtype))
    w = torch.tensor(np.array([[1.0, -1.0], [-2.0, -1.0]], dtype))
    found = []
    for one in (function, torch.compile(function, fullgraph=True)):
        for _ in range(2):
            given = x.clone().requires_grad_(), w.clone().requires_grad_()
            one(*given).backward()
        found.append([t.grad.numpy() for t in given])
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


@pytest.mark.parametrize("n", [1, 2, 100, 128, 129, 600])
def test_short_sums(n):
    agree(lambda x: torch.exp(x).sum() / n, draw(n))
    agree(lambda x: torch.exp(x).sum(0).tanh().sum(), draw(n, 3))


class TestLeaves:
    """The gradients of a program over leaves alone need no walk, and whoever has a say is still heard."""

    def setup_method(self):
        torch.manual_seed(0)
        self.w, self.b = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)
        self.compiled = torch.compile(self.function, fullgraph=True)
        self.compiled(torch.ones(3))  # traced; from now on the program runs

    def function(self, x):
        return (torch.tanh(x * self.w) + self.b).sum()

    def test_they_are_added_to(self):
        for _ in range(3):
            self.compiled(torch.ones(3)).backward()
        assert torch.equal(self.b.grad, torch.full((3,), 3.0))

    def test_a_graph_that_is_kept_serves_twice(self):
        out = self.compiled(torch.ones(3))
        out.backward(retain_graph=True)
        out.backward()
        assert torch.equal(self.b.grad, torch.full((3,), 2.0))
        with pytest.raises(RuntimeError, match="second time"):
            out.backward()

    def test_hooks_are_heard(self):
        seen = []
        out = self.compiled(torch.ones(3))
        handle = self.b.register_hook(lambda g: 2 * g)
        self.w.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.shape))
        out.backward()
        assert torch.equal(self.b.grad, torch.full((3,), 2.0))
        assert seen == [(3,)]
        handle.remove()

    def test_a_write_in_between_is_noticed(self):
        x = torch.ones(3)
        out = self.compiled(x)
        x.mul_(2)
        with pytest.raises(RuntimeError, match="inplace"):
            out.backward()

    def test_a_gradient_of_the_users(self):
        out = self.compiled(torch.ones(3))
        out.backward(torch.tensor(3.0))
        assert torch.equal(self.b.grad, torch.full((3,), 3.0))

    def test_one_leaf_that_needs_none_any_more(self):
        self.compiled(torch.ones(3)).backward()
        self.b.requires_grad_(False)
        self.w.grad = None
        self.compiled(torch.ones(3)).backward()
        slope = 1 - torch.tanh(self.w.detach()) ** 2
        assert torch.allclose(self.w.grad, slope)

    def test_its_history_goes_on_behind_an_eager_part(self):
        start = torch.randn(3, requires_grad=True)
        for _ in range(2):
            start.grad = None
            self.compiled(start * 2).backward()
        assert torch.allclose(start.grad, 2 * self.w * (1 - torch.tanh(2 * start * self.w) ** 2))
