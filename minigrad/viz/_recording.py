"""The steps of a real backward: a recording made through the engine's observer."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.engine.mode import mode
from minigrad.engine.node import Node
from minigrad.viz._numbers import raw, summed
from minigrad.viz._rules import form_of, rule_of, with_numbers
from minigrad.viz._scene import Entry, Operand, Scene, known_of, names_of, values_of
from minigrad.viz._written import written


@dataclass(slots=True)
class Part:
    """The gradient that an op sent to one of its operands, and the operand's sum before and after it."""

    operand: Operand
    value: Any
    held: Any
    total: Any
    first: bool
    rule: str  # as a reader sees it, with the names of the program
    numbers: str  # the same with the numbers of this call
    copies: Any  # what is summed where a broadcast is undone; else None

    @property
    def summed(self) -> bool:
        return self.copies is not None


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
        copies = _copies(entry, operand, visit.g)
        visit.parts.append(Part(operand, value, known, total, first, rule, numbers, copies))

    def leave(self, node: Node, freed: bool) -> None:
        if self._before is not None:
            self._before.leave(node, freed)
        if node in self._scene.of:
            self.visits[-1].freed = freed


def _same(edge: Any, other: Any) -> bool:
    """True if two edges of a node, each laid out anew, are one."""
    return edge is not None and len(edge) == len(other) and all(map(operator.is_, edge, other))


def _copied(value: Any) -> Any:
    """The engine may add to its arrays in place later."""
    value = raw(value)
    return None if value is None else np.array(value)


def _copies(entry: Entry, operand: Operand, g: Any) -> Any:
    """The rule's result where it is larger than its operand, so that the engine undoes a broadcast."""
    if entry.op is None or not entry.op.rules or g is None:
        return None
    parent, rule, *saved = operand.edge
    made = raw(rule(g, *saved))
    return None if np.shape(made) == parent.shape else made


def _rule(entry: Entry, operand: Operand, g: Any) -> tuple[str, str]:
    """A rule with the names of the program, and with numbers where they are few."""
    op = entry.op
    found = rule_of(op, operand.place) if op is not None else None
    if op is None or found is None:
        return f"{op.name}.backward" if op is not None else "", ""
    form = form_of(op, found[0], known_of(entry))
    text = written(form, names_of(entry))
    numbers = with_numbers(form, {**values_of(entry), "g": g}) if g is not None else ""
    if form == "the rows of g, summed" and 1 < np.size(g) <= 12 and np.ndim(g) == 2:
        numbers = summed(list(g))
    return text, numbers if form != "g" and numbers != text else ""
