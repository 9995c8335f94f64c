"""Inverses, factorisations and norms of matrices beside PyTorch's.

The signs of eigenvectors, and of the singular vectors of wide matrices, are those of the LAPACK at hand:
NumPy's and PyTorch's differ there. Such vectors are compared with a sign of their own choice.
"""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
A = exact([[2.0, -0.4, 0.7], [0.5, -1.5, 0.3], [-0.8, 0.6, 3.1]]); b = real(3);
B = exact([[[1.5, 0.3, -0.6], [0.2, -2.5, 0.9], [0.4, 0.7, 3.3]],
[[-1.2, 0.5, 0.6], [0.1, 2.2, -0.9], [0.8, 0.3, 4.0]]]);
C = exact([[1.5, 0.3], [-0.2, 0.9], [0.6, -1.1]]); E = B[:, None] + 0.5;
D = exact([[[2.5, 0.3], [-0.2, 0.9], [0.6, -0.1]], [[0.4, -1.3], [1.2, 0.4], [0.6, 0.7]]])
    torch.linalg.inv({A|B|E})
    {torch.inverse(A)|A.inverse()|torch.linalg.inv_ex(A)|torch.inverse(input=B)}
    torch.linalg.solve(A, {b|C|D|B})
    torch.linalg.solve({B|E}, {D|C|b})
    torch.linalg.solve(B, B[:, 0])
    torch.linalg.solve(E, B[:, 0])                                                   # raises
    torch.linalg.solve(A, {C.mT|D.mT}, left=False)
    torch.linalg.solve_ex(B, D)
    torch.linalg.solve_triangular({A|B}, {C|D}, upper={True|False}, unitriangular={True|False})
    torch.linalg.solve_triangular(A, D.mT, upper={True|False}, left=False)
    torch.triangular_solve(C, A, {True|False}, {True|False})
    torch.linalg.det({A|B|E})
    {torch.det(A)|A.det()|B.det()|torch.det(A[:0, :0])}
    torch.linalg.slogdet({A|B})
    {torch.slogdet(B)|A.slogdet()|torch.logdet(A @ A.mT)|(A @ A.mT).logdet()}
    torch.linalg.cholesky({A @ A.mT + 1|B @ B.mT + 1})
    torch.linalg.cholesky(B @ B.mT, upper=True)
    torch.linalg.cholesky_ex(B @ B.mT)
    torch.cholesky(A @ A.mT, upper={True|False})
    (A @ A.mT).cholesky()
    torch.cholesky_solve({C|D}, A.triu(), upper=True)
    torch.cholesky_solve({C|D}, {A|B}.tril())
    torch.cholesky_inverse({A|B}.tril())
    torch.cholesky_inverse(A.triu(), upper=True)
    w, V = torch.linalg.eigh({A + A.mT|B + B.mT|A|B}); [w, V * V[..., :1, :].detach().sign()]
    w, V = torch.linalg.eigh({B|B + B.mT}, UPLO={'L'|'U'|'l'}); [w, V * V[..., :1, :].detach().sign()]
    w, V = torch.linalg.eigh(A @ A.mT); V @ torch.diag(w.log()) @ V.mT
    torch.linalg.eigh(A + A.mT).eigenvalues
    torch.linalg.eigvalsh({A + A.mT|B + B.mT})
    torch.linalg.svd({A|C|D|B}, full_matrices=False)
    U, S, V = torch.linalg.svd({C|D}.mT, False); s = U[..., :1, :].detach().sign(); [U * s, S, V * s.mT]
    torch.linalg.svd({A|B})
    torch.linalg.svd({C|C.mT|D}).S
    torch.linalg.svdvals({A|C|D.mT})
    torch.svd({A|C|D})
    torch.svd(C, some=False).{S|V}
    C.svd().S
    torch.linalg.qr({A|C|C.mT|D|D.mT|B})
    torch.linalg.qr({A|C.mT}, mode='complete')
    {torch.qr(C)|A.qr()|torch.qr(A, some=False)}
    torch.linalg.pinv({A|C|C.mT|D|E})
    torch.pinverse({A|C})
    C.pinverse()
    torch.linalg.lstsq({A|C}, b)[0::2]
    torch.linalg.lstsq(B, {D|B[:, 0]}).{solution|rank|singular_values}
    torch.linalg.lstsq(D, B, driver={'gelsd'|'gels'|'gelss'})
    torch.linalg.lstsq(C, b, driver='gelsd')
    torch.linalg.lstsq(D, B, driver='gelsy')[0::2]
    torch.linalg.lstsq(C.mT, C[:2]).solution
    torch.linalg.matrix_norm({A|B|E}, {'fro'|'nuc'|2|-2|1|-1|inf|-inf}, keepdim={True|False})
    torch.linalg.matrix_norm(E, {'nuc'|1|'fro'}, dim=(0, -1), keepdim={True|False})
    torch.linalg.norm(A, {None|'fro'|'nuc'|2|-2|1|-1|inf|-inf})
    torch.linalg.norm(B, {'nuc'|2}, dim=(0, 2))
    torch.linalg.norm(b, {None|1|2|3|inf|0})
    torch.linalg.cond(A, {None|2|-2|'nuc'})
    torch.linalg.cond(A, {'fro'|1|inf})  # extra: PyTorch overwrites what it saved
    torch.linalg.cond(C)
    torch.linalg.matrix_power(A, {0|1|2|3|5|-1|-2})
    {torch.matrix_power(B, 3)|A.matrix_power(2)}
    torch.linalg.multi_dot([{A, C|b, A, C|A, C, C.mT|A, A, A, C|A, b|b, b|C.mT, A, B[0], b}])
    torch.linalg.cross(A, A.flip(0), dim={-1|0})
    torch.linalg.cross(b, A)                                                       # raises
    torch.linalg.cross(B, B.flip(0))
    torch.linalg.{vecdot(A, b)|vecdot(A, A, dim=0)|matmul(A, b)|diagonal(B)|diagonal(B, offset=1)}
    torch.linalg.vander(b, N={None|2|4})
    torch.linalg.tensorinv(torch.linalg.inv(A).reshape(3, 1, 3), ind={1|2})
    torch.linalg.tensorsolve(A.reshape(3, 1, 3), b.reshape(3, 1))
    {torch.kron(A, C)|torch.trace(A)|torch.cross(A, A.flip(0), dim=1)}
    torch.linalg.matrix_rank({A|C|B})
    torch.linalg.matrix_rank(B * 0)
    torch.linalg.matrix_rank(A, {atol=0.5|rtol=0.9|atol=100.0})
    torch.linalg.pinv(A, {atol=0.1|rtol=1e-3})
    torch.linalg.{inv|det|slogdet|cholesky|eigh|eigvalsh}({C|b})                     # raises
    torch.linalg.{svd|qr|pinv|svdvals|matrix_rank|matrix_norm}(b)                    # raises
    torch.linalg.{solve(A, C.mT)|solve(C, b)|solve(A, C, left=False)|solve(A, b, left=False)}  # raises
    torch.linalg.{matrix_norm(A, 3)|matrix_norm(A, 'x')|matrix_norm(A, dim=(0, 0))}  # raises
    torch.linalg.{multi_dot([A])|multi_dot([A, C.mT])|matrix_power(C, 2)|eigh(A, UPLO='X')}  # raises
    torch.linalg.{tensorinv(A, ind=0)|tensorsolve(A, A)|lstsq(A, C.mT)|qr(A, mode='x')}  # raises
    torch.linalg.{inv|det|svd|qr|cholesky|eigh|pinv}(A.{long|half}())                # raises
    torch.linalg.solve(A, C.{long|half}())                                           # raises
    torch.linalg.{inv(A * 0)|solve(A * 0, b)|cholesky(-A @ A.mT)}                    # complains
    torch.linalg.{inv_ex(A * 0)|cholesky_ex(-A @ A.mT)}.info
    torch.det(A * 0)  # first: PyTorch's second is nan
    {torch.slogdet(A.detach() * 0)|torch.logdet(-A.detach() @ A.detach().mT)}
    torch.linalg.cond(A.detach() * 0, 1)
    torch.linalg.lstsq(C.detach() @ C.detach().mT, b).{rank|singular_values}
Z = exact([[1.0, 2.0], [2.0, 4.0]]); N = exact([[0.0, 2.0, 1.0], [2.0, 4.0, 3.0], [2.0, 8.0, 5.0]])
    torch.det({Z|N})                       # values: PyTorch's gradient is 0 unless create_graph=True
    torch.det(torch.stack([Z, torch.eye(2, dtype=Z.dtype)]))                         # values
    torch.linalg.matrix_rank({Z|N})
    torch.linalg.pinv(Z)                                                             # first
S = exact([[4.0, 9.0, 9.0], [1.0, 5.0, 9.0], [0.5, 1.5, 6.0]])
    torch.linalg.cholesky(S)
    w, V = torch.linalg.eigh(S); [w, V * V[..., :1, :].detach().sign()]
    torch.linalg.eigvalsh(S)
I = exact([[2.0, 0.0], [0.0, 2.0]])
    torch.linalg.eigvalsh(I)                                                         # first
    torch.linalg.svdvals(I)                                                          # first
"""


def test_matrices(case, compare):
    compare(case)
