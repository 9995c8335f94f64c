"""Joining, grids, products and counts beside PyTorch's, to the second order."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(2, 3); y = real(2, 3); v = real(3); w = real(3); k = ints(4, below=3); i = ints(2, 3, below=3)
    torch.{hstack|vstack|dstack|column_stack}([{x, y|v, w|x.sum(), y.sum()}])
    torch.{hstack|vstack|dstack|column_stack}([])                            # complains
    torch.meshgrid(v, w[:2], indexing={'ij'|'xy'})
    torch.meshgrid(v, w[:2], x.sum(), indexing={'ij'|'xy'})
    torch.meshgrid(v, x, indexing='ij')                                      # raises
    torch.meshgrid(v, w, indexing='ab')                                      # raises
    torch.cartesian_prod(v, w[:2])
    torch.kron({x, y|x, v|v, x}), x.kron(y)
    torch.tensordot({x, y.T, 1|x, y, 2|x, y, 0|x, y, ([0], [0])|x, y, ([0, 1], [0, 1])})
    torch.tensordot(x, y, 1)                                                 # raises
    torch.cross(x, y, dim={1|-1}), x.cross(y, dim=1)
    torch.cross(x, y, dim=0)                                                 # raises
    torch.cdist(x, y, {2.0|1.0|3.0})
    torch.cdist(x, v)                                                        # raises
    torch.repeat_interleave(x, {2|2, 1|torch.tensor([1, 0, 2]), 1|torch.tensor([2]), 0})
    torch.repeat_interleave(torch.tensor([1, 0, 2]))
    torch.repeat_interleave(x, {-1|torch.tensor([1, 2]), 1})                 # raises
    x.index_fill({0|1}, torch.tensor([1]), 5.0), torch.index_fill(x, 1, torch.tensor([0, -1]), 2)
    x.index_fill(1, torch.tensor([3]), 5.0)                                  # raises
    x.median(), x.median({0|1|-1}).values, torch.median(x, 1, True)[0]
    torch.median(i), torch.median(torch.tensor([1.0, 2.0, 2.0, nan])), torch.median(x[0], 0)
    torch.{nansum|nanmean}({x|x, 1|x, 0, True|torch.tensor([1.0, nan, 3.0])})
    torch.{std_mean|var_mean}({x|x, 1|x, dim=0, correction=0|x, 1, keepdim=True|x, False})
    torch.unique({i|k|x.detach()}, return_inverse=True, return_counts=True), torch.unique(i, dim={0|1})
    torch.bincount({k|k, minlength=7|k, torch.tensor([1.0, 2.0, 3.0, 4.0])})
    torch.bincount({i|-k - 1})                                               # raises
    torch.histc(x.detach(), {4|4, -1, 1|3, 0, 2})
    torch.histc(x.detach(), 4, 2, 1)                                         # raises
    torch.searchsorted(torch.tensor([0.0, 0.5, 1.0]), x.detach(), right={True|False}, out_int32={True|False})
    torch.bucketize({i|x.detach()}, torch.tensor([0, 1, 2]), right={True|False})
"""


def test_joining_and_counting(case, compare):
    compare(case)
