"""The names of the package that load when they are first asked for: pictures cost nothing until drawn.

Python calls `__getattr__` of a module for a name that it does not find in it (PEP 562).
"""

import sys
from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "viz":
        return import_module("minigrad.viz")
    if name == "explain":
        return import_module("minigrad.viz").explain
    package = sys.modules["minigrad"]  # with it, Python can say: Did you mean 'relu'?
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}", name=name, obj=package)


def __dir__() -> list[str]:
    package = vars(sys.modules["minigrad"])
    return sorted({*package, *package["__all__"]})
