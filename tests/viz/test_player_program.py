"""The player beside the compiled program: each step lights the lines that do it."""

import json

import pytest

import minigrad as torch
from minigrad import viz

nn = torch.nn


def data_of(page):
    return json.loads(page.html.split('<script type="application/json" id="data">')[1].split("</script>")[0])


def lit(page):
    """By step, as it is called, the lines that are lit, without their comments."""
    data = data_of(page)
    rows = [row.partition("  #")[0].strip() for row in data["program"]]
    return {
        (step["phase"], step["title"]): [rows[n] for n in step["rows"]]
        for step in data["steps"]
        if step["nodes"]
    }


def test_steps_light_the_lines_that_do_them():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor([0.5, 0.25], requires_grad=True)

    def loss_of(x):
        h = torch.tanh(x * w + b)
        return (h * h).sum()

    fast, x = torch.compile(loss_of), torch.tensor([3.0, 4.0])
    fast(x)
    with viz.watch():
        loss = fast(x)
    page = viz.player(loss, program=fast)
    found = lit(page)
    assert data_of(page)["program"][0] == '"""loss_of of x (2,), and its derivative: plain NumPy."""'
    assert found["forward", "h = tanh(v2)"] == ["h = np.tanh(x * w + b)"]
    assert found["backward", "v2 → v1"] == []  # an addition hands the gradient on: there is nothing to do
    assert found["backward", "Gradient of w"] == ["'w': grad_w,"]
    assert found["backward", "Gradient of b"][0].startswith("'b': ")
    source = fast.source.splitlines()
    assert len(data_of(page)["program"]) == len(source)


def test_each_part_of_a_linear_layer_has_its_line_and_leaves_are_known_without_names():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x = torch.randn(5, 3)
    fast = torch.compile(lambda x: model(x).sum())
    fast(x)
    with viz.watch(model):
        loss = fast(x)
    found = lit(viz.player(loss, program=fast))
    parts = {title: lines for (phase, title), lines in found.items() if "→ 0." in title}
    assert {title.partition("→ ")[2]: len(lines) for title, lines in parts.items()} == {
        "0.weight": 1,
        "0.bias": 1,
    }
    assert all(
        "_weight" in lines[0] if "weight" in title else "_bias" in lines[0] for title, lines in parts.items()
    )
    for name in ("0.weight", "0.bias", "2.weight", "2.bias"):
        (line,) = found["backward", f"Gradient of {name}"]
        assert line.startswith("'") and name[-4:] in line


def test_steps_outside_of_the_program_light_nothing():
    w = torch.ones(2, requires_grad=True)
    fast, x = torch.compile(lambda x: (x * w).exp()), torch.ones(2)
    fast(x)
    with viz.watch():
        y = fast(x)
        loss = (y * y).sum()
    found = lit(viz.player(loss, program=fast))
    assert found["forward", "y = exp(v1)"]
    assert [lines for (_, title), lines in found.items() if title.startswith("loss = sum(")] == [[]]


def test_a_program_of_something_else_is_refused():
    w = torch.ones(2, requires_grad=True)
    fast = torch.compile(lambda x: x * w)
    with pytest.raises(ValueError, match=r"must be what .* returned, not function"):
        viz.player((w * 2).sum(), program=lambda x: x)
    with pytest.raises(ValueError, match="there is no program yet; call it once before watch"):
        viz.player((w * 2).sum(), program=fast)
    fast(w)
    with pytest.raises(ValueError, match="no step of this backward is in the program"):
        viz.player((w * 2).sum(), program=fast)


def test_without_a_program_the_page_is_as_before():
    x = torch.tensor(2.0, requires_grad=True)
    data = data_of(viz.player(x * x))
    assert data["program"] == [] and not any("rows" in step for step in data["steps"])
