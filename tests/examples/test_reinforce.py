import re

import numpy as np
import pytest
import reinforce

import minigrad

plt = pytest.importorskip("matplotlib.pyplot")
SMALL = ["--rounds", "4", "--carts", "8", "--steps", "40", "--hidden", "8"]


def learned_with(library, *options):
    args = reinforce.make_parser().parse_args([*SMALL, *options])
    return reinforce.learn(library, reinforce.make_model(library, args), args)


def test_the_pole_stands_longer_and_the_picture_is_there(tmp_path, capsys):
    options = ("--rounds", "25", "--carts", "16", "--steps", "120", "--out", str(tmp_path))
    assert reinforce.main(options) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert float(re.fullmatch(r"the pole stands (\d+\.\d) of 120 steps", last).group(1)) > 50
    assert plt.imread(tmp_path / "reinforce.png").ndim == 3
    assert not plt.get_fignums()


def test_a_cart_moves_as_newton_says():
    rest = np.zeros((4, 1))
    pushed = reinforce.move(rest, np.array([True]))[:, 0] / reinforce.SECONDS
    # Upright and at rest: (M+m)x" + ml·a = F and x" + (4/3)l·a = 0.
    system = np.array([[1.1, 0.05], [1.0, 4 / 3 * 0.5]])
    np.testing.assert_allclose(pushed[[1, 3]], np.linalg.solve(system, [10.0, 0.0]), rtol=1e-12)


def test_the_return_of_a_push_is_the_time_to_the_fall():
    standing = np.array([[True, True], [True, False], [True, False]])
    returns = np.array([[3.0, 1.0], [2.0, 0.0], [1.0, 0.0]])
    known = returns[standing]
    expected = np.where(standing, (returns - known.mean()) / known.std(), 0)
    np.testing.assert_allclose(reinforce.advantages(standing, 1.0), expected, rtol=1e-6)


def test_the_same_seed_gives_the_same_curve():
    assert learned_with(minigrad) == learned_with(minigrad) != learned_with(minigrad, "--seed", "1")


@pytest.mark.parity
def test_pytorch_goes_the_same_way_from_the_same_weights(pytorch):
    assert learned_with(minigrad, "--rounds", "10") == learned_with(pytorch, "--rounds", "10")
