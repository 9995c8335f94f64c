"""Convolutions by long runs of memory: the numbers of the road that takes any groups."""

import itertools
from typing import Any

import numpy as np
import pytest

from minigrad.ops import windows

CHANNELS = 4


def all_three(x: Any, weight: Any, bias: Any, g: Any, *options: Any) -> list[Any]:
    groups = x.shape[1] // weight.shape[1]
    return [
        windows.convolve(x, weight, bias, *options, groups),
        windows.convolve_back(g, weight, x.shape[2:], *options, groups),
        windows.convolve_weight(x, g, weight.shape[2:], *options, groups),
    ]


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2, CHANNELS])
def test_runs_have_the_numbers_of_the_general_road(
    axes: int, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    for k, p, d, each in itertools.product((1, 2, 3), (0, 1, 3), (1, 2), (1, 2)):
        x = rng.standard_normal((3, CHANNELS, *range(7, 7 + axes)))
        weight = rng.standard_normal((CHANNELS * each, CHANNELS // groups, *(k,) * axes))
        options = [((n,) * axes) for n in (1, p, d)]
        places = windows.count_places(x.shape[2:], weight.shape[2:], *options)
        g, bias = rng.standard_normal((3, CHANNELS * each, *places)), rng.standard_normal(CHANNELS * each)
        found = []
        for in_runs in (True, False):
            with monkeypatch.context() as patch:
                patch.setattr(windows, "_in_runs", lambda *_, way=in_runs: way)
                found.append(all_three(x, weight, bias, g, *options))
        for a, b in zip(*found, strict=True):
            np.testing.assert_allclose(a, b, 1e-11, 1e-12)


def test_an_inf_is_seen_by_its_own_windows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((1, 2, 20, 20)), rng.standard_normal((1, 2, 18, 18))
    weight = rng.standard_normal((2, 2, 3, 3))
    x[0, 0, 0, 0], weight[1, 0, 0, 0], options = np.inf, np.inf, ((1, 1), (0, 0), (1, 1))
    found = all_three(x, weight, None, g, *options)
    monkeypatch.setattr(windows, "_in_runs", lambda *_: False)
    for a, b in zip(found, all_three(x, weight, None, g, *options), strict=True):
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
