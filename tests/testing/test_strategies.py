"""The strategies: what they draw is of the kinds they promise, and shrinks."""

from random import Random

import numpy as np
from hypothesis import find, given, settings, strategies as st

import minigrad as torch
from minigrad.testing import strategies as some


def exists(strategy, condition):
    find(strategy, condition)
    return True


def test_tensors_are_of_every_kind():
    assert exists(some.tensors(), lambda x: x.ndim == 0)
    assert exists(some.tensors(), lambda x: x.numel() == 0)
    assert exists(some.tensors(), lambda x: x.ndim == 3)
    assert exists(some.tensors(), lambda x: x.numel() > 1 and not x.is_contiguous())
    assert exists(some.tensors(requires_grad=None), lambda x: not x.requires_grad)
    assert exists(some.tensors(requires_grad=None), lambda x: x.requires_grad)


@given(some.tensors((2, 3), low=0.5, high=2.0, avoid=(1.0,), dtype=np.float32, requires_grad=False))
def test_tensors_are_as_asked(x):
    assert x.shape == (2, 3) and x.dtype == torch.float32 and not x.requires_grad
    assert ((x >= 0.5) & (x <= 2) & ((x - 1).abs() > 0.1)).all()


@given(some.tensors(dtype=np.int64))
def test_integer_tensors_require_no_grad(x):
    assert x.dtype == torch.int64 and not x.requires_grad


@given(some.tensors(distinct=True))
def test_distinct_tensors_have_no_ties(x):
    assert len(np.unique(np.abs(x.detach().numpy()))) == x.numel()


@given(some.broadcastable(3))
def test_broadcastable_tensors_add_up(xs):
    assert sum(xs).shape == np.broadcast_shapes(*(x.shape for x in xs))


def test_broadcastable_tensors_are_stretched_in_every_way():
    assert exists(some.broadcastable(), lambda xs: xs[0].ndim > xs[1].ndim > 0)
    assert exists(some.broadcastable(), lambda xs: xs[0].shape != xs[1].shape and xs[0].ndim == xs[1].ndim)


def test_overlapping_tensors_share_memory():
    def shared(xs):
        return np.shares_memory(xs[0].detach().numpy(), xs[1].detach().numpy())

    assert exists(some.overlapping(), shared)
    assert exists(some.overlapping(), lambda xs: shared(xs) and xs[0].data_ptr() != xs[1].data_ptr())


@given(some.matmul_pairs())
def test_matmul_pairs_fit(pair):
    a, b = pair
    assert (a @ b).numel() == np.matmul(a.detach().numpy(), b.detach().numpy()).size


@given(st.data())
def test_indices_mean_to_a_tensor_what_they_mean_to_an_array(data):
    x = data.draw(some.tensors((2, 3, 2)))
    index = data.draw(some.indices((2, 3, 2)))
    np.testing.assert_array_equal(x[index].detach().numpy(), x.detach().numpy()[index])


@given(some.shapes(min_dims=1, max_dims=2, min_side=1, max_side=3))
def test_shapes_are_within_bounds(shape):
    assert 1 <= len(shape) <= 2 and all(1 <= n <= 3 for n in shape)


def test_programs_shrink_to_what_is_needed():
    # Every time the same search, and not from the example that an earlier one left.
    program = find(
        some.programs(),
        lambda p: any("@" in made for _, made in p.lines),
        settings=settings(database=None, max_examples=1000),
        random=Random(0),
    )
    assert len(program.lines) == 1
    assert len(str(program).splitlines()) <= 4
