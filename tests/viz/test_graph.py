import re
import shutil
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from html import unescape

import pytest

import minigrad as torch
from minigrad import viz
from minigrad.viz import graph

graphviz = pytest.importorskip("graphviz")
needs_dot = pytest.mark.skipif(not shutil.which("dot"), reason="the program dot is not installed")


def leaf(*shape):
    return torch.ones(shape, requires_grad=True)


def labels(picture):
    """The words of each node's label, under the node's identifier."""
    found = re.findall(r"^\t+(\w+) \[label=<(.*)> tooltip=", picture.source, flags=re.MULTILINE)
    return {node: " ".join(unescape(re.sub("<[^>]*>", " ", label)).split()) for node, label in found}


def labels_of(picture):
    return labels(picture).values()


def arrows(picture):
    """(from, to, place) of each arrow; place is None where the op has one operand."""
    found = re.findall(r"^\t+(\w+)(?::i\d+:e)? -> (\w+)(?::i(\d+):w)?", picture.source, flags=re.MULTILINE)
    return [(tail, head, int(place) if place else None) for tail, head, place in found]


def node_called(picture, word):
    """The node with this word in its title: a name, an op or a kind."""
    found = re.findall(r"^\t+(\w+) \[label=<.*?<B>(.*?)\(", picture.source, flags=re.MULTILINE)
    (node,) = (node for node, title in found if word in re.sub("<[^>]*>", " ", title).split())
    return node


def test_each_op_and_each_leaf_is_drawn_once():
    x = leaf(2, 3)
    h = torch.tanh(x)
    picture = graph((h * h + h).sum())
    words = [label.split() for label in labels(picture).values()]
    for op in ("tanh", "mul", "add", "sum", "leaf"):
        assert sum(op in label for label in words) == 1, op
    assert len(words) == 5


def test_a_node_tells_shape_and_dtype():
    x = torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    picture = graph(x.sum(0))
    assert labels(picture)[node_called(picture, "x")].startswith("x leaf (2, 3) float64")
    assert labels(picture)[node_called(picture, "sum")].startswith("v1 = sum (3,) float64")


def test_a_value_used_twice_has_two_arrows():
    x = leaf(3)
    picture = graph(x * x, names={"x": x})
    a, product = node_called(picture, "x"), node_called(picture, "mul")
    assert arrows(picture) == [(a, product, 0), (a, product, 1)]


def test_arrows_end_at_the_operand_they_are():
    x, y = leaf(3), leaf(3)
    picture = graph(y - x, names={"x": x, "y": y})
    difference = node_called(picture, "sub")
    ends = {tail: place for tail, head, place in arrows(picture) if head == difference}
    assert ends == {node_called(picture, "y"): 0, node_called(picture, "x"): 1}


def test_a_constant_operand_has_a_place_and_no_arrow():
    x = leaf(3)
    picture = graph(2.0 - x)
    assert len(labels(picture)) == 2
    assert [place for _, _, place in arrows(picture)] == [1]


def test_a_list_of_operands_keeps_its_order():
    x, y, constant = leaf(2), leaf(2), torch.zeros(2)
    picture = graph(torch.cat([y, constant, x]), names={"x": x, "y": y})
    ends = {tail: place for tail, _, place in arrows(picture)}
    assert ends == {node_called(picture, "y"): 0, node_called(picture, "x"): 2}


def test_a_users_own_function_is_drawn_by_its_name():
    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g, g

    x = leaf(3)
    picture = graph(Sum.apply(x, x), names={"x": x})
    a, result = node_called(picture, "x"), node_called(picture, "Sum")
    assert arrows(picture) == [(a, result, 0), (a, result, 1)]


def test_the_graph_of_a_gradient_can_be_drawn():
    x = leaf(3)
    (gradient,) = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)
    assert node_called(graph(gradient, names={"x": x}), "x")


def test_names_are_given_to_leaves_and_to_results():
    x = leaf(3)
    h = torch.tanh(x)
    picture = graph(h.sum(), names=[("input", x), ("h", h)])
    assert labels(picture)[node_called(picture, "input")].startswith("input leaf (3,) float32")
    assert labels(picture)[node_called(picture, "tanh")].startswith("h = tanh (3,)")


