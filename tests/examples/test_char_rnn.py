import re

import char_rnn
import numpy as np
import pytest

import minigrad

plt = pytest.importorskip("matplotlib.pyplot")
SMALL = ["--epochs", "2", "--hidden", "16", "--steps", "16", "--batch-size", "8", "--length", "20"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat, and the rat ran. " * 12, encoding="utf-8")
    return path


def run(capsys, *options):
    """The lines that the program printed, and the loss in the last one."""
    assert char_rnn.main([str(option) for option in options]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = re.fullmatch(r"loss per character: (\d+\.\d{3})", lines[-1])
    return lines, float(found.group(1))


def test_it_learns_a_small_text_by_heart_and_leaves_its_picture(text, tmp_path, capsys):
    options = (*SMALL, "--epochs", 40, "--hidden", 32, "--temperature", 0.1, "--length", 41)
    lines, loss = run(capsys, text, *options, "--out", tmp_path / "out")
    assert loss < 0.2
    assert "492 characters, 14 different ones" in lines
    assert "the cat sat on the mat, and the rat ran. " in lines
    assert plt.imread(tmp_path / "out" / "char_rnn.png").ndim == 3
    assert not plt.get_fignums()


def test_the_poems_are_there_and_layers_may_stand_on_one_another(tmp_path, capsys):
    options = ("--epochs", 1, "--layers", 2, "--hidden", 8, "--length", 5, "--steps", 64)
    lines, loss = run(capsys, *options, "--out", tmp_path)
    assert "(lstm): LSTM(4, 8, num_layers=2)" in "".join(lines) and 2 < loss < 5


def test_what_is_missing_and_what_is_too_short_is_told(text, tmp_path, capsys, monkeypatch):
    assert char_rnn.main([str(tmp_path / "none.txt")]) == 2
    assert "none.txt" in capsys.readouterr().err
    assert char_rnn.main([str(text)]) == 2
    assert "has 492 characters, and a step of these sizes needs 528" in capsys.readouterr().err

    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    assert char_rnn.main(["--torch", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "char_rnn.py: No module named 'torch'\n"
    with pytest.raises(SystemExit):
        char_rnn.main(["--epochs", "0"])


def learned_with(library, text, *options):
    args = char_rnn.make_parser().parse_args([str(text), *SMALL, *options])
    learnt = char_rnn.read_text(args.file, 1)
    return char_rnn.learn(library, char_rnn.make_model(library, len(learnt.letters), args), learnt, args)


def test_the_same_seed_gives_the_same_curve_and_texts(text):
    assert learned_with(minigrad, text) == learned_with(minigrad, text)
    assert learned_with(minigrad, text)[0] != learned_with(minigrad, text, "--seed", "1")[0]


@pytest.mark.parity
def test_pytorch_goes_the_same_way_from_the_same_weights(pytorch, text):
    options = ("--epochs", "6", "--layers", "2")
    ours, theirs = learned_with(minigrad, text, *options), learned_with(pytorch, text, *options)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4)
    assert [s.epoch for s in ours[1]] == [1, 6]
    assert ours[1] == theirs[1]
