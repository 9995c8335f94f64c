"""An input or the output is written after a forward: where PyTorch's backward still goes, ours does too."""

import re

import numpy as np
import pytest

import minigrad

pytestmark = pytest.mark.parity

# Of p: positive, u: within (-1, 1), x and y: real matrices, v: a vector, i: indices, m: a mask, c: classes.
# `a|b` stands for one expression each.
TABLE = """
x + y|x - y|x * y|x / p|p ** y|p ** 2|p ** 3|p ** 0.5|2 ** x|2 / p|1 / p|x / 3|x * 3|3 - x|-x|x % p
x.abs()|x.square()|x.sign()|x.floor()|x.ceil()|x.round()|p.reciprocal()|p.sqrt()|p.rsqrt()|x.exp()
x.expm1()|p.log()|p.log2()|p.log10()|p.log1p()|x.sin()|x.cos()|u.tan()|u.asin()|u.acos()|x.atan()|x.sinh()
x.cosh()|x.tanh()|x.asinh()|(p + 1).acosh()|u.atanh()|x.sigmoid()|x.erf()|torch.atan2(x, p)
torch.logaddexp(x, y)|torch.maximum(x, y)|torch.minimum(x, y)|torch.where(m, x, y)|x.clamp(-0.5, 0.5)
x.clamp(min=0)|x.clamp(max=y)|x.masked_fill(m, 0)|torch.lerp(x, y, 0.3)|torch.lerp(x, y, p)
torch.addcmul(x, y, p)|torch.addcdiv(x, y, p)|torch.xlogy(p, p)|torch.xlogy(x, p)|x.clone()|x.float()
x.sum()|x.mean(0)|x.prod()|x.prod(1)|x.amax(1)|x.amin()|x.max(1)[0]|x.min(0)[0]|x.max()|x.std()|x.var(1)
x.logsumexp(1)|x.norm()|x.norm(1)|x.norm(3, 1)|torch.linalg.vector_norm(x, 2, 1)|x.cumsum(0)|x.cumprod(0)
x[:, :3].trace()|x @ v|x @ y.t()|torch.outer(v, v)|torch.mm(x, y.t())|torch.dot(v, v)
torch.addmm(p[:, :3], x, y.t())|torch.einsum('ij,kj->ik', x, y)|torch.einsum('ij->j', x)
torch.einsum('ij,ij->', x, y)|torch.einsum('ij,ij->ij', x, y)|torch.cat([x, y])|torch.stack([x, y])
x.flip(0)|x.roll(1)|x.repeat(2, 1)|x.tril()|F.pad(x, (1, 1))|torch.diag(v)|x.t().contiguous()|x.sort(1)[0]
x.topk(2)[0]|x.gather(1, i)|x.scatter(1, i, y)|x.scatter_add(1, i, y)|x[[0, 2]]|x.index_select(0, c)
x.index_add(0, c, y)|torch.take_along_dim(x, i, 1)|x[m]|F.relu(x)|F.leaky_relu(x)|F.elu(x)|F.selu(x)
F.gelu(x)|F.gelu(x, approximate='tanh')|F.silu(x)|F.softplus(x)|F.hardtanh(x)|F.logsigmoid(x)
F.softmax(x, 1)|F.log_softmax(x, 1)|F.linear(x, y)|F.linear(x, y, v[:3])|F.layer_norm(x, (4,))
F.layer_norm(x, (4,), v, v)|F.batch_norm(x, None, None, training=True)|F.normalize(x)
F.batch_norm(x, None, None, v, v, training=True)|x / x.norm()|x - x.mean()|F.mse_loss(x, y)
F.l1_loss(x, y)|F.smooth_l1_loss(x, y)|F.huber_loss(x, y)|F.cross_entropy(x, c)|F.nll_loss(x, c)
F.cross_entropy(x, u.abs())|F.binary_cross_entropy(u.abs(), u.square())
F.binary_cross_entropy_with_logits(x, u.abs())|F.kl_div(x, p)|F.embedding(c, x)
"""
CASES = [e.strip() for line in TABLE.strip().splitlines() for e in line.split("|")]
# A number over a tensor is a reciprocal and a product for PyTorch, which keeps the reciprocal; ours keeps p.
REFUSED = {("1 / p", "p"), ("2 / p", "p")}


def arrays():
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((2, 3, 4))
    return {
        "x": x, "y": y, "p": rng.uniform(0.5, 2, (3, 4)), "u": rng.uniform(0.1, 0.9, (3, 4)) * np.sign(x),
        "v": rng.standard_normal(4), "i": rng.permuted(np.tile(np.arange(4), (3, 1)), axis=1),
        "m": rng.random((3, 4)) < 0.5, "c": np.array([2, 0, 1]),
    }  # fmt: skip


def attempt(lib, expression, written):
    """The gradients after `written`, a name or "out", was doubled; None where backward refuses."""
    names = {name: lib.from_numpy(a.copy()) for name, a in arrays().items()}
    leaves = [a.requires_grad_() for a in names.values() if a.is_floating_point()]
    names |= {name: a * 1 for name, a in names.items() if a.is_floating_point()}
    out = eval(expression, {"torch": lib, "F": lib.nn.functional, **names})
    if written:
        (out if written == "out" else names[written]).mul_(2)
    weights = lib.from_numpy(np.random.default_rng(1).standard_normal(tuple(out.shape))).to(out.dtype)
    try:
        return lib.autograd.grad((out * weights).sum(), leaves, allow_unused=True)
    except RuntimeError as error:
        if "inplace operation" not in str(error):
            raise
        return None


def pairs():
    for e in CASES:
        for name in (*"xyupv", "out"):
            if name == "out" or re.search(rf"\b{name}\b", e):
                yield e, name


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize(("expression", "written"), list(pairs()))
def test_a_write_is_allowed_where_pytorch_allows_it(expression, written, pytorch):
    ours = attempt(minigrad, expression, written)
    if ours is None:
        assert (attempt(pytorch, expression, written) is not None) is ((expression, written) in REFUSED)
        return
    for a, b in zip(ours, attempt(minigrad, expression, ""), strict=True):  # no less right than unwritten
        if b is not None:
            np.testing.assert_allclose(a.numpy(), b.numpy() * (1 + (written == "out")), rtol=1e-12)
