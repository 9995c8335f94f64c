"""The code in README runs as it stands there, and gives the results that README shows."""

import re
from pathlib import Path

import pytest

import minigrad as torch

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
TABLE = next(block for block in BLOCKS if block.startswith("tanh = Op("))


@pytest.fixture
def forgotten():
    """Leave the registry as it was."""
    from minigrad.ops import REGISTRY

    yield
    REGISTRY.pop("softsign", None)


@pytest.mark.usefixtures("forgotten")
def test_the_code_runs_and_gives_what_its_comments_say(capsys):
    pytest.importorskip("graphviz")
    pytest.importorskip("hypothesis")
    names = {}
    exec("\n".join(block for block in BLOCKS if block != TABLE), names)
    assert capsys.readouterr().out == "y = 3.0 x + -1.0\n"
    assert (names["first"].item(), names["second"].item()) == (12.0, 12.0)
    assert "cross_entropy" in names["picture"].source
    # The op of one's own: called, differentiated twice, explained, drawn, and held to finite differences.
    code = next(block for block in BLOCKS if "y = softsign(x)" in block)
    said = {
        name: eval(numbers) for name, numbers in re.findall(r"^\(?(\w+),?\)? = .*# (\[.*\])$", code, re.M)
    }
    assert list(said) == ["y", "slope", "bend"]
    for name, numbers in said.items():
        assert names[name].tolist() == pytest.approx(numbers, abs=5e-5), name
    assert "d softsign(x)/dx = 1 / (1 + |x|)^2" in str(names["story"])
    assert "softsign" in names["drawing"].source
    names["test_softsign"]()


@pytest.mark.usefixtures("forgotten")
def test_the_property_that_it_shows_finds_a_wrong_rule():
    pytest.importorskip("hypothesis")
    op, test = (next(block for block in BLOCKS if text in block) for text in ('"softsign"', "test_softsign"))
    names = {}
    wrong = op.replace("** 2", "** 3")
    assert wrong != op
    exec(wrong + test, names)
    with pytest.raises(AssertionError, match="wrong gradient"):
        names["test_softsign"]()


def test_the_explanation_is_an_excerpt_of_the_real_one():
    x, y = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    z = x * y + torch.sin(x)
    real = str(torch.explain(z)).splitlines()
    (shown,) = re.findall(r"```\n(z = .*?)```", TEXT, re.DOTALL)
    places = [real.index(line) for line in shown.splitlines() if line and line != "  ..."]
    assert places == sorted(places)


def test_the_record_that_it_shows_is_the_real_one():
    from minigrad.ops import elementwise

    assert TABLE in Path(elementwise.__file__).read_text(encoding="utf-8")


def test_its_links_lead_somewhere():
    headings = re.findall(r"^#+ (.*)$", TEXT, re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^):]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        else:
            assert (README.parent / target).exists(), target


def test_the_commands_that_it_names_are_targets():
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    for page in (TEXT, (README.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", page, re.M):
            assert re.search(rf"^{target}:", makefile, re.M), target
