"""Predict mode's questions: a number that was not shown yet, and kind words for the wrong ones."""

import json
import re
import shutil
import subprocess
from importlib.resources import files

import pytest

import minigrad as torch
from minigrad import viz

SCRIPT = files("minigrad.viz") / "page" / "predict.js"


def questions(tensor, **how):
    page = viz.player(tensor, **how)
    (found,) = re.findall(r'id="data">(.*?)</script>', page.html, re.DOTALL)
    return {step["title"]: step["ask"] for step in json.loads(found)["steps"] if step.get("ask")}


@pytest.fixture
def sum_of_two():
    x = torch.tensor(2.0, requires_grad=True)
    y = torch.tensor(3.0, requires_grad=True)
    with viz.watch():
        z = 5 * (x * y + torch.sin(x))
    return questions(z, names={"x": x, "y": y, "z": z})


def test_each_value_and_each_gradient_that_is_sent_is_asked_for(sum_of_two):
    assert [(title, ask["shown"]) for title, ask in sum_of_two.items()] == [
        ("v1 = x * y", "6"), ("v2 = sin(x)", "0.9093"), ("v3 = v1 + v2", "6.909"), ("z = v3 * 5", "34.55"),
        ("z → v3", "5"), ("v3 → v1", "5"), ("v3 → v2", "5"), ("v2 → x", "−2.081"), ("v1 → x", "15"),
        ("v1 → y", "10"),
    ]  # fmt: skip


def test_the_mistakes_that_learners_make_are_known(sum_of_two):
    ask = sum_of_two["v1 → x"]
    known = dict(ask["wrong"])
    assert ask["answer"] == 15
    assert "sign" in known[-15]
    assert "Multiply it by the g that arrived, 5" in known[3]
    assert "Multiply it by the derivative" in known[5]
    assert "multiplied, not added" in known[8]
    assert "the value of x itself" in known[2]
    assert any(
        "the part that came before" in words and number == pytest.approx(12.91927)
        for number, words in ask["wrong"]
    )


def test_no_wrong_answer_is_right(sum_of_two):
    for ask in sum_of_two.values():
        assert all(abs(number - ask["answer"]) > 0.01 * abs(ask["answer"]) for number, _ in ask["wrong"])


def test_of_a_small_array_one_entry_is_asked_for_and_of_a_large_one_the_shape():
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    asked = questions((w * w).sum(), names={"w": w})
    assert asked["v1 → w (1st)"]["text"] == "v1 sends w (1st) a gradient. What is its entry [1]?"
    assert asked["v1 → w (1st)"]["answer"] == -2
    x = torch.ones(5, 4, requires_grad=True)
    ask = questions((x * 2).sum(), names={"x": x})["v1 → x"]
    assert ask["shape"] == [5, 4] and ask["shown"] == "(5, 4)"


@pytest.mark.parametrize(
    ("guess", "right", "words"),
    [("15", True, "Right"), ("15.0", True, "Right"), ("30/2", True, "Right"), ("15,05", True, "Right"),
     ("−15", False, "sign"), ("3", False, "derivative alone"), ("5", False, "That is g"),
     ("15.5", False, "Very close"), ("400", False, "Not yet"), ("", False, "Write a number"),
     ("x", False, "Write a number"), ("1/2/3", False, "Write a number")],
)  # fmt: skip
def test_a_guess_is_judged_kindly(sum_of_two, guess, right, words):
    found = judged(sum_of_two["v1 → x"], guess)
    assert found["right"] is right and words in found["says"]


@pytest.mark.parametrize(
    ("guess", "right"), [("(5, 4)", True), ("5x4", True), ("(4, 5)", False), ("20", False)]
)
def test_a_shape_is_judged_too(guess, right):
    ask = {"text": "", "shape": [5, 4], "shown": "(5, 4)", "wrong": []}
    assert judged(ask, guess)["right"] is right


def judged(ask, guess):
    """The verdict of the page's own script, run by node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: apt install nodejs")
    call = f"console.log(JSON.stringify(judged({json.dumps(ask)}, {json.dumps(guess)})))"
    script = SCRIPT.read_text(encoding="utf-8") + call
    done = subprocess.run([node, "-"], input=script, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
