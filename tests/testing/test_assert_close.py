"""torch.testing.assert_close: the tolerances, the messages, and results built of several."""

import math

import pytest

import minigrad as torch
from minigrad.testing import assert_close

T = torch.tensor


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (T([1.0]), T([1.0 + 1e-6])),
        (T([1.0, math.inf]), T([1.0, math.inf])),
        ({"a": [T([1])]}, {"a": [T([1])]}),
        (1.0, 1.0 + 1e-8),
        (T([1.0], dtype=torch.float64), T([1.0 + 1e-7], dtype=torch.float64)),
    ],
)
def test_close_results_pass(a, b):
    assert_close(a, b)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (T([1.0]), T([1.001]), r"Tensor-likes are not close!\n\nMismatched elements: 1 / 1 \(100.0%\)"),
        (T(1.0), T(2.0), r"Scalars are not close!\n\nExpected 2.0 but got 1.0"),
        (T([1, 2]), T([1, 3]), r"not equal!\n\n.*\nGreatest absolute difference: 1.0 at index \(1,\)\n"),
        (T([math.nan]), T([math.nan]), "Mismatched elements: 1"),
        (T([1.0]), T([1.0, 1.0]), "'shape' do not match"),
        (T([1.0]), T([1.0], dtype=torch.float64), "'dtype' do not match"),
        (1, 1.0, "types do not match"),
        (1.0, 1.0001, r"up to 1e-07 allowed"),
        ([T([1])], [T([1]), T([1])], "length of the sequences"),
        ({"a": 1}, {"b": 1}, "keys of the mappings"),
        ({"a": [T([1])]}, {"a": [T([2])]}, r"The failure occurred for item \['a'\]\[0\]"),
    ],
)
def test_different_results_say_how_they_differ(a, b, message):
    with pytest.raises(AssertionError, match=message):
        assert_close(a, b)


def test_arguments_loosen_and_name_it():
    assert_close(T([1.0]), T([1.1]), rtol=0.0, atol=0.2)
    assert_close(T([math.nan]), T([math.nan]), equal_nan=True)
    assert_close(T([1.0]), T([1.0], dtype=torch.float64), check_dtype=False)
    with pytest.raises(AssertionError, match=r"^mine$"):
        assert_close(T([1]), T([2]), msg="mine")
    with pytest.raises(AssertionError, match=r"^of layer 1: Tensor"):
        assert_close(T([1]), T([2]), msg=lambda text: f"of layer 1: {text}")
    with pytest.raises(ValueError, match="must both be given"):
        assert_close(T([1]), T([1]), rtol=0.1)
    with pytest.raises(TypeError, match="like with like"):
        assert_close(T(1.0), 1.0)
