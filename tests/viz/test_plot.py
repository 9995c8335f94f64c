import inspect
import sys

import numpy as np
import pytest

import minigrad as torch
from minigrad.viz import plot

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def points(axes):
    return [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axes.lines]


def test_its_parameters_are_those_of_the_chapter():
    defaults = {k: p.default for k, p in inspect.signature(plot).parameters.items()}
    assert defaults == {
        "X": inspect.Parameter.empty,
        "Y": None,
        "xlabel": None,
        "ylabel": None,
        "legend": [],
        "xlim": None,
        "ylim": None,
        "xscale": "linear",
        "yscale": "linear",
        "fmts": ("-", "m--", "g-.", "r:"),
        "figsize": (3.5, 2.5),
        "axes": None,
    }
    assert list(defaults)[:4] == ["X", "Y", "xlabel", "ylabel"]


def test_the_chapters_call():
    x = torch.arange(-8.0, 8.0, 0.1, requires_grad=True)
    y = torch.relu(x)
    axes = plot(x.detach(), y.detach(), "x", "relu(x)", figsize=(5, 2.5))
    ((xs, ys),) = points(axes)
    assert xs == x.tolist()
    assert ys == y.tolist()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "relu(x)")
    assert tuple(axes.figure.get_size_inches()) == (5, 2.5)


@pytest.mark.parametrize("kind", [torch.tensor, np.array, list, tuple])
def test_one_curve_from_a_tensor_an_array_or_numbers(kind):
    assert points(plot(kind([1.0, 2.0]), kind([3.0, 4.0]))) == [([1.0, 2.0], [3.0, 4.0])]


def test_without_y_the_values_are_drawn_over_their_positions():
    assert points(plot(torch.tensor([5.0, 6.0, 7.0]))) == [([0, 1, 2], [5, 6, 7])]


def test_curves_without_y_may_differ_in_length():
    assert points(plot([[5.0, 6.0], [7.0]])) == [([0, 1], [5, 6]), ([0], [7])]


def test_one_x_serves_every_y():
    x = torch.arange(3.0)
    assert points(plot(x, [x * 2, np.array([7, 8, 9])])) == [([0, 1, 2], [0, 2, 4]), ([0, 1, 2], [7, 8, 9])]


def test_every_y_may_have_its_own_x():
    curves = plot([[0, 1], [2, 3, 4]], [[5, 6], [7, 8, 9]])
    assert points(curves) == [([0, 1], [5, 6]), ([2, 3, 4], [7, 8, 9])]


def test_a_matrix_is_the_list_of_its_rows():
    assert points(plot(torch.arange(3.0), torch.ones(2, 3))) == [([0, 1, 2], [1, 1, 1])] * 2


def test_a_list_of_single_numbers_is_one_curve():
    losses = [torch.tensor(3.0), torch.tensor(2.0), 1.5]
    assert points(plot(losses)) == [([0, 1, 2], [3, 2, 1.5])]


@pytest.mark.parametrize("none", [[], torch.zeros(0)])
def test_no_points_is_an_empty_curve(none):
    assert points(plot(none)) == [([], [])]


def test_more_curves_than_formats_start_over():
    axes = plot([[1, 2]] * 5)
    assert len(axes.lines) == 5
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--", "-.", ":", "-"]


def test_limits_scales_and_legend():
    axes = plot([1, 10], [[1, 10], [2, 20]], legend=["a", "b"], xlim=(1, 9), ylim=(1, 30), yscale="log")
    assert axes.get_xlim() == (1, 9)
    assert axes.get_ylim() == (1, 30)
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_given_axes_are_drawn_into_and_returned():
    figure, axes = plt.subplots()
    assert plot([1, 2], axes=axes) is axes
    assert plot([3, 4], legend=["second"], axes=axes) is axes
    assert len(axes.lines) == 2
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["second"]
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize("where", ["X", "Y"])
def test_a_tensor_that_requires_grad_is_refused_with_the_way_out(where):
    x = torch.arange(3.0, requires_grad=True)
    with pytest.raises(RuntimeError, match=rf"{where} is a tensor that requires grad.*x\.detach\(\)"):
        plot(x) if where == "X" else plot([0, 1, 2], x)
    assert not plt.get_fignums()


def test_a_list_says_which_of_its_tensors_requires_grad():
    x = torch.arange(3.0, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"Y\[1\] is a tensor that requires grad"):
        plot([0, 1, 2], [x.detach(), x])
    with pytest.raises(RuntimeError, match=r"X\[0\] is a tensor that requires grad"):
        plot([x.sum(), 1.0])


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 3], [1, 2], r"in curve 0, X has 3 points and Y has 2"),
        ([[1, 2], [1, 2]], [[1, 2], [1, 2], [1, 2]], r"X has 2 curves and Y has 3"),
        ([[1, 2], [1, 2]], [1, 2], r"X has 2 curves and Y has 1"),
        (np.ones((2, 2, 2)), None, r"X has a curve of shape \(2, 2, 2\)"),
        (3.0, None, r"X has a curve of shape \(\)"),
        ([1, 2], [[1, 2], 3], r"Y has a curve of shape \(\)"),
    ],
)
def test_what_does_not_fit_is_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        plot(x, y)
    assert not plt.get_fignums()


def test_a_legend_longer_than_the_curves_is_refused():
    with pytest.raises(ValueError, match="2 legend entries for 1 curves"):
        plot([1, 2], legend=["a", "b"])


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install matplotlib"):
        plot([1, 2])
