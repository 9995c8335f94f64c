"""Functions that are asked for less often: known values, gradients to the second order, writes."""

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad.testing import check_grads


def leaf(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


VALUES = {  # from tables of functions, to 16 digits
    "digamma": [(1.0, -0.5772156649015329), (0.5, -1.9635100260214235), (-1.5, 0.7031566406452432)],
    "lgamma": [(0.5, 0.5723649429247001), (5.0, math.log(24)), (-2.5, math.log(8 * math.sqrt(math.pi) / 15))],
    "erfinv": [(0.5, 0.4769362762044699), (-0.9, -1.1630871536766743), (1e-10, 8.862269254527581e-11)],
    "erfc": [(0.0, 1.0), (5.0, 1.5374597944280349e-12), (-1.0, 1.8427007929497148)],
    "sinc": [(0.0, 1.0), (0.5, 2 / math.pi), (3.0, 0.0)],
    "exp2": [(-1.0, 0.5), (10.0, 1024.0)],
    "trunc": [(1.7, 1.0), (-1.7, -1.0)],
    "frac": [(1.75, 0.75), (-1.75, -0.75)],
    "logit": [(0.5, 0.0), (0.75, math.log(3))],
}


@pytest.mark.parametrize("name", VALUES)
def test_values_are_those_of_the_tables(name):
    x, expected = np.array(VALUES[name]).T
    np.testing.assert_allclose(
        getattr(torch, name)(torch.tensor(x)).numpy(), expected, rtol=1e-14, atol=1e-15
    )


def test_polygamma_has_the_values_of_the_zeta_function():
    x = torch.tensor([1.0, 0.5, -1.5], dtype=torch.float64)
    expected = [math.pi**2 / 6, math.pi**2 / 2, math.pi**2 / 2 + 4 + 4 / 9]
    np.testing.assert_allclose(torch.polygamma(1, x).numpy(), expected, rtol=1e-13)
    assert torch.polygamma(2, x[:1]).item() == pytest.approx(-2.404113806319188, rel=1e-13)
    with pytest.raises(RuntimeError, match="negative n"):
        torch.polygamma(-1, x)


def test_the_ends_of_the_domains():
    inf, nan = math.inf, math.nan
    x = torch.tensor([0.0, -1.0, inf, nan])
    np.testing.assert_equal(torch.lgamma(x).numpy(), np.array([inf, inf, inf, nan], np.float32))
    np.testing.assert_equal(torch.digamma(torch.tensor([0.0, -0.0, -1.0])).numpy(), [-inf, inf, nan])
    np.testing.assert_equal(torch.erfinv(torch.tensor([1.0, -1.0, 1.5])).numpy(), [inf, -inf, nan])
    np.testing.assert_equal(torch.fmax(torch.tensor([nan, 1.0]), torch.tensor([2.0, nan])).numpy(), [2, 1])
    assert torch.nan_to_num(torch.tensor([nan, inf, -inf])).tolist()[0] == 0
    slope = leaf([0.0, 0.5])
    torch.sinc(slope).sum().backward()
    assert slope.grad[0].item() == 0


X, Y = [[0.3, -1.2, 2.1], [1.4, 0.7, -0.4]], [[1.1, 0.4, -0.3], [-0.8, 1.9, 0.6]]
K = torch.tensor([[0, 1, 1], [1, 0, 1]])
SMOOTH = {
    "quantile": lambda x, _: torch.quantile(x, torch.tensor([0.2, 0.7], dtype=torch.float64), 1),
    "kthvalue": lambda x, _: torch.kthvalue(x, 2, 1).values,
    "cummax": lambda x, _: torch.cummax(x, 1).values * x,
    "logcumsumexp": lambda x, _: torch.logcumsumexp(x, 1),
    "renorm": lambda x, _: torch.renorm(x, 2, 0, 0.5),
    "trapezoid": lambda x, y: torch.trapezoid(x * x, y.cumsum(1)),
    "gradient": lambda x, _: torch.gradient(x * x * x, dim=1, edge_order=2)[0],
    "cov": lambda x, y: torch.cov(x * y),
    "corrcoef": lambda x, _: torch.corrcoef(x)[0, 1],
    "vander": lambda x, _: torch.vander(x[0]),
    "unfold": lambda x, _: x.unfold(1, 2, 1) ** 2,
    "as_strided": lambda x, _: x.as_strided((2, 2), (1, 2)) ** 2,
    "rot90": lambda x, y: torch.rot90(x, 1) * torch.rot90(y, -1),
    "block_diag": lambda x, y: torch.block_diag(x, y) ** 2,
    "diag_embed": lambda x, _: torch.diag_embed(x * x, 1),
    "diagonal_scatter": lambda x, y: torch.diagonal_scatter(x, y[0, :2]) ** 2,
    "masked_scatter": lambda x, y: torch.masked_scatter(x, K > 0, y) ** 2,
    "index_put": lambda x, y: torch.index_put(x, (K[0], K[1]), y[0], accumulate=True) ** 2,
    **{
        f"scatter_reduce {how}": lambda x, y, how=how: torch.scatter_reduce(x, 0, K, y, how) ** 2
        for how in ("sum", "prod", "mean", "amax", "amin")
    },
    "baddbmm": lambda x, y: torch.baddbmm(x[:1, :1], x[None], y.mT[None], beta=2, alpha=3),
    "inner": torch.inner,
    "float_power": lambda x, _: torch.float_power(x * x + 1, 1.5),
    "ldexp": lambda x, _: torch.ldexp(x * x, K - 2),
    "frexp": lambda x, _: torch.frexp(x).mantissa ** 2,
    "mvlgamma": lambda x, _: torch.mvlgamma(x * x + 1, 2),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_are_those_of_finite_differences_to_the_second_order(name):
    check_grads(SMOOTH[name], leaf(X), leaf(Y), order=2)


TURNED = {
    "unsqueeze_": ((1,), (2, 1, 3)),
    "squeeze_": ((), (2, 3)),
    "t_": ((), (3, 2)),
    "transpose_": ((0, 1), (3, 2)),
    "swapaxes_": ((0, 1), (3, 2)),
}


@pytest.mark.parametrize("name", TURNED)
def test_a_tensor_changes_its_shape_in_place(name):
    arguments, shape = TURNED[name]
    w = leaf(X)
    h = w * 2
    row = h[0]
    same = getattr(h, name)(*arguments)
    assert same is h and h.shape == shape
    h.mul_(h)
    (h.sum() + (row * row).sum()).backward()
    first = np.array(X)
    expected = 8 * first
    expected[0] += 2 * 4 * first[0] ** 2 * 2 * 4 * first[0]  # the row is a view: it saw the write
    np.testing.assert_allclose(w.grad.numpy(), expected)
    with pytest.raises(RuntimeError, match="leaf"):
        getattr(leaf(X), name)(*arguments)
    with torch.no_grad():
        assert getattr(w, name)(*arguments).shape == shape and w.is_leaf and w.requires_grad


def test_what_would_be_a_view_in_pytorch_cannot_be_written():
    for part in (torch.arange(4.0).unfold(0, 2, 1), torch.arange(4.0).as_strided((2, 2), (1, 1))):
        with pytest.raises(RuntimeError):
            part.mul_(2)
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="cannot resize"):
        x.resize_(3)
    assert torch.arange(3).resize_(2, 2).tolist()[0] == [0, 1] and torch.ones(1).resize_as_(K).shape == (2, 3)


def test_comparisons_in_place_keep_the_graph_with_gradient_0():
    w = leaf(X)
    h = w * 1
    h.lt_(torch.zeros(3, dtype=torch.float64))
    assert h.tolist() == [[0, 1, 0], [0, 0, 1]] and h.requires_grad
    h.sum().backward()
    assert not w.grad.any()
    assert torch.tensor([1, 2]).eq_(torch.tensor([1, 3])).tolist() == [1, 0]


DRAWS = {  # arguments, the mean, the variance
    "random_": ((2, 6), 3.5, 1.25),
    "bernoulli_": ((0.25,), 0.25, 0.1875),
    "exponential_": ((2.0,), 0.5, 0.25),
    "geometric_": ((0.5,), 2.0, 2.0),
    "log_normal_": ((0.0, 0.5), math.exp(0.125), (math.exp(0.25) - 1) * math.exp(0.25)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws_have_their_moments(name):
    arguments, mean, variance = DRAWS[name]
    torch.manual_seed(3)
    x = torch.empty(40_000, dtype=torch.float64)
    assert getattr(x, name)(*arguments) is x
    assert abs(x.mean().item() - mean) < 5 * math.sqrt(variance / x.numel())
    assert abs(x.var().item() / variance - 1) < 0.1
    torch.manual_seed(3)
    assert getattr(torch.empty(40_000, dtype=torch.float64), name)(*arguments).tolist() == x.tolist()


def test_draws_of_other_kinds():
    torch.manual_seed(0)
    x = torch.empty(40_001, dtype=torch.float64).cauchy_(1.0, 2.0)
    low, middle, high = torch.quantile(x, torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)).tolist()
    assert abs(middle - 1) < 0.1 and abs(low + 1) < 0.1 and abs(high - 3) < 0.1
    assert {*torch.empty(99).random_(2).tolist()} == {0.0, 1.0} and torch.zeros(
        9
    ).byte().random_().max() <= 255
    assert torch.zeros(2).bernoulli_(torch.tensor([0.0, 1.0])).tolist() == [0, 1]
    assert torch.zeros(3).random_(**{"from": 4, "to": 5}).tolist() == [4, 4, 4]
    for call, words in [
        (lambda: torch.empty(2).random_(5, 3), "less than 'to'"),
        (lambda: torch.empty(2).byte().random_(0, 300), "overflow"),
        (lambda: torch.empty(2).bernoulli_(2), r"\[0, 1\]"),
        (lambda: torch.empty(2).exponential_(-1), "lambda > 0"),
        (lambda: torch.empty(2).long().exponential_(), "continuous"),
        (lambda: torch.empty(2).geometric_(1.5), r"\(0, 1\)"),
        (lambda: torch.empty(2).cauchy_(0, -1), "sigma > 0"),
        (lambda: torch.empty(2).log_normal_(0, -1), "std > 0"),
    ]:
        with pytest.raises((RuntimeError, NotImplementedError), match=words):
            call()


def test_older_losses_and_softmax_warn_and_mean_what_they_meant():
    x, y, F = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 5.0]), torch.nn.functional
    for options, expected in [
        ({"size_average": False}, 13.0),
        ({"size_average": True}, 6.5),
        ({"reduce": False}, [4.0, 9.0]),
        ({"reduce": True}, 6.5),
    ]:
        with pytest.warns(UserWarning, match="size_average and reduce"):
            loss = torch.nn.MSELoss(**options)
        assert loss(x, y).tolist() == expected
        with pytest.warns(UserWarning, match="please use reduction="):
            assert F.mse_loss(x, y, **options).tolist() == expected
    for shape, dim in [((3,), 0), ((2, 3), 1), ((2, 3, 4), 0), ((1, 2, 3, 4), 1)]:
        x = torch.arange(math.prod(shape)).reshape(shape).float()
        with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
            assert torch.equal(F.softmax(x), x.softmax(dim))


