import math
import re

import numpy as np
import pytest

import minigrad as torch
from minigrad import viz
from minigrad._tensor.record import call_of
from minigrad.engine.mode import mode
from minigrad.ops.op import REAL, REGISTRY, Op
from minigrad.viz import explain
from minigrad.viz._names import Names
from minigrad.viz._paths import count_paths, paths_to
from minigrad.viz._scene import Scene


def leaf(value):
    return torch.tensor(value, requires_grad=True)


def squeezed(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_program_the_rules_and_the_sum_over_paths():
    x, y = leaf(2.0), leaf(3.0)
    with viz.watch():
        z = x * y + torch.sin(x)
    lines = squeezed(explain(z).text)
    number = next(line for line in lines if line.startswith("# test_explain.py:"))
    assert number.endswith("z = x * y + torch.sin(x)")
    for line in (
        "z = 6.909, from 2 leaves by 3 ops",
        "x 2; leaf",
        "v1 = x * y 6; keeps x, y",
        "v2 = sin(x) 0.9093; keeps x",
        "z = v1 + v2 6.909; keeps nothing",
        "d sin(x)/dx = cos(x)",
        "to x g · cos(x) = 1 · cos(2) = −0.4161",
        "to x g · y = 1 · 3 = 3, which makes 2.584",
        "x: 2 paths",
        "z → v1 → x 1 · 3 = 3",
        "z → v2 → x 1 · (−0.4161) = −0.4161",
        "together 2.584",
        "y: 1 path",
    ):
        assert line in lines, line


def test_printing_shows_the_text_and_a_notebook_markdown():
    x = leaf(2.0)
    account = explain(x * x)
    assert repr(account) == str(account) == account.text
    assert "FORWARD" in account._repr_html_() and "$" not in account._repr_html_()


def test_the_paths_of_a_diamond_add_up_to_the_gradient():
    x = leaf([0.3, -1.2])
    a = torch.exp(x)
    y = (torch.tanh(a) * a + a.sum() * x).sum()
    scene = Scene(y, Names({"x": x}, {}))
    entry = scene.of[x._node]
    paths = paths_to(scene, entry, np.float32(1.0), limit=100)
    assert len(paths) == count_paths(scene)[entry] == 4
    y.backward()
    np.testing.assert_allclose(sum(path.value for path in paths), x.grad.numpy(), rtol=1e-6)


def test_the_factors_of_a_path_are_the_derivatives_of_its_steps():
    x = leaf(0.5)
    y = torch.exp(torch.sin(x) * 3)
    scene = Scene(y, Names({}, {}))
    (path,) = paths_to(scene, scene.entries[0], np.float32(1.0), limit=9)
    assert path.factors == pytest.approx((y.item(), 3.0, math.cos(0.5)))
    assert float(path.value) == pytest.approx(math.prod(path.factors))


def test_two_ways_through_one_op_are_told_apart():
    x = leaf(3.0)
    lines = squeezed(explain(x * x).text)
    assert any(line.startswith("v1 → x (1st)") for line in lines)
    assert any(line.startswith("to x (2nd)") and line.endswith("which makes 6") for line in lines)


def test_paths_beyond_counting_are_counted():
    x = leaf(1.0)
    y = x * 1.0
    for _ in range(100):
        y = y * 0.5 + y * 0.5
    lines = squeezed(explain(y, max_nodes=500).text)
    assert f"x: {2**100:,} paths" in lines
    assert f"and {2**100 - 6:,} more paths" in lines
    assert "together 1" in lines


def test_a_large_graph_is_cut_and_says_so():
    y = leaf(1.0)
    for _ in range(5000):
        y = y + 1.0
    text = explain(y, max_nodes=5).text
    assert "and 4,996 more" in text
    assert "max_nodes=... shows them" in text


def test_nothing_is_touched_and_the_graph_is_kept():
    x = leaf(2.0)
    h = x * x
    h.retain_grad()
    y = h * 3
    first = explain(y).text
    assert x.grad is None and h.grad is None
    assert explain(y).text == first
    y.backward()
    assert x.grad.item() == 12.0
    assert mode.observer is None


def test_gradients_of_an_earlier_backward_are_shown_beside():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    assert "its .grad holds 4" in squeezed(explain(y).text)


def test_a_freed_graph_is_told_as_one():
    x = leaf(2.0)
    y = torch.exp(x)
    y.backward()
    text = explain(y).text
    assert "freed" in text and "retain_graph=True" in text and "LEAVES" not in text
    assert "retain" in explain(y).markdown


def test_an_output_of_several_elements_weighs_each_the_same_or_as_asked():
    x = leaf([1.0, 2.0])
    y = x * x
    assert "together [2, 4]" in squeezed(explain(y).text)
    assert "together [2, 0]" in squeezed(explain(y, torch.tensor([1.0, 0.0])).text)


def test_values_that_nothing_kept_are_said_to_be_unknown():
    x = leaf(1.0)
    y = (x + 1.0) + 2.0
    assert "v1 = x + constant value not kept; keeps nothing" in squeezed(explain(y).text)
    with viz.watch():
        y = (x + 1.0) + 2.0
    assert "v1 = x + 1 2; keeps nothing" in squeezed(explain(y).text)


def test_large_arrays_are_told_by_shape_and_range():
    torch.manual_seed(0)
    model = torch.nn.MLP(4, 5, 3)
    X = torch.randn(6, 4)
    text = explain(model(X).sum()).text
    assert re.search(r"0\.weight +\(5, 4\), min −0\.\d+, max 0\.\d+; parameter", text)
    assert "g @ 2.weight = (6, 5), min" in text
    assert "the rows of g, summed = " in text


def test_a_leaf_alone_is_its_own_gradient():
    x = leaf(2.0)
    lines = squeezed(explain(x).text)
    assert "the output itself 1" in lines


def test_options_that_a_rule_keeps_are_in_the_call():
    x = leaf([[1.0, 2.0]])
    assert "total = sum(x, dim=1, keepdim=True)" in explain(total := x.sum(1, keepdim=True)).text
    assert total.shape == (1, 1)
    assert "[x, x]" in explain(torch.cat([x, x])).text
    assert "v1 = -x" in explain(-x).text


def test_markdown_says_the_same_in_latex():
    x, y = leaf(2.0), leaf(3.0)
    z = x * y + torch.sin(x)
    text = explain(z).markdown
    assert r"$v_{1} = x \cdot y$" in text
    assert r"\frac{\partial \sin(x)}{\partial x} = \cos(x)" in text
    assert "`g · cos(x)`" in text
    assert (
        r"$$\frac{\partial z}{\partial x} = \underbrace{1 \cdot 3}_{z \to v_{1} \to x} + "
        r"\underbrace{1 \cdot (-0.4161)}_{z \to v_{2} \to x} = 2.584$$"
    ) in text


def test_markdown_braces_and_dollars_balance():
    torch.manual_seed(0)
    model = torch.nn.MLP(4, 5, 3, norm="layer")
    X, labels = torch.randn(2, 4), torch.tensor([0, 2])
    with viz.watch(model):
        loss = torch.nn.functional.cross_entropy(model(X), labels)
    text = explain(loss).markdown
    for formula in re.findall(r"\$+([^$]+)\$+", text):
        plain = formula.replace(r"\{", "").replace(r"\}", "")
        assert plain.count("{") == plain.count("}"), formula
    assert text.count("$") % 2 == 0


def test_what_is_no_recorded_tensor_is_refused():
    with pytest.raises(RuntimeError, match="explain: nothing is recorded"):
        explain(torch.ones(1))
    with pytest.raises(TypeError, match=r"explain: .* not a float"):
        explain(1.0)


def test_an_index_stands_between_brackets_as_it_was_written():
    x = torch.arange(12.0).reshape(3, 4).requires_grad_()
    y = x.clone()
    y[0] = 0.0
    for picked, written in (
        (x[0, 1], "x[0, 1]"),
        (x[1:, ::2], "x[1:, ::2]"),
        (x[..., -1], "x[..., -1]"),
        (x[None], "x[None]"),
        (x[[0, 2]], "x[[0, 2]]"),
        (x[x > 3], "x[…]"),
        (y, "index_put(v1, constant, index=[0])"),
    ):
        assert f" = {written} " in str(explain(picked))
    assert r"x[\text{1:, ::2}]" in explain(x[1:, ::2]).markdown


def test_the_names_of_the_program_stand_for_those_of_the_table():
    """A user's a and b are not the a and b of the table."""
    b, a = leaf(2.0), leaf(5.0)
    lines = squeezed(explain(b / a).text)
    assert "to b g / a = 1 / 5 = 0.2" in lines
    assert "d(b/a)/db = 1/a, d(b/a)/da = −(b/a)/a" in [line.replace("= -", "= −") for line in lines]
    assert "to x g · 2 · x = 1 · 2 · 3 = 6" in squeezed(explain((x := leaf(3.0)).square()).text)
    assert "to x g · 2 · x^(2 − 1) = 1 · 2 · 3^(2 − 1) = 6" in squeezed(explain(x**2).text)
    assert x.grad is None


def test_a_mean_a_dot_product_and_a_relu_say_what_they_do():
    v = leaf([1.0, 2.0])
    assert "to v g / 2 = 1 / 2 = [0.5, 0.5]" in squeezed(explain(v.mean()).text)
    text = explain(v @ v).text
    assert "to v (1st) g · v = 1 · [1, 2] = [1, 2]" in squeezed(text) and "summed" not in text
    assert "to v g where v > 0, else 0 = " in " ".join(squeezed(explain(torch.relu(v)).text))


def helped(a, b):
    z = a * b + torch.sin(a)
    return z


def doubled(h):
    return h * 2


def given_on(a, b):
    t = doubled(a * b)
    return t


def test_a_statement_names_only_what_is_all_of_it():
    a, b = leaf(2.0), leaf(3.0)
    with viz.watch():
        loss = helped(a, b)
    text = explain(loss).text
    assert "loss = v1 + v2" in text and "v2 = sin(a)" in text and " z = sin" not in text
    with viz.watch():
        q = doubled(a * b) + 1
        z = doubled(a * b)
    assert z.item() == 12.0
    assert "v1 = a * b" in explain(q).text and "z = v1 * 2" in explain(z).text
    with viz.watch():
        final = doubled(helped(a, b))
    assert " z = v1 + v2" in explain(final).text
    with viz.watch():
        out = given_on(a, b)
    assert "v1 = a * b" in explain(out).text and "out = v1 * 2" in explain(out).text


def test_a_users_own_function_tells_what_it_saved():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = x**3
            ctx.save_for_backward(x, out, x * 2)
            return out

        @staticmethod
        def backward(ctx, g):
            return g * 3 * ctx.saved_tensors[0] ** 2

    x = leaf(2.0)
    with viz.watch():
        y = Cube.apply(x)
    assert "y = Cube(x) 8; keeps x, its result, an array of its own" in squeezed(explain(y).text)


def test_a_users_own_op_is_drawn_explained_and_played_like_ours(monkeypatch):
    monkeypatch.setattr("minigrad.ops.op.REGISTRY", dict(REGISTRY))
    bump = Op(
        "bump", lambda x: np.exp(-x * x), x=lambda g, x, out: g * -2 * x * out,
        formula="d bump(x)/dx = -2 * x * bump(x)", domain=REAL,
    )  # fmt: skip
    t = leaf(0.5)
    y = call_of(bump)(t)
    assert "to t g · −2 · t · y = 1 · −2 · 0.5 · 0.7788 = −0.7788" in squeezed(explain(y).text)
    assert "bump" in viz.graph(y).source
    assert "d bump(t)/dt" in viz.player(y).html
