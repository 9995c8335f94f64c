"""Lesson 19: one's own engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.testing import Drawer

from ..compare import close, number
from ..exercise import Case, Exercise, Miss, Property
from ..program import OPS, Program, draw_program, program_text

_CALLS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "sin": lambda a: a.sin(),
}


def _draw(d: Drawer) -> Case:
    return {"program": draw_program(d, most=5)}


def _run(answer: Any, program: Program) -> tuple[list[Any], Any]:
    leaves = [answer.Value(x) for x in program.leaves]
    values = program.run(leaves, lambda op, *inputs: _CALLS[op.name](*inputs))
    return leaves, values[-1]


def _value(answer: Any, case: Case) -> Miss | None:
    program = case["program"]
    _, root = _run(answer, program)
    yours, right = (
        number(getattr(root, "data", None), "the .data of a Value"),
        program.run(program.leaves)[-1],
    )
    return None if close(yours, right) else Miss(yours, right, "data", "it should be")


def _gradients(answer: Any, case: Case) -> Miss | None:
    program = case["program"]
    leaves, root = _run(answer, program)
    root.backward()
    pair = _compared(leaves, program, root)
    if pair is None:
        return None
    # A single use, then two uses in one line: which of the smallest programs fails?
    if not _right(answer, Program((0.5, 1.5), ((_op("mul"), (0, 1)),))):
        return Miss(
            *pair, "rule" if _right(answer, Program((0.5, 1.5), ((_op("add"), (0, 1)),))) else "start"
        )
    if not _right(answer, Program((0.5,), ((_op("mul"), (0, 0)),))):
        return Miss(*pair, "overwritten")
    if not all(
        _right(answer, Program((0.5, 1.5)[:n], ((_op(o), tuple(range(n))),))) for o, n in _ARITY.items()
    ):
        return Miss(*pair, "rule")
    return Miss(*pair, "order")


_ARITY = {"add": 2, "sub": 2, "mul": 2, "sin": 1}


def _op(name: str) -> Any:
    return next(op for op in OPS if op.name == name)


def _right(answer: Any, program: Program) -> bool:
    leaves, root = _run(answer, program)
    root.backward()
    return _compared(leaves, program, root) is None


def _twice(answer: Any, case: Case) -> Miss | None:
    """Two graphs over one leaf: backward adds to .grad."""
    leaf = answer.Value(case["x"])
    (leaf * leaf).backward()
    (leaf + leaf).backward()
    yours, right = number(leaf.grad, "the .grad of a Value"), 2 * case["x"] + 2
    return None if close(yours, right) else Miss(yours, right, "replaced", "both together give")


def _long(answer: Any, case: Case) -> Miss | None:
    leaf = value = answer.Value(0.5)
    for _ in range(case["steps"]):
        value = value + leaf
    value.backward()
    yours, right = number(leaf.grad, "the .grad of a Value"), case["steps"] + 1
    return None if close(yours, right) else Miss(yours, right, "order")


def _compared(leaves: list[Any], program: Program, root: Any) -> tuple[Any, Any] | None:
    used = {place for _, places in program.lines for place in places}
    kept = [i for i in range(len(leaves)) if i in used and leaves[i] is not root]
    yours = [number(getattr(leaves[i], "grad", None), "the .grad of a Value") for i in kept]
    right = [float(program.slopes[i]) for i in kept]
    named = [dict(zip([program.names[i] for i in kept], which, strict=True)) for which in (yours, right)]
    return None if close(yours, right) else (named[0], named[1])


_SOLUTION = """
import math
from itertools import count

age = count()


class Value:
    def __init__(self, data, inputs=()):
        self.data = data
        self.inputs = inputs  # pairs: a value, and the slope of this step for it
        self.grad = 0.0
        self.age = next(age)

    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __sub__(self, other):
        return Value(self.data - other.data, ((self, 1.0), (other, -1.0)))

    def __mul__(self, other):
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def sin(self):
        return Value(math.sin(self.data), ((self, math.cos(self.data)),))

    def backward(self):
        arrived, waiting = {self: 1.0}, {self}
        while waiting:
            value = max(waiting, key=lambda value: value.age)
            waiting.remove(value)
            value.grad += arrived[value]
            for x, slope in value.inputs:
                arrived[x] = arrived.get(x, 0.0) + arrived[value] * slope
                waiting.add(x)
"""

_CLOSURES = """
import numpy as np


