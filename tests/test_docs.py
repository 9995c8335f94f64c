"""The pages that are written from the source are written from this source."""

import importlib.util
import re
import runpy
import sys
from pathlib import Path

import pytest

from minigrad.ops import REGISTRY
from minigrad.ops.__main__ import main, table

DOCS = Path(__file__).parent.parent / "docs"


def test_the_table_of_derivatives_is_the_one_that_the_records_give():
    written = (DOCS / "derivatives.md").read_text(encoding="utf-8")
    assert written == table(), "run: python -m minigrad.ops > docs/derivatives.md"


def test_the_package_of_ops_prints_the_table_when_it_is_run(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "minigrad.ops.__main__")  # runpy warns of running what is imported
    monkeypatch.setattr(sys, "argv", ["minigrad.ops"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("minigrad.ops", run_name="__main__")
    assert capsys.readouterr().out == table()
    runpy.run_module("minigrad.ops.__main__", run_name="imported")
    assert capsys.readouterr().out == ""


def test_one_op_is_shown_with_its_record(capsys):
    assert main(["tanh", "eq"]) == 0
    tanh, eq = capsys.readouterr().out.split("\n\neq")
    assert tanh.startswith("tanh(x)\n  derivative         d tanh(x)/dx = 1 - tanh(x)^2\n")
    assert "minigrad/ops/elementwise.py\n    tanh = Op(\n" in tanh
    assert "no derivative" in eq.splitlines()[1]
    with pytest.raises(SystemExit):
        main(["tanhh"])
    assert "do you mean tanh" in capsys.readouterr().err


def test_sentences_begin_with_a_subject():
    """A sentence that opens with a question word has to be read twice: a noun says the same at once."""
    root = DOCS.parent
    opening = re.compile(r'(?:^ *|"""|# |[.:] )((?:What|Who|Whoever|Whatever|Whether)\b[^?]{0,60})(?!.*\?)')
    found = [
        f"{path.relative_to(root)}:{number}: {match[1]}"
        for path in [
            *(root / "minigrad").rglob("*.py"),
            *(root / "mutation").glob("*.py"),
            *(root / "examples").glob("*.py"),
            *(root / "benchmarks").glob("*.py"),
            *DOCS.glob("*.md"),
            *(DOCS / "lessons").glob("*.md"),
            *(DOCS / "howto").glob("*.md"),
            *root.glob("*.md"),
            *(root / "benchmarks").glob("*.md"),
        ]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := opening.search(line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", [name for name, op in REGISTRY.items() if op.rules])
def test_every_op_of_the_table_can_be_shown(name, capsys):
    main([name])
    assert " = Op(\n" in capsys.readouterr().out


def test_the_package_says_what_it_is_when_it_is_run(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "minigrad.__main__", raising=False)
    runpy.run_module("minigrad", run_name="__main__")
    said = capsys.readouterr().out
    for line in re.findall(r"python -m (\S+)", said):
        assert importlib.util.find_spec(line), line
    lines = [
        re.split(r" {3,}", line.strip())[0]
        for line in said.splitlines()
        if line.startswith("  ") and "-m" not in line
    ]
    names = {}
    exec("\n".join(lines), names)
    assert names["x"].grad.item() == 12


def test_the_page_of_an_index_has_no_link_that_leads_nowhere():
    pytest.importorskip("hatchling")
    page = runpy.run_path(str(DOCS.parent / "hatch_build.py"))["page"]
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert not re.findall(r"\]\((?!https?:|#)", page(readme, ""))
    text = "![a b](docs/a.png) and [this](x/y.py), [there](https://example.org/z), [here](#below)"
    assert page(text, "") == "*Picture: a b* and this, [there](https://example.org/z), [here](#below)"
    source = "https://example.org/raw"
    assert f"![a b]({source}/docs/a.png) and [this]({source}/x/y.py), [there](https:" in page(text, source)


def test_files_that_the_pages_link_to_exist():
    for page in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), target
