"""The pages of the site run, and print what they say."""

import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


def load(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pages.py imports cell.py by its name
    spec.loader.exec_module(module)
    return module


cell = load("cell")
pages = load("pages")
links = load("links")


@pytest.mark.parametrize("path", pages.pages(), ids=lambda path: str(path.relative_to(DOCS)))
def test_a_page_runs_and_prints_what_it_says(path, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib").use("Agg")
    text = path.read_text(encoding="utf-8")
    if "viz.graph" in text and not shutil.which("dot"):
        pytest.skip("no dot program")
    for package in {"sklearn", "hypothesis"} & set(re.findall(r"from (\w+)", text)):
        pytest.importorskip(package)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    pages.check(path, tmp_path)


def test_every_lesson_has_a_page_and_the_page_its_exercise_and_a_picture():
    from minigrad.learn import exercises

    lessons = sorted((DOCS / "lessons").glob("[0-9]*.md"))
    assert [int(path.name[:2]) for path in lessons] == [e.number for e in exercises]
    for exercise, path in zip(exercises, lessons, strict=True):
        text = path.read_text(encoding="utf-8")
        assert f"python -m minigrad.learn check {exercise.number}\n" in text, path
        assert "/made/" in text, path
        assert "```{try}" in text, path


def page(tmp_path, monkeypatch, text):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("```python\nprint(1)\n```\n```text\n2\n```\n", "the code prints"),
        ("```python\n1 / 0\n```\n", "page.md:2: ZeroDivisionError"),
        ("```python\nprint(1)\n```\n", "does not show"),
        ("```python\nx = 1\n```\n![a](../made/pictures/a.svg)\n", "shows none"),
        ("```{try}\nx = y\n```\n", "line 1: NameError"),
    ],
)
def test_a_page_that_is_wrong_is_refused(text, says, tmp_path, monkeypatch):
    with pytest.raises(pages.PageError, match=says):
        pages.check(page(tmp_path, monkeypatch, text), tmp_path)


def test_outputs_that_differ_can_be_written(tmp_path, monkeypatch):
    path = page(tmp_path, monkeypatch, "```python\nprint(1)\n```\n```text\n2\n```\n\nend\n")
    pages.check(path, tmp_path, rewrite=True)
    assert path.read_text(encoding="utf-8") == "```python\nprint(1)\n```\n```text\n1\n```\n\nend\n"


def test_a_cell_tells_where_it_failed_and_what_it_printed():
    told = cell.told("print(1)\nx = y", "mine.py")
    assert (told["printed"], told["error"]) == ("1\n", "line 2: NameError: name 'y' is not defined")
    assert cell.told("raise SystemExit")["error"].startswith("line 1: SystemExit")
    assert cell.told("x = (")["error"].startswith("line 1: SyntaxError")
    assert cell.told("1 + 1")["printed"] == "2\n"


def test_views_find_the_lines_of_a_cell():
    told = cell.told(
        "import minigrad as torch\nfrom minigrad import viz\nx = torch.tensor(2.0, requires_grad=True)\n"
        "with viz.watch():\n    y = x * x\nprint(torch.explain(y))"
    )
    assert "y = x * x" in told["printed"], told


def test_dead_links_are_found(tmp_path):
    links_of = {
        "a": '<a id="here" href="b.html#there">b</a><a href="c.html">c</a><a href="#here">',
        "b": '<p id="there"><a href="https://example.org/">x</a><a href="a.html#gone">',
    }
    for name, text in links_of.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
    found, outside = links.dead(tmp_path)
    assert sorted(found) == ["a.html: c.html", "b.html: a.html#gone"]
    assert outside == {"https://example.org/"}


NOTEBOOKS = sorted((DOCS.parent / "examples/notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom_and_its_objects_show_themselves(path, monkeypatch):
    pytest.importorskip("graphviz")
    plt = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(plt, "show", lambda: None)
    scope, kinds, printed = {}, [], ""
    for number, (kind, source) in enumerate(pages.notebook(path)):
        if kind == "code":
            result = cell.run(source, f"cell {number}", scope)
            printed += result.printed
            if result.shown:
                kinds.append(result.shown.kind)
                assert "$$" not in result.shown.text  # no LaTeX, which needs the network
    plt.close("all")
    assert "html" in kinds and "svg" in kinds
    assert "tensor(" in printed
    if path.stem == "a_network_that_learns":
        assert float(re.search(r"(\d+)% right", printed)[1]) > 97
        assert "(0): Linear(in_features=2, out_features=16, bias=True)" in printed
        assert "def backward(" in printed


def test_notebooks_are_stored_without_outputs():
    assert len(NOTEBOOKS) == 2
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert all(not c.get("outputs") and c.get("execution_count") is None for c in cells), path.name
