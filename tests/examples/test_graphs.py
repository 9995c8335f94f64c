import shutil
import sys

import graphs
import pytest

pytest.importorskip("graphviz")
NAMES = [
    "network",
    "network-folded",
    "network-with-gradients",
    "network-backward",
    "diamond",
    "broadcast",
    "detach",
    "walked-never",
    "walked-once",
    "walked-twice",
    "kept",
    "freed",
]


def sources(tmp_path):
    assert graphs.main(["--out", str(tmp_path), "--format", "dot"]) == 0
    return {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.dot")}


def test_each_picture_shows_what_it_is_about(tmp_path, capsys):
    found = sources(tmp_path)
    assert capsys.readouterr().out.splitlines() == [f"wrote {tmp_path / name}.dot" for name in NAMES]
    assert sorted(found) == sorted(NAMES)
    assert '"0: Linear"' in found["network"] and "no gradient yet" in found["network"]
    assert "25 parameters" in found["network-folded"]
    assert "grad " in found["network-with-gradients"]
    assert "g · cos(x)" in found["diamond"]
    assert "grad [3, 5, 7]" in found["broadcast"]
    assert "detached from h" in found["detach"] and "grad 54" in found["detach"]
    assert "no gradient yet" in found["walked-never"]
    assert "grad [2, −4]" in found["walked-once"] and "grad [4, −8]" in found["walked-twice"]
    assert "keeps w" in found["walked-twice"]
    assert "keeps its result" in found["kept"]
    assert "freed by backward" in found["freed"]


@pytest.mark.skipif(not shutil.which("dot"), reason="the program dot is not installed")
def test_pictures_are_drawn(tmp_path, capsys):
    assert graphs.main(["--out", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""
    for name in NAMES:
        assert "<svg" in (tmp_path / f"{name}.svg").read_text(encoding="utf-8")


def test_without_dot_the_sources_are_left_and_the_reason_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert graphs.main(["--out", str(tmp_path / "out")]) == 0
    assert "apt install graphviz" in capsys.readouterr().err
    assert len(list((tmp_path / "out").glob("*.dot"))) == len(NAMES)


def test_without_the_python_package_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(SystemExit):
        graphs.main(["--out", str(tmp_path)])
    assert "pip install graphviz" in capsys.readouterr().err
