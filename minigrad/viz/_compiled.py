"""The lines of a compiled program that do what the steps of a player tell."""

from __future__ import annotations

import linecache
import re
from collections import defaultdict
from typing import Any

from minigrad._tensor.record import history_of
from minigrad.viz._scene import Entry, Scene
from minigrad.viz._source import line_of


class Listing:
    """A program as rows for a page, and the rows of each entry of a scene.

    The traced call and the call that is played recorded the same operations, in one order. So an entry is
    told by the line of the user's that asked for it, and by how often that line asked for its op.

    Raises:
        ValueError: what is given was not compiled, or not traced, or is the program of another call.
    """

    def __init__(self, compiled: Any, scene: Scene) -> None:
        calls = getattr(compiled, "_calls", None)
        if calls is None:
            raise ValueError(
                f"player: program must be what torch.compile returned, not {type(compiled).__name__}"
            )
        if not calls.runners:
            raise ValueError(f"player: there is no program yet{calls.why_eager and ': ' + calls.why_eager}; "
                             "call it once before watch()")  # fmt: skip
        runner = calls.runners[0]
        text, self._marks = runner.listing()
        self.rows = [re.sub(r"(?<=\S) {2,}#", "  #", row) for row in text.rstrip("\n").split("\n")]
        known: defaultdict[Any, list[int]] = defaultdict(list)
        for at, (place, op) in enumerate(runner.program.recorded):
            if place is not None:
                file, number = place
                line = line_of(f"{file}:{number}: {linecache.getline(file, number).strip()}")
                known[line and (line.file, line.number), op].append(at)
        self._node: dict[Entry, int] = {}
        for entry in reversed(scene.entries):  # of a large graph the page has the newest part
            line = entry.line
            places = known[(line.file, line.number), entry.op.name] if line and entry.op else []
            if places:
                self._node[entry] = places.pop()
        if not self._node:
            raise ValueError(
                "player: no step of this backward is in the program. Record it within viz.watch(), by the "
                "same lines as the call that was traced"
            )
        self._input: dict[Any, int] = {
            history_of(x): runner.program.inputs.index(value)
            for x, value in zip(runner.program.captured, runner.program.captured_values, strict=True)
        }
        # Arguments are others in each call: they are known by their names.
        self._input |= {
            _name(value.name): runner.program.inputs.index(value)
            for value, _ in runner.program.argument_places
        }

    def of(self, phase: str, entry: Entry, goal: Entry | None = None) -> list[int]:
        """The rows of a step; of a part of the gradient those that are not for another operand."""
        if entry.op is None:
            return self._returned(entry) if phase == "backward" else []
        rows = self._marks.get((phase, self._node.get(entry)), [])
        if goal is None:
            return rows
        others = [o.source for o in entry.operands if o.source not in (None, goal)]
        return [n for n in rows if not any(self._gives(n, other) for other in others)] or rows

    def _returned(self, leaf: Entry) -> list[int]:
        """The row in which the gradient of a leaf is handed out."""
        known = self._input.get(leaf.node, self._input.get(_name(leaf.label)))
        return self._marks.get(("gradient", known), [])

    def _gives(self, row: int, entry: Entry | None) -> bool:
        """True if a row gives the gradient of a leaf, or of the result of an op, its value."""
        if entry is None:
            return False
        text = self.rows[row].strip()
        if entry.op is None:
            names = [self.rows[n].split("'")[1] for n in self._returned(entry)]
            return any(text.startswith(f"grad_{name} ") for name in names)
        target = re.match(r"grad_(\w+) = ", text)
        made = [self.rows[n].strip() for n in self._marks.get(("forward", self._node.get(entry)), [])]
        return target is not None and any(line.startswith(f"{target[1]} = ") for line in made)


def _name(label: str) -> str:
    """A label as the program writes it."""
    name = re.sub(r"\W+", "_", label).strip("_")
    return f"layer{name}" if name[:1].isdigit() else name
