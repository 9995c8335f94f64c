"""Lesson 7: backward twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad
from minigrad import viz
from minigrad.testing import Drawer, Interval

from ..compare import MisfitError, array, close, several
from ..exercise import Case, Exercise, Miss, Property
from ..sights import before_and_after

_NUMBERS = Interval(-1.0, 1.0, (0.0,))


def _draw(d: Drawer) -> Case:
    return {"x": d.values((d.integer(1, 2),), _NUMBERS)}


def _judge(name: str, right: Callable[[Any], Any], mistakes: dict[str, Callable[[Any], Any]]) -> Any:
    def judge(answer: Any, case: Case) -> Miss | None:
        x = minigrad.tensor(case["x"], dtype=minigrad.float64, requires_grad=True)
        gradient, loss = several(getattr(answer, name)(x), name, 2)
        yours = array(gradient, name, case["x"].shape)
        if not close(yours, right(case["x"])):
            found = (key for key, formula in mistakes.items() if close(yours, formula(case["x"])))
            return Miss(yours, right(case["x"]), next(found, ""), "by hand it is")
        if not isinstance(loss, minigrad.Tensor) or not loss.requires_grad:
            raise MisfitError(f"{name} should return the gradient and the last loss, which was recorded.")
        try:
            loss.backward()
        except RuntimeError as error:
            if "second time" in str(error):
                return None
        note = "The numbers are right, but the graph of the last loss is still kept in memory."
        return Miss(note=note, looks_like="kept")

    return judge


def _loop(x: Any) -> Any:
    for _ in range(2):
        x = x - 0.1 * 2 * x
    return 2 * x


def _sight(case: Case) -> str:
    x = minigrad.tensor(case["x"], dtype=minigrad.float64, requires_grad=True)
    with viz.watch():
        h = x.exp()
        first = h.sum()
        second = (h * h).sum()
    return before_and_after(second, {"x": x, "h": h, "second": second}, [("first.backward()", first)])


_SHARED = """def shared(x):
    h = x.exp()
    first = h.sum()
    second = (h * h).sum()
    first.backward({first})
    second.backward({second})
    return x.grad, second


"""
_LOOP = """def loop(w):
    for _ in range(3):
        w.grad = None
        loss = (w * w).sum()
        loss.backward({loop})
        with torch.no_grad():
            w -= 0.1 * w.grad
    return w.grad, loss


"""
_STALE = """def loop(w):
    loss = (w * w).sum()
    for _ in range(3):
        w.grad = None
        loss.backward(retain_graph=True)
        with torch.no_grad():
            w.data = w.data - 0.1 * w.grad
    return w.grad, loss


"""
_APART = """def apart(x):
    first = (x**2).sum()
    first.backward({apart})
    second = (x**3).sum()
    second.backward({apart})
    return x.grad, second


"""
_AGAIN = """def again(x):
    loss = (x**3).sum()
    loss.backward(retain_graph=True)
    x.grad = None
    loss.backward({again})
    return x.grad, loss
"""
_HEAD = "import minigrad as torch\n\n\n"


def _answer(**options: str) -> str:
    text = _HEAD + _SHARED + _LOOP + _APART + _AGAIN
    for name in ("first", "second", "loop", "apart", "again"):
        default = "retain_graph=True" if name == "first" else ""
        text = text.replace("{" + name + "}", options.get(name, default))
    return text


EXERCISE = Exercise(
    number=7,
    name="twice",
    aim="retain_graph, only where it is needed",
    idea="backward frees what the operations kept as it goes. A second backward through the "
    "same operations finds "
    ""
    "nothing left, and says so. retain_graph=True keeps it for another walk. That is right where one "
    "graph is "
    "walked twice. It is wrong in a training loop: there each pass records a new graph, and an old one "
    "has old "
    "numbers.",
    one_sees="The cards of an operation, freed while backward passes.",
    functions=("shared", "loop", "apart", "again"),
    starter='''
"""Lesson 7, backward twice: mend these four programs. Use retain_graph=True only where it is needed.

Each returns the gradient and its last loss. After it, the graph of that loss should be freed.
"""

import minigrad as torch


def shared(x):
    """Two losses share h; .grad should be the sum of both gradients."""
    h = x.exp()
    first = h.sum()
    second = (h * h).sum()
    first.backward()
    second.backward()  # RuntimeError: why?
    return x.grad, second


def loop(w):
    """Three steps down w * w; returns the gradient of the third."""
    loss = (w * w).sum()
    for _ in range(3):
        w.grad = None
        loss.backward()  # RuntimeError: is retain_graph the cure?
        with torch.no_grad():
            w -= 0.1 * w.grad
    return w.grad, loss


def apart(x):
    """Two losses that share nothing; .grad should be the sum of both gradients."""
    first = (x**2).sum()
    first.backward(retain_graph=True)  # needed?
    second = (x**3).sum()
    second.backward(retain_graph=True)  # needed?
    return x.grad, second


def again(x):
    """The same loss twice; returns its gradient, not twice its gradient."""
    loss = (x**3).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    return x.grad, loss
''',
    solution=_answer(),
    others=(
        _answer(first="").replace("first.backward()\n    second.", "(first + second)."),
        _answer().replace("x.grad = None\n    loss", "x.grad.zero_()\n    loss"),
    ),
    wrong=(
        ("freed", _answer(first="")),
        ("kept", _answer(second="retain_graph=True")),
        ("kept", _answer(loop="retain_graph=True")),
        ("stale", _answer().replace(_LOOP.replace("{loop}", ""), _STALE)),
        ("kept", _answer(apart="retain_graph=True")),
        ("doubled", _answer().replace("    x.grad = None\n", "")),
        ("one of two", _answer().replace("    second.b", "    x.grad = None\n    second.b", 1)),
    ),
    misconceptions={
        "freed": "The first backward freed what the shared operations had kept. The walk that "
        "is not the last "
        "needs "
        "retain_graph=True.",
        "kept": "retain_graph=True is not needed in the last walk: it only holds memory. It is "
        "no cure for every "
        "error.",
        "stale": "The graph was recorded before the steps, so its numbers are old: the gradient never "
        "changes. "
        "Compute the loss anew in each pass.",
        "doubled": "backward adds to .grad, so the second walk makes it twice the gradient. Clear it in "
        "between.",
        "one of two": "Only the second loss is in .grad. Here the sum was wanted: do not clear in between.",
    },
    hints=(
        "Which operations does the second backward go through, and has the first been there?",
        "In the loop: how many times is w * w computed, and with which w? Move that line.",
        "shared: first.backward(retain_graph=True). loop: loss inside the loop. apart: no retain_graph. "
        "again: x.grad = None in between.",
    ),
    properties=(
        Property("shared: both losses arrive", _draw, _judge(
            "shared", lambda x: np.exp(x) + 2 * np.exp(2 * x), {"one of two": lambda x: 2 * np.exp(2 * x)})),
        Property("loop: the third gradient is that of the third point", _draw, _judge(
            "loop", _loop, {"stale": lambda x: 2 * x})),
        Property("apart: nothing is kept for longer than needed", _draw, _judge(
            "apart", lambda x: 2 * x + 3 * x**2, {"one of two": lambda x: 3 * x**2})),
        Property("again: once the gradient", _draw, _judge(
            "again", lambda x: 3 * x**2, {"doubled": lambda x: 6 * x**2})),
    ),
    sight=_sight,
    errors={"second time": "freed", "modified": "stale"},
)  # fmt: skip
