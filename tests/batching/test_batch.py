"""Batches as arrays: what NumPy makes of one is what it makes of each sample."""

# ruff: noqa: ARG005 (an index may do without a place of each sample)

import numpy as np
import pytest

from minigrad.batching.batch import Batch, UnbatchableError, batched, lifted, summed, unbatched
from minigrad.batching.levels import Level
from minigrad.ops.arrays import everything, kin, one_sample

SAMPLES = 3
rng = np.random.default_rng(0)
PLACES = [rng.integers(-2, 2, (SAMPLES, *shape)) for shape in ((), (4,), (4,), (2, 4))]

# Indices of an array (2, 3, 4, 5); p has a batch of integers for each of PLACES.
INDICES = [
    lambda p: 1,
    lambda p: (slice(None), 1, None, slice(0, 3, 2)),
    lambda p: (Ellipsis, -1),
    lambda p: (np.array([1, 0]), slice(None), np.array([2, 1])),
    lambda p: (slice(None), np.array([1, 0, 1])),
    lambda p: (0, slice(None), np.array([[1, 2], [0, 3]])),
    lambda p: (slice(None), np.array([True, False, True])),
    lambda p: np.ones((2, 3), np.bool_),
    lambda p: p[0],
    lambda p: p[1],
    lambda p: p[3],
    lambda p: (slice(None), p[1]),
    lambda p: (slice(None), slice(None), p[3]),
    lambda p: (slice(None), p[1], p[2]),
    lambda p: (p[1], slice(None), p[2]),
    lambda p: (slice(None), p[1], slice(None), p[3]),
    lambda p: (p[1], p[3]),
    lambda p: (slice(None), p[1], 2),
    lambda p: (p[0], Ellipsis, p[1]),
    lambda p: (slice(None), None, p[1]),
    lambda p: (slice(None), slice(None), p[1], np.array([0, 1, 2, 0])),
]


def sampled(values):
    level = Level(len(values))
    return level, Batch(level, values)


def places_at(level, i=None):
    return [Batch(level, p) if i is None else p[i] for p in PLACES]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("k", range(len(INDICES)))
def test_an_index_picks_and_writes_as_in_each_sample(k, shared):
    values = rng.normal(size=(SAMPLES, 2, 3, 4, 5))
    if shared:
        values = np.repeat(values[:1], SAMPLES, 0)
    level = Level(SAMPLES)
    x = lifted(values[0].copy(), level) if shared else Batch(level, values.copy())
    index = INDICES[k](places_at(level))
    picked = unbatched(x[index], level)
    each = [values[i][INDICES[k](places_at(level, i))] for i in range(SAMPLES)]
    np.testing.assert_array_equal(picked, np.stack(each))
    new = rng.normal(size=picked.shape)
    written, added = x.copy(), x.copy()
    written[index] = Batch(level, new)
    np.add.at(added, index, Batch(level, new))
    for i in range(SAMPLES):
        own = INDICES[k](places_at(level, i))
        right, sums = values[i].copy(), values[i].copy()
        right[own] = new[i]
        np.add.at(sums, own, new[i])
        np.testing.assert_array_equal(unbatched(written, level)[i], right)
        np.testing.assert_allclose(unbatched(added, level)[i], sums)


def test_a_mask_of_each_sample_picks_nothing():
    _, x = sampled(rng.normal(size=(3, 4)))
    with pytest.raises(RuntimeError, match="a mask that differs from sample to sample"):
        x[x > 0]


def test_the_sum_over_samples_counts_what_they_share():
    level, x = sampled(rng.normal(size=(3, 4)))
    np.testing.assert_allclose(summed(x, level), x.data.sum(0))
    one = np.arange(4.0)
    np.testing.assert_array_equal(summed(one, level), 3 * one)
    np.testing.assert_array_equal(summed(lifted(one, level), level), 3 * one)
    other = Level(2)  # a newer level around it
    both = lifted(lifted(one, level), other)
    np.testing.assert_array_equal(unbatched(summed(both, level), other), [3 * one] * 2)


def test_levels_nest_in_either_order():
    values = rng.normal(size=(3, 2, 4))
    old, new = Level(3), Level(2)
    x = batched(batched(values, old), new)
    assert x.shape == (4,) and x.level is new and x.data.level is old
    y = batched(batched(values.swapaxes(0, 1), new), old)  # the older enters last, and lies within
    assert y.level is new and y.data.level is old
    np.testing.assert_array_equal(unbatched(unbatched(y, new), old), values)
    np.testing.assert_array_equal(unbatched(unbatched(y, old), new), values.swapaxes(0, 1))
    np.testing.assert_array_equal(unbatched(unbatched(x + y, new), old), 2 * values)


def test_what_is_made_beside_two_batches_has_the_levels_of_both():
    old, new = Level(3), Level(2)
    a, b = Batch(old, np.ones((3, 4))), Batch(new, np.ones((2, 4)))
    for like in (kin(a, b), kin(b, a), kin(None, (a, b))):
        made = np.zeros(4, like=like)
        made[...] = a + b
        np.testing.assert_array_equal(unbatched(unbatched(made, new), old), np.full((3, 2, 4), 2.0))


def test_values_can_be_asked_for_where_all_samples_are_the_same():
    level, x = sampled(rng.normal(size=(3, 4)))
    same = lifted(np.array(2.0), level)
    assert float(same) == 2 and bool(same == 2) and np.asarray(same).shape == ()
    for ask in (float, bool, int, np.asarray):
        with pytest.raises(UnbatchableError, match="vmap: "):
            ask(x.sum())
    assert everything(x).shape == (3, 4) and one_sample(x).base is x.data


def test_numpy_functions_without_a_rule_run_on_each_sample():
    level, x = sampled(rng.normal(size=(3, 4)))
    np.testing.assert_array_equal(np.ptp(x, 0).data, np.ptp(x.data, 1))
    np.testing.assert_array_equal(
        np.logical_and.accumulate(x > 0).data, np.logical_and.accumulate(x.data > 0, 1)
    )
    np.testing.assert_array_equal(np.diff(x).data, np.diff(x.data))
    with pytest.raises(UnbatchableError, match=r"the shape of the result of np\.unique depends on values"):
        np.unique(x)
    with pytest.raises(UnbatchableError, match="results of different shapes"):
        np.repeat(x, Batch(level, np.arange(12).reshape(3, 4)))