def test_names_of_what_is_not_in_the_graph_are_passed_over():
    x = leaf(3)
    picture = graph(x.sum(), names={"constant": torch.ones(3), "elsewhere": leaf(3)})
    assert "constant" not in picture.source
    assert "elsewhere" not in picture.source


def test_parameters_of_a_model_carry_their_names():
    torch.manual_seed(0)
    model = torch.nn.MLP(4, 5, 3)
    y = model(torch.ones(2, 4))
    for params in (model.named_parameters(), dict(model.named_parameters()), model, None):
        picture = graph(y, params=params)
        for name, parameter in model.named_parameters():
            shape = tuple(parameter.shape)
            assert labels(picture)[node_called(picture, name)].startswith(f"{name} parameter {shape} float32")


def test_parameters_and_other_leaves_differ_in_colour():
    w, x = leaf(3), leaf(3)
    source = graph(w * x, params={"w": w}, names={"x": x}).source
    fill = {
        name: re.search(rf'BGCOLOR="(#\w+)"[^\n]*<B>{name}</B>', source).group(1) for name in ("w", "x", "v1")
    }
    assert len(set(fill.values())) == 3


def test_names_may_hold_anything():
    x = leaf(2)
    picture = graph(x.sum(), names={'<b>&"\\\x00': x})
    assert "&lt;b&gt;&amp;&quot;" in picture.source
    if shutil.which("dot"):
        assert b"&lt;b&gt;&amp;" in picture.pipe(format="svg")


def test_what_an_op_saves_is_named():
    x, w = leaf(2, 3), leaf(4, 3)
    linear = torch.nn.functional.linear
    assert "keeps its result" in " ".join(labels(graph(torch.tanh(x))).values())
    assert "keeps x, w" in " ".join(labels(graph(linear(x, w))).values())
    assert "keeps c1" in " ".join(labels(graph(linear(x, w.detach()))).values())
    assert "keeps" in " ".join(labels(graph(torch.einsum("ij,kj->ik", x, w))).values())
    assert "keeps 2" in " ".join(labels(graph(x * 2)).values())
    assert "keeps" not in graph(x + 1).source


def test_what_backward_freed_is_marked():
    x = leaf(3)
    y = (x * x).sum().exp()
    y.backward(retain_graph=True)
    assert "freed" not in graph(y).source
    y.backward()
    (label,) = labels(graph(y)).values()
    assert label.startswith("y = exp () float32") and label.endswith("freed by backward")


def test_what_a_freed_op_was_given_is_named_and_not_taken_for_a_constant():
    x, scale, labels = leaf(2, 3), torch.full((3,), 2.0), torch.tensor([0, 2])
    with viz.watch():
        scores = x * scale
        loss = torch.nn.functional.cross_entropy(scores, labels)
    loss.backward()
    words = " ".join(labels_of(graph(loss)))
    assert "scores operand (2, 3) float32" in words and "its edge is freed" in words
    assert "labels constant (2,) int64" in words and "detached" not in words
    assert "scale constant (3,) float32" in " ".join(labels_of(graph(scores)))
    assert "scores" in str(torch.explain(loss)).split("BACKWARD")[0]


def test_a_leaf_alone_is_a_graph_of_one_node():
    assert list(labels(graph(leaf(2))).values()) == ["leaf1 leaf (2,) float32 [1, 1] no gradient yet"]


def test_a_constant_has_no_graph_and_the_error_says_why():
    with pytest.raises(
        RuntimeError, match=r"no input required grad, or it was detached or built under no_grad"
    ):
        graph(torch.ones(3))
    with pytest.raises(RuntimeError, match="nothing is recorded"):
        graph((leaf(3) * 2).detach())


def test_what_is_no_tensor_is_refused():
    with pytest.raises(TypeError, match="not a float"):
        graph(1.0)
    with pytest.raises(ValueError, match="max_nodes is 0"):
        graph(leaf(1), max_nodes=0)


