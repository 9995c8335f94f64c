"""An account as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from minigrad.viz._naming import nth
from minigrad.viz._numbers import described, number, summed
from minigrad.viz._paths import Path
from minigrad.viz._recording import Part, Visit
from minigrad.viz._rules import formula_of
from minigrad.viz._scene import Entry, Operand, Scene

if TYPE_CHECKING:
    from minigrad.viz._explain import Account, Sum

FREED = (
    "A backward has freed the values that these operations kept, so no gradient can flow back again. "
    "Compute the result again, or keep the graph with backward(retain_graph=True)."
)


def text_of(account: Account) -> str:
    """The whole account: forward, backward, leaves."""
    return "\n".join(_lines(account))


def headline(scene: Scene) -> str:
    """The subject of the explanation, and how much there is behind it."""
    leaves = sum(e.op is None and e.node is not None for e in scene.entries)
    ops = sum(e.op is not None for e in scene.entries)
    counted = f"from {leaves} {'leaf' if leaves == 1 else 'leaves'} by {ops} op{'s' * (ops != 1)}"
    more = f" (and {scene.left_out:,} more before them)" if scene.left_out else ""
    return f"{scene.root.label} = {described(scene.root.value)}, {counted}{more}"


def _lines(account: Account) -> Iterator[str]:
    scene = account.scene
    rows, backward, leaves = list(_forward(scene)), list(_backward(account)), list(_leaves(account))
    width = min(max((len(left) for left, right in rows + backward + leaves if right), default=0) + 2, 48)
    yield headline(scene)
    yield ""
    yield "FORWARD: the operations that were recorded"
    yield from (_row(*row, width) for row in rows)
    yield ""
    if account.refusal:
        yield FREED
        return
    yield "BACKWARD: the newest operation first; g is the gradient that has arrived at it"
    yield from (_row(*row, width) for row in backward)
    yield ""
    if account.sums is None:
        yield f"The paths to the leaves lead through {scene.left_out:,} more; max_nodes=... shows them."
        return
    yield "LEAVES: a gradient is the sum over all paths to the leaf"
    yield from (_row(*row, width) for row in leaves)


def _row(left: str, right: str, width: int) -> str:
    return f"{left:<{width}} {right}".rstrip() if right else left


def _forward(scene: Scene) -> Iterator[tuple[str, str]]:
    line = None
    if scene.left_out:
        yield f"  and {scene.left_out:,} more", ""
    for entry in scene.entries:
        if entry.line is not None and entry.line != line:
            yield f"  # {entry.line}   {entry.line.short}", ""
            line = entry.line
        shown = "value not kept" if entry.value is None else described(entry.value)
        yield f"  {entry.label}{' = ' * bool(entry.call)}{entry.call}", f"{shown}; {about(entry)}"


def about(entry: Entry) -> str:
    """The remarks on an entry beside its value."""
    if entry.op is None:
        if entry.kind == "operand":
            return "its edge is freed"
        if isinstance(entry.detached, Entry):
            return f"{entry.kind}, detached from {entry.detached.label}"
        return f"{entry.kind}, detached from {entry.detached}" if entry.detached else entry.kind
    if entry.freed:
        return "freed"
    return f"keeps {', '.join(entry.kept) or 'nothing'}"


def _backward(account: Account) -> Iterator[tuple[str, str]]:
    for visit in account.visits:
        entry = visit.entry
        if entry.op is None:
            continue
        hooked = ", after a hook of yours" if visit.hooked and entry is not account.scene.root else ""
        yield f"  {entry.label} = {entry.call}", f"g = {_value(visit.g)}{hooked}"
        if formula := formula_of(entry):
            yield f"    {formula}", ""
        for part in visit.parts:
            yield f"    to {whereto(visit, part.operand)}", sent(part)


def whereto(visit: Visit, operand: Operand) -> str:
    """The receiver, and in which place it stands where it stands in several."""
    twice = sum(part.operand.source is operand.source for part in visit.parts) > 1
    return f"{operand.text} ({ordinal(operand)})" if twice else operand.text


def ordinal(operand: Operand) -> str:
    """In which place an operand stands.

    >>> ordinal(Operand("b", 1)), ordinal(Operand("20", 20))
    ('2nd', '21st')
    """
    return nth(operand.place + 1)


def sent(part: Part) -> str:
    """A rule, its numbers, its result, and the sum where others came before."""
    text = " = ".join(step for step in (part.rule, part.numbers, _value(part.value)) if step)
    if part.summed:
        text += f", {over_copies(part)}"
    return text if part.first else f"{text}, which makes {_value(part.total)}"


def over_copies(part: Part) -> str:
    """The sum over the copies that a broadcast made, written out where it is short.

    The copies of a row are rows; those of a single number are numbers.
    """
    copies, shape = np.asarray(part.copies), np.shape(part.value)
    ends = copies.shape[copies.ndim - len(shape) :] == shape
    if not ends or not 0 < copies.size <= 12 or copies.size > 6 * np.size(part.value):
        return "summed over the copies"
    what = "these rows" if shape else "these numbers"
    return f"the sum of {what}: {summed(list(copies.reshape(-1, *shape)))}"


def _leaves(account: Account) -> Iterator[tuple[str, str]]:
    for one in account.sums or ():
        yield f"  {one.leaf.label}: {ways(one)}", ""
        for path in one.paths:
            yield f"    {route(path)}", along(path)
        if one.count > len(one.paths):
            yield f"    and {many(one.count - len(one.paths))} more paths", ""
        if one.count > 1:
            yield "    together", _value(one.total)
        if one.leaf.grad is not None:
            yield "    its .grad holds", _value(one.leaf.grad)


def ways(one: Sum) -> str:
    return "1 path" if one.count == 1 else f"{many(one.count)} paths"


def many(count: int) -> str:
    """A count as a reader takes it in: there may be more paths than atoms.

    >>> many(4812), many(2**200)
    ('4,812', 'about 1.6e60')
    """
    if count < 10**36:
        return f"{count:,}"
    digits = int(math.log10(count))
    return f"about {count / 10**digits:.1f}e{digits}"


def route(path: Path) -> str:
    """The names on the way; which operand, where a step could be taken in two ways."""
    if not path.steps:
        return "the output itself"
    words = [path.steps[0][0].label]
    for entry, operand in path.steps:
        twice = sum(o.source is operand.source and o.edge is not None for o in entry.operands) > 1
        words.append(f"{operand.text} ({ordinal(operand)})" if twice else operand.text)
    return " \N{RIGHTWARDS ARROW} ".join(words)


def along(path: Path) -> str:
    """The factors of a path and their product."""
    if len(path.factors) < 2:
        return _value(path.value)
    factors = [number(f) for f in path.factors]
    shown = " · ".join(f"({f})" if f.startswith("\N{MINUS SIGN}") else f for f in factors)
    return f"{shown} = {_value(path.value)}"


def _value(value: object) -> str:
    return "(several outputs at once)" if value is None else described(value)
