"""Tensors that a user may write to after a layer computed them, because its derivative does not need them."""

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn

F = nn.functional


def gradient(compute, write):
    x = torch.tensor([[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]], dtype=torch.float64, requires_grad=True)
    h = compute(x)
    h = h.mul_(2) if write else h * 2
    (h**2).sum().backward()
    return x.grad.numpy()


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: F.layer_norm(x, (3,)),
        lambda x: F.batch_norm(x, None, None, training=True),
        nn.LayerNorm(3, dtype=torch.float64),
        nn.BatchNorm1d(3, dtype=torch.float64),
        nn.BatchNorm1d(3, affine=False, dtype=torch.float64).eval(),
        lambda x: F.leaky_relu(x * 1),
        lambda x: F.gelu(x * 1),
        nn.Linear(3, 3, dtype=torch.float64),
    ],
)
def test_the_output_may_be_written(compute):
    np.testing.assert_allclose(
        gradient(compute, write=True), gradient(compute, write=False), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("norm", [nn.LayerNorm(3, elementwise_affine=False), nn.BatchNorm1d(3, affine=False)])
def test_an_in_place_relu_after_a_normalisation(norm):
    x = torch.tensor([[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]], requires_grad=True)
    nn.Sequential(norm, nn.ReLU(inplace=True))(x).sum().backward()
    found = x.grad.clone()
    x.grad = None
    nn.Sequential(norm, nn.ReLU())(x).sum().backward()
    assert torch.equal(found, x.grad)


@pytest.mark.parametrize("norm", ["layer", "batch"])
@pytest.mark.parametrize("create_graph", [False, True])
def test_the_operand_of_a_normalisation_may_be_written(norm, create_graph):
    def normed(x):
        return F.layer_norm(x, (2,)) if norm == "layer" else F.batch_norm(x, None, None, training=True)

    leaf, g = torch.randn(3, 2, requires_grad=True), torch.randn(3, 2)
    (right,) = torch.autograd.grad(normed(leaf * 2), leaf, g)
    x = leaf * 2
    out = normed(x)
    x.zero_()
    (found,) = torch.autograd.grad(out, leaf, g, create_graph=create_graph)
    assert torch.allclose(found, right, rtol=1e-4, atol=1e-6)
