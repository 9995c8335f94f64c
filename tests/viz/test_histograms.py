import numpy as np
import pytest

import minigrad as torch
from minigrad import viz
from minigrad.viz._histograms import POWERS, histogram

plt = pytest.importorskip("matplotlib.pyplot")
nn = torch.nn


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def watched(steps=3, **options):
    torch.manual_seed(0)
    model = nn.MLP(4, 6, 2, activation="relu")
    with viz.layers(model, **options) as seen:
        for _ in range(steps):
            model(torch.randn(8, 4)).square().mean().backward()
    return model, seen


def test_shares_of_magnitudes_by_half_powers_of_ten():
    counts = histogram(np.array([0.0, 0.0, 2e-12, 0.02, 4.0, 1e9]))
    assert counts.shape == (len(POWERS),) and counts.sum() == pytest.approx(1.0)
    filled = {int(i): float(share) for i, share in enumerate(counts) if share}
    assert filled == pytest.approx({0: 1 / 3, 1: 1 / 6, 21: 1 / 6, 26: 1 / 6, 30: 1 / 6})
    assert histogram(np.array([])).sum() == 0


def test_each_call_of_each_layer_is_noted():
    _, seen = watched(steps=3)
    for what in ("activations", "gradients"):
        assert {name: len(calls) for name, calls in seen.counts[what].items()} == {
            "0 Linear": 3, "1 ReLU": 3, "2 Linear": 3,
        }  # fmt: skip
    assert all(0 < counts[0] < 1 for counts in seen.counts["activations"]["1 ReLU"])  # relu's zeros
    assert all(counts[0] == 0 for counts in seen.counts["activations"]["0 Linear"])


def test_the_medians_are_those_of_the_real_gradients():
    torch.manual_seed(0)
    layer = nn.Linear(3, 4)
    x = torch.randn(5, 3)
    with viz.layers(layer) as seen:
        out = layer(x)
        out.retain_grad()
        (out**3).sum().backward()
    assert seen.medians["gradients"]["Linear"] == [pytest.approx(np.median(np.abs(out.grad.numpy())))]
    assert seen.medians["activations"]["Linear"] == [pytest.approx(np.median(np.abs(out.detach().numpy())))]


def test_zeros_are_counted_apart_and_not_in_the_median():
    layer = nn.ReLU()
    with viz.layers(layer) as seen:
        layer(torch.tensor([-1.0, -2.0, -3.0, 4.0], requires_grad=True)).sum().backward()
    assert seen.medians["activations"]["ReLU"] == [4.0]
    assert seen.counts["activations"]["ReLU"][0][0] == 0.75


def test_layers_can_be_chosen_and_are_let_go():
    model, seen = watched(choose=lambda module: isinstance(module, nn.Linear))
    assert list(seen.counts["gradients"]) == ["0 Linear", "2 Linear"]
    assert not any(module._forward_hooks for module in model.modules())
    model(torch.randn(1, 4)).sum().backward()
    assert len(seen.counts["gradients"]["0 Linear"]) == 3


def test_training_is_the_same_with_and_without():
    def train(watch):
        torch.manual_seed(0)
        model = nn.MLP(3, 4, 1)
        x = torch.randn(6, 3)
        with viz.layers(model) if watch else torch.enable_grad():
            model(x).square().mean().backward()
        return [p.grad.tolist() for p in model.parameters()]

    assert train(True) == train(False)


def test_evaluation_is_not_noted():
    model, seen = watched(steps=1)
    with seen, torch.no_grad():
        model(torch.ones(1, 4))
    assert len(seen.counts["activations"]["0 Linear"]) == 1


def test_one_panel_for_each_layer_with_its_median():
    _, seen = watched(steps=4)
    for what in ("gradients", "activations"):
        figure = viz.histograms(seen, what)
        assert [axes.get_title() for axes in figure.axes] == ["0 Linear", "1 ReLU", "2 Linear"]
        for axes in figure.axes:
            expected = np.log10(seen.medians[what][axes.get_title()])
            assert axes.lines[0].get_ydata() == pytest.approx(expected)
            assert axes.collections[0].get_array().shape == (len(POWERS), 4)


def test_it_draws_into_a_row_of_given_axes():
    _, seen = watched()
    figure, row = plt.subplots(1, 3)
    assert viz.histograms(seen, axes=row, title="mine") is figure
    assert row[0].get_ylabel() == "mine"


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="draws activations or gradients, not 'weights'"):
        viz.histograms(watched()[1], "weights")
    with pytest.raises(ValueError, match="no gradients were noted"):
        viz.histograms(viz.layers(nn.Linear(1, 1)))
