"""The pictures of lessons that have no recorded graph: text that `show` prints."""

import numpy as np
import pytest

import minigrad as torch
from minigrad import viz
from minigrad.learn import sights
from minigrad.learn.exercises import exercises
from minigrad.learn.shrink import Tape

SEEN = [exercise for exercise in exercises if exercise.sight is not None]


def test_every_lesson_has_something_to_show():
    without = [e.number for e in exercises if e.picture is None and e.sight is None]
    assert without == []
    assert [e.number for e in SEEN] == [0, 5, 6, 7, 14, 16]


@pytest.mark.parametrize("exercise", SEEN, ids=str)
def test_the_picture_of_any_case_can_be_drawn_and_fits(exercise):
    for seed in range(2 if exercise.number == 14 else 12):
        for prop in exercise.properties:
            text = exercise.sight(prop.draw(Tape(random=np.random.default_rng(seed))))
            assert text and all(len(line) <= 120 for line in text.splitlines())


def test_the_error_of_a_secant_falls_and_then_rises():
    bars = [line.count("#") for line in sights.secants(lambda x: x**3, 1.0, 3.0).splitlines()[1:-1]]
    best = bars.index(min(bars))
    assert 0 < best < len(bars) - 1
    assert bars[: best + 1] == sorted(bars[: best + 1], reverse=True)


def test_cards_tell_what_is_kept_and_what_backward_has_freed():
    x = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    with viz.watch():
        h = torch.exp(x)
        y = h + 1
    text = sights.before_and_after(y, {"x": x, "h": h, "y": y}, [("backward", y)])
    first, second = text.split("after backward")
    assert "keeps its result" in first and "freed" not in first
    assert "freed" in second and "keeps its result" not in second
    assert "keeps nothing" in first  # an addition


def test_without_zeroing_the_second_gradient_is_the_sum_of_two():
    rows = [line.split() for line in sights.grads(1.0, 0.1).splitlines()[2:]]
    assert float(rows[1][4]) == pytest.approx(float(rows[1][2]) + 3.0)


def test_a_write_moves_the_stamp_of_all_that_share_the_memory():
    scope = {"x": torch.tensor([0.0, 1.0], requires_grad=True)}
    text = sights.stamps("d = x.detach(); d[0] = 9.0", scope)
    assert "x, d" in text.splitlines()[2]
    scope = {"x": torch.tensor([0.0, 1.0], requires_grad=True)}
    assert "error: " in sights.stamps("y = x.exp(); y += 1; y.sum().backward()", scope)
