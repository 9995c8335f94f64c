"""Factorisations with pivots, reflections, and backward passes that are refused: formulas in float64."""

import numpy as np
import pytest

import minigrad as torch
from minigrad.linalg import LinAlgError
from minigrad.ops import lapack, ldl
from minigrad.ops.lu import factored
from minigrad.testing import check_grads

RANDOM = np.random.default_rng(3)


@pytest.fixture(params=["scipy", "numpy"], autouse=True)
def routines(request, monkeypatch):
    """Once with LAPACK's routines by SciPy, once without."""
    if request.param == "numpy":
        monkeypatch.setattr("minigrad.ops.lapack._scipy", lambda: None)
    else:
        pytest.importorskip("scipy.linalg")


def normal(*shape, **how):
    return torch.tensor(RANDOM.normal(size=shape), **how)


@pytest.mark.parametrize(
    "shape", [(1, 1), (5, 5), (3, 7), (7, 3), (40, 40), (30, 50), (2, 3, 20, 17), (2, 0, 3, 3)]
)
def test_the_three_factors_multiply_to_the_matrix_and_no_multiplier_is_above_1(shape):
    A = normal(*shape)
    P, L, U = torch.linalg.lu(A)
    torch.testing.assert_close(P @ L @ U, A)
    assert L.numel() == 0 or L.abs().max() <= 1
    assert (
        torch.equal(L.tril(), L)
        and torch.equal(U.triu(), U)
        and torch.equal(P.sum(-1), torch.ones(P.shape[:-1]).to(A))
    )


def test_the_pivots_are_those_of_lapack():
    # Recorded from LAPACK's getrf: of the equal 2 and -2 the first is taken.
    A = torch.tensor([[1.0, 2.0, 0.0], [2.0, 1.0, 1.0], [-2.0, 4.0, 1.0]])
    LU, pivots = torch.linalg.lu_factor(A)
    assert pivots.tolist() == [2, 3, 3] and pivots.dtype == torch.int32
    assert LU.tolist() == pytest.approx(np.array([[2, 1, 1], [-1, 5, 2], [0.5, 0.3, -1.1]]), rel=1e-6)


def test_halves_of_columns_and_single_columns_give_one_factorisation(monkeypatch):
    A = RANDOM.normal(size=(2, 33, 29))
    monkeypatch.setattr("minigrad.ops.lapack._scipy", lambda: None)
    halves = factored(A)
    monkeypatch.setattr("minigrad.ops.lu._NARROW", 100)
    for one, other in zip(halves, factored(A), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def both_ways(call, monkeypatch):
    """The results with SciPy and without."""
    pytest.importorskip("scipy.linalg")
    monkeypatch.undo()
    with np.errstate(all="ignore"):
        fast = call()
        monkeypatch.setattr("minigrad.ops.lapack._scipy", lambda: None)
        return zip(fast, call(), strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (64, 64), (3, 7), (7, 3), (2, 9, 9), (3, 0, 4, 4)])
def test_scipys_routines_give_the_factors_that_ours_give(shape, dtype, monkeypatch):
    A = RANDOM.normal(size=shape).astype(dtype)
    near = 1e-3 if dtype == np.float32 else 1e-9
    for one, other in both_ways(lambda: factored(A), monkeypatch):
        assert one.dtype == other.dtype and one.flags.c_contiguous
        np.testing.assert_allclose(one, other, near, near)
    singular = np.zeros_like(A)
    for one, other in both_ways(lambda: factored(singular), monkeypatch):
        np.testing.assert_array_equal(one, other)
    if shape[-1] == shape[-2]:
        symmetric = A + A.swapaxes(-1, -2)
        symmetric[..., range(shape[-1]), range(shape[-1])] *= dtype(0.1)
        for one, other in both_ways(lambda: ldl._ldl(symmetric), monkeypatch):
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, near, near)
        LD, pivots = ldl._ldl(symmetric)
        B = RANDOM.normal(size=(shape[-1], 3)).astype(dtype)
        for one, other in both_ways(lambda: [ldl._ldl_solve(LD, pivots, B)], monkeypatch):
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, near, near)


@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("upper", [False, True])
def test_scipys_triangles_are_solved_as_ours_also_with_a_0_on_the_diagonal(upper, unit, monkeypatch):
    A, B = RANDOM.normal(size=(9, 9)) + 4 * np.eye(9), RANDOM.normal(size=(9, 2))
    zero = A.copy()
    zero[4, 4] = 0
    for matrix in (A, A.T, np.asfortranarray(A), A.astype(np.float32), zero, np.ones((18, 9))[::2]):
        right = B.astype(matrix.dtype)

        def solved(matrix=matrix, right=right):
            return [lapack.solve_triangular(matrix, right, upper=upper, unitriangular=unit)]

        for one, other in both_ways(solved, monkeypatch):
            assert one.dtype == other.dtype and one.flags.c_contiguous
            np.testing.assert_allclose(one, other, 1e-4 if matrix.dtype == np.float32 else 1e-10)


