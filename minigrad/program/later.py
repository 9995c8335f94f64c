"""The calls that a trace puts off: they change gradients, parameters or rates, and are made after its steps.

A training step in one function clears gradients, goes back, and steps. The trace notes these calls and makes
none of them before the function has returned. Where the function reads something that they change, the trace
ends: they are made at once, in their order, and the rest of the call is eager.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from operator import methodcaller
from typing import Any

from minigrad._tensor.record import history_of

_PLAIN = (int, float, bool, type(None))
METHODS = {"backward", "step", "zero_grad"}
WHY = {
    "backward": "backward runs within the call",
    "step": "an optimiser steps within the call",
    "zero_grad": "the call forgets gradients",
}


class Later:
    """A call that is put off: that of a method of `owner`, or, without a name, of `owner` itself.

    Attributes:
        again: makes the call; None for a backward that is made.
    """

    def __init__(self, owner: Any, name: str, given: tuple[Any, ...], result: Any = None) -> None:
        self.owner, self.name, self._result = owner, name, result
        # By name: an optimiser with hooks has a `step` of its own.
        self.again: Any = partial(owner, *given) if name == "" else partial(methodcaller(name, *given), owner)

    def make(self) -> None:
        """Make it for the first time: its result goes to the array that the user has already."""
        found = self.again()
        if self.name == "backward":  # programs go back by themselves: no graph is kept for them
            self.owner = self.again = None
        if self._result is not None and found is not None:
            self._result[...] = found._array

    def __str__(self) -> str:
        if self.name in ("", "backward"):
            return f"{self.name or self.owner.__name__}()"
        return f"{type(self.owner).__name__}.{self.name}()"


class Agenda:
    """The calls that one trace has put off.

    Attributes:
        calls: in their order.
        root: the tensor whose backward is among them, or None.
        watches: true if one of them changes parameters, or has a result that the user holds.
    """

    def __init__(self) -> None:
        self.calls: list[Later] = []
        self.root: Any = None
        self.watches = False
        self._open = False
        self._live = False  # the user's function runs
        self._known: set[int] = set()
        self._changing: set[Any] = set()  # values that a step may change
        self._restore: Callable[[], None] = lambda: None

    def begin(self, allowed: bool, known: set[int], changing: Iterable[Any], restore: Any) -> None:
        """The user's function begins to run.

        Arguments:
            allowed: whether any call may be put off.
            known: the ids of all objects that the guards hold the same.
            changing: the values of tensors that a step may change.
            restore: a function that gives the tensors their own arrays back.
        """
        self._open, self._live, self._known, self._restore = allowed, True, known, restore
        self._changing = set(changing)

    def returned(self) -> None:
        """The user's function has returned: from now on the calls wait for `make_all`."""
        self._live = self.watches = False

    def takes(self, owner: Any, name: str, given: tuple[Any, ...], nodes: Any) -> bool:
        """Put off `owner.name(*given)`, if that is sound; `nodes` are those that the call has recorded."""
        if not self._open or not all(type(x) in _PLAIN for x in given):
            return False
        if name == "backward":
            node = history_of(owner)
            whole = self.root is None and not self.watches and not any(given) and owner._array.size == 1
            if not whole or node not in nodes:
                return False
            self.root = owner
        else:
            method = getattr(type(owner), name)
            if id(owner) not in self._known or not method.__module__.startswith("minigrad."):
                return False
            self.watches = self.watches or name == "step"
        self.calls.append(Later(owner, name, given))
        return True

    def takes_function(self, function: Any, tensors: list[Any], given: tuple[Any, ...], result: Any) -> bool:
        """Put off `function(tensors, *given)`, whose result's array is `result`, if that is sound."""
        if not self._open or not all(type(x) in _PLAIN for x in given):
            return False
        if not all(id(x) in self._known for x in tensors):
            return False
        self.watches = True
        self.calls.append(Later(function, "", (tensors, *given), result))
        return True

    def changes(self, value: Any) -> bool:
        """True if one of the calls is to change the value's memory."""
        return value.root in self._changing or value.root.kind == "later"

    def make_all(self, at_once: bool = False) -> bool:
        """Make the calls, and tell if there were any; `at_once` only where the user's function still runs."""
        if not self.calls or (at_once and not self._live):
            return False
        calls, self.calls, self.watches, self._open = self.calls, [], False, False
        if at_once:
            self._restore()
        for call in calls:
            call.make()
        return True
