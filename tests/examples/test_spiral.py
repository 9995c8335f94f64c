import sys

import numpy as np
import pytest
import spiral

plt = pytest.importorskip("matplotlib.pyplot")
image = pytest.importorskip("PIL.Image")
SMALL = ["--hidden", "8", "--points", "20", "--steps", "9", "--frames", "3"]


def accuracies(capsys, *options):
    """The files that the program wrote, and the accuracy of each network that it printed."""
    assert spiral.main([str(option) for option in options]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    return [line[1] for line in lines if line[0] == "wrote"], {
        line[0]: float(line[2]) for line in lines if line[1] == "accuracy"
    }


def test_it_leaves_a_film_and_its_last_picture(tmp_path, capsys):
    out = tmp_path / "new" / "out"
    written, found = accuracies(capsys, *SMALL, "--out", out)
    assert written == [str(out / "spiral.gif"), str(out / "spiral.png")]
    assert list(found) == ["identity", "sigmoid", "tanh", "relu"]
    assert plt.imread(out / "spiral.png").ndim == 3
    with image.open(out / "spiral.gif") as film:
        assert film.n_frames == 4
        stays = []
        for number in range(film.n_frames):
            film.seek(number)
            stays.append(film.info["duration"])
    assert stays == [90, 90, 90, 3000]
    assert not plt.get_fignums()


def test_only_with_an_activation_the_arms_are_told_apart(tmp_path, capsys):
    options = ["--turns", "0.8", "--points", "40", "--steps", "300", "--frames", "1", "--lr", "0.02"]
    _, found = accuracies(capsys, *options, "--activations", "identity", "relu", "--out", tmp_path)
    assert found["identity"] < 0.6
    assert found["relu"] > 0.95


def test_a_seed_decides_everything(tmp_path, capsys):
    runs = [
        accuracies(capsys, *SMALL, "--activations", "tanh", "--seed", seed, "--out", tmp_path)
        for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_networks_start_from_the_same_weights():
    args = spiral.make_parser().parse_args(SMALL)
    first, second = (spiral.start(name, args).model for name in ("relu", "tanh"))
    for name, weights in first.state_dict().items():
        assert (weights == second.state_dict()[name]).all()


def test_colours_are_paler_where_the_network_is_less_certain():
    certain, undecided = np.array([[[1.0, 0, 0]]]), np.array([[[0.4, 0.3, 0.3]]])
    arm = spiral.COLOURS[0]
    distances = [np.abs(spiral.shaded(p)[0, 0] - arm).sum() for p in (certain, undecided)]
    assert distances[0] < distances[1]
    assert (spiral.shaded(undecided) <= 1).all()


@pytest.mark.parametrize(
    "options",
    [
        ["--activations", "step"],
        ["--hidden", "0"],
        ["--points", "-1"],
        ["--noise", "-1"],
        ["--lr", "nan"],
        ["--turns", "inf"],
        ["--frames", "x"],
    ],
)
def test_impossible_options_are_refused(options, capsys):
    with pytest.raises(SystemExit) as stop:
        spiral.main(options)
    assert stop.value.code == 2
    assert options[0] in capsys.readouterr().err


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as stop:
        spiral.main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for option in (
        "activations",
        "hidden",
        "points",
        "turns",
        "noise",
        "steps",
        "lr",
        "frames",
        "seed",
        "out",
    ):
        assert f"--{option}" in text


@pytest.mark.parametrize("package", ["tqdm", "matplotlib", "threadpoolctl"])
def test_a_missing_package_is_named_with_its_extra(package, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit) as stop:
        spiral.main([*SMALL, "--out", str(tmp_path)])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "pip install matplotlib threadpoolctl tqdm" in error
    assert error.count("\n") == 1
