"""Sums are as accurate as PyTorch's, whatever the axes, the memory layout and the op that they are part of.

PyTorch 2.13's sum over a million rows of float32 is off by 6e-7 (of 0.1) and 1e-7 (of random numbers), its
cumsum, which adds in float64, by 4e-8. The bound is 2e-6: NumPy's own sums are off by up to 1e-2.
"""

import itertools

import numpy as np
import pytest

import minigrad as torch
from minigrad._tensor.calls import CALLS
from minigrad.nn import functional as F
from minigrad.ops import sums
from minigrad.ops.op import REGISTRY
from minigrad.ops.sums import accumulate, add_at, sum_rows, total

BOUND = 2e-6


def layouts(x):
    """The same numbers, lying otherwise in memory; some of them repeated, where only that lies so."""
    order = tuple(np.random.default_rng(0).permutation(x.ndim))
    yield from (x, np.asfortranarray(x), x[::-1], x[..., ::-1], np.repeat(x, 2, -1)[..., ::2])
    yield np.ascontiguousarray(x.transpose(order)).transpose(tuple(np.argsort(order)))
    yield np.broadcast_to(x[:1], x.shape)
    yield np.broadcast_to(x[..., :1], x.shape)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool"])
@pytest.mark.parametrize(
    "shape",
    [(), (300,), (1000, 3), (257, 1), (3, 1000, 2), (40, 50, 3, 7), (1030, 20), (5, 1030), (5000, 1, 3),
     (1, 1, 300), (0, 400), (400, 0), (3, 0, 400)],
)  # fmt: skip
def test_a_total_has_the_value_shape_and_dtype_of_the_sum(shape, dtype):
    x = (np.random.default_rng(0).random(shape) * 3).astype(dtype)
    for lying in layouts(x) if x.size and x.ndim else (x,):
        exact = lying.astype(np.float64)
        several = [itertools.combinations(range(x.ndim), n) for n in range(x.ndim + 1)]
        for axes in [None, *range(-x.ndim, x.ndim), *itertools.chain(*several)]:
            for keepdims in (False, True):
                found = total(lying, axes, keepdims)
                expected = np.add.reduce(exact, axis=axes, keepdims=keepdims)
                assert np.shape(found) == np.shape(expected)
                assert found.dtype == np.add.reduce(lying, axis=axes).dtype
                bound = 1e-3 if dtype == "float16" else BOUND if dtype == "float32" else 1e-14
                np.testing.assert_allclose(found, expected, rtol=bound)


@pytest.mark.parametrize("kind", ["constant", "random"])
@pytest.mark.parametrize("shape", [(1_000_000, 2), (3, 200_000), (500, 3, 500), (9000, 100)])
def test_a_long_total_is_accurate_over_every_axis_and_layout(shape, kind):
    x = np.full(shape, 0.1, np.float32)
    if kind == "random":
        x = np.random.default_rng(0).random(shape, np.float32)
    for lying in layouts(x):
        exact = lying.astype(np.float64)
        for axes in [None, *range(x.ndim), tuple(range(x.ndim))[::2], tuple(range(x.ndim))[1:]]:
            np.testing.assert_allclose(total(lying, axes), exact.sum(axes), rtol=BOUND)
        np.testing.assert_allclose(sum_rows(lying), exact.sum(0), rtol=BOUND)


def test_float16_is_added_as_float32():
    x = np.array([60000.0, 60000.0, -60000.0], np.float16)  # 60000 in PyTorch as well
    assert total(x) == 60000 and total(np.stack([x, x], 1), 0).tolist() == [60000, 60000]
    assert accumulate(np.add, x, 0).tolist() == [60000, np.inf, 60000]  # as in PyTorch
    with np.errstate(all="raise"):
        assert total(np.full(3000, 60000, np.float16)) == np.inf


