"""Worker processes: order and values of none, errors with their traceback, and nothing left behind."""

import gc
import multiprocessing
import os
import pickle
import random
import threading
import time
from multiprocessing import forkserver, resource_tracker
from pathlib import Path

import numpy as np
import pytest

import minigrad as torch
from minigrad.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    TensorDataset,
    get_worker_info,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts workers by fork")


class Count(IterableDataset):
    def __init__(self, end):
        self.end = end

    def __iter__(self):
        info = get_worker_info()
        return iter(range(info.id, self.end, info.num_workers))


class Pairs(Dataset):
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, i):
        return torch.full((3,), float(i)), i * 10


class Drawn(Pairs):
    def __getitem__(self, i):
        return i, torch.rand(()).item(), np.random.rand(), random.random()  # noqa: NPY002  # as programs do


class OwnError(Exception):
    def __init__(self, first, second):
        super().__init__(first, second)


class Bad(Pairs):
    error: object = KeyError("the_key")

    def __getitem__(self, i):
        if i == 5:
            raise self.error
        return i


def listed(loader):
    return [[part.tolist() for part in batch] for batch in loader]


def open_files():
    listing = Path("/proc/self/fd")
    return sum(1 for _ in listing.iterdir()) if listing.exists() else 0


@pytest.fixture(scope="module", autouse=True)
def helpers_of_multiprocessing():
    """Start the processes that Python keeps, once it has started others afresh, until it ends."""
    resource_tracker.ensure_running()
    forkserver.ensure_running()


@pytest.fixture(autouse=True)
def nothing_is_left():
    threads, files = threading.active_count(), open_files()
    yield
    gc.collect()
    assert not multiprocessing.active_children()
    assert threading.active_count() == threads
    assert open_files() <= files


@pytest.mark.parametrize("make", [Pairs, lambda n: TensorDataset(torch.arange(float(n)), torch.arange(n))])
@pytest.mark.parametrize("workers", [1, 3])
def test_order_and_values_are_those_of_no_workers(make, workers):
    for options in (
        {"batch_size": 4},
        {"batch_size": 4, "shuffle": True},
        {"batch_size": 4, "sampler": RandomSampler(range(30), True, 50)},
        {"batch_sampler": [[1], [2, 0]]},
        {"batch_size": 7, "drop_last": True},
    ):
        seen = []
        for extra in ({}, {"num_workers": workers}, {"num_workers": workers, "prefetch_factor": 1}):
            torch.manual_seed(0)
            loader = DataLoader(make(30), **options, **extra)
            seen.append([listed(loader), listed(loader), torch.rand(2).tolist()])
        assert seen[0] == seen[1] == seen[2]


class Drawn2(Pairs):
    """Samples that tell the seeds and the generators of their worker."""

    def __getitem__(self, i):
        info = get_worker_info()
        same = info.seed == torch.initial_seed() and info.num_workers == 2 and len(info.dataset) == self.size
        return i, info.id, same, os.getpid() * 1.0


def marked(number):
    Drawn2.__getitem__.__globals__["mark"] = number


def paired(samples):
    return torch.tensor(samples, dtype=torch.float64)


@pytest.mark.parametrize("context", ["spawn", "forkserver", multiprocessing.get_context("spawn")])
def test_workers_may_be_started_afresh(context):
    loader = DataLoader(
        Drawn2(8), 2, num_workers=2, multiprocessing_context=context, persistent_workers=True,
        collate_fn=paired, worker_init_fn=marked, pin_memory=True, prefetch_factor=3, timeout=60,
    )  # fmt: skip
    first, second = torch.cat(list(loader)), torch.cat(list(loader))
    assert first[:, 0].tolist() == list(range(8))
    assert first[:, 1].tolist() == [0, 0, 1, 1] * 2 and first[:, 2].all()
    assert (first[:, 3] == second[:, 3]).all() and (first[:, 3] != os.getpid()).all()


@pytest.mark.parametrize("context", ["spawn", "forkserver"])
def test_a_dataset_that_pickle_refuses_is_told_where_workers_start_afresh(context):
    data = Pairs(4)
    data.function = lambda x: x
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError), match=r"pickle|local object"):
        list(DataLoader(data, num_workers=1, multiprocessing_context=context))


def test_persistent_workers_survive_a_pass_that_is_left_early():
    loader = DataLoader(Pairs(20), 2, num_workers=2, persistent_workers=True)
    for _ in loader:
        break
    assert len(list(loader)) == len(list(loader)) == 10


def test_more_workers_than_batches_and_no_batch():
    assert len(list(DataLoader(Pairs(2), num_workers=4))) == 2
    assert list(DataLoader(Pairs(0), num_workers=2)) == []
    assert [y for _, y in DataLoader(Pairs(3), batch_size=None, num_workers=2)] == [0, 10, 20]


