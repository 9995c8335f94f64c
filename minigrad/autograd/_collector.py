"""Letting Python's garbage collector rest while a large graph is built."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Inside, Python's cyclic garbage collector rests; as a context manager or as a decorator.

    A graph has no reference cycles: it dies when nobody holds it, collector or no collector. But the collector
    does not know, and walks all that is alive again and again while a graph grows: for a million ops it takes
    as long as building them. Nothing else changes; cycles that other code makes meanwhile are collected after
    the end. The collector is the process's, so this holds for all threads.

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
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
