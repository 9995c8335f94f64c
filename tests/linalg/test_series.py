"""The exponential of matrices against its series, and the largest singular values against all of them."""

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad.testing import check_grads


def drawn(*shape, scale=1.0):
    return torch.tensor(np.random.default_rng(0).normal(size=shape) * scale)


def by_series(A):
    """A sum of A^k / k!, of A divided by 2^20, squared 20 times."""
    x = A / 2.0**20
    total, term = np.eye(A.shape[-1]), np.eye(A.shape[-1])
    for k in range(1, 8):
        term = term @ x / k
        total = total + term
    for _ in range(20):
        total = total @ total
    return total


@pytest.mark.parametrize("scale", [0.0, 0.1, 1.0, 4.0])
def test_the_exponential_is_the_sum_of_its_series(scale):
    A = drawn(2, 4, 4, scale=scale)
    found = torch.linalg.matrix_exp(A).numpy()
    np.testing.assert_allclose(found, by_series(A.numpy()), rtol=1e-8, atol=1e-8 * abs(found).max())
    assert torch.equal(torch.matrix_exp(A), A.matrix_exp())


def test_exponentials_that_are_known():
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
    for angle in (0.5, 3.0, 40.0):
        c, s = math.cos(angle), math.sin(angle)
        expected = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
        assert torch.allclose((angle * turn).matrix_exp(), expected, atol=1e-12)
    single = torch.matrix_exp(torch.diag(torch.tensor([0.0, -30.0, 2.0])))
    assert torch.allclose(single.diagonal(), torch.tensor([1.0, math.exp(-30), math.exp(2)]), atol=0)
    assert torch.matrix_exp(torch.ones(2, 0, 0)).shape == (2, 0, 0)


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0])
def test_the_gradient_of_the_exponential_is_that_of_finite_differences(scale):
    check_grads(torch.linalg.matrix_exp, drawn(3, 3, scale=scale), order=2)


@pytest.mark.parametrize("bad", [torch.ones(2), torch.ones(2, 3), torch.ones(2, 2).long()])
def test_other_than_square_matrices_of_floats_are_refused(bad):
    with pytest.raises(RuntimeError, match=r"linalg\.matrix_exp: expected"):
        torch.linalg.matrix_exp(bad)


@pytest.mark.parametrize("shape", [(7, 5), (5, 7), (2, 6, 6)])
def test_the_largest_singular_values_of_a_matrix_of_low_rank_are_exact(shape):
    A = drawn(*shape[:-1], 3) @ drawn(*shape[:-2], 3, shape[-1])
    U, S, V = torch.svd_lowrank(A, q=3)
    assert torch.allclose(S, torch.linalg.svdvals(A)[..., :3])
    assert torch.allclose((U * S.unsqueeze(-2)) @ V.mT, A)
    assert [t.shape[-1] for t in (U, S, V)] == [3, 3, 3]
    U, S, V = torch.svd_lowrank(A, q=3, M=A / 2)
    assert torch.allclose((U * S.unsqueeze(-2)) @ V.mT, A / 2)


def test_principal_components_leave_the_mean_out():
    A = drawn(20, 2) @ drawn(2, 4) + 5
    U, S, V = torch.pca_lowrank(A, q=2)
    centred = A - A.mean(0)
    assert torch.allclose((U * S) @ V.T, centred) and torch.allclose(V.T @ V, torch.eye(2, dtype=A.dtype))
    assert torch.allclose(S, torch.linalg.svdvals(centred)[:2])
    assert torch.allclose(torch.pca_lowrank(A, q=3, center=False)[1], torch.linalg.svdvals(A)[:3])
    assert torch.pca_lowrank(A)[1].shape == (4,)


def test_more_values_than_there_are_are_refused():
    with pytest.raises(ValueError, match="q=4 must be between 0 and 3"):
        torch.svd_lowrank(torch.ones(3, 5), q=4)
    with pytest.raises(ValueError, match=r"q\(=4\) must be non-negative"):
        torch.pca_lowrank(torch.ones(3, 5), q=4)
    with pytest.raises(ValueError, match="niter"):
        torch.pca_lowrank(torch.ones(3, 5), niter=-1)


@pytest.mark.parity
@pytest.mark.parametrize("scale", [0.0, 0.1, 1.0, 5.0, 30.0])
def test_pytorchs_exponential_and_gradient(pytorch, scale):
    found = []
    for lib in (pytorch, torch):
        x = lib.tensor(drawn(3, 3, scale=scale).numpy(), requires_grad=True)
        y = lib.linalg.matrix_exp(x)
        found.append([t.detach().numpy() for t in (y, *lib.autograd.grad(y.sum(), x))])
    for ours, theirs in zip(found[1], found[0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9 * abs(theirs).max())


def test_an_exponential_at_the_largest_norm_that_is_not_halved():
    angle = 5.36
    found = torch.linalg.matrix_exp(torch.tensor([[0.0, -angle], [angle, 0.0]], dtype=torch.float64))
    right = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    np.testing.assert_allclose(found.numpy(), right, rtol=0, atol=1e-14)
