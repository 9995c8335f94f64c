import json
import re
from html.parser import HTMLParser

import pytest

import minigrad as torch
from minigrad import viz


def leaf(value):
    return torch.tensor(value, requires_grad=True)


def data_of(page):
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.html, re.DOTALL)
    return json.loads(found)


def told(page, phase="backward"):
    return [
        " ".join([step["title"], *step["text"]]) for step in data_of(page)["steps"] if step["phase"] == phase
    ]


def sum_of_two():
    x, y = leaf(2.0), leaf(3.0)
    with viz.watch():
        z = x * y + torch.sin(x)
    return x, y, z


def test_it_changes_nothing_and_can_be_asked_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y, z = sum_of_two()
    first = viz.player(z)
    assert viz.player(z).html == first.html
    assert x.grad is None and y.grad is None and not list(tmp_path.iterdir())
    page = viz.player(z, tmp_path / "z.html")
    assert page.path.read_text(encoding="utf-8") == page.html == first.html
    z.backward()
    assert (x.grad.item(), y.grad.item()) == (pytest.approx(2.583853), 2.0)
    with pytest.raises(RuntimeError, match="a second time"):
        viz.player(z, tmp_path / "again.html")
    assert not (tmp_path / "again.html").exists()


def test_the_story_of_a_sum_of_two():
    x, y, z = sum_of_two()
    page = viz.player(z, names={"x": x, "y": y})
    assert told(page, "forward") == [
        "x and y x is a leaf that requires a gradient. Its value: 2. "
        "y is a leaf that requires a gradient. Its value: 3.",
        "v1 = x * y mul takes x and y and gives 6. For backward it keeps x and y.",
        "v2 = sin(x) sin takes x and gives 0.9093. For backward it keeps x.",
        "z = v1 + v2 add takes v1 and v2 and gives 6.909. It keeps no value: its derivative needs none.",
    ]
    assert told(page) == [
        "Gradient of z Backward starts at z. The gradient it starts with is 1.",
        "z → v1 z sends 1 to v1.",
        "z → v2 z sends 1 to v2.",
        "Gradient of v2 The gradient of v2 is 1. It is complete: all that uses v2 has been visited.",
        "v2 → x v2 sends −0.4161 to x.",
        "v2 frees what it kept v2 has sent all its gradients. It lets go of x.",
        "Gradient of v1 The gradient of v1 is 1. It is complete: all that uses v1 has been visited.",
        "v1 → x v1 sends 3 to x. x has now: −0.4161 + 3 = 2.584.",
        "v1 → y v1 sends 2 to y.",
        "v1 frees what it kept v1 has sent all its gradients. It lets go of x and y.",
        "Gradient of x The gradient of x is −0.4161 + 3 = 2.584: the sum of what came from v2 and v1. "
        "It is complete: all that uses x has been visited. "
        "x is a leaf: backward stores the gradient in x.grad.",
        "Gradient of y The gradient of y is 2. It is complete: all that uses y has been visited. "
        "y is a leaf: backward stores the gradient in y.grad.",
        "Done Every leaf has its gradient.",
    ]


def test_rules_are_told_with_the_names_and_numbers_of_the_program():
    x, y, z = sum_of_two()
    steps = [step for step in data_of(viz.player(z, names={"x": x, "y": y}))["steps"] if "rule" in step]
    assert [(step["rule"], step["formula"]) for step in steps] == [
        (["g", "", "1"], "d(v1 + v2)/dv1 = 1"),
        (["g", "", "1"], "d(v1 + v2)/dv2 = 1"),
        (["g · cos(x)", "1 · cos(2)", "−0.4161"], "d sin(x)/dx = cos(x) = −0.4161"),
        (["g · y", "1 · 3", "3"], "d(x · y)/dx = y = 3"),
        (["g · x", "1 · 2", "2"], "d(x · y)/dy = x = 2"),
    ]


