import re
import struct

import fashion_mnist
import mlp_digits
import numpy as np
import pytest

pytest.importorskip("matplotlib.pyplot")


@pytest.fixture
def folder(tmp_path):
    """The four files, of small images: a bright row or a bright column."""
    patterns = np.zeros((10, 5, 6), np.uint8)
    for k in range(5):
        patterns[k, k, :] = 255
        patterns[5 + k, :, k] = 255
    for part, times in (("train", 40), ("t10k", 3)):
        labels = np.tile(np.arange(10, dtype=np.uint8), times)
        for what, values in (("images", patterns[labels]), ("labels", labels)):
            header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
            (tmp_path / f"{part}-{what}-idx{values.ndim}-ubyte").write_bytes(header + values.tobytes())
    return tmp_path


@pytest.fixture(autouse=True)
def no_dot(monkeypatch, tmp_path):
    """Laying out a graph takes longer than the rest of a small run."""
    monkeypatch.setenv("PATH", str(tmp_path))


def test_it_learns_leaves_its_pictures_and_can_be_resumed(folder, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    options = ["--data", str(folder), "--hidden", "16", "--batch-size", "16", "--epochs", "6"]
    assert fashion_mnist.main([*options, "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "360 images to learn from, 40 held out, 30 to test on" in lines
    assert lines[-1] == "test accuracy: 1.000"
    pictures = ["confusion.png", "curves.png", "network.dot", "predictions.png"]
    assert sorted(path.name for path in out.iterdir()) == ["checkpoint.npz", *pictures]

    for name in ("curves", "predictions", "confusion"):
        monkeypatch.setattr(mlp_digits, f"draw_{name}", lambda *_: "nothing")
    assert fashion_mnist.main(["--resume", str(out / "checkpoint.npz")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "test accuracy: 1.000"


def test_without_data_it_says_what_it_needs(capsys):
    with pytest.raises(SystemExit) as stop:
        fashion_mnist.main([])
    assert stop.value.code == 2
    assert "--data is needed" in capsys.readouterr().err


def test_the_accuracy_to_expect_is_written_down():
    assert re.search(r"test accuracy from 0\.88 to 0\.90", fashion_mnist.__doc__)
