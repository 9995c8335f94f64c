"""Samplers: the order in which a DataLoader asks for samples, drawn while it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from minigrad._tensor.random import Generator
from minigrad.creation import as_tensor
from minigrad.sampling import randint, randperm

T_co = TypeVar("T_co", covariant=True)
DRAWN_AT_ONCE = 32  # as in PyTorch: so a sampler of 10^10 samples begins at once

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]


class Sampler(Generic[T_co]):
    """Gives indices: a subclass defines `__iter__` and, for the length of a DataLoader, `__len__`.

    Arguments:
        data_source: not used; PyTorch's first versions took it.

    >>> import minigrad as torch
    >>> class Backwards(torch.utils.data.Sampler):
    ...     def __iter__(self):
    ...         return iter([2, 1, 0])
    >>> list(torch.utils.data.DataLoader([10, 20, 30], batch_size=3, sampler=Backwards()))
    [tensor([30, 20, 10])]
    """

    def __init__(self, data_source: Any = None) -> None:
        pass

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__()")


class SequentialSampler(Sampler[int]):
    """All indices in order.

    Arguments:
        data_source: the dataset, for its length.

    >>> import minigrad as torch
    >>> list(torch.utils.data.SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices in an order that is drawn anew in every pass.

    Without replacement each comes once before one comes again. With it each index is drawn from all, a few
    ahead of the one that is asked for, so `num_samples` may be as large as one likes.

    Arguments:
        data_source: the dataset, for its length.
        replacement: True if an index may come again at once.
        num_samples: how many indices a pass has; None for the length of the dataset.
        generator: the Generator to draw from; None takes the default one.

    Raises:
        TypeError: for a `replacement` that is no bool.
        ValueError: for a `num_samples` that is no positive integer.

    >>> import minigrad as torch
    >>> sorted(torch.utils.data.RandomSampler("abc"))
    [0, 1, 2]
    >>> len(torch.utils.data.RandomSampler("abc", replacement=True, num_samples=10**10))
    10000000000
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Any = None,
    ) -> None:
        require_bool(replacement)
        if num_samples is not None:
            require_count(num_samples)
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator

    @property
    def num_samples(self) -> int:
        """How many indices a pass has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        length, left = len(self.data_source), self.num_samples
        if length == 0:
            if left:
                raise ValueError("a dataset without samples has none to draw")
            return
        generator = self.generator
        if self.replacement or left > length:
            generator = lasting(generator)
        while left > 0:
            if self.replacement:
                drawn = randint(0, length, (min(left, DRAWN_AT_ONCE),), generator=generator)
            else:
                drawn = randperm(length, generator=generator)[:left]
            left -= len(drawn)
            yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices, in an order that is drawn anew in every pass.

    Arguments:
        indices: a sequence of integers.
        generator: the Generator to draw from; None takes the default one.

    >>> import minigrad as torch
    >>> sorted(torch.utils.data.SubsetRandomSampler([5, 3]))
    [3, 5]
    """

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for place in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[place]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with probabilities in proportion to weights.

    Arguments:
        weights: for each index a number that is not negative.
        num_samples: how many indices a pass has.
        replacement: True if an index may come again.
        generator: the Generator to draw from; None takes the default one.

    Raises:
        TypeError: for a `replacement` that is no bool.
        ValueError: for weights that are no row of numbers, or a `num_samples` that is no positive integer.

    >>> import minigrad as torch
    >>> list(torch.utils.data.WeightedRandomSampler([0.0, 1.0, 0.0], num_samples=3))
    [1, 1, 1]
    """

    def __init__(
        self, weights: Sequence[float], num_samples: int, replacement: bool = True, generator: Any = None
    ) -> None:
        require_count(num_samples)
        require_bool(replacement)
        self.weights = as_tensor(weights, dtype=np.float64)
        if self.weights.ndim != 1:
            raise ValueError(f"weights must be one row of numbers, not of shape {tuple(self.weights.shape)}")
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        at_once, left = 2**16 if self.replacement else self.num_samples, self.num_samples
        generator = lasting(self.generator) if left > at_once else self.generator
        while left > 0:
            drawn = self.weights.multinomial(min(left, at_once), self.replacement, generator=generator)
            left -= len(drawn)
            yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` indices from another sampler.

    Arguments:
        sampler: gives single indices.
        batch_size: how many are in a list.
        drop_last: True to leave out a last list that is shorter.

    Raises:
        ValueError: for a `batch_size` that is no positive integer, or a `drop_last` that is no bool.

    >>> import minigrad as torch
    >>> list(torch.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        require_count(batch_size, "batch_size")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last must be True or False, not {drop_last!r}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        samples = len(self.sampler)  # type: ignore[arg-type]  # where it has a length
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)


def lasting(generator: Generator | None) -> Generator:
    """A generator to draw from during a pass: not the default one, from which the program draws meanwhile."""
    if generator is not None:
        return generator
    return Generator().manual_seed(int(randint(0, 2**62, ()).item()))


def require_bool(replacement: Any) -> None:
    """Raise TypeError for anything but True and False."""
    if not isinstance(replacement, bool):
        raise TypeError(f"replacement must be True or False, not {replacement!r}")


def require_count(value: Any, name: str = "num_samples") -> None:
    """Raise ValueError for anything but a positive integer."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be at least 1, a whole number, not {value!r}")
