"""Many samples as one: arrays that are batches, and how tensors become such and come out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.later import loaded_later

if TYPE_CHECKING:
    from .batch import UnbatchableError
    from .levels import BATCH, ENTER, LIFT, UNBATCH, Level
else:
    __getattr__, __dir__ = loaded_later(
        __name__, {"batch": "UnbatchableError", "levels": "BATCH ENTER LIFT UNBATCH Level"}
    )

__all__ = ["BATCH", "ENTER", "LIFT", "UNBATCH", "Level", "UnbatchableError"]
