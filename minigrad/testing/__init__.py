"""Tools for testing derivatives: a gradient checker, and drawers of inputs from the ops' domains.

Nothing here needs hypothesis; the strategies that do are in `minigrad.testing.strategies`.
"""

from __future__ import annotations

from minigrad.ops import tables as _tables  # noqa: F401 (all ops are in the registry, and can be drawn)
from minigrad.ops.op import Interval

from .check import check_grads, check_numpy_grads
from .draw import Drawer, RandomDrawer, draw_sample
from .finding import Finding
from .report import GradientError

__all__ = [
    "Drawer",
    "Finding",
    "GradientError",
    "Interval",
    "RandomDrawer",
    "check_grads",
    "check_numpy_grads",
    "draw_sample",
]
