"""Every op of the registry as a function, by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad import ops
from minigrad.ops.op import REGISTRY

from .later import Later
from .record import Call
from .shortcuts import call_of, recorder_of

__all__ = ["CALLS", "RECORD", "ops", "method"]


class _ByName(dict[str, Any]):
    """A function for each op of the registry, by name; made at its first use, so later ops have one too."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> Any:
        return self.setdefault(name, self._make(REGISTRY[name]))


CALLS: dict[str, Call] = _ByName(call_of)  # functions of tensors
RECORD = _ByName(recorder_of)  # functions of (operands, options), for callers that sort these out themselves


def method(name: str) -> Call:
    """The function of an op for the body of a class; made when it is first asked for."""
    later: Any = Later(CALLS.__getitem__, name)
    return later
