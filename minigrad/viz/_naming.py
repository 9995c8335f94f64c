"""Names that statements give to what they compute, each pass of a loop its own."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from minigrad.viz._source import Line, assigned, assigned_at

if TYPE_CHECKING:
    from minigrad.viz._scene import Entry


def name_by_statements(all_entries: list[Entry], taken: Counter[str]) -> None:
    """Name what a statement assigns; of the passes of a loop each, as in "h (3rd)"."""
    made: dict[tuple[Line, str], list[Entry]] = {}
    for passed in _passes([entry for entry in all_entries if entry.line is not None]):
        entry = passed[-1]  # the newest op, and only if it is all that is assigned
        assert entry.line is not None
        code, span = entry.line.code, entry.span
        name = assigned(code) if span is None else assigned_at(entry.line.file, span)
        if name and entry.name in ("", name):
            made.setdefault((entry.line, name), []).append(entry)
    for (_, name), entries in sorted(made.items(), key=lambda pair: -all_entries.index(pair[1][-1])):
        if len(entries) > 1:
            for i, entry in enumerate(entries):
                entry.name = f"{name} ({nth(i + 1)})"
                taken[entry.name] += 1
        elif name not in taken:
            entries[0].name = name
            taken[name] += 1


def _passes(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Ops that one run of one part of a statement made: those of one call, else neighbours.

    Neighbours that are all the same op are passes of a loop: one call has no reason to repeat it.
    """
    for _, run in itertools.groupby(entries, key=lambda e: (e.line, e.span)):
        for call, group in itertools.groupby(run, key=lambda e: e.calls[0].number if e.calls else 0):
            ops = list(group)
            if not call and ops[0].span is not None and len({entry.op for entry in ops}) == 1:
                yield from ([entry] for entry in ops)
            else:
                yield ops


def nth(n: int) -> str:
    """A place in a row.

    >>> nth(2), nth(11), nth(21)
    ('2nd', '11th', '21st')
    """
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
