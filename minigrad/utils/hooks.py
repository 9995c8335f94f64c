"""The handle that registering a hook returns, where PyTorch has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.handle import RemovableHandle
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["RemovableHandle"]
