"""Lesson 2: the chain."""

from __future__ import annotations

import math
from typing import Any

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import close, number, several, short
from ..exercise import Case, Exercise, Miss, Property

_NUMBERS = Interval(-2.0, 2.0, (0.0,))
_NAMES = ("z", "c", "a", "b", "x", "y")


def _draw(d: Drawer) -> Case:
    return {"x": float(d.values((), _NUMBERS)), "y": float(d.values((), _NUMBERS))}


def _right(x: float, y: float) -> tuple[float, ...]:
    g = 2 * (x * y + math.sin(x))
    return 1.0, g, g, g, g * y + g * math.cos(x), g * x


def _judge_first(answer: Any, case: Case) -> Miss | None:
    return _compare(answer, case, slice(0, 4))


def _judge_all(answer: Any, case: Case) -> Miss | None:
    return _compare(answer, case, slice(0, 6))


def _compare(answer: Any, case: Case, looked_at: slice) -> Miss | None:
    x, y = case["x"], case["y"]
    parts = several(answer.gradients(x, y), "gradients", 6)
    yours = [number(part, f"gradients, for {name}") for name, part in zip(_NAMES, parts, strict=True)]
    right = _right(x, y)
    for name, mine, its in list(zip(_NAMES, yours, right, strict=True))[looked_at]:
        if not close(mine, its):
            return Miss(f"g of {name} = {short(mine)}", short(its), _looks_like(x, y, yours, name))
    return None


def _looks_like(x: float, y: float, yours: list[float], name: str) -> str:
    a, b = x * y, math.sin(x)
    c, g = a + b, 2 * (a + b)
    mine = yours[_NAMES.index(name)]
    if close(mine, {"z": c * c, "c": c, "a": a, "b": b, "x": x, "y": y}[name]):
        return "value" if name != "c" else "one of two"
    if name == "z":
        return "start"
    if name in "abxy" and close(mine, {"a": 1, "b": 1, "x": y + math.cos(x), "y": x}[name]):
        return "local"
    if name == "x" and (close(mine, g * y) or close(mine, g * math.cos(x))):
        return "one path"
    if name == "x" and close(mine, g * y * g * math.cos(x)):
        return "paths multiplied"
    return ""


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    x, y = (minigrad.tensor(case[n], dtype=minigrad.float64, requires_grad=True) for n in "xy")
    a = x * y
    b = minigrad.sin(x)
    c = a + b
    return c * c, {"x": x, "y": y, "a": a, "b": b, "c": c}


_BODY = (
    "import math\ndef gradients(x, y):\n    a, b = x * y, math.sin(x)\n    c = a + b\n    g_c = 2 * c\n    "
)

EXERCISE = Exercise(
    number=2,
    name="chain",
    aim="the g of every value, by hand",
    idea="Each value of a calculation has a number g: how fast the final result moves when this value "
    "moves, and "
    "everything after it follows. The g of the result is 1. From there go backwards, one operation at a "
    "time, and "
    "multiply by the slope of each operation. A value that is used at two places gets a part from each.",
    one_sees="The player at x*y + sin(x): say the next number before it is shown.",
    functions=("gradients",),
    starter='''
"""Lesson 2, the chain. The calculation is

    a = x * y
    b = sin(x)
    c = a + b
    z = c * c

Return the g of each value: how fast z moves when that value moves. Begin at z and go backwards.
"""

import math


def gradients(x, y):
    a = x * y
    b = math.sin(x)
    c = a + b
    g_z = 1.0
    g_c = ...
    g_a = ...
    g_b = ...
    g_x = ...
    g_y = ...
    return g_z, g_c, g_a, g_b, g_x, g_y
''',
    solution=_BODY.replace("import math\n", "import math\n\n\n")
    + "g_a = g_b = g_c\n    return 1.0, g_c, g_a, g_b, g_a * y + g_b * math.cos(x), g_a * x\n",
    others=(
        "import numpy as np\n\ndef gradients(p, q):\n    s = p * q + np.sin(p)\n    t = s + s\n"
        "    return [1, t, t, t, t * (q + np.cos(p)), t * p]\n",
        "import minigrad as torch\n\ndef gradients(x, y):\n    x, y = (torch.tensor(float(v), "
        "dtype=torch.float64,"
        " requires_grad=True) for v in (x, y))\n    a = x * y\n    b = torch.sin(x)\n    c = a + b\n    "
        "z = c * c\n"
        "    return (1, *torch.autograd.grad(z, [c, a, b, x, y]))\n",
    ),
    wrong=(
        (
            "value",
            "import math\ndef gradients(x, y):\n    a, b = x * y, math.sin(x)\n    c = a + b\n"
            "    return c * c, c, a, b, x, y\n",
        ),
        ("local", _BODY + "return 1, g_c, 1, 1, y + math.cos(x), x\n"),
        ("one path", _BODY + "return 1, g_c, g_c, g_c, g_c * y, g_c * x\n"),
        ("one path", _BODY + "return 1, g_c, g_c, g_c, g_c * math.cos(x), g_c * x\n"),
        ("one of two", _BODY + "return 1, c, c, c, c * (y + math.cos(x)), c * x\n"),
        ("paths multiplied", _BODY + "return 1, g_c, g_c, g_c, g_c * y * g_c * math.cos(x), g_c * x\n"),
        ("start", _BODY + "return 0, g_c, g_c, g_c, g_c * (y + math.cos(x)), g_c * x\n"),
    ),
    misconceptions={
        "value": "This is the value itself. g is not a value of the calculation: it says how fast z "
        "moves when "
        "the value moves.",
        "local": "This is the slope of one step alone. How fast z moves is that slope times the g that "
        "arrives "
        "from the step after it.",
        "one path": "x is used twice, in a and in b. Both ways lead to z, and their parts are added.",
        "one of two": "z = c * c uses c twice, and each use gives c: together 2 * c.",
        "paths multiplied": "Along one way slopes are multiplied. Different ways are added.",
        "start": "z moves exactly as fast as z: its g is 1.",
    },
    hints=(
        "When c moves by a little, how far does z = c * c move? That is g_c.",
        "c = a + b: when a moves, c moves just as far, so g_a = g_c. For x, look for every line with x "
        "in it.",
        "g_c = 2 * c; g_a = g_b = g_c; g_x = g_a * y + g_b * cos(x); g_y = g_a * x.",
    ),
    properties=(
        Property("the g of z, c, a and b: nudging them moves z as you say", _draw, _judge_first),
        Property("the g of x and y too", _draw, _judge_all),
    ),
    picture=_picture,
)
