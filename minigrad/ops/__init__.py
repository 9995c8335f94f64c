"""The table of derivatives, by family, and `Op`, the record of one op. Importing it fills the registry.

Families that few programs use load with the functions that use them; `minigrad.ops.tables` loads all.

`Op` is public: an op of your own is a record in a file of your own (see `minigrad.ops.Op`).
"""

from __future__ import annotations

from . import (
    activations,
    arcs,
    choosing,
    elementwise,
    extremes,
    index,
    linalg,
    reduce,
    rounding,
    scan,
    shape,
)
from .op import ABOVE_ONE, NONZERO, POSITIVE, REAL, REGISTRY, UNIT, Interval, Op

__all__ = [
    "ABOVE_ONE", "NONZERO", "POSITIVE", "REAL", "REGISTRY", "UNIT", "Interval", "Op", "activations",
    "arcs", "choosing", "elementwise", "extremes", "index", "linalg", "reduce", "rounding", "scan", "shape",
]  # fmt: skip
