import sys

import compile_mlp
import numpy as np
import pytest

plt = pytest.importorskip("matplotlib.pyplot")


def test_it_shows_the_program_and_both_times(tmp_path, capsys):
    assert compile_mlp.main(["--out", str(tmp_path), "--rounds", "3"]) == 0
    out = capsys.readouterr().out
    assert "grad_net_fc1_weight = " in out and "compiled loss_of: 1 program" in out
    assert "eager " in out and "compiled " in out and "µs a step" in out
    assert plt.imread(tmp_path / "compile_mlp.png").shape[1] > 1000
    assert not plt.get_fignums()
    scope = {}
    exec((tmp_path / "mlp_program.py").read_text(encoding="utf-8"), scope)
    weights = [np.ones(s, np.float32) for s in ((16, 2), (16,), (2, 16), (2,))]
    loss, saved = scope["forward"](np.ones((32, 2), np.float32), np.zeros(32, int), *weights)
    np.testing.assert_allclose(loss, np.log(2), rtol=1e-5)
    assert set(scope["backward"](np.float32(1), saved)) >= {"net_fc1_weight", "net_fc2_bias"}


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit) as stop:
        compile_mlp.main(["--out", str(tmp_path), "--rounds", "1"])
    assert stop.value.code == 2
    assert "pip install matplotlib" in capsys.readouterr().err