@pytest.mark.parametrize("ufunc", [np.add, np.multiply])
@pytest.mark.parametrize("shape", [(7,), (1, 4), (5, 300), (300, 5), (4, 300, 300), (0, 3), (3, 0)])
def test_running_sums_and_products(shape, ufunc):
    x = 0.9 + 0.2 * np.random.default_rng(0).random(shape)
    for dtype in (np.float32, np.float64, np.int32):
        for lying in layouts(x.astype(dtype)) if x.size else (x.astype(dtype),):
            for axis in range(x.ndim):
                found = accumulate(ufunc, lying, axis)
                wide = np.float64 if found.dtype.kind == "f" else np.int64
                assert found.dtype == (np.int64 if dtype is np.int32 else dtype)
                exact = ufunc.accumulate(lying.astype(wide), axis=axis)
                np.testing.assert_allclose(found, exact, rtol=6e-8 if dtype is np.float32 else 1e-15)


INDICES = {
    "rows": (np.array([0, 4, 4, -1, 2]),),
    "one row many times": (np.repeat(np.arange(6), [90, 0, 1, 2, 40, 3]),),
    "a matrix of rows": np.array([[0, 5], [5, 5]]),
    "no row": (np.array([], np.int64),),
    "a single row": (np.array(3),),
    "int32": (np.array([1, 1], np.int32),),
    "columns": (slice(None), np.array([2, 2, 0])),
    "elements": (np.array([1, 1, 2]), np.array([3, 3, 0])),
    "elements many times": (np.ones(99, np.int64), np.full(99, 2)),
    "mixed": (np.array([1, 1]), slice(1, 3)),
    "mask of rows": (np.array([True, False, True, False, True, False]),),
    "mask of elements": np.arange(24).reshape(6, 4) % 3 == 0,
    "a list": [0, 0, 1],
    "new axis": (None, np.array([0, 0])),
}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 3)])
def test_what_is_added_at_places_adds_up(shape, index, dtype):
    place = np.zeros(shape)[index].shape
    g = (np.random.default_rng(0).integers(-8, 9, place) / 4).astype(dtype)
    for given in (g, np.broadcast_to(g.ravel()[:1].reshape((1,) * g.ndim), place) if g.size else g):
        expected = np.zeros(shape)
        np.add.at(expected, index, given.astype(np.float64))
        found = add_at(shape, index, given)
        assert found.dtype == dtype and found.flags.writeable
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(3,), (3, 2), (100_000,), (50_000, 2)])
def test_a_million_at_one_place(shape):
    g = np.full((1_000_000, *shape[1:]), 0.1, np.float32)
    found = add_at(shape, (np.full(1_000_000, 1),), g)
    np.testing.assert_allclose(found[1], 1e6 * np.float64(np.float32(0.1)), rtol=BOUND)
    assert not found[0].any() and not found[2:].any()


def test_float16_is_added_at_places_as_float32():
    g = np.array([[60000.0], [60000.0], [-60000.0]], np.float16)
    for rows in (2, 1000):
        for width in (1, 2):
            found = add_at((rows, width), (np.array([1, 1, 1]),), np.repeat(g, width, 1))
            assert found.dtype == np.float16 and found[1].tolist() == [60000.0] * width


def test_places_that_are_not_there_are_refused():
    for index in ((np.array([0, 6]),), (np.array([-7]),), (np.array([0]), np.array([4]))):
        with pytest.raises(IndexError):
            add_at(
                (6, 4),
                index,
                np.ones(np.broadcast_shapes(*[i.shape for i in index]) + (4,) * (len(index) == 1)),
            )


def test_no_sum_keeps_memory_behind():
    kept = {char: ones.size for char, ones in sums._ONES.items()}
    sum_rows(np.ones((3_000_000, 1), np.float32))
    sum_rows(np.ones((100_000, 20), np.float32))
    assert {char: ones.size for char, ones in sums._ONES.items()} == kept


# --- every op that sums, forward or backward ---------------------------------------------------------

N = 100_000
ROWS, COLUMNS = (N, 3), (3, N)
ALONG = [(ROWS, 0), (COLUMNS, 1), (ROWS, None), (COLUMNS, None)]
ZEROS = np.zeros(N, np.int64)