def test_the_line_that_asked_is_lit():
    data = data_of(viz.player(sum_of_two()[2], None))
    lit = {data["lines"][step["line"]]["code"].strip() for step in data["steps"] if step["line"] is not None}
    assert lit == {"z = x * y + torch.sin(x)"}
    assert [line["code"] for line in data["lines"]] == [
        "with viz.watch():",
        "    z = x * y + torch.sin(x)",
        "return x, y, z",
    ]
    assert {line["file"] for line in data["lines"]} == {"test_player.py"}  # and not where it lies


def test_without_watch_the_recorded_program_stands_in():
    x = leaf(2.0)
    y = torch.exp(x * 3)
    data = data_of(viz.player(y, None))
    assert [line["code"] for line in data["lines"]] == ["x = 2", "v1 = x * 3", "y = exp(v1)"]
    assert data["steps"][1]["line"] == 1


def test_a_retained_graph_is_walked_twice_and_gradients_add_up():
    w = leaf([1.0, -2.0])
    loss = (w * w).sum()
    first = viz.player(loss, None, retain_graph=True)
    assert "The graph was retained" in told(first)[-1]
    assert not any("frees" in text for text in told(first))
    loss.backward(retain_graph=True)
    second = viz.player(loss)
    assert "backward adds the gradient to w.grad, which was [2, −4] and becomes [4, −8]." in told(second)[-2]
    (node,) = (node for node in data_of(second)["nodes"] if node["name"] == "w")
    assert node["grad"]["full"] == "[2, −4]"  # what it was before
    assert w.grad.tolist() == [2.0, -4.0]


def test_a_gradient_of_ones_own_starts_the_walk():
    x = leaf([1.0, 2.0])
    y = x * x
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        viz.player(y, None)
    page = viz.player(y, None, torch.tensor([1.0, 10.0]))
    assert "The gradient it starts with is [1, 10]." in told(page)[0]
    assert "x.grad" in told(page)[-2] and "[2, 40]" in told(page)[-2]


def test_a_detached_value_and_a_broadcast_are_explained():
    x = leaf(3.0)
    h = x * x
    cut = h.detach()
    assert "cut was detached from h" in " ".join(told(viz.player(h * cut, None), "forward"))
    row = leaf([1.0, 2.0])
    matrix = torch.ones(3, 2)
    page = viz.player((matrix + row).sum(), None)
    assert (
        "row was broadcast from (2,) to (3, 2), so what its copies receive is summed: "
        "the sum of these rows: [1, 1] + [1, 1] + [1, 1]." in " ".join(told(page))
    )
    assert ["g, summed over the copies", "", "[3, 3]"] in [
        step.get("rule") for step in data_of(page)["steps"]
    ]


def test_a_retained_gradient_of_a_result_is_shown_too():
    x = leaf(3.0)
    h = x * x
    h.retain_grad()
    page = viz.player(h * 2, None)
    assert any(
        "h is no leaf, but you asked it to retain its gradient: backward stores" in text and "h.grad." in text
        for text in told(page)
    )


def test_a_hook_is_not_passed_over():
    x = leaf(3.0)
    x.register_hook(lambda g: g * 100)
    page = viz.player(x * 2, None)
    assert "gradient of x is 200." in told(page)[-2] and "One of your hooks has changed it." in told(page)[-2]


def test_a_large_graph_is_cut_and_the_page_says_so():
    x = leaf(1.0)
    y = x
    for _ in range(300):
        y = y + 1.0
    page = viz.player(y, None, max_nodes=10)
    data = data_of(page)
    assert len(data["nodes"]) == 11 and data["nodes"][-1]["name"] == "and 291 more"
    assert "The walk went on through 291 more operations" in told(page)[-1]


