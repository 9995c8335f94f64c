"""Convolutions of single channels, by long runs of memory: the numbers of the road that takes any groups."""

import itertools
from typing import Any

import numpy as np
import pytest

from minigrad.ops import windows

CHANNELS = 4


def all_three(x: Any, weight: Any, bias: Any, g: Any, *options: Any) -> list[Any]:
    return [
        windows.convolve(x, weight, bias, *options, CHANNELS),
        windows.convolve_back(g, weight, x.shape[2:], *options, CHANNELS),
        windows.convolve_weight(x, g, weight.shape[2:], *options, CHANNELS),
    ]


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_runs_have_the_numbers_of_the_general_road(axes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for k, p, d, each in itertools.product((1, 2, 3), (0, 1, 3), (1, 2), (1, 2)):
        x = rng.standard_normal((3, CHANNELS, *range(7, 7 + axes)))
        weight = rng.standard_normal((CHANNELS * each, 1, *(k,) * axes))
        options = [((n,) * axes) for n in (1, p, d)]
        places = windows.count_places(x.shape[2:], weight.shape[2:], *options)
        g, bias = rng.standard_normal((3, CHANNELS * each, *places)), rng.standard_normal(CHANNELS * each)
        found = all_three(x, weight, bias, g, *options)
        with monkeypatch.context() as patch:
            patch.setattr(windows, "_by_channel", lambda *_: False)
            for a, b in zip(found, all_three(x, weight, bias, g, *options), strict=True):
                np.testing.assert_allclose(a, b, 1e-11, 1e-12)


def test_one_filter_of_several_channels_takes_the_general_road() -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 2 * CHANNELS, 6)), rng.standard_normal((CHANNELS, 2, 3))
    options = ((1,), (0,), (1,))
    g = rng.standard_normal((2, CHANNELS, 4))
    out, by_x, by_weight = all_three(x, weight, None, g, *options)
    # Each gradient is the adjoint of the convolution, which is linear in x and in weight.
    assert by_x.shape == x.shape and by_weight.shape == weight.shape
    np.testing.assert_allclose([(by_x * x).sum(), (by_weight * weight).sum()], (out * g).sum(), 1e-11)
