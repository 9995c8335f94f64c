"""Lesson 4: the order."""

from __future__ import annotations

from typing import Any

from minigrad.first_engine import Value, apply, gradients
from minigrad.ops import elementwise as table
from minigrad.testing import Drawer

from ..exercise import Case, Exercise, Miss, Property
from ..program import Program, draw_program, program_text
from .lesson_03 import compared


def _draw(d: Drawer) -> Case:
    return {"program": draw_program(d, most=6)}


def _judge(answer: Any, case: Case) -> Miss | None:
    program = case["program"]
    leaves, root = program.recorded()
    pair = compared(answer.backward(root), leaves, program.slopes, gradients(root), "backward")
    if pair is None:
        return None
    # One op has no order that could be wrong.
    x = Value(3.0)
    alone = answer.backward(apply(table.mul, x, x))
    return Miss(*pair, "early" if compared(alone, [x], [6.0], [x], "backward") is None else "overwritten")


def _chain(case: Case, first: bool) -> tuple[Value, Value]:
    x = value = Value(0.5)
    for _ in range(case["steps"]):
        value = apply(table.add, value, value if first else 0.001)
    return x, value


def _doubling(answer: Any, case: Case) -> Miss | None:
    x, root = _chain(case, first=True)
    pair = compared(answer.backward(root), [x], [2.0 ** case["steps"]], [x], "backward")
    return None if pair is None else Miss(*pair, "early")


def _long(answer: Any, case: Case) -> Miss | None:
    x, root = _chain(case, first=False)
    pair = compared(answer.backward(root), [x], [1.0], [x], "backward")
    return None if pair is None else Miss(*pair, "early")


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    if "program" in case:
        return case["program"].picture()
    return Program((0.5,), tuple((table.add, (i, i)) for i in range(min(case["steps"], 3)))).picture()


_HEAD = "from minigrad.first_engine import parts\n\n\n"
_SPREAD = (
    "    for value in order:\n        for x, part in parts(value, arrived[value]):\n"
    "            arrived[x] = arrived.get(x, 0.0) + part\n    return arrived\n"
)

