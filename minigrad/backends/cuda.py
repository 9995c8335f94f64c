"""The switches of CUDA's products of matrices: they are kept, and change nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

matmul = SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=True)


def is_built() -> bool:
    """False: NumPy computes.

    >>> import minigrad as torch
    >>> torch.backends.cuda.is_built()
    False
    """
    return False
