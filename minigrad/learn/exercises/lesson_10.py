"""Lesson 10: the linear layer."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import array, close, nudge, the_only
from ..exercise import Case, Exercise, Miss, Property

_NUMBERS = Interval(-3.0, 3.0)


def _draw(d: Drawer) -> Case:
    rows, inputs, outputs = (d.integer(1, 3) for _ in range(3))
    return {
        "g": d.values((rows, outputs), _NUMBERS),
        "X": d.values((rows, inputs), _NUMBERS),
        "W": d.values((outputs, inputs), _NUMBERS),
    }


def _weight_shape(answer: Any, case: Case) -> Miss | None:
    g, x, weight = case.values()
    yours = array(answer.weight_gradient(g, x), "weight_gradient")
    if yours.shape == weight.shape:
        return None
    key = "transposed" if yours.shape == weight.shape[::-1] else "not summed" if yours.ndim == 3 else ""
    return Miss(yours.shape, weight.shape, key, "the shape of W is")


def _weight(answer: Any, case: Case) -> Miss | None:
    g, x, weight = case.values()
    yours = array(answer.weight_gradient(g, x), "weight_gradient", weight.shape)
    right = nudge(lambda weight: ((x @ weight.T) * g).sum(), weight)
    if close(yours, right):
        return None
    candidates = {
        "mean": right / len(x),
        "one row": np.outer(g[0], x[0]),
        "no g": np.ones_like(g).T @ x,
        "reshaped": (x.T @ g).reshape(weight.shape),
    }
    return Miss(yours, right, the_only(candidates, yours))


def _input(answer: Any, case: Case) -> Miss | None:
    g, x, weight = case.values()
    yours = array(answer.input_gradient(g, weight), "input_gradient", x.shape)
    right = nudge(lambda x: ((x @ weight.T) * g).sum(), x)
    if close(yours, right):
        return None
    candidates = {"no g": np.ones_like(g) @ weight}
    if weight.shape[0] == weight.shape[1]:
        candidates["wrong side"] = g @ weight.T
    return Miss(yours, right, the_only(candidates, yours))


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    x, weight = (minigrad.tensor(case[n], dtype=minigrad.float64, requires_grad=True) for n in "XW")
    return ((x @ weight.T) * minigrad.from_numpy(case["g"])).sum(), {"X": x, "W": weight}


def _answer(weight: str, inputs: str = "g @ W") -> str:
    return (
        "import numpy as np\n\n\n"
        f"def weight_gradient(g, X):\n    return {weight}\n\n\n"
        f"def input_gradient(g, W):\n    return {inputs}\n"
    )


EXERCISE = Exercise(
    number=10,
    name="linear",
    aim="the gradients of a linear layer",
    idea="A linear layer computes Y = X @ W.T: row r of Y is made of row r of X and all of W. One "
    "number W[o, i] "
    "is used in every row: it multiplies X[r, i] and lands in Y[r, o]. So its gradient is the sum over "
    "the rows of "
    "g[r, o] * X[r, i]. There is one way to write that as a product of matrices whose shape fits.",
    one_sees="The shapes of g, X and W side by side, and which axis is added up.",
    functions=("weight_gradient", "input_gradient"),
    starter='''
"""Lesson 10, the linear layer: Y = X @ W.T, with X of shape (rows, inputs) and W of shape (outputs, inputs).

g has the shape of Y, (rows, outputs). Return the gradients of W and of X.
"""

import numpy as np


def weight_gradient(g, X):
    return ...  # the shape of W


def input_gradient(g, W):
    return ...  # the shape of X
''',
    solution=_answer("g.T @ X"),
    others=(
        _answer("np.einsum('ro,ri->oi', g, X)", "np.dot(W.T, g.T).T"),
        _answer(
            "sum(np.outer(g[r], X[r]) for r in range(len(X)))",
            "[[sum(row[o] * W[o, i] for o in range(len(W))) for i in range(W.shape[1])] for row in g]",
        ),
    ),
    wrong=(
        ("transposed", _answer("X.T @ g")),
        ("order", _answer("g @ X")),
        ("reshaped", _answer("(X.T @ g).reshape(g.shape[1], X.shape[1])")),
        ("mean", _answer("g.T @ X / len(X)")),
        ("one row", _answer("np.outer(g[0], X[0])")),
        ("no g", _answer("np.ones_like(g).T @ X")),
        ("not summed", _answer("g[:, :, None] * X[:, None, :]")),
        ("wrong side", _answer("g.T @ X", "g @ W.T")),
    ),
    misconceptions={
        "transposed": "The two axes have changed places. W is (outputs, inputs), so its gradient is "
        "too: outputs "
        "come first.",
        "order": "These shapes do not fit. g is (rows, outputs), X is (rows, inputs); the rows are "
        "added up, so they "
        "must be the inner axis of the product.",
        "reshaped": "reshape does not exchange axes: it only deals the same numbers out in rows of "
        "another length. "
        "Use .T.",
        "mean": "This is divided by the number of rows. Each row uses W once, and the parts are added.",
        "one row": "Only the first row arrives. Each row uses W once, and the parts are added.",
        "no g": "This is the gradient where 1 arrives everywhere. Multiply by g.",
        "not summed": "This keeps the part of each row. W is one for all rows: add them up.",
        "wrong side": "W is transposed once too often here. Forward went from inputs to outputs by W.T; "
        "the way back "
        "goes from outputs to inputs.",
    },
    hints=(
        "Write down the three shapes. Which axis do g and X share, and is it in the result?",
        "The rows are added up: they are the inner axis of a product. Outputs come first in W.",
        "g.T @ X and g @ W",
    ),
    properties=(
        Property("the gradient of W has the shape of W", _draw, _weight_shape),
        Property("nudging W changes the result as you say", _draw, _weight),
        Property("nudging X changes the result as you say", _draw, _input),
    ),
    errors={"weight_gradient stopped with ValueError": "order", "input_gradient": "wrong side"},
    picture=_picture,
    smallest=12,
)
