"""Lesson 9: broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import array, close, nudge, the_only
from ..exercise import Case, Exercise, Miss, Property

_NUMBERS = Interval(-2.0, 2.0)


def _draw(d: Drawer) -> Case:
    full = tuple(d.integer(1, 3) for _ in range(d.integer(1, 3)))
    kept = full[d.integer(0, len(full)) :]
    shape = tuple(1 if d.integer(0, 2) == 2 else side for side in kept)
    return {"b": d.values(shape, _NUMBERS), "x": full}


def _bias(d: Drawer) -> Case:
    rows, columns = d.integer(1, 4), d.integer(1, 3)
    return {"b": d.values((columns,), _NUMBERS), "x": (rows, columns)}


def _setting(case: Case) -> tuple[Any, Any, Any]:
    """b, the g that arrives at x + b, and what nudging says about b."""
    b, full = case["b"], case["x"]
    g = (np.arange(np.prod(full)) % 5 + 1.0).reshape(full)
    return b, g, nudge(lambda b: ((np.zeros(full) + b) * g).sum(), b)


def _shape(answer: Any, case: Case) -> Miss | None:
    b, g, _ = _setting(case)
    yours = array(answer.unbroadcast(g, b.shape), "unbroadcast")
    if yours.shape == b.shape:
        return None
    key = "unchanged" if yours.shape == g.shape else "axis lost" if yours.size == b.size else "shape"
    return Miss(yours.shape, b.shape, key, "the shape of b is")


def _law(answer: Any, case: Case) -> Miss | None:
    b, g, right = _setting(case)
    yours = array(answer.unbroadcast(g, b.shape), "unbroadcast", b.shape)
    if close(yours, right):
        return None
    count = g.size / max(b.size, 1)
    lead = g.ndim - b.ndim
    ones = tuple(lead + i for i, side in enumerate(b.shape) if side == 1)
    largest = g.max(axis=(*range(lead), *ones), keepdims=True).reshape(b.shape)
    first = g[(0,) * lead][tuple(slice(0, side) for side in b.shape)]
    candidates = {
        "mean": right / count,
        "one copy": first,
        "all summed": np.full(b.shape, g.sum()),
        "largest": largest,
    }
    return Miss(yours, right, the_only(candidates, yours))


def _shown(case: Case) -> str:
    b = case["b"]
    return f"b of shape {b.shape}, x of shape {case['x']}, loss = sum(g * (x + b)), g = 1, 2, 3, 4, 5, 1, ..."


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    b, g, _ = _setting(case)
    leaf = minigrad.tensor(b, dtype=minigrad.float64, requires_grad=True)
    x = minigrad.zeros(*case["x"], dtype=minigrad.float64)
    return ((x + leaf) * minigrad.from_numpy(g)).sum(), {"b": leaf, "x": x}


_HEAD = "import numpy as np\n\n\ndef unbroadcast(g, shape):\n"
_LEAD = "    while g.ndim > len(shape):\n        g = g.{how}(axis=0)\n"
_SIDES = """    for axis, side in enumerate(shape):
        if side == 1:
            g = g.{how}(axis=axis, keepdims=True)
"""


def _answer(how: str) -> str:
    return _HEAD + (_LEAD + _SIDES).replace("{how}", how) + "    return g\n"


EXERCISE = Exercise(
    number=9,
    name="broadcast",
    aim="what was copied gets the "
    "sum",
    idea="x + b with b of 3 numbers and x of 100 rows uses each number of b 100 times, once in each "
    "row. NumPy "
    "calls that broadcasting. A value that is used at 100 places gets a part from each, and parts add. "
    "So the "
    "gradient of b is the sum over all its copies, and has the shape of b. The bias of a layer is that.",
    one_sees="The copies of b, row by row, and their sum on the way back.",
    functions=("unbroadcast",),
    starter='''
"""Lesson 9, broadcasting: b was stretched to the shape of g. Return the gradient of b, of the given shape.

Broadcasting adds axes in front, and stretches axes of length 1: (3,) to (2, 3), (2, 1) to (2, 3).
"""

import numpy as np


def unbroadcast(g, shape):
    return g  # mend this
''',
    solution=_answer("sum"),
    others=(
        "import numpy as np\n\ndef unbroadcast(up, wanted):\n    padded = (1,) * (up.ndim - "
        "len(wanted)) + wanted\n"
        "    out = np.zeros(padded)\n    for place in np.ndindex(up.shape):\n"
        "        out[tuple(0 if s == 1 else i for i, s in zip(place, padded))] += up[place]\n"
        "    return out.reshape(wanted)\n",
        "import numpy as np\n\ndef unbroadcast(g, shape):\n    lead = g.ndim - len(shape)\n"
        "    axes = [i for i in range(g.ndim) if i < lead or shape[i - lead] == 1]\n"
        "    return np.sum(g, axis=tuple(axes)).reshape(shape)\n",
    ),
    wrong=(
        ("unchanged", _HEAD + "    return g\n"),
        ("axis lost", _HEAD + _LEAD.replace("{how}", "sum")
         + _SIDES.replace("{how}", "sum").replace("axis=axis, keepdims=True", "axis=axis").replace(
             "enumerate(shape)", "reversed(list(enumerate(shape)))") + "    return g\n"),
        ("mean", _answer("mean")),
        ("largest", _answer("max")),
        ("one copy", _HEAD + "    while g.ndim > len(shape):\n        g = g[0]\n"
         "    return g[tuple(slice(0, side) for side in shape)]\n"),
        ("all summed", _HEAD + "    return np.full(shape, g.sum())\n"),
        ("shape", _HEAD + "    if g.ndim == len(shape):\n        return g\n    return g.sum(axis=0)\n"),
    ),
    misconceptions={
        "unchanged": "The gradient of b has the shape of b: one number for each number of b, however "
        "often it is "
        "used.",
        "axis lost": "An axis of length 1 is still an axis. Sum with keepdims=True.",
        "shape": "Which axes did broadcasting add in front, and which of length 1 did it stretch? Sum "
        "over those.",
        "mean": "This is the average. Each row uses b once, and all parts arrive: add them.",
        "largest": "No copy wins over another. Each row uses b once, and all parts arrive: add them.",
        "one copy": "This is the part of one copy. Each row uses b once, and all parts arrive.",
        "all summed": "Everything is added up. Only the copies of one number belong together.",
    },
    hints=(
        "If b has 3 numbers and x has 2 rows: how often is b[0] used, and where do the parts "
        "arrive?",
        "Sum over the axes in front that b does not have, and over those where b has length 1.",
        "while g.ndim > len(shape): g = g.sum(axis=0). Then for each side of length 1: g.sum(axis, "
        "keepdims=True).",
    ),
    properties=(
        Property("the bias of a layer: the shape of b", _bias, _shape, runs=8, shown=_shown),
        Property("the bias of a layer: nudging b changes the loss as you say", _bias, _law, shown=_shown),
        Property("any shape: the shape of b", _draw, _shape, shown=_shown),
        Property("any shape: nudging b changes the loss as you say", _draw, _law, runs=40, shown=_shown),
    ),
    picture=_picture,
)  # fmt: skip