@pytest.mark.parametrize("pivots", [[9, 2, 3], [-9, -9, 3], [1, 2, -3], [-1, 2, 3], [0, 2, 3]])
def test_pivots_that_are_no_rows_are_refused(pivots):
    with pytest.raises(RuntimeError, match="each pivot must be a row, from 1 to 3"):
        torch.linalg.ldl_solve(torch.eye(3), torch.tensor(pivots), torch.ones(3, 1))


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)])
def test_the_factors_have_derivatives_of_both_orders_where_rows_are_swapped(shape):
    A = torch.tensor(np.eye(*shape)[::-1] * 2 + RANDOM.normal(size=shape) / 5, requires_grad=True)
    assert torch.linalg.lu_factor(A).pivots[0] == shape[0] if shape[0] <= shape[1] else True
    check_grads(lambda x: torch.linalg.lu(x).L, A, order=2)
    check_grads(lambda x: torch.linalg.lu(x).U, A, order=2)


def test_equations_are_solved_from_the_factors_on_both_sides_and_transposed():
    A, B = normal(2, 4, 4, requires_grad=True), normal(4, 3, requires_grad=True)
    factors = torch.linalg.lu_factor(A)
    torch.testing.assert_close(A @ torch.linalg.lu_solve(*factors, B), B.expand(2, 4, 3))
    torch.testing.assert_close(A.mT @ torch.linalg.lu_solve(*factors, B, adjoint=True), B.expand(2, 4, 3))
    torch.testing.assert_close(torch.linalg.lu_solve(*factors, B.mT, left=False) @ A, B.mT.expand(2, 3, 4))
    got = torch.autograd.grad(torch.linalg.lu_solve(*factors, B).sin().sum(), (A, B))
    expected = torch.autograd.grad(torch.linalg.solve(A, B).sin().sum(), (A, B))
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_a_zero_on_the_diagonal_of_u_is_told_by_its_place():
    batch = torch.stack([torch.eye(3), torch.ones(3, 3)])
    assert torch.linalg.lu_factor_ex(batch).info.tolist() == [0, 2]
    assert torch.linalg.inv_ex(batch).info.tolist() == [0, 2]
    with pytest.raises(LinAlgError, match=r"\(matrix 1 of the batch\) U\[2,2\] is zero"):
        torch.linalg.lu_factor(batch)


@pytest.mark.parametrize("n", [1, 2, 3, 6, 17])
def test_symmetric_equations_are_solved_from_blocks_of_one_and_two(n):
    half = normal(3, n, n)
    A = half + half.mT
    A.diagonal(dim1=-2, dim2=-1).mul_(0.1)  # small ones, so that blocks of two come
    LD, pivots = torch.linalg.ldl_factor(A)
    assert n == 1 or (pivots < 0).any()
    B = normal(n, 2)
    torch.testing.assert_close(A @ torch.linalg.ldl_solve(LD, pivots, B), B.expand(3, n, 2))


def test_reflections_multiply_to_q_and_have_derivatives_also_for_a_factor_of_0():
    A = normal(2, 5, 3)
    a, tau = torch.geqrf(A)
    Q, R = torch.linalg.qr(A)
    torch.testing.assert_close(torch.linalg.householder_product(a, tau), Q)
    torch.testing.assert_close(torch.ormqr(a, tau, A, transpose=True)[:, :3], R)
    V, t = normal(4, 3, requires_grad=True), torch.tensor([0.5, 0.0, 1.5], dtype=V64, requires_grad=True)
    H = torch.eye(4, dtype=V64)
    for i in range(3):
        v = torch.cat([torch.zeros(i, dtype=V64), torch.ones(1, dtype=V64), V[i + 1 :, i].detach()])
        H = H @ (torch.eye(4, dtype=V64) - t[i].detach() * torch.outer(v, v))
    torch.testing.assert_close(torch.linalg.householder_product(V, t).detach(), H[:, :3])
    check_grads(torch.linalg.householder_product, V, t, order=2)