EXERCISE = Exercise(
    number=4,
    name="order",
    aim="walk backwards, each value once",
    idea="A value may hand its gradient on only when all of it has arrived: when everything that was "
    "made of it is "
    "done. Values are numbered as they are made (`value.age`), and a value is always older than what is "
    "made of it. "
    "So the newest that waits is always complete. Walking along every way instead is right too, but 40 "
    "doublings "
    "have 2^40 ways.",
    one_sees="A wrong walk beside the right one, on the same graph.",
    functions=("backward",),
    starter='''
"""Lesson 4, the order: write backward(root), the whole walk.

`parts(value, g)` gives the inputs of a value, each with the part of the gradient that goes back to it.
`value.age` is a number: newer values have a larger one.
Return a dict: the gradient that arrives at each value. It has to work for long calculations too.
"""

from minigrad.first_engine import parts


def backward(root):
    arrived = {root: 1.0}
    waiting = [root]
    while waiting:
        value = waiting.pop()  # is all of its gradient here?
        for x, part in parts(value, arrived[value]):
            arrived[x] = arrived.get(x, 0.0) + part
            waiting.append(x)
    return arrived
''',
    solution=_HEAD + "def backward(root):\n    arrived, waiting = {root: 1.0}, {root}\n    while waiting:\n"
    "        value = max(waiting, key=lambda value: value.age)\n        waiting.remove(value)\n"
    "        for x, part in parts(value, arrived[value]):\n"
    "            arrived[x] = arrived.get(x, 0.0) + part\n            waiting.add(x)\n    return arrived\n",
    others=(
        _HEAD
        + "def backward(root):\n    seen, stack = {root}, [root]\n    while stack:\n        v = stack.pop()\n"
        "        for x in v.inputs:\n            if hasattr(x, 'inputs') and x not in seen:\n"
        "                seen.add(x)\n                stack.append(x)\n"
        "    order = sorted(seen, key=lambda v: v.age, reverse=True)\n    arrived = {root: 1.0}\n" + _SPREAD,
        "import heapq\n"
        + _HEAD
        + "def backward(root):\n    total, heap, done = {root: 1.0}, [(-root.age, root)], set()\n"
        "    while heap:\n        _, v = heapq.heappop(heap)\n        if v in done:\n            continue\n"
        "        done.add(v)\n        for x, much in parts(v, total[v]):\n"
        "            total[x] = total.get(x, 0.0) + much\n            heapq.heappush(heap, (-x.age, x))\n"
        "    return total\n",
    ),
    wrong=(
        (
            "early",
            _HEAD + "def backward(root):\n    arrived, waiting = {root: 1.0}, [root]\n    while waiting:\n"
            "        value = waiting.pop(0)\n        for x, part in parts(value, arrived[value]):\n"
            "            arrived[x] = arrived.get(x, 0.0) + part\n            waiting.append(x)\n    "
            "return arrived\n",
        ),
        (
            "early",
            _HEAD + "def backward(root):\n    arrived, done = {root: 1.0}, set()\n    def visit(value):\n"
            "        if value in done:\n            return\n        done.add(value)\n"
            "        for x, part in parts(value, arrived[value]):\n"
            "            arrived[x] = arrived.get(x, 0.0) + part\n            visit(x)\n"
            "    visit(root)\n    return arrived\n",
        ),
        (
            "overwritten",
            _HEAD + "def backward(root):\n    arrived, waiting = {root: 1.0}, {root}\n    while waiting:\n"
            "        value = max(waiting, key=lambda value: value.age)\n        waiting.remove(value)\n"
            "        for x, part in parts(value, arrived[value]):\n"
            "            arrived[x] = part\n            waiting.add(x)\n    return arrived\n",
        ),
        (
            "endless",
            _HEAD + "def backward(root):\n    arrived = {}\n    def visit(value, g):\n"
            "        arrived[value] = arrived.get(value, 0.0) + g\n        for x, part in parts(value, g):\n"
            "            visit(x, part)\n    visit(root, 1.0)\n    return arrived\n",
        ),
        (
            "deep",
            _HEAD + "def backward(root):\n    order, seen = [], set()\n    def visit(value):\n"
            "        if value in seen:\n            return\n        seen.add(value)\n        for x in "
            "value.inputs:\n"
            "            if hasattr(x, 'inputs'):\n                visit(x)\n        order.insert(0, value)\n"
            "    visit(root)\n    arrived = {root: 1.0}\n" + _SPREAD,
        ),
    ),
    misconceptions={
        "early": "A value handed its gradient on before all of it had arrived. Take the newest value "
        "that waits: "
        "everything made of it is done.",
        "overwritten": "The order is right, but a later part pushes out an earlier one (lesson 3): add.",
        "endless": "Is every way walked by itself? Each doubling has two ways on, so n of them have "
        "2^n. Add up "
        "what arrives at a value, and hand it on once.",
        "deep": "Recursion goes as deep as the calculation is long, and Python stops at about 1000. Use "
        "a loop and "
        "a collection of values that wait.",
    },
    hints=(
        "When is the gradient of a value complete? When everything that was made of it has been done.",
        "Of the values that wait, the one with the largest age is complete. Let each value wait only "
        "once: a set.",
        "value = max(waiting, key=lambda value: value.age); waiting.remove(value); and waiting.add(x) below.",
    ),
    properties=(
        Property(
            "nudging each input changes the result as you say", _draw, _judge, runs=60, shown=program_text
        ),
        Property(
            "each value is done once: many doublings end in time",
            lambda d: {"steps": d.integer(1, 3) * 12 + d.integer(0, 4)},
            _doubling,
            runs=6,
            shown=lambda case: f"{case['steps']} doublings: a = x + x, b = a + a, c = b + b, ...",
        ),
        Property(
            "a long calculation works too",
            lambda d: {"steps": d.integer(1, 3000)},
            _long,
            runs=6,
            shown=lambda case: f"{case['steps']} additions, one after the other",
        ),
    ),
    errors={"called itself": "deep"},
    picture=_picture,
)
