"""Lesson 15: the second order."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import close, number, short, the_only
from ..exercise import Case, Exercise, Miss, Property

_NUMBERS = Interval(-2.0, 2.0)
_NONZERO = Interval(-2.0, 2.0, (0.0,))


class _Curve:
    """a x^2 + b x, and where asked c x^4, of a tensor."""

    def __init__(self, a: float, b: float, c: float = 0.0) -> None:
        self.a, self.b, self.c = a, b, c

    def __call__(self, x: Any) -> Any:
        return self.c * x**4 + self.a * x * x + self.b * x

    def slopes(self, x: float) -> tuple[float, float]:
        return 4 * self.c * x**3 + 2 * self.a * x + self.b, 12 * self.c * x**2 + 2 * self.a

    def __str__(self) -> str:
        parts = ((self.c, " x^4"), (self.a, " x^2"), (self.b, " x"))
        terms = [f"{short(factor)}{power}" for factor, power in parts if factor]
        return " + ".join(term.removeprefix("1 ") for term in terms).replace("+ -", "- ")


def _parabola(d: Drawer) -> Case:
    a, b, x = (float(d.values((), i)) for i in (_NONZERO, _NUMBERS, _NUMBERS))
    return {"f(x)": _Curve(abs(a), b), "x": x}


def _quartic(d: Drawer) -> Case:
    a, b, x = (float(d.values((), i)) for i in (_NONZERO, _NUMBERS, _NUMBERS))
    return {"f(x)": _Curve(abs(a), b, 0.5), "x": x}


def _judge(answer: Any, case: Case) -> Miss | None:
    f, at = case["f(x)"], case["x"]
    x = minigrad.tensor(at, dtype=minigrad.float64, requires_grad=True)
    yours = number(answer.newton_step(f, x), "newton_step")
    first, second = f.slopes(at)
    right = at - first / second
    if close(yours, right):
        return None
    value = float(f(np.float64(at)))
    candidates = {
        "first order": at - first,
        "no step": first / second,
        "wrong way": at + first / second,
        "upside down": at - second / first if first else np.nan,
        "root": at - value / first if first else np.nan,
        "times": at - first * second,
        "doubled": at - first / (first + second) if first + second else np.nan,
    }
    return Miss(yours, right, the_only(candidates, yours), "x - f'(x) / f''(x) is")


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    x = minigrad.tensor(case["x"], dtype=minigrad.float64, requires_grad=True)
    (slope,) = minigrad.autograd.grad(case["f(x)"](x), x, create_graph=True)
    return slope, {"x": x}


def _answer(step: str, first: str = "create_graph=True", lines: str = "") -> str:
    return (
        "import minigrad as torch\n\n\ndef newton_step(f, x):\n"
        f"    (first,) = torch.autograd.grad(f(x), x, {first})\n{lines}"
        f"    (second,) = torch.autograd.grad(first, x)\n    return {step}\n"
    )


EXERCISE = Exercise(
    number=15,
    name="second order",
    aim="the derivative of a derivative",
    idea="A gradient is computed by operations too. With create_graph=True these are recorded, and the "
    "gradient can "
    "be differentiated again: that is the second derivative. retain_graph=True is another thing: it "
    "only keeps the "
    "first graph. Newton's step uses both: x - f'(x) / f''(x). On a parabola one step reaches the bottom.",
    one_sees="The graph of a gradient, behind the graph of the function.",
    functions=("newton_step",),
    starter='''
"""Lesson 15, the second order: one step of Newton's method, x - f'(x) / f''(x).

f takes a tensor and returns one; x is a tensor with one number, which requires grad.
"""

import minigrad as torch


def newton_step(f, x):
    (first,) = torch.autograd.grad(f(x), x, retain_graph=True)
    (second,) = torch.autograd.grad(first, x)  # RuntimeError: what was not recorded?
    return (x - first / second).detach()
''',
    solution=_answer("(x - first / second).detach()"),
    others=(
        "import minigrad as torch\n\ndef newton_step(g, start):\n    z = "
        "start.detach().clone().requires_grad_()\n"
        "    g(z).backward(create_graph=True)\n    slope = z.grad\n    z.grad = None\n    slope.backward()\n"
        "    return z.item() - slope.item() / z.grad.item()\n",
        "import minigrad as torch\n\ndef newton_step(f, x):\n    first = "
        "torch.autograd.functional.jacobian(f, x)\n"
        "    return x - first / torch.autograd.functional.hessian(f, x)\n",
    ),
    wrong=(
        ("not recorded", _answer("x - first / second", "retain_graph=True")),
        ("not recorded", _answer("x - first / second", "create_graph=True", "    first = first.detach()\n")),
        ("first order", _answer("x - first")),
        ("no step", _answer("first / second")),
        ("wrong way", _answer("x + first / second")),
        ("upside down", _answer("x - second / first")),
        ("root", _answer("x - f(x) / first")),
        ("times", _answer("x - first * second")),
        (
            "doubled",
            "import minigrad as torch\n\ndef newton_step(f, x):\n    f(x).backward(create_graph=True)\n"
            "    first = x.grad.clone()\n    value = first.item()\n    first.backward()\n"
            "    return x.item() - value / x.grad.item()\n",
        ),
    ),
    misconceptions={
        "not recorded": "The first gradient was computed, but not recorded, so it has no derivative. "
        "retain_graph "
        "keeps the old graph; create_graph=True records the gradient itself.",
        "first order": "This is a step of gradient descent. Newton divides the slope by the second "
        "derivative.",
        "no step": "This is the length of the step. Take it away from x.",
        "wrong way": "The step goes the other way: minus.",
        "upside down": "The fraction is upside down: the slope is divided by the second derivative.",
        "root": "This looks for a place where f is 0. For the bottom, f' must be 0: f' / f''.",
        "times": "Divide by the second derivative: where the curve bends much, the step is short.",
        "doubled": "backward adds to .grad: the second derivative was added to the first. Clear it in "
        "between.",
    },
    hints=(
        "Which of the two calls must leave something that can be differentiated?",
        "create_graph=True in the first call records the gradient.",
        "(first,) = torch.autograd.grad(f(x), x, create_graph=True)",
    ),
    properties=(
        Property("on a parabola one step reaches the bottom", _parabola, _judge),
        Property("on another curve the step is -f' / f''", _quartic, _judge),
    ),
    errors={"does not require grad": "not recorded", "does not depend": "not recorded"},
    picture=_picture,
)