class Value:
    def __init__(self, number, parents=(), back=None):
        self.data, self.grad = float(number), 0
        self.parents, self.back = parents, back

    def __add__(a, b):
        def back(g):
            return g, g
        return Value(a.data + b.data, (a, b), back)

    def __mul__(a, b):
        return Value(a.data * b.data, (a, b), lambda g: (g * b.data, g * a.data))

    def __sub__(a, b):
        return a + b * Value(-1)

    def sin(a):
        return Value(np.sin(a.data), [a], lambda g: [g * np.cos(a.data)])

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            v, done = stack.pop()
            if done:
                order.append(v)
            elif v not in seen:
                seen.add(v)
                stack.append((v, True))
                stack.extend((p, False) for p in v.parents)
        local = {v: 0.0 for v in order}
        local[self] = 1.0
        for v in reversed(order):
            v.grad = v.grad + local[v]
            if v.back:
                for p, part in zip(v.parents, v.back(local[v])):
                    local[p] += part
"""


def _changed(old: str, new: str) -> str:
    return _SOLUTION.replace(old, new)


_RECURSIVE = (
    _SOLUTION[: _SOLUTION.index("    def backward")]
    + """    def backward(self):
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for x, _ in value.inputs:
                    visit(x)
                order.append(value)

        visit(self)
        arrived = {self: 1.0}
        for value in reversed(order):
            value.grad += arrived[value]
            for x, slope in value.inputs:
                arrived[x] = arrived.get(x, 0.0) + arrived[value] * slope
"""
)

EXERCISE = Exercise(
    number=19,
    name="your own engine",
    aim="fifty lines, and no magic",
    idea="An engine is a class that remembers. Each operation notes its inputs and the slope for each. "
    "backward walks "
    "from the newest value to the oldest, multiplies along each way, and adds where ways meet. You have "
    "written all of "
    "it, one lesson at a time. minigrad is this, with more operations and arrays.",
    one_sees="minigrad.first_engine on one page, beside yours.",
    functions=("Value",),
    starter='''
"""Lesson 19, your own engine: a class Value for one number, with +, -, * and .sin().

v.data is its number. root.backward() adds to the .grad of every value behind root how fast root moves when
that value moves. .grad is 0.0 in the beginning.
"""

import math


class Value:
    def __init__(self, data):
        self.data = data
        self.grad = 0.0

    def __add__(self, other):
        return Value(self.data + other.data)  # what must the new value remember?

    def __sub__(self, other):
        return Value(self.data - other.data)

    def __mul__(self, other):
        return Value(self.data * other.data)

    def sin(self):
        return Value(math.sin(self.data))

    def backward(self):
        ...
''',
    solution=_SOLUTION,
    others=(_CLOSURES,),
    wrong=(
        ("overwritten", _changed("arrived.get(x, 0.0) + arrived[value] * slope", "arrived[value] * slope")),
        ("order", _changed("max(waiting", "min(waiting")),
        ("start", _changed("{self: 1.0}, {self}", "{self: 0.0}, {self}")),
        ("start", _changed("value.grad += arrived[value]", "pass")),
        (
            "rule",
            _changed("((self, other.data), (other, self.data))", "((self, self.data), (other, other.data))"),
        ),
        ("rule", _changed("(other, -1.0)", "(other, 1.0)")),
        ("rule", _changed("((self, math.cos(self.data)),)", "((self, -math.cos(self.data)),)")),
        ("data", _changed("Value(math.sin(self.data)", "Value(math.cos(self.data)")),
        ("replaced", _changed("value.grad += arrived", "value.grad = arrived")),
        ("deep", _RECURSIVE),
    ),
    misconceptions={
        "overwritten": "x * x goes wrong: a value that is used twice gets both parts (lesson 3). Add them.",
        "order": "Single operations are right, longer programs are not: is a value done before all has "
        "arrived "
        "(lesson 4)?",
        "start": "Even x + y goes wrong. The root moves as fast as itself: begin with 1, and leave the "
        "result in "
        ".grad.",
        "rule": "The slope of one of the operations is wrong (lesson 1). Try +, -, * and sin one by one.",
        "data": "The numbers themselves are wrong, before any gradient.",
        "replaced": "A second backward takes away what the first left. backward adds to .grad (lesson 6).",
        "deep": "Recursion goes as deep as the program is long, and Python stops at about 1000. Use a loop.",
    },
    hints=(
        "Let each new value remember its inputs, and with each the slope of this one operation.",
        "Number the values as they are made. backward: take the newest that waits, add to .grad, hand on.",
        "Read minigrad/first_engine.py: python -m minigrad.learn solution 19 is a shorter one.",
    ),
    properties=(
        Property("the numbers are right", _draw, _value, runs=10, shown=program_text),
        Property("nudging each input changes the result as .grad says", _draw, _gradients, 60, program_text),
        Property("backward adds to .grad", lambda d: {"x": float(d.integer(1, 3))}, _twice, runs=3),
        Property(
            "a long program works too",
            lambda d: {"steps": d.integer(1, 3000)},
            _long,
            runs=6,
            shown=lambda case: f"{case['steps']} additions, one after the other",
        ),
    ),
    errors={"called itself": "deep"},
    picture=lambda case: (case.get("program") or Program((0.5,), ((OPS[1], (0, 0)),))).picture(),
)
