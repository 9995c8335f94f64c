"""Datasets and the DataLoader."""

from collections import UserList, defaultdict, namedtuple
from itertools import chain
from types import MappingProxyType

import numpy as np
import pytest

import minigrad as torch
from minigrad.utils.data import (
    DataLoader,
    Dataset,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)


class Pairs(Dataset):
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, i):
        return torch.tensor([float(i)]), i * 10


def table(size):
    return TensorDataset(torch.arange(float(size)), torch.arange(size) * 10)


def seen(loader):
    return [x.flatten().tolist() for x, _ in loader]


both = pytest.mark.parametrize("make", [Pairs, table])


@both
def test_batches_in_order_with_a_short_last_one(make):
    loader = DataLoader(make(5), batch_size=2)
    assert seen(loader) == [[0, 1], [2, 3], [4]]
    assert len(loader) == 3
    x, y = next(iter(loader))
    assert x.dtype == torch.float32
    assert y.dtype == torch.int64
    assert y.tolist() == [0, 10]


@both
def test_drop_last(make):
    loader = DataLoader(make(5), batch_size=2, drop_last=True)
    assert seen(loader) == [[0, 1], [2, 3]]
    assert len(loader) == 2
    assert seen(DataLoader(make(1), batch_size=2, drop_last=True)) == []


@both
def test_shuffling_covers_everything_and_differs_between_passes(make):
    loader = DataLoader(make(40), batch_size=7, shuffle=True, generator=torch.Generator().manual_seed(0))
    first, second = (list(chain(*seen(loader))) for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(40))
    assert first != second != list(range(40))


def test_a_seed_fixes_the_order_for_fast_and_slow_path_alike():
    orders = []
    for make in (Pairs, table, table):
        loader = DataLoader(make(20), 3, shuffle=True, generator=torch.Generator().manual_seed(5))
        orders.append([seen(loader), seen(loader)])
    assert orders[0] == orders[1] == orders[2]


def test_the_global_seed_fixes_the_order_too():
    orders = []
    for _ in range(2):
        torch.manual_seed(1)
        orders.append(seen(DataLoader(table(20), 3, shuffle=True)))
    assert orders[0] == orders[1]


@both
def test_samples_stay_together(make):
    for x, y in DataLoader(make(30), 4, shuffle=True):
        assert (x.flatten() * 10).tolist() == y.tolist()


def test_a_batch_is_a_copy():
    data = table(4)
    x, _ = next(iter(DataLoader(data, 2)))
    x.fill_(9.0)
    assert data.tensors[0].tolist() == [0, 1, 2, 3]


def test_the_fast_path_does_not_ask_for_samples():
    class Sliced(TensorDataset):
        def __getitem__(self, index):
            raise AssertionError("asked")

    with pytest.raises(AssertionError, match="asked"):
        next(iter(DataLoader(Sliced(torch.ones(3)))))  # a subclass may define its samples differently
    data = table(6)
    data.__class__ = TensorDataset
    assert seen(DataLoader(Subset(Subset(data, [5, 3, 1]), [2, 0]), 2)) == [[1, 5]]


def test_subsets_of_datasets_and_lists():
    assert [Subset("abcd", [3, 1])[i] for i in range(2)] == ["d", "b"]
    assert len(Subset("abcd", [3, 1])) == 2
    assert seen(DataLoader(Subset(Pairs(5), [4, 0, 2]), 2)) == [[4, 0], [2]]
    assert Subset(table(5), [4, 0, 2])[[0, 2]][0].tolist() == [4, 2]


class Gives(torch.utils.data.Dataset):
    """A dataset that gives many samples at once, and counts how often it is asked."""

    def __init__(self):
        self.asked = []

    def __len__(self):
        return 6

    def __getitem__(self, i):
        return i

    def __getitems__(self, indices):
        self.asked.append(list(indices))
        return [i * 10 for i in indices]


