"""Tools for testing derivatives: a gradient checker, and drawers of inputs from the ops' domains.

Nothing here needs hypothesis; the strategies that do are in `minigrad.testing.strategies`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.ops import tables as _tables  # noqa: F401 (all ops are in the registry, and can be drawn)
from minigrad.ops.op import Interval
from minigrad.pytorch_names import answers_for

from .check import check_grads, check_numpy_grads
from .closeness import assert_close
from .draw import Drawer, RandomDrawer, draw_sample
from .engines import Engines, check_engines
from .finding import Finding
from .report import GradientError

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = [
    "Drawer",
    "Engines",
    "Finding",
    "GradientError",
    "Interval",
    "RandomDrawer",
    "assert_close",
    "check_engines",
    "check_grads",
    "check_numpy_grads",
    "draw_sample",
]
