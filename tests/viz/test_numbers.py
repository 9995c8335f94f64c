import numpy as np
import pytest

import minigrad as torch
from minigrad.viz._numbers import array, colour, described, number, raw, strip


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (2, "2"), (-7, "−7"), (1e-9, "1e−9"), (123456.0, "1.235e5"),
     (np.float32(0.1), "0.1"),
     (float("nan"), "nan"), (float("-inf"), "−inf"), (np.True_, "True"), (np.int64(3), "3")],
)  # fmt: skip
def test_a_number_is_short_and_its_sign_can_be_seen(value, text):
    assert number(value) == text


def test_an_array_is_written_out_or_told_by_its_ends():
    assert array(np.array(3.0)) == "3"
    assert array(np.arange(6.0).reshape(2, 3)) == "[[0, 1, 2], [3, 4, 5]]"
    assert array(np.arange(7.0)) == "0 to 6"
    assert array(np.zeros((0, 2))) == "empty"
    assert described(np.arange(7.0)) == "(7,), from 0 to 6"
    assert described(np.full((3, 3), 2.0)) == "(3, 3), all 2"


def test_what_is_not_finite_is_counted_and_does_not_hide_the_rest():
    x = np.arange(10.0)
    x[3], x[4], x[5] = np.nan, np.inf, -np.inf
    assert array(x) == "0 to 9, 1 nan, 2 inf"
    assert described(x) == "(10,), from 0 to 9, 1 nan, 2 inf"
    assert described(np.full(9, np.nan)) == "(9,), all nan"
    assert array(np.full(9, -np.inf)) == "all −inf"
    assert array(np.arange(9) > 3) == "False to True"


def test_a_strip_holds_the_elements_or_the_means_of_runs():
    assert strip(np.array([4.0, -2.0])) == [1.0, -0.5]
    means = strip(np.concatenate([np.full(50, 3.0), np.full(50, -3.0)]), cells=4)
    assert means == [1.0, 1.0, -1.0, -1.0]
    assert strip(np.array([np.nan, np.inf, 1.0])) == [0.0, 0.0, 1.0]
    assert strip(np.zeros(3)) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_of_both_signs_differ_and_grow_from_the_papers(theme):
    def light(c):
        return sum(int(c[i : i + 2], 16) for i in (1, 3, 5))

    assert colour(-1.0, theme) == "#2166ac" and colour(1.0, theme) == "#d95f02"
    assert colour(0.0, theme) == colour(-0.0, theme)
    far, near = light(colour(1.0, theme)), light(colour(0.1, theme))
    assert far < near if theme == "light" else far > near


def test_the_raw_array_of_anything_that_has_one():
    x = torch.ones(2, requires_grad=True)
    assert raw(x) is x.detach().numpy()
    assert raw(3.0) == 3.0
    assert raw("text") is None and raw(None) is None
