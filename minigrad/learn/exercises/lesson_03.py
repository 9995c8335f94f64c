"""Lesson 3: paths add."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.first_engine import Value, gradients, parts
from minigrad.testing import Drawer

from ..compare import array, close, several, the_only
from ..exercise import Case, Exercise, Miss, Property
from ..program import draw_program, program_text


def _draw(d: Drawer) -> Case:
    return {"program": draw_program(d)}


def newest_first(root: Value) -> list[Value]:
    """The result, and every value behind it; each stands before what it was made of."""
    return sorted(gradients(root), key=lambda value: -value.age)


def _walked(order: list[Value], meet: Callable[[Any, Any], Any]) -> dict[Value, Any]:
    arrived: dict[Value, Any] = {order[0]: 1.0}
    for value in order:
        for x, part in parts(value, arrived[value]):
            arrived[x] = meet(arrived[x], part) if x in arrived else part
    return arrived


_MISTAKES: dict[str, Callable[[Any, Any], Any]] = {
    "last": lambda _old, new: new,
    "first": lambda old, _new: old,
    "multiplied": lambda old, new: old * new,
    "mean": lambda old, new: (old + new) / 2,
    "largest": max,
}


def compared(result: Any, leaves: list[Value], right: Any, reached: Any, name: str) -> tuple[Any, Any] | None:
    """The gradients of the leaves, yours and the right ones; None where they agree."""
    if not isinstance(result, dict):
        several(result, name, 1)  # says what is missing
        array(result, name)
        return result, "a dict"
    yours = [array(result.get(leaf, 0.0), name, ()) for leaf in leaves]
    right = [r if leaf in reached else 0.0 for leaf, r in zip(leaves, right, strict=True)]
    named = [dict(zip("xyw", map(float, which), strict=False)) for which in (yours, right)]
    return None if close(yours, right) else (named[0], named[1])


def _judge(answer: Any, case: Case) -> Miss | None:
    program = case["program"]
    leaves, root = program.recorded()
    order = newest_first(root)
    pair = compared(answer.backward(list(order)), leaves, program.slopes, order, "backward")
    if pair is None:
        return None
    made = {key: _walked(order, meet) for key, meet in _MISTAKES.items()}
    made["twice"] = {leaf: 2 * slope for leaf, slope in zip(leaves, program.slopes, strict=True)}
    mine = [pair[0].get(name, 0.0) for name in "xy"[: len(leaves)]] if isinstance(pair[0], dict) else []
    return Miss(*pair, the_only({k: [m.get(x, 0.0) for x in leaves] for k, m in made.items()}, mine))


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    return case["program"].picture()


def _answer(lines: str, after: str = "    return arrived\n") -> str:
    return (
        "from minigrad.first_engine import parts\n\n\ndef backward(order):\n    arrived = {order[0]: 1.0}\n"
        "    for value in order:\n        for x, part in parts(value, arrived[value]):\n"
        + "".join(f"            {line}\n" for line in lines.splitlines())
        + after
    )


EXERCISE = Exercise(
    number=3,
    name="paths add",
    aim="mend an engine that forgets",
    idea="A value that is used twice reaches the result along two ways. When it moves, both ways carry the "
    "movement, and the result moves by the sum. So a gradient that arrives is added to what has arrived "
    "before. "
    "x * x is the smallest example: x is used twice, each use gives x, together 2x.",
    one_sees="The diamond: one value, two ways, one result; the parts meet and add.",
    functions=("backward",),
    starter='''
"""Lesson 3, paths add. This engine is wrong: mend one line of it.

`order` holds the values of a calculation, the result first; each stands before what it was made of.
`parts(value, g)` gives the inputs of a value, each with the part of the gradient that goes back to it.
Return a dict: the gradient that arrives at each value.
"""

from minigrad.first_engine import parts


def backward(order):
    arrived = {order[0]: 1.0}
    for value in order:
        for x, part in parts(value, arrived[value]):
            arrived[x] = part  # mend this line
    return arrived
''',
    solution=_answer("arrived[x] = arrived.get(x, 0.0) + part"),
    others=(
        _answer("if x in arrived:\n    arrived[x] += part\nelse:\n    arrived[x] = part"),
        "from collections import defaultdict\nfrom minigrad.first_engine import parts\n\ndef "
        "backward(values):\n"
        "    total = defaultdict(float)\n    total[values[0]] = 1\n    while values:\n        v, "
        "*values = values\n"
        "        for where, much in parts(v, total[v]):\n            total[where] += much\n    return "
        "total\n",
    ),
    wrong=(
        ("last", _answer("arrived[x] = part")),
        ("first", _answer("arrived.setdefault(x, part)")),
        ("missing", _answer("arrived[x] += part")),
        ("multiplied", _answer("arrived[x] = arrived.get(x, 1.0) * part")),
        ("mean", _answer("arrived[x] = (arrived[x] + part) / 2 if x in arrived else part")),
        ("largest", _answer("arrived[x] = max(arrived.get(x, part), part)")),
        ("list", _answer("arrived[x] = arrived.get(x, 0.0) + part", "    return list(arrived.values())\n")),
    ),
    misconceptions={
        "last": "Only the part that came last is kept. A value that is used twice gets both parts: add.",
        "first": "Only the part that came first is kept. A value that is used twice gets both parts: add.",
        "missing": "The first part finds nothing to be added to. Begin with 0, or with the part itself.",
        "multiplied": "Along one way slopes are multiplied. Different ways are added.",
        "mean": "Parts are added, not averaged: each way carries the whole movement.",
        "largest": "No way wins over another: each carries the movement, and the parts are added.",
        "twice": "Each part is counted twice.",
        "list": "Return the dict itself: the reader asks it for the gradient of a value.",
    },
    hints=(
        "Try z = x * x by hand: which parts arrive at x, and which of them does the engine keep?",
        "A new part must not push out the old one. What if no part is there yet?",
        "arrived[x] = arrived.get(x, 0.0) + part",
    ),
    properties=(
        Property(
            "nudging each input changes the result as you say", _draw, _judge, runs=30, shown=program_text
        ),
    ),
    errors={"KeyError": "missing", "it should return 1 values": "list"},
    picture=_picture,
)
