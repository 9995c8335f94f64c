import re

import lenet_digits
import numpy as np
import pytest

import minigrad

plt = pytest.importorskip("matplotlib.pyplot")
SMALL = ["--epochs", "2", "--images", "200"]


def run(capsys, *options):
    """The lines that the program printed, and the accuracy in the last one."""
    assert lenet_digits.main([str(option) for option in options]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = re.fullmatch(r"test accuracy: (\d\.\d{3})", lines[-1])
    return lines, float(found.group(1))


def test_it_learns_from_few_images_and_leaves_its_picture(tmp_path, capsys):
    lines, accuracy = run(
        capsys, *SMALL, "--epochs", 15, "--batch-size", 8, "--lr", 0.03, "--out", tmp_path / "out"
    )
    assert accuracy > 0.7
    assert "200 images to learn from, 360 test images" in lines
    assert plt.imread(tmp_path / "out" / "lenet.png").ndim == 3
    assert not plt.get_fignums()


def test_settings_are_chosen_without_the_test_digits():
    (train, test), (learned, held_out) = lenet_digits.read_digits(), lenet_digits.read_digits(held_out=True)

    def pictures(digits):
        return sorted(x.tobytes() for x in digits.x)

    assert len(held_out.x) == len(test.x) * 0.8
    assert sorted(pictures(learned) + pictures(held_out)) == pictures(train)


def test_what_is_missing_and_what_is_no_number_is_told(tmp_path, capsys, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    assert lenet_digits.main(["--torch", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "lenet_digits.py: No module named 'torch'\n"
    with pytest.raises(SystemExit):
        lenet_digits.main(["--epochs", "0"])


def losses_with(library, *options):
    args = lenet_digits.make_parser().parse_args([*SMALL, *options])
    train, test = lenet_digits.read_digits(args.images)
    model = lenet_digits.make_model(library, args.seed)
    losses = lenet_digits.learn(library, model, train, args)
    return losses, lenet_digits.predict(library, model, test.x)


def test_the_same_seed_gives_the_same_curve():
    assert losses_with(minigrad)[0] == losses_with(minigrad)[0]
    assert losses_with(minigrad)[0] != losses_with(minigrad, "--seed", "1")[0]


@pytest.mark.parity
def test_pytorch_goes_the_same_way_from_the_same_weights(pytorch):
    ours, theirs = losses_with(minigrad), losses_with(pytorch)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4)
    assert (ours[1] == theirs[1]).mean() > 0.99
