"""A worker's knowledge of itself."""

from __future__ import annotations

from typing import Any, NamedTuple


class WorkerInfo(NamedTuple):
    """The number of a worker, of how many, the seed of its generators, and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_own: list[WorkerInfo] = []


def become_worker(info: WorkerInfo) -> None:
    """Let this process know that it is a worker."""
    _own[:] = [info]


def get_worker_info() -> WorkerInfo | None:
    """In a worker of a DataLoader its `id`, `num_workers`, `seed` and `dataset`; elsewhere None.

    An IterableDataset shares its samples out by it.

    >>> import minigrad as torch
    >>> torch.utils.data.get_worker_info() is None
    True
    """
    return _own[0] if _own else None
