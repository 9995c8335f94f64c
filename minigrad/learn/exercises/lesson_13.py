"""Lesson 13: cross entropy."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import array, close, nudge, number, the_only
from ..exercise import Case, Exercise, Miss, Property

_NUMBERS = Interval(-3.0, 3.0)


def _draw(d: Drawer) -> Case:
    classes = d.integer(2, 4)
    return {"scores": d.values((classes,), _NUMBERS), "label": d.integer(0, classes - 1)}


def _large(d: Drawer) -> Case:
    case = _draw(d)
    return {"scores": case["scores"] + d.choice((1000.0, -1000.0)), "label": case["label"]}


def _apart(d: Drawer) -> Case:
    return {"scores": np.array([0.0, float(d.choice((1000, 500)))]), "label": 0}


def _loss(scores: Any, label: int) -> Any:
    top = scores.max()
    return top + np.log(np.exp(scores - top).sum()) - scores[label]


def _softmax(scores: Any) -> Any:
    made = np.exp(scores - scores.max())
    return made / made.sum()


def _value(answer: Any, case: Case) -> Miss | None:
    scores, label = case.values()
    yours, right = number(answer.cross_entropy(scores, label), "cross_entropy"), _loss(scores, label)
    if np.isfinite(yours) and close(yours, right):
        return None
    if not np.isfinite(yours):
        return Miss(yours, right, "overflow" if abs(scores).max() > 100 else "", "it should be")
    p = _softmax(scores)
    candidates = {
        "twice": _loss(p, label),
        "sign": -right,
        "probability": p[label],
        "label": _loss(scores, 0),
        "all classes": -np.log(p).sum(),
        "wrong log": _loss(scores, label) / np.log(2),
        "held off": -np.log(p[label] + 1e-8),
    }
    key = the_only(candidates, yours)
    if not key and abs(scores).max() > 100 and abs(yours) < abs(right):
        key = "held off"
    return Miss(yours, right, key, "it should be")


def _gradient(answer: Any, case: Case) -> Miss | None:
    scores, label = case.values()
    yours = array(answer.gradient(scores, label), "gradient", scores.shape)
    right = (
        nudge(lambda scores: _loss(scores, label), scores)
        if abs(scores).max() < 100
        else _exact(scores, label)
    )
    if close(yours, right):
        return None
    p, one_hot = _softmax(scores), np.eye(len(scores))[label]
    candidates = {
        "p alone": p,
        "gradient sign": -right,
        "label only": (p - 1) * one_hot,
        "over p": -one_hot / p[label],
    }
    key = the_only(candidates, yours) if np.isfinite(yours).all() else "overflow"
    return Miss(yours, right, key, "nudging says")


def _exact(scores: Any, label: int) -> Any:
    return _softmax(scores) - np.eye(len(scores))[label]


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    scores = minigrad.tensor(case["scores"][None], dtype=minigrad.float64, requires_grad=True)
    labels = minigrad.tensor([case["label"]])
    return minigrad.nn.functional.cross_entropy(scores, labels), {"scores": scores}


_GRADIENT = """

def gradient(scores, label):
    p = np.exp(scores - scores.max())
    p = p / p.sum()
    p[label] -= 1
    return p
"""


def _answer(body: str, gradient: str = _GRADIENT) -> str:
    lines = "".join(f"    {line}\n" for line in body.split("; "))
    return f"import numpy as np\n\n\ndef cross_entropy(scores, label):\n{lines}{gradient}"


_STABLE = "top = scores.max(); return top + np.log(np.exp(scores - top).sum()) - scores[label]"
_SOFTMAX = "p = np.exp(scores - scores.max()); p = p / p.sum(); "

EXERCISE = Exercise(
    number=13,
    name="cross entropy",
    aim="a loss that survives scores of 1000",
    idea="softmax turns scores into probabilities p; cross entropy is -log p of the right class. Both "
    "in one are "
    "log(sum(exp(scores))) - scores[label]. Adding one number to all scores changes nothing, so take "
    "away the largest "
    "first: then exp never overflows. The gradient is p, minus 1 at the right class.",
    one_sees="p as bars, and p minus one-hot below it.",
    functions=("cross_entropy", "gradient"),
    starter='''
"""Lesson 13, cross entropy: the loss of one example, and its gradient, from raw scores.

