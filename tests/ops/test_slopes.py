"""Rules whose ways depend on sizes and on which axes there are: each way beside differences."""

import numpy as np
import pytest

import minigrad as torch

F = torch.nn.functional
NORMS = {
    "rows": ((3, 4), lambda x, w, b: F.layer_norm(x, (4,), w, b), 4),
    "layers": ((2, 3, 4), lambda x, w, b: F.layer_norm(x, (4,), w, b), 4),
    "columns": ((5, 3), lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), 3),
    "images": ((2, 3, 2, 2), lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), 3),
    "groups": ((2, 4, 3), lambda x, w, b: F.group_norm(x, 2, w, b), 4),
    "instances": ((2, 3, 4), lambda x, w, b: F.instance_norm(x, weight=w, bias=b), 3),
}


@pytest.mark.parametrize("kind", NORMS)
def test_a_norm_its_weight_and_its_bias_have_their_gradients(kind):
    shape, norm, n = NORMS[kind]
    draw = np.random.default_rng(0)
    given = [torch.from_numpy(draw.standard_normal(s)).requires_grad_() for s in (shape, n, n)]
    assert torch.autograd.gradcheck(norm, given)
    assert torch.autograd.gradgradcheck(norm, given)


@pytest.mark.parametrize("times", [1, 2, 8, 9, 20])
def test_the_gradients_of_all_copies_are_summed(times):
    x = torch.ones(2, 3, requires_grad=True)
    g = torch.arange(6.0 * times).reshape(2, 3 * times)
    x.repeat_interleave(times, dim=1).backward(g)
    np.testing.assert_array_equal(x.grad.numpy(), g.numpy().reshape(2, 3, times).sum(2))


def test_equal_rows_are_at_a_kink_of_their_distance_whose_slopes_are_0():
    a = torch.tensor([[1.0, 2.0], [0.0, 0.0]], requires_grad=True)
    b = torch.tensor([[1.0, 2.0]], requires_grad=True)
    first = torch.autograd.grad(torch.cdist(a, b)[0, 0] * 3, [a, b], create_graph=True)
    assert all(not g.detach().numpy().any() for g in first)
    second = torch.autograd.grad((first[0] * 5).sum(), [a, b])
    assert all(not g.numpy().any() for g in second)


def test_the_next_number_after_one_towards_itself_has_slope_0():
    a = torch.tensor([1.0, 1.0], requires_grad=True)
    torch.nextafter(a, torch.tensor([1.0, 2.0])).sum().backward()
    assert a.grad.tolist() == [0.0, 1.0]
