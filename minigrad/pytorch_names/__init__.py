"""PyTorch's public names, and the sentence that answers for one that minigrad does not have.

A module asks `absent` what to raise, and `names.txt` is read only then. Where PyTorch does not have the name
either, Python's usual message comes, with a near name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from itertools import takewhile
from opcode import opname
from types import FrameType
from typing import Any


class NotCoveredError(AttributeError):
    """PyTorch has the name, minigrad does not."""


def _text(file: str) -> str:
    # Without pathlib, which takes 3 ms to load.
    with open(__file__.replace("__init__.py", file), encoding="utf-8") as lines:  # noqa: PTH123
        return lines.read()


def _read(file: str) -> dict[str, list[str]]:
    """The lines "key: word word" of a file; one that begins with a space goes on with the line before."""
    pairs = (line.split(": ", 1) for line in _text(file).replace("\n ", " ").splitlines())
    return {key: words.split() for key, words in pairs}


@cache
def table() -> dict[str, list[str]]:
    """The names in each of PyTorch's modules and classes; "modules" has the modules themselves."""
    return _read("names.txt")


@cache
def _reasons() -> dict[str, list[str]]:
    """Why names are not there: to each reason the names that it fits, with * for anything."""
    return _read("reasons.txt")


def known(home: str, name: str) -> bool:
    """True if PyTorch has the name there. `home` is without "torch."; "" is torch itself."""
    found = table()
    return name in found.get(home or "torch", ()) or f"{home}.{name}".lstrip(".") in found["modules"]


def reason(full: str) -> str:
    """Why there is no such name, as half a sentence; "" for what is only not there yet."""
    matches = import_module("fnmatch").fnmatchcase  # only now: few programs ask
    fits = (why for why, names in _reasons().items() if any(matches(full, n) for n in names))
    return next(fits, "")


def sentence(home: str, name: str) -> str:
    """The answer to a name that PyTorch has and minigrad does not."""
    full = f"{home}.{name}".lstrip(".")
    why = reason(full)
    return (
        f"minigrad has no torch.{full}{': ' if why else ''}{why}; "
        f"`python -m minigrad.coverage {home or 'torch'}` lists what it has"
    )


def absent(module: str, name: str) -> Exception:
    """The error for an unknown name of a module, for its `__getattr__` to raise.

    Of `from minigrad.nn import x` Python forgets every AttributeError, so there it is an ImportError.
    """
    home = module.partition(".")[2]
    if name.startswith("_") or not known(home, name):
        here = sys.modules[module]  # with it, Python can say: Did you mean 'Conv2d'?
        return AttributeError(f"module {module!r} has no attribute {name!r}", name=name, obj=here)
    if _asks(sys._getframe(1), "IMPORT_FROM"):
        return ImportError(sentence(home, name), name=module)
    return NotCoveredError(sentence(home, name))


def _asks(getattr_of_a_module: FrameType, instruction: str) -> bool:
    """True if the caller of a module's `__getattr__` is at such an instruction."""
    asks = getattr_of_a_module.f_back
    return asks is not None and opname[asks.f_code.co_code[asks.f_lasti]] == instruction


def answers_for(module: str) -> Callable[[str], Any]:
    """`__getattr__` of a module that has no names to load later."""

    def get(name: str) -> Any:
        raise absent(module, name)

    return get


class _Modules:
    """The last to be asked for a module: speaks of those that PyTorch has and minigrad does not."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> None:
        package, _, name = fullname.partition(".")
        if package != "minigrad" or name not in table()["modules"]:
            return
        try:
            asks = sys._getframe(2).f_code.co_name
        except ValueError:
            return
        if asks != "_find_and_load_unlocked":  # no import: importlib.util.find_spec() only wants to know
            return
        home, _, last = name.rpartition(".")
        raise ModuleNotFoundError(sentence(home, last), name=fullname)


def speak_for_modules() -> None:
    """Let `import minigrad.fft` say the sentence."""
    if not any(type(finder) is _Modules for finder in sys.meta_path):
        sys.meta_path.append(_Modules())


class _Absent:
    """A method that PyTorch's class has and ours does not: an attribute that is not there."""

    __slots__ = ("_home", "_name")

    def __init__(self, home: str, name: str) -> None:
        self._home, self._name = home, name

    def __get__(self, instance: Any, owner: Any) -> Any:
        raise NotCoveredError(sentence(self._home, self._name))


def absent_methods(home: str, *bases: type) -> type:
    """A last base for a class: the public names of PyTorch's class that no other base has.

    A `__getattr__` would say the same, and cost every look at an attribute of a tensor four times its time.
    """
    _, _, after = _text("names.txt").partition(f"\n{home}: ")  # not the whole table: here it is in a hurry
    names = takewhile(lambda word: word[-1] != ":", after.split())
    there = {name for base in bases for above in base.__mro__ for name in vars(above)}
    absent = {name: _Absent(home, name) for name in names if name not in there}
    return type("Absent", (), {"__slots__": (), **absent})
