"""Moving elements, joining and cutting beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(2, 3, 4)
    torch.reshape(x, {(6, 4)|(-1,)|(2, -1)|[4, 6]|(2, 3, 4)|(1, 24, 1)})
    x.reshape({6, 4|-1|(3, -1)|[24]|2, 3, 2, 2})
    x.reshape({5, 5|-1, -1|-1, 7})                                           # raises
    x.contiguous().view({6, 4|-1|(3, -1)|2, 12})
    x.reshape_as(torch.zeros(4, 6))
    x.transpose(0, 1).view(-1)                                               # raises
    x.transpose(0, 1).contiguous().view(-1)
    x.transpose(0, 1).reshape(-1)
    x.transpose(1, 2)[:, :1].view(2, 3)
    x.contiguous().view({5, 5|-1, 7})                                        # raises
    x.contiguous().view_as(torch.zeros(4, 6))
    torch.flatten(x{|, 1|, 0, 1|, -2|, start_dim=1, end_dim=2})
    x.flatten({|1|0, 1|start_dim=-1})
    x.flatten(2, 1)                                                          # raises
    x.flatten(3)                                                             # raises
    x.{unsqueeze|squeeze}({0|1|-1})
    torch.unsqueeze(x, {2|3|-4})
    torch.unsqueeze(x, {4|-5})                                               # raises
    x[:, :1, None].squeeze({|1|(1, 2)|-3|0|(0, 1)})
    torch.squeeze(x[:1], {0|dim=0})
    x.squeeze(3)                                                             # raises
    torch.transpose(x, {0, 1|-1, 0|1, 1})
    x.transpose({0, 2|dim0=0, dim1=1})
    torch.swapaxes(x, 0, 1)
    x.swapaxes(0, 1)
    x.transpose(0, 3)                                                        # raises
    torch.permute(x, {(2, 0, 1)|(-1, 0, 1)|[1, 0, 2]})
    x.permute({2, 0, 1|(2, 0, 1)|-1, 0, 1})
    x.permute({0, 1|0, 0, 1|0, 1, 3|0, 1, 2, 3})                             # raises
    x.mT
    x.T
    x.t()                                                                    # raises
    torch.movedim(x, {0, 1|0, -1|(0, 1), (1, 2)|(0, 2), (2, 0)|-1, 0})
    torch.moveaxis(x, 0, 2)
    x.movedim(0, 2)
    torch.movedim(x, {(0, 1), (1,)|(0, 0), (1, 2)|3, 0|(0, 1), (1, -2)|(0, 1, -1), (1, 0, -2)})  # raises
    x.expand({2, 3, 4|5, 2, 3, 4|-1, -1, 4|1, -1, 3, -1|(2, 2, 3, 4)})
    x[:, :1].expand({2, 3, 4|-1, 5, -1|7, -1, 2, 4})
    {x.reshape(shape=(6, 4))|x.permute(dims=(2, 0, 1))}
    {x[:, :1].expand(size=(2, 3, 4))|x.flip(dims=(0,))}
    x.expand({3, 4|2, 3, 5|-1, 2, 3, 4})                                     # raises
    x.expand_as(torch.zeros(2, 2, 3, 4))
    torch.broadcast_to(x, (2, 2, 3, 4))
    x[:, :1].broadcast_to((2, 3, 4))
    x.repeat({1, 1, 1|2, 1, 3|2, 1, 1, 2|(1, 2, 1)|0, 1, 1})
    x.repeat(2)                                                              # raises
    torch.tile(x, {(2,)|(2, 1)|(1, 2, 3)|(2, 1, 1, 1)})
    x.tile({2|1, 2|(2, 1, 1, 1)})
    torch.flip(x, {(0,)|(0, 1)|[-1]|(0, 1, 2)|()})
    x.flip({0|0, -1|(1,)})
    torch.flip(x, {(0, 0)|(3,)})                                             # raises
    torch.roll(x, {1|-5|25})
    torch.roll(x, {1, 0|-2, 1|(1, 2), (0, 1)|(1, 1), (2, 2)|1, -1})
    x.roll({1|1, 1|shifts=2, dims=0})
    torch.roll(x, {(1, 2)|(1, 2), (0,)|1, 3})                                # raises
    torch.narrow(x, {0, 0, 1|1, 1, 2|-1, 0, 4|2, 4, 0|1, -2, 2})
    x.narrow({1, 0, 2|dim=1, start=0, length=2})
    x.narrow({1, 2, 2|1, 0, -1|3, 0, 1|1, 4, 0})                             # raises
    torch.split(x, {1|2|5|[1, 1]})
    torch.split(x, {2, 2|[1, 3], 2|[0, 3, 1], -1|3, dim=1})
    x.split({2, 1|[2, 1], 1|split_size=2, dim=1})
    torch.split(x, {[1, 2]|[3]|-1|0})                                        # raises
    torch.chunk(x, {1|2|3|5}{|, 1|, -1})
    x.chunk({2, 2|chunks=2, dim=1})
    torch.chunk(x, 0)                                                        # raises
    torch.unbind(x{|, 1|, -1|, dim=2})
    x.unbind({|1})
    torch.unbind(x, 3)                                                       # raises
    [y * 2 for y in x]
    a, b = x; a * b
    list(reversed(x))
    torch.cat([x, x{|[:1]|[:0]}])
    torch.cat((x, x[:, :2]), {1|dim=1|-2})
    torch.cat([x, x * 2, x.detach()], dim=2)
    torch.cat([x])
    torch.{concat|concatenate}([x, x], 1)
    torch.cat(tensors=[x, x], dim=0)
    torch.cat([x, torch.zeros(0)])
    torch.cat([torch.tensor([], dtype=x.dtype, requires_grad=True), x, x * 2], {1|dim=-1})
    torch.cat([x, x[:, :2]])                                                 # raises
    torch.cat([x, x[0]])                                                     # raises
    torch.cat([x, x], 3)                                                     # raises
    torch.cat([])                                                            # raises
    torch.cat(x, 0)                                                          # raises
    torch.cat([x, 1.0])                                                      # raises
    torch.stack([x, x * 2]{|, 1|, -1|, dim=3|, 0})
    torch.stack(tensors=(x, x), dim=1)
    torch.stack([x, x[:1]])                                                  # raises
    torch.stack([x, x], 4)                                                   # raises
    torch.stack([])                                                          # raises
    torch.{tril|triu}(x{|, 1|, -1|, diagonal=2|, 5|, -5})
    x.{tril|triu}({|1|diagonal=-1})
    y = x * 1; y.{tril|triu}_(); y * x
    torch.diagonal(x{|, 1|, -1|, 0, 1, 2|, 1, -1, 0|, offset=1, dim1=0, dim2=2})
    x.diagonal({|0, 1, 2|dim1=0, dim2=2})
    torch.diagonal(x, 0, 1, 1)                                               # raises
    torch.diagonal(x, 7)
    torch.diag(x)                                                            # raises
    x.clone()
    torch.clone(x) * x
    x.contiguous()
    x.numel(), x.dim(), x.ndim, x.shape, x.size(), x.size(1), x.size(-1), x.nelement(), len(x)
    x.size(dim=1), x.shape[0], x.element_size(), x.is_floating_point(), torch.numel(x), x.nbytes, x.itemsize
    x.size(3)                                                                # raises
    x.requires_grad, x.is_leaf, (x * 2).is_leaf, x.detach().requires_grad, x.grad, x.detach().is_leaf
    x.type(torch.float32)
    x.to({torch.float64|torch.float32|torch.int64|torch.bool|'cpu'|torch.zeros(1)})
    x.to(dtype=torch.float64)
    x.to('cpu', torch.float64)
    x.{float|double|half|long|int|short|bool}()
    (x.abs() * 9).byte()
    x.type_as(torch.zeros(1))
    x.tolist()
    x.new_{zeros|ones}({2, 3|(2,)|[1, 2]})
    x.new_full((2,), 1.5)
    x.new_tensor([1, 2])
    y = x * 1; y.{diagonal()|diagonal(1, 1, 2)|mT|squeeze()|movedim(0, 1)[0]|flatten()}.fill_(2); y * x
    y = x * 1; y.{unbind()[1]|chunk(2)[0]|split(1)[1]}.fill_(2); y * x       # extra: several views of one
    y = x * 1; y.{view(-1)|reshape(-1)|contiguous()|unsqueeze(1)|narrow(0, 1, 1)}.mul_(2); y
    y = x * 1; y.{T|permute(2, 0, 1)|swapaxes(0, 2)|transpose(0, 1)|view_as(y)|to(y.dtype)}[0].neg_(); y
    y = x * 1; y.{flip(0)|roll(1)|repeat(1, 1, 1)|tile((1,))}.fill_(2); y * x
    y = x * 1; y.{clone()|tril()|abs()|to(torch.float16)}.fill_(2); y * x
    y = x[0] * 1; torch.diag(y).fill_(0); y
    y = x * 1; [r.mul_(2) for r in y]; y                                     # extra
    y = x * 1; y.{expand(2, 2, 3, 4)|expand_as(y)|broadcast_to((2, 3, 4))}[0].zero_(); y
    y = x * 1; y.expand(2, 2, 3, 4).add_(1)                                  # raises
x = real(3, 4)
    torch.t(x)
    x.{t()|T|mT}
    x.T.T * 2
    torch.{tril|triu}(x{|, 1|, -1|, -5|, 4})
    torch.diag(x{|, 1|, -1|, 4|, -3})
    x.diag({|1|diagonal=-2})
    torch.diag(x, 5)
    x.diagonal()
    torch.flip(x, dims=(0, 1))
    F.pad(x, {(1, 2)|(1, 0, 2, 1)|(-1, 2)|(0, -1, -1, 0)|(0, 0)|()})
    F.pad(x, (1, 1), {'constant', 2.5|mode='constant', value=-1|value=7})
    F.pad(x, pad=[1, 1])
    F.pad(x, {(1, 1, 1)|(1, 1, 1, 1, 1, 1)|(-3, -3)})                        # raises
    F.pad(x, (1, 1), {'reflect'|'replicate'|'circular'})
    F.pad(x, (1, 1), 'middle')                                               # raises
x = real(4)
    {x.T|x.t()|torch.t(x)}
    torch.diag(x{|, 1|, -1|, diagonal=2})
    x.diag()
    torch.tile(x, (2, 2))
    x.repeat(2{|, 3})
    x.mT                                                                     # raises
    torch.{tril|triu}(x)                                                     # raises
    torch.diagonal(x)                                                        # raises
    F.pad(x, (2, 2))
x = real()
    x.reshape({1|1, 1|()|-1})
    x.contiguous().view({1|()|-1})
    torch.flatten(x)
    x.{squeeze()|squeeze(0)|unsqueeze(0)|unsqueeze(-1)|t()|T|clone()|transpose(0, 0)|permute(())}
    x.expand({3|2, 3|()})
    x.repeat({2|2, 3|()})
    x.tile((2,))
    torch.flip(x, ())
    torch.roll(x, 1)
    torch.movedim(x, 0, 0)
    torch.stack([x, x * 2])
    torch.cat([x, x])                                                        # raises
    {len(x)|list(x)|x[0]|x.unbind()|x.chunk(2)|x.narrow(0, 0, 1)}            # raises
    x.detach().item() * 2
    float(x.detach()), bool(x), int(x)
    torch.broadcast_to(x, (2, 3))
    x.size(), x.dim(), x.numel(), x.tolist()
    x.mT                                                                     # refused: deprecated
    torch.diag(x)                                                            # raises
x = real(0, 3)
    x.reshape({3, 0|0|-1, 3|0, 5})
    x.reshape(-1, 0)                                                         # raises
    x.{T|flatten()|squeeze()|unsqueeze(0)|flip(0)|clone()}
    x.{unbind()|repeat(2, 1)|expand(2, 0, 3)|chunk(2)|split(2)}
    torch.cat([x, torch.ones(2, 3)])
    torch.stack([x, x])
    torch.roll(x, 1, 0)
    x.tolist()
    F.pad(x, (1, 1))
    torch.cat([torch.zeros(0), torch.ones(2)])
i = ints(2, 3); b = bools(2, 3)
    {i|b}.{T|flatten()|flip(0)|tril()|roll(1)|repeat(2, 1)|expand(2, 2, 3)|diagonal()|unbind()|t()|clone()}
    F.pad({i|b}, (1, 0))
    F.pad(i, (1, 0), value=3)
    torch.diag({i|b}[0])
    torch.cat([i, {i|b|i.double()|i.int()}])
    torch.stack([i, {i|b|i.double()|i.int()}])
    {i|b}.{tolist()|float()|double()|bool()|long()|int()}
    i.requires_grad_()                                                       # raises
"""


def test_shapes(case, compare):
    compare(case)
