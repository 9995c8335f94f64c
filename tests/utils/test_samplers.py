"""Samplers and the sets made of other sets."""

from itertools import islice

import pytest

import minigrad as torch
from minigrad.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StackDataset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    dataloader,
    dataset,
    get_worker_info,
    sampler,
)


class Count(IterableDataset):
    def __init__(self, begin, end):
        self.begin, self.end = begin, end

    def __iter__(self):
        info = get_worker_info()
        number, count = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(self.begin + number, self.end, count))


def test_orders_are_drawn_anew_and_fixed_by_the_generator():
    for make in (
        lambda g: RandomSampler(range(50), generator=g),
        lambda g: RandomSampler(range(50), replacement=True, generator=g),
        lambda g: RandomSampler(range(50), num_samples=120, generator=g),
        lambda g: SubsetRandomSampler(range(50), generator=g),
        lambda g: WeightedRandomSampler([1.0] * 50, 50, generator=g),
    ):
        first, again = (make(torch.Generator().manual_seed(3)) for _ in range(2))
        one, two = list(first), list(first)
        assert one != two
        assert [one, two] == [list(again), list(again)]
        assert len(first) == len(one) and set(one) <= set(range(50))


def test_without_replacement_each_comes_once_before_one_comes_again():
    order = list(RandomSampler(range(10), num_samples=25))
    assert sorted(order[:10]) == sorted(order[10:20]) == list(range(10))
    assert len(set(order[20:])) == 5
    assert sorted(WeightedRandomSampler([0.1, 5.0, 1.0], 3, replacement=False)) == [0, 1, 2]


def test_weights_are_probabilities():
    drawn = list(WeightedRandomSampler([1.0, 0.0, 3.0], 4000, generator=torch.Generator()))
    assert drawn.count(1) == 0 and 0.7 < drawn.count(2) / 4000 < 0.8


def test_a_sampler_of_ten_billion_samples_begins_at_once():
    order = RandomSampler(range(7), replacement=True, num_samples=10**10)
    loader = DataLoader(range(7), batch_size=4, sampler=order)
    assert len(loader) == 10**10 // 4
    assert all(batch.shape == (4,) for batch in islice(loader, 3))
    heavy = WeightedRandomSampler([0.5, 0.5], 10**10)
    assert len(list(islice(heavy, 5))) == 5


def test_a_long_order_does_not_depend_on_what_the_program_draws_meanwhile():
    seen = []
    for draws in (False, True):
        torch.manual_seed(0)
        order = []
        for index in RandomSampler(range(9), replacement=True, num_samples=100):
            order.append(index)
            if draws:
                torch.rand(3)
        seen.append(order)
    assert seen[0] == seen[1]


def test_lists_of_indices():
    assert list(BatchSampler(SequentialSampler("abcde"), 2, True)) == [[0, 1], [2, 3]]
    assert len(BatchSampler(range(5), 2, True)) == 2 and len(BatchSampler(range(5), 2, False)) == 3
    loader = DataLoader(range(10, 15), batch_sampler=BatchSampler([4, 0, 2], 2, False))
    assert [b.tolist() for b in loader] == [[14, 10], [12]]


def test_the_loader_shows_its_samplers():
    loader = DataLoader(range(4), batch_size=2, shuffle=True)
    assert isinstance(loader.sampler, RandomSampler) and isinstance(loader.batch_sampler, BatchSampler)
    assert isinstance(DataLoader(range(4)).sampler, SequentialSampler)
    assert DataLoader(range(4), batch_size=None).batch_sampler is None
    assert sorted(i for batch in loader.batch_sampler for i in batch) == [0, 1, 2, 3]


def test_samplers_say_which_argument_is_wrong():
    for make, error, word in (
        (lambda: RandomSampler("ab", num_samples=0), ValueError, "num_samples"),
        (lambda: RandomSampler("ab", replacement=1), TypeError, "replacement"),
        (lambda: WeightedRandomSampler([1.0], True), ValueError, "num_samples"),
        (lambda: WeightedRandomSampler([[1.0]], 1), ValueError, "one row"),
        (lambda: BatchSampler([0], 0, False), ValueError, "batch_size"),
        (lambda: BatchSampler([0], 1, 0), ValueError, "drop_last"),
        (lambda: iter(Sampler()), NotImplementedError, "__iter__"),
        (lambda: list(RandomSampler("", num_samples=3)), ValueError, "without samples"),
        (lambda: DataLoader(Count(0, 3), shuffle=True), ValueError, "own order"),
        (lambda: ConcatDataset([]), ValueError, "at least one"),
        (lambda: ConcatDataset([Count(0, 3)]), TypeError, "ChainDataset"),
        (lambda: list(ChainDataset([[1]])), TypeError, "list"),
        (StackDataset, ValueError, "at least one"),
        (lambda: StackDataset([1], [1, 2]), ValueError, r"\[1, 2\]"),
        (lambda: ConcatDataset(["ab"])[2], IndexError, "behind"),
        (lambda: ConcatDataset(["ab"])[-3], ValueError, "before"),
        (lambda: Count(0, 3)[0], NotImplementedError, "no indices"),
        (lambda: iter(IterableDataset()), NotImplementedError, "__iter__"),
        (lambda: len(DataLoader(Count(0, 3))), TypeError, "len"),
    ):
        with pytest.raises(error, match=word):
            make()


def test_sets_of_sets():
    both = TensorDataset(torch.arange(2)) + TensorDataset(torch.arange(5, 8))
    assert [both[i][0].item() for i in range(-5, 5)] == [0, 1, 5, 6, 7] * 2
    assert [b.tolist() for (b,) in DataLoader(both, 3)] == [[0, 1, 5], [6, 7]]
    chain = Count(0, 2) + Count(5, 7)
    assert [b.tolist() for b in DataLoader(chain, 3)] == [[0, 1, 5], [6]]
    side = StackDataset(range(3), "abc")
    assert len(side) == 3 and side[1] == (1, "b")


def test_samples_one_after_another():
    assert [b.tolist() for b in DataLoader(Count(0, 5), 2)] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in DataLoader(Count(0, 5), 2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(DataLoader(Count(0, 2), batch_size=None)) == [0, 1]
    assert [b.tolist() for b in islice(DataLoader(Count(0, 10**12), 2), 2)] == [[0, 1], [2, 3]]


def test_an_end_of_an_iterator_inside_of_a_sample_is_not_the_end_of_the_pass():
    class Broken(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(Broken()))


def test_many_samples_at_once_where_the_set_can_give_them():
    class Many(Dataset):
        def __len__(self):
            return 5

        def __getitems__(self, indices):
            return [10 * i for i in indices]

    assert [b.tolist() for b in DataLoader(Many(), 3)] == [[0, 10, 20], [30, 40]]


def test_the_names_stand_where_pytorch_has_them():
    assert dataloader.DataLoader is DataLoader and dataloader.default_collate
    assert dataset.Dataset is Dataset and dataset.random_split
    assert sampler.Sampler is Sampler
