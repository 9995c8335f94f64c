"""The number of threads in which NumPy's products of matrices run."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

try:
    _pools: Any = import_module("threadpoolctl")
except ImportError:
    _pools = None

_set: list[int] = []


def set_num_threads(int: int) -> None:
    """Let products of matrices use that many threads.

    It takes effect where `threadpoolctl` is installed. Elsewhere the number is only remembered: NumPy's
    library reads OPENBLAS_NUM_THREADS or MKL_NUM_THREADS when it loads.

    Arguments:
        int: a positive integer.

    Raises:
        RuntimeError: for anything else.

    >>> import minigrad as torch
    >>> torch.set_num_threads(torch.get_num_threads())
    """
    if isinstance(int, bool) or not hasattr(int, "__index__"):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(int).__name__}")
    if int < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, but got {int}")
    _set[:] = [int]
    if _pools is not None:
        _pools.threadpool_limits(int)


def get_num_threads() -> int:
    """The number that was set; without one, that of NumPy's library or of the machine's cores.

    >>> import minigrad as torch
    >>> torch.get_num_threads() >= 1
    True
    """
    if _set:
        return _set[0]
    pools = [] if _pools is None else _pools.threadpool_info()
    return max([pool["num_threads"] for pool in pools], default=os.cpu_count() or 1)


def get_num_interop_threads() -> int:
    """The threads that run ops beside each other: 1.

    >>> import minigrad as torch
    >>> torch.get_num_interop_threads()
    1
    """
    return 1


def set_num_interop_threads(int: int) -> None:
    """Accepted: ops run one after the other always.

    Arguments:
        int: a positive integer.

    >>> import minigrad as torch
    >>> torch.set_num_interop_threads(1)
    """
    if int < 1:
        raise RuntimeError(f"set_num_interop_threads expects a positive integer, but got {int}")
