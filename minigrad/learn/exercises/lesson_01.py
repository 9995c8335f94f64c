"""Lesson 1: local rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import close, nudge, number, several
from ..exercise import Case, Exercise, Miss, Property

_REAL, _POSITIVE = Interval(-3.0, 3.0, (0.0,)), Interval(0.5, 4.0)


def _draw(*intervals: tuple[str, Interval]) -> Callable[[Drawer], Case]:
    return lambda d: {name: float(d.values((), interval)) for name, interval in (("g", _REAL), *intervals)}


def _mul(answer: Any, case: Case) -> Miss | None:
    g, x, y = case.values()
    yours = tuple(number(part, "mul_rule") for part in several(answer.mul_rule(g, x, y), "mul_rule", 2))
    right = tuple(float(s) for s in nudge(lambda v: g * v[0] * v[1], [x, y]))
    if close(yours, right):
        return None
    if close(yours, right[::-1]):
        return Miss(yours, right, "exchanged")
    if close(yours, (y, x)):
        return Miss(yours, right, "no g")
    return Miss(yours, right, "added g" if close(yours, (g + y, g + x)) else "")


def _single(
    name: str, function: Callable[[float], float], wrong: dict[str, Callable[[float, float], float]]
) -> Any:
    def judge(answer: Any, case: Case) -> Miss | None:
        g, x = case.values()
        yours = number(getattr(answer, name)(g, x), name)
        right = float(nudge(lambda v: g * function(float(v)), x))
        if close(yours, right):
            return None
        found = (key for key, formula in wrong.items() if close(yours, formula(g, x)))
        return Miss(yours, right, next(found, ""))

    return judge


_sin = _single(
    "sin_rule",
    math.sin,
    {
        "no g": lambda _g, x: math.cos(x),
        "added g": lambda g, x: g + math.cos(x),
        "value": lambda g, x: g * math.sin(x),
        "sign": lambda g, x: -g * math.cos(x),
        "output": lambda g, x: g * math.cos(math.sin(x)),
        "g inside": lambda g, x: math.cos(g * x),
    },
)
_log = _single(
    "log_rule",
    math.log,
    {
        "no g": lambda _g, x: 1 / x,
        "added g": lambda g, x: g + 1 / x,
        "value": lambda g, x: g * math.log(x),
        "sign": lambda g, x: -g / x,
        "output": lambda g, x: g / math.log(x) if x != 1 else math.nan,
        "upside down": lambda g, x: g * x,
    },
)


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    names: dict[str, Any] = {
        name: minigrad.tensor(case[name], dtype=minigrad.float64, requires_grad=True)
        for name in ("x", "y")
        if name in case
    }
    return (names["x"] * names["y"] if "y" in names else minigrad.sin(names["x"])), names


EXERCISE = Exercise(
    number=1,
    name="local rules",
    aim="how one operation hands a gradient back",
    idea="A rule belongs to one operation. It is given g: how fast the final result moves when the "
    "operation's "
    "output moves. It returns how fast the final result moves when an input moves. That is g times the "
    "slope of "
    "this operation alone. A rule never asks where g came from.",
    one_sees="A row of the table of derivatives, beside the player's card of the same operation.",
    functions=("mul_rule", "sin_rule", "log_rule"),
    starter='''
"""Lesson 1, local rules: g arrives at the output of an operation; return what goes on to its inputs."""

import math


def mul_rule(g, x, y):
    """The output was x * y. Return two numbers: one for x, one for y."""
    return ..., ...


def sin_rule(g, x):
    """The output was sin(x)."""
    return ...


def log_rule(g, x):
    """The output was log(x)."""
    return ...
''',
    solution="""
import math


def mul_rule(g, x, y):
    return g * y, g * x


def sin_rule(g, x):
    return g * math.cos(x)


def log_rule(g, x):
    return g / x
""",
    others=(
        "import numpy as np\n\ndef mul_rule(up, a, b):\n    return [np.float64(up) * b, a * up]\n\n"
        "def sin_rule(up, a):\n    return np.sin(a + np.pi / 2) * up\n\n"
        "def log_rule(up, a):\n    return np.array([up * a**-1.0])\n",
    ),
    wrong=tuple(
        (
            key,
            "import math\ndef mul_rule(g, x, y): return "
            + mul
            + "\ndef sin_rule(g, x): return "
            + sin
            + "\ndef log_rule(g, x): return "
            + log
            + "\n",
        )
        for key, mul, sin, log in (
            ("exchanged", "g * x, g * y", "g * math.cos(x)", "g / x"),
            ("no g", "y, x", "math.cos(x)", "1 / x"),
            ("no g", "g * y, g * x", "math.cos(x)", "g / x"),
            ("added g", "g + y, g + x", "g + math.cos(x)", "g + 1 / x"),
            ("sign", "g * y, g * x", "-g * math.cos(x)", "g / x"),
            ("value", "g * y, g * x", "g * math.sin(x)", "g / x"),
            ("output", "g * y, g * x", "g * math.cos(math.sin(x))", "g / x"),
            ("output", "g * y, g * x", "g * math.cos(x)", "g / math.log(x)"),
            ("upside down", "g * y, g * x", "g * math.cos(x)", "g * x"),
            ("g inside", "g * y, g * x", "math.cos(g * x)", "g / x"),
        )
    ),
    misconceptions={
        "exchanged": "The two have changed places. When x moves by a little, x * y moves y times as "
        "far: the part "
        "for x has y in it.",
        "no g": "This is the slope of the operation alone; g is forgotten. Multiply it by g.",
        "added g": "g is multiplied by the slope, not added to it. If nothing arrives (g = 0), nothing "
        "goes on.",
        "value": "This multiplies g by the value of the function. A rule needs its slope.",
        "sign": "This is exactly the negative. Look the derivative up once more.",
        "output": "The slope is taken at the output of the operation. It belongs at its input, x.",
        "upside down": "The slope of log(x) is 1 / x: where x is large, log hardly moves.",
        "g inside": "g belongs outside: the slope at x, times g.",
    },
    hints=(
        "Forget g at first. When x moves by a little, how much further or less far does the output move?",
        "Write down d(x*y)/dx, d sin(x)/dx and d log(x)/dx. Then multiply each by g.",
        "g * y and g * x; g * math.cos(x); g / x.",
    ),
    properties=(
        Property(
            "mul_rule: nudging x and y changes the result as you say", _draw(("x", _REAL), ("y", _REAL)), _mul
        ),
        Property("sin_rule: nudging x changes the result as you say", _draw(("x", _REAL)), _sin),
        Property("log_rule: nudging x changes the result as you say", _draw(("x", _POSITIVE)), _log),
    ),
    picture=_picture,
)
