"""Lesson 0: a nudge."""

from __future__ import annotations

from typing import Any

from minigrad.testing import Drawer, Interval

from ..compare import number, short
from ..exercise import Case, Exercise, Miss, Property
from ..sights import secants


class _Curve:
    """A polynomial that notes where it was asked."""

    def __init__(self, *coefficients: float) -> None:
        self.coefficients = coefficients
        self.asked: list[float] = []

    def __call__(self, x: Any) -> Any:
        self.asked.append(float(x))
        return sum(c * x**k for k, c in enumerate(self.coefficients))

    def slope(self, x: float) -> float:
        return float(sum(k * c * x ** (k - 1) for k, c in enumerate(self.coefficients) if k))

    def __str__(self) -> str:
        powers = ["", " x", " x^2", " x^3"]
        terms = [f"{short(c)}{powers[k]}" for k, c in enumerate(self.coefficients) if c]
        return " + ".join(term.removeprefix("1 ") for term in reversed(terms)).replace("+ -", "- ") or "0"


_NUMBERS = Interval(-3.0, 3.0)
_NONZERO = Interval(-3.0, 3.0, (0.0,))


def _line(d: Drawer) -> Case:
    a, b, x = (float(d.values((), i)) for i in (_NONZERO, _NUMBERS, _NUMBERS))
    return {"f(x)": _Curve(b, a), "x": x}


def _curve(d: Drawer) -> Case:
    a, b, c, x = (float(d.values((), i)) for i in (_NONZERO, _NUMBERS, _NUMBERS, _NUMBERS))
    return {"f(x)": _Curve(0.0, c, b, a), "x": x}


def _far(d: Drawer) -> Case:
    return {"f(x)": _Curve(0.0, 0.0, 1.0), "x": float(d.choice((1, -1)) * 10 ** d.integer(0, 6))}


def _judge(answer: Any, case: Case) -> Miss | None:
    f, x = case["f(x)"], case["x"]
    f.asked.clear()
    yours, right = number(answer.slope(f, x), "slope"), f.slope(x)
    if abs(yours - right) <= 1e-3 * max(abs(right), 1.0):
        return None
    return Miss(yours, right, _looks_like(f, x, yours, right), "the slope is")


def _looks_like(f: _Curve, x: float, yours: float, right: float) -> str:
    steps = sorted(abs(point - x) for point in f.asked)
    if len(steps) < 2 and not any(steps):
        return "unmoved"
    if steps[-1] < 1e-9 * max(abs(x), 1.0):
        return "tiny"
    gap = 0.02 * max(abs(right), 0.1)
    if abs(yours + right) < gap:
        return "sign"
    if abs(yours - 2 * right) < gap:
        return "twice"
    if abs(right) > 0.1 and abs(yours) < 2 * steps[-1] * abs(right):
        return "undivided"
    return "large" if steps[-1] > 2e-5 * max(abs(x), 1.0) else ""


def _sight(case: Case) -> str:
    f, x = case["f(x)"], case["x"]
    if not any(f.coefficients[2:]):  # a line has no bend
        f, x = _Curve(0.0, 0.0, 1.0), 1.0
    return f"  f(x) = {f}, x = {short(x)}\n{secants(f, x, f.slope(x))}"


EXERCISE = Exercise(
    number=0,
    name="nudge",
    aim="measure a slope by a small step",
    idea="The slope of f at x says how fast f(x) moves when x moves. Move x by a small step, see how "
    "far f(x) "
    "moves, and divide. A large step sees the bend of the curve. A tiny step drowns in rounding, because a "
    "computer keeps about 16 digits. So there is a best step in between, and differences are never exact.",
    one_sees="A secant turns into the tangent as the step shrinks; the error falls, then rises again.",
    functions=("slope",),
    starter='''
"""Lesson 0, a nudge: write slope(f, x), the slope of f at the number x.

f takes a number and returns a number. You may call it as often as you like.
"""


def slope(f, x):
    step = 1e-5
    return ...  # how far f moves, divided by how far x moved
''',
    solution="""
def slope(f, x):
    step = 1e-5 * max(1, abs(x))
    return (f(x + step) - f(x - step)) / (2 * step)
""",
    others=(
        "def slope(f, x):\n    step = 1e-5\n    return (f(x + step) - f(x)) / step\n",
        "def slope(g, at):\n    h = 1e-6\n    moved = g(at + h)\n    return (moved - g(at)) / h\n",
        "def slope(f, x):\n    best = None\n    for h in (1e-4, 1e-5):\n        best = (f(x + h) - f(x "
        "- h)) / h / 2\n"
        "    return best\n",
    ),
    wrong=(
        ("tiny", "def slope(f, x):\n    h = 1e-15\n    return (f(x + h) - f(x)) / h\n"),
        ("tiny", "def slope(f, x):\n    h = 1e-20\n    return (f(x + h) - f(x - h)) / (2 * h)\n"),
        ("large", "def slope(f, x):\n    return f(x + 1) - f(x)\n"),
        ("undivided", "def slope(f, x):\n    h = 1e-5\n    return f(x + h) - f(x)\n"),
        ("unmoved", "def slope(f, x):\n    return f(x) / x if x else f(x)\n"),
        ("sign", "def slope(f, x):\n    h = 1e-5\n    return (f(x - h) - f(x)) / h\n"),
        ("twice", "def slope(f, x):\n    h = 1e-5\n    return (f(x + h) - f(x - h)) / h\n"),
    ),
    misconceptions={
        "tiny": "A smaller step is not always better. Below about 1e-9 of x the two values of f agree "
        "in almost "
        "all of their digits, and what is left is rounding.",
        "large": "Your step is so large that it sees the bend of the curve. Take a smaller one.",
        "undivided": "This is how far f moved. The slope is that, divided by how far x moved.",
        "unmoved": "You asked f only at x itself. A slope needs a second point: how does f change when "
        "x moves?",
        "sign": "This is exactly the negative. Take the later value minus the earlier one, and divide by a "
        "positive step.",
        "twice": "This is twice the slope. From x - step to x + step, x moves by two steps: divide by 2 "
        "* step.",
    },
    hints=(
        "Ask f at two points that are close to each other. How far did f move, and how far did x?",
        "Divide f(x + step) - f(x) by the step. Is a step of 1e-15 better than one of 1e-5? Try both.",
        "return (f(x + step) - f(x - step)) / (2 * step), with a step of about 1e-5.",
    ),
    properties=(
        Property("on a straight line any nudge gives the slope", _line, _judge),
        Property("on a curve your slope is right to three digits", _curve, _judge),
        Property("at a large x too", _far, _judge),
    ),
    sight=_sight,
)