def _along(name, **options):
    return [(shape, lambda x, dim=dim: CALLS[name](x, dim=dim, **options)) for shape, dim in ALONG]


def _scan(name, **options):
    return [(shape, lambda x, dim=dim: CALLS[name](x, dim=dim, **options)) for shape, dim in ALONG[:2]]


def _zeros(like, *shape):
    return torch.zeros(shape, dtype=like.dtype)


# By op: shapes, and a function of a long array x in which the op sums over many, forward or backward.
LONG = {
    "sum": _along("sum"),
    "mean": _along("mean"),
    "amax": _along("amax"),
    "amin": _along("amin"),
    "max": [(ROWS, lambda x: x.max())],
    "min": [(ROWS, lambda x: x.min())],
    "var": _along("var"),
    "std": _along("std"),
    "logsumexp": _along("logsumexp"),
    "vector_norm": [case for p in (0.5, 1.0, 2.0, 3.0) for case in _along("vector_norm", ord=p)],
    "cumsum": _scan("cumsum"),
    "logcumsumexp": _scan("logcumsumexp"),
    "cummax": _scan("cummax"),
    "repeat_each": [
        ((3,), lambda x: x.repeat_interleave(N, 0)), ((3, 1), lambda x: x.repeat_interleave(N, 1))
    ],
    "cummin": _scan("cummin"),
    "softmax": _scan("softmax"),
    "log_softmax": _scan("log_softmax"),
    "standardize": _along("standardize"),
    "mse_loss": [
        (ROWS, lambda x: F.mse_loss(x, x.detach() * 0.5, reduction="sum")),
        (ROWS, lambda x: F.mse_loss(x, x.detach() * 0.5)),
    ],
    "cross_entropy": [
        (ROWS, lambda x: F.cross_entropy(x, torch.tensor(ZEROS))),
        (COLUMNS, lambda x: F.cross_entropy(x, torch.tensor([1, 2, 1]))),
        (ROWS, lambda x: F.cross_entropy(x, torch.tensor(ZEROS), reduction="sum", label_smoothing=0.1)),
        (COLUMNS, lambda x: F.cross_entropy(x, torch.tensor([1, 2, 1]), label_smoothing=0.1)),
    ],
    "nll_loss": [
        (ROWS, lambda x: F.nll_loss(x, torch.tensor(ZEROS), weight=_zeros(x, 3) + 0.1)),
        (ROWS, lambda x: F.nll_loss(x, torch.tensor(ZEROS))),
    ],
    "binary_cross_entropy": [(ROWS, lambda x: F.binary_cross_entropy(x, x.detach() * 0.5))],
    "binary_cross_entropy_with_logits": [
        (ROWS, lambda x: F.binary_cross_entropy_with_logits(x, x.detach() * 0.5)),
        ((3,), lambda x: F.binary_cross_entropy_with_logits(_zeros(x, N, 3), _zeros(x, N, 3), pos_weight=x)),
    ],
    "einsum": [(ROWS, lambda x: torch.einsum("ij->j", x)), ((1000, 1000), lambda x: torch.einsum("ii->", x))],
    "trace": [((1000, 1000), lambda x: x.trace())],
    "tile": [((3,), lambda x: x.repeat(N, 1)), ((3, 1), lambda x: x.tile(N))],
    "expand": [((3,), lambda x: x.expand(N, 3)), ((3, 1), lambda x: x.expand(3, N))],
    "add": [
        ((1, 3), lambda x: x + _zeros(x, N, 3)), ((3,), lambda x: x + _zeros(x, N, 3)),
        ((3, 1), lambda x: _zeros(x, 2, 3, N) + x),
    ],
    "linear": [
        ((3,), lambda b: F.linear(_zeros(b, N, 2), _zeros(b, 3, 2), b)),
        ((20,), lambda b: F.linear(_zeros(b, N, 2), _zeros(b, 20, 2), b)),
        ((3,), lambda b: F.linear(_zeros(b, 2, N // 2, 2), _zeros(b, 3, 2), b)),
    ],
    "getitem": [((3, 2), lambda x: x[torch.tensor(ZEROS)]), ((3, 2), lambda x: x[:, torch.tensor(ZEROS)])],
    "gather": [((3, 1), lambda x: x.gather(0, torch.tensor(ZEROS).reshape(-1, 1)))],
    "scatter_index": [(ROWS, lambda x: _zeros(x, 2, 3).index_add(0, torch.tensor(ZEROS), x))],
    "add_along": [
        (ROWS, lambda x: _zeros(x, 2, 3).scatter_add(0, torch.zeros(N, 3, dtype=torch.int64), x))
    ],
}  # fmt: skip
# Where terms cancel to 0, their last digits remain (of standardize by 316, the square root of 1/eps).
CANCELLED = {"standardize": 3e-5, "softmax": 2e-11, "log_softmax": 2e-6}
# An op with a dim or a reduction that adds nothing over many; einsum's and matmul's sums are BLAS's.
ADDS_NOTHING = {
    "prod", "max_dim", "min_dim", "argmax", "argmin", "all", "any", "cumprod", "reverse_scan", "cat", "stack",
    "scatter", "sort", "topk", "argsort", "squeeze", "unsqueeze", "kthvalue", "median_dim",
}  # fmt: skip


def test_every_op_that_sums_is_among_those_that_are_measured():
    along = {name for name, op in REGISTRY.items() if {"dim", "reduction"} & set(op.options)}
    assert along - ADDS_NOTHING <= set(LONG)
    assert not ADDS_NOTHING & set(LONG)


def results(function, x, g=None):
    """The output and the gradient, in float64."""
    x = torch.tensor(x, requires_grad=True)
    out = function(x)
    g = np.full(out.shape, 0.1) if g is None else g(out.shape)
    (grad,) = torch.autograd.grad(out, x, torch.tensor(g.astype(x.dtype)))
    assert out.dtype == grad.dtype == x.dtype
    return out.detach().numpy().astype(np.float64), grad.numpy().astype(np.float64)


def drawn(shape):
    return np.random.default_rng(1).random(shape)


@pytest.mark.parametrize(
    ("name", "shape", "function"),
    [
        pytest.param(name, *case, id=f"{name}-{i}")
        for name, cases in LONG.items()
        for i, case in enumerate(cases)
    ],
)
def test_a_sum_over_many_is_that_of_float64(name, shape, function):
    constant = np.full(shape, 0.1, np.float32)
    random = 0.1 + 0.8 * drawn(shape).astype(np.float32)
    peak = constant.copy()
    peak[:1] = 0.4  # beside it the exponentials are all 0.74; a standard deviation beside it is no measure
    for x in (constant, random) if name == "standardize" else (constant, random, peak):
        for lying in (x, np.asfortranarray(x)):
            for g in (None, drawn):
                found, exact = results(function, lying, g), results(function, lying.astype(np.float64), g)
                for one, other in zip(found, exact, strict=True):
                    size = np.abs(other).max()
                    bound = max(10 * BOUND * size, CANCELLED.get(name, 0) if size < 1e-3 else 0)
                    assert np.abs(one - other).max() <= bound


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("n", [2, 1000])
def test_a_mask_of_a_vector_is_no_vector_of_places(dtype, n):
    """[True, True] as the places 1 and 1 would give the second element all, and the first nothing."""
    g, every = np.arange(n).astype(dtype) % 7, np.ones(n, np.bool_)
    for index in (every, (every,), (..., every), (..., np.arange(n)), (np.arange(n), ...)):
        assert (add_at((n,), index, g) == g).all()
    some = np.arange(n) % 3 == 0
    expected = np.zeros(n, dtype)
    expected[some] = g[: some.sum()]
    assert (add_at((n,), (some,), g[: some.sum()]) == expected).all()
