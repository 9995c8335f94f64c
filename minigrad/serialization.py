"""Files of tensors and state dicts, and the classes that may be made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.checkpoint.file import load, save
from minigrad.checkpoint.trusted import (
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    safe_globals,
)
from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]
