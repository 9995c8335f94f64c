"""Anomaly mode: remember where each op was recorded, and stop at the first gradient that is not finite."""

from __future__ import annotations

import linecache
import sys
import weakref
from typing import Any

import numpy as np

from minigrad.engine.mode import current, switch
from minigrad.engine.node import Node
from minigrad.ops.arrays import everything

from ._mode import enter, leave

_PACKAGE = __file__.rpartition("autograd")[0]  # not by pathlib, which takes 5 ms to import


def user_line() -> str:
    """The innermost line of the calling program outside this package: `file:line: code`."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    if frame is None:
        return "an unknown line"
    name, number = frame.f_code.co_filename, frame.f_lineno
    code = linecache.getline(name, number).strip()
    return f"{name}:{number}" + (f": {code}" if code else "")


class _Watcher:
    """Notes the line of each recorded op and the first output that is not finite; checks gradients."""

    def __init__(self, check_nan: bool) -> None:
        self.check_nan = check_nan
        self._first: tuple[weakref.ref[Node], str] | None = None  # the first that still matters
        self._given = (0, "")  # the id of the node that is walked, and what is wrong with its gradient

    def __call__(self, node: Node, inputs: Any, out: Any) -> None:
        node.watched().line = user_line()
        if self.check_nan and not self._forward() and not np.all(np.isfinite(everything(out))):
            self._first = weakref.ref(node), f"{_described(node)} gave {_first_bad(out)}"

    def _forward(self) -> str:
        """The result of the first forward op that was not finite, unless its graph is gone."""
        return self._first[1] if self._first is not None and self._first[0]() is not None else ""

    def arrive(self, node: Node, g: Any) -> None:
        values = everything(getattr(g, "_array", g))
        bad = isinstance(values, (np.ndarray, np.generic)) and not np.all(np.isfinite(values))
        text = f"the gradient that arrived there already held {_first_bad(values)}" if bad else ""
        self._given = id(node), text

    def send(self, node: Node, edge: Any, d: Any) -> None:
        values = everything(getattr(d, "_array", d))
        if (
            not self.check_nan
            or not isinstance(values, (np.ndarray, np.generic))
            or np.all(np.isfinite(values))
        ):
            return
        assert node.op is not None
        position = next(i for i, e in enumerate(node.edges or ()) if e is not None and e[:2] == edge[:2])
        names = node.op.inputs
        which = names[position] if position < len(names) and not node.op.variadic else f"input {position}"
        text = f"the backward of {_described(node)} gave {_first_bad(values)} in the gradient of {which}."
        at, given = self._given
        if at == id(node) and given:
            text += f" But {given}: look at what was passed to backward, or at what a hook returned."
        elif forward := self._forward():
            text = f"In forward, {forward}. Then {text}"
        else:
            text += " Every recorded forward value was finite, so it is the derivative that is not."
        raise RuntimeError(
            f"Function '{node.name()}' returned nan or inf values in its gradient: {text} If a where() "
            "discards such values, mask the *input* of the op instead: x = where(ok, x, 1), then f(x)."
        )

    def leave(self, node: Node, freed: bool) -> None:
        pass


def _described(node: Node) -> str:
    assert node.op is not None
    line = node.watch.line if node.watch is not None else ""
    return f"{node.op.name} (output shape {tuple(node.shape)}" + (f", recorded at {line})" if line else ")")


def _first_bad(values: Any) -> str:
    values = np.asarray(everything(values))
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
    return f"{float(values[index])} at index {index}"


def watches_for_anomalies() -> bool:
    """True if this thread's backward stops at a nan, or remembers lines."""
    return isinstance(current().observer, _Watcher)


class detect_anomaly:
    """Inside, recorded ops remember the user's line, and backward stops at the first nan or inf.

    The lines then stand in other errors too (backward twice, a saved value written in place). It costs
    time on every op, and nothing outside. It is about the thread that enters it: forward and backward of
    another thread are watched where that thread enters one too.

    Arguments:
        check_nan: False only remembers the lines.

    Raises:
        RuntimeError: in backward, at the first gradient that is not finite (unless check_nan=False).

    >>> import minigrad as torch
    >>> x = torch.tensor([0.0], requires_grad=True)
    >>> with torch.autograd.detect_anomaly():
    ...     torch.sqrt(x).sum().backward()
    Traceback (most recent call last):
    ...
    RuntimeError: Function 'SqrtBackward0' returned nan or inf values in its gradient: ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._watcher = _Watcher(check_nan)

    def __enter__(self) -> None:
        enter(self, current().but(recorder=self._watcher, observer=self._watcher))

    def __exit__(self, *exc: object) -> None:
        leave(self, "recorder", "observer")


class set_detect_anomaly(detect_anomaly):
    """Turns anomaly mode on or off at once; as a context manager, until its end.

    Arguments:
        mode: whether it is on.
        check_nan: False only remembers the lines.

    >>> import minigrad as torch
    >>> with torch.autograd.set_detect_anomaly(True):
    ...     pass
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__(check_nan)
        watcher = self._watcher if mode else None
        before = current()
        self._before = before.recorder, before.observer
        switch(before.but(recorder=watcher, observer=watcher))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        switch(current().but(recorder=self._before[0], observer=self._before[1]))
