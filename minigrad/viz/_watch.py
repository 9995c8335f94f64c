"""`watch`: note what a program does while it is recorded: its lines, its values, its modules."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any, NamedTuple, Self

import numpy as np

from minigrad.autograd._anomaly import user_line
from minigrad.autograd._mode import enter, leave
from minigrad.engine.mode import current
from minigrad.engine.node import Node
from minigrad.nn import Module
from minigrad.viz._names import PACKAGE as _PACKAGE
from minigrad.viz._numbers import raw
from minigrad.viz._source import Span

COPIED = 4096  # an array of up to so many elements is copied, a larger one is only referred to


class Call(NamedTuple):
    """One call of a module: its path in the model, its class, and which of all calls it was."""

    path: str
    kind: str
    number: int


class Seen(NamedTuple):
    """The notes on one recorded op.

    Attributes:
        operands: of each its storage (or the number that it is), and the values it had.
        value: what came out.
        calls: the modules inside which it happened, the outermost first.
        span: which part of your program asked for it: lines and columns.
    """

    operands: tuple[tuple[Any, Any], ...]
    value: Any
    calls: tuple[Call, ...]
    span: Span | None


class watch:
    """Inside, each recorded op is noted with its values and the line of your program that asked for it.

    `graph`, `explain` and `player` show what was noted. Without it they know what the derivatives keep,
    which is often enough, but neither lines nor the values that no rule needs. Give it the models whose
    modules should be told apart; those are then known by their paths, as in `named_modules()`.

    It costs time and memory on every op, and nothing outside. Arrays of more than 4,096 elements are not
    copied: what is written into them later is what is shown.

    >>> import minigrad as torch
    >>> from minigrad import viz
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> with viz.watch():
    ...     y = x * 3 + 1
    >>> print(viz.explain(y).text.splitlines()[5])
      v1 = x * 3     6; keeps 3
    """

    def __init__(self, *models: Module) -> None:
        for model in models:
            if not isinstance(model, Module):
                raise TypeError(f"watch: takes the models to be told apart, not a {type(model).__name__}")
        self._models = models
        self._handles: list[Any] = []
        self._before: list[Any] = []
        self._calls: list[Call] = []
        self._count = 0

    def __enter__(self) -> Self:
        before, depth = current(), len(self._before)
        try:
            for model in self._models:
                for path, module in model.named_modules():
                    self._follow(path, module)
            self._before.append(before.recorder)
            enter(self, before.but(recorder=self))
        except BaseException:  # an interrupt, or a model whose modules cannot be listed
            del self._before[depth:]
            self._let_go()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            leave(self, "recorder")
        finally:
            self._before.pop()
            self._let_go()

    def _let_go(self) -> None:
        while self._handles:
            self._handles.pop().remove()
        self._calls.clear()

    def __call__(self, node: Node, operands: Any, out: Any) -> None:
        """Note one op: the engine calls this for each that it records."""
        before = self._before[-1]
        if before is not None:  # an anomaly mode around us
            before(node, operands, out)
        watch = node.watched()
        watch.line = user_line()
        watch.seen = Seen(tuple(_noted(x) for x in operands), _kept(out), tuple(self._calls), _span())

    def _follow(self, path: str, module: Module) -> None:
        kind = type(module).__name__

        def begin(*_: Any) -> None:
            self._leave(path)  # left over from a call that an exception ended
            self._count += 1
            self._calls.append(Call(path, kind, self._count))

        def end(*_: Any) -> None:
            self._leave(path)

        self._handles.append(module.register_forward_pre_hook(begin))
        self._handles.append(module.register_forward_hook(end))

    def _leave(self, path: str) -> None:
        for depth, call in enumerate(self._calls):
            if call.path == path:
                del self._calls[depth:]
                return


def _span() -> Span | None:
    """The part of the innermost line outside this package that is being computed."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    if frame is None:
        return None
    line, end, column, last = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    if line is None or end is None or column is None or last is None:
        return None
    return line, end, column, last


def _noted(operand: Any) -> tuple[Any, Any]:
    value = raw(operand)
    return value, _kept(value)


def _kept(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) and value.size <= COPIED else value
