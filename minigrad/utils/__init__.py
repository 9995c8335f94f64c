"""Tools around training: `minigrad.utils.data`."""

from __future__ import annotations

from minigrad.utils import data

__all__ = ["data"]