V64 = torch.float64


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("geqrf", lambda x: torch.geqrf(x).tau),
        ("linalg.ldl_factor", lambda x: torch.linalg.ldl_factor(x @ x.mT + torch.eye(3)).LD),
        ("linalg.ldl_solve", lambda x: torch.linalg.ldl_solve(*torch.linalg.ldl_factor(torch.eye(3)), x)),
    ],
)
def test_a_backward_without_a_derivative_says_so_and_one_that_goes_elsewhere_runs(name, call):
    x, y = torch.ones(3, 2, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    loss = (call(x) * y).sum()
    torch.autograd.grad(loss, y, retain_graph=True)
    with pytest.raises(NotImplementedError, match=f"^derivative for {name} is not implemented.*x.detach"):
        loss.backward()


def test_the_largest_and_the_smallest_eigenvalues_come_with_vectors_that_b_makes_orthonormal():
    half, other = normal(9, 9), normal(9, 9)
    A, B = half @ half.mT, other @ other.mT + torch.eye(9)
    for largest in (True, False):
        E, V = torch.lobpcg(A, 3, B, largest=largest)
        torch.testing.assert_close(A @ V, B @ V * E)
        torch.testing.assert_close(V.mT @ B @ V, torch.eye(3, dtype=V64))
    assert torch.equal(torch.lobpcg(A, 2)[0], torch.linalg.eigvalsh(A).flip(0)[:2])
    with pytest.raises(ValueError, match="at least 3 rows for each eigenvalue, but has 9 for 4"):
        torch.lobpcg(A, 4)


def test_a_tolerance_of_0_is_the_usual_one_and_each_matrix_may_have_its_own():
    A = torch.diag(torch.tensor([1.0, 1e-18], dtype=V64))
    assert torch.linalg.matrix_rank(A, atol=0.0) == 1 and torch.linalg.pinv(A, atol=0.0)[1, 1] == 0
    assert torch.linalg.matrix_rank(A, 0.0) == 2  # the old `tol` means what it says
    both = torch.stack([A, A])
    assert torch.linalg.matrix_rank(both, atol=torch.tensor([1e-20, 1e-3])).tolist() == [2, 1]
    assert torch.linalg.pinv(both, rtol=torch.tensor([0.0, 1e-3]))[:, 1, 1].tolist() == pytest.approx(
        [1e18, 0]
    )


def test_matrices_without_elements_have_ranks_and_conditions_and_no_singular_values():
    none = torch.zeros(2, 0, 3, requires_grad=True)
    assert torch.linalg.matrix_rank(none).tolist() == [0, 0] and torch.linalg.svdvals(none).shape == (2, 0)
    assert [torch.linalg.cond(torch.zeros(2, 0, 0), p).tolist() for p in (None, 1, "nuc")] == [[0, 0]] * 3
    assert torch.linalg.cond(torch.stack([torch.zeros(2, 2), torch.eye(2)]), 1).tolist() == [np.inf, 1]


def test_rows_without_numbers_are_no_distance_apart_also_in_the_norm_of_the_largest():
    assert torch.cdist(torch.zeros(2, 0), torch.zeros(3, 0), np.inf).tolist() == [[0, 0, 0]] * 2
    assert torch.pdist(torch.zeros(3, 0), np.inf).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="x is not a valid value for compute_mode"):
        torch.cdist(torch.zeros(2, 1), torch.zeros(2, 1), compute_mode="x")
    with pytest.raises(RuntimeError, match="cdist: expected floating tensors, got int64"):
        torch.cdist(torch.zeros(2, 1, dtype=torch.int64), torch.zeros(2, 1))


def test_the_older_norm_has_the_sum_of_singular_values():
    A = normal(2, 3, 4)
    torch.testing.assert_close(A.norm("nuc", dim=(2, 0)), torch.linalg.matrix_norm(A, "nuc", dim=(2, 0)))
    with pytest.raises(RuntimeError, match="norm: 'nuc' is a norm of matrices: dim must name two axes"):
        torch.norm(A, "nuc")


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (2, 3, 3)])
def test_a_loss_of_the_values_alone_has_derivatives_of_both_orders(shape):
    """It takes the short way back, which knows no vectors; also for two equal values, once."""
    A = normal(*shape, requires_grad=True)
    weights = torch.tensor([0.5, -2.0, 3.0, 1.5], dtype=torch.float64)[: min(shape[-2:])]
    check_grads(lambda x: torch.linalg.svd(x, full_matrices=False)[1] ** 2 * weights, A, order=2)
    if shape[-1] == shape[-2]:
        check_grads(lambda x: torch.linalg.eigh(x + x.mT)[0] ** 2 * weights, A, order=2)
    equal = torch.eye(2, dtype=torch.float64, requires_grad=True)
    torch.linalg.eigh(equal)[0].sum().backward()
    torch.linalg.svd(equal)[1].sum().backward()
    torch.testing.assert_close(equal.grad, 2 * torch.eye(2, dtype=torch.float64))
