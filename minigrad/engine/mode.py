"""Whether operations are recorded, and who looks on: for each thread, and each asyncio task."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

# Per thread, and per asyncio task. (Reading a ContextVar takes a third of the time of a threading.local.)
_recording: ContextVar[Any] = ContextVar("recording", default=True)
_observer: ContextVar[Any] = ContextVar("observer", default=None)
recording, set_recording = _recording.get, _recording.set  # `mode.recording`, for the path of every op


class _Mode:
    """What is recorded, and who looks on; each thread has its own.

    Attributes:
        recording: False records nothing, True records; a function records and is called as
            recording(node, inputs, out) for each new node.
        observer: None, or an object whose `arrive(node, g)` (after the node's hooks), `send(node, edge, d)`
            (for each edge that is walked, in order) and `leave(node, freed)` the walk calls: backward as it
            really happens.
    """

    @property
    def recording(self) -> Any:
        return _recording.get()

    @recording.setter
    def recording(self, value: Any) -> None:
        _recording.set(value)

    @property
    def observer(self) -> Any:
        return _observer.get()

    @observer.setter
    def observer(self, value: Any) -> None:
        _observer.set(value)


mode = _Mode()


def run_user(function: Callable[..., Any], *args: Any, record: bool) -> Any:
    """Call a hook, or a Function's backward: what it computes is recorded for a higher derivative only."""
    before = recording()
    set_recording(before and record)
    try:
        return function(*args)
    finally:
        set_recording(before)
