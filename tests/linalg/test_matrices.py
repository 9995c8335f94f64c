"""Linear algebra: errors that name the matrix, gradients at singular and repeated values, and formulas."""

import numpy as np
import pytest

import minigrad as torch
from minigrad.linalg import LinAlgError
from minigrad.ops.op import REAL, Op
from minigrad.testing import check_grads


def floats(values, **how):
    return torch.tensor(values, dtype=torch.float64, **how)


def test_a_singular_matrix_of_a_batch_is_named():
    batch = torch.stack([torch.eye(2), torch.ones(2, 2)])
    for call in (torch.linalg.inv, torch.inverse, lambda x: torch.linalg.solve(x, torch.ones(2, 1))):
        with pytest.raises(LinAlgError, match=r"\(matrix 1 of the batch\) the matrix is singular"):
            call(batch)
    with pytest.raises(LinAlgError, match=r"cholesky: \(matrix 0 of the batch\) .* not positive definite"):
        torch.linalg.cholesky(-batch)
    assert issubclass(LinAlgError, RuntimeError)


def test_numbers_tell_of_a_matrix_without_a_result_where_they_are_asked_for():
    batch = torch.stack([torch.eye(2), torch.ones(2, 2), torch.diag(torch.tensor([1.0, -1.0]))])
    inverse, info = torch.linalg.inv_ex(batch)
    assert info.tolist() == [0, 2, 0] and inverse[1].isnan().all() and torch.equal(inverse[0], torch.eye(2))
    L, info = torch.linalg.cholesky_ex(batch)
    assert info.tolist() == [0, 2, 2] and torch.equal(L[0], torch.eye(2))
    with pytest.raises(LinAlgError):
        torch.linalg.cholesky_ex(batch, check_errors=True)
    X, info = torch.linalg.solve_ex(batch, torch.ones(3, 2))
    assert info.tolist() == [0, 2, 0] and X[0].tolist() == [1, 1]


def test_the_gradient_of_a_determinant_is_the_cofactors_also_of_a_singular_matrix():
    Z = floats([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    (g,) = torch.autograd.grad(torch.det(Z), Z)
    np.testing.assert_allclose(g.numpy(), [[4, -2], [-2, 1]], atol=1e-12)
    both = torch.stack([Z, torch.eye(2, dtype=torch.float64)])
    (g,) = torch.autograd.grad(torch.det(both).sum(), Z)
    np.testing.assert_allclose(g.numpy(), [[4, -2], [-2, 1]], atol=1e-12)
    N = floats([[0.0, 2.0, 1.0], [2.0, 4.0, 3.0], [2.0, 8.0, 5.0]])
    check_grads(torch.det, N, order=1)
    (g,) = torch.autograd.grad(torch.det(Z), Z, create_graph=True)
    (h,) = torch.autograd.grad((g * floats([[1.0, 2.0], [3.0, 4.0]])).sum(), Z)
    np.testing.assert_allclose(h.numpy(), [[4, -3], [-2, 1]], atol=1e-12)  # of ad - bc, by hand


@pytest.mark.parametrize("function", [torch.linalg.eigh, torch.linalg.svd])
def test_equal_values_have_a_derivative_and_their_vectors_have_none(function):
    A = torch.eye(2, dtype=torch.float64, requires_grad=True)
    vectors, values = (function(A)[0], function(A)[1]) if function is torch.linalg.svd else function(A)[::-1]
    (g,) = torch.autograd.grad(values.sum(), A, retain_graph=True)
    np.testing.assert_allclose(g.numpy(), np.eye(2), atol=1e-15)
    with pytest.raises(LinAlgError, match="are equal, and a gradient reaches their vectors"):
        torch.autograd.grad(vectors[0].sum(), A)


def test_columns_that_a_factorisation_only_adds_have_no_derivative():
    A = floats([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]], requires_grad=True)
    U, S, _ = torch.linalg.svd(A)
    torch.autograd.grad(S.sum() + U[:, 0].sum(), A, retain_graph=True)
    with pytest.raises(LinAlgError, match="full_matrices=False"):
        torch.autograd.grad(U[:, 2].sum(), A)
    with pytest.raises(LinAlgError, match="mode='reduced'"):
        torch.autograd.grad(torch.linalg.qr(A, "complete").R.sum(), A)


def test_factors_give_the_matrix_back():
    x = np.random.default_rng(0).standard_normal((2, 4, 4))
    A = torch.from_numpy(x)
    P = A @ A.mT + torch.eye(4, dtype=A.dtype)
    L = torch.linalg.cholesky(P)
    U, S, Vh = torch.linalg.svd(A)
    w, V = torch.linalg.eigh(P)
    Q, R = torch.linalg.qr(A)
    for found, wanted in (
        (L @ L.mT, P), (U * S.unsqueeze(1) @ Vh, A), (V * w.unsqueeze(1) @ V.mT, P), (Q @ R, A),
        (torch.cholesky_solve(P, L), torch.eye(4, dtype=A.dtype).expand(2, 4, 4)),
        (torch.linalg.matrix_power(A, -2) @ A @ A, torch.eye(4, dtype=A.dtype).expand(2, 4, 4)),
    ):  # fmt: skip
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-10)


