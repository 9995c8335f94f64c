import gc

import chain
import nets
import numpy as np
import pytest
from turns import Contender, check_same, compare, take_turns

import minigrad

WORK = [
    (chain, chain.Chain(links=5, length=8)),
    (chain, chain.Chain(links=5, length=0, f="relu")),
    (nets, nets.Net((2, 4, 3, 2), batch=5)),
]


@pytest.mark.parametrize(("kind", "spec"), WORK, ids=str)
def test_minigrad_and_the_derivative_by_hand_compute_the_same(kind, spec):
    check_same({"numpy": kind.by_hand(spec), "minigrad": kind.pieces(minigrad, spec).together()})
    check_same({"numpy": kind.by_hand(spec), "compiled": kind.compiled(minigrad, spec).together()})


def test_who_computes_something_else_is_named():
    right, wrong = (Contender(lambda: None, lambda value=value: [np.array([value])]) for value in (1.0, 1.1))
    with pytest.raises(ValueError, match="rival and ours computed different values"):
        check_same({"ours": right, "rival": wrong})


def test_everyone_has_a_turn_in_every_round_and_the_order_rotates():
    happened = []
    runs = {name: Contender(lambda name=name: happened.append(name), list) for name in "abc"}
    seconds = take_turns(runs, range(4), calls=2, slow=None)
    assert all(list(rows) == [0, 1, 2, 3] for rows in seconds.values())
    turns = "".join(happened[3 * 4 :])  # after the calls that look how slow each is
    assert turns == "cccbbbaaa" + "bbbcccaaa" + "bbbaaaccc" + "aaabbbccc"


def test_taking_turns_leaves_the_collector_as_it_was():
    frozen = gc.get_freeze_count()
    take_turns({"one": Contender(lambda: None, list)}, range(1))
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen


def test_ratios_are_of_medians_or_of_minima():
    seconds = {"minigrad": {0: 1.0, 1: 3.0, 2: 2.0}, "slow": {0: 4.0, 2: 10.0}}
    by_median, by_minimum = (compare(seconds, "minigrad", by)["slow"] for by in ("median", "minimum"))
    assert by_median["ratio"] == 2 / 7
    assert by_minimum["ratio"] == 1 / 4
    assert by_median["paired"] == pytest.approx([0.2125, 0.225, 0.2375])  # between 2/10 and 1/4
    assert by_median["rounds"] == 2
