"""Every process of several draws its share of a dataset; together they draw all of it."""

import pytest

from minigrad.utils.data import DataLoader, DistributedSampler


def shares(length, ranks, **how):
    return [list(DistributedSampler(range(length), ranks, rank, **how)) for rank in range(ranks)]


def test_shares_go_in_turns_and_have_one_length():
    assert shares(5, 2, shuffle=False) == [[0, 2, 4], [1, 3, 0]]
    assert shares(5, 2, shuffle=False, drop_last=True) == [[0, 2], [1, 3]]
    assert shares(1, 3, shuffle=False) == [[0], [0], [0]]
    assert len(DistributedSampler(range(5), 2, 1)) == 3


def test_the_epoch_changes_the_order_the_same_in_all():
    first = shares(8, 2, seed=1)
    assert sorted(first[0] + first[1]) == list(range(8)) and first == shares(8, 2, seed=1)
    sampler = DistributedSampler(range(8), 2, 0, seed=1)
    sampler.set_epoch(1)
    assert list(sampler) != first[0]
    assert len(list(DataLoader(range(8), batch_size=2, sampler=sampler))) == 2


def test_a_rank_is_below_the_number_of_processes():
    with pytest.raises(ValueError, match=r"rank should be in the interval \[0, 1\]"):
        DistributedSampler(range(5), 2, 2)
