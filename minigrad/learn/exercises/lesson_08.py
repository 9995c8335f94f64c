"""Lesson 8: arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import array, close, the_only
from ..exercise import Case, Exercise, Miss, Property

_NUMBERS = Interval(-3.0, 3.0, (0.0,))


def _draw(d: Drawer) -> Case:
    rows, columns = d.integer(1, 4), d.integer(1, 4)
    dim = d.integer(0, 1)
    return {"g": d.values(((rows, columns)[1 - dim],), _NUMBERS), "shape": (rows, columns), "dim": dim}


def _shape(answer: Any, case: Case) -> Miss | None:
    g, shape, dim = case.values()
    yours = array(answer.spread(g, shape, dim), "spread")
    if yours.shape == shape:
        return None
    key = "not spread" if yours.size == g.size else ""
    return Miss(yours.shape, shape, key, "the shape of x is")


def _law(answer: Any, case: Case) -> Miss | None:
    g, shape, dim = case.values()
    yours = array(answer.spread(g, shape, dim), "spread", shape)
    # The sum is linear: <sum(u), g> = <u, spread(g)> for every u, and so for each u with a single 1.
    right = np.zeros(shape)
    for place in np.ndindex(shape):
        u = np.zeros(shape)
        u[place] = 1.0
        right[place] = u.sum(axis=dim) @ g
    if close(yours, right):
        return None
    first = np.zeros(shape)
    first[(slice(None),) * dim + (0,)] = g
    candidates = {"mean": right / shape[dim], "first only": first, "summed": np.full(shape, g.sum()),
                  "repeated": right * shape[dim], "ones": np.ones(shape)}  # fmt: skip
    if shape[0] == shape[1]:
        candidates["wrong axis"] = right.T
    if shape[dim] > 1:
        candidates["shuffled"] = np.resize(g, shape[::-1]).T if dim == 0 else np.resize(g, shape)
    return Miss(yours, right, the_only(candidates, yours))


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    x = minigrad.ones(*case["shape"], dtype=minigrad.float64, requires_grad=True)
    return (x.sum(dim=case["dim"]) * minigrad.from_numpy(case["g"])).sum(), {"x": x}


_HEAD = "import numpy as np\n\n\ndef spread(g, shape, dim):\n    "

EXERCISE = Exercise(
    number=8,
    name="arrays",
    aim="the way back through a sum",
    idea="An array is many numbers at once, and its gradient is an array of the same shape. y "
    "= x.sum(dim) adds "
    ""
    "along one axis. Each number of x moves one number of y just as far. So what arrives at y goes "
    "back, as it is, "
    "to every number that was added into it. No table of all slopes is ever built.",
    one_sees="Strips of numbers: the sum pulls them together, the way back spreads them out.",
    functions=("spread",),
    starter='''
"""Lesson 8, arrays: the forward calculation was y = x.sum(dim), and x had two axes and this shape.

g has the shape of y. Return the gradient of x, of the shape of x.
"""

import numpy as np


def spread(g, shape, dim):
    return g  # has the shape of y: spread it out
''',
    solution=_HEAD + "return np.broadcast_to(np.expand_dims(g, dim), shape)\n",
    others=(
        "def spread(up, size, axis):\n    return [[up[j] if axis == 0 else up[i] for j in range(size[1])] "
        "for i in range(size[0])]\n",
        _HEAD + "return np.stack([g] * shape[dim], axis=dim)\n",
    ),
    wrong=(
        ("not spread", _HEAD + "return g\n"),
        ("not spread", _HEAD + "return np.expand_dims(g, dim)\n"),
        ("mean", _HEAD + "return np.broadcast_to(np.expand_dims(g, dim), shape) / shape[dim]\n"),
        ("first only", _HEAD + "x = np.zeros(shape)\n    if dim == 0:\n        x[0] = g\n    else:\n"
         "        x[:, 0] = g\n    return x\n"),
        ("summed", _HEAD + "return np.full(shape, g.sum())\n"),
        ("ones", _HEAD + "return np.ones(shape)\n"),
        ("shuffled", _HEAD + "return np.resize(g, shape) if dim else np.resize(g, shape[::-1]).T\n"),
        ("wrong axis", _HEAD + "return np.broadcast_to(np.expand_dims(g, 1 - dim), shape)\n"),
    ),
    misconceptions={
        "not spread": "The gradient of x has the shape of x. Each number of g is repeated for "
        "all that was added "
        "into it.",
        "mean": "This shares g out. A sum moves just as far as each of its parts: g goes back whole. "
        "Sharing is "
        "for a mean.",
        "first only": "Only the first gets g. Every number that was added moves the "
        "sum.",
        "summed": "g is not added up again: each number of x went into one number of y, and "
        "gets that g.",
        "ones": "This is the gradient where 1 arrives everywhere. g tells how much really arrives.",
        "shuffled": "The right numbers, in the wrong places: np.resize and reshape fill row by row. Put "
        "a new axis "
        "at dim, then repeat along it.",
        "wrong axis": "The numbers run along the wrong axis. `dim` is the axis that was added up, so "
        "along it they "
        "are equal.",
        "repeated": "Each number is too large by the length of the axis.",
    },
    hints=(
        "If one number of x moves by 1, which number of y moves, and how far?",
        "Give g back the axis that the sum took away (np.expand_dims), then repeat along it.",
        "np.broadcast_to(np.expand_dims(g, dim), shape)",
    ),
    properties=(
        Property("the gradient has the shape of x", _draw, _shape),
        Property("nudging x changes the result as you say", _draw, _law, runs=40),
    ),
    errors={"could not be broadcast": "wrong axis", "broadcast": "wrong axis"},
    picture=_picture,
)  # fmt: skip
