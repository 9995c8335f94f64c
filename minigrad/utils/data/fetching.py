"""From what a sampler says to a batch: the part of a DataLoader that runs in its workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.creation import from_numpy
from minigrad.utils.data.collate import default_collate, default_convert
from minigrad.utils.data.dataset import IterableDataset, Subset, TensorDataset

Fetch = Callable[[Any], Any]  # of an index or a list of them; raises EndOfSamples where no samples are left


class EndOfSamples(Exception):  # noqa: N818  # like StopIteration, it is no error
    """An IterableDataset has come to its end."""


class Reading(NamedTuple):
    """How samples become batches: as a DataLoader was told."""

    dataset: Any
    batched: bool
    collate_fn: Callable[[Any], Any] | None
    drop_last: bool


def fetcher(reading: Reading) -> Fetch:
    """The function that makes a batch."""
    dataset, batched, collate, drop_last = reading
    if collate is None and batched and (flat := _as_tensors(dataset)) is not None:
        return _cutter(*flat)
    make = collate or (default_collate if batched else default_convert)
    if isinstance(dataset, IterableDataset):
        return _reader(iter(dataset), batched, make, drop_last)
    if not batched:
        return lambda index: make(dataset[index])
    if getattr(dataset, "__getitems__", None):  # PyTorch's name for a dataset that gives many samples at once
        return lambda indices: make(dataset.__getitems__(indices))
    return lambda indices: make([dataset[index] for index in indices])


def _cutter(tensors: tuple[Tensor, ...], places: Any) -> Fetch:
    def cut(batch: Any) -> Any:
        chosen = np.asarray(batch, dtype=np.int64)
        rows = from_numpy(chosen if places is None else places[chosen])
        return [whole[rows] for whole in tensors]

    return cut


def _reader(samples: Iterator[Any], batched: bool, make: Callable[[Any], Any], drop_last: bool) -> Fetch:
    """Each call takes the next samples; the indices only say how many."""

    def read(indices: Any) -> Any:
        wanted = len(indices) if batched else 1
        batch = list(islice(samples, wanted))
        if not batch or (drop_last and len(batch) < wanted):
            raise EndOfSamples
        return make(batch if batched else batch[0])

    return read


def _as_tensors(dataset: Any) -> tuple[tuple[Tensor, ...], Any] | None:
    """The tensors behind a TensorDataset or Subsets of one, and the rows that count (None: all of them).

    None for anything else, a subclass included: it may define its samples differently.
    """
    if type(dataset) is TensorDataset:
        return dataset.tensors, None
    if type(dataset) is not Subset:
        return None
    below = _as_tensors(dataset.dataset)
    if below is None:
        return None
    tensors, places = below
    indices = np.asarray(dataset.indices, dtype=np.int64)
    return tensors, indices if places is None else places[indices]
