import re

import collapse
import pytest


def report(text):
    """The two numbers and the verdict of each line of the table."""
    found = re.findall(r"^(\w+) +(\d\.\de[+-]\d\d) +(\d\.\de[+-]\d\d) +(.*)$", text, flags=re.MULTILINE)
    return {name: (float(values), float(gradients), verdict) for name, values, gradients, verdict in found}


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_only_without_an_activation_two_layers_are_one(seed, capsys):
    assert collapse.main(["--seed", seed]) == 0
    table = report(capsys.readouterr().out)
    assert list(table) == ["none", "relu", "sigmoid", "tanh"]
    values, gradients, verdict = table.pop("none")
    assert values < 2e-6
    assert gradients < 2e-6
    assert "one layer" in verdict
    for values, gradients, verdict in table.values():
        assert values > 1e-2
        assert gradients > 1e-2
        assert "two layers" in verdict


def test_sizes_can_be_chosen(capsys):
    assert collapse.main(["--samples", "50", "--hidden", "100"]) == 0
    out = capsys.readouterr().out
    assert "X (50, 4), W1 (4, 100), b1 (1, 100), W2 (100, 3), b2 (1, 3)" in out
    assert "one layer" in report(out)["none"][2]


@pytest.mark.parametrize("bad", ["0", "-3", "x"])
def test_impossible_sizes_are_refused(bad, capsys):
    with pytest.raises(SystemExit) as stop:
        collapse.main(["--hidden", bad])
    assert stop.value.code == 2
    assert f"--hidden: {bad} is not a whole number from 1 on" in capsys.readouterr().err
