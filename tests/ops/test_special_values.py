"""Special functions of whole arrays: beside functions of one number, at ends, and near zeros."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as torch
from minigrad.ops import cylinder
from minigrad.ops.incomplete import gamma_parts


def bessel(x: float, order: int) -> float:
    """The power series, DLMF 10.25.2."""
    return math.fsum(
        (x / 2) ** (2 * k + order) / math.factorial(k) / math.gamma(k + order + 1) for k in range(80)
    )


def inverse_erf(x: float) -> float:
    """By halving."""
    low, high = -7.0, 7.0
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (low, middle) if math.erf(middle) > x else (middle, high)
    return low


def psi(x: float, n: int) -> float:
    """Digamma or trigamma: the recurrence to a large number, then Stirling's series."""
    far = x + 40
    if n:
        near = math.fsum(1 / (x + k) ** 2 for k in range(40))
        return near + 1 / far + 0.5 / far**2 + 1 / (6 * far**3) - 1 / (30 * far**5) + 1 / (42 * far**7)
    near = -math.fsum(1 / (x + k) for k in range(40))
    series = 1 / (12 * far**2) - 1 / (120 * far**4) + 1 / (252 * far**6) - 1 / (240 * far**8)
    return near + math.log(far) - 0.5 / far - series


Case = tuple[Callable[[Any], Any], Callable[[float], float], float, float, float]
CASES: dict[str, Case] = {  # the function, one of a number, from, to, float64's relative error
    "erfc": (torch.special.erfc, math.erfc, -6.0, 9.0, 1e-15),
    "erfcx": (torch.special.erfcx, lambda x: math.exp(x * x) * math.erfc(x), -5.0, 9.0, 3e-14),
    "erfinv": (torch.erfinv, inverse_erf, -0.99, 0.99, 1e-14),
    "lgamma": (torch.lgamma, math.lgamma, 2.5, 900.0, 3e-15),
    "digamma": (torch.digamma, lambda x: psi(x, 0), 1.6, 900.0, 5e-15),
    "trigamma": (lambda x: torch.polygamma(1, x), lambda x: psi(x, 1), 0.01, 900.0, 3e-15),
    "i0": (torch.special.i0, lambda x: bessel(x, 0), -30.0, 30.0, 3e-15),
    "i1": (torch.special.i1, lambda x: bessel(x, 1), -30.0, 30.0, 3e-15),
    "i0e": (torch.special.i0e, lambda x: bessel(x, 0) * math.exp(-abs(x)), -30.0, 30.0, 3e-15),
    "i1e": (torch.special.i1e, lambda x: bessel(x, 1) * math.exp(-abs(x)), -30.0, 30.0, 3e-15),
}


@pytest.mark.parametrize("name", CASES)
def test_float32_is_the_nearest_number_or_its_neighbour_and_float64_lacks_last_digits_only(name: str) -> None:
    function, of_one, low, high, error = CASES[name]
    x = np.random.default_rng(0).uniform(low, high, 3000)
    want = np.array([of_one(v) for v in x.tolist()])
    np.testing.assert_allclose(function(torch.tensor(x)).numpy(), want, error)
    narrow = x.astype(np.float32)
    want = np.array([of_one(v) for v in narrow.tolist()])
    found = function(torch.tensor(narrow)).numpy()
    assert found.dtype == np.float32
    assert np.all(abs(found - want) <= 0.75 * np.spacing(abs(want).astype(np.float32)))


