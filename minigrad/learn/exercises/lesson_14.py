"""Lesson 14: digits."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad
from minigrad.testing import Drawer

from ..exercise import Case, Exercise, Miss, Property
from ..sights import curve

# Ten digits of 5 rows and 3 columns, as on a pocket calculator.
_ROWS = (
    "111 001 111 111 101 111 111 111 111 111",
    "101 001 001 001 101 100 100 001 101 101",
    "101 001 111 111 111 111 111 001 111 111",
    "101 001 100 001 001 001 101 001 101 001",
    "111 001 111 111 001 111 111 001 111 111",
)
_DIGITS = np.array([[float(c) for row in _ROWS for c in row.split()[k]] for k in range(10)])
_WANTED = 0.9


def _draw(d: Drawer) -> Case:
    return {"seed": d.integer(0, 2)}


def _data(random: np.random.Generator, count: int) -> tuple[Any, Any]:
    labels = random.integers(0, 10, count)
    pictures = _DIGITS[labels] + random.normal(0, 0.2, (count, 15))
    return minigrad.tensor(pictures, dtype=minigrad.float32), minigrad.tensor(labels)


class _Watched(minigrad.nn.Module):
    """A model that notes its first layer's weight at each call."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = minigrad.nn.MLP(15, 16, 10, activation="relu")
        self.weights: list[Any] = []

    def forward(self, x: Any) -> Any:
        self.weights.append(next(iter(self.layers.parameters())).detach().numpy().copy())
        return self.layers(x)


def _judge(answer: Any, case: Case) -> Miss | None:
    before = minigrad.get_rng_state()
    try:
        return _trained(answer, case)
    finally:
        minigrad.set_rng_state(before)


def _trained(answer: Any, case: Case) -> Miss | None:
    minigrad.manual_seed(case["seed"])
    random = np.random.default_rng(case["seed"])
    model = _Watched()
    before = [p.detach().numpy().copy() for p in model.parameters()]
    x, labels = _data(random, 200)
    answer.train(model, x, labels)
    calls, after = len(model.weights), [p.detach().numpy() for p in model.parameters()]
    x, labels = _data(random, 500)
    right = float((model(x).argmax(1).numpy() == labels.numpy()).mean())
    if right >= _WANTED:
        return None
    still = all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    key = "still" if still else "once" if calls < 10 else "slow"
    loss = float(minigrad.nn.functional.cross_entropy(model(x), labels))
    if key == "slow" and not loss <= np.log(10) + 0.5:
        key = "uphill"
    return Miss(f"{right:.0%} right on new pictures", f"{_WANTED:.0%}", key, "wanted is")


