"""DataLoader: a dataset in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from itertools import repeat
from typing import Any, Generic, TypeVar

from minigrad._tensor.random import Generator, default_generator
from minigrad.sampling import randint
from minigrad.utils.data.collate import default_collate, default_convert
from minigrad.utils.data.dataset import IterableDataset
from minigrad.utils.data.fetching import EndOfSamples, Reading, fetcher
from minigrad.utils.data.info import get_worker_info
from minigrad.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

T_co = TypeVar("T_co", covariant=True)
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]


class DataLoader(Generic[T_co]):
    """Serves a dataset in batches, in order or shuffled anew in every pass.

    Each pass draws its order from `generator` (the default one when None), so a seed fixes all passes.
    The last batch may be short, unless `drop_last`. `sampler` gives indices, or `batch_sampler` lists of
    them, in place of `shuffle`; they are asked for while batches are made, never all in advance.
    `batch_size=None` serves samples one by one as they are. Batches of a TensorDataset (or Subsets of one)
    are cut as a whole, not sample by sample.

    With `num_workers` above 0 that many processes make the batches, ahead of the program. Order and values
    are those of no workers, except for numbers that the dataset draws itself: each worker has generators of
    its own, which the seed fixes too. Workers end with the pass, or with the loader if they are persistent.

    Arguments:
        dataset: anything with indices and a length, a list will do; or an IterableDataset.
        batch_size, shuffle, sampler, batch_sampler, drop_last, generator: as above.
        num_workers: processes that make the batches; with 0 the calling thread makes them.
        collate_fn: makes a batch of a list of samples; `default_collate` where it is None.
        timeout: seconds to wait for a worker's batch; 0 waits for ever.
        worker_init_fn: called with the worker's number, in the worker, before its first batch.
        multiprocessing_context: how workers start ("fork", "spawn", "forkserver"), or a context of
            multiprocessing. None takes fork where there is one: it takes datasets that pickle refuses.
        prefetch_factor: batches that each worker makes ahead; None is 2.
        persistent_workers: keep the workers, and their copies of the dataset, from pass to pass.
        pin_memory, pin_memory_device, in_order: change nothing; batches are always in order.

    Raises:
        ValueError: for options that contradict each other, and for a new `batch_size`, `sampler` and the
            like of a loader that is there: it would change nothing.
        RuntimeError: when a worker dies or takes longer than `timeout`. Its errors come as the same kind,
            with its traceback as their text.

    >>> import minigrad as torch
    >>> data = torch.utils.data.TensorDataset(torch.arange(5.0))
    >>> [x.tolist() for (x,) in torch.utils.data.DataLoader(data, batch_size=2)]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Sequence[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError(f"num_workers must be at least 0, not {num_workers}")
        if timeout < 0:
            raise ValueError(f"timeout must be at least 0, not {timeout}")
        if num_workers == 0 and (
            prefetch_factor is not None or persistent_workers or multiprocessing_context
        ):
            raise ValueError(
                "prefetch_factor, persistent_workers and multiprocessing_context are about workers: "
                "num_workers must be above 0"
            )
        if prefetch_factor is not None and prefetch_factor < 1:
            raise ValueError(f"prefetch_factor must be at least 1, not {prefetch_factor}")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError("batch_sampler takes the place of batch_size, shuffle, sampler and drop_last")
        if sampler is not None and shuffle:
            raise ValueError("sampler takes the place of shuffle")
        if batch_size is None and drop_last:
            raise ValueError("without batches (batch_size=None) there is no last one to drop")
        if shuffle is not None and not isinstance(shuffle, bool | int):
            raise ValueError(f"shuffle must be True or False, not {shuffle!r}")
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError("an IterableDataset gives its own order: no shuffle, sampler or batch_sampler")
        self.dataset = dataset
        self.num_workers = num_workers
        self.collate_fn = collate_fn
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.drop_last = bool(drop_last)
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        if sampler is None:
            if self._iterable:
                sampler = _Endless()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)
            else:
                sampler = SequentialSampler(dataset)
        self.sampler = sampler
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, self.drop_last and not self._iterable)
        else:
            batch_size = None
        self.batch_size = batch_size
        self.batch_sampler = batch_sampler
        self._workers: Any = None
        self._passes = 0

    def __len__(self) -> int:
        if not self._iterable:
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]
        samples = len(self.dataset)
        if self.batch_size is None:
            return samples
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        batched = self.batch_sampler is not None
        reading = Reading(self.dataset, batched, self.collate_fn, self.drop_last)
        tasks: Iterator[Any] = iter(self.sampler if self.batch_sampler is None else self.batch_sampler)
        if self.num_workers:
            yield from self._by_workers(reading, tasks)
            return
        fetch = fetcher(reading)
        for task in tasks:
            try:
                batch = fetch(task)
            except EndOfSamples:
                return
            yield batch

    def _by_workers(self, reading: Reading, tasks: Iterator[Any]) -> Iterator[Any]:
        seed = _next_number(self.generator) + (self._passes << 32)
        self._passes += 1
        workers, self._workers = self._workers, None
        if workers is None or not workers.alive:
            home = import_module("minigrad.utils.data.workers")  # processes take time to load
            told = self.prefetch_factor, self.timeout, self.worker_init_fn, self.multiprocessing_context
            workers = home.Workers(reading, home.Options(self.num_workers, *told))
        try:
            yield from workers.batches(tasks, seed)
        finally:
            if self.persistent_workers and workers.alive and self._workers is None:
                self._workers = workers
            else:
                workers.stop()

    def __setattr__(self, name: str, value: Any) -> None:
        if "_passes" in self.__dict__ and name in _FIXED:
            raise ValueError(f"{name} of a DataLoader cannot be changed: make another one")
        object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_workers": None}


class _Endless(Sampler[Any]):
    """In place of indices for a dataset that has none."""

    def __iter__(self) -> Iterator[Any]:
        return repeat(None)


def _next_number(generator: Generator | None) -> int:
    """The number that a generator would give next. It is not taken: the order is that of no workers."""
    ahead = Generator()
    ahead.set_state((default_generator if generator is None else generator).get_state())
    return int(randint(0, 2**62, (), generator=ahead).item())
