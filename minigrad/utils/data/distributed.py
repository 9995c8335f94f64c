"""The sampler that gives each of several processes its share of a dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from minigrad._tensor.random import Generator
from minigrad.pytorch_names import answers_for
from minigrad.sampling import randperm

from .sampler import Sampler

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th index, from `rank` on, of all indices in order or shuffled.

    Indices from the start are repeated so that all shares have one length, or the last are dropped.

    Arguments:
        dataset: with a length.
        num_replicas, rank: how many processes there are, and which is this one. minigrad computes in one
            process and has no group to ask, so both must be given.
        shuffle: True for a new order in each epoch, the same in all processes.
        seed: of the order, to which the epoch is added.
        drop_last: drop indices rather than repeat some.

    Raises:
        RuntimeError: where num_replicas or rank is left out.
        ValueError: for a rank that is not below num_replicas.

    >>> from minigrad.utils.data.distributed import DistributedSampler
    >>> list(DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False))
    [1, 3, 0]
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError(
                "DistributedSampler: minigrad computes in one process; give num_replicas and rank"
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.epoch, self.shuffle, self.seed, self.drop_last = 0, shuffle, seed, drop_last
        left_out = num_replicas - 1 if drop_last and len(dataset) % num_replicas else 0
        self.num_samples = math.ceil((len(dataset) - left_out) / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        length = len(self.dataset)
        places = range(self.rank, self.total_size if length else 0, self.num_replicas)
        if not self.shuffle:
            return (place % length for place in places)
        order = Generator().manual_seed(self.seed + self.epoch)
        indices = randperm(length, generator=order).numpy()
        return iter([int(indices[place % length]) for place in places])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Let the order be that of an epoch.

        Arguments:
            epoch: its number.

        >>> from minigrad.utils.data.distributed import DistributedSampler
        >>> DistributedSampler(range(4), 2, 0).set_epoch(1)
        """
        self.epoch = epoch


__all__ = ["DistributedSampler"]
