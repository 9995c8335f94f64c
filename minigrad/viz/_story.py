"""The steps of a forward and a recorded backward, as plain data that a page can play."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from minigrad.viz._asking import asked_of_part, asked_of_value
from minigrad.viz._compiled import Listing
from minigrad.viz._numbers import array, brief, described, strip, summed
from minigrad.viz._recording import Part, Visit
from minigrad.viz._rules import formula_of
from minigrad.viz._scene import Entry, Scene
from minigrad.viz._source import excerpts
from minigrad.viz._words import over_copies, whereto

Data = dict[str, Any]


def shown(value: Any) -> Data | None:
    """A value for the page: short text, text in full, and a strip of colours where it is an array."""
    if value is None:
        return None
    value = np.asarray(value)
    full = array(value, 12) if value.size <= 12 else described(value)
    return {"text": brief(value), "full": full, "strip": strip(value, 12) if value.size > 1 else []}


class Story:
    """A scene and the visits of a backward, told step by step."""

    def __init__(
        self, scene: Scene, visits: list[Visit], grads: dict[Entry, tuple[Any, Any]], retained: bool,
        listing: Listing | None = None,
    ):  # fmt: skip
        self.listing = listing
        self.scene, self.visits, self.grads, self.retained = scene, visits, grads, retained
        self.index = {entry: i for i, entry in enumerate(scene.entries)}
        self.more = len(scene.entries) if scene.left_out else None
        self.edges: list[Data] = []
        self.edge_of: dict[tuple[int, int], int] = {}
        for entry in scene.entries:
            for operand in entry.operands:
                if operand.source is None and operand.edge is None:
                    continue
                tail = self.more if operand.source is None else self.index[operand.source]
                self.edge_of[self.index[entry], operand.place] = len(self.edges)
                self.edges.append(
                    {
                        "from": tail,
                        "to": self.index[entry],
                        "name": operand.name,
                        "flows": operand.edge is not None,
                    }
                )
            if isinstance(entry.detached, Entry):
                self.edges.append(
                    {
                        "from": self.index[entry.detached],
                        "to": self.index[entry],
                        "name": "detach",
                        "flows": False,
                    }
                )
        self.steps: list[Data] = []
        self.came: dict[Entry, list[tuple[str, Any]]] = {}  # senders and parts of a gradient, in order
        self.lines: list[Data] = []
        self.line_of: dict[Entry, tuple[int, int]] = {}

    def data(self, title: str) -> Data:
        """Everything that the page needs."""
        self._read_program()
        self._tell_forward()
        self._tell_backward()
        nodes = [self._node(entry) for entry in self.scene.entries]
        if self.more is not None:
            nodes.append({"name": f"and {self.scene.left_out:,} more", "kind": "more", "op": "", "shape": ""})
        return {
            "title": title, "root": self.index[self.scene.root], "nodes": nodes, "edges": self.edges,
            "steps": self.steps, "lines": self.lines, "program": self.listing.rows if self.listing else [],
        }  # fmt: skip

    def _node(self, entry: Entry) -> Data:
        before = self.grads.get(entry, (None, None))[0]
        return {
            "name": entry.label, "kind": entry.kind, "op": entry.op.name if entry.op is not None else "",
            "shape": str(tuple(entry.shape)), "dtype": str(entry.dtype), "value": shown(entry.value),
            "kept": entry.kept, "grad": shown(before), "leaf": entry in self.grads,
            "formula": formula_of(entry), "call": entry.call,
            "note": f"detached from {_owner(entry)}" if entry.detached else "",
        }  # fmt: skip

    def _read_program(self) -> None:
        """The lines of the user's files around those that recorded; else the recorded program itself."""
        seen = [entry.line for entry in self.scene.entries if entry.line is not None]
        made = {e: e.made for e in self.scene.entries if e.made is not None and seen}
        self.lines, rows = excerpts(seen, made.values())
        for entry in self.scene.entries:
            line = entry.line or made.get(entry)
            if line in rows:
                self.line_of[entry] = rows[line]
        if not self.lines:
            for entry in self.scene.entries:
                known = entry.call or ("" if entry.value is None else described(entry.value))
                self.line_of[entry] = len(self.lines), len(self.lines)
                self.lines.append(
                    {"file": "", "number": None, "code": f"{entry.label} = {known or entry.kind}"}
                )

    def _step(
        self,
        phase: str,
        entries: list[Entry],
        title: str,
        text: list[str],
        goal: Entry | None = None,
        **more: Any,
    ) -> None:
        line, until = self.line_of.get(entries[0], (None, None)) if entries else (None, None)
        nodes = [self.index[entry] for entry in entries]
        if self.listing is not None and entries:
            more["rows"] = [] if "freed" in more else self.listing.of(phase, entries[0], goal)
        self.steps.append(
            {
                "phase": phase,
                "nodes": nodes,
                "title": title,
                "text": text,
                "line": line,
                "until": until,
                **more,
            }
        )

    def _tell_forward(self) -> None:
        waiting: list[Entry] = []
        for entry in self.scene.entries:
            if entry.op is None:
                waiting.append(entry)
                continue
            if waiting:
                self._step("forward", waiting, _listed(waiting), [_introduced(e) for e in waiting])
                waiting = []
            given = _and([o.text for o in entry.operands])
            value = f" and gives {described(entry.value)}" if entry.value is not None else ""
            keeps = (
                f"For backward it keeps {_and(entry.kept)}."
                if entry.kept
                else "It keeps no value: its derivative needs none."
            )
            text = [f"{entry.op.name} takes {given}{value}.", keeps]
            ask = asked_of_value(entry)
            self._step("forward", [entry], f"{entry.label} = {entry.call}", text, ask=ask)
        if waiting:
            self._step("forward", waiting, _listed(waiting), [_introduced(e) for e in waiting])

    def _tell_backward(self) -> None:
        coming = Counter(self._target(part) for visit in self.visits for part in visit.parts)
        came: Counter[int | None] = Counter()
        for visit in self.visits:
            entry = visit.entry
            here = self.index[entry]
            g = shown(visit.g)
            text = self._arrival(visit, coming[here])
            if entry in self.grads:
                text += self._deposit(entry, visit)
                after = shown(self.grads[entry][1])
                self._step(
                    "backward",
                    [entry],
                    f"Gradient of {entry.label}",
                    text,
                    g=[here, g, ""],
                    grad=[here, after],
                )
            else:
                formula = formula_of(entry)
                self._step(
                    "backward", [entry], f"Gradient of {entry.label}", text, g=[here, g, ""], formula=formula
                )
            for part in visit.parts:
                target = self._target(part)
                came[target] += 1
                if part.operand.source is not None:
                    self.came.setdefault(part.operand.source, []).append((entry.label, part.value))
                count = f"part {came[target]} of {coming[target]}" if coming[target] > 1 else ""
                total = None if part.operand.source is None else [target, shown(part.total), count]
                self._step(
                    "backward", [entry], f"{entry.label} \N{RIGHTWARDS ARROW} {whereto(visit, part.operand)}",
                    _sent(part, visit), part.operand.source,
                    edge=self.edge_of[here, part.operand.place], part=shown(part.value), g=total,
                    rule=[part.rule + ", summed over the copies" * part.summed, part.numbers,
                          _text(part.value)],
                    ask=asked_of_part(entry, part, visit, whereto(visit, part.operand)),
                    formula=_derivative(entry, part, visit),
                )  # fmt: skip
            if visit.freed and (kept := entry.kept):
                text = [f"{entry.label} has sent all its gradients. It lets go of {_and(kept)}."]
                self._step("backward", [entry], f"{entry.label} frees what it kept", text, freed=here)
        ends = [entry for entry in self.scene.entries if entry in self.grads and entry.op is None]
        text = ["Every leaf has its gradient."] if not self.scene.left_out else [
            f"The walk went on through {self.scene.left_out:,} more operations, which this page leaves out."
        ]  # fmt: skip
        if self.retained:
            text.append(
                "The graph was retained: the operations still keep their values, and backward can run again."
            )
        self._step("backward", ends, "Done", text, end=True)

    def _target(self, part: Part) -> int | None:
        return self.more if part.operand.source is None else self.index[part.operand.source]

    def _arrival(self, visit: Visit, parts: int) -> list[str]:
        entry, g = visit.entry, _text(visit.g)
        if entry is self.scene.root and not parts:
            return [f"Backward starts at {entry.label}. The gradient it starts with is {g}."]
        came = self.came.get(entry, [])
        total = f"{summed([value for _, value in came])} = {g}" if _are_few([v for _, v in came]) else g
        text = f"The gradient of {entry.label} is {total}."
        if parts > 1:
            text = text[:-1] + f": the sum of what came from {_and(list(dict.fromkeys(n for n, _ in came)))}."
        complete = f"It is complete: all that uses {entry.label} has been visited."
        return [text, complete, *["One of your hooks has changed it."] * visit.hooked]

    def _deposit(self, entry: Entry, visit: Visit) -> list[str]:
        before, after = self.grads[entry]
        kind = "a leaf" if entry.op is None else "no leaf, but you asked it to retain its gradient"
        if before is None:
            return [f"{entry.label} is {kind}: backward stores the gradient in {entry.label}.grad."]
        return [
            f"{entry.label} is {kind}: backward adds the gradient to {entry.label}.grad, "
            f"which was {_text(before)} and becomes {_text(after)}."
        ]


