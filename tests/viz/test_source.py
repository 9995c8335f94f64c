import linecache

import minigrad as torch
from minigrad import viz
from minigrad.viz._source import Line, assigned, excerpts, line_of


def test_a_recorded_line_is_taken_apart():
    assert line_of("C:\\me\\fit.py:3: x = 1") == Line("C:\\me\\fit.py", 3, "x = 1")
    assert line_of("<stdin>:1") == Line("<stdin>", 1, "")
    assert line_of("an unknown line") is None
    assert str(Line("/home/me/fit.py", 3, "")) == "fit.py:3"


def test_the_name_that_a_line_gives():
    assert assigned("y = f(x)") == "y"
    assert assigned("y: Tensor = f(x)") == "y"
    assert assigned("y += x") == "y"
    for other in ("y = z = f(x)", "a, b = f(x)", "self.y = f(x)", "f(", "if x:", "y = 1; z = 2", ""):
        assert assigned(other) == ""


def test_of_a_statement_over_several_lines_the_whole_is_known():
    x = torch.tensor(2.0, requires_grad=True)
    with viz.watch():
        total = (
            x * 3
            + torch.sin(
                x  # a comment is no part of it
            )
        )  # fmt: skip
    told = str(torch.explain(total))
    assert told.count("test_source.py:") == 1
    assert "total = x * 3 + torch.sin(x)" in told
    line = line_of(total.grad_fn.watch.line)
    assert line.more == 5
    rows, ends = excerpts([line])
    first, last = ends[line]
    assert rows[first]["code"].strip() == "total = (" and rows[last]["code"].strip().startswith(")")


def test_a_name_is_taken_from_a_statement_over_several_lines():
    def model(x):
        hidden = torch.tanh(
            x,
        )  # fmt: skip
        return hidden * 2

    x = torch.tensor(2.0, requires_grad=True)
    with viz.watch():
        y = model(x)
    assert "hidden = tanh(x)" in str(torch.explain(y))


def test_a_long_statement_is_cut_where_it_is_shown():
    line = Line("fit.py", 1, "y = " + " + ".join(["x"] * 100))
    assert len(line.short) == 101 and line.short.endswith("…")


def test_a_file_that_changed_since_is_not_believed(tmp_path):
    path = tmp_path / "fit.py"
    path.write_text("y = f(\n    x)\n", encoding="utf-8")
    assert line_of(f"{path}:2: x)") == Line(str(path), 1, "y = f(x)", 1)
    assert line_of(f"{path}:2: z)") == Line(str(path), 2, "z)")
    assert line_of(f"{path}:9: z)") == Line(str(path), 9, "z)")
    linecache.checkcache()


def test_a_cell_of_a_notebook_is_called_one():
    assert str(Line("<ipython-input-7-0a1b2c>", 2, "y = x")) == "cell 7:2"
    assert str(Line("/tmp/ipykernel_123/456.py", 2, "y = x")) == "notebook cell:2"
    linecache.cache["<ipython-input-8-0a>"] = (
        9,
        None,
        ["%magic\n", "y = f(\n", "    x)\n"],
        "<ipython-input-8-0a>",
    )
    try:
        assert line_of("<ipython-input-8-0a>:2: y = f(") == Line("<ipython-input-8-0a>", 2, "y = f(")
    finally:
        del linecache.cache["<ipython-input-8-0a>"]