def test_the_picture_is_cut_at_max_nodes_and_says_so():
    w = leaf(3)
    y = w
    for _ in range(50):
        y = y * w
    picture = graph(y, names={"w": w, "y": y}, max_nodes=6)
    assert len(labels(picture)) == 6
    assert "and 45 more" in picture.source
    assert node_called(picture, "w")  # as old as any, and yet drawn: the newest ops use it
    assert node_called(picture, "y")
    assert sum(tail == "more" for tail, _, _ in arrows(picture)) == 1
    assert "more" not in graph(y, max_nodes=51).source
    assert "and 50 more" in graph(y, max_nodes=1).source


def test_max_nodes_holds_where_one_op_has_many_leaves():
    parts = [leaf(1) for _ in range(20)]
    picture = graph(torch.cat(parts), max_nodes=5)
    assert len(labels(picture)) == 5
    assert "and 16 more" in picture.source


def test_a_very_long_chain_is_drawn_without_recursion():
    x = leaf(1)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    assert "and 99,981 more" in graph(y, max_nodes=20).source


def test_looking_neither_warns_nor_changes_anything():
    x = leaf(3)
    h = x * x
    y = h.sum()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = graph(y, names={"x": x, "h": h}).source
        assert graph(y, names={"x": x, "h": h}).source == first
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_the_derivative_is_in_the_tooltip():
    picture = graph(torch.tanh(leaf(2)))
    assert "1 − tanh(leaf1)^2" in re.search('tooltip="(d tanh[^"]*)"', picture.source).group(1)


def test_it_is_a_digraph_of_graphviz():
    picture = graph(leaf(2).sum())
    assert isinstance(picture, graphviz.Digraph)
    assert isinstance(picture.copy(), graphviz.Digraph)


@needs_dot
def test_it_can_be_rendered(tmp_path):
    x = leaf(2)
    written = graph((x * x).sum(), names={"x": x}).render(outfile=tmp_path / "g.svg", cleanup=True)
    svg = (tmp_path / "g.svg").read_text(encoding="utf-8")
    assert written == str(tmp_path / "g.svg")
    assert all(f">{word}</text>" in svg.replace("&#160;", " ") for word in ("x", "v1", "v2"))
    assert svg.count('class="edge"') == 3


@needs_dot
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("fold", [False, True])
def test_dot_lays_out_every_kind_of_picture(theme, direction, fold, recwarn):
    model = torch.nn.MLP(4, 5, 3)
    with viz.watch(model):
        hidden = model(torch.ones(2, 4))
        hidden.retain_grad()
        loss = (hidden * hidden.detach() * 2.0).sum()
    loss.backward(retain_graph=True)
    picture = graph(loss, theme=theme, direction=direction, fold=fold, max_nodes=8)
    plain = subprocess.run(  # what dot itself understood, rank by rank
        ["dot", "-Tplain"], input=picture.source, capture_output=True, text=True, check=True
    )
    assert plain.stderr == ""
    nodes = {line.split()[1] for line in plain.stdout.splitlines() if line.startswith("node ")}
    edges = [line.split()[1:3] for line in plain.stdout.splitlines() if line.startswith("edge ")]
    assert nodes == set(labels(picture)) | ({"more"} & nodes)
    assert all({tail, head} <= nodes for tail, head in edges)
    assert sorted(edges) == sorted([tail, head] for tail, head, _ in arrows(picture))
    drawing = ET.fromstring(picture.pipe(format="svg"))
    assert float(drawing.attrib["width"].removesuffix("pt")) > 100
    assert picture.pipe(format="png").startswith(b"\x89PNG")
    assert not recwarn.list


def test_without_dot_the_source_is_there_and_the_error_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    picture = graph(leaf(2).sum())
    assert "digraph" in picture.source
    advice = r"system package graphviz: apt install graphviz, or brew install graphviz"
    with pytest.raises(graphviz.ExecutableNotFound, match=advice):
        picture.render(outfile=tmp_path / "g.svg")
    with pytest.raises(graphviz.ExecutableNotFound, match=advice):
        picture.pipe(format="svg")


