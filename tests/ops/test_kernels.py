"""Functions that rules and engine share: undoing broadcasting, axes, storage kernels."""

import numpy as np
import pytest

from minigrad.ops.kernels import (
    ONE,
    count,
    keep,
    keep_dims,
    keep_nonzero,
    kernel,
    normalize_dim,
    normalize_dims,
    positive_part,
    product,
    reverse_scan,
    shifted,
    sigmoid,
    softmax,
    spread,
    sum_rows,
    unbroadcast,
)
from minigrad.ops.places import add_along, is_basic, pad, scatter_index, take_along


@pytest.mark.parametrize(
    ("from_", "to"),
    [
        ((2, 3), (3,)),
        ((2, 3), (1, 3)),
        ((2, 3), (2, 1)),
        ((2, 3), ()),
        ((4, 2, 3), (2, 1)),
        ((1, 1), (1,)),
        ((0, 3), (3,)),
    ],
)
def test_unbroadcast_sums_over_the_repeated_axes(from_, to):
    g = np.arange(float(np.prod(from_, dtype=int))).reshape(from_)
    back = unbroadcast(g, to)
    assert back.shape == to
    # The sum of g weighted by any broadcast array equals the sum of what came back weighted by the array.
    weights = np.random.default_rng(0).standard_normal(to)
    np.testing.assert_allclose((back * weights).sum(), (g * weights).sum())


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
@pytest.mark.parametrize(
    "shape", [(0, 3), (1, 3), (5, 3), (5, 0), (1023, 2), (1024, 2), (1025, 2), (3000, 2), (4,)]
)
def test_the_sum_of_rows(shape, dtype):
    g = np.random.default_rng(0).integers(-3, 4, shape).astype(dtype)
    for lying in (g, np.asfortranarray(g), np.repeat(g, 2, axis=0)[::2]):
        found = sum_rows(lying)
        assert found.dtype == g.dtype
        np.testing.assert_array_equal(found, g.sum(0))
    repeated = np.broadcast_to(np.ones(shape[1:], dtype), (4, *shape[1:]))
    np.testing.assert_array_equal(sum_rows(repeated), np.full(shape[1:], 4))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize(
    ("a", "b"),
    [((2, 3), (3, 4)), ((200, 100), (100, 3)), ((0, 3), (3, 2)), ((3,), (3,)), ((5, 2, 3), (3, 2))],
)
def test_products_of_small_and_large_matrices(a, b, dtype):
    draw = np.random.default_rng(0)
    x, y = (draw.integers(-3, 4, shape).astype(dtype) for shape in (a, b))
    found = product(x, y)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, x @ y)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_is_not_kept_is_0_whatever_it_was(dtype):
    g = np.array([[1.5, np.inf, np.nan], [-2.0, -np.inf, np.nan]], dtype)
    mask = np.array([[True, False, False], [False, True, True]])
    wanted = np.array([[1.5, 0.0, 0.0], [0.0, -np.inf, np.nan]], dtype)
    for lying in (g, np.asfortranarray(g)):
        found = keep(lying, mask)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, wanted)
        assert not np.signbit(found[~mask]).any()
    np.testing.assert_array_equal(keep(g, mask[0]), np.where(mask[0], g, 0))
    np.testing.assert_array_equal(keep(g[0], mask), np.where(mask, g[0], 0))
    for kept in (True, False):
        np.testing.assert_array_equal(keep(g, kept), g if kept else np.zeros_like(g))
        np.testing.assert_array_equal(keep(g[0, :1].reshape(()), np.array(kept)), 1.5 * kept)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_is_kept_where_something_is_not_zero(dtype):
    g = np.array([1.5, np.inf, np.nan, -np.inf, np.nan, 2.0], dtype)
    x = np.array([2.0, 0.0, -0.0, np.nan, 1.0, 0.0], dtype)
    wanted = np.array([1.5, 0.0, 0.0, -np.inf, np.nan, 0.0], dtype)
    for reach in (g, np.stack([g, g]), g[:1].reshape(())):
        for other in (x, np.stack([x, x]), x[:1].reshape(()), x[1:2].reshape(())):
            found = keep_nonzero(reach, other)
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, np.where(other != 0, reach, 0).astype(dtype))
            assert not np.signbit(found[found == 0]).any()
    np.testing.assert_array_equal(keep_nonzero(g, x), wanted)


def test_a_number_is_there_in_every_dtype_and_nobody_can_change_it():
    for dtype in ("float16", "float32", "float64", "int64", "uint8"):
        one = ONE[np.dtype(dtype)]
        assert one.dtype == dtype and one.shape == () and one == 1 and ONE[np.dtype(dtype)] is one
        with pytest.raises(ValueError, match="read-only"):
            one += 1
    np.testing.assert_array_equal(positive_part(np.array([-1.0, -0.0, 2.0, np.nan])), [0, 0, 2, np.nan])
    with pytest.raises(ValueError, match="got bool"):
        positive_part(np.array([True]))


