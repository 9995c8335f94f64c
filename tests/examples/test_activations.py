import sys

import activations
import pytest

import minigrad as torch
from minigrad.viz import plot

plt = pytest.importorskip("matplotlib.pyplot")

PICTURES = ["relu", "grad-of-relu", "sigmoid", "grad-of-sigmoid", "tanh", "grad-of-tanh"]


def test_it_leaves_six_pictures_and_says_so(tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    assert activations.main(["--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"wrote {out / name}.png" for name in PICTURES]
    for name in PICTURES:
        height, width = plt.imread(out / f"{name}.png").shape[:2]
        assert (height, width) == (500, 1000)
    assert not plt.get_fignums()


def test_the_pictures_show_the_functions_and_their_derivatives(tmp_path, monkeypatch):
    seen = {}

    def watching(x, y, xlabel, ylabel, **options):
        assert x.shape == (160,)
        seen[ylabel] = y.clone()
        return plot(x, y, xlabel, ylabel, **options)

    monkeypatch.setattr(activations, "plot", watching)
    activations.main(["--out", str(tmp_path)])
    x = torch.arange(-8.0, 8.0, 0.1)
    sigmoid, tanh = torch.sigmoid(x), torch.tanh(x)
    expected = {
        "relu(x)": torch.maximum(x, torch.zeros_like(x)),
        "grad of relu": (x > 0).float(),
        "sigmoid(x)": sigmoid,
        "grad of sigmoid": sigmoid * (1 - sigmoid),
        "tanh(x)": tanh,
        "grad of tanh": 1 - tanh * tanh,
    }
    assert list(seen) == list(expected)
    for name, values in expected.items():
        assert seen[name].tolist() == pytest.approx(values.tolist(), abs=1e-6), name


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(SystemExit) as stop:
        activations.main(["--out", str(tmp_path)])
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as stop:
        activations.main(["--out", str(tmp_path / "file")])
    assert stop.value.code == 2
    assert "file" in capsys.readouterr().err
