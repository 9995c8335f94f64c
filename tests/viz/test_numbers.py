import numpy as np
import pytest

import minigrad as torch
from minigrad.viz._numbers import array, brief, described, number, raw, strip, summed


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
    assert array(np.arange(7.0)) == "min 0, max 6"
    assert array(np.zeros((0, 2))) == "empty"
    assert described(np.arange(7.0)) == "(7,), min 0, max 6"
    assert described(np.full((3, 3), 2.0)) == "(3, 3), all 2"


def test_what_is_not_finite_is_counted_and_does_not_hide_the_rest():
    x = np.arange(10.0)
    x[3], x[4], x[5] = np.nan, np.inf, -np.inf
    assert array(x) == "min 0, max 9, 1 nan, 2 inf"
    assert described(x) == "(10,), min 0, max 9, 1 nan, 2 inf"
    assert described(np.full(9, np.nan)) == "(9,), all nan"
    assert array(np.full(9, -np.inf)) == "all −inf"
    assert array(np.arange(9) > 3) == "False, False, False, False, …"


def test_a_strip_holds_the_elements_or_the_means_of_runs():
    assert strip(np.array([4.0, -2.0])) == [1.0, -0.5]
    means = strip(np.concatenate([np.full(50, 3.0), np.full(50, -3.0)]), cells=4)
    assert means == [1.0, 1.0, -1.0, -1.0]
    assert strip(np.array([np.nan, np.inf, 1.0])) == [0.0, 0.0, 1.0]
    assert strip(np.zeros(3)) == [0.0, 0.0, 0.0]


def test_labels_are_no_magnitudes():
    labels = np.array([7, 0, 3, 3, 9, 1, 2, 2])
    assert strip(labels) == [] and strip(labels > 3) == []
    assert array(labels) == "7, 0, 3, 3, …" and described(labels) == "(8,), 7, 0, 3, 3, …"


@pytest.mark.parametrize("scale", [1.0, 1e-4, 123.0, 1e9, 1e-30])
@pytest.mark.parametrize("shape", [(), (2,), (2, 2), (30,), (5, 4)])
def test_a_brief_text_fits_on_a_card_and_never_reads_like_first_and_last(shape, scale):
    for seed in range(20):
        value = np.random.default_rng(seed).normal(size=shape) * scale
        text = brief(value)
        assert len(text) <= 19
        assert " to " not in text and text.count("…") == 0


def test_a_sum_is_written_out_with_its_signs():
    assert summed([1.0, -5.96, 7.382]) == "1 − 5.96 + 7.382"
    assert summed([-0.4161, 3.0]) == "−0.4161 + 3"
    assert summed([np.array([1.0, -1.0])] * 2) == "[1, −1] + [1, −1]"


def test_the_raw_array_of_anything_that_has_one():
    x = torch.ones(2, requires_grad=True)
    assert raw(x) is x.detach().numpy()
    assert raw(3.0) == 3.0
    assert raw("text") is None and raw(None) is None
