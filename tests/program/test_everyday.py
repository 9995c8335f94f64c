"""Functions and layers as scripts call them are traced whole, and their programs equal eager mode."""

import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from everyday import EVERYDAY


def run(function, arrays):
    torch.manual_seed(1)
    inputs = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    out = function(*inputs)
    if not isinstance(out, torch.Tensor):
        out = out[0]
    leaves = [x for x in (*inputs, *getattr(function, "parameters", list)()) if x.requires_grad]
    gradients = torch.autograd.grad(out, leaves, torch.cos(out.detach()), allow_unused=True)
    return [x.detach().numpy() for x in (out, *gradients) if x is not None]


@pytest.mark.parametrize("name", EVERYDAY)
def test_it_is_traced_and_equals_eager(name):
    make, arrays = EVERYDAY[name]
    eager = make()
    traced = make()
    compiled = torch.compile(traced, fullgraph=True)
    for turn in range(3):
        given = [np.roll(a, turn) for a in arrays]
        for mine, right in zip(run(compiled, given), run(eager, given), strict=True):
            np.testing.assert_allclose(mine, right, rtol=1e-5, atol=1e-6)
