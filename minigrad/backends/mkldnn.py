"""oneDNN: not used, NumPy computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


def is_available() -> bool:
    """False: NumPy computes.

    >>> import minigrad as torch
    >>> torch.backends.mkldnn.is_available()
    False
    """
    return False
