"""Every process of several draws its share of a dataset; together they draw all of it."""

from itertools import chain, islice, product

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


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("length", "ranks"), [(10, 1), (10, 3), (2, 5), (0, 2), (12, 4)])
def test_shares_have_all_samples_and_without_the_last_ones_none_twice(length, ranks, shuffle):
    parts = shares(length, ranks, shuffle=shuffle)
    assert {len(part) for part in parts} == {-(-length // ranks)}
    assert set(chain(*parts)) == set(range(length))
    parts = shares(length, ranks, shuffle=shuffle, drop_last=True)
    assert len(set(chain(*parts))) == len(list(chain(*parts))) == length // ranks * ranks


def test_ten_billion_samples_in_order_begin_at_once():
    sampler = DistributedSampler(range(10**10), 2, 1, shuffle=False)
    assert list(islice(sampler, 3)) == [1, 3, 5]


@pytest.mark.parity
def test_shares_are_pytorchs(pytorch):
    theirs = pytorch.utils.data.DistributedSampler
    for length in range(12):
        for ranks in (1, 2, 5):
            for rank, drop in product(range(ranks), (False, True)):
                given = (range(length), ranks, rank, False, 0, drop)
                if length >= ranks or not drop:
                    mine = DistributedSampler(*given)
                    assert list(mine) == list(theirs(*given)) and len(mine) == len(theirs(*given))


def test_a_rank_is_below_the_number_of_processes():
    with pytest.raises(ValueError, match=r"rank should be in the interval \[0, 1\]"):
        DistributedSampler(range(5), 2, 2)