def test_sets_made_of_others_ask_them_for_many_samples_at_once():
    data = torch.utils.data
    inner = Gives()
    subset = data.Subset(data.Subset(inner, [5, 4, 3, 2]), [0, 2, 3])
    assert [b.tolist() for b in data.DataLoader(subset, batch_size=2)] == [[50, 30], [20]]
    assert inner.asked == [[5, 3], [2]]
    pairs = data.DataLoader(data.StackDataset(inner, list(range(6))), batch_size=3)
    assert [[x.tolist() for x in b] for b in pairs] == [[[0, 10, 20], [0, 1, 2]], [[30, 40, 50], [3, 4, 5]]]
    (named,) = data.DataLoader(data.StackDataset(a=inner, b=list(range(6))), batch_size=6)
    assert named["a"].tolist() == [0, 10, 20, 30, 40, 50] and named["b"].tolist() == [0, 1, 2, 3, 4, 5]

    class Short(Gives):
        def __getitems__(self, indices):
            return [0]

    with pytest.raises(ValueError, match=r"Short.__getitems__ gave 1 samples for 2 indices"):
        list(data.DataLoader(data.Subset(Short(), [0, 1]), batch_size=2))


def test_a_subclass_of_a_subset_keeps_its_own_samples():
    class Squared(torch.utils.data.Subset):
        def __getitem__(self, i):
            return super().__getitem__(i) ** 2

    (batch,) = torch.utils.data.DataLoader(Squared([1, 2, 3, 4], [3, 1]), batch_size=2)
    assert batch.tolist() == [16, 4]


def test_an_empty_part_of_a_split_warns():
    with pytest.warns(UserWarning, match="the part 1 of a random_split is empty"):
        parts = torch.utils.data.random_split(range(3), [3, 0])
    assert [len(part) for part in parts] == [3, 0]
    assert [len(part) for part in torch.utils.data.random_split(range(10), [1 / 3] * 3)] == [4, 3, 3]


def test_collate_keeps_classes_of_mappings_and_sequences():
    class Record(dict):
        note = ""

    class Row(UserList):
        pass

    record = Record(x=1)
    record.note = "kept"
    collated = torch.utils.data.default_collate([record, Record(x=2)])
    assert type(collated) is Record and collated.note == "kept" and collated["x"].tolist() == [1, 2]
    assert record == {"x": 1}
    lists = torch.utils.data.default_collate([defaultdict(list, a=1), defaultdict(list, a=2)])
    assert type(lists) is defaultdict and lists["a"].tolist() == [1, 2]
    row = torch.utils.data.default_collate([Row([1, 2.0]), Row([3, 4.0])])
    assert type(row) is Row and row[0].tolist() == [1, 3] and row[1].dtype == torch.float64
    fixed = torch.utils.data.default_collate([MappingProxyType({"a": 1})])
    assert fixed["a"].tolist() == [1]
    assert type(torch.utils.data.default_convert(Row([np.ones(1)]))) is Row


def test_a_loader_that_is_there_does_not_change():
    loader = torch.utils.data.DataLoader(range(4), batch_size=2)
    for name in ("batch_size", "sampler", "batch_sampler", "drop_last", "dataset"):
        with pytest.raises(ValueError, match=f"{name} of a DataLoader cannot be changed"):
            setattr(loader, name, None)
    loader.note = "mine"
    assert len(list(loader)) == 2


def test_random_split_by_length_and_by_share():
    parts = random_split(range(10), [7, 3], torch.Generator().manual_seed(0))
    assert [len(p) for p in parts] == [7, 3]
    assert sorted(x for p in parts for x in (p[i] for i in range(len(p)))) == list(range(10))
    again = random_split(range(10), [7, 3], torch.Generator().manual_seed(0))
    assert [p.indices for p in parts] == [p.indices for p in again]
    other = random_split(range(10), [7, 3], torch.Generator().manual_seed(1))
    assert [p.indices for p in parts] != [p.indices for p in other]
    assert [len(p) for p in random_split(range(10), [0.5, 0.25, 0.25])] == [6, 2, 2]
    assert [len(p) for p in random_split(range(7), [0.5, 0.5])] == [4, 3]
    assert [len(p) for p in random_split(range(7), [0.25] * 4)] == [2, 2, 2, 1]
    with pytest.raises(ValueError, match="sum to 9"):
        random_split(range(10), [7, 2])
    with pytest.raises(ValueError, match="between 0 and 1"):
        random_split(range(10), [1.5, -0.5])


