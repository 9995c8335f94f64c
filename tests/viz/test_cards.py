import re
from html import unescape

import pytest

import minigrad as torch
from minigrad import viz
from minigrad.viz import graph
from minigrad.viz._cards import LIGHT

pytest.importorskip("graphviz")


def leaf(*shape):
    return torch.ones(shape, requires_grad=True)


def labels(picture):
    """The words of each node's label, under the node's identifier."""
    found = re.findall(r"^\t+(\w+) \[label=<(.*)> tooltip=", picture.source, flags=re.MULTILINE)
    return {node: " ".join(unescape(re.sub("<[^>]*>", " ", label)).split()) for node, label in found}


def node_called(picture, word):
    """The node with this word in its title: a name, an op or a kind."""
    found = re.findall(r"^\t+(\w+) \[label=<.*?<B>(.*?)\(", picture.source, flags=re.MULTILINE)
    (node,) = (node for node, title in found if word in re.sub("<[^>]*>", " ", title).split())
    return node


def test_small_values_are_written_out_row_by_row():
    x = torch.tensor([[1.0, -2.5], [3.0, 1 / 3]], requires_grad=True)
    assert "[1, −2.5] [3, 0.3333]" in labels(graph(x))["n0"]


def test_large_values_are_a_strip_above_and_below_0_with_their_range():
    x = torch.linspace(-1, 3, 100).requires_grad_()
    picture = graph(x)
    assert "min −1, max 3" in labels(picture)["n0"]
    node = next(line for line in picture.source.splitlines() if line.strip().startswith("n0 "))
    cells = re.findall(r'HEIGHT="6" BGCOLOR="(#\w{6})"', node)
    above, below = cells[:16], cells[16:]
    assert len(below) == 16
    faint = LIGHT.faint
    assert above[0] == faint != below[0] and below[-1] == faint != above[-1]
    assert all(faint in pair for pair in zip(above, below, strict=True))


def test_the_legend_tells_each_sign_that_is_there_once():
    x = torch.linspace(-1, 3, 100).requires_grad_()
    (x * torch.arange(100.0)).sum().backward()
    y = (x * torch.arange(100.0)).sum()
    told = [
        picture.source.split("labelloc")[0].count(words)
        for picture in (graph(y), graph(torch.tanh(leaf(2))))
        for words in (
            "leaf",
            "constant: no gradient",
            "no gradient flows",
            "elements above and below 0",
            ">gradient<",
        )
    ]
    assert told == [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]


def test_values_that_are_not_finite_are_shown_and_harmless():
    x = torch.tensor([float("nan"), float("inf"), 1.0] * 4, requires_grad=True)
    assert "nan" in labels(graph(x))["n0"]
    assert "empty" not in labels(graph(torch.zeros(0, 3, requires_grad=True)))["n0"]


def test_no_gradient_yet_is_not_a_gradient_of_zero():
    x, unused = leaf(2), leaf(2)
    y = (x * 0 + unused).sum()
    assert "x leaf (2,) float32 [1, 1] no gradient yet" in labels(graph(y)).values()
    y.backward(retain_graph=True)
    assert "x leaf (2,) float32 [1, 1] grad [0, 0]" in labels(graph(y)).values()


def test_a_retained_gradient_is_marked_and_shown():
    x = leaf(2)
    h = x * x
    h.retain_grad()
    y = h.sum()
    assert "keeps its gradient: no gradient yet" in labels(graph(y))[node_called(graph(y), "mul")]
    y.backward(retain_graph=True)
    assert "grad [1, 1]" in labels(graph(y))[node_called(graph(y), "mul")]


def test_a_detached_operand_says_of_what():
    x = leaf(2)
    h = x * 3
    cut = h.detach()
    picture = graph((h * cut).sum())
    assert labels(picture)[node_called(picture, "cut")].startswith(
        "cut constant (2,) float32 detached from h"
    )
    dotted = re.findall(r"(\w+) -> (\w+) \[dir=none style=dotted\]", picture.source)
    (h,) = (node for node, label in labels(picture).items() if "h = mul" in label)
    assert dotted == [(h, node_called(picture, "cut"))]


def test_a_value_detached_from_what_is_no_longer_reached_says_so_too():
    x, w = leaf(2), leaf(2)
    h = x * 3
    state = h.detach()
    assert "state constant (2,) float32 detached from h" in " ".join(labels(graph(w * state)).values())


def test_a_detached_operand_is_found_without_any_variable_of_its_name():
    def gate(x):
        h = x * 3
        return h * h.detach()

    with viz.watch():
        y = gate(leaf(2))
    assert any("detached from h" in label for label in labels(graph(y)).values())


def test_a_number_stands_in_the_place_of_its_operand():
    x = leaf(2)
    assert "keeps 2.5 2.5" in " ".join(labels(graph(x / 2.5)).values())
    assert "no gradient yet 2.5 y = sub" not in " ".join(labels(graph(2.5 - x)).values())  # sub keeps nothing
    with viz.watch():
        y = 2.5 - x
    assert "no gradient yet 2.5 y = sub" in " ".join(labels(graph(y)).values())


def test_what_was_written_since_is_marked():
    x = leaf(2)
    h = x * 1
    y = h * h
    with torch.no_grad():
        h.add_(1)
    assert "h written since!" in labels(graph(y))[node_called(graph(y), "y")]
