"""The mutants: wrong rules are made as described, found out, and counted; the count fails on a survivor."""

import numpy as np
import pytest

from minigrad._op import REAL, REGISTRY, Op
from minigrad.testing import RandomDrawer, engine_faults, laws, mutants
from minigrad.testing.programs import random_program
from minigrad.testing.rewrite import variants


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
    untested = mutants.Mutant(REGISTRY["sin"], "x", "none", "the right rule")
    assert mutants.killer(untested, samples=3) == ""
    assert mutants.killer(mutants.Mutant(op, "x", "wrong rule", ""), samples=3) != ""
    REGISTRY["flat"] = Op(
        "flat", np.floor, x=lambda g: g * 0, formula="0", domain=REGISTRY["floor"].domain, register=False
    )
    try:
        assert mutants.main(["flat", "--samples", "2"]) == 1
    finally:
        del REGISTRY["flat"]
    assert "survivor: flat, rule for x: sign" in capsys.readouterr().out


def test_variants_change_one_thing_each():
    found = dict(variants(REGISTRY["atan"].rules["x"]))
    assert set(found) == {
        "g, not g / (1 + x * x)",
        "1, not 1 + x * x",
        "x * x, not 1 + x * x",
        "x, not x * x",
    }
    assert found["1, not 1 + x * x"](np.array(6.0), np.array(2.0)) == 6.0
    assert found["x * x, not 1 + x * x"](np.array(6.0), np.array(2.0)) == 1.5


def test_variants_reach_the_helpers_of_a_rule():
    assert any(name.startswith("_centered: ") for name, _ in variants(REGISTRY["std"].rules["x"]))


@pytest.mark.parametrize("fault", engine_faults.FAULTS, ids=lambda fault: fault.name)
def test_every_fault_of_the_engine_still_means_something(fault):
    with engine_faults.at_work(fault):
        pass
    for law in laws.OF_THE_ENGINE:
        law()


def test_a_fault_of_the_engine_is_found_out_and_gone_afterwards():
    dropped = engine_faults.FAULTS[0]
    assert "GradientError" in engine_faults.killer(dropped, samples=20)
    for seed in range(5):
        laws.gradients_are_derivatives(random_program(RandomDrawer(seed)))


def test_a_fault_whose_line_is_gone_says_so():
    gone = engine_faults.Fault("gone", engine_faults.walk, "no such line", "")
    with pytest.raises(LookupError, match="no longer has the line"):
        engine_faults.killer(gone, samples=1)
