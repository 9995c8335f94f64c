"""Corners of functions, with PyTorch 2.13's numbers, dtypes and refusals beside them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad.nn import functional as F
from minigrad.testing import check_grads

t, nan, inf = torch.tensor, math.nan, math.inf
HALF = torch.float16


def half(*values):
    return t(values, dtype=HALF)


def slopes(function, *values):
    xs = [x.clone().requires_grad_() for x in values]
    function(*xs).sum().backward()
    return [x.grad.tolist() for x in xs]


VALUES = {  # call: dtype, values
    "fractions as factors of integers are cut": (
        lambda: torch.addmv(t([1, 2]), t([[1, 2], [3, 4]]), t([1, 1]), beta=0.7, alpha=1.9),
        torch.int64, [3, 7]
    ),
    "addmm": (lambda: torch.addmm(t([[9]]), t([[2]]), t([[3]]), beta=0.7), torch.int64, [[6]]),
    "baddbmm": (lambda: torch.baddbmm(t([[[1]]]), t([[[2]]]), t([[[3]]]), beta=0.5), torch.int64, [[[6]]]),
    "addbmm of bytes": (
        lambda: torch.addbmm(*(torch.full((1,) * n, 2, dtype=torch.uint8) for n in (2, 3, 3))),
        torch.uint8, [[6]]
    ),
    "addr of booleans": (lambda: torch.addr(t([[True]]), t([True]), t([True]), beta=3), torch.bool, [[True]]),
    "diff of order 0": (
        lambda: torch.diff(torch.ones(3), n=0, prepend=torch.ones(1)), torch.float32, [1.0] * 3
    ),
    "vander of short integers": (
        lambda: torch.vander(t([1, 200], dtype=torch.uint8), 3), torch.int64, [[1, 1, 1], [40000, 200, 1]]
    ),
    "vander of a number": (lambda: torch.linalg.vander(t(2.0), N=3), torch.float32, [[1.0, 2.0, 4.0]]),
    "block_diag with a number": (
        lambda: torch.block_diag(t([1.0]), t(2.0, dtype=torch.float64)),
        torch.float32, [[1.0, 0.0], [0.0, 2.0]]
    ),
    "unravel_index of short integers": (
        lambda: torch.unravel_index(t([4], dtype=torch.uint8), (2, 3))[1], torch.int64, [1]
    ),
    "xlog1py with a number": (
        lambda: torch.special.xlog1py(t([1.0]), t(1.0, dtype=torch.float64)), torch.float32, [math.log(2)]
    ),
    "igamma of an integer": (lambda: torch.igamma(t([1.0]), t(2)), torch.float32, [1 - math.exp(-2)]),
    "arange of bytes": (
        lambda: torch.arange(0.0, -8.000001, -4.0, dtype=torch.uint8), torch.uint8, [0, 252, 248]
    ),
    "an axis of size 1 in tensordot": (
        lambda: torch.tensordot(torch.ones(1, 1, 1), torch.ones(2, 1, 2), dims=([0, 1], [2, 0])),
        torch.float32, [[4.0]],
    ),
    "gradient with spacing None": (
        lambda: torch.gradient(t([1.0, 2.0, 4.0]), spacing=None)[0], torch.float32, [1.0, 1.5, 2.0]
    ),
    "scatter_reduce of booleans": (
        lambda: t([True, False]).scatter_reduce(0, t([0, 0]), t([True, False]), "prod"),
        torch.bool, [False, False]
    ),
    "index_reduce of no axes": (lambda: t(1.0).index_reduce(0, t([0]), t(2.0), "mean"), torch.float32, 1.5),
    "cov of halves and weights": (
        lambda: torch.cov(t([[1.0, 2.0], [3.0, 5.0]], dtype=HALF), aweights=t([1.0, 1.0])),
        torch.float32, [[0.5, 1.0], [1.0, 2.0]],
    ),
    "polygamma at a pole": (lambda: torch.polygamma(2, t([0.0, -1.0])), torch.float32, [-inf, -inf]),
    "polygamma of odd order at a pole": (lambda: torch.polygamma(3, t([0.0])), torch.float32, [inf]),
    "rms_norm of halves": (
        lambda: F.rms_norm(half(300.0, 400.0, 500.0), (3,)), HALF, [0.73486328125, 0.97998046875, 1.224609375]
    ),
    "avg_pool of halves": (lambda: F.avg_pool1d(half(6e4, 6e4).reshape(1, 1, 2), 2), HALF, [[[6e4]]]),
    "adaptive_avg_pool of halves": (
        lambda: F.adaptive_avg_pool1d(half(6e4, 6e4, 6e4).reshape(1, 1, 3), 2), HALF, [[[6e4, 6e4]]]
    ),
    "lerp of halves": (lambda: torch.lerp(half(6e4), half(-6e4), 0.5), HALF, [0.0]),
    "addcmul of halves": (lambda: torch.addcmul(half(-6e4), half(300.0), half(300.0)), HALF, [3e4]),
    "gelu of halves": (lambda: F.gelu(half(-3.0)), HALF, [-0.004047393798828125]),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_the_values_are_pytorchs(name):
    call, dtype, expected = VALUES[name]
    found = call()
    assert found.dtype == dtype
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)


def test_the_nans_of_a_median_share_its_gradient():
    assert slopes(torch.median, t([1.0, nan, nan])) == [[0.0, 0.5, 0.5]]


def test_windows_of_a_long_vector_give_its_gradient():
    (found,) = slopes(lambda x: x.unfold(0, 3, 11), torch.ones(1000))
    assert found == [1.0 if i % 11 < 3 and i - i % 11 + 3 <= 1000 else 0.0 for i in range(1000)]


@pytest.mark.parametrize("upper", [False, True])
def test_solutions_by_a_factor_have_pytorchs_gradient_also_for_the_triangle_not_read(upper):
    L = t([[2.0, 0.0], [1.0, 3.0]], dtype=torch.float64)
    L = L.mT if upper else L
    B = t([[1.0], [2.0]], dtype=torch.float64)
    A = L.mT @ L if upper else L @ L.mT
    X = torch.linalg.solve(A, B)
    gB = torch.linalg.solve(A, torch.ones(2, 1, dtype=torch.float64))
    both = gB @ X.mT + X @ gB.mT
    expected = -(L @ both if upper else both @ L)
    found = slopes(lambda L: torch.cholesky_solve(B, L, upper), L)[0]
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-12)
    inverse = torch.linalg.inv(A)
    both = inverse @ torch.full((2, 2), 2.0, dtype=torch.float64) @ inverse
    expected = -(L @ both if upper else both @ L)
    found = slopes(lambda L: torch.cholesky_inverse(L, upper), L)[0]
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-12)


def test_a_hermitian_pseudo_inverse_reads_the_lower_triangle():
    A = t([[2.0, 9.0], [1.0, 3.0]], dtype=torch.float64)
    whole = t([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    np.testing.assert_allclose(torch.linalg.pinv(A, hermitian=True).numpy(), torch.linalg.pinv(whole).numpy())
    mine = slopes(lambda A: torch.linalg.pinv(A, hermitian=True), A)
    np.testing.assert_allclose(mine, slopes(torch.linalg.pinv, whole))


def test_solving_for_no_columns():
    LU = torch.lu(torch.eye(3).expand(2, 3, 3))
    assert torch.lu_solve(torch.ones(2, 3, 0), *LU).shape == (2, 3, 0)


def test_flags_of_to_are_non_blocking_and_copy():
    x = torch.ones(2)
    assert x.to("cpu", torch.float32, True) is x
    assert x.to("cpu", torch.float32, True, True) is not x
    assert x.to(torch.float32, False, True) is not x and x.to(x, False, True) is not x


REFUSED = {
    "float_power_ of float32": (lambda: t([2.0]).float_power_(2), "requires dtype float64"),
    "cumsum_ in another dtype": (lambda: t([2.0]).cumsum_(0, dtype=torch.float64), "should match"),
    "cumprod_ in another dtype": (lambda: t([2.7]).cumprod_(0, dtype=torch.int64), "should match"),
    "an x of more axes than y": (
        lambda: torch.trapezoid(torch.ones(3), x=torch.ones(2, 3)), "more axes than y"
    ),
    "hinge loss of integers": (lambda: F.hinge_embedding_loss(t([1, 2]), t([1, -1])), "floating"),
    "kl_div of integers": (lambda: F.kl_div(t([-1.0, -2.0]), t([1, 0])), "target is of int64"),
    "lerp of two dtypes": (lambda: torch.lerp(t([1.0]), t(2.0, dtype=torch.float64), 0.5), "float64"),
    "fractions as factors in addr": (lambda: torch.addr(t([[1]]), t([1]), t([1]), beta=0.5), "fractions"),
    "gradient along one axis twice": (lambda: torch.gradient(torch.ones(3, 3), dim=(1, 1)), "multiple times"),
    "means of booleans": (
        lambda: t([True]).scatter_reduce(0, t([0]), t([True]), "mean"), "no mean"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_as_in_pytorch_an_error_refuses(name):
    call, message = REFUSED[name]
    with pytest.raises(RuntimeError, match=message):
        call()


def test_one_running_statistic_alone_is_refused():
    for given in ({"running_mean": torch.zeros(2)}, {"running_var": torch.ones(2)}):
        with pytest.raises(ValueError, match="must either both be None or neither"):
            F.instance_norm(torch.ones(1, 2, 3), **given)


def test_nothing_was_written_by_what_is_refused():
    x = t([2.0, 3.0])
    for call in (lambda: x.float_power_(2), lambda: x.cumsum_(0, dtype=torch.float64)):
        with pytest.raises(RuntimeError, match="Nothing was written"):
            call()
    assert x.tolist() == [2.0, 3.0]
    assert t([2.0], dtype=torch.float64).float_power_(2).tolist() == [4.0]
    assert x.cumsum_(0, dtype=torch.float32).tolist() == [2.0, 5.0]


def test_slopes_beside_inf_and_nan():
    assert slopes(torch.lerp, t([1.0, inf]), t([2.0, 1.0]), t([0.3, 0.7]))[2] == [1.0, -inf]
    assert slopes(torch.pow, t([nan, 0.0, inf]), t([0.0, 0.0, 0.0]))[0] == [0.0, 0.0, 0.0]
    assert slopes(torch.special.entr, t([0.0, 1.0]))[0] == [inf, -1.0]
    assert torch.special.entr(t([0.0, 1.0, -1.0])).tolist() == [0.0, -0.0, -inf]
    assert torch.gradient(t([1.0, inf, 2.0, 3.0, 5.0]))[0].tolist() == [inf, 0.5, -inf, 1.5, 2.0]
    assert slopes(torch.nextafter, t([1.0, 2.0, nan]), t([1.0, 3.0, 1.0])) == [[0.0, 1.0, 1.0], [0.0] * 3]


def test_nan_belongs_beyond_the_last_place():
    assert torch.searchsorted(t([1.0, 2.0]), t([nan, 1.5])).tolist() == [2, 1]
    assert torch.bucketize(t([nan]), t([1.0, nan])).tolist() == [2]


def test_a_number_is_turned_over_and_back():
    assert slopes(lambda x: x.flip(-1) * 2, t(1.0)) == [2.0]


def test_sums_as_integers_of_what_requires_grad_are_refused():
    x = torch.ones(2, requires_grad=True)
    for call in (torch.sum, torch.prod, torch.nansum, lambda x, **how: torch.cumsum(x, 0, **how)):
        with pytest.raises(RuntimeError, match="Autograd not support dtype: int64"):
            call(x, dtype=torch.int64)
        with torch.no_grad():
            assert call(x, dtype=torch.int64).dtype == torch.int64
    assert x.sum(dtype=torch.float64).requires_grad


def test_lerp_has_derivatives_of_every_order():
    a, b, w = (torch.rand(3, dtype=torch.float64, requires_grad=True) for _ in range(3))
    assert torch.autograd.gradgradcheck(torch.lerp, (a, b, w))
    assert torch.lerp(a, b, 0.3).grad_fn.name() == "LerpBackward0"


LAID_DOWN = {
    "exp of integers": torch.exp,
    "a comparison with floats": lambda x: x == 0.5,
    "a sum with floats": lambda x: x + torch.ones(3, 4),
    "a product with a fraction": lambda x: x * 0.5,
    "another dtype": lambda x: x.to(torch.float16),
}


@pytest.mark.parametrize("name", LAID_DOWN)
def test_results_on_an_expanded_tensor_stand_in_rows(name):
    x = torch.arange(4).expand(3, 4)
    y = LAID_DOWN[name](x)
    assert y.is_contiguous() and y.stride() == (4, 1)
    assert y.view(-1).tolist() == LAID_DOWN[name](x.contiguous()).reshape(-1).tolist()


@pytest.mark.parametrize("function", [torch.cummax, torch.cummin])
def test_running_extremes_of_a_transposed_tensor_stand_in_rows(function):
    x = torch.rand(4, 3).T
    found = function(x, 1)
    assert all(part.is_contiguous() for part in found)
    assert F.rms_norm(x, (4,)).is_contiguous()


def test_nothing_divided_by_0_is_nothing():
    x = torch.zeros(0, 3, dtype=torch.int64)
    for call in (torch.fmod, torch.remainder, torch.floor_divide):
        assert call(x, 0).shape == (0, 3)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        torch.fmod(torch.ones(1, dtype=torch.int64), 0)


def test_results_that_are_parts_of_others_stand_in_rows():
    A = torch.rand(2, 3, 3) @ torch.rand(3, 3)
    for values in (torch.linalg.eigvalsh(A + A.mT), torch.linalg.svdvals(A), torch.linalg.eigh(A + A.mT)[0]):
        assert values.view(-1).shape == (6,)
    x = torch.rand(1, 1, 6, 6)
    for size, stride in (((1, 2), 3), ((2, 1), 3), (1, 2)):
        assert F.max_pool2d(x, size, stride).is_contiguous()
    assert torch.gradient(torch.rand(3, 4), dim=0)[0].is_contiguous()


def test_the_places_of_a_gradient_do_not_run_out_of_digits():
    x = torch.arange(0, 4000, dtype=torch.float16) % 7
    slope = torch.gradient(x)[0]
    assert slope[-1].item() == x[-1].item() - x[-2].item() and bool(slope.isfinite().all())
    assert torch.gradient(t([1.0, 4.0, 9.0, 16.0]), edge_order=2, spacing=0.5)[0].tolist() == [
        4.0,
        8.0,
        12.0,
        16.0,
    ]


# --- ranks and running extremes --------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4,), (3, 5), (40, 300), (2, 90, 70)])
@pytest.mark.parametrize("kind", ["distinct", "tied", "nan", "int"])
def test_a_rank_is_that_of_a_stable_sort_and_extremes_so_far_those_of_one_after_the_other(shape, kind):
    rng = np.random.default_rng(0)
    x = {
        "distinct": lambda: rng.permutation(int(np.prod(shape))).reshape(shape).astype(np.float32),
        "tied": lambda: rng.choice([0.0, -0.0, 1.0, -np.inf, np.inf], shape),
        "nan": lambda: rng.choice([0.0, 1.0, np.nan, np.inf], shape),
        "int": lambda: rng.integers(0, 9, shape),
    }[kind]()
    for axis, n in enumerate(shape):
        order = np.argsort(x, axis, kind="stable")
        for k in {1, 2, n // 2, n}:
            values, indices = torch.tensor(x).kthvalue(k, axis)
            places = np.take(order, [k - 1], axis)
            assert np.array_equal(indices.numpy(), places.squeeze(axis))
            wanted = np.take_along_axis(x, places, axis).squeeze(axis)
            assert np.array_equal(values.numpy(), wanted, equal_nan=kind != "int")
            assert np.array_equal(np.signbit(values.numpy()), np.signbit(wanted))
        for name, ufunc in (("cummax", np.maximum), ("cummin", np.minimum)):
            values, indices = getattr(torch.tensor(x), name)(axis)
            assert np.array_equal(values.numpy(), ufunc.accumulate(x, axis), equal_nan=kind != "int")
            numbers = np.arange(n).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
            taken = (x == values.numpy()) | (x != x)
            last = np.maximum.accumulate(np.where(taken, numbers, 0), axis)
            assert np.array_equal(indices.numpy(), last)


@pytest.mark.parametrize("name", ["cummax", "cummin"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_gradient_of_an_extreme_so_far_is_the_sum_over_its_run(name, axis):
    rng = np.random.default_rng(1)
    x = torch.tensor(rng.standard_normal((3, 40, 5)), requires_grad=True)
    values, indices = getattr(x, name)(axis)
    g = rng.standard_normal(x.shape)
    values.backward(torch.tensor(g))
    wanted = np.zeros(x.shape)
    places = list(np.indices(x.shape))
    places[axis] = indices.numpy()
    np.add.at(wanted, tuple(places), g)
    np.testing.assert_allclose(x.grad.numpy(), wanted, rtol=1e-13, atol=1e-13)


def test_an_axis_of_size_1_in_tensordot_keeps_the_dtype():
    short = torch.full((1, 3), 2, dtype=torch.int16)
    assert torch.tensordot(short, short, 1).dtype == torch.int16


def test_no_points_have_no_area_of_their_dtype():
    area = torch.trapezoid(torch.ones(2, 0, dtype=torch.int32))
    assert area.dtype == torch.int32 and area.tolist() == [0, 0]


@pytest.mark.parametrize("times", [0, 1, 3, 9])
@pytest.mark.parametrize("dim", [0, 1, -1, None])
def test_each_element_several_times_is_numpys_repeat_and_the_gradients_of_its_copies_are_summed(times, dim):
    x = torch.tensor(np.arange(24.0).reshape(2, 3, 4), requires_grad=True)
    y = x.repeat_interleave(times, dim)
    assert np.array_equal(y.detach().numpy(), np.repeat(x.detach().numpy(), times, dim))
    places = torch.repeat_interleave(torch.arange(24).reshape(2, 3, 4), times, dim).numpy()
    g = np.random.default_rng(0).standard_normal(y.shape)
    y.backward(torch.tensor(g))
    wanted = np.zeros(24)
    np.add.at(wanted, places, g)
    np.testing.assert_allclose(x.grad.numpy().ravel(), wanted, rtol=1e-14, atol=1e-14)


def test_distances_of_pairs_have_derivatives_of_two_orders_and_none_at_0():
    rng = np.random.default_rng(0)
    a, b = torch.tensor(rng.standard_normal((2, 3, 4))), torch.tensor(rng.standard_normal((5, 4)))
    check_grads(torch.cdist, a, b, order=2)
    far = torch.tensor(1e6 + np.array([[0.0, 1e-3, 0.0]]), requires_grad=True)
    near = torch.tensor(np.full((2, 3), 1e6), requires_grad=True)
    d = torch.cdist(far, near)  # by differences: a product would lose all digits
    np.testing.assert_allclose(d.tolist(), [[1e-3, 1e-3]], rtol=1e-6)
    d.sum().backward()
    np.testing.assert_allclose(far.grad.tolist(), [[0.0, 2.0, 0.0]])
    same = torch.ones(2, 3, requires_grad=True)
    torch.cdist(same, torch.ones(1, 3)).sum().backward()
    assert same.grad.tolist() == [[0.0] * 3] * 2
