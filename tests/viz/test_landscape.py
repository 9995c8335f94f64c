import sys

import numpy as np
import pytest

import minigrad as torch
from minigrad import viz

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def bowl(a, b):
    return (a - 1) ** 2 + 4 * (b + 1) ** 2


def test_the_path_of_an_optimiser_lies_over_the_loss():
    w = torch.tensor([-1.0, 1.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    path = []
    for _ in range(20):
        path.append(w.tolist())
        optimizer.zero_grad()
        bowl(w[0], w[1]).backward()
        optimizer.step()
    axes = viz.landscape(bowl, path, xlabel="slope", ylabel="offset")
    steps = axes.lines[0]
    assert np.column_stack(steps.get_data()) == pytest.approx(np.array(path))
    assert [line.get_xdata()[0] for line in axes.lines[1:]] == pytest.approx([path[0][0], path[-1][0]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("slope", "offset")
    low, high = axes.get_xlim()
    assert low < -1.0 < 1.0 < high < 2.0  # what the path covers, and a margin


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor, tuple])
def test_a_path_may_come_in_any_form(kind):
    assert len(viz.landscape(bowl, kind([[0.0, 0.0], [1.0, -1.0]]), points=5).lines) == 3


def test_pairs_of_tensors_and_no_path_at_all():
    a, b = torch.tensor(0.5, requires_grad=True), torch.tensor(1.0)
    assert len(viz.landscape(bowl, [(a, b)], points=5).lines) == 3
    axes = viz.landscape(bowl, points=5)
    assert len(axes.lines) == 0 and axes.get_xlim() == (-2.0, 2.0)


def test_the_lowest_band_holds_the_minimum():
    axes = viz.landscape(bowl, xlim=(-3, 3), ylim=(-3, 3), points=61)
    filled = axes.collections[0]
    assert filled.levels[0] == pytest.approx(0.0, abs=1e-9)
    assert filled.levels[-1] == pytest.approx(bowl(-3.0, 3.0))
    assert np.all(np.diff(filled.levels) > 0)


def test_places_where_the_loss_is_not_finite_are_left_out():
    viz.landscape(lambda a, b: torch.log(a) + b, points=9)
    with pytest.raises(ValueError, match="finite nowhere"):
        viz.landscape(lambda a, b: (a + b) * float("nan"), points=5)
    viz.landscape(lambda a, b: (a + b) * 0, points=5)  # flat


def test_nothing_is_recorded_while_it_is_computed():
    seen = []

    def loss(a, b):
        seen.append(torch.is_grad_enabled())
        return bowl(a, b)

    viz.landscape(loss, points=3)
    assert seen == [False] * 9


def test_a_path_of_other_than_pairs_is_refused():
    with pytest.raises(ValueError, match="pairs"):
        viz.landscape(bowl, [(1.0, 2.0, 3.0)])


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"landscape draws .* pip install matplotlib"):
        viz.landscape(bowl, points=3)
