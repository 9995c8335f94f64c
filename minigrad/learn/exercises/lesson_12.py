"""Lesson 12: the collapse."""

from __future__ import annotations

from typing import Any

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import array, close, several, the_only
from ..exercise import Case, Exercise, Miss, Property

_NUMBERS = Interval(-3.0, 3.0)


def _draw(d: Drawer) -> Case:
    inputs, hidden, outputs = (d.integer(1, 3) for _ in range(3))
    return {
        "W1": d.values((inputs, hidden), _NUMBERS),
        "b1": d.values((1, hidden), _NUMBERS),
        "W2": d.values((hidden, outputs), _NUMBERS),
        "b2": d.values((1, outputs), _NUMBERS),
        "X": d.values((2, inputs), _NUMBERS),
    }


def _yours(answer: Any, case: Case) -> tuple[Any, Any]:
    w1, b1, w2, b2, _ = case.values()
    weight, bias = several(answer.collapse(w1, b1, w2, b2), "collapse", 2)
    shape = (w1.shape[0], w2.shape[1])
    weight = array(weight, "collapse, for W,", shape)
    bias = array(bias, "collapse, for b,")
    return weight, bias if bias.ndim == 2 else bias.reshape(-1, shape[1]) if bias.size == shape[1] else bias


def _input_gradient(answer: Any, case: Case) -> Miss | None:
    w1, _, w2, _, _ = case.values()
    weight, _ = _yours(answer, case)
    right = w1 @ w2
    if close(weight, right):
        return None
    candidates = {"last only": w2, "first only": w1, "added": w1 + w2 if w1.shape == w2.shape else None}
    square = w1.shape == w2.shape and w1.shape[0] == w1.shape[1]
    if square:
        candidates |= {"order": w2 @ w1, "elementwise": w1 * w2}
    known = {key: value for key, value in candidates.items() if value is not None}
    return Miss(weight, right, the_only(known, weight), "the slopes of the two layers are")


def _outputs(answer: Any, case: Case) -> Miss | None:
    w1, b1, w2, b2, x = case.values()
    weight, bias = _yours(answer, case)
    yours, right = x @ weight + bias, (x @ w1 + b1) @ w2 + b2
    if close(yours, right):
        return None
    candidates = {"bias forgotten": b2, "no last bias": b1 @ w2}
    if b1.shape == b2.shape:
        candidates["biases added"] = b1 + b2
    return Miss(yours, right, the_only(candidates, bias), "the two layers give")


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    names = {n: minigrad.tensor(v, dtype=minigrad.float64, requires_grad=n != "X") for n, v in case.items()}
    hidden = names["X"] @ names["W1"] + names["b1"]
    return (hidden @ names["W2"] + names["b2"]).sum(), names


def _answer(weight: str, bias: str = "b1 @ W2 + b2") -> str:
    return f"import numpy as np\n\n\ndef collapse(W1, b1, W2, b2):\n    return {weight}, {bias}\n"


EXERCISE = Exercise(
    number=12,
    name="collapse",
    aim="two layers that are one",
    idea="Two linear layers in a row compute (X W1 + b1) W2 + b2. Multiply it out: X (W1 W2) + (b1 W2 + "
    "b2). That is "
    "one linear layer. So depth alone adds nothing: without an activation in between, a network of a "
    "hundred layers "
    "draws a straight line. Its outputs agree, and so do its gradients.",
    one_sees="Two networks, one line; then an activation between the layers bends it.",
    functions=("collapse",),
    starter='''
"""Lesson 12, the collapse: the network is H = X @ W1 + b1, then O = H @ W2 + b2, with nothing in between.

Return W and b of one layer that does the same: O = X @ W + b, for every X.
"""

import numpy as np


def collapse(W1, b1, W2, b2):
    W = ...
    b = ...
    return W, b
''',
    solution=_answer("W1 @ W2"),
    others=(
        _answer("np.einsum('ih,ho->io', W1, W2)", "(b1.ravel() @ W2 + b2.ravel())"),
        "import numpy as np\n\ndef collapse(W1, b1, W2, b2):\n    def network(x):\n"
        "        return (x @ W1 + b1) @ W2 + b2\n    b = network(np.zeros((1, len(W1))))\n"
        "    return np.vstack([network(row[None]) - b for row in np.eye(len(W1))]), b\n",
    ),
    wrong=(
        ("order", _answer("W2 @ W1")),
        ("elementwise", _answer("W1 * W2 if W1.shape == W2.shape and len(W1) == len(W1.T) else W1 @ W2")),
        ("last only", _answer("W2 if W1.shape[0] == W2.shape[0] else W1 @ W2")),
        ("biases added", _answer("W1 @ W2", "b1 + b2 if b1.shape == b2.shape else b1 @ W2 + b2")),
        ("bias forgotten", _answer("W1 @ W2", "b2")),
        ("no last bias", _answer("W1 @ W2", "b1 @ W2")),
    ),
    misconceptions={
        "order": "The order matters: X meets W1 first. From the left it is X W1 W2.",
        "elementwise": "`*` multiplies number by number. Layers follow each other by the matrix "
        "product, `@`.",
        "added": "The layers follow each other, so their weights are multiplied.",
        "last only": "Only the last layer is left. X goes through W1 before it.",
        "first only": "Only the first layer is left. Its result goes on through W2.",
        "biases added": "b1 goes through the second layer as well: it is multiplied by W2 before b2 is "
        "added.",
        "bias forgotten": "b1 is lost. It goes through the second layer, and then b2 is added.",
        "no last bias": "b2 is lost: it is added at the end.",
    },
    hints=(
        "Put the first line into the second, and multiply out.",
        "Which terms have X in them? They make W. All others make b.",
        "W = W1 @ W2; b = b1 @ W2 + b2",
    ),
    properties=(
        Property("the gradient of the inputs agrees", _draw, _input_gradient, runs=60),
        Property("the outputs agree", _draw, _outputs, runs=60),
    ),
    errors={"collapse stopped with ValueError": "order", "collapse, for W, returned the shape": "order"},
    picture=_picture,
    smallest=20,
)
