"""The error for a matrix of which there is no result."""

from __future__ import annotations

from minigrad.ops.lapack import LinAlgError

__all__ = ["LinAlgError"]
