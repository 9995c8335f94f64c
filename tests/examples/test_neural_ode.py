import re

import neural_ode
import numpy as np
import pytest

import minigrad

plt = pytest.importorskip("matplotlib.pyplot")
SMALL = ["--steps", "20", "--places", "60", "--span", "3", "--batch", "8", "--hidden", "8", "--time", "2"]


def learned_with(library, *options):
    args = neural_ode.make_parser().parse_args([*SMALL, *options])
    path = neural_ode.make_path(args)
    return neural_ode.learn(library, neural_ode.make_model(library, args), path, args)


def test_it_finds_the_path_again_and_leaves_its_picture(tmp_path, capsys):
    options = ["--steps", "200", "--places", "150", "--time", "3", "--out", str(tmp_path / "out")]
    assert neural_ode.main(options) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert float(re.fullmatch(r"mean distance from the path: (\d\.\d{3})", last).group(1)) < 0.3
    assert plt.imread(tmp_path / "out" / "neural_ode.png").ndim == 3
    assert not plt.get_fignums()


def test_the_solver_is_of_the_fourth_order():
    def end(n):
        y = np.array([[1.0, 0.0]])
        for _ in range(n):
            y = neural_ode.runge_kutta(lambda y: y @ np.array([[0.0, -1.0], [1.0, 0.0]]), y, 1 / n)
        return y

    known = np.array([[np.cos(1.0), -np.sin(1.0)]])
    coarse, fine = (np.abs(end(n) - known).max() for n in (4, 8))
    assert 12 < coarse / fine < 20


def test_the_path_follows_the_law():
    args = neural_ode.make_parser().parse_args(["--places", "2001", "--time", "2"])
    path = neural_ode.make_path(args).astype(np.float64)
    slope = (path[2:] - path[:-2]) / (2 * 2 / 2000)
    np.testing.assert_allclose(slope, neural_ode.law(path[1:-1]), atol=0.02)


def test_the_gradient_through_the_solver_against_differences():
    w = minigrad.tensor([[0.3, -0.2], [0.1, 0.4]], dtype=minigrad.float64, requires_grad=True)
    y = minigrad.tensor([[1.0, 2.0], [0.5, -1.0]], dtype=minigrad.float64, requires_grad=True)

    def end(w, y):
        for _ in range(3):
            y = neural_ode.runge_kutta(lambda at: (at @ w).tanh(), y, 0.2)
        return y

    assert minigrad.autograd.gradcheck(end, (w, y))


def test_the_same_seed_gives_the_same_curve():
    assert learned_with(minigrad) == learned_with(minigrad)
    assert learned_with(minigrad) != learned_with(minigrad, "--seed", "1")


def test_a_library_that_is_missing_is_told(tmp_path, capsys, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    assert neural_ode.main(["--torch", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "neural_ode.py: No module named 'torch'\n"
    with pytest.raises(SystemExit):
        neural_ode.main(["--steps", "0"])


@pytest.mark.parity
def test_pytorch_goes_the_same_way_from_the_same_weights(pytorch):
    np.testing.assert_allclose(learned_with(minigrad), learned_with(pytorch), rtol=1e-3)
