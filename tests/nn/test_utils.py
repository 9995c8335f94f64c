"""nn.utils: clipping gradients, parameters as a vector."""

import math

import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters


def with_grads(*grads):
    parameters = []
    for grad in grads:
        p = nn.Parameter(torch.zeros(len(grad)))
        p.grad = torch.tensor(grad)
        parameters.append(p)
    return parameters


def test_the_common_norm_is_cut_and_the_old_one_returned():
    parameters = with_grads([3.0], [4.0, 0.0])
    parameters.append(nn.Parameter(torch.zeros(2)))  # has no gradient
    assert clip_grad_norm_(iter(parameters), 1.0).item() == pytest.approx(5.0)
    assert parameters[0].grad.tolist() == pytest.approx([0.6], rel=1e-5)
    assert parameters[1].grad.tolist() == pytest.approx([0.8, 0.0], rel=1e-5)


def test_small_gradients_are_left():
    (p,) = with_grads([0.3, 0.4])
    clip_grad_norm_(p, 1.0)
    assert p.grad.tolist() == pytest.approx([0.3, 0.4])


@pytest.mark.parametrize(("order", "norm"), [(1, 7.0), (math.inf, 4.0), (3, 91 ** (1 / 3))])
def test_other_norms(order, norm):
    assert clip_grad_norm_(with_grads([3.0], [-4.0]), 1.0, order).item() == pytest.approx(norm, rel=1e-5)


def test_norms_that_are_not_finite_can_be_refused():
    parameters = with_grads([math.nan, 1.0])
    with pytest.raises(RuntimeError, match="is nan"):
        clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
    assert parameters[0].grad.tolist()[1] == 1.0


@pytest.mark.parametrize("max_norm", [0.0, 1.0])
def test_gradients_of_norm_zero_stay_zero(max_norm):
    parameters = with_grads([0.0], [0.0, 0.0])
    assert clip_grad_norm_(parameters, max_norm).item() == 0.0
    assert [p.grad.tolist() for p in parameters] == [[0.0], [0.0, 0.0]]


def test_a_largest_norm_of_zero_removes_the_gradients():
    (p,) = with_grads([3.0, 4.0])
    clip_grad_norm_(p, 0.0)
    assert p.grad.tolist() == [0.0, 0.0]


def test_the_factor_is_the_largest_norm_over_the_norm_and_a_millionth():
    p = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    p.grad = torch.tensor([3e-5, 4e-5], dtype=torch.float64)
    clip_grad_norm_(p, 1e-5)
    assert p.grad.tolist() == pytest.approx(
        [3e-5 * 1e-5 / (5e-5 + 1e-6), 4e-5 * 1e-5 / (5e-5 + 1e-6)], rel=1e-12
    )


@pytest.mark.parametrize(
    ("grad", "norm", "clipped"),
    [
        # As in PyTorch 2.13: inf / inf is nan, what is finite becomes 0; a nan norm makes all of them nan.
        ([math.inf, 1.0], math.inf, [math.nan, 0.0]),
        ([-math.inf, 1.0], math.inf, [math.nan, 0.0]),
        ([math.nan, 1.0], math.nan, [math.nan, math.nan]),
    ],
)
def test_gradients_that_are_not_finite_are_scaled_all_the_same(grad, norm, clipped):
    (p,) = with_grads(grad)
    assert clip_grad_norm_(p, 1.0).item() == pytest.approx(norm, nan_ok=True)
    assert p.grad.tolist() == pytest.approx(clipped, nan_ok=True)


def test_nothing_to_clip():
    assert clip_grad_norm_([nn.Parameter(torch.zeros(1))], 1.0).item() == 0.0
    clip_grad_value_([], 1.0)


def test_values_are_cut_in_place():
    (p,) = with_grads([3.0, -4.0, 0.5])
    grad = p.grad
    clip_grad_value_([p], 1.0)
    assert grad.tolist() == [1.0, -1.0, 0.5]


def test_parameters_as_a_vector_and_back():
    layer, twin = nn.Linear(3, 2), nn.Linear(3, 2)
    vector = parameters_to_vector(layer.parameters())
    assert vector.shape == (8,)
    vector_to_parameters(vector, twin.parameters())
    assert twin.weight.tolist() == layer.weight.tolist()
    assert twin.bias.tolist() == layer.bias.tolist()
    assert twin.weight.is_leaf


def test_gradients_flow_through_the_vector():
    layer = nn.Linear(2, 1)
    (parameters_to_vector(layer.parameters()) ** 2).sum().backward()
    assert torch.equal(layer.weight.grad, 2 * layer.weight.detach())


def test_a_vector_of_another_length_is_refused():
    layer = nn.Linear(2, 1)
    before = layer.weight.tolist()
    for size in (2, 4):
        with pytest.raises(ValueError, match="3 elements"):
            vector_to_parameters(torch.zeros(size), layer.parameters())
    assert layer.weight.tolist() == before
    with pytest.raises(TypeError, match="list"):
        vector_to_parameters([1.0], layer.parameters())


def test_the_norm_and_the_scaling_apart_are_clipping():
    whole, apart = (torch.zeros(3, requires_grad=True) for _ in range(2))
    for w in (whole, apart):
        (w * torch.tensor([3.0, 4.0, 12.0])).sum().backward()
    norm = torch.nn.utils.get_total_norm(w.grad for w in [apart])
    assert norm.item() == 13 and torch.nn.utils.get_total_norm([]).item() == 0
    torch.nn.utils.clip_grads_with_norm_(apart, 2.0, norm)
    with pytest.warns(FutureWarning, match="older name"):
        assert torch.nn.utils.clip_grad_norm([whole], 2.0).item() == 13
    assert torch.equal(whole.grad, apart.grad) and whole.grad.norm().item() == pytest.approx(2)
    with pytest.raises(RuntimeError, match="nan"):
        torch.nn.utils.get_total_norm([torch.tensor([float("nan")])], error_if_nonfinite=True)
