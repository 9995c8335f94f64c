"""What `make mutation` reads off the sources: the ops behind a line, what is no code, what is explained."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OPS = ROOT / "minigrad" / "ops"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "mutation")

    def load(name):
        monkeypatch.delitem(sys.modules, name, raising=False)
        spec = importlib.util.spec_from_file_location(name, ROOT / "mutation" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def line_of(path, text):
    return next(n for n, line in enumerate(path.read_text().splitlines(), start=1) if text in line)


@pytest.mark.parametrize(
    ("file", "text", "ops"),
    [
        ("elementwise.py", '"tanh", np.tanh', {"tanh"}),
        ("elementwise.py", "def _inverse_or_zero", {"atan2"}),
        ("elementwise.py", '("isnan", np.isnan', {"isnan", "isinf", "isfinite", "logical_not"}),
        ("neural.py", "_SQRT_HALF, _INV_SQRT_2PI", {"gelu"}),
        ("_special.py", "def erf(", {"erf", "gelu"}),
        ("reduce.py", "def _zero_over_zero", {"std", "vector_norm"}),
    ],
)
def test_a_line_leads_to_the_ops_that_it_has_a_say_in(script, file, text, ops):
    assert set(script("affected").ops_of_line(OPS / file, line_of(OPS / file, text))) == ops


def test_domains_and_types_are_no_code_under_test(script):
    left_out = {line for line, _ in script("affected").not_code(OPS / "neural.py")}
    path = OPS / "neural.py"
    for text in ('"negative_slope": d.choice', "def _along_dim(d", "classes, rest = d.integer"):
        assert line_of(path, text) in left_out, text
    for text in ("np.where(x > 0, g, g * negative_slope)", "return np.sum(g, axis=dim, keepdims=True)"):
        assert line_of(path, text) not in left_out, text


def test_comparisons_with_names_are_known(script):
    path = OPS / "neural.py"
    known = {line for line, _ in script("affected").compared_names(path)}
    assert line_of(path, 'if approximate == "tanh"') in known
    assert line_of(path, "if reduction == ") in known
    assert line_of(path, "x=lambda g, x, delta") not in known


def test_what_is_explained_has_a_file_and_a_reason(script):
    explained = script("run").explanations()
    assert explained
    for (file, was, now), why in explained.items():
        assert (ROOT / file).is_file() and now != was and why.strip()