@pytest.mark.parametrize(
    ("shape", "wrong"), [((3,), ()), ((3,), (1,)), ((2, 3), (3,)), ((3, 1), (3,)), ((3,), (4,))]
)
def test_unbroadcast_does_not_hide_a_gradient_of_the_wrong_shape(shape, wrong):
    with pytest.raises(ValueError, match="a gradient of shape"):
        unbroadcast(np.ones(wrong), shape)


def test_axes_count_from_both_ends_and_0d_has_one():
    assert [normalize_dim(d, 3) for d in (0, 2, -1, -3, np.int64(1))] == [0, 2, 2, 0, 1]
    assert normalize_dim(0, 0) == normalize_dim(-1, 0) == 0
    for d in (3, -4):
        with pytest.raises(IndexError, match=r"range of \[-3, 2\], but got"):
            normalize_dim(d, 3)
    with pytest.raises(TypeError, match="dim must be an int, not float"):
        normalize_dim(1.0, 3)


def test_several_axes():
    assert normalize_dims(None, 3) == normalize_dims((), 3) == (0, 1, 2)
    assert (
        normalize_dims(-1, 3) == (2,) and normalize_dims([0, -1], 3) == (0, 2) and normalize_dims(0, 0) == ()
    )
    with pytest.raises((ValueError, RuntimeError), match=r"twice|multiple times"):
        normalize_dims((0, -3), 3)


def test_undoing_a_reduction():
    g = np.array([1.0, 2.0])
    assert spread(g, (2, 3), 1, False).tolist() == [[1.0] * 3, [2.0] * 3]
    assert spread(g[:, None], (2, 3), 1, True).tolist() == [[1.0] * 3, [2.0] * 3]
    assert keep_dims(np.ones((4,)), (2, 4, 3), (0, 2)).shape == (1, 4, 1)
    assert count((2, 3, 4), (0, -1)) == 8 and count((2, 3), None) == 6 and count((), None) == 1


def test_which_indices_are_basic():
    assert all(map(is_basic, (0, slice(None), None, ..., (0, slice(1), None))))
    assert not any(map(is_basic, ([0], True, np.array([0]), (0, [1]), (slice(None), np.True_))))


def test_scattering_adds_up_repeated_places():
    g = np.array([1.0, 10.0, 100.0])
    assert scatter_index(g, (np.array([0, 0, 2]),), (3,)).tolist() == [11.0, 0.0, 100.0]
    assert scatter_index(g, (slice(1, 4),), (5,)).tolist() == [0.0, 1.0, 10.0, 100.0, 0.0]
    x, index = np.arange(6.0).reshape(2, 3), np.array([[2, 2], [0, 1]])
    assert take_along(x, index, 1).tolist() == [[2.0, 2.0], [3.0, 4.0]]
    assert add_along(np.ones((2, 2)), index, 1, (2, 3)).tolist() == [[0.0, 0.0, 2.0], [1.0, 1.0, 0.0]]


def test_padding_lists_the_last_axis_first_and_crops_where_negative():
    x = np.arange(6.0).reshape(2, 3)
    assert pad(x, (1, 0)).tolist() == [[0.0, 0.0, 1.0, 2.0], [0.0, 3.0, 4.0, 5.0]]
    assert pad(x, (-1, 0, 0, 1), value=9.0).tolist() == [[1.0, 2.0], [4.0, 5.0], [9.0, 9.0]]
    with pytest.raises(ValueError, match="pair"):
        pad(x, (1,))


def test_scans():
    x = np.array([1.0, 2.0, 3.0])
    assert shifted(x, 0, 7.0).tolist() == [7.0, 1.0, 2.0]
    # s2 = 1; s1 = 1 + 3 s2; s0 = 1 + 2 s1
    assert reverse_scan(np.ones(3), x, 0).tolist() == [9.0, 4.0, 1.0]


def test_activations_at_extremes():
    with np.errstate(all="ignore"):
        assert sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0.0, 0.5, 1.0]
        assert softmax(np.array([1000.0, 1000.0, -np.inf]), 0).tolist() == [0.5, 0.5, 0.0]


def test_a_kernel_asks_arrays_that_know_better():
    class Other:
        takes_kernels = True

        def __array_function__(self, function, types, args, kwargs):
            return function, args, kwargs

    @kernel
    def twice(x, factor=2):
        """Its words."""
        return x * factor

    other = Other()
    assert twice(np.float64(3)) == 6 and twice.__doc__ == "Its words."
    assert twice(other, factor=3) == (twice, (other,), {"factor": 3})
