"""The switches of cuDNN, which is not there: they are kept, and change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

enabled, benchmark, deterministic, allow_tf32 = True, False, False, True


def is_available() -> bool:
    """False: NumPy computes.

    >>> import minigrad as torch
    >>> torch.backends.cudnn.is_available(), torch.backends.cudnn.version()
    (False, None)
    """
    return False


def version() -> None:
    """None: there is no cuDNN."""


@contextmanager
def flags(**switches: Any) -> Iterator[None]:
    """Accepts the switches for the length of a `with` block.

    >>> import minigrad as torch
    >>> with torch.backends.cudnn.flags(enabled=False):
    ...     pass
    """
    for name in switches:
        if name not in ("enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32"):
            raise TypeError(f"flags() got an unexpected keyword argument {name!r}")
    yield
