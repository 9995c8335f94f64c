import sys

import pytest
import vanishing

plt = pytest.importorskip("matplotlib.pyplot")


def test_gradients_vanish_through_sigmoids_and_not_through_relus(tmp_path, capsys):
    plt.close("all")
    assert vanishing.main(["--out", str(tmp_path), "--steps", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"wrote {tmp_path / 'vanishing.png'} and {tmp_path / 'vanishing-activations.png'}"
    sizes = {line.split()[0]: [float(s) for s in line.split()[1:]] for line in lines[1:3]}
    assert len(sizes["sigmoid"]) == len(sizes["relu"]) == vanishing.DEPTH + 1
    assert sizes["sigmoid"][0] < sizes["sigmoid"][-1] / 1e4
    assert sizes["relu"][0] > sizes["relu"][-1] / 1e2
    for name in ("vanishing.png", "vanishing-activations.png"):
        assert plt.imread(tmp_path / name).shape[1] > 1000
    assert not plt.get_fignums()


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(SystemExit) as stop:
        vanishing.main(["--out", str(tmp_path), "--steps", "1"])
    assert stop.value.code == 2
    assert "pip install matplotlib" in capsys.readouterr().err
