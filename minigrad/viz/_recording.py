"""What really happened in a backward: a recording made through the engine's observer."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.engine.mode import mode
from minigrad.engine.node import Node
from minigrad.viz._numbers import raw
from minigrad.viz._rules import rule_of, rule_text, with_numbers
from minigrad.viz._scene import Entry, Operand, Scene


@dataclass(slots=True)
class Part:
    """What an op sent to one of its operands, what that held before, and what it holds with it."""

    operand: Operand
    value: Any
    held: Any
    total: Any
    first: bool
    rule: str  # the expression in the table of derivatives
    numbers: str  # the same with the numbers of this call
    summed: bool  # whether a broadcast was undone


@dataclass(slots=True)
class Visit:
    """One stop of the walk: the gradient that arrived, and what was made of it."""

    entry: Entry
    g: Any
    parts: list[Part] = field(default_factory=list)
    freed: bool = False
    hooked: bool = False  # whether a hook of the user's changed what arrived


class Recorder:
    """An observer that keeps every step of the walk that touches a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._totals: dict[Node, Any] = {}
        self._before: Any = None
        self.visits: list[Visit] = []
        self.missed = 0

    def run(self, backward: Callable[[], Any]) -> list[Visit]:
        """Call `backward` and note what its walk does."""
        self._before = mode.observer
        mode.observer = self
        try:
            backward()
        finally:
            mode.observer = self._before
        return self.visits

    def arrive(self, node: Node, g: Any) -> None:
        if self._before is not None:
            self._before.arrive(node, g)
        entry = self._scene.of.get(node)
        if entry is None:
            self.missed += 1
            return
        value = _copied(g)
        known = self._totals.get(node)
        hooks = node.watch is not None and bool(node.watch.hooks)
        changed = hooks and (known is None or not np.array_equal(known, value, equal_nan=True))
        self.visits.append(Visit(entry, value, hooked=changed))

    def send(self, node: Node, edge: Any, d: Any) -> None:
        if self._before is not None:
            self._before.send(node, edge, d)
        entry = self._scene.of.get(node)
        if entry is None:
            return
        operand = next(operand for operand in entry.operands if _same(operand.edge, edge))
        value = _copied(d)
        parent = edge[0]
        first, known = parent not in self._totals, self._totals.get(parent)
        total = value if known is None or value is None else known + value
        self._totals[parent] = total
        visit = self.visits[-1]
        rule, numbers = _rule(entry, operand, visit.g)
        spread = rule == "g" or rule.startswith("unbroadcast(") or _is_elementwise(entry)
        summed = value is not None and spread and parent.shape != node.shape
        visit.parts.append(Part(operand, value, known, total, first, rule, numbers, summed))

    def leave(self, node: Node, freed: bool) -> None:
        if self._before is not None:
            self._before.leave(node, freed)
        if node in self._scene.of:
            self.visits[-1].freed = freed


def _same(edge: Any, other: Any) -> bool:
    """Whether two edges of a node, each laid out anew, are one."""
    return edge is not None and len(edge) == len(other) and all(map(operator.is_, edge, other))


def _copied(value: Any) -> Any:
    """The engine may add to its arrays in place later."""
    value = raw(value)
    return None if value is None else np.array(value)


def _is_elementwise(entry: Entry) -> bool:
    return entry.op is not None and isinstance(entry.op.forward, np.ufunc)


def _rule(entry: Entry, operand: Operand, g: Any) -> tuple[str, str]:
    """A rule as it stands in the table, and with numbers where they are few."""
    op, node = entry.op, entry.node
    found = rule_of(op, operand.place) if op is not None else None
    if op is None or node is None or found is None:
        return f"{op.name}.backward" if op is not None else "", ""
    name, rule = found
    text = rule_text(rule)
    saved = dict(zip(op.needs[name], operand.edge[2:], strict=False))
    if g is None or not text or any(_is_option(value) for value in saved.values()):
        return text, ""
    numbers = with_numbers(text, {"g": g, **saved})
    return text, numbers if text != "g" else ""


def _is_option(value: Any) -> bool:
    return raw(value) is None
