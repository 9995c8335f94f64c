"""Indexing, assignment, gathering and scattering beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(3, 4, 5); i = ints(2, below=3); j = ints(3, 2, below=3);
m = bools(3); n = bools(3, 4); f = bools(3, 4, 5)
    x[{0|-1|2, 1|0, -1, 2|1, 2, 3}]
    x[{:|1:|:-1|::2|-2:|1:1|5:|:, 1:|..., 0|0, ...|..., 1:3|:, :, 2|0, :, 1:3|1:2, ..., ::3}]
    x[{[[0, 1], [1, 2]]|[torch.tensor(0), torch.tensor(1)]|[i, i]|..., 0, ...}]  # refused: two readings
    x[{None|:, None|..., None|None, 0|0, None, 1|None, ..., None|:, None, 0}]
    x[...]
    x[()]
    x[{i|j|m|n|f|[0, 2]|[True, False, True]|(0, 1)|np.array([0, 2])|range(2)}]
    x[{:, i|:, j|..., i|i, i|i, :, i|j, i|i, 0|0, i|:, i, 0|:, i, i|i, i, i|0, i, i|i, 1:|1:, i|i, ..., i}]
    x[{0, :, i|0, :, :2, None|0, ..., i|:, 0, i|i, :, 0|0, :, j}]
    x[{1:, i, 0|i, 0, i|0, 1:, i|j, :, 0|-1, :, [0, 1]}]
    x[{m, 0|m, :, 0|0, n[0]|m, :, i[:1]|n, 0|n, i[:1]|:, n[0]|m, None|None, m|..., f[0, 0]|m, i[:1]|n, 1:}]
    x[{None, i|i, None|i, None, i|None, 0, i|0, None, i|..., None, i|i, :, None}]
    x[{True|False|True, 0|None, True|0, True}]
    x[{torch.tensor(1)|torch.tensor(1), 0|torch.tensor(1), :, i}]
    x[{np.int64(1)|np.int64(1), i|torch.tensor(True)}]
    x[{i, slice(1, 3)|slice(None), slice(0, 2)|Ellipsis, i}]
    x[{3|-4|0, 4|0, 0, 0, 0|i, i, i, i|1.0|'a'|torch.tensor(1.0)|x.detach()|::-1|0, ::-1|::0}]  # raises
    x[{i + 3|n.T|m[:2]|[3]|f, 0|i, torch.tensor([0, 1, 2])|i.short()|i.char()}]  # raises
    x[{[0.5]|np.array([1.0])}]                                               # refused
    x[i.int()]
    x[{0:0|i[:0]|m & ~m|[]}]
    (x[i] * x[:2]).sum()
    x[i][:, 1:][..., 0]
    x[{i, i|m|:, 0|..., ::2}].exp() * 2
    y = x * 1; y[{0|-1|:, 1|..., 0|0, 1, 2|:|...|1:2|None, 0|:, ::2}] = 2.5; y * x
    y = x * 1; y[{i|m|n|f|:, i|i, i|i, :, 0|0, i|0, :, i|m, 0|[0, 1]|j|..., i|i, ..., 0|0, n[0]}] = -1; y * x
    y = x * 1; y[{0|1:2|...|:, :|m|n[:, :1].expand(3, 4)}] = torch.ones(5, dtype=x.dtype); y * x
    y = x.detach() * 1; v = x[0] * 2; y[1] = v; y * x
    y = x.detach() * 1; v = x[:2] * 2; y[[0, 2]] = v; y * x
    y = x * 1; y[1] = x[0] * 2; y[2] += x[1]; y * x
    y = x * 1; y[1] = x[:1] * 2; y[2, 3] = x[:1, :1, 0] * 3; y * x
    y = x * 1; y[i, 0] = x[:1, :1, 1] * 2; y * x
    y = x * 1; y[:, 1] *= 3; y[..., 0] -= 1; y
    y = x * 1; y[n] = x[n] * 2; y * x
    y = x * 1; y[f] = x[f].exp(); y
    y = x * 1; y[0, :, i] = x[1, :, [0, 1]] * 2; y
    y = x * 1; y[i[:1], :, 0] = x[1:2, :, 0] * 2; y
    y = x * 1; y[0] = {np.float32(2)|np.ones(5)}; y                          # extra
    y = x * 1; y[0] = {1|True|torch.tensor(3)|x[0].float()|x[1].detach().long()}; y
    y = x * 1; y[0] = {torch.ones(3)|torch.ones(4, 4)}; y                    # raises
    y = x * 1; y[0] = {np.ones(3)|'a'|None}; y                               # complains
    y = x * 1; y[{3|0, 4|i + 3|m[:2]|1.0|0, 0, 0, 0}] = 1.0; y               # raises
    y = x * 1; y[0:0] = 1.0; y * x
    y = x * 1; y[m & ~m] = 1.0; y * x
    y = torch.zeros(3, 4, dtype=torch.int64); y[0] = 2.7; y[1, 1] = True; y
    y = torch.zeros(3, dtype=torch.bool); y[0] = 2; y[1] = 0.5; y
    x[0] = 1.0; x                                                            # raises
    y = x.detach().clone(); y[0] = x[1]; y * x
    y = x * 1; z = y[0]; z.mul_(2); y * z
    y = x * 1; z = y[:, 1:3]; y.add_(1); z * 2
    y = x * 1; z = y.view(-1) if y.is_contiguous() else y.reshape(-1); z * 2
    y = x * 1; y[0].{zero_|exp_|neg_}(); y * x
    y = x * 1; y[0].{fill_|add_|mul_}(2.0); y * x
    y = x * 1; y[1:].copy_(x[:2]); y * x
    y = x * 1; y.{zero_()|fill_(2.0)|copy_(x * 2)|copy_(x[0])|fill_(x[0, 0, 0])}; y * x
    x.fill_(1.0)                                                             # raises
    torch.index_select(x, {0, i|1, i|-1, i|2, j[0]|dim=1, index=i})
    x.index_select({0, i|1, i})
    x.index_select({0, i.int()|0, i[:0]|0, torch.tensor(1)})
    x.index_select({3, i|0, j|0, i + 3|0, i - 3|0, i.double()|0, m|0, i.byte()})  # raises
    torch.take_along_dim(x, {j[:, :1, None], 0|j[:, :1, None], 1})
    torch.take_along_dim(x, {torch.argsort(x, 1), 1|j[:, :1, None], dim=-1})
    torch.take_along_dim(x, {i|j|torch.tensor(3)})
    torch.take_along_dim(x, indices=j[:, :, None], dim=1)
    x.take_along_dim(x.argsort(2), 2)
    torch.take_along_dim(x, {j, 0|j[:, :1, None].double(), 0|j[:, :, None], 0})  # raises
    torch.take_along_dim(x, j[:, :1, None] + 5, 0)  # refused: PyTorch reads past the end
x = real(3, 4); y = real(3, 4); i = ints(3, 4, below=3); k = ints(2, 3, below=3); p = ints(2, below=3)
    torch.gather(x, {0, i|1, i|-1, k|0, k|0, i[:2, :2]|0, k[:0]|dim=1, index=k})
    x.gather({0, i|1, i})
    torch.gather(x, 0, i.int())
    torch.gather(x[0, 0], 0, torch.tensor({0|[0]|[0, 0]}))
    torch.gather(x[0], 0, torch.tensor(2))
    torch.scatter(x[0, 0], 0, torch.tensor({0|[0]}), {2.0|y[0, 0]})
    torch.scatter_add({x[0, 0], 0, torch.tensor(0), y[0, 0]|x[0, 0], 0, torch.tensor([0, 0]), y[0, :2]})
    torch.index_add(x[0, 0], 0, torch.tensor([0]), y[0, 0], alpha=-1)
    torch.take_along_dim(x, i - 3, 0)
    torch.gather(x, {0, i + 3|2, i|0, i[0]|0, i.double()|0, i.repeat(1, 2)|0, i - 5})  # raises
    torch.gather(x, 0, i, sparse_grad=True)                                  # refused: no sparse tensors
    torch.scatter(x, {0, i, 1.5|1, k, 2|1, i[:, :1], y[:, :1]})
    torch.scatter(x, {0, k, -1.0|0, i[:1, :2], y[:1, :2]|0, i[:0], y[:0]})
    torch.scatter(x.detach(), {1, i[:, :1], y.detach()|0, i[:1, :2], y.detach()|0, i[:1].int(), y.detach()})
    x.scatter({1, k, 0.5|1, i[:, :1], y[:, :1]|dim=1, index=k, value=2.0|1, i[:2, :1], src=y[:2, :1]})
    x.scatter(1, i[:, :1], y)                                                # extra: PyTorch's backward fails
    torch.scatter(x, {0, i + 3, y|0, i, y[:2]|2, i, y|0, i[0], y|0, i, y.long()})  # raises
    x.detach().scatter(0, i[:1], y.detach(), reduce={'add'|'multiply'})
    z = x * 1; z.scatter_(1, i[:, :1], y[:, :1]); z * x
    z = x * 1; z.scatter_(1, k, 3.0); z * x
    torch.scatter_add(x, {0, i, y|1, i, y|1, k, y[:2, :3]})
    torch.scatter_add(x, {0, k[:, :2], y[:2, :2]|-1, i[:, :1], y[:, :1]|0, i[:0], y[:0]})
    torch.scatter_add(x.detach(), {1, k, y.detach()|-1, i[:, :1], y.detach()})
    torch.scatter_add(x.detach(), {0, i[:0], y.detach()|0, i.int(), y.detach()})
    x.scatter_add({0, i, y|dim=1, index=k, src=y[:2, :3]})
    z = x * 1; z.scatter_add_(0, i, y); z * x
    torch.scatter_add(x, {0, i + 3, y|0, i, y[:2]|0, i, y.long()|0, i, 1.0})  # raises
    torch.index_add(x, {0, p, y[:2]|1, k[0], y[:, :3]|-1, p, y[:, :2]})
    torch.index_add(x, {0, p[:0], y[:0]|dim=0, index=p, source=y[:2]})
    x.index_add(0, p, y[:2], alpha={2|0.5})
    z = x * 1; z.index_add_(0, p, y[:2]); z * x
    torch.index_add(x, {0, p, y|0, p + 3, y[:2]|2, p, y[:2]})                # raises
    torch.index_add(x, {0, p, y[:2].long()|0, i, y|0, p.double(), y[:2]})    # raises
    torch.index_add(x, 0, {p.int(), y[:2]|torch.tensor(1), y[:1]})
    torch.index_add(x, 0, {p.int(), y[:1]|torch.tensor(1), y[:2]})           # raises
x = real(4); i = ints(3, below=4); s = real()
    x[{0|-1|1:3|i|None|...|[0, 0, 1]|x > 0}]
    x[0] * x[-1] + x[i].sum()
    x.gather(0, i)
    x.scatter_add(0, i, x[:3])
    x.index_select(0, i)
    x.index_add(0, i, x[:3])
    x[x > 0].sum()
    y = x * 1; y[x > 0] = 0.0; y
    y = x * 1; y[torch.tensor([3, 0, 2])] = x[:3]; y
    s[{...|None|()|None, ...|True|False|s > 0}]
    s[{0|:|i}]                                                               # raises
    y = s * 1; y[...] = 2.0; y * s
    y = s * 1; y[()] = x[0]; y * s
    torch.nonzero(x > 0{|, as_tuple=True|, as_tuple=False})
    torch.nonzero(s > 0)
    torch.where(x > 0)
    (x > 0).nonzero()
    torch.argwhere(x > 0)
    2.0 in x.detach()
    x[torch.{zeros|ones}(4, dtype=torch.bool)]
i = ints(3, 4); b = bools(3, 4); k = ints(2, below=3)
    {i|b}[{0|k|b|:, 1|k, k|..., 0}]
    z = i.clone(); z[{0|b|k}] = 7; z
    z = b.clone(); z[{0|b|k}] = True; z
    torch.gather({i|b}, 0, torch.zeros(2, 2, dtype=torch.int64))
    torch.scatter_add(i, 0, torch.zeros(3, 4, dtype=torch.int64), i)
    torch.index_add(i, 0, k, i[:2])
    i.scatter(0, torch.zeros(1, 4, dtype=torch.int64), {5|True|2.0})
    torch.index_select({i|b}, 1, k)
    i.fill_(2.7), i.zero_(), b.fill_(True)
"""


def test_indexing(case, compare):
    compare(case)