scores is an array of numbers, one for each class; label is the number of the right class.
This version is right on paper. Try scores of 1000.
"""

import numpy as np


def cross_entropy(scores, label):
    p = np.exp(scores) / np.exp(scores).sum()  # what is exp(1000)?
    return -np.log(p[label])


def gradient(scores, label):
    return ...  # p, minus 1 at the right class
''',
    solution=_answer(_STABLE),
    others=(
        _answer("s = [float(v) for v in scores - max(scores)]; return np.logaddexp.reduce(s) - s[label]"),
        "import minigrad as torch\nimport minigrad.nn.functional as F\n\ndef cross_entropy(scores, label):\n"
        "    return F.cross_entropy(torch.tensor(scores[None]), torch.tensor([label]))\n\n"
        "def gradient(scores, label):\n    s = torch.tensor(scores[None], requires_grad=True)\n"
        "    F.cross_entropy(s, torch.tensor([label])).backward()\n    return s.grad[0]\n",
    ),
    wrong=(
        ("overflow", _answer("return np.log(np.exp(scores).sum()) - scores[label]")),
        ("twice", _answer(_SOFTMAX + "return np.log(np.exp(p).sum()) - p[label]")),
        ("sign", _answer(_SOFTMAX + "return np.log(p[label])")),
        ("probability", _answer(_SOFTMAX + "return p[label]")),
        ("held off", _answer(_SOFTMAX + "return -np.log(p[label] + 1e-8)")),
        ("all classes", _answer(_SOFTMAX + "return -np.log(p).sum()")),
        ("p alone", _answer(_STABLE, _GRADIENT.replace("    p[label] -= 1\n", ""))),
        ("gradient sign", _answer(_STABLE, _GRADIENT.replace("return p", "return -p"))),
        (
            "label only",
            _answer(
                _STABLE,
                _GRADIENT.replace(
                    "    p[label] -= 1\n    return p",
                    "    one = np.zeros(len(p))\n    one[label] = p[label] - 1\n    return one",
                ),
            ),
        ),
    ),
    misconceptions={
        "overflow": "exp(1000) is larger than any float. Take the largest score away from all of them "
        "first: the "
        "result is the same.",
        "twice": "softmax is applied twice. The formula with exp is softmax already: give it the scores.",
        "sign": "The sign: log of a probability is negative, and a loss is its negative.",
        "probability": "This is the probability of the right class. The loss is -log of it.",
        "label": "This looks at class 0. The right class is `label`.",
        "held off": "A small number inside the log changes the loss, and hides how wrong a sure answer "
        "is. Work with "
        "scores instead of p: log(sum(exp(scores - top))) + top - scores[label].",
        "all classes": "This adds up all classes. Only the right one counts.",
        "wrong log": "This is a logarithm to the base 2. Use np.log.",
        "p alone": "This is p. At the right class 1 is taken away: its score should rise.",
        "gradient sign": "This is exactly the negative: p minus one-hot, not one-hot minus p.",
        "label only": "The other scores matter too: raising them takes from the right class.",
        "over p": "This is the gradient of p. Go on through softmax, to the scores.",
    },
    hints=(
        "Add 5 to all scores by hand: what happens to p? Which number would be good to add?",
        "-log(exp(s) / sum) = log(sum) - s: no division is needed. Take the largest score away before exp.",
        "top + np.log(np.exp(scores - top).sum()) - scores[label]; gradient: softmax, minus 1 at label.",
    ),
    properties=(
        Property("the loss is right for small scores", _draw, _value),
        Property("scores of 1000: all moved alike", _large, _value),
        Property("scores that are far apart", _apart, _value, runs=4),
        Property("nudging the scores changes the loss as you say", _draw, _gradient),
        Property("the gradient survives scores of 1000", _large, _gradient, runs=6),
    ),
    picture=_picture,
)
