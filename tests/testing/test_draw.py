"""The drawers: they draw what a domain asks for, and what hypothesis drew shrinks to something simple."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings, strategies as st

from minigrad.ops.op import REGISTRY, Interval
from minigrad.testing import RandomDrawer, draw_sample, strategies as some

seeds = st.integers(0, 2**32 - 1)
sizes = st.lists(st.integers(0, 4), max_size=3).map(tuple)
full_sizes = st.lists(st.integers(1, 4), max_size=3).map(tuple)


@given(seeds)
def test_shapes_broadcast_together(seed):
    d = RandomDrawer(seed)
    shapes = d.shapes(3)
    assert len(np.broadcast_shapes(*shapes)) <= 3
    equal = RandomDrawer(seed, equal_shapes=True).shapes(3)
    assert len(set(equal)) == 1


def test_shapes_are_sometimes_scalar_empty_stretched_and_of_size_one():
    d = RandomDrawer(0)
    drawn = [d.shapes(2) for _ in range(300)]
    assert any(a == () for a, _ in drawn)
    assert any(0 in a for a, _ in drawn)
    assert any(a != b and len(a) == len(b) for a, b in drawn)
    assert any(len(a) != len(b) for a, b in drawn)


@given(seeds, sizes)
def test_values_lie_in_the_interval_and_off_its_kinks(seed, shape):
    x = RandomDrawer(seed).values(shape, Interval(-1.0, 2.5, avoid=(0.0, 2.0)))
    assert x.shape == shape and x.dtype == np.float64
    assert ((x >= -1) & (x <= 2.5)).all()
    assert (np.abs(x) >= 0.1).all() and (np.abs(x - 2) >= 0.1).all()


def test_values_of_an_interval_without_room_are_refused():
    with pytest.raises(ValueError, match="no value is left"):
        RandomDrawer(0).values((2,), Interval(0.0, 0.0, avoid=(0.0,)))


@given(seeds, sizes)
def test_distinct_values_never_tie_in_size(seed, shape):
    size = np.sort(np.abs(RandomDrawer(seed).distinct(shape)), axis=None)
    assert (np.diff(size) > 0.02).all() and (size >= 0.2).all()


@given(seeds)
def test_arrays_drawn_apart_never_tie(seed):
    d = RandomDrawer(seed)
    a, b = d.apart(*d.shapes(2))
    assert (np.abs(a - b) > 0.1).all()


@given(seeds, sizes)
def test_reshaped_has_the_same_size(seed, shape):
    assert np.zeros(shape).reshape(RandomDrawer(seed).reshaped(shape)).size == np.prod(shape)


@given(seeds, full_sizes)
def test_dims_name_axes_once(seed, shape):
    dims = RandomDrawer(seed).dims(shape)
    named = () if dims is None else dims if isinstance(dims, tuple) else (dims,)
    assert len({d % max(len(shape), 1) for d in named}) == len(named)


@given(seeds, full_sizes)
def test_an_index_fits_and_without_repeats_meets_no_place_twice(seed, shape):
    places = np.arange(np.prod(shape)).reshape(shape)
    assert places[RandomDrawer(seed).index(shape)].ndim <= 7
    met = places[RandomDrawer(seed).index(shape, repeats=False)]
    assert np.unique(met).size == met.size


def test_indices_are_of_every_kind():
    d = RandomDrawer(0)
    drawn = [d.index((2, 3, 4)) for _ in range(300)]
    parts = [p for index in drawn for p in (index if isinstance(index, tuple) else (index,))]
    kinds = {type(p) for p in parts} | {p.dtype.kind for p in parts if isinstance(p, np.ndarray)}
    assert kinds >= {int, slice, type(None), type(Ellipsis), np.ndarray, "b", "i"}
    assert any(isinstance(p, np.ndarray) and p.ndim == 2 and p.dtype.kind == "i" for p in parts)


@given(seeds, sizes)
def test_a_layout_keeps_the_values(seed, shape):
    x = np.random.default_rng(seed).normal(size=shape)
    np.testing.assert_array_equal(RandomDrawer(seed).layout(x), x)


def test_layouts_are_sometimes_not_contiguous():
    d, x = RandomDrawer(0), np.ones((2, 3))
    assert any(not d.layout(x).flags.c_contiguous for _ in range(30))


def test_the_same_seed_draws_the_same():
    first, second = (draw_sample(REGISTRY["matmul"], RandomDrawer(7))[0] for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(seed=seeds, name=st.sampled_from(sorted(REGISTRY)))
def test_every_domain_gives_a_call_that_runs(seed, name):
    op = REGISTRY[name]
    inputs, options = draw_sample(op, RandomDrawer(seed))
    with np.errstate(all="ignore"):
        op.forward(*inputs, **options)


def test_hypothesis_shrinks_values_to_simple_numbers():
    inputs, _ = find(some.samples(REGISTRY["div"]), lambda s: s[0][0].size >= 2)
    assert set(np.ravel(inputs[0])) <= {0.0, 1.0} and set(np.ravel(inputs[1])) <= {1.0}


def test_hypothesis_shrinks_a_shape_to_the_smallest():
    inputs, _ = find(some.samples(REGISTRY["add"]), lambda s: s[0][0].ndim == 2 and s[0][0].size)
    assert inputs[0].shape == (1, 1)
    assert find(some.samples(REGISTRY["add"]), lambda s: s[0][0].size == 0)[0][0].shape == (0,)


def test_needs_no_hypothesis_but_for_the_strategies():
    code = """
        import sys
        sys.modules["hypothesis"] = None
        from minigrad.testing import RandomDrawer, check_grads
        check_grads(lambda x: x * x, RandomDrawer(0).signs((2,)))
        try:
            import minigrad.testing.strategies
        except ImportError as error:
            assert "pip install hypothesis." in str(error), error
        else:
            raise AssertionError("imported without hypothesis")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
