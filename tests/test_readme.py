"""The code in README runs as it stands there."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_readme_code_runs_and_finds_the_line(capsys):
    pytest.importorskip("graphviz")
    program = [block for block in BLOCKS if "Op(" not in block]
    names = {}
    exec("\n".join(program), names)
    assert capsys.readouterr().out == "y = 3.0 x + -1.0\n"
    assert (names["first"].item(), names["second"].item()) == (12.0, 12.0)
    assert "cross_entropy" in names["picture"].source


def test_the_record_that_readme_shows_is_the_real_one():
    from minigrad.ops import elementwise

    (block,) = (b for b in BLOCKS if "Op(" in b)
    assert block in Path(elementwise.__file__).read_text(encoding="utf-8")


def test_files_that_readme_links_to_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).exists(), target
