"""Names of a package that load when they are first asked for, so that importing minigrad stays quick.

Python calls `__getattr__` of a module for a name that it does not find in it (PEP 562).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from minigrad.pytorch_names import absent, answers_for


def parts_of(package: ModuleType, parts: dict[str, str], attributes: bool = True) -> None:
    """Let a module have PyTorch's modules below it, with names that it has itself.

    `attributes` says whether they are attributes too, beside being importable.
    """
    for part, names in parts.items():
        made = ModuleType(
            f"{package.__name__}.{part}", f"Names of `{package.__name__}`, where PyTorch has them."
        )
        made.__dict__.update({name: getattr(package, name) for name in names.split()}, __all__=names.split())
        made.__dict__["__getattr__"] = answers_for(made.__name__)
        sys.modules[made.__name__] = made
        if attributes:
            setattr(package, part, made)


def loaded_later(
    package: str, modules: dict[str, str], finish: Callable[[str, Any], Any] = lambda _, found: found
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package: `modules` has the names in each of its modules.

    A name that is that of its module is the module itself; all others go through `finish`.
    """
    homes = {name: module for module, names in modules.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in homes:
            raise absent(package, name)
        home = import_module(f"{package}.{homes[name]}")
        vars(sys.modules[package])[name] = found = (
            home if name == homes[name] else finish(name, getattr(home, name))
        )
        return found

    return get, lambda: sorted({*vars(sys.modules[package]), *homes})
