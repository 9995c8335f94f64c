"""Gradients as functions, grad modes, and the tools that watch a graph."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from minigrad._tensor.later import loaded_later, parts_of

if TYPE_CHECKING:
    from . import function, functional
    from ._anomaly import detect_anomaly, set_detect_anomaly
    from ._check import gradcheck, gradgradcheck
    from ._collector import gc_paused
    from ._grad import backward, grad
    from ._mode import (
        enable_grad,
        inference_mode,
        is_grad_enabled,
        is_inference_mode_enabled,
        no_grad,
        set_grad_enabled,
    )
    from .function import Function
    from .variable import Variable
else:
    __getattr__, __dir__ = loaded_later(
        __name__,
        {
            "_anomaly": "detect_anomaly set_detect_anomaly",
            "_check": "gradcheck gradgradcheck",
            "_collector": "gc_paused",
            "_grad": "backward grad",
            "_mode": "enable_grad inference_mode is_grad_enabled is_inference_mode_enabled no_grad "
            "set_grad_enabled",
            "function": "function Function",
            "functional": "functional",
            "profiler": "profiler",
            "variable": "variable Variable",
        },
    )

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "function",
    "functional",
    "gc_paused",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]

_PARTS = {
    "grad_mode": "enable_grad inference_mode no_grad set_grad_enabled",
    "anomaly_mode": "detect_anomaly set_detect_anomaly",
}
parts_of(sys.modules[__name__], _PARTS)
# The function of that name stays the attribute, as in PyTorch.
parts_of(sys.modules[__name__], {"gradcheck": "gradcheck gradgradcheck"}, attributes=False)