FORMULAS: dict[str, tuple[Callable[[Any], Any], Any]] = {  # the formula for any array, and where to look
    "bessel_j0": (lambda x: cylinder._j(x, 0), np.linspace(-90, 90, 30_011)),
    "bessel_j1": (lambda x: cylinder._j(x, 1), np.linspace(-90, 90, 30_011)),
    "bessel_y0": (lambda x: cylinder._y(x, 0), np.linspace(1e-3, 90, 30_011)),
    "bessel_y1": (lambda x: cylinder._y(x, 1), np.linspace(1e-3, 90, 30_011)),
    "scaled_modified_bessel_k0": (lambda x: cylinder._k(x, 0), np.geomspace(1e-12, 1e12, 30_011)),
    "scaled_modified_bessel_k1": (lambda x: cylinder._k(x, 1), np.geomspace(1e-12, 1e12, 30_011)),
    "airy_ai": (cylinder._airy, np.linspace(-20, 20, 30_011)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_bessels_and_airys_pieces_have_the_numbers_of_their_formulas(name: str) -> None:
    formula, x = FORMULAS[name]
    function = getattr(torch.special, name)
    want = formula(x)
    size = abs(want)
    if "scaled" not in name:  # a wave near its zero is as exact as its height allows
        height = np.maximum(abs(x), 1e-3) ** (-0.25 if name == "airy_ai" else -0.5) / 2
        size = np.maximum(size, np.where((name == "airy_ai") & (x > -1), 0, height))
    found = function(torch.tensor(x)).numpy()
    assert np.all(abs(found - want) <= (2e-14 if name == "airy_ai" else 4e-15) * size)
    narrow = x.astype(np.float32)
    want = formula(narrow.astype(np.float64))
    found = function(torch.tensor(narrow)).numpy()
    assert np.all(abs(found - want) <= 1.2e-7 * size)
    turned = function(torch.tensor(np.asfortranarray(narrow[:30_000].reshape(200, 150)))).numpy()
    np.testing.assert_array_equal(turned.ravel(), found[:30_000])
    assert np.isnan(function(torch.tensor([1.0, NAN])).numpy()).tolist() == [False, True]


def test_bessels_function_of_order_1_keeps_the_sign_of_0() -> None:
    assert np.signbit(torch.special.bessel_j1(torch.tensor([-0.0, 0.0])).numpy()).tolist() == [True, False]


INF, NAN = math.inf, math.nan
ENDS = {  # at 0, -0, 1, inf, -inf, nan, as PyTorch 2.13 has them
    "erfc": (1.0, 1.0, 0.15729920705028513, 0.0, 2.0, NAN),
    "erfcx": (1.0, 1.0, 0.427583576155807, 0.0, INF, NAN),
    "erfinv": (0.0, -0.0, INF, NAN, NAN, NAN),
    "lgamma": (INF, INF, 0.0, INF, INF, NAN),
    "digamma": (-INF, INF, -0.5772156649015329, INF, NAN, NAN),
    "i0": (1.0, 1.0, 1.2660658777520084, NAN, NAN, NAN),
    "i1": (0.0, 0.0, 0.5651591039924851, NAN, NAN, NAN),
    "i0e": (1.0, 1.0, 0.46575960759364043, 0.0, 0.0, NAN),
    "i1e": (0.0, 0.0, 0.2079104153497085, 0.0, -0.0, NAN),
}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ends_zeros_and_nan(name: str, dtype: type) -> None:
    x = np.array([0.0, -0.0, 1.0, INF, -INF, NAN], dtype)
    found = CASES[name][0](torch.tensor(x)).numpy()
    want = np.array(ENDS[name], dtype)
    np.testing.assert_allclose(found, want, 1e-6 if dtype is np.float32 else 3e-15)
    np.testing.assert_array_equal(np.signbit(found[found == 0]), np.signbit(want[found == 0]))


def test_log_gamma_loses_no_digit_near_its_zeros() -> None:
    t = np.array([1e-12, 1e-7, 1e-3, -1e-7, -1e-3])
    gamma, zeta = np.euler_gamma, math.pi**2 / 12
    one, two = torch.lgamma(torch.tensor(1 + t)).numpy(), torch.lgamma(torch.tensor(2 + t)).numpy()
    near_one, near_two = (1 + t) - 1, (2 + t) - 2  # 1 + t has another last digit than t
    of_one = -gamma * near_one + zeta * near_one**2 - 0.4006856343865314 * near_one**3
    of_two = (1 - gamma) * near_two + (zeta - 0.5) * near_two**2 + (1 / 3 - 0.4006856343865314) * near_two**3
    np.testing.assert_allclose(one[[0, 1, 3]], of_one[[0, 1, 3]], 3e-15)
    np.testing.assert_allclose(two[[0, 1, 3]], of_two[[0, 1, 3]], 3e-15)
    np.testing.assert_allclose(one, of_one, 1e-8)
    assert torch.lgamma(torch.tensor([1.0, 2.0])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", CASES)
def test_a_block_with_ends_has_the_numbers_of_a_block_without(name: str) -> None:
    function, _, low, high, _ = CASES[name]
    x = np.linspace(low, high, 40_000)
    alone = function(torch.tensor(x)).numpy()
    x[20_000] = NAN
    found = function(torch.tensor(np.asfortranarray(x.reshape(200, 200)))).numpy().ravel()
    assert np.isnan(found[20_000])
    np.testing.assert_array_equal(np.delete(found, 20_000), np.delete(alone, 20_000))


BEYOND: dict[str, list[tuple[float, float]]] = {  # far out and below 0, recorded from mpmath
    "lgamma": [
        (-0.3, 1.4648400508576025), (-1e-20, 46.051701859880914), (-4.2, -1.8075166614192915),
        (-1500.25, -9474.743290687707), (1001.5, 5915.582431002701), (1e9, 19723265827.503716),
        (1e300, 6.897755278982137e302),
    ],
    "digamma": [(1001.5, 6.908754820898672), (1e9, 20.723265836446412)],
    "trigamma": [
        (-0.3, 13.945160267805722), (-4.2, 28.354875744597663), (-1500.25, 19.738542468703454),
        (1001.5, 0.0009990009159171955), (1e9, 1.0000000005e-09),
    ],
    "erfcx": [
        (1001.5, 0.0005633442858689657), (1e9, 5.641895835477563e-10), (-26.6, 3.894337719605585e307),
        (-28.0, math.inf),
    ],
    "erfc": [(1001.5, 0.0), (-101.0, 2.0)],
    "i0e": [(1001.5, 0.012607785795274398)],
    "i1e": [(1001.5, 0.012601489771226316), (-1001.5, -0.012601489771226316)],
}  # fmt: skip


@pytest.mark.parametrize("name", BEYOND)
def test_values_far_out_and_below_0_alone_and_among_others(name: str) -> None:
    x, want = np.array(BEYOND[name]).T
    function = CASES[name][0]
    np.testing.assert_allclose(function(torch.tensor(x)).numpy(), want, 3e-15)
    for one, value in BEYOND[name]:
        np.testing.assert_allclose(function(torch.tensor([one], dtype=torch.float64)).numpy(), value, 3e-15)
        among = function(torch.tensor([0.7, one, NAN, 2.5], dtype=torch.float64)).numpy()
        np.testing.assert_allclose(among[[1, 2]], [value, NAN], 3e-15)


def test_poles_are_infinite_and_values_at_0_exact() -> None:
    below = torch.tensor([-1.0, -2.0, -INF, 0.0, -0.0, -1e17], dtype=torch.float64)
    assert torch.lgamma(below).tolist() == [INF] * 6
    np.testing.assert_equal(torch.polygamma(1, below).tolist(), [INF, INF, NAN, INF, INF, INF])
    assert torch.polygamma(2, below).tolist() == [-INF] * 6
    zero, special = torch.zeros(1, dtype=torch.float64), torch.special
    for function in (torch.erfc, special.erfcx, special.i0, special.i0e, special.bessel_j0):
        assert function(zero).item() == function(zero.float()).item() == 1
    assert special.ndtri(zero + 0.5).item() == torch.erfinv(zero).item() == special.i1(zero).item() == 0


def test_quantiles_of_the_normal_distribution_are_right_far_out_in_both_tails() -> None:
    y = np.concatenate([np.linspace(-36.5, -5, 200), np.linspace(-5, 5, 301)])
    p = np.array([0.5 * math.erfc(-v * math.sqrt(0.5)) for v in y.tolist()])
    found = torch.special.ndtri(torch.tensor(p)).numpy()
    # An upper probability is near 1, so that its last digit is a large step of the quantile.
    slack = 1.2e-16 * p / np.exp(-y * y / 2) * math.sqrt(2 * math.pi)
    assert np.all(abs(found - y) <= 2e-15 * abs(y) + slack * np.where(y < 0, 4, 2))


GAMMA = [  # a, z, P(a, z), Q(a, z), recorded from mpmath: from each formula and each side of their borders
    (3.7, 0.4, 0.0015977331557593996, 0.9984022668442406),
    (0.5, 0.3, 0.5614219739190002, 0.4385780260809999),
    (0.5, 1.6, 0.9263617298796973, 0.07363827012030265),
    (0.9, 1.8, 0.8596830443326902, 0.1403169556673098),
    (1e-06, 1.2, 0.9999998415913792, 1.5840862075673756e-07),
    (1e-12, 0.001, 0.9999999999936685, 6.331539364116927e-12),
    (2.5, 2.4, 0.559227031913337, 0.440772968086663),
    (2.5, 9.0, 0.9970535954121197, 0.0029464045878802906),
    (27.0, 30.5, 0.7611580602088437, 0.23884193979115628),
    (50.0, 40.0, 0.07033506665939496, 0.9296649333406051),
    (80.0, 120.0, 0.9999566509987939, 4.334900120601187e-05),
    (150.0, 140.0, 0.20954362391860706, 0.790456376081393),
    (1e-06, 7.5, 0.9999999999341689, 6.583107103802952e-11),
    (0.3, 7.5, 0.9999583748825053, 4.1625117494715335e-05),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_parts_of_the_gamma_integral_are_right_to_their_own_last_digits(dtype: type) -> None:
    near = 1e-5 if dtype is np.float32 else 2e-14  # the narrow arguments are others in their last digits
    a, z, *parts = np.array(GAMMA).T
    for function, want in zip((torch.igamma, torch.igammac), parts, strict=True):
        together = function(torch.tensor(a.astype(dtype)), torch.tensor(z.astype(dtype))).numpy()
        np.testing.assert_allclose(together, want, near)
        for one in range(len(a)):  # alone, so that its neighbours choose no other formula
            found = function(torch.tensor(a[one].astype(dtype)), torch.tensor(z[one].astype(dtype)))
            np.testing.assert_allclose(found.numpy(), want[one], near)


def test_the_gamma_integrals_formulas_agree_over_a_grid_and_in_float32() -> None:
    a, z = np.geomspace(1e-8, 99, 83)[:, None], np.geomspace(1e-6, 300, 89)
    slow = gamma_parts(a, z)
    for function, want in zip((torch.igamma, torch.igammac), slow, strict=True):
        np.testing.assert_allclose(function(torch.tensor(a), torch.tensor(z)).numpy(), want, 4e-13, 1e-300)
        narrow = torch.tensor(a.astype(np.float32)), torch.tensor(z.astype(np.float32))
        np.testing.assert_allclose(
            function(*narrow).numpy(), function(*(x.double() for x in narrow)).numpy(), 1.2e-7, 1e-36
        )


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_the_next_number_is_numpys_for_many_numbers_too(dtype: str) -> None:
    draw, limits = np.random.default_rng(0), np.finfo(dtype)
    edges = [0.0, -0.0, np.inf, -np.inf, np.nan, limits.max, limits.min, limits.tiny]
    numbers = np.array([*edges, limits.smallest_subnormal, -limits.smallest_subnormal, 1, -1], dtype)
    a, b = draw.choice(numbers, (2, 4096))
    with np.errstate(all="ignore"):
        wanted = np.nextafter(a, b)
    found = torch.nextafter(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)
    real = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(found[real]), np.signbit(wanted[real]))
