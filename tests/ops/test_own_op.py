"""An op that a user defines after import is an op like ours: recorded, drawn, explained, broken, tested."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as torch
from minigrad import viz
from minigrad.ops import REGISTRY
from minigrad.ops.__main__ import main
from minigrad.testing import RandomDrawer, check_grads, draw_sample, properties
from minigrad.testing.program_lines import binary, unary
from minigrad.testing.programs import eager, random_program

ROOT = Path(torch.__file__).parent.parent
SOURCE = """
import numpy as np
from minigrad.ops import REAL, Op

swish = Op(
    "swish", lambda x: x / (1 + np.exp(-x)),
    x=lambda g, x, out: g * (out + (1 - out) / (1 + np.exp(-x))),
    formula="d swish(x)/dx = swish(x) + sigmoid(x) * (1 - swish(x))",
    domain=REAL,
    result="float",
)
blend = Op(
    "blend", lambda a, b, *, share=0.25: share * a * a + (1 - share) * b,
    a=lambda g, a, share: g * 2 * share * a,
    b=lambda g, share: g * (1 - share),
    formula="d blend/da = 2 share a,  d blend/db = 1 - share",
    domain=(REAL, REAL),
)
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my_ops.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


@pytest.fixture
def mine(file, monkeypatch):
    """A user's file, imported; the registry is left as it was."""
    before = dict(REGISTRY)
    spec = importlib.util.spec_from_file_location("my_ops", file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "my_ops", module)
    spec.loader.exec_module(module)
    yield module
    REGISTRY.clear()
    REGISTRY.update(before)


def leaf(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_derivatives_of_three_orders_are_those_of_the_formula(mine):
    x = leaf(-1.5, 0.0, 0.7)
    s = 1 / (1 + np.exp(-x.detach().numpy()))
    ds = s * (1 - s)
    d2s = ds * (1 - 2 * s)
    d3s = d2s * (1 - 2 * s) - 2 * ds * ds
    v = x.detach().numpy()
    wanted = [s + v * ds, 2 * ds + v * d2s, 3 * d2s + v * d3s]
    out = mine.swish(x)
    for derivative in wanted:
        (out,) = torch.autograd.grad(out.sum(), x, create_graph=True)
        np.testing.assert_allclose(out.detach().numpy(), derivative, rtol=1e-12)


def test_backward_with_create_graph_knows_an_op_that_came_after_import(mine):
    a, b = leaf(1.0, 2.0), leaf(3.0)
    (mine.blend(a, b, share=0.5) ** 2).sum().backward(create_graph=True)
    (a.grad.sum() + b.grad.sum()).backward()
    assert torch.isfinite(a.grad).all() and torch.isfinite(b.grad).all()
    check_grads(lambda a, b: mine.blend(a, b, share=0.5), a.detach(), b.detach(), order=3)


def test_options_integers_and_plain_arrays_are_treated_as_for_any_op(mine):
    assert mine.swish(torch.tensor([1, 2])).dtype == torch.float32
    assert mine.blend(leaf(2.0), 1.0, share=0.5).tolist() == [2.5]
    np.testing.assert_allclose(mine.swish(np.array([0.0])), [0.0])
    with pytest.raises(TypeError, match=r"blend\(\) got an unexpected keyword argument 'part'"):
        mine.blend(leaf(2.0), leaf(1.0), part=0.5)


def test_it_is_explained_drawn_and_played(mine):
    x = leaf(0.5, 1.0)
    out = mine.swish(x).sum()
    assert "d swish(x)/dx = swish(x) + sigmoid(x) · (1 − swish(x))" in str(torch.explain(out))
    assert "swish" in viz.player(out)._repr_html_()
    pytest.importorskip("graphviz")
    assert "swish" in viz.graph(out).source


def test_the_command_line_shows_its_record(mine, capsys):
    main(["swish"])
    shown = capsys.readouterr().out
    assert mine.swish.formula in shown
    assert "  my_ops.py\n    swish = Op(\n" in shown


@pytest.mark.parametrize("name", ["swish", "blend"])
def test_the_properties_of_every_op_hold_on_its_domain(mine, name):
    op = getattr(mine, name)
    inputs, options = draw_sample(op, RandomDrawer(seed=1))
    properties.gradients_are_derivatives(op, inputs, options)
    inputs, options = draw_sample(op, RandomDrawer(seed=2, equal_shapes=True))
    properties.rules_keep_shape(op, inputs, options)
    properties.rules_keep_dtype(op, inputs, options)
    properties.rules_are_linear(op, inputs, options)


@pytest.mark.usefixtures("mine")
def test_random_programs_draw_it():
    drawn = set()
    for seed in range(200):
        program = random_program(RandomDrawer(seed), kinds=(unary, binary))
        drawn |= program.calls & {"swish", "blend"}
        if drawn == {"swish", "blend"}:
            break
    assert drawn == {"swish", "blend"}
    assert "ops." in str(program)
    by_calls = program.run([torch.from_numpy(x.copy()) for x in program.leaves], call=eager)
    for name in program.outputs:
        np.testing.assert_array_equal(by_calls[name].numpy(), program.scope[name].numpy())


def test_every_mutant_of_it_is_killed(file):
    file.write_text(SOURCE.partition("blend =")[0], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / "mutation" / "mutants.py"), "--file", str(file)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    killed, of = re.search(r"^all +killed (\d+) of (\d+)$", done.stdout, re.M).groups()
    assert killed == of != "0"
