"""Tools around training: `data`; `benchmark` and `tensorboard` load when they are imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import absent
from minigrad.utils import data

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "benchmark":
            return import_module("minigrad.utils.benchmark")
        raise absent("minigrad.utils", name)


__all__ = ["data"]
