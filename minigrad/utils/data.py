"""Datasets, and a loader that serves them in batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import index as as_index
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.creation import from_numpy, randperm, tensor
from minigrad.functional import stack
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Samples by index: a subclass defines `__getitem__` and, for a DataLoader, `__len__`.

    >>> import minigrad as torch
    >>> class Squares(torch.utils.data.Dataset):
    ...     def __len__(self):
    ...         return 4
    ...
    ...     def __getitem__(self, i):
    ...         return i, i * i
    >>> list(torch.utils.data.DataLoader(Squares(), batch_size=4))
    [[tensor([0, 1, 2, 3]), tensor([0, 1, 4, 9])]]
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index)")


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors side by side: sample i is the tuple of their rows i.

    Arguments:
        tensors: one or several, of shapes (n, ...).

    Raises:
        ValueError: when their first dimensions differ.

    >>> import minigrad as torch
    >>> torch.utils.data.TensorDataset(torch.arange(3.0), torch.tensor([0, 1, 0]))[1]
    (tensor(1.), tensor(1))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ValueError("a TensorDataset needs at least one tensor")
        for given in tensors:
            if not isinstance(given, Tensor):
                raise TypeError(f"a TensorDataset holds tensors, not {type(given).__name__}")
        shapes = [tuple(given.shape) for given in tensors]
        if min(map(len, shapes)) == 0 or len({shape[0] for shape in shapes}) > 1:
            raise ValueError(
                f"the tensors must agree in their first dimension, the samples; shapes are {shapes}"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(whole[index] for whole in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset(Dataset[T_co]):
    """The samples of a dataset at the given indices, in their order.

    Arguments:
        dataset: anything with indices and a length.
        indices: a sequence of integers.

    >>> import minigrad as torch
    >>> list(torch.utils.data.DataLoader(torch.utils.data.Subset([10, 20, 30], [2, 0]), batch_size=2))
    [tensor([30, 10])]
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> T_co:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[int | float], generator: Any = None) -> list[Subset[Any]]:
    """Cut a dataset at random into subsets of the given lengths, or of the given shares when they sum to one.

    Shares are rounded down, and what is left over goes one by one to the first subsets.

    Arguments:
        dataset: anything with indices and a length.
        lengths: integers that sum to its length, or shares that sum to 1.
        generator: the Generator to draw from; None takes the default one.

    Raises:
        ValueError: when the lengths do not sum to that of the dataset.

    >>> import minigrad as torch
    >>> [len(part) for part in torch.utils.data.random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for share in lengths:
            if not 0 <= share <= 1:
                raise ValueError(f"each share must be between 0 and 1, not {share}")
        sizes = [math.floor(total * share) for share in lengths]
        for position in range(total - sum(sizes)):
            sizes[position % len(sizes)] += 1
    elif sum(lengths) != total:
        raise ValueError(
            f"the lengths {list(lengths)} sum to {sum(lengths)}, but the dataset has {total} samples"
        )
    else:
        sizes = [as_index(length) for length in lengths]  # type: ignore[arg-type]
    order = randperm(total, generator=generator).tolist()
    starts = [sum(sizes[:position]) for position in range(len(sizes))]
    return [Subset(dataset, order[start : start + size]) for start, size in zip(starts, sizes, strict=True)]


def default_collate(batch: Sequence[Any]) -> Any:
    """Make one batch of a list of samples, with the structure of a sample and tensors at its leaves.

    Tensors and arrays are stacked, numbers become a tensor (floats float64, as in PyTorch), tuples and lists
    become lists of batches, mappings and named tuples keep their type, strings stay as they are.

    Raises:
        TypeError: for a leaf of another type, and for sequences of different lengths.

    >>> import minigrad as torch
    >>> torch.utils.data.default_collate([{"x": 1, "name": "a"}, {"x": 2, "name": "b"}])
    {'x': tensor([1, 2]), 'name': ['a', 'b']}
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch))
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, np.ndarray | np.generic):
        return from_numpy(np.stack([np.asarray(sample) for sample in batch]))
    if isinstance(first, bool | int):
        return tensor(list(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=np.float64)
    if isinstance(first, Mapping):
        collated = {key: default_collate([sample[key] for sample in batch]) for key in first}
        return collated if type(first) is dict else type(first)(collated)  # type: ignore[call-arg]
    if isinstance(first, Sequence):
        if len({len(sample) for sample in batch}) > 1:
            raise TypeError(
                "samples of one batch must be sequences of one length; give a collate_fn that pads them"
            )
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise TypeError(
        f"default_collate makes batches of tensors, arrays, numbers, strings, mappings and sequences, "
        f"not of {type(first).__name__}; give the DataLoader a collate_fn"
    )


def default_convert(data: Any) -> Any:
    """A sample with its arrays made tensors, which share their memory; all else stays as it is.

    >>> import numpy as np, minigrad as torch
    >>> torch.utils.data.default_convert((np.ones(1), 2))
    [tensor([1.], dtype=torch.float64), 2]
    """
    if isinstance(data, np.ndarray):
        return from_numpy(data)
    if isinstance(data, np.generic):
        return tensor(data)
    if isinstance(data, Mapping):
        converted = {key: default_convert(value) for key, value in data.items()}
        return converted if type(data) is dict else type(data)(converted)  # type: ignore[call-arg]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        parts = [default_convert(part) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else parts
    return data


class DataLoader(Generic[T_co]):
    """Serves a dataset in batches, in order or shuffled anew in every pass.

    Each pass draws its order from `generator` (the default one when None), so a seed fixes all passes.
    The last batch may be short, unless `drop_last`. `sampler` gives indices, or `batch_sampler` lists of
    them, in place of `shuffle`. `batch_size=None` serves samples one by one as they are. Batches of a
    TensorDataset (or Subsets of one) are cut as a whole, not sample by sample.

    Everything happens in the calling thread: `num_workers` above 0 is refused, `pin_memory` has no effect.

    Arguments:
        dataset: anything with indices and a length; a list will do.
        batch_size, shuffle, sampler, batch_sampler, drop_last, generator: as above.
        num_workers: must be 0.
        collate_fn: makes a batch of a list of samples; `default_collate` where it is None.
        pin_memory: changes nothing.

    Raises:
        ValueError: for options that contradict each other.
        NotImplementedError: for num_workers above 0.

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
        *,
        generator: Any = None,
    ) -> None:
        if num_workers != 0:
            raise NotImplementedError(
                f"minigrad's DataLoader has no worker processes: num_workers=0, not {num_workers}"
            )
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError("batch_sampler takes the place of batch_size, shuffle, sampler and drop_last")
        if sampler is not None and shuffle:
            raise ValueError("sampler takes the place of shuffle")
        if batch_size is None and drop_last:
            raise ValueError("without batches (batch_size=None) there is no last one to drop")
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        if shuffle is not None and not isinstance(shuffle, bool | int):
            raise ValueError(f"shuffle must be True or False, not {shuffle!r}")
        self.dataset = dataset
        self.batch_size = None if batch_sampler is not None else batch_size
        self.shuffle = bool(shuffle)
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn = collate_fn
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.generator = generator

    def __len__(self) -> int:
        if self.batch_sampler is not None:
            return len(self.batch_sampler)  # type: ignore[arg-type]
        samples = len(self.dataset if self.sampler is None else self.sampler)  # type: ignore[arg-type]
        if self.batch_size is None:
            return samples
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        if self.batch_size is None and self.batch_sampler is None:
            convert = default_convert if self.collate_fn is None else self.collate_fn
            for index in self._order():
                yield convert(self.dataset[index])
            return
        if self.collate_fn is None and (flat := _as_tensors(self.dataset)) is not None:
            tensors, places = flat
            for batch in self._batches():
                chosen = np.asarray(batch, dtype=np.int64)
                rows = from_numpy(chosen if places is None else places[chosen])
                yield [whole[rows] for whole in tensors]
            return
        collate = default_collate if self.collate_fn is None else self.collate_fn
        for batch in self._batches():
            yield collate([self.dataset[index] for index in batch])

    def _order(self) -> Sequence[int]:
        if self.sampler is not None:
            return list(self.sampler)
        if not self.shuffle:
            return range(len(self.dataset))
        order: list[int] = randperm(len(self.dataset), generator=self.generator).tolist()
        return order

    def _batches(self) -> Iterator[Sequence[int]]:
        if self.batch_sampler is not None:
            yield from self.batch_sampler
            return
        assert self.batch_size is not None
        order = self._order()
        stop = len(order) - len(order) % self.batch_size if self.drop_last else len(order)
        for start in range(0, stop, self.batch_size):
            yield order[start : start + self.batch_size]


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
