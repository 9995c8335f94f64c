import re

import numpy as np
import pytest
import vae_digits

import minigrad

plt = pytest.importorskip("matplotlib.pyplot")
SMALL = ["--images", "200", "--epochs", "2", "--hidden", "16"]


def run(capsys, *options):
    """The lines that the program printed, and the loss in the last one."""
    assert vae_digits.main([str(option) for option in options]) == 0
    lines = capsys.readouterr().out.splitlines()
    return lines, float(re.fullmatch(r"test loss per image: (\d+\.\d\d)", lines[-1]).group(1))


def test_it_learns_and_leaves_its_picture(tmp_path, capsys):
    lines, loss = run(capsys, "--epochs", 12, "--hidden", 64, "--out", tmp_path / "out")
    assert "1,437 images to learn from, 360 to test on" in lines
    assert 20 < loss < 28.5  # an image of grey alone has 64 log 2 = 44.4
    assert plt.imread(tmp_path / "out" / "vae.png").ndim == 3
    assert not plt.get_fignums()


def test_help_and_what_is_missing_are_told(tmp_path, capsys, monkeypatch):
    with pytest.raises(SystemExit, match="0"):
        vae_digits.main(["--help"])
    assert "variational autoencoder" in capsys.readouterr().out

    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    assert vae_digits.main(["--torch", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "vae_digits.py: No module named 'torch'\n"
    with pytest.raises(SystemExit):
        vae_digits.main(["--epochs", "0"])


def learned_with(library, *options):
    args = vae_digits.make_parser().parse_args([*SMALL, *options])
    model = vae_digits.make_model(library, args)
    train, test = vae_digits.read_digits(args.images)
    losses = vae_digits.learn(library, model, train, args)
    losses.append(vae_digits.loss_on(library, model, test, args.seed))
    return losses, vae_digits.grid_of_digits(library, model, 3)


def test_the_same_seed_gives_the_same_curve():
    assert learned_with(minigrad)[0] == learned_with(minigrad)[0]
    assert learned_with(minigrad)[0] != learned_with(minigrad, "--seed", "1")[0]
    assert learned_with(minigrad)[1].shape == (30, 30)


@pytest.mark.parity
def test_pytorch_goes_the_same_way_from_the_same_weights(pytorch):
    ours, theirs = learned_with(minigrad, "--epochs", "6"), learned_with(pytorch, "--epochs", "6")
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-3)