def test_a_tensor_dataset_checks_its_tensors():
    data = TensorDataset(torch.ones(3, 2), torch.zeros(3))
    assert len(data) == 3
    assert [t.shape for t in data[1]] == [(2,), ()]
    assert [t.shape for t in data[:2]] == [(2, 2), (2,)]
    with pytest.raises(ValueError, match="first dimension"):
        TensorDataset(torch.ones(3), torch.ones(4))
    with pytest.raises(ValueError, match="first dimension"):
        TensorDataset(torch.tensor(1.0))
    with pytest.raises(ValueError, match="at least one"):
        TensorDataset()
    with pytest.raises(TypeError, match="ndarray"):
        TensorDataset(np.ones(3))


def test_collate_keeps_the_structure():
    Point = namedtuple("Point", ["x", "y"])
    sample = {
        "image": np.ones((2, 2), np.float32),
        "point": Point(1, 2.5),
        "pair": (True, [torch.ones(3), "name"]),
        "scalar": np.float32(0.5),
    }
    batch = default_collate([sample, sample])
    assert batch["image"].shape == (2, 2, 2)
    assert isinstance(batch["point"], Point)
    assert batch["point"].x.tolist() == [1, 1]
    assert batch["point"].x.dtype == torch.int64
    assert batch["point"].y.dtype == torch.float64
    assert batch["pair"][0].dtype == torch.bool
    assert batch["pair"][1][0].shape == (2, 3)
    assert batch["pair"][1][1] == ("name", "name")
    assert batch["scalar"].dtype == torch.float32


def test_collate_explains_what_it_cannot_do():
    with pytest.raises(TypeError, match="NoneType"):
        default_collate([None])
    with pytest.raises(TypeError, match="one length"):
        default_collate([[1], [1, 2]])


def test_a_collate_function_gets_the_list_of_samples():
    assert list(DataLoader(table(3), 2, collate_fn=len)) == [2, 1]
    assert list(DataLoader(range(3), 2, collate_fn=sum)) == [1, 2]


def test_lists_are_datasets_too():
    assert [b.tolist() for b in DataLoader([3, 4, 5], 2)] == [[3, 4], [5]]


def test_without_batch_size_samples_come_one_by_one():
    loader = DataLoader(Pairs(2), batch_size=None)
    assert [y for _, y in loader] == [0, 10]
    assert len(loader) == 2
    sample = {"x": np.ones(2), "y": (np.float32(1), "name")}
    (out,) = DataLoader([sample], batch_size=None)
    assert out["x"].tolist() == [1.0, 1.0]
    assert out["y"][0].dtype == torch.float32
    assert out["y"][1] == "name"


def test_samplers_choose_the_indices():
    loader = DataLoader(table(9), batch_size=2, sampler=[8, 0, 4])
    assert seen(loader) == [[8, 0], [4]]
    assert len(loader) == 2
    loader = DataLoader(Pairs(9), batch_sampler=[[1], [2, 3]])
    assert seen(loader) == [[1], [2, 3]]
    assert len(loader) == 2


def test_contradicting_options_are_refused():
    for options in (
        {"batch_size": 0},
        {"batch_size": None, "drop_last": True},
        {"sampler": [0], "shuffle": True},
        {"batch_sampler": [[0]], "shuffle": True},
        {"shuffle": "yes"},
    ):
        with pytest.raises(ValueError, match=r"batch|sampler|shuffle"):
            DataLoader(table(3), **options)
    for option in ("prefetch_factor", "persistent_workers", "num_workers", "timeout"):
        with pytest.raises(ValueError, match=option):
            DataLoader(table(3), **{option: 1 if option[0] == "p" else -1})


def test_a_dataset_without_getitem_says_so():
    class Lazy(Dataset):
        def __len__(self):
            return 1

    with pytest.raises(NotImplementedError, match="Lazy must define __getitem__"):
        next(iter(DataLoader(Lazy())))
