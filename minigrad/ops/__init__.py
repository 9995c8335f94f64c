"""The table of derivatives, by family. Importing this package fills the registry."""

from __future__ import annotations

from . import elementwise, index, linalg, neural, reduce, shape

__all__ = ["elementwise", "index", "linalg", "neural", "reduce", "shape"]
