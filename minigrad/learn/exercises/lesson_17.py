"""Lesson 17: nan."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import array, close
from ..exercise import Case, Exercise, Miss, Property

_NUMBERS = Interval(-3.0, 3.0, (0.0,))


def _draw(d: Drawer) -> Case:
    return {"x": d.values((d.integer(1, 3),), _NUMBERS)}


def _zero(d: Drawer) -> Case:
    x = d.values((d.integer(1, 3),), _NUMBERS)
    x[0] = 0.0
    return {"x": x}


def _right(x: Any) -> tuple[Any, Any]:
    inside = np.where(x > 0, x, 1.0)
    return np.where(x > 0, np.sqrt(inside), 0.0), np.where(x > 0, 0.5 / np.sqrt(inside), 0.0)


def _value(answer: Any, case: Case) -> Miss | None:
    x = minigrad.tensor(case["x"], dtype=minigrad.float64)
    yours, right = array(answer.root(x), "root", case["x"].shape), _right(case["x"])[0]
    if close(yours, right):
        return None
    return Miss(yours, right, "value" if np.isfinite(yours).all() else "nan value", "it should be")


def _gradient(answer: Any, case: Case) -> Miss | None:
    x = minigrad.tensor(case["x"], dtype=minigrad.float64, requires_grad=True)
    answer.root(x).sum().backward()
    yours, right = array(x.grad, "root's gradient", case["x"].shape), _right(case["x"])[1]
    if close(yours, right):
        return None
    if np.isnan(yours).any():
        return Miss(yours, right, "where", "it should be")
    if np.isinf(yours).any():
        return Miss(yours, right, "infinite", "it should be")
    return Miss(yours, right, "cut" if not yours.any() and right.any() else "value")


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    x = minigrad.tensor(case["x"], dtype=minigrad.float64, requires_grad=True)
    root = minigrad.sqrt(x)
    return minigrad.where(x > 0, root, minigrad.zeros_like(x)).sum(), {"x": x, "root": root}


def _answer(*lines: str) -> str:
    return "import minigrad as torch\n\n\ndef root(x):\n" + "".join(f"    {line}\n" for line in lines)


EXERCISE = Exercise(
    number=17,
    name="nan",
    aim="where does not protect",
    idea="where(c, a, b) computes both a and b, and then chooses. On the way back the branch that was "
    "not taken gets "
    "the gradient 0. But 0 times nan or infinity is nan: sqrt at a negative number has the slope nan, "
    "and 0 * nan is "
    "nan. So protect the input of the dangerous operation, not only its output.",
    one_sees="The first operation whose gradient is nan, on a page of explain.",
    functions=("root",),
    starter='''
"""Lesson 17, nan: root(x) is sqrt(x) where x > 0, and 0 elsewhere. Its gradient must be finite too.

The values are right already. Look at the gradient at x = -1: why is it nan?
"""

import minigrad as torch


def root(x):
    return torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))
''',
    solution=_answer(
        "safe = torch.where(x > 0, x, torch.ones_like(x))",
        "return torch.where(x > 0, torch.sqrt(safe), torch.zeros_like(x))",
    ),
    others=(
        _answer("y = x.masked_fill(x <= 0, 1.0)", "return y.sqrt().masked_fill(x <= 0, 0.0)"),
        _answer("good = (x > 0).to(x.dtype)", "return good * (x * good + (1 - good)) ** 0.5"),
    ),
    wrong=(
        ("where", _answer("return torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))")),
        ("nan value", _answer("return torch.sqrt(x) * (x > 0)")),
        ("infinite", _answer("y = torch.where(x >= 0, x, torch.ones_like(x))",
                             "return torch.where(x >= 0, torch.sqrt(y), torch.zeros_like(x))")),
        ("value", _answer("return torch.sqrt(torch.relu(x) + 1e-4)")),
        ("value", _answer("return torch.sqrt(abs(x))")),
        ("cut", _answer("safe = torch.where(x > 0, x, torch.ones_like(x)).detach()",
                        "return torch.where(x > 0, torch.sqrt(safe), 0 * x)")),
    ),
    misconceptions={
        "where": "where computes both branches. The one that is not taken gets 0, and 0 * nan is nan. "
        "Give sqrt a "
        "harmless number there: protect its input.",
        "nan value": "nan * 0 is nan: a product does not choose. Use where, and protect the input of sqrt.",
        "infinite": "At x = 0 the slope of sqrt is infinite. Here x = 0 belongs to the branch that is "
        "0: keep it "
        "away from sqrt.",
        "value": "This is another function: its values or slopes are not those of sqrt where x > 0 and "
        "0 elsewhere.",
        "cut": "detach cuts the way back: where x > 0 the gradient must still arrive.",
    },
    hints=(
        "Which operation has a slope that is no number, and with which input?",
        "Before sqrt, replace what is not positive by 1. After it, choose once more.",
        "safe = torch.where(x > 0, x, torch.ones_like(x)), then torch.where(x > 0, torch.sqrt(safe), 0)",
    ),
    properties=(
        Property("the values are right", _zero, _value),
        Property("nudging x changes the result as you say", _draw, _gradient),
        Property("at x = 0 the gradient is finite", _zero, _gradient),
    ),
    errors={"root's gradient returned None": "cut", "does not require grad": "cut"},
    picture=_picture,
)  # fmt: skip
