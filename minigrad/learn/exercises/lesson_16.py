"""Lesson 16: in place."""

from __future__ import annotations

from typing import Any

import minigrad
from minigrad.testing import Drawer

from ..compare import MisfitError
from ..exercise import Case, Exercise, Miss, Property
from ..sights import stamps

# Each program leaves its result in `answer`; the key says which mistake a wrong prediction is.
_PROGRAMS = {
    "a": ("d = x.detach(); d[0] = 9.0; answer = x[0].item()", "shared"),
    "b": ("d = x.detach().clone(); d[0] = 9.0; answer = x[0].item()", "copied"),
    "c": ("y = x * 2; d = y.detach(); d[0] = 9.0; answer = y[0].item()", "shared"),
    "d": ("y = x.exp(); y += 1; y.sum().backward(); answer = x.grad[0].item()", "stamp"),
    "e": ("y = x + 1; y *= 3; y.sum().backward(); answer = x.grad[0].item()", "allowed"),
    "f": ("x += 1; answer = x[0].item()", "leaf"),
    "g": ("y = x * 1; y[0] = 5.0; (y * y).sum().backward(); answer = x.grad[0].item()", "overwritten"),
    "h": ("v = x.detach()[:1]; v += 7; answer = x[0].item()", "shared"),
}


def _draw(d: Drawer) -> Case:
    return {"program": list(_PROGRAMS)[d.integer(0, len(_PROGRAMS) - 1)]}


def _truth(name: str) -> Any:
    """The outcome in the engine: a number, or the word "error"."""
    scope = {"x": minigrad.tensor([0.0, 1.0], dtype=minigrad.float64, requires_grad=True)}
    try:
        exec(_PROGRAMS[name][0], scope)
    except RuntimeError:
        return "error"
    return scope["answer"]


def _sight(case: Case) -> str:
    scope = {"x": minigrad.tensor([0.0, 1.0], dtype=minigrad.float64, requires_grad=True)}
    return stamps(_PROGRAMS[case["program"]][0], scope)


def _judge(answer: Any, case: Case) -> Miss | None:
    name = case["program"]
    all_of_them = answer.predict()
    if not isinstance(all_of_them, dict):
        raise MisfitError("predict should return the dict of the starter: program -> prediction.")
    yours, right = all_of_them.get(name), _truth(name)
    if yours is None or yours is ...:
        raise MisfitError(f"There is no prediction for program {name} yet.")
    same = yours == right if isinstance(right, str) else isinstance(yours, (int, float)) and yours == right
    return None if same else Miss(yours, right, _PROGRAMS[name][1], "the engine says")


def _shown(case: Case) -> str:
    return f"program {case['program']}: x = [0., 1.]; {_PROGRAMS[case['program']][0]}"


def _answer(**changed: Any) -> str:
    right = {"a": 9, "b": 0, "c": 9, "d": "error", "e": 3, "f": "error", "g": 0, "h": 7} | changed
    return f"def predict():\n    return {right!r}\n"


EXERCISE = Exercise(
    number=16,
    name="in place",
    aim="predict eight programs",
    idea="detach() gives a tensor without a history, but it shares the numbers: write into one, and the "
    "other "
    "changes. Every tensor has a stamp that counts writes. An operation that kept a tensor notes the "
    "stamp; if it has "
    "changed when backward comes, the kept numbers are wrong, and an error says so. That is better than "
    "a wrong "
    "gradient.",
    one_sees="The stamps of tensors, before and after a write.",
    functions=("predict",),
    starter='''
"""Lesson 16, in place: predict eight programs, before you run one.

Each starts with x = torch.tensor([0.0, 1.0], requires_grad=True). Put in the value of `answer`,
or "error" where a RuntimeError comes.
"""


def predict():
    return {
'''
    + "".join(f'        "{name}": ...,  # {text}\n' for name, (text, _) in _PROGRAMS.items())
    + "    }\n",
    solution=_answer(),
    others=(
        _answer(a=9.0, e=3.0, g=0.0),
        "def predict():\n    told = {}\n    for name, guess in zip('abcdefgh', (9, 0, 9, 'error', 3, "
        "'error', 0, 7)):\n"
        "        told[name] = guess\n    return told\n",
    ),
    wrong=(
        ("shared", _answer(a=0)),
        ("shared", _answer(c=0)),
        ("copied", _answer(b=9)),
        ("stamp", _answer(d=1)),
        ("allowed", _answer(e="error")),
        ("leaf", _answer(f=1)),
        ("overwritten", _answer(g=10)),
        ("shared", _answer(h=0)),
    ),
    misconceptions={
        "shared": "detach does not copy. It is the same numbers without the history: what is written "
        "into one stands "
        "in the other.",
        "copied": "clone copies: the numbers of x are safe.",
        "stamp": "The rule of exp uses its output, and y += 1 wrote into that output. backward sees the "
        "stamp and "
        "refuses: the gradient would be wrong.",
        "allowed": "Writing in place is not forbidden in itself. x + 1 keeps nothing, so nothing that "
        "was kept is "
        "overwritten.",
        "leaf": "x is a leaf that requires grad. Writing into it within recorded code is refused; under "
        "no_grad it "
        "is allowed.",
        "overwritten": "y[0] does not depend on x[0] any more: it was overwritten by 5. So its gradient "
        "is 0.",
    },
    hints=(
        "Ask two questions: do they share numbers, and did an operation keep what is written over?",
        "The rule of exp keeps its output; x + 1 and x * 2 keep nothing of x. detach shares, clone copies.",
        "Write each program into a file, and run it.",
    ),
    properties=(Property("all eight predictions are what happens", _draw, _judge, runs=60, shown=_shown),),
    sight=_sight,
)
