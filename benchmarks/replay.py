"""The parts of a step: its forwards and rules, noted once, so that each can be timed alone.

Nothing is measured while noting, and nothing is added to the step that is measured: a profiler's hooks cost
more than most ops. The engine tells what it does through the hooks that `viz` uses: a function as
`mode.recorder`, an object as `mode.observer`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import minigrad
from minigrad._tensor.calls import CALLS
from minigrad.engine.mode import mode
from minigrad.ops.kernels import unbroadcast
from minigrad.ops.op import REGISTRY, Op

Thunk = Callable[[], Any]


class Noted(NamedTuple):
    """The calls of one step, in order, ready to be made again; each beside the name of its op.

    `forwards` is NumPy's work alone, `calls` the same as a recorded call, `rules` NumPy's work on the way
    back, `sums` those that undo a broadcast, `additions` those where gradients meet.
    """

    forwards: list[tuple[str, Thunk]]
    calls: list[tuple[str, Thunk]]
    rules: list[tuple[str, Thunk]]
    sums: list[tuple[str, Thunk]]
    additions: list[Thunk]
    nodes: int


class _Walk:
    """The steps of a backward, as it tells an observer."""

    def __init__(self) -> None:
        self.arriving: dict[Any, Any] = {}
        self.rules: list[tuple[str, Thunk]] = []
        self.sums: list[tuple[str, Thunk]] = []
        self.additions: list[Thunk] = []
        self.nodes = 0
        self._totals: dict[Any, Any] = {}

    def arrive(self, node: Any, g: Any) -> None:
        self.arriving[node] = g
        self.nodes += node.op is not None

    def send(self, node: Any, edge: Any, d: Any) -> None:
        parent, rule, *saved = edge
        self.rules.append((node.op.name, partial(rule, self.arriving[node], *saved)))
        raw = rule(self.arriving[node], *saved)
        if raw.shape != parent.shape:
            self.sums.append((node.op.name, partial(unbroadcast, raw, parent.shape)))
        if parent in self._totals:
            total = self._totals[parent]
            self.additions.append(partial(np.add, total, d, out=total))
        else:
            self._totals[parent] = np.array(d)

    def leave(self, node: Any, freed: bool) -> None:
        """Nothing to note."""


@contextmanager
def _options_told(told: list[tuple[str, dict[str, Any]]]) -> Iterator[None]:
    """While this lasts, ops that go the general way append (name, options) of each forward."""
    before = {op: op.forward for op in REGISTRY.values()}

    def telling(op: Op, *arrays: Any, **options: Any) -> Any:
        told.append((op.name, options))
        return before[op](*arrays, **options)

    for op in before:
        op.forward = partial(telling, op)
    try:
        yield
    finally:
        for op, forward in before.items():
            op.forward = forward


def note(forward: Callable[[], Any]) -> Noted:
    """Run a forward that returns the loss, and its backward, and note what they consisted of."""
    noted: list[tuple[Op, tuple[Any, ...], dict[str, Any]]] = []
    told: list[tuple[str, dict[str, Any]]] = []

    def on_record(node: Any, inputs: Any, _: Any) -> None:
        options = told[-1][1] if told and told[-1][0] == node.op.name else dict(node.op.options)
        told.clear()
        noted.append((node.op, tuple(inputs), options))

    walk, before = _Walk(), mode.recorder
    with _options_told(told):
        mode.recorder = on_record
        try:
            loss = forward()
        finally:
            mode.recorder = before
    mode.observer = walk
    try:
        loss.backward()
    finally:
        mode.observer = None
    forwards, calls = [], []
    for op, inputs, options in noted:
        arrays = [x.detach().numpy() if isinstance(x, minigrad.Tensor) else x for x in inputs]
        forwards.append((op.name, partial(op.forward, *arrays, **options)))
        calls.append((op.name, partial(CALLS[op.name], *inputs, **options)))
    return Noted(forwards, calls, walk.rules, walk.sums, walk.additions, walk.nodes)
