"""Datasets: samples by index, or one after another, and sets made of others."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import index as as_index
from typing import Any, Generic, TypeVar

from minigrad._tensor.tensor import Tensor
from minigrad.sampling import randperm

T_co = TypeVar("T_co", covariant=True)

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]


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

    def __add__(self, other: Any) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Samples one after another: a subclass defines `__iter__`. It may go on for ever.

    With workers each goes through a copy of its own: `get_worker_info()` tells it which part is its.

    >>> import minigrad as torch
    >>> class Squares(torch.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         return (i * i for i in range(5))
    >>> list(torch.utils.data.DataLoader(Squares(), batch_size=3))
    [tensor([0, 1, 4]), tensor([ 9, 16])]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__()")

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} has no indices: its samples come one after another")

    def __add__(self, other: Any) -> ChainDataset[Any]:  # type: ignore[override]  # as in PyTorch
        return ChainDataset([self, other])


class ConcatDataset(Dataset[T_co]):
    """Datasets one behind the other; also `first + second`.

    Arguments:
        datasets: anything with indices and lengths, at least one.

    Raises:
        ValueError: for no dataset.
        TypeError: for an IterableDataset, which has no indices.

    >>> import minigrad as torch
    >>> both = torch.utils.data.ConcatDataset([[1, 2], [3]])
    >>> len(both), both[2], both.cumulative_sizes
    (3, 3, [2, 3])
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("a ConcatDataset needs at least one dataset")
        for one in self.datasets:
            if isinstance(one, IterableDataset):
                raise TypeError("an IterableDataset has no indices: chain it, with ChainDataset")
        self.cumulative_sizes = list(accumulate(len(one) for one in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any) -> T_co:
        place = index + len(self) if index < 0 else index
        if place < 0:
            raise ValueError(f"the index {index} lies before the first of {len(self)} samples")
        which = bisect_right(self.cumulative_sizes, place)
        if which == len(self.datasets):
            raise IndexError(f"the index {index} lies behind the last of {len(self)} samples")
        begin = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][place - begin]


class ChainDataset(IterableDataset[T_co]):
    """The samples of several IterableDatasets, one set after the other; also `first + second`.

    Arguments:
        datasets: the IterableDatasets.

    Raises:
        TypeError: for anything else, when it is its turn.

    >>> import minigrad as torch
    >>> class Count(torch.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(2))
    >>> list(torch.utils.data.ChainDataset([Count(), Count()]))
    [0, 1, 0, 1]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[T_co]:
        for one in self.datasets:
            if not isinstance(one, IterableDataset):
                raise TypeError(f"a ChainDataset chains IterableDatasets, not a {type(one).__name__}")
            yield from one

    def __len__(self) -> int:
        return sum(len(one) for one in self.datasets)  # where all of them have lengths


class StackDataset(Dataset[Any]):
    """Datasets side by side: sample i is the tuple, or the dict, of their samples i.

    Arguments:
        args: datasets of one length, for tuples.
        kwargs: datasets of one length, for dicts with these keys.

    Raises:
        ValueError: for no dataset, both kinds, or lengths that differ.

    >>> import minigrad as torch
    >>> torch.utils.data.StackDataset(image=[1, 2], text=["a", "b"])[1]
    {'image': 2, 'text': 'b'}
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError("a StackDataset takes datasets either by position or by name, at least one")
        lengths = [len(one) for one in (args or kwargs.values())]
        if len(set(lengths)) > 1:
            raise ValueError(f"the datasets must have one length; they have {lengths}")
        self.datasets: Any = args or kwargs

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: one[index] for name, one in self.datasets.items()}
        return tuple(one[index] for one in self.datasets)

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """The samples at several indices."""
        if type(self).__getitem__ is not StackDataset.__getitem__:
            return [self[i] for i in indices]
        if isinstance(self.datasets, dict):
            columns = [_samples(one, indices) for one in self.datasets.values()]
            return [dict(zip(self.datasets, row, strict=True)) for row in zip(*columns, strict=True)]
        return list(zip(*(_samples(one, indices) for one in self.datasets), strict=True))

    def __len__(self) -> int:
        return len(next(iter(self.datasets.values() if isinstance(self.datasets, dict) else self.datasets)))


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

    def __getitems__(self, indices: Sequence[int]) -> list[T_co]:
        """The samples at several indices, from a dataset that gives many at once if it can."""
        if type(self).__getitem__ is not Subset.__getitem__:  # a subclass has samples of its own
            return [self[i] for i in indices]
        return _samples(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def _samples(dataset: Any, indices: Sequence[int]) -> list[Any]:
    """The samples of a dataset at some indices; by its own way to give many, where it has one."""
    if not callable(getattr(dataset, "__getitems__", None)):
        return [dataset[i] for i in indices]
    samples: list[Any] = dataset.__getitems__(indices)
    if len(samples) != len(indices):
        raise ValueError(
            f"{type(dataset).__name__}.__getitems__ gave {len(samples)} samples for {len(indices)} indices"
        )
    return samples


def random_split(dataset: Any, lengths: Sequence[int | float], generator: Any = None) -> list[Subset[Any]]:
    """Cut a dataset at random into subsets of the given lengths, or of the given shares when they sum to one.

    Shares are rounded down, and what is left over goes one by one to the first subsets.

    Arguments:
        dataset: anything with indices and a length.
        lengths: integers that sum to its length, or shares that sum to 1.
        generator: the Generator to draw from; None takes the default one.

    Raises:
        ValueError: when the lengths do not sum to that of the dataset.

    A part without samples comes with a warning.

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
    for position, size in enumerate(sizes):
        if size == 0:
            warnings.warn(f"the part {position} of a random_split is empty", UserWarning, stacklevel=2)
    order = randperm(total, generator=generator).tolist()
    starts = [sum(sizes[:position]) for position in range(len(sizes))]
    return [Subset(dataset, order[start : start + size]) for start, size in zip(starts, sizes, strict=True)]