def test_long_triangles_are_solved_like_short_ones():
    rng = np.random.default_rng(1)
    A = rng.standard_normal((70, 70)) + 20 * np.eye(70)
    B = torch.from_numpy(rng.standard_normal((2, 70, 3)))
    for upper, cut in ((False, np.tril), (True, np.triu)):
        X = torch.linalg.solve_triangular(torch.from_numpy(A), B, upper=upper)
        np.testing.assert_allclose(cut(A) @ X.numpy(), B.numpy(), atol=1e-12)
    zero = torch.linalg.solve_triangular(torch.zeros(1, 1), torch.ones(1, 1), upper=True)
    assert zero.item() == torch.inf  # no error, as in PyTorch


def test_matrices_without_elements():
    empty, tall = torch.zeros(0, 0), torch.zeros(3, 0)
    assert torch.det(empty).item() == 1 and torch.inverse(empty).shape == (0, 0)
    assert torch.linalg.svd(tall).U.shape == (3, 3) and torch.linalg.pinv(tall).shape == (0, 3)
    assert torch.linalg.matrix_rank(tall).item() == 0
    assert torch.linalg.eigvalsh(empty).shape == (0,)


def test_an_op_without_options_may_change_the_shape():
    """A shortcut took every op of one input for an elementwise one, unless it had options."""
    total = Op(
        "total_of_it",
        lambda x: np.asarray(x.sum()),
        x=lambda g, x: g * np.ones_like(x),
        formula="1",
        domain=lambda d: ((d.values(d.shape(), REAL),), {}),
        register=False,
    )
    x = torch.ones(2, 3, requires_grad=True)
    y = total(x)
    assert y.grad_fn.shape == ()
    (g,) = torch.autograd.grad((y * y), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert h.tolist() == [[12.0] * 3] * 2


def test_methods_load_when_they_are_first_used():
    A = torch.eye(2) * 2
    assert A.inverse()[0, 0] == 0.5 and A.det() == 4 and torch.Tensor.det(A) == 4
    assert A.cholesky()[0, 0] == A.svd().S[0] ** 0.5
    assert torch.det(A) == torch.linalg.det(A)


def test_singular_values_that_are_0_twice_leave_a_finite_gradient():
    A = torch.zeros(3, 3, dtype=torch.float64)
    A[0, 1] = 2.0
    A.requires_grad_()
    torch.linalg.svdvals(A)[0].backward()
    wanted = torch.zeros(3, 3, dtype=torch.float64)
    wanted[0, 1] = 1.0
    assert torch.allclose(A.grad, wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("n", [5, 40, 150])
def test_a_triangle_with_a_zero_or_inf_is_solved_row_by_row(n: int, upper: bool, dtype: type) -> None:
    rng = np.random.default_rng(0)
    A = (rng.standard_normal((2, n, n)) / n + np.eye(n)).astype(dtype)
    B = rng.standard_normal((2, n, 3)).astype(dtype)
    A[0, 2, 2] = 0
    A[1, 3, 1] = A[1, 1, 3] = np.inf

    X = B.copy()
    with np.errstate(all="ignore"):
        for i in range(n - 1, -1, -1) if upper else range(n):
            known = slice(i + 1, n) if upper else slice(i)
            X[:, i] -= np.einsum("nk,nkc->nc", A[:, i, known], X[:, known])
            X[:, i] /= A[:, i, i, None]
    alone = [
        torch.linalg.solve_triangular(torch.tensor(a), torch.tensor(b), upper=upper)
        for a, b in zip(A, B, strict=True)
    ]
    out = torch.stack(alone)
    error = 2e-4 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(out.numpy(), X, error, error)
