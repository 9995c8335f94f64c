"""The older home of `torch.profiler`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.profiler import EventList, FunctionEvent, profile, record_function
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["EventList", "FunctionEvent", "profile", "record_function"]
