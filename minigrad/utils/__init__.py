"""Tools around training: `minigrad.utils.data`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.pytorch_names import answers_for
from minigrad.utils import data

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["data"]
