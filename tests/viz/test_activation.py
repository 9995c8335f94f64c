import math
import sys

import numpy as np
import pytest

import minigrad as torch
from minigrad import viz

plt = pytest.importorskip("matplotlib.pyplot")
nn = torch.nn

ELEMENTWISE = [
    nn.ReLU(), nn.LeakyReLU(0.1), nn.ELU(), nn.SELU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Softplus(),
    nn.Hardtanh(), nn.LogSigmoid(), nn.Sigmoid(), nn.Tanh(), nn.Identity(),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def curves(axes):
    """Points of each curve, gaps left out."""
    found = []
    for line in axes.lines:
        x, y = np.array(line.get_xdata()), np.array(line.get_ydata())
        found.append((x[~np.isnan(x)], y[~np.isnan(x)]))
    return found


@pytest.mark.parametrize("module", ELEMENTWISE, ids=repr)
def test_the_curves_are_the_function_and_its_derivatives(module):
    (x, y), (_, first), (_, second) = curves(viz.activation(module))
    h = 1e-4
    smooth = (np.abs(x) > 2 * h) & (np.abs(np.abs(x) - 1) > 2 * h)
    near = {d: module(torch.tensor(x + d)).numpy() for d in (-h, 0.0, h)}
    np.testing.assert_allclose(y, near[0.0], atol=1e-12)
    np.testing.assert_allclose(first[smooth], ((near[h] - near[-h]) / (2 * h))[smooth], atol=1e-6)
    bend = (near[h] - 2 * near[0.0] + near[-h]) / h**2
    np.testing.assert_allclose(second[smooth], bend[smooth], atol=1e-5)


def test_every_activation_of_nn_is_covered():
    names = {type(module).__name__ for module in ELEMENTWISE}
    known = {
        name
        for name in nn.__all__
        if getattr(nn, name).__class__ is type and getattr(nn, name).__module__ == "minigrad.nn.activation"
    }
    assert known - names == {"Softmax", "LogSoftmax", "Softmax2d"}  # the first two: see below


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_softmax_is_drawn_with_its_rival_fixed_and_refused_where_that_is_not_known(name):
    function = getattr(nn.functional, name)
    with pytest.raises(ValueError, match="depends on its neighbours"):
        viz.activation(lambda x: function(x, 0))
    module = nn.Softmax(1) if name == "softmax" else nn.LogSoftmax(-1)
    by_hand = lambda x: function(torch.stack([x, torch.zeros_like(x)]), 0)[0]  # noqa: E731
    for fn in (name, module, by_hand):
        axes = viz.activation(fn)
        (x, y), (_, first), (_, second) = curves(axes)
        s = 1 / (1 + np.exp(-x))
        expected = (
            (s, s * (1 - s), s * (1 - s) * (1 - 2 * s))
            if name == "softmax"
            else (np.log(s), 1 - s, s * (s - 1))
        )
        for got, curve in zip((y, first, second), expected, strict=True):
            np.testing.assert_allclose(got, curve, atol=1e-12)
    assert viz.activation(module).lines[0].get_label() == f"{name}([x, 0])[0]"


def test_a_jump_is_a_gap_and_not_a_steep_line():
    for module, gaps in (
        (nn.ReLU(), (0, 1, 0)),
        (nn.ELU(), (0, 0, 1)),
        (nn.Hardtanh(), (0, 2, 0)),
        (nn.Tanh(), (0, 0, 0)),
    ):
        lines = viz.activation(module).lines
        assert tuple(int(np.isnan(line.get_ydata()).sum()) for line in lines) == gaps, module


def test_names_and_functions_are_taken_too():
    assert viz.activation("gelu").lines[0].get_label() == "gelu"
    assert viz.activation("tanh").lines[0].get_label() == "tanh"
    assert viz.activation(torch.sin, (-1, 1)).get_xlim() == (-1, 1)
    (_, y), (_, first), _ = curves(viz.activation(lambda x: x * 0 + 2.0, (-1, 1)))
    assert set(y) == {2.0} and set(first) == {0.0}


def test_a_function_without_a_gradient_has_slope_zero():
    _, (_, first), (_, second) = curves(viz.activation(lambda x: (x > 0).double()))
    assert set(first) == {0.0} and set(second) == {0.0}


def test_it_draws_under_no_grad_and_into_given_axes():
    axes = plt.figure().add_subplot()
    with torch.no_grad():
        assert viz.activation(torch.tanh, axes=axes) is axes
    assert max(axes.lines[1].get_ydata()) == pytest.approx(1.0, abs=1e-3)
    assert math.isclose(axes.get_xlim()[0], -5.0)


@pytest.mark.parametrize(
    ("fn", "error", "words"),
    [
        (3, TypeError, "not a int"),
        ("nothing", ValueError, "no function 'nothing'"),
        (lambda x: x.sum(), ValueError, r"one number per element, \(400,\); it gave shape \(\)"),
        (lambda _: 3, ValueError, "it gave a int"),
    ],
)
def test_what_is_no_function_of_each_element_is_refused(fn, error, words):
    with pytest.raises(error, match=words):
        viz.activation(fn)


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"activation draws .* pip install matplotlib"):
        viz.activation(torch.tanh)
