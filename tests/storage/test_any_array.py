"""Storage that is any array: every op runs on an array that speaks NumPy's protocols and nothing else."""

import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor.record import record, wrap
from minigrad.ops import REGISTRY
from minigrad.testing import RandomDrawer, draw_sample

sys.path.insert(0, str(Path(__file__).parent))
from strict import Strict

F = torch.nn.functional


def cotangent(array, wave, kind):
    g = wave(np.arange(array.size)).reshape(array.shape).astype(array.dtype)
    return wrap(kind(g), None)


def results(op, inputs, options, kind):
    """Forward, gradients and their gradients, over arrays of a kind."""
    operands = [wrap(kind(x.copy()), None) if isinstance(x, np.ndarray) else x for x in inputs]
    for x in operands:
        if isinstance(x, torch.Tensor) and x.is_floating_point():
            x.requires_grad_()
    given = {k: kind(v.copy()) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    out = record(op, operands, {**op.options, **given})[0]
    found = [out]
    leaves = [x for x in operands if isinstance(x, torch.Tensor) and x.requires_grad]
    if out.requires_grad:
        g = cotangent(out._array, np.cos, kind)
        found += torch.autograd.grad(out, leaves, g, retain_graph=True, allow_unused=True)
        if not op.once:
            first = torch.autograd.grad(out, leaves, g, create_graph=True, allow_unused=True)
            first = [x for x in first if x is not None and x.requires_grad]
            if first:
                second = [cotangent(x._array, np.sin, kind) for x in first]
                found += torch.autograd.grad(first, leaves, second, allow_unused=True)
    return [None if x is None else x._array for x in found]


@pytest.mark.parametrize("op", REGISTRY.values(), ids=REGISTRY)
def test_every_op_runs_on_any_array_forward_backward_and_at_second_order(op):
    for seed in range(4):
        inputs, options = draw_sample(op, RandomDrawer(seed))
        expected = results(op, inputs, options, np.asarray)
        for mine, right in zip(results(op, inputs, options, Strict), expected, strict=True):
            if right is None:
                assert mine is None
            else:
                assert type(mine) is Strict and mine.dtype == right.dtype
                np.testing.assert_allclose(mine.array, right, rtol=1e-9, atol=1e-12)


def strict(*shape):
    return Strict(np.random.default_rng(0).normal(size=shape).astype(np.float32))


def test_a_tensor_keeps_the_array_that_it_is_given():
    x = strict(2, 3)
    assert torch.as_tensor(x)._array is x
    assert type(torch.tensor(x)._array) is Strict and torch.tensor(x)._array is not x
    assert torch.as_tensor(x, dtype=torch.float64).dtype == torch.float64
    assert torch.as_tensor(x).sum().item() == pytest.approx(x.array.sum(), rel=1e-6)
    assert "Strict" in repr(torch.as_tensor(x))


def test_an_in_place_op_replaces_an_array_that_cannot_be_written():
    x = torch.as_tensor(strict(3)).requires_grad_()
    y = x * 2
    before = y._array
    z = y.exp()
    y.mul_(3)
    assert y._array is not before  # so what `exp` saved is as it was
    (y.sum() + z.sum()).backward()
    np.testing.assert_allclose(x.grad._array.array, 6 + 2 * np.exp(2 * x._array.array), rtol=1e-5)
    with torch.no_grad():
        y.zero_()
    assert not y._array.array.any()


def test_an_in_place_op_on_a_view_of_such_an_array_is_refused():
    x = torch.as_tensor(strict(3, 2))
    with pytest.raises(RuntimeError, match="zero_ on a view: the storage is a Strict"):
        x.view(6).zero_()
    row = x[0]
    x.mul_(2)
    with pytest.raises(RuntimeError, match="Take the view again, after the write"):
        row + 1
    assert x[0].sum().item() == pytest.approx(x._array.array[0].sum())


def test_gradients_add_up_over_several_backward_calls():
    w = torch.ones(3, requires_grad=True)
    x = torch.as_tensor(strict(3)).requires_grad_()
    for _ in range(2):
        (x * x).sum().backward()
    np.testing.assert_allclose(x.grad._array.array, 4 * x._array.array, rtol=1e-6)
    with pytest.raises(TypeError, match=r"are numpy.ndarray and strict.Strict, which may not combine"):
        w * x


@pytest.mark.parametrize("take", [lambda x: x.data, lambda x: x.detach()], ids=["data", "detach"])
def test_a_write_that_would_not_reach_the_tensor_is_refused(take):
    x = wrap(Strict(np.ones(3)), None)
    with pytest.raises(RuntimeError, match="cannot be written in part"):
        take(x).mul_(2)
    assert (take(x) * 2)._array.array.tolist() == [2.0, 2.0, 2.0]
    x.mul_(3)
    assert take(x)._array.array.tolist() == [3.0, 3.0, 3.0]


def test_new_tensors_are_of_the_kind_of_the_old():
    x = wrap(Strict(np.ones((2, 3))), None)
    made = [torch.zeros_like(x), torch.ones_like(x), x.new_zeros(2), x.new_ones(2), x.new_tensor([1.0, 2.0])]
    for y in made:
        assert type(y._array) is Strict and y.dtype == x.dtype
    assert made[-1]._array.array.tolist() == [1.0, 2.0]
