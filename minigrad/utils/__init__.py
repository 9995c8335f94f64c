"""Tools around training: `data`, `benchmark`, `checkpoint`, `tensorboard`, which load when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad._tensor.later import loaded_later

if TYPE_CHECKING:
    from minigrad.utils import data
else:
    __getattr__, __dir__ = loaded_later(
        __name__,
        {
            name: name
            for name in ("_pytree", "benchmark", "checkpoint", "data", "dlpack", "hooks", "model_zoo")
        },
    )

__all__ = ["data"]
