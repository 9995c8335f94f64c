import re
from html import unescape

import pytest

import minigrad as torch
from minigrad import viz
from minigrad.viz import graph

pytest.importorskip("graphviz")


def labels(picture):
    """The words of each node's label, under the node's identifier."""
    found = re.findall(r"^\t+(\w+) \[label=<(.*)> tooltip=", picture.source, flags=re.MULTILINE)
    return {node: " ".join(unescape(re.sub("<[^>]*>", " ", label)).split()) for node, label in found}


def arrows(picture):
    """(from, to, place) of each arrow; place is None where the op has one operand."""
    found = re.findall(r"^\t+(\w+)(?::i\d+:e)? -> (\w+)(?::i(\d+):w)?", picture.source, flags=re.MULTILINE)
    return [(tail, head, int(place) if place else None) for tail, head, place in found]


def clusters(picture):
    return re.findall(r'^\t+color=.* label="?(.+?)"? labeljust=', picture.source, flags=re.MULTILINE)


def test_a_box_stands_around_what_a_module_did():
    model = torch.nn.MLP(4, 5, 3)
    loss = model(torch.ones(2, 4)).sum()
    assert clusters(graph(loss)) == ["0: Linear", "2: Linear"]
    assert clusters(graph(loss, params=model.named_parameters(), names={})) == ["0", "2"]


def test_watch_tells_every_module_and_what_holds_what():
    model = torch.nn.Sequential(torch.nn.MLP(4, 5, 3), torch.nn.Softmax(dim=1))
    with viz.watch(model):
        loss = model(torch.ones(2, 4)).sum()
    expected = ["Sequential", "0: MLP", "0.0: Linear", "0.1: ReLU", "0.2: Linear", "1: Softmax"]
    assert clusters(graph(loss)) == expected


def test_a_linear_folds_into_one_node_and_unfolds():
    model = torch.nn.MLP(4, 5, 3)
    X = torch.ones(2, 4)
    loss = model(X).sum()
    whole, folded = graph(loss), graph(loss, fold=True)
    assert len(labels(whole)) == 9 and len(labels(folded)) == 5
    words = " ".join(labels(folded).values())
    assert "Linear 0 in_features=4, out_features=5, bias=True 25 parameters, 1 op (2, 5) float32" in words
    assert "0.weight" not in words and clusters(folded) == []
    names = {node: label.split()[0] for node, label in labels(folded).items()}
    ways = [(names[tail], names[head]) for tail, head, _ in arrows(folded)]
    assert sorted(ways) == [("Linear", "loss"), ("Linear", "v2"), ("X", "Linear"), ("v2", "Linear")]


def test_a_folded_module_shows_the_gradients_of_its_parameters():
    layer = torch.nn.Linear(2, 1)
    loss = layer(torch.tensor([1.0, 2.0])).sum()
    (words,) = (w for w in labels(graph(loss, fold=True)).values() if w.startswith("Linear"))
    assert words.endswith("no gradient yet")
    loss.backward(retain_graph=True)
    (words,) = (w for w in labels(graph(loss, fold=True)).values() if w.startswith("Linear"))
    assert words.endswith("grad [1, 2, 1]")
    layer.bias.grad = None
    (words,) = (w for w in labels(graph(loss, fold=True)).values() if w.startswith("Linear"))
    assert words.endswith("grad [1, 2] 1 of 2 have no gradient yet")


def test_chosen_modules_fold_by_path_or_class():
    model = torch.nn.MLP(4, 5, 3)
    with viz.watch(model):
        loss = model(torch.ones(2, 4)).sum()
    assert clusters(graph(loss, fold="0")) == ["MLP", "1: ReLU", "2: Linear"]
    assert clusters(graph(loss, fold=["Linear"])) == ["MLP", "1: ReLU"]
    whole = graph(loss, fold="MLP")
    assert clusters(whole) == []
    assert any("MLP 43 parameters, 3 ops" in label for label in labels(whole).values())


def test_only_the_innermost_modules_fold_unless_others_are_named():
    class Doubled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 3)

        def forward(self, x):
            return torch.exp(self.layer(x))

    model = Doubled()
    with viz.watch(model):
        y = model(torch.ones(1, 3)).sum()
    words = " ".join(labels(graph(y, fold=True)).values())
    assert "Linear layer" in words and "exp" in words
    assert "exp" not in " ".join(labels(graph(y, fold="Doubled")).values())


def test_a_module_called_twice_is_two_boxes_and_its_weight_stands_outside():
    layer = torch.nn.Linear(3, 3)
    x = torch.ones(1, 3)
    y = torch.tanh(layer(torch.tanh(layer(x)))).sum()
    assert (
        clusters(graph(y, params={"layer.weight": layer.weight, "layer.bias": layer.bias})) == ["layer"] * 2
    )
    with viz.watch(layer):
        y = torch.tanh(layer(torch.tanh(layer(x)))).sum()
    picture = graph(y, fold=True)
    words = list(labels(picture).values())
    assert sum(label.startswith("Linear") for label in words) == 2
    assert any(label.startswith("weight parameter") for label in words)


def test_looking_at_a_model_keeps_it_as_it_is():
    model = torch.nn.MLP(2, 2)
    before = {name: p.tolist() for name, p in model.named_parameters()}
    with viz.watch(model):
        y = model(torch.ones(1, 2)).sum()
    graph(y)
    assert all(p.grad is None and p.tolist() == before[n] for n, p in model.named_parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
