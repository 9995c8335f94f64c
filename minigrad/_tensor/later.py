"""Names of a package, and methods, that are made when they are first asked for: minigrad loads quickly.

Python calls `__getattr__` of a module for a name that it does not find in it (PEP 562).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from minigrad.pytorch_names import absent


def parts_of(package: ModuleType, parts: dict[str, str], attributes: bool = True) -> None:
    """Let a module have PyTorch's modules below it, whose names are its own; they load when asked for.

    `attributes` says whether they are attributes too, beside being importable.
    """
    for part, names in parts.items():
        made = ModuleType(
            f"{package.__name__}.{part}", f"Names of `{package.__name__}`, where PyTorch has them."
        )
        made.__dict__.update(__all__=names.split(), __getattr__=_passed_on(package, made))
        made.__dict__["__dir__"] = lambda made=made: sorted({*vars(made), *made.__all__})
        sys.modules[made.__name__] = made
        if attributes:
            setattr(package, part, made)


def _passed_on(package: ModuleType, part: ModuleType) -> Callable[[str], Any]:
    """`__getattr__` of a part: its names are those of the package."""

    def get(name: str) -> Any:
        if name not in part.__all__:
            raise absent(part.__name__, name)
        return vars(part).setdefault(name, getattr(package, name))

    return get


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
        found = home if name == homes[name] else finish(name, getattr(home, name))
        return vars(sys.modules[package]).setdefault(name, found)  # of two threads, both get the first's

    return get, lambda: sorted({*vars(sys.modules[package]), *homes})


class Later:
    """An attribute of a class that is made when it is first asked for, and then stands in its own place.

    Arguments:
        make: makes it, of the other arguments.
    """

    __slots__ = ("_given", "_home", "_make", "_names")

    def __init__(self, make: Callable[..., Any], *given: Any) -> None:
        self._make, self._given = make, given
        self._names: tuple[str, ...] = ()

    def __set_name__(self, owner: type, name: str) -> None:
        self._home = owner
        self._names = (*self._names, name)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        made = self._make(*self._given)
        home = self._home
        for name in self._names:
            setattr(home, name, made)
        return made.__get__(instance, owner)
