"""Which ops belong to which call of a module, so that a picture can box or fold them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from minigrad.viz._scene import Entry, Scene

Fold = bool | str | Iterable[str]


class Box(NamedTuple):
    """One call of a module: its path, its class where known, its options, and which call it was."""

    path: str
    kind: str
    options: str
    number: int

    @property
    def title(self) -> str:
        return ": ".join(part for part in (self.path, self.kind) if part)


def boxes_of(scene: Scene) -> dict[Entry, tuple[Box, ...]]:
    """The boxes around each entry, the outermost first; only entries that have some.

    Inside `watch(model)` they are known exactly. Otherwise an op belongs to the module whose parameters it
    uses, together with its neighbours that use parameters of the same.
    """
    found: dict[Entry, tuple[Box, ...]] = {}
    owned = {e: path for e in scene.entries if not e.calls and (path := _owner(e, scene)) is not None}
    group = _neighbours(owned)
    for entry in scene.entries:
        if entry.calls:
            found[entry] = tuple(
                Box(c.path, c.kind, scene.kinds.get(c.path, ("", ""))[1], c.number) for c in entry.calls
            )
        elif entry in owned:
            path = owned[entry]
            found[entry] = (Box(path, *scene.kinds.get(path, ("", "")), group[entry]),)
    users: dict[Entry, list[tuple[Box, ...]]] = {}
    for entry in scene.entries:
        for operand in entry.operands:
            if operand.source is not None and operand.source.kind == "parameter":
                users.setdefault(operand.source, []).append(found.get(entry, ()))
    for parameter, chains in users.items():
        if common := _common(chains):
            found[parameter] = common
    return found


def folded(what: str, boxes: dict[Entry, tuple[Box, ...]], fold: Fold) -> dict[Entry, Box]:
    """The box into which each entry folds: the outermost that is asked for by path or class."""
    if fold is False:
        return {}
    if fold is True:  # the innermost: those that hold no other
        outer = {box for chain in boxes.values() for box in chain[:-1]}
        wanted = {chain[-1] for chain in boxes.values()} - outer
    else:
        names = {fold} if isinstance(fold, str) else set(fold)
        wanted = {b for chain in boxes.values() for b in chain if b.path in names or b.kind in names}
        if missing := names - {x for b in wanted for x in (b.path, b.kind)}:
            known = sorted({b.path for chain in boxes.values() for b in chain})
            raise ValueError(f"{what}: no module {sorted(missing)[0]!r} to fold; there are {known}")
    found = {}
    for entry, chain in boxes.items():
        if box := next((b for b in chain if b in wanted), None):
            found[entry] = box
    return found


def size_of(members: Iterable[Entry]) -> str:
    """How much is inside a box: the elements of its parameters, where it has some, and its ops."""
    members = list(members)
    ops = sum(entry.op is not None for entry in members)
    size = sum(math.prod(entry.shape) for entry in members if entry.kind == "parameter")
    counted = [(size, "parameter"), (ops, "op")]
    return ", ".join(f"{n:,} {what}{'s' * (n != 1)}" for n, what in counted if n)


def boxes_data(
    scene: Scene, boxes: dict[Entry, tuple[Box, ...]], closed: dict[Entry, Box]
) -> dict[str, list[Any]]:
    """The boxes as plain data, by their first op and outer before inner: title, members, the output, ..."""
    place = {entry: i for i, entry in enumerate(scene.entries)}
    found: dict[Box, dict[str, Any]] = {}
    for entry in sorted(scene.entries, key=lambda entry: entry.op is None):
        parent = None
        for box in boxes.get(entry, ()):
            known = found.setdefault(
                box,
                {
                    "title": box.title,
                    "options": box.options,
                    "parent": parent,
                    "members": [],
                    "number": len(found),
                },
            )
            known["members"].append(place[entry])
            parent = known["number"]
    calls = Counter(known["title"] for known in found.values())
    seen: Counter[str] = Counter()
    for known in found.values():
        title = known["title"]
        seen[title] += 1
        if calls[title] > 1:  # a module that was called again
            known["title"] = f"{title} (call {seen[title]})"
        known["members"].sort()
        members = [scene.entries[i] for i in known["members"]]
        known["about"] = size_of(members)
        known["out"] = max((place[e] for e in members if e.op is not None), default=known["members"][-1])
    return {
        "boxes": list(found.values()),
        "folded": [found[box]["number"] for box in dict.fromkeys(closed.values())],
    }


def _owner(entry: Entry, scene: Scene) -> str | None:
    """The path of the one module whose parameters an op uses; "" is the model itself, where it is known."""
    paths = {
        operand.source.name.rpartition(".")[0]
        for operand in entry.operands
        if operand.source is not None and operand.source.kind == "parameter" and operand.source.name
    }
    return paths.pop() if len(paths) == 1 and ("" not in paths or "" in scene.kinds) else None


def _neighbours(owned: dict[Entry, str]) -> dict[Entry, int]:
    """A number for each run of ops of one module that take each other's results."""
    number: dict[Entry, int] = {}
    for n, (entry, path) in enumerate(owned.items()):  # parents come first
        sources = [operand.source for operand in entry.operands]
        number[entry] = next((number[s] for s in sources if s in number and owned[s] == path), n)
    return number


def _common(chains: list[tuple[Box, ...]]) -> tuple[Box, ...]:
    common = chains[0]
    for chain in chains[1:]:
        same = 0
        while same < min(len(common), len(chain)) and common[same] == chain[same]:
            same += 1
        common = common[:same]
    return common
