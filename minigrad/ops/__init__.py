"""The table of derivatives, by family. Importing this package fills the registry."""

from __future__ import annotations

from . import activations, elementwise, index, linalg, losses, normalisation, reduce, shape

__all__ = [
    "activations",
    "elementwise",
    "index",
    "linalg",
    "losses",
    "normalisation",
    "reduce",
    "shape",
]
