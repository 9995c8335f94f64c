"""The rarer special functions: numbers recorded from mpmath, ends, and backward passes refused."""

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad.testing import check_grads

F64 = torch.float64
NUMBERS = {
    "bessel_j0": [
        (1e-05, 0.999999999975),
        (0.7, 0.8812008886074053),
        (5.5, -0.006843869417819197),
        (25.0, 0.09626678327595811),
        (29.5, -0.1331478582983982),
        (123.4, -0.07152553671926015),
        (7.99, 0.17399001312793258),
        (8.01, 0.16929736911054297),
        (63.9, 0.09590301676930019),
        (64.1, 0.08835777340251376),
    ],
    "bessel_j1": [
        (1e-05, 4.9999999999375e-06),
        (0.7, 0.32899574154005895),
        (5.5, -0.34143821542904335),
        (25.0, -0.1253502495802899),
        (29.5, -0.0643043780991924),
        (-123.4, 0.006850999885654373),
        (1e-20, 5e-21),
        (-7.99, -0.23320071425350178),
        (8.01, 0.236047103630834),
        (-63.9, -0.028410883657146786),
        (64.1, 0.04678035524964513),
    ],
    "bessel_y0": [
        (1e-05, -7.40316028370197),
        (0.7, -0.19066492933739512),
        (5.5, -0.339480592881911),
        (25.0, -0.12724943226800614),
        (123.4, -0.0065611390519846385),
        (1e-12, -17.664258668214952),
        (7.99, 0.22192874178576452),
        (15.9, 0.11315496565176707),
        (63.9, 0.027659668297582714),
        (64.1, 0.046089777319985085),
    ],
    "bessel_y1": [
        (1e-05, -63661.97727536548),
        (0.7, -1.1032498719076334),
        (5.5, -0.023758238956389618),
        (25.0, -0.09882996478323741),
        (123.4, 0.07149953939206484),
        (1e-12, -636619772367.5813),
        (7.99, -0.16048695141166464),
        (15.9, 0.16860643140069137),
        (63.9, -0.09568953545386762),
        (64.1, -0.08800096765380623),
    ],
    "modified_bessel_i0": [(0.7, 1.1263030183068092), (-45.0, 2.0834140751773148e18)],
    "modified_bessel_i1": [(0.7, 0.37187967777700864), (-45.0, -2.0601334620815772e18)],
    "modified_bessel_k0": [
        (1e-05, 11.628856980944363),
        (0.7, 0.6605198599151016),
        (1.5, 0.21380556264752573),
        (25.0, 3.4641615622131143e-12),
        (100.0, 4.656628229175902e-45),
        (1e-12, 27.74695263158696),
        (65.0, 9.154467321003005e-30),
    ],
    "modified_bessel_k1": [
        (1e-05, 99999.99993935571),
        (0.7, 1.050283535312918),
        (1.5, 0.2773878004568438),
        (25.0, 3.5327780731999337e-12),
        (100.0, 4.6798537356369095e-45),
        (1e-12, 1000000000000.0),
        (65.0, 9.224619527890616e-30),
    ],
    "scaled_modified_bessel_k0": [
        (0.7, 1.3301236562420558),
        (25.0, 0.2494366045755967),
        (10000.0, 0.012532984717699286),
        (1e-12, 27.746952631614707),
        (63.0, 0.15759219220703852),
    ],
    "scaled_modified_bessel_k1": [
        (0.7, 2.1150113128480523),
        (25.0, 0.25437732954208525),
        (10000.0, 0.012533611351270506),
        (1e-12, 1000000000001.0),
        (63.0, 0.15883803755962722),
    ],
    "spherical_bessel_j0": [(1e-05, 0.9999999999833333), (-2.5, 0.2393888576415826)],
    "airy_ai": [
        (-20.0, -0.1764061270779847),
        (-13.0, 0.17151043937053703),
        (-4.5, 0.2921527810559595),
        (-0.5, 0.4757280916105396),
        (0.5, 0.23169360648083348),
        (3.0, 0.006591139357460719),
        (12.0, 1.3931846888753607e-13),
        (-15.9, -0.22669395029858813),
        (15.9, 6.207099007635318e-20),
        (30.0, 3.2082175915504954e-49),
    ],
    "ndtri": [
        (1e-30, -11.464024688443615),
        (1e-09, -5.9978070150076865),
        (0.3, -0.5244005127080408),
        (0.975, 1.9599639845400538),
    ],
    "erfcx": [
        (-3.0, 16205.988853999586),
        (8.125, 0.06892431156939341),
        (24.9, 0.022639987776049506),
        (25.1, 0.02245987581758139),
    ],
    "log_ndtr": [
        (-30.0, -454.3212439563432),
        (-1.0, -1.8410216450092636),
        (0.5, -0.3689464152886564),
        (6.0, -9.865876455243758e-10),
    ],
}


