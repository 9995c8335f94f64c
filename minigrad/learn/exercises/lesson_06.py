"""Lesson 6: a step, and zeroing."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import close
from ..exercise import Case, Exercise, Miss, Property
from ..sights import grads

_NUMBERS = Interval(-2.0, 2.0, (0.0,))


def _draw(d: Drawer) -> Case:
    return {
        "lr": float(d.choice((0.5, 0.1, 0.25))),
        "params": [d.values((d.integer(1, 2),), _NUMBERS) for _ in range(d.integer(1, 2))],
    }


def _leaves(case: Case) -> list[Any]:
    return [minigrad.tensor(x, dtype=minigrad.float64, requires_grad=True) for x in case["params"]]


def _loss(params: list[Any]) -> Any:
    """The sum of the cubes: its gradient is 3 x^2."""
    total = (params[0] ** 3).sum()
    for p in params[1:]:
        total = total + (p**3).sum()
    return total


def _formula(answer: Any, case: Case) -> Miss | None:
    params = _leaves(case)
    _loss(params).backward()
    before = [p.detach().numpy().copy() for p in params]
    slopes = [p.grad.numpy().copy() for p in params]
    given = list(params)
    answer.sgd(given, case["lr"])
    yours = [p.detach().numpy().copy() for p in params]
    right = [x - case["lr"] * g for x, g in zip(before, slopes, strict=True)]
    if all(map(close, yours, right)):
        return None
    if all(map(close, yours, before)):
        return Miss(yours, right, "rebound", "x - lr * grad is")
    others = {"uphill": 1.0 * case["lr"], "no lr": -1.0}
    made = {k: [x + f * g for x, g in zip(before, slopes, strict=True)] for k, f in others.items()}
    key = next((k for k, moved in made.items() if all(map(close, yours, moved))), "")
    if close(yours[0], right[0]):
        key = "only some"
    return Miss(yours, right, key, "x - lr * grad is")


def _leaves_stay(answer: Any, case: Case) -> Miss | None:
    params = _leaves(case)
    _loss(params).backward()
    answer.sgd(params, case["lr"])
    if all(p.is_leaf and p.requires_grad for p in params):
        return None
    return Miss(
        note="After the step a parameter is no leaf any more, or asks for no gradient.",
        looks_like="recorded",
    )


def _three_steps(answer: Any, case: Case) -> Miss | None:
    params, right = _leaves(case), [x.copy() for x in case["params"]]
    sums = [np.zeros_like(x) for x in right]
    added = [x.copy() for x in right]
    for _ in range(3):
        _loss(params).backward()
        answer.sgd(params, case["lr"] / 20)
        right = [x - case["lr"] / 20 * 3 * x**2 for x in right]
        sums = [s + 3 * x**2 for s, x in zip(sums, added, strict=True)]
        added = [x - case["lr"] / 20 * s for x, s in zip(added, sums, strict=True)]
    yours = [p.detach().numpy() for p in params]
    if all(map(close, yours, right)):
        return None
    return Miss(yours, right, "not zeroed" if all(map(close, yours, added)) else "", "three steps give")


_HEAD = "import minigrad as torch\n\n\ndef sgd(params, lr):\n    with torch.no_grad():\n"
_LOOP = _HEAD + "        for p in params:\n"

EXERCISE = Exercise(
    number=6,
    name="step, zeroing",
    aim="one step of gradient "
    "descent",
    idea="A step moves each parameter against its gradient: p becomes p - lr * p.grad. It changes the "
    "numbers inside "
    "the same tensor, since the model holds that tensor. It is not part of what is differentiated, so "
    "it is not "
    "recorded. And backward adds to .grad, so .grad is cleared before the next backward.",
    one_sees=".grad over three steps, cleared and not cleared.",
    functions=("sgd",),
    starter='''
"""Lesson 6, a step: move each parameter against its gradient, and clear the gradient for the next step.

`params` is a list of tensors; backward has filled the .grad of each. Return nothing: change the tensors.
"""

import minigrad as torch


def sgd(params, lr):
    with torch.no_grad():  # a step is not recorded
        for p in params:
            p = p - lr * p.grad  # mend this: does the caller's tensor change?
''',
    solution=_LOOP + "            p -= lr * p.grad\n            p.grad = None\n",
    others=(
        "def sgd(weights, rate):\n    for w in weights:\n        w.data = w.data - rate * "
        "w.grad.data\n"
        "        w.grad.zero_()\n",
        "import minigrad\n\n@minigrad.no_grad()\ndef sgd(params, lr):\n    i = 0\n    while i < "
        "len(params):\n"
        "        params[i].sub_(params[i].grad.mul(lr))\n        params[i].grad.data.zero_()\n        i "
        "+= 1\n",
        "import minigrad as torch\n\ndef sgd(params, lr):\n    optimizer = torch.optim.SGD(params, lr=lr)\n"
        "    optimizer.step()\n    optimizer.zero_grad()\n",
    ),
    wrong=(
        ("rebound", _LOOP + "            p = p - lr * p.grad\n"),
        ("rebound", _HEAD + "        params[:] = [(p - lr * p.grad) for p in params]\n"),
        ("not zeroed", _LOOP + "            p -= lr * "
        "p.grad\n"),
        ("uphill", _LOOP + "            p += lr * p.grad\n            p.grad = None\n"),
        ("no lr", _LOOP + "            p -= p.grad\n            p.grad = None\n"),
        ("recorded", "def sgd(params, lr):\n    for p in params:\n        p -= lr * p.grad\n        "
        "p.grad = None\n"),
        ("only some", _LOOP + "            p -= lr * p.grad\n            p.grad = None\n       "
        "     return\n"),
        ("cleared first", _LOOP + "            p.grad = None\n            p -= lr * "
        "p.grad\n"),
    ),
    misconceptions={
        "rebound": "`p = p - ...` makes a new tensor and gives it the name p. The model still holds the "
        "old one. "
        "Write into the tensor: p -= lr * p.grad.",
        "not zeroed": "backward adds to .grad. Without clearing, the second step goes along the sum of "
        "two gradients.",
        "uphill": "The gradient points to where the loss grows. A step goes the other way.",
        "no lr": "The gradient is multiplied by lr: the size of the step.",
        "recorded": "The step itself was recorded, as a part of the calculation. Put it under `with "
        "torch.no_grad():`.",
        "only some": "Some of the parameters were not moved. Is there a `return` within the loop?",
        "cleared first": "The gradient is gone before the step uses it. Clear it afterwards.",
    },
    hints=(
        "Which tensor changes by `p = p - 1`, and which by `p -= 1`?",
        "Write into p, and then clear p.grad: what would the next backward add to otherwise?",
        "p -= lr * p.grad; p.grad = None",
    ),
    properties=(
        Property("one step is x - lr * grad, in the same tensor", _draw, _formula),
        Property("the parameters stay leaves", _draw, _leaves_stay),
        Property("three steps are right too", _draw, _three_steps),
    ),
    sight=lambda case: grads(float(case["params"][0][0]), case["lr"] / 5),
    errors={
        "requires grad is being used in an in-place": "recorded",
        "in-place operation": "recorded",
        "NoneType": "cleared first",
    },
)  # fmt: skip