def _text(value: Any) -> str:
    if value is None:
        return "(several outputs at once)"
    return f"{'an array ' * (np.size(value) > 6)}{described(value)}"


def _are_few(parts: list[Any]) -> bool:
    """True if a sum of them can be written out."""
    return 1 < len(parts) <= 6 and all(p is not None for p in parts) and sum(map(np.size, parts)) <= 12


def _derivative(entry: Entry, part: Part, visit: Visit) -> str:
    """The clause of the derivative for one operand, with its number where it is one."""
    clause = formula_of(entry, part.operand)
    single = part.value is not None and np.size(part.value) == 1 and np.size(visit.g) == 1 and not entry.shape
    if not single or " = " not in clause or "," in clause or not clause.startswith("d"):
        return clause
    g = float(np.reshape(visit.g, ()))
    slope = described(np.asarray(part.value) / g) if g else ""
    return clause if not slope or clause.endswith(f"= {slope}") else f"{clause} = {slope}"


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def _listed(entries: list[Entry]) -> str:
    labels = [entry.label for entry in entries]
    return _and(labels) if len(labels) <= 4 else f"{', '.join(labels[:3])} and {len(labels) - 3} more"


def _owner(entry: Entry) -> str:
    return entry.detached if isinstance(entry.detached, str) else entry.detached.label


