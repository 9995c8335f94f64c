"""Letting Python's garbage collector rest while a large graph is built."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Inside, Python's cyclic garbage collector rests; as a context manager or as a decorator.

    A graph has no reference cycles and dies when nobody holds it, collector or not. But the collector does
    not know, and walks all that is alive again and again while a graph grows: with a million ops that takes
    as long as building them. Cycles that other code makes meanwhile are collected afterwards. The collector
    is the process's, so all threads are concerned.

    >>> import minigrad as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.autograd.gc_paused():
    ...     y = x
    ...     for _ in range(1000):
    ...         y = y + x
    ...     y.sum().backward()
    >>> x.grad
    tensor([1001., 1001.])
    """
    running = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if running:
            gc.enable()