def test_samples_one_after_another_are_shared_out():
    loader = DataLoader(Count(11), 2, num_workers=3)
    # recorded from PyTorch 2.13
    expected = [[0, 3], [1, 4], [2, 5], [6, 9], [7, 10], [8]]
    assert [b.tolist() for b in loader] == expected
    assert [b.tolist() for b in DataLoader(Count(2), 2, num_workers=3)] == [[0], [1]]


def test_workers_draw_numbers_of_their_own_that_the_seed_fixes():
    passes = []
    for _ in range(2):
        torch.manual_seed(4)
        loader = DataLoader(Drawn(8), batch_size=2, num_workers=2)
        passes.append([listed(loader), listed(loader)])
    assert passes[0] == passes[1]
    for drawn in (1, 2, 3):
        numbers = {x for one in passes[0] for batch in one for x in batch[drawn]}
        assert len(numbers) == 16


def test_a_worker_knows_itself_and_is_made_ready_once():
    def init(number):
        get_worker_info().dataset.size = 100 + number

    class Told(Pairs):
        def __getitem__(self, i):
            info = get_worker_info()
            assert info.dataset is self
            return info.id, info.num_workers, self.size, os.getpid()

    loader = DataLoader(Told(4), num_workers=2, worker_init_fn=init, persistent_workers=True)
    first, second = listed(loader), listed(loader)
    assert [[x[0] for x in batch[:3]] for batch in first] == [[0, 2, 100], [1, 2, 101]] * 2
    assert first == second and os.getpid() != first[0][3][0]
    assert get_worker_info() is None
    loader = DataLoader(Told(4), num_workers=2)
    assert listed(loader)[0][3] != listed(loader)[0][3]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KeyError("the_key"), KeyError),
        (ValueError("the_value"), ValueError),
        (OwnError(1, 2), RuntimeError),
    ],
)
def test_an_error_arrives_with_its_traceback(error, kind):
    data = Bad(8)
    data.error = error
    loader = DataLoader(data, num_workers=2)
    batches = iter(loader)
    assert [next(batches).item() for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(kind) as caught:
        next(batches)
    said = str(caught.value)
    assert f"Caught {type(error).__name__} in DataLoader worker process 1.\nOriginal Traceback" in said
    assert "raise self.error\n" in said


def test_an_answer_that_cannot_be_sent_says_so():
    with pytest.raises(RuntimeError, match=r"pickle|lambda"):
        list(DataLoader(Pairs(2), num_workers=1, collate_fn=lambda batch: lambda: batch))


def test_an_error_before_the_first_sample():
    def init(number):
        raise ValueError(f"not ready {number}")

    with pytest.raises(ValueError, match="not ready 0"):
        list(DataLoader(Pairs(4), num_workers=2, worker_init_fn=init))


def test_a_worker_that_dies_is_named():
    class Dies(Pairs):
        def __getitem__(self, i):
            os._exit(7)

    with pytest.raises(RuntimeError, match=r"worker 0 \(pid \d+\) exited unexpectedly, with exit code 7"):
        list(DataLoader(Dies(4), num_workers=2))


class Slow(Pairs):
    def __getitem__(self, i):
        if i > 0:
            time.sleep(60)
        return i


def test_waiting_has_its_limit_and_a_busy_worker_is_ended(monkeypatch):
    began = time.monotonic()
    with pytest.raises(RuntimeError, match=r"timed out after 0\.2 seconds"):
        list(DataLoader(Slow(3), num_workers=1, timeout=0.2))
    batches = iter(DataLoader(Slow(9), num_workers=2))
    assert next(batches).item() == 0
    del batches
    assert time.monotonic() - began < 20


def test_a_pass_that_is_left_early_leaves_nothing():
    for persistent in (False, True):
        loader = DataLoader(Pairs(100), num_workers=2, persistent_workers=persistent)
        for _ in loader:
            break
        assert len(listed(loader)) == 100
        del loader


def test_large_tasks_and_large_answers_do_not_wait_for_each_other():
    data = TensorDataset(torch.arange(60_000.0))
    order = list(range(60_000)) * 4
    loader = DataLoader(data, batch_size=30_000, num_workers=1, prefetch_factor=4, sampler=order)
    assert [x[0].item() for (x,) in loader] == [0.0, 30_000.0] * 4


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_the_parts_of_an_iterable_come_in_pytorchs_order(pytorch):
    def batches(data, **options):
        class Parts(data.IterableDataset):
            def __iter__(self):
                number = data.get_worker_info().id
                return iter(range(100 * number, 100 * number + [9, 2, 5][number]))

        return [b.tolist() for b in data.DataLoader(Parts(), batch_size=2, num_workers=3, **options)]

    for options in ({}, {"drop_last": True}, {"prefetch_factor": 1}):
        assert batches(torch.utils.data, **options) == batches(pytorch.utils.data, **options)