def _introduced(entry: Entry) -> str:
    known = f" Its value: {described(entry.value)}." if entry.value is not None else ""
    if entry.kind == "constant":
        if entry.detached:
            whom = _owner(entry)
            return (
                f"{entry.label} was detached from {whom}: it shares the memory, but no gradient flows back."
            )
        return f"{entry.label} is a constant: no gradient flows to it.{known}"
    kind = "a parameter" if entry.kind == "parameter" else "a leaf that requires a gradient"
    return f"{entry.label} is {kind}.{known}"


def _sent(part: Part, visit: Visit) -> list[str]:
    to = whereto(visit, part.operand)
    value = _text(part.value)
    sent = f"{value} to {to}" if not value.startswith("an array") else f"{to} {value}"
    text = [f"{visit.entry.label} sends {sent}."]
    if part.summed:
        old, new = part.operand.edge[0].shape, visit.entry.shape
        text.append(
            f"{part.operand.text} was broadcast from {old} to {new}, so what its copies receive is summed: "
            f"{over_copies(part)}.".replace(": summed over the copies", "")
        )
    if not part.first:
        if _are_few([part.held, part.value]):
            total = f"{summed([part.held, part.value])} = {_text(part.total)}"
        else:
            total = f"{_text(part.total)}, with the earlier part"
        text.append(f"{part.operand.text} has now: {total}.")
    return text
