import tomllib

import guard
import pytest


def test_counts_are_exact_and_the_same_every_time():
    def once():
        return 1

    def twice():
        once()
        once()

    (calls, instructions), again = guard.count(twice), guard.count(twice)
    assert (calls, instructions) == again
    assert calls == 3
    assert guard.count(once)[1] < instructions / 2


@pytest.fixture
def counted(monkeypatch):
    counts = {"chain": (3.0, 100.0)}
    monkeypatch.setattr(guard, "measure", lambda: counts)
    return counts


def test_written_limits_hold_until_a_count_grows(tmp_path, capsys, counted):
    limits = ["--limits", str(tmp_path / "limits.toml")]
    assert guard.main(["--write", *limits]) == 0
    assert guard.main(limits) == 0
    counted["chain"] = (3.0, 101.0)  # within the slack
    assert guard.main(limits) == 0
    counted["chain"] = (4.0, 100.0)
    assert guard.main(limits) == 1
    assert "chain: 4 Python calls, 33% more than the 3 allowed" in capsys.readouterr().out


def test_limits_of_other_versions_stay_while_the_calls_are_the_same(counted):
    known = {"calls": {"chain": 3.0}, "instructions-3.0": {"chain": 90.0}}
    assert tomllib.loads(guard.as_toml(counted, known))["instructions-3.0"] == {"chain": 90.0}
    known["calls"]["chain"] = 5.0
    assert set(tomllib.loads(guard.as_toml(counted, known))) == {"calls", f"instructions-{guard.version()}"}


def test_the_step_that_is_guarded_can_be_counted():
    found = guard.measure()
    assert all(calls > 0 and instructions > calls for calls, instructions in found.values())
