"""PyTorch's switches for libraries that compute: accepted, and without an effect on NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.backends import cuda, cudnn, mkl, mkldnn, mps, openmp
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
