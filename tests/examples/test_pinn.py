import re

import numpy as np
import pinn
import pytest

import minigrad

plt = pytest.importorskip("matplotlib.pyplot")


def learned_with(library, *options):
    args = pinn.make_parser().parse_args(["--steps", "20", "--points", "16", "--hidden", "8", *options])
    return pinn.learn(library, pinn.make_model(library, args), args)


def test_it_comes_near_the_known_solution_and_leaves_its_picture(tmp_path, capsys):
    options = ["--steps", "300", "--hidden", "16", "--points", "64", "--out", str(tmp_path / "out")]
    assert pinn.main(options) == 0
    found = re.fullmatch(r"largest error: (\d\.\d{4})", capsys.readouterr().out.splitlines()[-1])
    assert float(found.group(1)) < 0.15
    assert plt.imread(tmp_path / "out" / "pinn.png").ndim == 3
    assert not plt.get_fignums()


def test_the_residual_of_a_known_function_is_its_formula():
    x = minigrad.tensor([[0.3], [0.7]], dtype=minigrad.float64, requires_grad=True)
    t = minigrad.tensor([[0.5], [0.2]], dtype=minigrad.float64, requires_grad=True)
    found = pinn.residual(minigrad, lambda at: at[:, :1] ** 3 * at[:, 1:] ** 2, x, t, 0.2)
    a, b = x.detach().numpy(), t.detach().numpy()
    np.testing.assert_allclose(found.detach().numpy(), 2 * a**3 * b - 0.2 * 6 * a * b**2, rtol=1e-12)


def test_the_known_solution_solves_the_equation():
    grid = np.linspace(0, 1, 401)
    u, h = pinn.solution(grid, 0.2), grid[1]
    u_t = (u[2:, 1:-1] - u[:-2, 1:-1]) / (2 * h)
    u_xx = (u[1:-1, 2:] - 2 * u[1:-1, 1:-1] + u[1:-1, :-2]) / h**2
    np.testing.assert_allclose(u_t, 0.2 * u_xx, atol=1e-4)


def test_the_same_seed_gives_the_same_curve():
    assert learned_with(minigrad) == learned_with(minigrad)
    assert learned_with(minigrad) != learned_with(minigrad, "--seed", "1")


def test_a_library_that_is_missing_is_told(tmp_path, capsys, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    assert pinn.main(["--torch", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "pinn.py: No module named 'torch'\n"
    with pytest.raises(SystemExit):
        pinn.main(["--steps", "0"])


@pytest.mark.parity
def test_pytorch_goes_the_same_way_from_the_same_weights(pytorch):
    np.testing.assert_allclose(learned_with(minigrad), learned_with(pytorch), rtol=1e-3)