def test_without_the_python_package_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match="pip install graphviz"):
        graph(leaf(2))


def test_it_says_what_it_is_where_pictures_cannot_be_shown():
    x = leaf(2)
    words = "<Digraph of 3 nodes: a notebook shows it, render(...) draws it, .source is its text>"
    assert repr(graph(x * x * 2)) == words


def test_in_a_notebook_it_shows_itself_or_without_dot_its_text(tmp_path, monkeypatch):
    picture = graph(leaf(2).sum())
    if shutil.which("dot"):
        assert "<svg" in picture._repr_mimebundle_()["image/svg+xml"]
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = picture._repr_mimebundle_()["text/plain"]
    assert "apt install graphviz" in shown and picture.source in shown


# --- names ------------------------------------------------------------------------------------------


def test_variables_of_the_program_give_their_names():
    first = leaf(2)
    hidden = first * 2
    weights = [leaf(2), leaf(2)]
    scale = torch.tensor([1.0, 3.0])
    total = (hidden * weights[1] * scale).sum()
    words = " ".join(labels(graph(total)).values())
    for name in ("first leaf", "hidden = mul", "weights[1] leaf", "scale constant", "total = sum"):
        assert name in words
    assert "weights[0]" not in words


def test_given_names_replace_those_of_variables():
    x = leaf(2)
    words = " ".join(labels(graph(x.sum(), names={"input": x})).values())
    assert "input leaf" in words and "x leaf" not in words


def test_two_models_are_told_apart():
    left, right = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    y = left(torch.ones(2)) + right(torch.ones(2))
    words = " ".join(labels(graph(y)).values())
    assert "left.weight parameter" in words and "right.bias parameter" in words


def test_a_parameter_of_ones_own_is_one():
    w = torch.nn.Parameter(torch.ones(2))
    assert "w parameter" in " ".join(labels(graph(w.sum())).values())


# --- limits, direction, theme ----------------------------------------------------------------------------


def test_depth_cuts_what_lies_further_back():
    y = x = leaf(1)
    for _ in range(10):
        y = y + 1.0
    picture = graph(y, depth=3, names={"x": x})
    assert len(labels(picture)) == 4
    assert "and 7 more" in picture.source
    assert len(labels(graph(y, depth=0))) == 1
    assert "more" not in graph(y, depth=10).source


def test_backward_turns_the_arrows_and_names_the_rules():
    x, c = leaf(2), torch.ones(2)
    y = x * c
    picture = graph(y, direction="backward")
    found = re.findall(r"^\t(\w+):i(\d):e -> (\w+) \[(.*)\]", picture.source, flags=re.MULTILINE)
    product = node_called(picture, "mul")
    assert found == [
        (product, "0", node_called(picture, "x"), 'label=" g · c "'),
        (product, "1", node_called(picture, "c"), "dir=none style=dashed"),
    ]


def test_the_dark_theme_is_dark():
    picture = graph(leaf(2), theme="dark")
    assert 'bgcolor="#14181d"' in picture.source


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"direction": "up"}, "'forward' or 'backward', not 'up'"),
        ({"theme": "pink"}, "'light' or 'dark', not 'pink'"),
        ({"depth": -1}, "depth is -1"),
        ({"fold": "nowhere"}, "no module 'nowhere' to fold; there are"),
    ],
)
def test_options_it_does_not_know_are_refused(options, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        graph(leaf(1).sum(), **options)


@needs_dot
def test_a_picture_has_a_legend_and_as_svg_it_scales_to_its_page(tmp_path):
    x = leaf(2)
    picture = graph((x * 2.0).sum())
    assert "operation</FONT>" in picture.source and "parameter</FONT>" not in picture.source
    picture.render(outfile=tmp_path / "g.svg", cleanup=True)
    for svg in (
        (tmp_path / "g.svg").read_text(encoding="utf-8"),
        picture._repr_mimebundle_()["image/svg+xml"],
    ):
        assert re.search(r'<svg width="100%" style="max-width:[\d.]+pt;height:auto"', svg)
