import re

import gpt
import numpy as np
import pytest

import minigrad

plt = pytest.importorskip("matplotlib.pyplot")
SMALL = ["--epochs", "2", "--width", "16", "--heads", "2", "--context", "16"]
SMALL += ["--batch-size", "8", "--length", "20"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat, and the rat ran. " * 12, encoding="utf-8")
    return path


def run(capsys, *options):
    """The lines that the program printed, and the loss in the last one."""
    assert gpt.main([str(option) for option in options]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = re.fullmatch(r"loss per character: (\d+\.\d{3})", lines[-1])
    return lines, float(found.group(1))


def test_it_learns_a_small_text_by_heart_and_leaves_its_picture(text, tmp_path, capsys):
    options = (*SMALL, "--epochs", 60, "--width", 32, "--lr", 0.01, "--temperature", 0.1, "--length", 82)
    lines, loss = run(capsys, text, *options, "--out", tmp_path / "out")
    assert loss < 0.4
    assert any(line.startswith("492 characters, 14 different ones; ") for line in lines)
    assert any("the rat ran. the cat sat on the mat" in line for line in lines)
    assert plt.imread(tmp_path / "out" / "gpt.png").ndim == 3
    assert not plt.get_fignums()


def test_the_poems_are_there(tmp_path, capsys):
    options = ("--epochs", 1, "--width", 8, "--length", 5, "--context", 100, "--batch-size", 20)
    lines, loss = run(capsys, *options, "--out", tmp_path)
    assert "(places): Embedding(100, 8)" in "".join(lines) and 3 < loss < 5


def test_what_is_missing_and_what_does_not_fit_is_told(text, tmp_path, capsys, monkeypatch):
    assert gpt.main([str(tmp_path / "none.txt")]) == 2
    assert "none.txt" in capsys.readouterr().err
    assert gpt.main([str(text), "--context", "492"]) == 2
    assert "has 492 characters, and a step of these sizes needs 493" in capsys.readouterr().err
    assert gpt.main([str(text), "--width", "10"]) == 2
    assert "4 heads cannot share a width of 10" in capsys.readouterr().err

    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    assert gpt.main(["--torch", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "gpt.py: No module named 'torch'\n"


def made_with(library, text, *options):
    """The library, its model, the text and the arguments."""
    args = gpt.make_parser().parse_args([str(text), *SMALL, *options])
    learnt = gpt.read_text(args.file, 1)
    return library, gpt.make_model(library, len(learnt.letters), args), learnt, args


def test_no_place_sees_the_characters_behind_it(text):
    _, model, learnt, args = made_with(minigrad, text)
    codes = minigrad.from_numpy(learnt.codes[None, :16].copy())
    changed = codes.clone()
    changed[0, 9] += 1
    before, after = (gpt.run(minigrad, model, c, args.heads).detach().numpy()[0] for c in (codes, changed))
    np.testing.assert_array_equal(before[:9], after[:9])
    assert (before[9:] != after[9:]).any(1).all()


def test_the_same_seed_gives_the_same_curve_and_texts(text):
    first = gpt.learn(*made_with(minigrad, text))
    assert first == gpt.learn(*made_with(minigrad, text))
    assert first[0] != gpt.learn(*made_with(minigrad, text, "--seed", "1"))[0]


@pytest.mark.parity
def test_pytorch_goes_the_same_way_from_the_same_weights(pytorch, text):
    ours, theirs = (gpt.learn(*made_with(library, text, "--epochs", "6")) for library in (minigrad, pytorch))
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4)
    assert [s.epoch for s in ours[1]] == [1, 6]
    assert ours[1] == theirs[1]
