"""Products of matrices beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
v = real(3); w = real(3); A = real(2, 3); B = real(3, 4); C = real(5, 2, 3); D = real(5, 3, 4);
E = real(2, 1, 3, 2); s = real()
    v @ w
    {A @ v|A @ B|v @ B|C @ v|C @ B|C @ D|v @ D|A @ D|E @ A|C @ E}
    torch.matmul({v, w|A, v|v, B|A, B|C, v|C, B|C, D|v, D|A, D|E, A})
    {v|A|C}.matmul({v|B|D})
    torch.matmul(input=A, other=B)
    torch.matmul(E, C[:2, None])
    C.mT @ C
    A.T @ A
    (A @ B) @ B.T
    torch.mm(A, B)
    torch.mm(A, mat2=B)
    A.mm(B)
    torch.bmm(C, D)
    C.bmm(D)
    torch.mv(A, v)
    A.mv(vec=v)
    torch.dot(v, w)
    v.dot(w)
    torch.dot(v, v)
    torch.outer(v, w[:2])
    v.outer(w)
    torch.addmm(B[:2], A, B)
    torch.addmm({s|B[0]|A[:, :1]|A[0, 0]}, A, B)
    torch.addmm(B[:2], A, B, beta={2|0|0.5}, alpha={3|-0.5})
    B[:2].addmm(A, B, alpha=2)
    torch.addmm(B[:2].detach() * nan, A, B, beta=0)
    torch.addmm(B[:2] * nan, A, B, beta=0)
    {torch.mm(A, A)|A @ A|C @ C|v @ A}                                       # raises
    {A @ v[:2]|torch.dot(v, w[:2])|torch.bmm(C, D[:2])|torch.bmm(C[:1], D)}  # raises
    {torch.mm(C, D)|torch.mm(A, v)|torch.bmm(A, B)|torch.mv(v, w)|torch.mv(A, B)|torch.dot(A, A)}  # raises
    {torch.outer(A, v)|s @ v|v @ s|torch.mm(A, 2.0)|torch.matmul(s, s)|torch.addmm(A, A, B)}  # raises
    A @ 2.0                                                                  # complains
    A @ B.{half|long|bool}()                                                 # raises
    torch.{mm(A, B.long())|dot(v, w.long())|mv(A, v.long())|addmm(B[:2].long(), A, B)}  # raises
    torch.einsum('ij,jk->ik', A, B)
    torch.einsum('{ij->ji|ij->j|ij->|ij->ij|i...->...|...j->...|ij|ji}', A)
    torch.einsum('{i,i->|i,j->ij|i,i->i|i,i|i,j|a,b->ba}', v, w)
    torch.einsum('{bij,bjk->bik|bij,bjk->ik|bij,bjk->b|...ij,...jk->...ik|bij,bjk->bjik|bij,bjk}', C, D)
    torch.einsum('{bij,jk->bik|...ij,jk->...ik|bij,jk|bij,jk->kib}', C, B)
    torch.einsum('{ij,jk,kl->il|ij,jk,kl->|ij,jk,kl}', A, B, B.T)
    torch.einsum('{ii->i|ii->|ii|ij->ji|i i -> i}', A[:, :2])
    torch.einsum('{iib->b|iib->ib|bii->bi|iii->|iii->i}', D[:3, :, :3])
    torch.einsum('{ij,kj,lj->ikl|ij,ij,ij->j|ij,ij,ij->}', A, A, A)
    torch.einsum('ij,j', [A, v])
    torch.einsum('bn,anm,bm->ba', A, D[:, :, :3], A)
    torch.einsum('...,...->...', C, A)
    torch.einsum('i...,j...->ij...', A, B[:, :3])
    torch.einsum('{...ij,...jk->...ik|i...k,...kj->...ij}', C[:, None], D[:1, None, None])
    torch.einsum("...ij,...jk->ik", C[:, None], D[:1, None])
    torch.einsum('ij,->ij', A, s)
    torch.einsum('{ij,jk->il|ij->iij|ij,j|ijk->i|ij->ii|i$->i}', A)          # raises
    torch.einsum('...i,...i->...', A, A)
    torch.einsum('{ij,jk->ik|ij,jk->i}', A, A)                               # raises
    torch.einsum(A, {[0, 1], [1, 0]|[0, 1]|[51, 25], [25]|(3, ...), [...]|[0, 1], []})
    torch.einsum(A, [0, 1], B, [1, 30], {[30, 0]|[0]|()})
    torch.einsum(C, [..., 0, 1], D, [..., 1, 2], [..., 0, 2])
    torch.einsum(A, {[0, 52]|[-1, 0]|[0, "a"]})                               # raises
    torch.einsum(A)                                                          # raises
x = real(0, 3); y = real(3, 2); z = real(3, 0)
    {x @ y|x.T @ x|z @ x|torch.mm(x, y)|x @ y[:, 0]|torch.einsum('ij,jk->ik', x, y)|torch.einsum('ij->', x)}
    {torch.ones(5, 2, 0, dtype=x.dtype) @ x|z @ x.T.reshape(0, 3)|x.reshape(3, 0, 1)[:, :, :0] @ x[:, :2]}
    torch.outer(y[:, 0], x[:, 0])
    torch.dot(x[:, 0], x[:, 0])
    torch.bmm(x.reshape(0, 1, 3), torch.zeros(0, 3, 2, dtype=x.dtype))
    torch.addmm(y[:0], x, y)
i = ints(2, 3); j = ints(3, 2)
    {i @ j|torch.mm(i, j)|i[0] @ j|torch.dot(i[0], j[:, 0])|torch.mv(i, j[:, 0])|torch.outer(i[0], j[0])}
    torch.einsum('ij,jk->ik', i, j)
    torch.addmm(i[:, :2], i, j, alpha=2)
"""


def test_linalg(case, compare):
    compare(case)
