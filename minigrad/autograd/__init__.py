"""Gradients as functions, grad modes, and the tools that watch a graph."""

from __future__ import annotations

from typing import Any

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
from ._variable import Variable
from .function import Function

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

_REFUSED = {
    "graph": "no hook stands where values are saved (saved_tensors_hooks, save_on_cpu)",
    "forward_ad": "derivatives are computed in reverse mode only; see autograd.functional.jvp",
    "profiler": "use Python's profilers",
}


def __getattr__(name: str) -> Any:
    if name in _REFUSED:
        raise AttributeError(f"minigrad does not cover torch.autograd.{name}: {_REFUSED[name]}")
    raise AttributeError(f"module 'minigrad.autograd' has no attribute {name!r}")
