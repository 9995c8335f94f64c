"""Factorisations with pivots, products of reflections, tolerances and empty matrices beside PyTorch's."""

import pytest

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:torch.lu", "ignore:An output with one or more elements was resized"),
]

TABLE = """
A = exact([[2.0, -0.4, 0.7], [0.5, -1.5, 0.3], [-0.8, 0.6, 3.1]]); b = real(3);
B = exact([[[1.5, 0.3, -0.6], [0.2, -2.5, 0.9], [0.4, 0.7, 3.3]],
[[-1.2, 0.5, 0.6], [2.1, 2.2, -0.9], [0.8, 0.3, 4.0]]]);
C = exact([[0.3, 1.5], [-0.2, 0.9], [0.6, -1.1]]);
D = exact([[[0.5, 0.3], [-2.2, 0.9], [0.6, -0.1]], [[0.4, -1.3], [1.2, 0.4], [0.6, 0.7]]]);
E = real(20, 11)
    torch.linalg.{lu_factor|lu|lu_factor_ex}({A|B|C|C.mT|D|D.mT|A.flip(0)|E|E.mT})
    torch.linalg.{lu_factor|lu}({A[:0, :0]|A[:, :0]|B[:0]})                          # first
    torch.linalg.lu_factor({A|D}.mT.float())                                         # rough
    torch.lu_unpack(*torch.linalg.lu_factor({A|D}), True, {True|False})
    torch.lu_unpack(*torch.linalg.lu_factor(D.detach()), False, {True|False})
    {torch.lu(B, get_infos=True)|A.flip(0).lu()}
    torch.linalg.lu_solve(*torch.linalg.lu_factor({A|B.flip(-1)}), {C|D|B}, adjoint={True|False})
    torch.linalg.lu_solve(*torch.linalg.lu_factor(A), {C|D}.mT, left=False, adjoint={True|False})
    torch.linalg.lu_solve({A|B[0]}, torch.tensor([2, 3, 3], dtype=torch.int32), {C|D})
    {torch.lu_solve(C, *torch.lu(A))|C.lu_solve(*A.lu())}
    torch.linalg.lu_factor(b)                                                        # raises
    torch.linalg.lu_factor({A.long()|A.half()})                                      # complains
    torch.linalg.lu(A, pivot=False)                                                  # raises
    torch.linalg.lu_factor(A * 0)                                                    # complains
    torch.linalg.lu_solve(A, torch.tensor([{0|4}, 2, 3], dtype=torch.int32), C)      # raises
    torch.lu_unpack(A, torch.tensor([1, {9, 3|0, 3}], dtype=torch.int32))          # raises
    torch.linalg.lu_solve(*torch.linalg.lu_factor(A), {b|C[:2]})           # raises
    torch.linalg.lu_factor_ex(torch.ones(3, 3)), torch.linalg.inv_ex(A * 0).info
    torch.linalg.householder_product({A, b|D, D[:, 0]|C, b[:1]|C, b[:2] * 0})
    {torch.orgqr(C, b[:2])|C.orgqr(b[:1])}
    torch.ormqr(C, b[:2], {A|C}, True, {True|False})
    C.ormqr(b[:2], {A|C.mT}, False)
    torch.geqrf({A|C|C.mT|D}.detach()), C.detach().geqrf()
    torch.geqrf(C)[0].sum().backward()                                               # raises
    torch.linalg.householder_product({C.mT, b[:2]|C, b})            # raises
    torch.linalg.cond(A[:0, :0], {None|'nuc'|1|inf})                                 # values
    torch.linalg.matrix_rank(B, {0.0|3.5}), torch.linalg.{matrix_rank|svdvals|pinv}(B.detach()[:, :0])
    torch.norm(A, 'nuc'), B.norm('nuc', dim={(0, 2)|(-1, 0)}, keepdim=True)
    torch.norm({B|b}, 'nuc')                                                         # raises
    torch.linalg.vecdot(A, {A.long()|A.half()})                                     # raises
    torch.linalg.vander(b[0])                                                        # raises
    torch.cdist(A, B[0], 2.0, {'donot_use_mm_for_euclid_dist'|'use_mm_for_euclid_dist'}).detach()
    torch.cdist(A[:, :0], A[:, :0], {2.0|inf|0.0}).detach(), torch.pdist(A.detach()[:, :0], inf)
    torch.cdist({A.long(), A.long()|A, A, compute_mode='x'|A, A, 2.0, None})         # raises
    torch.lobpcg(A, 2)                                                               # raises
a = exact([[2.0, -0.4, 0.7], [-0.4, -1.5, 0.3], [0.7, 0.3, 3.1]]); x = real(3, 2);
w = exact([[0.0, 1, 2], [1, 0, 3], [2, 3, 0]]); q = exact([[1.0, 2, 3], [0, 0, 5], [0, 0, 7]])
    a, w = a.detach(), w.detach(); torch.linalg.{ldl_factor|ldl_factor_ex}({a|w|w - a|w[:0, :0]})
    a, w = a.detach(), w.detach(); torch.linalg.ldl_solve(*torch.linalg.ldl_factor({a|w}), x.detach())
    s = torch.stack([a, w, w - a]).detach(); torch.linalg.ldl_solve(*torch.linalg.ldl_factor(s), {s|s[0]})
    torch.linalg.ldl_factor_ex(w.detach() * 0), torch.linalg.ldl_factor(a.detach(), hermitian=True)
    torch.linalg.ldl_factor({x|a[0]})                                                # raises
    torch.linalg.ldl_factor(x @ x.mT).LD.sum().backward()                            # complains
    torch.linalg.ldl_solve(*torch.linalg.ldl_factor(w.detach()), x).sum().backward()  # complains
    torch.linalg.cond(torch.stack([w.detach() * 0, w.detach()]), {1|2|-2|'fro'|inf})
    torch.linalg.{matrix_rank|pinv}(a.detach(), {atol=0.0|atol=torch.tensor(1.9)|rtol=torch.tensor(0.3)})
    torch.linalg.{matrix_rank|pinv}(a.detach() * torch.eye(3).to(a)[1] * 1e-18, {atol=0.0|atol=1e-30|rtol=0})
    s = torch.stack([a, w]).data; torch.linalg.{matrix_rank|pinv}(s, {atol=torch.tensor([0.0, 2.5])|atol=2})
    s = torch.stack([a, w]).data; torch.linalg.{matrix_rank|pinv}(s, {rtol=torch.tensor([0.1, 0.9])|rtol=1})
    torch.linalg.{inv_ex|lu_factor_ex}(torch.stack([q, q.mT, a])).info
    torch.linalg.solve_ex(torch.stack([q, q.mT, a]), x).info
"""


def test_factorisations(case, compare):
    compare(case)
