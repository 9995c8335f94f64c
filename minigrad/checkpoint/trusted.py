"""The names in a pickle that stand for classes and functions: which are taken, and by whose word.

With `weights_only=True` those are data of a known kind, and the classes and functions that the program has
declared safe. With `weights_only=False` the program says that it trusts the file. Still nothing in it is run:
an object is made without a call of its class, and gets its attributes; a function is only looked up.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum
from importlib import import_module
from types import FunctionType
from typing import Any

from minigrad.checkpoint.structure import CheckpointError

_safe: dict[str, Any] = {}

# Classes of Python's that hold data and nothing else.
_HOLDERS = {"argparse.Namespace", "types.SimpleNamespace", "pathlib.PosixPath", "pathlib.WindowsPath",
            "pathlib.PurePosixPath", "pathlib.PureWindowsPath"}  # fmt: skip


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Declare classes and functions safe: `load` then lets a file make objects of them, and call them.

    Arguments:
        safe_globals: classes and functions, or pairs (one of them, the name by which files call it).

    Raises:
        TypeError: for something that has no name.

    >>> import minigrad as torch
    >>> torch.serialization.add_safe_globals([complex])
    >>> torch.serialization.get_safe_globals()
    [<class 'complex'>]
    >>> torch.serialization.clear_safe_globals()
    """
    _safe.update(_named(safe_globals))


def get_safe_globals() -> list[Any]:
    """The classes and functions that were declared safe: see `add_safe_globals`.

    >>> import minigrad as torch
    >>> torch.serialization.get_safe_globals()
    []
    """
    return list(_safe.values())


def clear_safe_globals() -> None:
    """Take all declarations of `add_safe_globals` back.

    >>> import minigrad as torch
    >>> torch.serialization.clear_safe_globals()
    """
    _safe.clear()


class safe_globals:  # PyTorch's name
    """While it lasts, the given classes and functions are safe: see `add_safe_globals`.

    Arguments:
        safe_globals: as there.

    >>> import minigrad as torch
    >>> with torch.serialization.safe_globals([complex]):
    ...     torch.serialization.get_safe_globals()
    [<class 'complex'>]
    >>> torch.serialization.get_safe_globals()
    []
    """

    def __init__(self, safe_globals: Iterable[Any]) -> None:
        self._given = _named(safe_globals)

    def __enter__(self) -> None:
        self._before = dict(_safe)
        _safe.update(self._given)

    def __exit__(self, *exc: object) -> None:
        clear_safe_globals()
        _safe.update(self._before)


def declared(name: str) -> Any:
    """The class or function of that name that was declared safe; None where there is none."""
    return _safe.get(name)


def found(module: str, name: str) -> Any:
    """A class or function of the program, or of minigrad, by its module and its name there.

    Raises:
        CheckpointError: where there is none, and for those of Python's own library.
    """
    if module.startswith(("minigrad.nn.", "minigrad.optim.")):  # these run nothing when they are imported
        with suppress(ImportError):
            import_module(module)
    here: Any = sys.modules.get(module)
    for part in name.split("."):
        here = getattr(here, part, None)
    full = f"{module}.{name}"
    if here is None:
        raise CheckpointError(
            f"its pickle names {full}, which this program does not have: import it, or define it in the same "
            "place, before loading"
        )
    if full not in _HOLDERS and not (is_of_program(here) and name_of(here) == full):
        raise CheckpointError(
            f"its pickle names {full}, which is refused: it is no class or function of minigrad or of "
            "the program. If it is harmless, declare that with torch.serialization.add_safe_globals"
        )
    return here


def is_of_program(x: Any) -> bool:
    """True for a class or function of minigrad, of the program or its packages, not of Python's library."""
    home = str(getattr(x, "__module__", None) or "builtins").partition(".")[0]
    return isinstance(x, type | FunctionType) and home not in sys.stdlib_module_names


def is_holder(x: Any) -> bool:
    """True for a class of Python's of which objects may be saved."""
    return isinstance(x, type) and name_of(x) in _HOLDERS


def name_of(x: Any) -> str:
    """The name under which a class or function can be found again: of minigrad's functions the public one."""
    if type(x) is FunctionType and str(x.__module__).startswith("minigrad."):
        name: str = x.__name__
        for home in ("minigrad", "minigrad.nn.functional"):
            if vars(sys.modules[home]).get(name) is x:
                return f"{home}.{name}"
    return f"{x.__module__}.{x.__qualname__}"


def made(cls: Any, arguments: tuple[Any, ...]) -> Any:
    """A new object, as `cls.__new__` makes it, if that is Python's.

    Raises:
        CheckpointError: for a class whose own `__new__` would run.
    """
    base = next(
        (b for b in (tuple, list, dict, set, frozenset, str, int, float) if issubclass(cls, b)), object
    )
    if cls.__new__ is not base.__new__ and not _is_namedtuple(cls):
        raise CheckpointError(
            f"its pickle makes a {name_of(cls)}, whose __new__ would run; if it is harmless, declare that "
            "with torch.serialization.add_safe_globals"
        )
    make: Any = base.__new__
    return make(cls, arguments) if _is_namedtuple(cls) else make(cls, *arguments)


def called(cls: Any, arguments: tuple[Any, ...]) -> Any:
    """A member of an Enum, or a path: the classes whose call is harmless.

    Raises:
        CheckpointError: for any other.
    """
    if may_be_called(cls):
        return cls(*arguments)
    raise CheckpointError(
        f"its pickle calls {name_of(cls)}, and nothing in a file is run; if it is harmless, declare that "
        "with torch.serialization.add_safe_globals"
    )


def may_be_called(cls: Any) -> bool:
    """True for an Enum, whose call finds a member, for a path, and for a plain namespace."""
    return isinstance(cls, type) and (issubclass(cls, Enum) or is_holder(cls))


def filled(x: Any, state: Any) -> None:
    """Give an object its attributes.

    Raises:
        CheckpointError: where its class has a `__setstate__`, which would run.
    """
    if hasattr(type(x), "__setstate__"):
        raise CheckpointError(
            f"its pickle fills a {name_of(type(x))}, whose __setstate__ would run; if it is harmless, "
            "declare that with torch.serialization.add_safe_globals"
        )
    own, slots = state if isinstance(state, tuple) else (state, None)
    if own:
        vars(x).update(own)
    for name, value in (slots or {}).items():
        object.__setattr__(x, name, value)


def _is_namedtuple(cls: Any) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields") and cls.__bases__ == (tuple,)


def _named(given: Iterable[Any]) -> dict[str, Any]:
    names = {}
    for one in given:
        x, name = one if isinstance(one, tuple) else (one, "")
        if not name and not hasattr(x, "__qualname__"):
            raise TypeError(
                f"a class or a function can be declared safe, or a pair of one and its name, not {x!r}"
            )
        names[name or name_of(x)] = x
    return names
