"""Functions and layers as scripts call them run on any array that speaks NumPy's protocols."""

import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor.record import wrap

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
from everyday import EVERYDAY
from strict import Strict

DRAWN = {"Dropout", "Dropout2d", "AlphaDropout", "RReLU"}  # NumPy draws; the array's own library would


def run(make, arrays, kind):
    function = make()
    inputs = [wrap(kind(a.copy()), None) for a in arrays]
    if isinstance(function, torch.nn.Module):
        for p in (*function.parameters(), *function.buffers()):
            p.data = wrap(kind(p.detach().numpy().copy()), None)
    for x in inputs:
        if x.is_floating_point():
            x.requires_grad_()
    out = function(*inputs)
    out = out if isinstance(out, torch.Tensor) else out[0]
    leaves = [x for x in (*inputs, *getattr(function, "parameters", list)()) if x.requires_grad]
    gradients = torch.autograd.grad(out, leaves, torch.cos(out.detach()), allow_unused=True)
    return [x._array for x in (out, *gradients) if x is not None]


@pytest.mark.parametrize("name", [name for name in EVERYDAY if name not in DRAWN])
def test_it_runs_on_any_array(name):
    make, arrays = EVERYDAY[name]
    for mine, right in zip(run(make, arrays, Strict), run(make, arrays, np.asarray), strict=True):
        assert type(mine) is Strict
        np.testing.assert_allclose(mine.array, right, rtol=1e-5, atol=1e-6)
