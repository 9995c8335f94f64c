"""Planted faults: each alone in a copy, told when no test notices; the right code must pass first."""

import planted
import pytest

TABLE = """
["pkg/calc.py"]
tests = "{tests}"
faults = [["a difference", "a + b", "a - b"]]
"""


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "calc.py").write_text("def add(a, b):\n    return a + b\n")
    (root / "test_sharp.py").write_text(
        "from pkg.calc import add\n\ndef test():\n    assert add(2, 2) == 4\n"
    )
    (root / "test_blunt.py").write_text(
        "from pkg.calc import add\n\ndef test():\n    assert add(2, 0) == 2\n"
    )
    return root


@pytest.mark.parametrize(
    ("tests", "code", "said"), [("test_sharp.py", 0, "killed 1 of 1"), ("test_blunt.py", 1, "survivor")]
)
def test_a_fault_that_no_test_notices_is_told(repository, tmp_path, capsys, tests, code, said):
    table = tmp_path / "table.toml"
    table.write_text(TABLE.format(tests=tests))
    assert planted.main(["--jobs", "1"], table, repository) == code
    assert said in capsys.readouterr().out
    assert "a + b" in (repository / "pkg" / "calc.py").read_text()


def test_a_fault_whose_text_is_gone_is_told(repository, tmp_path):
    table = tmp_path / "table.toml"
    table.write_text(TABLE.format(tests="test_sharp.py").replace("a + b", "a * b"))
    with pytest.raises(LookupError, match=r"a difference: 0 times in pkg/calc\.py"):
        planted.main(["--jobs", "1"], table, repository)


def test_a_fault_that_is_no_python_is_told(repository, tmp_path):
    table = tmp_path / "table.toml"
    table.write_text(TABLE.format(tests="test_sharp.py").replace("a - b", "a -"))
    with pytest.raises(LookupError, match=r"a difference: .*invalid syntax"):
        planted.main(["--jobs", "1"], table, repository)


def test_right_code_that_fails_is_no_proof(repository, tmp_path, capsys):
    (repository / "pkg" / "calc.py").write_text("def add(a, b):\n    return 5 # a + b\n")
    table = tmp_path / "table.toml"
    table.write_text(TABLE.format(tests="test_sharp.py"))
    assert planted.main(["--jobs", "1"], table, repository) == 1
    assert "without any fault these tests fail: test_sharp.py" in capsys.readouterr().out


def test_a_fault_may_have_tests_of_its_own(tmp_path):
    table = tmp_path / "table.toml"
    table.write_text(TABLE.format(tests="blunt").replace('"a - b"', '"a - b", "sharp"'))
    assert [fault.tests for fault in planted.faults(table)] == ["sharp"]


def test_the_table_has_each_fault_once():
    found = planted.faults()
    assert len(found) >= 90
    assert len({fault.note for fault in found}) == len({(f.file, f.old, f.new) for f in found}) == len(found)
    paths = {part for fault in found for part in fault.tests.split() if part.startswith("tests/")}
    assert [path for path in paths if not (planted.ROOT / path).exists()] == []


def test_every_planted_fault_stands_in_the_code_of_today():
    for fault in planted.faults():
        fault.planted_in(planted.ROOT)  # raises where the text is not there once
