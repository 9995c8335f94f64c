"""Reductions at their edges: numbers and dtypes recorded from PyTorch 2.13 where no formula gives them."""

import numpy as np
import pytest

import minigrad as torch
from minigrad.ops import kernels, sums

inf, nan = np.inf, np.nan
ROWS = [[1.0, nan, 2.0], [1.0, 3.0, 3.0]]


def value_and_gradient(function, x, dtype=torch.float64):
    x = torch.tensor(x, dtype=dtype, requires_grad=True)
    out = function(x)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == dtype
    return out.tolist(), x.grad.tolist()


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


CASES = {
    # amax shares by counting equal elements, of which a row with nan has none: 0/0
    "amax": (lambda x: x.amax(1), ROWS, [nan, 3.0], [[nan] * 3, [0.0, 0.5, 0.5]]),
    "amin": (lambda x: x.amin(1), ROWS, [nan, 1.0], [[nan] * 3, [1.0, 0.0, 0.0]]),
    "amax of all": (lambda x: x.amax(), ROWS, nan, [[nan] * 3] * 2),
    # max of all gives the gradient to the nan, as does max along a dim
    "max of all": (lambda x: x.max(), ROWS, nan, [[0.0, 1.0, 0.0], [0.0] * 3]),
    "min of all": (lambda x: x.min(), [[nan, 1.0], [nan, 0.0]], nan, [[0.5, 0.0], [0.5, 0.0]]),
    "max along": (lambda x: x.max(1)[0], ROWS, [nan, 3.0], [[0.0, 1.0, 0.0]] * 2),
    "logsumexp inf": (lambda x: x.logsumexp(0), [inf, 1.0], inf, [nan, 0.0]),
    "logsumexp -inf": (lambda x: x.logsumexp(0), [-inf, 1.0], 1.0, [0.0, 1.0]),
    "logsumexp of -inf only": (lambda x: x.logsumexp(0), [-inf, -inf], -inf, [nan, nan]),
    "logsumexp of inf only": (lambda x: x.logsumexp(0), [inf, inf], inf, [nan, nan]),
    "logsumexp of both": (lambda x: x.logsumexp(0), [inf, -inf], inf, [nan, 0.0]),
    "logsumexp nan": (lambda x: x.logsumexp(0), [nan, 1.0], nan, [nan, nan]),
    "logsumexp of nothing": (lambda x: x.logsumexp(0), [], -inf, []),
    "softmax -inf": (lambda x: x.softmax(0), [-inf, 1.0], [0.0, 1.0], [0.0, 0.0]),
    "softmax of -inf only": (lambda x: x.softmax(0), [-inf, -inf], [nan, nan], [nan, nan]),
    "log_softmax -inf": (lambda x: x.log_softmax(0)[:1], [-inf, 1.0], [-inf], [1.0, -1.0]),
    "norm 0.5 of inf": (lambda x: torch.linalg.vector_norm(x, 0.5), [inf, 1.0], inf, [nan, inf]),
    "norm 1 of inf": (lambda x: torch.linalg.vector_norm(x, 1), [inf, 1.0], inf, [1.0, 1.0]),
    "norm 1 of nan": (lambda x: torch.linalg.vector_norm(x, 1), [nan, 1.0], nan, [0.0, 1.0]),
    "norm 2 of inf": (lambda x: torch.linalg.vector_norm(x, 2), [inf, 1.0], inf, [nan, 0.0]),
    "norm 3 of inf": (lambda x: torch.linalg.vector_norm(x, 3), [inf, 1.0], inf, [nan, 0.0]),
    "norm inf of inf": (lambda x: torch.linalg.vector_norm(x, inf), [inf, 1.0], inf, [1.0, 0.0]),
    "norm inf of nan": (lambda x: torch.linalg.vector_norm(x, inf), [nan, 1.0], nan, [0.0, 0.0]),
    "norm -inf of nan": (lambda x: torch.linalg.vector_norm(x, -inf), [nan, 1.0], nan, [0.0, 0.0]),
    "norm -1": (lambda x: torch.linalg.vector_norm(x, -1.0), [2.0, 2.0], 1.0, [0.25, 0.25]),
    "std of one": (lambda x: x.std(0), [[1.0, 2.0]], [nan, nan], [[nan, nan]]),
    "std of one, biased": (lambda x: x.std(0, correction=0), [[1.0, 2.0]], [0.0, 0.0], [[0.0, 0.0]]),
    "std with inf": (lambda x: x.std(), [1.0, inf], nan, [nan, nan]),
}


@pytest.mark.parametrize(("function", "x", "value", "gradient"), CASES.values(), ids=CASES)
def test_infinities_and_nan(function, x, value, gradient):
    same(value_and_gradient(function, x), (value, gradient))


@pytest.mark.parametrize("number", [0.1, 1000.1, 1e-20, 1e15, -3.3])
@pytest.mark.parametrize("rows", [2, 3, 7, 1000, 33_333])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_is_constant_has_no_spread(dtype, rows, number):
    if dtype == "float16" and abs(number) > 6e4:
        return
    x = np.full((rows, 2), number, dtype)
    zeros = np.zeros((rows, 2))
    for lying in (x, np.asfortranarray(x)):
        for name in ("std", "var"):
            t = torch.tensor(lying, requires_grad=True)
            out = getattr(t, name)(0)
            out.sum().backward()
            assert out.tolist() == [0.0, 0.0]
            np.testing.assert_array_equal(t.grad.numpy(), zeros)
        t = torch.tensor(lying, requires_grad=True)
        out = torch.nn.functional.batch_norm(t, None, None, training=True)
        np.testing.assert_array_equal(out.detach().numpy(), zeros)
        out = torch.nn.functional.layer_norm(torch.tensor(lying.T.copy()), (rows,))
        np.testing.assert_array_equal(out.numpy(), zeros.T)


DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_of_whole_numbers_are_int64(dtype):
    x = torch.tensor([[1, 0], [1, 1]]).to(getattr(torch, dtype))
    for found, expected in [
        (x.sum(), 3), (x.sum(0), [2, 1]), (x.sum((0, 1)), 3), (x.prod(), 0), (x.prod(0), [1, 0]),
        (x.cumsum(0), [[1, 0], [2, 1]]), (x.cumprod(0), [[1, 0], [1, 0]]),
    ]:  # fmt: skip
        assert found.dtype == torch.int64 and found.tolist() == expected
    assert x[0, 0].sum().dtype == x[0, 0].cumsum(0).dtype == x[0, 0].prod().dtype == torch.int64
    assert x.amax(0).dtype == x.max().dtype == x.dtype
    assert x.float().logsumexp(0).dtype == x.logsumexp(0).dtype == torch.float32
    for name in ("mean", "var", "std", "norm"):
        with pytest.raises(RuntimeError):
            getattr(x, name)()
    if dtype == "bool":
        with pytest.raises(NotImplementedError, match="bool"):
            x.trace()
    else:
        assert x.trace().dtype == torch.int64 and x.trace().item() == 2
        assert torch.full((300, 300), 100).to(x.dtype).trace().item() == 30_000


HALVES = {
    "sum": (lambda x: x.sum(0), [60000.0, 60000.0, -60000.0], 60000.0, [1.0, 1.0, 1.0]),
    "mean": (lambda x: x.mean(), [60000.0, 60000.0], 60000.0, [0.5, 0.5]),
    "norm": (lambda x: x.norm(), [600.0, 600.0], 848.5, [0.707, 0.707]),
    "norm 3": (lambda x: x.norm(p=3), [600.0, 600.0], 756.0, [0.63, 0.63]),
    "var": (lambda x: x.var(), [600.0, 600.0], 0.0, [0.0, 0.0]),
    "std": (lambda x: x.std(), [300.0, 900.0], 424.25, [-0.707, 0.707]),
    "cumsum": (lambda x: x.cumsum(0)[2], [60000.0, 60000.0, -60000.0], 60000.0, [1.0, 1.0, 1.0]),
}


@pytest.mark.parametrize(("function", "x", "value", "gradient"), HALVES.values(), ids=HALVES)
def test_float16_passes_beyond_its_range_in_between(function, x, value, gradient):
    found, slope = value_and_gradient(function, x, torch.float16)
    assert found == value
    np.testing.assert_allclose(slope, gradient, rtol=1e-3)


def test_float16_counts_beyond_65504():
    n = 70_000
    share = float(np.float16(1 / n))
    functions = {
        "max": lambda x: x.max(), "min": lambda x: x.min(), "amax": lambda x: x.amax(0),
        "mean": lambda x: x.mean(), "logsumexp": lambda x: x.logsumexp(0),
        "softmax": lambda x: x.softmax(0)[0],
        "mse_loss": lambda x: torch.nn.functional.mse_loss(x, x.detach()),
    }  # fmt: skip
    for name, function in functions.items():
        x = torch.ones(n, dtype=torch.float16, requires_grad=True)
        out = function(x)
        out.backward()
        if name != "mse_loss":
            assert x.grad[0].item() == share, name
        assert np.isfinite(out.item()), name
        (again,) = torch.autograd.grad(function(x), x, create_graph=True)
        np.testing.assert_array_equal(again.detach().numpy(), x.grad.numpy())
    x = torch.ones(n, 1, dtype=torch.float16, requires_grad=True)
    torch.nn.functional.cross_entropy(torch.cat([x, -x], 1), torch.zeros(n, dtype=torch.int64)).backward()
    assert x.grad[0].item() == pytest.approx(-2 / (1 + np.exp(2)) / n, abs=6e-8)
    bias = torch.zeros(1, dtype=torch.float16, requires_grad=True)
    (torch.ones(n, 1, dtype=torch.float16) + bias).mean().backward()
    assert bias.grad.item() == pytest.approx(1, rel=2e-3)


def test_running_products_pass_beyond_float32():
    x = torch.tensor([1e30, 1e30, 1e-30], requires_grad=True)
    assert x.cumprod(0).tolist() == pytest.approx([1e30, inf, 1e30])
    assert torch.tensor([3e38, 3e38, -3e38]).cumsum(0).tolist() == pytest.approx([3e38, inf, 3e38])


@pytest.mark.parametrize("error", [MemoryError, RecursionError, KeyboardInterrupt])
def test_what_is_no_fault_of_the_call_passes_untouched(error):
    class Full(np.ndarray):
        def __array_ufunc__(self, *args, **kwargs):
            raise error("as it was")

        def __array_function__(self, *args, **kwargs):
            raise error("as it was")

    x = np.ones((3, 4)).view(Full)
    for function in (
        lambda: sums.total(x, 0), lambda: sums.sum_rows(x), lambda: kernels.average(x, (0,)),
        lambda: kernels.softmax(x, 0), lambda: kernels.unbroadcast(x, (4,)),
        lambda: kernels.centered(x, (0,)),
    ):  # fmt: skip
        with pytest.raises(error, match=r"^as it was$"):
            function()