@pytest.mark.parametrize(
    ("name", "x", "value"), [(n, *pair) for n, pairs in NUMBERS.items() for pair in pairs]
)
def test_values_are_right_to_the_last_digits(name, x, value):
    found = getattr(torch.special, name)(torch.tensor(x, dtype=F64)).item()
    # Far out a wave is as exact as its height allows, and exp(-z) as z.
    size = max(abs(value), abs(x) ** -0.5) if "bessel_j" in name or "bessel_y" in name else abs(value)
    assert abs(found - value) <= 1e-14 * size


@pytest.mark.parametrize(
    ("s", "q", "value"),
    [
        (2.0, 1.0, 1.6449340668482264),
        (1.001, 0.3, 1003.5065062289976),
        (3.5, 7.25, 0.0033524741021978824),
        (12.0, 0.01, 9.999999999999997e23),
        (3.0, -1.5, 0.1181020258208637),
    ],
)
def test_the_zeta_function_is_right_to_the_last_digits(s, q, value):
    assert torch.special.zeta(torch.tensor(s, dtype=F64), q).item() == pytest.approx(value, rel=1e-14)


def test_the_zeta_function_has_poles_a_range_and_derivatives_of_both_orders():
    s = torch.tensor([1.0, 2.0, 2.0, 0.5, 2.5, math.nan])
    q = torch.tensor([3.0, 0.0, -1.0, 1.0, -1.5, 1.0])
    np.testing.assert_equal(torch.special.zeta(s, q).numpy(), [math.inf] * 3 + [math.nan] * 3)
    q = torch.tensor([0.3, 1.0, 7.0], dtype=F64, requires_grad=True)
    check_grads(lambda x: torch.special.zeta(2.5, x), q, order=2)
    assert torch.special.zeta(torch.tensor(2), 1).dtype == torch.float32


ENDS = {  # at 0, -1, inf and nan, as PyTorch
    "bessel_j0": [1, 0.7651976865579666, math.nan, math.nan],
    "bessel_y0": [-math.inf, math.nan, math.nan, math.nan],
    "bessel_y1": [-math.inf, math.nan, math.nan, math.nan],
    "modified_bessel_k0": [math.inf, math.nan, 0, math.nan],
    "scaled_modified_bessel_k1": [math.inf, math.nan, 0, math.nan],
    "spherical_bessel_j0": [1, math.sin(1), 0, math.nan],
    "airy_ai": [0.3550280538878172, 0.5355608832923521, math.nan, math.nan],
    "ndtri": [-math.inf, math.nan, math.nan, math.nan],
}


@pytest.mark.parametrize("name", ENDS)
def test_the_ends_are_pytorchs(name):
    x = torch.tensor([0.0, -1.0, math.inf, math.nan], dtype=F64)
    np.testing.assert_allclose(getattr(torch.special, name)(x).numpy(), ENDS[name], rtol=1e-14)


