import re

import gaussian_process as gp
import numpy as np
import pytest

import minigrad

plt = pytest.importorskip("matplotlib.pyplot")


def args_of(*options):
    return gp.make_parser().parse_args(["--steps", "20", "--points", "12", *options])


def learned_with(library, *options):
    args = args_of(*options)
    return gp.learn(library, gp.GaussianProcess(library, gp.make_points(args)), args)


def test_the_band_holds_the_true_curve_and_the_picture_is_left(tmp_path, capsys):
    options = ["--steps", "100", "--out", str(tmp_path / "out")]
    assert gp.main(options) == 0
    lines = capsys.readouterr().out.splitlines()
    numbers = dict(part.split(" ") for part in lines[-3].split("  "))
    assert 0.08 < float(numbers["length"]) < 0.2 and 0.1 < float(numbers["noise"]) < 0.25
    found = re.fullmatch(r"the true curve lies within the band at (\d+)% of the places", lines[-1])
    assert int(found.group(1)) > 80
    assert plt.imread(tmp_path / "out" / "gaussian_process.png").ndim == 3
    assert not plt.get_fignums()


def test_the_loss_and_the_prediction_are_those_of_the_formulas():
    points = gp.make_points(args_of())
    process = gp.GaussianProcess(minigrad, points)
    length, scale, noise = process.numbers().values()

    def covariance(a, b):
        return scale**2 * np.exp(-0.5 * ((a[:, None] - b) / length) ** 2)

    n, places = len(points.x), np.linspace(0, 1, 7)
    full = covariance(points.x, points.x) + noise**2 * np.eye(n)
    known = points.y @ np.linalg.solve(full, points.y) + np.linalg.slogdet(full)[1] + n * np.log(2 * np.pi)
    np.testing.assert_allclose(process.loss().item(), known / (2 * n), rtol=1e-10)
    seen = covariance(points.x, places)
    mean, deviation = process.predict(places)
    np.testing.assert_allclose(mean, seen.T @ np.linalg.solve(full, points.y), rtol=1e-8)
    variance = scale**2 - (seen * np.linalg.solve(full, seen)).sum(0)
    np.testing.assert_allclose(deviation, np.sqrt(variance), rtol=1e-6)


def test_the_gradient_of_the_likelihood_against_differences():
    process = gp.GaussianProcess(minigrad, gp.make_points(args_of()))
    process.loss().backward()
    for k in range(3):
        ends = []
        for step in (1e-5, -1e-5):
            with minigrad.no_grad():
                process.logs[k] += step
                ends.append(process.loss().item())
                process.logs[k] -= step
        np.testing.assert_allclose(process.logs.grad[k].item(), (ends[0] - ends[1]) / 2e-5, rtol=1e-5)


def test_no_point_lies_in_the_gap():
    x = gp.make_points(args_of("--points", "500")).x
    assert ((x <= gp.GAP[0]) | (x >= gp.GAP[1])).all() and x.min() >= 0 and x.max() <= 1


def test_the_same_seed_gives_the_same_curve():
    assert learned_with(minigrad) == learned_with(minigrad)
    assert learned_with(minigrad) != learned_with(minigrad, "--seed", "1")


def test_a_library_that_is_missing_is_told(tmp_path, capsys, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    assert gp.main(["--torch", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "gaussian_process.py: No module named 'torch'\n"
    with pytest.raises(SystemExit):
        gp.main(["--points", "0"])


@pytest.mark.parity
def test_pytorch_goes_the_same_way_from_the_same_points(pytorch):
    np.testing.assert_allclose(learned_with(minigrad), learned_with(pytorch), rtol=1e-9)
