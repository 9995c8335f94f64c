"""PyTorch's switches for libraries that compute: accepted, and without an effect on NumPy."""

from __future__ import annotations

from minigrad.backends import cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