POLYNOMIALS = {  # of degree 3
    "chebyshev_polynomial_t": lambda x: 4 * x**3 - 3 * x,
    "chebyshev_polynomial_u": lambda x: 8 * x**3 - 4 * x,
    "chebyshev_polynomial_v": lambda x: 8 * x**3 - 4 * x**2 - 4 * x + 1,
    "chebyshev_polynomial_w": lambda x: 8 * x**3 + 4 * x**2 - 4 * x - 1,
    "hermite_polynomial_h": lambda x: 8 * x**3 - 12 * x,
    "hermite_polynomial_he": lambda x: x**3 - 3 * x,
    "laguerre_polynomial_l": lambda x: (6 - 18 * x + 9 * x**2 - x**3) / 6,
    "legendre_polynomial_p": lambda x: (5 * x**3 - 3 * x) / 2,
}


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials_of_several_degrees_at_once(name):
    x = torch.tensor([[-1.5], [0.3], [1.0]], dtype=F64)
    found = getattr(torch.special, name)(x, torch.tensor([-1.0, 0.0, 3.0, 3.9]))
    cube = POLYNOMIALS[name](x)
    expected = torch.cat([torch.zeros_like(x), torch.ones_like(x), cube, cube], 1)
    torch.testing.assert_close(found, expected)
    if name.startswith("chebyshev"):
        torch.testing.assert_close(getattr(torch.special, f"shifted_{name}")((x + 1) / 2, 3), cube)
    assert getattr(torch.special, name)(0.5, torch.tensor([0])).tolist() == [1]
    for degree, column in ((-1, 0), (0.0, 1), (3, 2), (3.9, 3), (torch.tensor(3), 2)):
        torch.testing.assert_close(getattr(torch.special, name)(x, degree), expected[:, column : column + 1])


@pytest.mark.parametrize("order", [2, 40])
def test_chebyshevs_polynomial_is_a_wave_of_its_degree(order):
    angle = torch.linspace(0, math.pi, 50, dtype=F64)
    found = torch.special.chebyshev_polynomial_t(angle.cos(), order)
    torch.testing.assert_close(found, (order * angle).cos(), rtol=0, atol=1e-13)


REFUSED = {
    "special.bessel_j1": torch.special.bessel_j1,
    "special.modified_bessel_i0": torch.special.modified_bessel_i0,
    "special.legendre_polynomial_p": lambda x: torch.special.legendre_polynomial_p(x, 2),
    "special.zeta: 'input'": lambda x: torch.special.zeta(x + 1, 1.0),
    "igamma: 'input'": lambda x: torch.igamma(x, torch.ones(2)),
    "igammac: 'input'": lambda x: torch.igammac(x, torch.ones(2)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_backward_that_reaches_what_has_no_derivative_raises_and_the_call_does_not(name):
    x, y = torch.tensor([0.5, 2.0], requires_grad=True), torch.tensor(2.0, requires_grad=True)
    loss = (REFUSED[name](x) * y).sum()
    with torch.no_grad():
        assert not REFUSED[name](x).requires_grad
    assert not REFUSED[name](x.detach()).requires_grad
    (g,) = torch.autograd.grad(loss, y, retain_graph=True)
    assert g.item() == pytest.approx(loss.item() / 2)
    with pytest.raises(NotImplementedError, match=f"^derivative for {name} is not implemented.*x.detach"):
        loss.backward()
    assert x.grad is None


def test_the_end_of_the_gamma_integral_has_its_gradient_beside_a_concentration_that_needs_one():
    a = torch.tensor([0.5, 2.0], dtype=F64, requires_grad=True)
    x = torch.tensor([1.0, 3.0], dtype=F64, requires_grad=True)
    (g,) = torch.autograd.grad(torch.igamma(a, x).sum(), x)
    expected = ((a - 1) * x.log() - x - torch.lgamma(a)).exp()
    torch.testing.assert_close(g, expected.detach())
    check_grads(lambda x: torch.igammac(a.detach(), x), x, order=2)
