"""Tools around training: `data`; `benchmark`, `checkpoint` and `tensorboard` load when they are imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import absent
from minigrad.utils import data

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in ("benchmark", "checkpoint", "model_zoo"):
            return import_module(f"minigrad.utils.{name}")
        raise absent("minigrad.utils", name)


__all__ = ["data"]
