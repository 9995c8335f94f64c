"""The mutants: wrong rules are made as described, found out, and counted; the count fails on a survivor."""

import mutants
import numpy as np
import pytest
import rewrite
import wrong_rules
from rewrite import variants

from minigrad.ops.op import REAL, REGISTRY, Op


@pytest.mark.parametrize("name", ["tanh", "getitem"])
def test_every_mutant_of_an_op_is_killed(name, capsys):
    assert mutants.main([name]) == 0
    assert "survivor" not in capsys.readouterr().out


def test_a_mutant_leaves_the_registered_op_alone():
    op = REGISTRY["tanh"]
    rules = dict(op.rules)
    made = list(mutants.mutants_of(op))
    assert len(made) > 15
    assert all(m.op is not op and m.op.rules["x"] is not rules["x"] for m in made)
    assert REGISTRY["tanh"] is op and op.rules == rules


def test_a_survivor_fails_the_count(capsys):
    op = Op("flat", np.sin, x=lambda g: g, formula="wrong", domain=REAL, register=False)
    assert mutants.killer(REGISTRY["sin"], samples=3) == ""
    assert mutants.killer(op, samples=3) != ""
    REGISTRY["flat"] = Op(
        "flat", np.floor, x=lambda g: g * 0, formula="0", domain=REGISTRY["floor"].domain, register=False
    )
    try:
        assert mutants.main(["flat", "--samples", "2"]) == 1
    finally:
        del REGISTRY["flat"]
    assert "survivor: flat, rule for x: sign" in capsys.readouterr().out


MINE = """
import numpy as np
from minigrad.ops.op import POSITIVE, Op

Op("my_log", lambda x: np.log(x), x=lambda g, x: g {}, formula="1/x", domain=POSITIVE)
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ops_of_a_users_file_are_broken_too(tmp_path, capsys, jobs):
    mine = tmp_path / "mine.py"
    mine.write_text(MINE.format("/ x") + MINE.format("/ x").replace("my_log", "my_other_log"))
    try:
        assert mutants.main(["--file", str(mine), "--jobs", jobs]) == 0
    finally:
        mutants.REGISTRY.pop("my_log"), mutants.REGISTRY.pop("my_other_log")
    assert "survivor" not in (out := capsys.readouterr().out) and "all " in out


def test_an_op_whose_right_rule_fails_is_told_apart_from_one_whose_mutants_die(tmp_path, capsys):
    mine = tmp_path / "mine.py"
    mine.write_text(MINE.format("* x"))
    try:
        assert mutants.main(["--file", str(mine)]) == 1
    finally:
        mutants.REGISTRY.pop("my_log")
    out = capsys.readouterr().out
    assert "my_log: its right rules fail, so its mutants tell nothing: gradients_are_derivatives" in out
    assert "killed 0 of 0" in out


def test_variants_change_one_thing_each():
    made = {
        description: (family, wrong) for family, description, wrong in variants(REGISTRY["atan"].rules["x"])
    }
    families = {}
    for description, (family, _) in made.items():
        families.setdefault(family, set()).add(description)
    assert families == {
        "a factor or term dropped": {
            "g, not g / (1 + x * x)",
            "1 / (1 + x * x), not g / (1 + x * x)",
            "1, not 1 + x * x",
            "x * x, not 1 + x * x",
            "x, not x * x",
        },
        "an operator or function mistaken": {
            "g * (1 + x * x), not g / (1 + x * x)",
            "1 - x * x, not 1 + x * x",
            "x / x, not x * x",
        },
        "a number or flag changed": {"2 + x * x, not 1 + x * x"},
    }
    assert made["1, not 1 + x * x"][1](np.array(6.0), np.array(2.0)) == 6.0
    assert made["x * x, not 1 + x * x"][1](np.array(6.0), np.array(2.0)) == 1.5


def test_variants_reach_the_helpers_of_a_rule():
    assert any(name.startswith("_centered: ") for _, name, _ in variants(REGISTRY["std"].rules["x"]))


def test_every_family_of_the_catalogue_is_made():
    ops = [REGISTRY[name] for name in ("div", "clamp", "log1p")]
    made = {m.family for op in ops for m in mutants.mutants_of(op)}
    exchanged = {"another input's rule", "inputs exchanged", "out and input mistaken"}
    assert made == {*wrong_rules.WRAPPED, *rewrite.FAMILIES, *exchanged}


def test_two_processes_count_what_one_counts(capsys):
    counts = []
    for jobs in ("1", "2"):
        assert mutants.main(["neg", "sign", "--verbose", "--jobs", jobs]) == 0
        counts.append(capsys.readouterr().out)
    assert counts[0] == counts[1] and "equivalent: the derivative is 0" in counts[0]


def test_an_unknown_op_is_named(capsys):
    with pytest.raises(SystemExit):
        mutants.main(["tahn"])
    assert "there is no op 'tahn'" in capsys.readouterr().err
