"""Lesson 18: one's own operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer, Interval

from ..compare import array, close, nudge, the_only
from ..exercise import Case, Exercise, Miss, Property
from ..sandbox import TroubleError

_NUMBERS = Interval(-3.0, 3.0, (0.0,))


def _draw(d: Drawer) -> Case:
    shape = (d.integer(1, 3), d.integer(2, 4))
    return {"x": d.values(shape, _NUMBERS), "g": d.values(shape, _NUMBERS)}


def _forward(x: Any) -> Any:
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True))


def _rule(g: Any, x: Any) -> Any:
    r = np.sqrt((x * x).mean(axis=-1, keepdims=True))
    return g / r - x * (g * x).mean(axis=-1, keepdims=True) / r**3


# Wrong rules that a test must notice, in words.
_BROKEN: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("that takes r for a constant", lambda g, x: g / np.sqrt((x * x).mean(axis=-1, keepdims=True))),
    ("with the wrong sign", lambda g, x: -_rule(g, x)),
    ("that forgets g", lambda g, x: _rule(np.ones_like(g), x)),
    ("that is twice too large", lambda g, x: 2 * _rule(g, x)),
    (
        "that is right in the first row only",
        lambda g, x: np.where(np.arange(len(x))[:, None] == 0, _rule(g, x), g),
    ),
    (
        "that takes the mean over everything",
        lambda g, x: g / np.sqrt((x * x).mean()) - x * (g * x).mean() / np.sqrt((x * x).mean()) ** 3,
    ),
)


def _value(answer: Any, case: Case) -> Miss | None:
    x = case["x"]
    yours, right = array(answer.forward(x), "forward", x.shape), _forward(x)
    if close(yours, right):
        return None
    candidates = {
        "no root": x / (x * x).mean(axis=-1, keepdims=True),
        "everything": x / np.sqrt((x * x).mean()),
        "sum": x / np.sqrt((x * x).sum(axis=-1, keepdims=True)),
    }
    if len(x) == 1:
        del candidates["everything"]
    return Miss(yours, right, the_only(candidates, yours), "it should be")


def _gradient(answer: Any, case: Case) -> Miss | None:
    x, g = case.values()
    yours = array(answer.rule(g, x), "rule", x.shape)
    right = nudge(lambda x: (_forward(x) * g).sum(), x)
    if close(yours, right):
        return None
    keys = ("constant", "sign", "no g", "", "", "everything")
    candidates = {key: rule(g, x) for key, (_, rule) in zip(keys, _BROKEN, strict=True) if key}
    if len(x) == 1:
        del candidates["everything"]
    return Miss(yours, right, the_only(candidates, yours))


def _accepts(answer: Any, _: Case) -> Miss | None:
    try:
        answer.test(_forward, _rule)
    except TroubleError as error:
        note = f"Your test refuses a right rule: {str(error)[:160]}"
        return Miss(note=note, looks_like="refuses")
    return None


def _kills(answer: Any, case: Case) -> Miss | None:
    words, rule = _BROKEN[case["broken"]]
    try:
        answer.test(_forward, rule)
    except TroubleError as error:
        if "AssertionError" in str(error) or "GradientError" in str(error):
            return None
        return Miss(note=f"Your test stopped by itself: {str(error)[:160]}", looks_like="refuses")
    keys = {2: "one g", 4: "one row", 5: "one row"}
    key = "looks at nothing" if _passes(answer, 1) else keys.get(case["broken"], "one number")
    return Miss(note=f"Your test lets a wrong rule pass: one {words}.", looks_like=key)


def _passes(answer: Any, place: int) -> bool:
    try:
        answer.test(_forward, _BROKEN[place][1])
    except TroubleError:
        return False
    return True


def _picture(case: Case) -> tuple[Any, dict[str, Any]]:
    x = minigrad.tensor(case.get("x", np.array([[1.0, 2.0]])), dtype=minigrad.float64, requires_grad=True)
    r = (x * x).mean(-1, keepdim=True).sqrt()
    return (x / r).sum(), {"x": x, "r": r}


_FORWARD = "x / np.sqrt((x * x).mean(axis=-1, keepdims=True))"
_RULE = "g / r - x * (g * x).mean(axis=-1, keepdims=True) / r**3"
_TEST = """    x = np.array([[0.5, -1.5, 2.0], [1.0, 0.3, -0.7]])
    g = np.array([[1.0, -2.0, 0.5], [0.7, 1.1, -0.4]])
    found = rule(g, x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += 1e-5
        down[place] -= 1e-5
        slope = ((forward(up) - forward(down)) * g).sum() / 2e-5
        assert abs(found[place] - slope) < 1e-6
"""


def _answer(forward: str = _FORWARD, rule: str = _RULE, test: str = _TEST) -> str:
    return (
        f"import numpy as np\n\n\ndef forward(x):\n    return {forward}\n\n\n"
        "def rule(g, x):\n    r = np.sqrt((x * x).mean(axis=-1, keepdims=True))\n"
        f"    return {rule}\n\n\ndef test(forward, rule):\n{test}"
    )


EXERCISE = Exercise(
    number=18,
    name="your own op",
    aim="RMSNorm, its rule and its test",
    idea="RMSNorm divides each row by the root of the mean of its squares, r. x is used twice: on top, "
    "and inside r. "
    "So its rule has two parts. How does one know that a rule is right? By a test. And how does one "
    "know that a test is "
    "right? By wrong rules: a good test refuses them. One number is no test.",
    one_sees="The two ways from x to the result, above and inside the root.",
    functions=("forward", "rule", "test"),
    starter='''
"""Lesson 18, an operation of your own, and its test.

RMSNorm: each row of x is divided by r = sqrt(mean of the squares of the row). x has two axes.
`rule(g, x)` returns the gradient of x. `test(forward, rule)` is given a pair of functions like yours: it
must pass (return) where the rule is right, and raise an AssertionError where it is wrong.
"""

import numpy as np


def forward(x):
    return ...


def rule(g, x):
    return ...


def test(forward, rule):
    x = np.ones((1, 2))
    assert rule(np.ones((1, 2)), x) is not None  # is that a test?
''',
    solution=_answer(),
    others=(
        "import numpy as np\nimport minigrad as torch\nfrom minigrad.testing import check_numpy_grads\n\n"
        "def forward(a):\n    return np.stack([row / (np.dot(row, row) / len(row)) ** 0.5 for row in a])\n\n"
        "def rule(up, a):\n    t = torch.tensor(a, requires_grad=True)\n"
        "    (t / (t * t).mean(-1, keepdim=True).sqrt()).backward(torch.tensor(up))\n    return "
        "t.grad.numpy()\n\n"
        "def test(forward, rule):\n    random = np.random.default_rng(0)\n    x, g = "
        "random.normal(size=(2, 3, 4))\n"
        "    check_numpy_grads(lambda x: np.sum(forward(x) * g), lambda x: rule(g, x), x)\n",
    ),
    wrong=(
        ("no root", _answer(forward="x / (x * x).mean(axis=-1, keepdims=True)")),
        ("everything", _answer(forward="x / np.sqrt((x * x).mean())")),
        ("sum", _answer(forward="x / np.sqrt((x * x).sum(axis=-1, keepdims=True))")),
        ("constant", _answer(rule="g / r")),
        ("sign", _answer(rule=f"-({_RULE})")),
        ("no g", _answer(rule="1 / r - x * x.mean(axis=-1, keepdims=True) / r**3")),
        ("looks at nothing", _answer(test="    assert rule(np.ones((1, 2)), np.ones((1, 2))) is not None\n")),
        (
            "one g",
            _answer(test=_TEST.replace("np.array([[1.0, -2.0, 0.5], [0.7, 1.1, -0.4]])", "np.ones((2, 3))")),
        ),
        ("one row", _answer(test=_TEST.replace(", [1.0, 0.3, -0.7]", "").replace(", [0.7, 1.1, -0.4]", ""))),
        ("refuses", _answer(test=_TEST.replace("< 1e-6", "== 0"))),
    ),
    misconceptions={
        "no root": "The root is missing: r is the square root of the mean.",
        "everything": "The mean is taken over everything. Each row has its own: axis=-1, keepdims=True.",
        "sum": "This divides by the root of the sum. It is the mean of the squares.",
        "constant": "r is made of x too: when x moves, r moves. That is the second part of the rule.",
        "sign": "This is exactly the negative.",
        "no g": "g is forgotten in it. Multiply the g that arrives by the slopes.",
        "looks at nothing": "A test that compares with nothing refuses nothing. Compare each number "
        "with a nudge.",
        "one number": "Too few numbers are compared. Nudge each entry of x, and compare it with the rule.",
        "one g": "Your test lets only ones arrive, so a rule that forgets g passes. Use different "
        "numbers in g.",
        "one row": "With one row a mistake between rows cannot be seen. Use two.",
        "refuses": "The test is too strict, or it breaks. A nudge is right to about 1e-8, never exactly.",
    },
    hints=(
        "Write y = x / r. If r stood still, the rule would be g / r. How does r move when one x moves?",
        "dr/dx_i = x_i / (n r). So the second part is -x_i / r^3 times the mean of g * x. Test: nudge "
        "each entry.",
        "g / r - x * (g * x).mean(axis=-1, keepdims=True) / r**3",
    ),
    properties=(
        Property("forward has the right values", _draw, _value),
        Property("nudging x changes the result as your rule says", _draw, _gradient),
        Property("your test passes a right rule", lambda _: {}, _accepts, runs=1),
        Property(
            "your test refuses six wrong rules",
            lambda d: {"broken": d.integer(0, 5)},
            _kills,
            runs=40,
            shown=lambda _: "",
        ),
    ),
    picture=_picture,
    smallest=14,
)
