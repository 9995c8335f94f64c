"""Lesson 11: activations."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import array, close, nudge, the_only
from ..exercise import Case, Exercise, Miss, Property

_NUMBERS = Interval(-3.0, 3.0, (0.0,))
_SLOPES = (0.1, 0.01, 0.25)


def _draw(d: Drawer) -> Case:
    shape = (d.integer(1, 3),)
    return {"x": d.values(shape, _NUMBERS), "slope": d.choice(_SLOPES), "g": d.values(shape, _NUMBERS)}


def _at_zero(d: Drawer) -> Case:
    return {"x": np.zeros(1), "slope": d.choice(_SLOPES), "g": d.values((1,), _NUMBERS)}


def _leaky(x: Any, slope: float) -> Any:
    return np.where(x > 0, x, slope * x)


def _value(answer: Any, case: Case) -> Miss | None:
    x, slope, _ = case.values()
    yours = array(answer.leaky_relu(x, slope), "leaky_relu", x.shape)
    right = _leaky(x, slope)
    candidates = {
        "relu": np.maximum(x, 0.0),
        "smaller": np.minimum(x, slope * x),
    }
    return None if close(yours, right) else Miss(yours, right, the_only(candidates, yours), "it should be")


def _rule(answer: Any, case: Case) -> Miss | None:
    x, slope, g = case.values()
    yours = array(answer.leaky_relu_rule(g, x, slope), "leaky_relu_rule", x.shape)
    right = nudge(lambda x: (_leaky(x, slope) * g).sum(), x)
    if close(yours, right):
        return None
    candidates = {
        "dead": np.where(x > 0, g, 0.0),
        "no g": np.where(x > 0, 1.0, slope),
        "value": g * _leaky(x, slope),
        "looked at g": np.where(g > 0, g, slope * g),
    }
    return Miss(yours, right, the_only(candidates, yours))


def _kink(answer: Any, case: Case) -> Miss | None:
    x, slope, g = case.values()
    yours = array(answer.leaky_relu_rule(g, x, slope), "leaky_relu_rule", x.shape)
    right = slope * g
    if close(yours, right):
        return None
    return Miss(
        yours, right, "middle" if close(yours, (1 + slope) / 2 * g) else "kink", "the left slope gives"
    )


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    x = minigrad.tensor(case["x"], dtype=minigrad.float64, requires_grad=True)
    out = minigrad.nn.functional.leaky_relu(x, case["slope"])
    return (out * minigrad.from_numpy(case["g"])).sum(), {"x": x}


def _answer(rule: str, value: str = "np.where(x > 0, x, slope * x)") -> str:
    return (
        "import numpy as np\n\n\n"
        f"def leaky_relu(x, slope):\n    return {value}\n\n\n"
        f"def leaky_relu_rule(g, x, slope):\n    return {rule}\n"
    )


EXERCISE = Exercise(
    number=11,
    name="activations",
    aim="leaky relu, and its kink",
    idea="relu has the slope 0 left of zero: a unit that is always there gets no gradient and never "
    "learns again. "
    "Leaky relu keeps a small slope. At zero both have a kink: nudging left and right gives two slopes, "
    "and neither "
    "is wrong. A library must choose one. minigrad and PyTorch take the left slope.",
    one_sees="Six curves: relu, sigmoid and tanh, and their slopes.",
    functions=("leaky_relu", "leaky_relu_rule"),
    starter='''
"""Lesson 11, activations: leaky relu is x right of zero, and slope * x left of it. x is an array.

g arrives at the output; return the gradient of x. At x = 0 take the slope from the left.
"""

import numpy as np


def leaky_relu(x, slope):
    return ...


def leaky_relu_rule(g, x, slope):
    return ...
''',
    solution=_answer("g * np.where(x > 0, 1.0, slope)"),
    others=(
        _answer("np.where(x <= 0, slope * g, g)", "np.maximum(x, slope * x)"),
        _answer("[(a if b > 0 else slope * a) for a, b in zip(g, x)]", "[max(b, slope * b) for b in x]"),
    ),
    wrong=(
        ("relu", _answer("g * np.where(x > 0, 1.0, slope)", "np.maximum(x, 0)")),
        ("smaller", _answer("g * np.where(x > 0, 1.0, slope)", "np.minimum(x, slope * x)")),
        ("dead", _answer("g * (x > 0)")),
        ("no g", _answer("np.where(x > 0, 1.0, slope)")),
        ("value", _answer("g * np.where(x > 0, x, slope * x)")),
        ("looked at g", _answer("np.where(g > 0, g, slope * g)")),
        ("kink", _answer("g * np.where(x >= 0, 1.0, slope)")),
        ("kink", _answer("g * np.where(x > 0, 1.0, np.where(x < 0, slope, 0.0))")),
        ("middle", _answer("g * (slope + (1 - slope) * np.heaviside(x, 0.5))")),
        ("if on array", _answer("g if x > 0 else slope * g")),
    ),
    misconceptions={
        "relu": "This is relu: left of zero it is 0. Leaky relu is slope * x there.",
        "smaller": "The smaller of the two is taken, or the sides have changed places. Right of zero x "
        "is the larger one.",
        "dead": "This is the rule of relu. Left of zero the slope is small, but it is not 0.",
        "no g": "This is the slope alone; g is forgotten. Multiply the g that arrives by it.",
        "value": "This multiplies g by the value of the function. A rule needs its slope: 1 or `slope`.",
        "looked at g": "The side is decided by x, where the function was computed, not by what arrives.",
        "kink": "At exactly 0 there is a kink, and a choice. It was agreed to take the slope from the left.",
        "middle": "The mean of both slopes is a choice too, but another one: it was agreed to take the "
        "left slope.",
        "if on array": "`if x > 0` asks an array of many numbers for one yes or no. np.where decides "
        "for each.",
    },
    hints=(
        "On each side the function is a straight line. What are the two slopes?",
        "np.where(x > 0, a, b) takes a where x > 0, and b elsewhere, at 0 too.",
        "np.where(x > 0, x, slope * x) and g * np.where(x > 0, 1.0, slope)",
    ),
    properties=(
        Property("leaky_relu has the right values", _draw, _value),
        Property("nudging x changes the result as you say", _draw, _rule),
        Property("at the kink it takes the left slope", _at_zero, _kink, runs=5),
    ),
    errors={"truth value": "if on array"},
    picture=_picture,
)
