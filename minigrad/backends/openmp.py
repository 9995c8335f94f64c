"""OpenMP: not used, NumPy computes."""

from __future__ import annotations


def is_available() -> bool:
    """False: NumPy computes.

    >>> import minigrad as torch
    >>> torch.backends.openmp.is_available()
    False
    """
    return False
