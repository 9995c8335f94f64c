import player
import pytest

PAGES = ["broadcast", "detach", "diamond", "network", "sum-of-two", "twice-1", "twice-2"]


def test_each_page_is_written_and_small(tmp_path, capsys):
    assert player.main(["--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"wrote {tmp_path / name}.html" for name in PAGES]
    for name in PAGES:
        text = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
        assert text.startswith("<!doctype html>") and len(text.encode()) < 90_000
    assert "no gradient flows back" in (tmp_path / "detach.html").read_text(encoding="utf-8")
    assert "backward adds the gradient to w.grad, which was" in (tmp_path / "twice-2.html").read_text(
        encoding="utf-8"
    )


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as stop:
        player.main(["--out", str(tmp_path / "file")])
    assert stop.value.code == 2
    assert "file" in capsys.readouterr().err
