"""Of a result a user can tell by view() and by writes: has it memory of its own, and in which order?"""

import numpy as np
import pytest

import minigrad

pytestmark = pytest.mark.parity

# Of x, a matrix of 3 by 4 that is no leaf. ` | ` stands between one expression and the next.
TABLE = """
torch.zeros_like(x.t()) | torch.ones_like(x.t()) | torch.empty_like(x.t()) | torch.full_like(x.t(), 2.0)
x.t().cumsum(0) | x.t().cumprod(0) | x.reshape(3,2,2).permute(2,0,1).sum(1)
x.reshape(3,2,2).permute(2,0,1).mean(1) | x.reshape(3,2,2).permute(2,0,1).std(1)
x.to(torch.float64) | x.double() | x.to(x) | x.type_as(x) | x.contiguous() | x.t().contiguous()
x.expand(3,4) | x.expand(2,3,4) | x.broadcast_to((2,3,4)) | x.expand_as(x) | x.reshape(12)
x.reshape(3,4) | x.t().reshape(12) | x.t().reshape(4,3) | x.view(4,3) | x.flatten() | x.t().flatten()
x.reshape(-1,1) | x.t().reshape(4,3,1) | x.reshape_as(x) | x.view_as(x) | x.squeeze()
x.unsqueeze(0).squeeze(0) | x.squeeze(0) | x.unsqueeze(1) | x.t() | x.T | x.mT | x[0].t() | x.permute(1,0)
x.permute(0,1) | x.transpose(0,1) | x.swapaxes(0,1) | x.movedim(0,1) | x.movedim(0,0) | x.narrow(0,0,2)
x.narrow(0,0,3) | x.split(2)[0] | x.split(3)[0] | x.chunk(1)[0] | x.chunk(2,1)[1] | x.unbind(0)[0]
x.unbind(1)[1] | x[0] | x[:] | x[...] | x[None] | x[:,1] | x[[0,1]] | x[torch.tensor([0])]
x[torch.ones(3,dtype=torch.bool)] | x[:, [0,1]] | x[[0]][:,1] | x.diagonal() | x.diag() | torch.diag(x[0])
x.tril() | x.triu() | x.flip(0) | x.flip(()) | x.roll(0) | x.roll(1) | x.repeat(1,1) | x.tile((1,))
x.tile((1,1)) | x.clone() | x.t().clone() | +x | x.detach() | x.data | x.detach().clone() | x.clamp(0.)
x.clamp(-9.) | x.relu() | abs(x) | x.floor() | x.round() | x.t()*2 | x.t()+x.t() | x+x.reshape(4,3).t()
x.t().exp() | x.t()*x[:,0] | torch.where(x.t()>0,x.t(),x.t()) | torch.maximum(x.t(),x.t())
x.t().clamp(0.) | x.t()**2 | x.t().sigmoid() | x.t()>0 | 2*x.t() | x.t().relu() | F.gelu(x.t())
F.softplus(x.t()) | F.elu(x.t()) | F.leaky_relu(x.t()) | F.silu(x.t()) | F.hardtanh(x.t()) | x.sum(())
x.sum(0) | x.sum() | x.sum(1,keepdim=True) | x[:1].sum(0) | x[:, :1].sum(1) | x[:1].mean(0)
x[:1].amax(0) | x[:1].max(0)[0] | x[:1].prod(0) | x[0,0].sum() | x[0,0].sum(0) | x[0,0].max(0)[0]
x[0,0].amax() | x[0,0].mean(0) | x[0,0].sort()[0] | x[0,0].topk(1)[0] | x[0,0].prod(0)
x[0,0].logsumexp(0) | x[:1].var(0,correction=0) | x.t().softmax(0) | x.t().softmax(1)
x.t().log_softmax(0) | x.t().sort(0)[0] | x.t().sort(1)[0] | x.t().sort(0)[1] | x.t().topk(2,0)[0]
x.t().topk(2,1)[0] | x.t().argsort(0) | x.t().sum(0,keepdim=True) | torch.cat([x.t(),x.t()])
torch.cat([x.t(),x.t()],1) | torch.cat([x]) | torch.cat([x.t()]) | torch.cat([x,x])
torch.stack([x.t(),x.t()]) | torch.stack([x.t(),x.t()],2) | torch.stack([x]) | torch.stack([x.t()],1)
torch.cat([x.t(), x.reshape(4,3)]) | x.t().tril() | x.t().triu(1) | x.t().flip(0) | x.t().flip(1)
x.t().roll(1) | x.t().roll(1,0) | x.t().repeat(1,2) | x.t().repeat(1,1) | x.t().tile((2,))
F.pad(x,(0,0)) | F.pad(x.t(),(1,1)) | F.pad(x,(-1,0)) | F.pad(x.t(),(0,0)) | x.t()[[0,1]]
x.t()[:, [0,1]] | x.t()[x.t()>0] | x.t().index_select(0,torch.tensor([0,2]))
x.t().index_select(1,torch.tensor([0,2])) | x.t().gather(0,torch.tensor([[0,1,1]]))
x.t().gather(1,torch.tensor([[0,1,1]]).t()[:1]) | torch.take_along_dim(x.t(),torch.tensor([[0,1,1]]),0)
x.t().scatter(0,torch.tensor([[0,1,1]]),1.) | x.t().scatter_add(0,torch.tensor([[0,1,1]]),x.t()[:1])
x.t().index_add(0,torch.tensor([0]),x.t()[:1]) | x.t().masked_fill(x.t()>0,1.)
x.t()[torch.tensor([[0,1],[1,0]])] | x.reshape(3,2,2)[:, [0,1]] | x.reshape(3,2,2)[:, :, [0,1]]
x.reshape(3,2,2)[:, [0,1], [0,1]] | x.reshape(3,2,2)[[0,1], :, [0,1]] | x@x.t() | x.t()@x
torch.mm(x.t(),x) | x.t().mv(x[:,0]) | torch.outer(x[0],x[1]) | torch.outer(x[:,0],x[:,1]).t()
torch.dot(x[0],x[1]) | F.linear(x,x) | F.linear(x.t()[:, :3],x.t()[:, :3]) | F.linear(x,x,x[:,0])
x.reshape(3,2,2).permute(1,0,2)@x.reshape(3,2,2)[0] | torch.bmm(x.reshape(3,2,2),x.reshape(3,2,2).mT)
torch.addmm(x.t()[:, :4][:,:3].contiguous(),x.t(),x[:, :3]) | torch.einsum('ij->ji',x)
x.t().new_zeros(4,3) | torch.as_tensor(x) | torch.from_numpy(x.detach().numpy())
torch.as_tensor(x.detach().numpy()) | torch.tensor(x.detach().numpy()) | x.t().float()
x.t().to(torch.float32) | x.t().to(torch.float64,copy=True) | x.to(torch.float64,copy=True) | x.t().long()
x[:, ::2].clone() | x[:, ::2]*1 | x[:, ::2].float() | x.expand(2,3,4).clone() | x.expand(2,3,4)*1
x.expand(2,3,4)+x | x.expand(2,3,4).contiguous() | x[:, :1].expand(3,4)*2 | x[:, :1].expand(3,4)+x
x[:1].expand(3,4).exp() | x[0].expand(3,4)*x[:,:1].expand(3,4) | x[0].expand(3,4).float()
torch.lerp(x.t(),x.t(),.5) | torch.addcmul(x.t(),x.t(),x.t())
torch.div(x.t(),x.t(),rounding_mode='floor') | F.dropout(x.t(),0.) | F.dropout(x,0.)
F.dropout(x,0.5,False) | F.dropout(x.t(),0.5,False) | F.layer_norm(x.t(),(3,)) | F.normalize(x.t())
F.batch_norm(x.t(),None,None,training=True) | F.embedding(torch.tensor([[0,1]]),x.t())
F.one_hot(torch.tensor([0,1]),3) | F.mse_loss(x.t(),x.t()*2,reduction='none')
F.l1_loss(x.t(),x.t()*2,reduction='none') | F.smooth_l1_loss(x.t(),x.t()*2,reduction='none')
F.cross_entropy(x,torch.tensor([0,1,2]),reduction='none') | nn.Identity()(x) | nn.Dropout(0.5).eval()(x)
nn.Flatten()(x) | nn.Flatten()(x.t()) | nn.Sequential()(x)
"""
CASES = [e.strip() for line in TABLE.strip().splitlines() for e in line.split(" | ")]


def evaluate(lib, expression):
    x = lib.from_numpy(np.random.default_rng(0).standard_normal((3, 4))).requires_grad_() * 1
    return x, eval(expression, {"torch": lib, "F": lib.nn.functional, "nn": lib.nn, "x": x})


@pytest.mark.parametrize("expression", CASES)
def test_memory_is_shared_and_ordered_as_pytorch_does(expression, pytorch):
    x, ours = evaluate(minigrad, expression)
    z, theirs = evaluate(pytorch, expression)
    shared = theirs.untyped_storage().data_ptr() == z.untyped_storage().data_ptr()
    assert np.may_share_memory(ours.numpy(force=True), x.numpy(force=True)) == shared
    assert ours.shape == tuple(theirs.shape) and ours.is_contiguous() == theirs.is_contiguous()
    array = ours.numpy(force=True)
    for n, mine, its in zip(ours.shape, array.strides, theirs.stride(), strict=True):
        assert n == 1 or mine == its * array.itemsize, f"{array.strides}, not {theirs.stride()}"