def test_shifts_of_bits_have_their_operators():
    x = torch.tensor([1, 6])
    assert (x << 2).tolist() == [4, 24] and (x >> 1).tolist() == [0, 3]
    assert (1 << x).tolist() == [2, 64] and (64 >> x).tolist() == [32, 1] and (x << x).tolist() == [2, 384]
    y = x.clone()
    y <<= 1
    z = y
    z >>= 2
    assert z is y and y.tolist() == [0, 3]
    with pytest.raises(NotImplementedError, match="expected tensors of integers"):
        torch.tensor([1.0]) << 1


def test_logcumsumexp_at_infinities_and_over_a_large_range() -> None:
    # The numbers are those of PyTorch 2.13; of the last gradient it loses the middle one.
    inf, nan = math.inf, math.nan
    for values, sums, gradient in (
        ([-inf, -inf, 1.0, 2.0], [-inf, -inf, 1.0, 2.3132616875], [nan, nan, 3.1344707107, 0.3655292893]),
        ([1.0, inf, 2.0], [1.0, inf, inf], [1.0, nan, 0.0]),
        ([1.0, -inf, 2.0], [1.0, 1.0, 2.3132616875], [-0.193175735890, 0.0, 2.193175735890]),
        ([1.0, nan, 2.0], [1.0, nan, nan], [nan, nan, nan]),
        ([1e3, -1e3, 1e3], [1e3, 1e3, 1000.6931471806], [0.5, 0.0, 1.5]),
        ([-1e30, 1e30, 0.0], [-1e30, 1e30, 1e30], [1.0, 1.0, 0.0]),
    ):
        x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        out = torch.logcumsumexp(x, 0)
        out.backward(torch.tensor([1.0, -2.0, 3.0, 0.5][: len(values)], dtype=torch.float64))
        np.testing.assert_allclose(out.detach().numpy(), sums, 1e-10)
        np.testing.assert_allclose(x.grad.numpy(), gradient, 1e-10, 1e-300)


def test_logcumsumexp_of_a_long_axis_is_as_exact_as_float32_can_be() -> None:
    x = np.random.default_rng(0).standard_normal((3, 5000)).astype(np.float32)
    want = np.log(np.cumsum(np.exp(x.astype(np.float64)), 1))
    np.testing.assert_allclose(torch.logcumsumexp(torch.tensor(x), 1).numpy(), want, 1e-7, 1e-7)