def _sight(case: Case) -> str:
    """Loss and accuracy of a loop that learns."""
    before = minigrad.get_rng_state()
    try:
        minigrad.manual_seed(case["seed"])
        x, labels = _data(np.random.default_rng(case["seed"]), 200)
        model = _Watched()
        optimizer = minigrad.optim.SGD(model.parameters(), lr=0.5)
        losses, right = [], []
        for _ in range(60):
            scores = model(x)
            loss = minigrad.nn.functional.cross_entropy(scores, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            right.append(float((scores.argmax(1).numpy() == labels.numpy()).mean()))
    finally:
        minigrad.set_rng_state(before)
    return (
        f"  loss      {curve(losses)}  {losses[0]:.2f} to {losses[-1]:.2f}\n"
        f"  accuracy  {curve(right)}  {right[0]:.0%} to {right[-1]:.0%}\n"
        "  A curve for each of 60 passes of a loop that learns."
    )


def _answer(loss: str = "F.cross_entropy(model(x), labels)", body: str = "", lr: float = 0.5) -> str:
    steps = body or "optimizer.zero_grad(); loss.backward(); optimizer.step()"
    lines = "".join(f"        {line}\n" for line in [f"loss = {loss}", *steps.split("; ")])
    return (
        "import minigrad as torch\nimport minigrad.nn.functional as F\n\n\ndef train(model, x, labels):\n"
        f"    optimizer = torch.optim.SGD(model.parameters(), lr={lr})\n    for step in range(100):\n{lines}"
    )


EXERCISE = Exercise(
    number=14,
    name="digits",
    aim="the training loop",
    idea="All of the ladder so far is one loop: run the model, compute a loss, clear the gradients, go "
    "backwards, "
    "step. The loss must be something that a small step changes: cross entropy is. Accuracy is not: it "
    "counts, and "
    "nudging a weight a little changes no count, so its slope is 0 almost everywhere.",
    one_sees="The curves of loss and accuracy, falling and rising.",
    functions=("train",),
    starter='''
"""Lesson 14, digits: train the model, so that it reads 9 of 10 new pictures.

x holds 200 pictures of 15 numbers, labels the digits 0 to 9; model(x) gives 10 scores for each picture.
The order of the five lines of a loop is yours to write.
"""

import minigrad as torch
import minigrad.nn.functional as F


def train(model, x, labels):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for step in range(100):
        ...
''',
    solution=_answer(),
    others=(
        _answer(body="loss.backward(); optimizer.step(); optimizer.zero_grad()"),
        "import minigrad as torch\nfrom minigrad import nn\n\n\ndef train(net, pictures, digits):\n"
        "    adam = torch.optim.Adam(net.parameters(), lr=0.02)\n    criterion = nn.CrossEntropyLoss()\n"
        "    for epoch in range(40):\n        for start in range(0, 200, 50):\n            adam.zero_grad()\n"
        "            part = slice(start, start + 50)\n            criterion(net(pictures[part]), "
        "digits[part]).backward()\n"
        "            adam.step()\n",
        "import minigrad as torch\n\n\ndef train(model, x, labels):\n    for _ in range(150):\n"
        "        model.zero_grad()\n        scores = model(x)\n        p = torch.log_softmax(scores, 1)\n"
        "        (-p[torch.arange(len(labels)), labels].mean()).backward()\n        with torch.no_grad():\n"
        "            for w in model.parameters():\n                w -= 0.5 * w.grad\n",
    ),
    wrong=(
        ("no gradient", _answer("(model(x).argmax(1) == labels).float().mean()")),
        ("still", _answer(body="optimizer.zero_grad(); loss.backward()")),
        ("still", _answer(body="loss.backward(); optimizer.zero_grad(); optimizer.step()")),
        ("uphill", _answer("-F.cross_entropy(model(x), labels)")),
        ("slow", _answer("F.cross_entropy(torch.softmax(model(x), 1), labels)", lr=0.1)),
        ("slow", _answer(lr=0.001)),
        ("once", _answer(body="optimizer.zero_grad(); loss.backward(); optimizer.step(); return")),
        ("no gradient", _answer("F.cross_entropy(model(x).detach(), labels)")),
    ),
    misconceptions={
        "still": "The parameters have not moved at all. Is there a step, and are the gradients there "
        "when it comes? "
        "Clear them before backward or after the step.",
        "uphill": "It is worse than guessing, or as bad: does the step go up instead of down?",
        "slow": "It learns, but too slowly. Is the learning rate too small? Is softmax applied before "
        "cross entropy, "
        "which applies it itself?",
        "once": "The loop ended after a few passes.",
        "no gradient": "Nothing links this loss with the parameters. Accuracy counts, and a small step "
        "changes no "
        "count, so it has no slope: use cross entropy. A detach or a no_grad cuts the link as well.",
    },
    hints=(
        "Five lines: scores, loss, clear, backward, step. Which of them change the parameters?",
        "The loss is F.cross_entropy(model(x), labels), from scores, without softmax.",
        "loss = F.cross_entropy(model(x), labels); optimizer.zero_grad(); loss.backward(); optimizer.step()",
    ),
    properties=(Property("reads 9 of 10 new pictures, from three seeds", _draw, _judge, runs=3),),
    sight=_sight,
    errors={"does not require grad": "no gradient"},
    seconds=4.0,
)
