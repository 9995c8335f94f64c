"""The exercises, in the order of the ladder."""

from __future__ import annotations

from importlib import import_module

from ..exercise import Exercise

exercises: tuple[Exercise, ...] = tuple(
    import_module(f"{__name__}.lesson_{number:02}").EXERCISE for number in range(20)
)
