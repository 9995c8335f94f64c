"""A right gradient raises no alarm; `python mutation/checker.py` asks a thousand seeds."""

import checker
import pytest


@pytest.mark.parametrize("seed", [1, 5])  # along directions, and entry by entry
def test_no_alarm_at_what_is_right(seed):
    for _, _, check in checker.checks(seed):
        check()


def test_the_command_counts_by_family(capsys):
    assert checker.main(["functions", "programs", "--seeds", "1", "--first", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split() == ["all", "0", "false", "alarms", "in", "3", "checks"]


def test_the_command_shows_an_alarm_and_fails(monkeypatch, capsys):
    def alarm():
        raise AssertionError("wrong gradient")

    monkeypatch.setattr(checker, "checks", lambda _seed: [("ops", "sin", alarm)])
    assert checker.main(["--seeds", "1"]) == 1
    out = capsys.readouterr().out
    assert "false alarm at seed 0, ops: sin\nwrong gradient" in out and "1 false alarms in 1 checks" in out
