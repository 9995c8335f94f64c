"""Results without a derivative: as in PyTorch they require grad, and backward raises or gives 0."""

from __future__ import annotations

import pytest

import minigrad as torch


def values(*, requires_grad=True):
    return torch.tensor([1.5, 2.0, 2.0, 3.5], requires_grad=requires_grad)


PLACES = torch.tensor([0, 1, 1, 3])
REFUSED = {
    "heaviside": lambda v: torch.heaviside(v, torch.tensor(0.5)),
    "heaviside_": lambda v: v.clone().heaviside_(torch.tensor(0.5)),
    "floor_divide": lambda v: torch.floor_divide(v, 2),
    "//": lambda v: v // 2,
    "reflected //": lambda v: 5 // v,
    "//=": lambda v: v.clone().__ifloordiv__(2),
    "floor_divide_": lambda v: v.clone().floor_divide_(2),
    "histogram": lambda v: torch.histogram(v, 4).hist,
    "histogram's edges": lambda v: torch.histogram(v, 4)[1],
    "histogram's weight": lambda v: torch.histogram(v.detach(), 4, weight=v)[0],
    "bincount": lambda v: torch.bincount(PLACES, weights=v),
    "unique": lambda v: v.unique(),
    "unique with counts": lambda v: torch.unique(v, return_counts=True)[0],
    "unique rows": lambda v: v.reshape(2, 2).unique(dim=0),
    "unique_consecutive": torch.unique_consecutive,
    "binomial": lambda v: torch.binomial(v, v / 4),
    "scatter that adds": lambda v: v.scatter(0, PLACES, v, reduce="add"),
    "scatter that multiplies": lambda v: torch.zeros(4).scatter(0, PLACES, v, reduce="multiply"),
    "logical_and_": lambda v: v.clone().logical_and_(v),
    "logical_not_": lambda v: v.clone().logical_not_(),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_backward_raises_where_pytorch_has_no_derivative(call):
    v = values()
    y = call(v)
    assert y.requires_grad and not y.is_leaf
    with pytest.raises(NotImplementedError, match=r"^derivative for .* is not implemented.*detach"):
        y.sum().backward()


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_without_a_history_the_result_is_a_constant_of_the_same_values(call):
    torch.manual_seed(0)
    a = call(values())
    torch.manual_seed(0)
    b = call(values(requires_grad=False))
    assert not b.requires_grad and b.dtype == a.dtype and b.tolist() == a.tolist()
    with torch.no_grad():
        assert not call(values()).requires_grad


def test_the_node_has_pytorchs_name():
    assert (values() // 2).grad_fn.name() == "NotImplemented"


def test_rounded_quotients_of_div_have_the_gradient_0():
    v = values()
    torch.div(v, 2, rounding_mode="floor").sum().backward()
    assert v.grad.tolist() == [0.0] * 4


def test_quotients_rounded_down_of_integers_need_no_history():
    assert (torch.tensor([7, -7]) // 2).tolist() == [3, -4]


DRAWS = {
    "BernoulliBackward0": lambda v: torch.bernoulli(v / 4),
    "PoissonBackward0": torch.poisson,
    "NormalBackward0": lambda v: torch.normal(v, v.reshape(4, 1)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws_give_their_parameters_the_gradient_0(name):
    v = values()
    y = DRAWS[name](v)
    assert y.grad_fn.name() == name
    y.sum().backward()
    assert v.grad.tolist() == [0.0] * 4


def test_nextafter_has_the_derivative_1_for_the_first_operand():
    v, other = values(), torch.full((2, 4), 9.0, requires_grad=True)
    torch.nextafter(v, other).sum().backward()
    assert v.grad.tolist() == [2.0] * 4
    assert other.grad.tolist() == [[0.0] * 4] * 2


def test_a_quantile_has_a_gradient_for_its_level():
    x = torch.tensor([0.0, 1.0, 3.0, 7.0], dtype=torch.float64)
    q = torch.tensor([0.4, 0.8], dtype=torch.float64, requires_grad=True)
    for function in (torch.quantile, torch.nanquantile):
        (slope,) = torch.autograd.grad(function(x, q).sum(), q)
        assert slope.tolist() == [3 * 2.0, 3 * 4.0]  # (n - 1) times the step between two elements
    with_nan = torch.tensor([0.0, float("nan"), 2.0, 8.0], dtype=torch.float64)
    assert torch.autograd.grad(torch.nanquantile(with_nan, q).sum(), q)[0].tolist() == [2 * 2.0, 2 * 6.0]


def test_class_weights_that_require_grad_are_refused_beside_classes():
    scores, classes = torch.zeros(2, 3, requires_grad=True), torch.tensor([0, 2])
    weight = torch.ones(3, requires_grad=True)
    for loss in (torch.nn.functional.cross_entropy, torch.nn.functional.nll_loss):
        with pytest.raises(RuntimeError, match=r"not differentiable with respect to argument 'weight'"):
            loss(scores, classes, weight=weight)
        with torch.no_grad():
            loss(scores, classes, weight=weight)
        loss(scores, classes, weight=weight.detach()).backward()
    torch.nn.functional.cross_entropy(scores, torch.ones(2, 3) / 3, weight=weight).backward()
    assert weight.grad.tolist() == pytest.approx([0.36620408] * 3)
