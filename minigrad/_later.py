"""The names of the package that load when they are first asked for: what draws, what writes files, devices.

Python calls `__getattr__` of a module for a name that it does not find in it (PEP 562).
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from minigrad.pytorch_names import absent, speak_for_modules

speak_for_modules()

_BY_DTYPE = (
    "FloatTensor",
    "DoubleTensor",
    "HalfTensor",
    "LongTensor",
    "IntTensor",
    "ShortTensor",
    "CharTensor",
    "ByteTensor",
    "BoolTensor",
)
# The name, and the module in which it stands ("" where it is the module itself).
_HOMES = {
    "viz": "",
    "learn": "",
    "explain": "viz",
    "checkpoint": "",
    "load": "checkpoint",
    "save": "checkpoint",
    "CheckpointError": "checkpoint",
    "accelerator": "",
    "backends": "",
    "cuda": "",
    "testing": "",
    "compile": "program.compiled",
    **dict.fromkeys(("normal", "bernoulli", "multinomial"), "sampling"),
    **dict.fromkeys(_BY_DTYPE, "older"),
    "get_num_threads": "threads",
    "set_num_threads": "threads",
    "get_num_interop_threads": "threads",
    "set_num_interop_threads": "threads",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        home = import_module(f"minigrad.{_HOMES[name] or name}")
        return getattr(home, name) if _HOMES[name] else home
    raise absent("minigrad", name)


def __dir__() -> list[str]:
    package = vars(sys.modules["minigrad"])
    return sorted({*package, *package["__all__"]})
