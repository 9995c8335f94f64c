"""Every op of the table, drawn from its own domain, is read, drawn, explained and played."""

import json
import re

import numpy as np
import pytest

import minigrad as torch
from minigrad import viz
from minigrad._tensor.calls import RECORD
from minigrad.ops.op import REGISTRY
from minigrad.testing import RandomDrawer, draw_sample
from minigrad.viz._explain import explain
from minigrad.viz._names import Names
from minigrad.viz._paths import paths_to
from minigrad.viz._scene import Scene

OPS = [name for name, op in REGISTRY.items() if op.rules]


def computed(name, seed):
    """A loss through one op, the op's operands, and its result."""
    op = REGISTRY[name]
    arrays, options = draw_sample(op, RandomDrawer(seed))
    operands = [
        torch.tensor(x, requires_grad=x.dtype.kind == "f") if isinstance(x, np.ndarray) else x for x in arrays
    ]
    out = RECORD[op.name](operands, {**op.options, **options})[0]
    weights = torch.linspace(0.5, 1.5, max(out.numel(), 1), dtype=out.dtype)[: out.numel()].reshape(out.shape)
    return operands, out, (out * weights).sum()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", OPS)
def test_it_is_read_explained_and_played_as_it_was(name, seed):
    with viz.watch():
        operands, out, loss = computed(name, seed)
    if not loss.requires_grad:
        pytest.skip("this sample has no floating operand")
    scene = Scene(loss, Names({}, {}))
    entry = scene.of[out.grad_fn]
    np.testing.assert_array_equal(entry.value, out.detach().numpy())
    for operand in entry.operands:
        given = operands[operand.place]
        if isinstance(given, torch.Tensor):
            np.testing.assert_array_equal(operand.source.value, given.detach().numpy())
        elif given is not None:
            assert operand.value == given

    leaves = [x for x in operands if isinstance(x, torch.Tensor) and x.requires_grad]
    expected = torch.autograd.grad(loss, leaves, retain_graph=True, allow_unused=True)
    for leaf, grad in zip(leaves, expected, strict=True):
        if grad is not None:
            parts = [path.value for path in paths_to(scene, scene.of[leaf._node], np.ones(()), 99)]
            np.testing.assert_allclose(sum(parts), grad.numpy(), rtol=1e-9, atol=1e-12)

    account = explain(loss)
    assert f"{name}(" in account.text or " = " in account.text
    assert account.markdown.count("$") % 2 == 0
    assert "->" in viz.graph(loss).source if leaves else True
    page = viz.player(loss, None)
    steps = json.loads(re.findall(r'id="data">(.*?)</script>', page.html, re.DOTALL)[0])["steps"]
    assert steps[-1]["title"] == "Done"
    assert all(leaf.grad is None for leaf in leaves)


@pytest.mark.parametrize("name", OPS)
def test_without_watch_nothing_untrue_is_said(name):
    """What the derivatives keep is all that is known then; whatever is shown is what it was."""
    operands, out, loss = computed(name, 1)
    if not loss.requires_grad:
        pytest.skip("this sample has no floating operand")
    scene = Scene(loss, Names({}, {}))
    entry = scene.of[out.grad_fn]
    if entry.value is not None:
        np.testing.assert_array_equal(entry.value, out.detach().numpy())
    for operand in entry.operands:
        given = operands[operand.place]
        value = operand.value if operand.source is None else operand.source.value
        if value is not None:
            given = given.detach().numpy() if isinstance(given, torch.Tensor) else given
            np.testing.assert_array_equal(value, given)
    assert explain(loss).text
