"""The pages that are written from the source are written from this source."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from minigrad.ops.__main__ import table

DOCS = Path(__file__).parent.parent / "docs"


def test_the_table_of_derivatives_is_the_one_that_the_records_give():
    written = (DOCS / "derivatives.md").read_text(encoding="utf-8")
    assert written == table(), "run: python -m minigrad.ops > docs/derivatives.md"


def test_the_package_of_ops_prints_the_table_when_it_is_run(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "minigrad.ops.__main__")  # runpy warns of running what is imported
    runpy.run_module("minigrad.ops", run_name="__main__")
    assert capsys.readouterr().out == table()
    runpy.run_module("minigrad.ops.__main__", run_name="imported")
    assert capsys.readouterr().out == ""


def test_the_code_of_the_page_on_testing_runs(capsys):
    pytest.importorskip("hypothesis")
    page = (DOCS / "testing.md").read_text(encoding="utf-8")
    exec("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), {})
    assert "outputs = " in capsys.readouterr().out  # the program, as code


def test_files_that_the_pages_link_to_exist():
    for page in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), target