def test_modules_are_told_apart_and_those_asked_for_are_folded():
    model = torch.nn.MLP(4, 5, 3)
    with viz.watch(model):
        loss = model(torch.ones(2, 4)).sum()
    data = data_of(viz.player(loss, None, retain_graph=True))
    named = [{data["nodes"][i]["name"] for i in box["members"]} for box in data["boxes"]]
    assert [box["title"] for box in data["boxes"]] == ["MLP", "0: Linear", "1: ReLU", "2: Linear"]
    assert [box["parent"] for box in data["boxes"]] == [None, 0, 0, 0]
    assert named[1] == {"0.weight", "0.bias", "v1"}
    assert named[0] == named[1] | named[2] | named[3]
    assert data["nodes"][data["boxes"][1]["out"]]["name"] == "v1"
    assert [box["about"] for box in data["boxes"]][:3] == [
        "43 parameters, 3 ops",
        "25 parameters, 1 op",
        "1 op",
    ]
    assert data["folded"] == []
    for fold, folded in ((True, [1, 2, 3]), ("MLP", [0]), ("Linear", [1, 3]), (["0", "ReLU"], [1, 2])):
        assert sorted(data_of(viz.player(loss, None, retain_graph=True, fold=fold))["folded"]) == folded
    with pytest.raises(ValueError, match="player: no module 'Conv' to fold"):
        viz.player(loss, None, fold="Conv")
    loss.backward()  # and nothing was freed for nothing


def test_the_calls_of_one_module_are_numbered():
    layer = torch.nn.Linear(2, 2)
    model = torch.nn.Sequential(layer, torch.nn.Tanh(), layer)
    with viz.watch(model):
        loss = model(torch.ones(1, 2)).sum()
    titles = [box["title"] for box in data_of(viz.player(loss, None))["boxes"]]
    assert titles == ["Sequential", "0: Linear (call 1)", "1: Tanh", "0: Linear (call 2)"]


class Reader(HTMLParser):
    """Which tags a page opens and closes, and whatever it would load."""

    def __init__(self):
        super().__init__()
        self.open, self.loads = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "input", "path", "br"):
            self.open.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href")]

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing():
    page = viz.player(sum_of_two()[2], None)
    reader = Reader()
    reader.feed(page.html)
    assert reader.open == [] and reader.loads == []
    assert "http" not in page.html.replace("http-equiv", "")
    assert "url(" not in page.html.replace("url(#tip", "")


def test_ten_nodes_take_far_less_than_300_kilobytes():
    torch.manual_seed(0)
    model = torch.nn.MLP(4, 5, 3)
    X, labels = torch.randn(2, 4), torch.tensor([0, 2])
    with viz.watch(model):
        loss = torch.nn.functional.cross_entropy(model(X), labels)
    page = viz.player(loss, None)
    assert len(data_of(page)["nodes"]) == 10
    assert len(page.html.encode()) < 90_000


def test_text_of_the_users_cannot_break_the_page():
    name = "</script><b>&\"'"
    x = leaf(1.0)
    page = viz.player(x * 2, None, names={name: x}, title=f"{name} /*script*/")
    assert "</script><b>" not in page.html
    data = data_of(page)
    assert data["nodes"][0]["name"] == name and data["title"].startswith(name)
    reader = Reader()
    reader.feed(page.html)
    assert reader.open == []


def test_a_notebook_shows_it_in_place():
    page = viz.player(sum_of_two()[2], None)
    assert page._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert re.fullmatch(r"<Page of \d\d KiB>", repr(page))


def test_a_folder_that_is_missing_is_told_before_anything_happens(tmp_path):
    x = leaf(2.0)
    y = x * x
    with pytest.raises(
        FileNotFoundError, match=r"player: there is no folder .*nowhere to write page.html into"
    ):
        viz.player(y, tmp_path / "nowhere" / "page.html")
    assert x.grad is None
    y.backward()  # nothing was freed


def test_what_was_never_recorded_is_refused():
    with pytest.raises(RuntimeError, match="player: nothing is recorded"):
        viz.player(torch.ones(1), None)
