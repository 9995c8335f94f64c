"""A right gradient raises no alarm and a wrong one does, whatever the seed; `checker.py` asks more seeds."""

import checker
import checker_table as table
import pytest


def seeds(shapes):
    """Of one entry, which one cotangent decides, 20; of more, 3."""
    return range(20 if shapes in (((1,),), ((),)) else 3)


@pytest.mark.parametrize("name", table.RIGHT)
def test_no_alarm_at_a_right_function(name):
    for seed in seeds(table.RIGHT[name][1]):
        checker.asked(table.RIGHT[name], seed)


@pytest.mark.parametrize("name", table.WRONG)
def test_a_wrong_function_is_found(name):
    for seed in seeds(table.WRONG[name][1]):
        with pytest.raises(checker.GradientError):
            checker.asked(table.WRONG[name], seed)


@pytest.mark.parametrize("seed", [1, 5])  # along directions, and entry by entry
def test_no_alarm_at_what_is_right(seed):
    for family, _, check in checker.checks(seed):
        if family in ("ops", "programs"):
            check()


def test_the_command_counts_by_family(capsys):
    assert checker.main(["right", "wrong", "--seeds", "1", "--first", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["right", "0"] and lines[1].split()[:2] == ["wrong", "0"]
    assert lines[-1].startswith("all") and "0 mistakes in" in lines[-1]


def test_the_command_shows_an_alarm_and_a_missed_fault(monkeypatch, capsys):
    def alarm():
        raise checker.GradientError("wrong gradient")

    mistaken = [("ops", "sin", alarm), ("wrong", "half", lambda: None)]
    monkeypatch.setattr(checker, "checks", lambda _seed: mistaken)
    assert checker.main(["--seeds", "1"]) == 1
    out = capsys.readouterr().out
    assert "false alarm at seed 0, ops: sin\nwrong gradient" in out
    assert "missed at seed 0, wrong: half" in out and "2 mistakes in 2 checks" in out
