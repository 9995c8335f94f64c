"""The mode of a thread, and of an asyncio task: whether it records, and the listeners to each node.

Recording and the recorder are two things. `no_grad` turns recording off and leaves the recorder where it is,
so that a `viz.watch()` around it hears of the ops of an `enable_grad` inside it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any


class Mode:
    """One mode; it is never changed, only replaced.

    Attributes:
        recording: whether operations make nodes.
        inference: whether the tensors that are made stay out of every later graph; then nothing is recorded.
        recorder: None, or a function called as recorder(node, inputs, out) for each new node.
        observer: None, or an object that sees backward as it happens. The walk calls its `arrive(node, g)`
            after the node's hooks, `send(node, edge, d)` for each edge in order, `leave(node, freed)`.
        deriving: whether rules of derivatives run on tensors. NumPy's functions, in which they are written,
            give tensors there; elsewhere they give arrays where nothing is recorded, as with PyTorch.
    """

    __slots__ = ("deriving", "inference", "observer", "recorder", "recording")

    def __init__(
        self,
        recording: bool = True,
        recorder: Any = None,
        observer: Any = None,
        inference: bool = False,
        deriving: bool = False,
    ) -> None:
        self.recording, self.recorder, self.observer = recording, recorder, observer
        self.inference, self.deriving = inference, deriving

    def but(self, **changes: Any) -> Mode:
        """This mode with some attributes changed."""
        kept = {name: getattr(self, name) for name in self.__slots__}
        return Mode(**{**kept, **changes})


# Reading a ContextVar takes a third of the time of a threading.local.
_current: ContextVar[Mode] = ContextVar("mode", default=Mode())  # noqa: B039 (a mode is never changed)
current, switch = _current.get, _current.set


class _Property:
    """An attribute of the current mode; setting it replaces the mode."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        return getattr(current(), self.name)

    def __set__(self, instance: Any, value: Any) -> None:
        if getattr(current(), self.name) is not value:
            switch(current().but(**{self.name: value}))


class _CurrentMode:
    """The current mode's attributes, to read and to set: `mode.recording = False`."""

    recording, recorder, observer = _Property(), _Property(), _Property()
    inference, deriving = _Property(), _Property()


mode = _CurrentMode()


def run_user(function: Callable[..., Any], *args: Any, record: bool) -> Any:
    """function(*args), such as a hook; `record` says whether its ops are recorded."""
    before = current()
    try:
        if before.recording is not record or before.deriving:
            switch(before.but(recording=record, deriving=False))
        return function(*args)
    finally:
        switch(before)
