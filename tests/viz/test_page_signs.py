"""The page as data: its legend, its type, its program."""

import json
import re
from importlib.resources import files

import minigrad as torch
from minigrad import viz
from minigrad.viz._player import _SIGNS

PAGE = files("minigrad.viz") / "page"
CSS = (PAGE / "page.css").read_text(encoding="utf-8")


def data_of(page):
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.html, re.DOTALL)
    return json.loads(found)


def network():
    torch.manual_seed(0)
    model = torch.nn.MLP(4, 5, 3)
    X, labels = torch.randn(2, 4), torch.tensor([0, 2])
    with viz.watch(model):
        loss = torch.nn.functional.cross_entropy(model(X), labels)
    return viz.player(loss)


def test_each_sign_has_one_meaning_and_each_meaning_one_sign():
    assert len(set(_SIGNS.values())) == len(_SIGNS)
    signs = [entry["sign"] for entry in data_of(network())["legend"]]
    assert len(set(signs)) == len(signs)


def test_the_legend_has_the_signs_of_the_page_and_no_others():
    signs = {entry["sign"] for entry in data_of(network())["legend"]}
    assert signs == {
        *("parameter", "op", "constant", "module", "now", "forward", "backward", "dashes", "gradient"),
        *("bars", "freed"),
    }
    x = torch.tensor(2.0, requires_grad=True)
    signs = {entry["sign"] for entry in data_of(viz.player(x * x, retain_graph=True))["legend"]}
    assert signs == {"leaf", "op", "now", "forward", "backward", "gradient"}


def test_every_sign_has_a_picture():
    for sign in _SIGNS:
        assert re.search(rf"\.sign\.{sign}\b", CSS), sign


def test_every_colour_of_a_card_is_in_the_legend():
    for kind in re.findall(r"\.card\.(\w+) \{ background", CSS):
        assert kind in _SIGNS or kind == "waiting", kind


def test_no_type_is_smaller_than_12_pixels():
    sizes = [float(n) for n in re.findall(r"(?:font-size: |font: (?:\d+ )?)([\d.]+)px", CSS)]
    assert len(sizes) > 5 and min(sizes) >= 12
    assert all(float(n) * 16 >= 12 for n in re.findall(r"(?:font-size: |font: (?:\d+ )?)([\d.]+)rem", CSS))


def test_the_program_has_the_lines_that_made_the_leaves():
    x = torch.tensor(2.0, requires_grad=True)
    # a line between them
    y, _ = torch.tensor(3.0, requires_grad=True), 0
    with viz.watch():
        z = x * y
    data = data_of(viz.player(z))
    codes = [line["code"] for line in data["lines"]]
    assert codes[:2] == [
        "x = torch.tensor(2.0, requires_grad=True)", "y, _ = torch.tensor(3.0, requires_grad=True), 0",
    ]  # fmt: skip
    assert "    z = x * y" in codes
    assert data["steps"][0]["line"] == 0


def test_the_passes_of_a_loop_have_names():
    w = torch.tensor(0.5, requires_grad=True)
    h = torch.tensor(1.0)
    with viz.watch():
        for _ in range(3):
            h = torch.tanh(w * h)
        y = h
        for _ in range(2):
            y = torch.exp(y)
        once = y * 2
    names = [node["name"] for node in data_of(viz.player(once))["nodes"] if node["op"] in ("tanh", "exp")]
    assert names == ["h (1st)", "h (2nd)", "h (3rd)", "y (1st)", "y (2nd)"]
    assert "h (2nd) = tanh(v2)" in viz.explain(once).text


def test_the_passes_of_a_model_have_names_and_what_is_inside_has_not():
    model = torch.nn.MLP(2, 3, 1)
    x = torch.ones(1, 2)
    total = torch.tensor(0.0)
    with viz.watch(model):
        for _ in range(2):
            out = model(x)
            total = total + out.sum()
    names = [node["name"] for node in data_of(viz.player(total))["nodes"]]
    assert [name for name in names if name.startswith(("out", "total"))] == [
        "out (1st)", "total (1st)", "out (2nd)", "total (2nd)",
    ]  # fmt: skip


def test_the_text_on_cards_fits():
    for node in data_of(network())["nodes"]:
        assert node["value"] is None or len(node["value"]["text"]) <= 19


def test_a_page_of_math_is_no_latex():
    x = torch.tensor(2.0, requires_grad=True)
    assert "\\frac" not in viz.explain(x * x)._repr_html_() and "$" not in viz.explain(x * x)._repr_html_()
