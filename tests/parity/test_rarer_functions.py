"""Functions that are asked for less often, beside PyTorch's, to the second order."""

import pytest

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:Implicit dimension", "ignore:size_average"),
]

TABLE = """
x = real(2, 3); y = real(2, 3); u = unit(2, 3); p = positive(2, 3); i = ints(2, 3, low=-3, below=4);
b = bools(2, 3)
    torch.{trunc|fix|frac|exp2|sgn|rad2deg|deg2rad|sinc|erfc|positive|isreal|signbit|isposinf|isneginf}(x)
    torch.{trunc|exp2|sgn|rad2deg|sinc|erfc|signbit|isposinf|isneginf|isreal|positive|erfinv}(i // 4)
    torch.erfinv(u), torch.logit(u.abs()), torch.logit(x, {0.1|0.3}), torch.logit(x.detach())
    torch.{lgamma|digamma}({p|x}), torch.polygamma({0|1|2|3}, p)             # rough: its trigamma
    torch.polygamma(1, x), torch.mvlgamma(p + 2, 3)                          # rough: its trigamma
    torch.{i0|special.i0e|special.i1|special.i1e}({x|20 * x|i})              # rough: float32 inside
    torch.special.{erfcx|log_ndtr}({x|2 * x|-5 * p})
    torch.special.{erfcx|log_ndtr}(torch.tensor([-30.0, -5.0, -1.0, 0.0, 30.0, inf, nan]).to(x))
    torch.{igamma|igammac|special.gammainc|special.gammaincc}(p.detach(), {p|9 * p|p[0]})
    torch.{igamma|igammac}(torch.tensor([0.0, 1.0, 1.0, -1.0, 2.0]), torch.tensor([1.0, 0.0, inf, 1.0, -1.0]))
    torch.igamma(i, i), torch.igamma(p, 1.0)                                 # complains
    x.detach().clone().i0_(), p.detach().clone().igamma_(p.detach()), p.detach().clone().igammac_(p.detach())
    torch.{fmod|copysign}(x, {y|0.7|-2})
    torch.fmod(i, {3|torch.tensor([2, 3, -2])}), torch.fmod(i, y), torch.copysign(i, -1)
    torch.fmod(i, 0)                                                         # raises
    torch.frac(i)                                                            # raises
    torch.hypot(x, {y|y[0]}), torch.logaddexp2(x, y)
    torch.float_power(p, {2|y|-1.5}), torch.float_power(i, 2)
    torch.{fmax|fmin}(x, {y|torch.tensor([nan, 1.0, -1.0], dtype=x.dtype)|x})
    torch.{fmax|fmin}(torch.tensor([1.0, nan, nan]), torch.tensor([nan, 2.0, nan]))
    torch.nan_to_num(torch.tensor([nan, inf, -inf, 1.0]).to(x) * x[0, 0], {0.5|0.5, 7.0, -8.0|0.0, posinf=3})

    torch.heaviside(x.detach(), y.detach()), torch.heaviside(torch.zeros(3), torch.tensor([1.0, 2.0, 3.0]))
    torch.nextafter(x.detach(), y.detach()), torch.ldexp(x, i.abs()), torch.frexp(x), torch.frexp(x * 0)
    torch.{gcd|lcm}(i, {i.flip(0)|torch.tensor([2, 4, 6])})
    torch.bitwise_left_shift(i.abs(), 2), i.bitwise_right_shift(1)
    torch.{gcd|bitwise_left_shift}(x, x)                                     # complains
    torch.clamp_min(x, {0.1|y}), torch.clamp_max(x, {0.1|y}), torch.rsub(x, {2|y}), torch.rsub(x, y, alpha=2)
    torch.{greater|less|greater_equal|less_equal|not_equal}(x, {y|0.0})
    torch.arccosh(p + 1), torch.{arcsinh|arctanh}(u)
    torch.{is_complex|is_signed|is_conj}(x), torch.is_same_size(x, y)
x = real(3, 4); m = real(4, 5, 3); k = ints(3, 4, below=3); n = exact([[1, nan, 3], [2, 5, nan]])
    torch.kthvalue(x, {1|2, 0|3, 1, True}), torch.kthvalue(x[0, 0], 1), torch.kthvalue(n, 2, 1)
    torch.kthvalue(x, {0|9})                                                 # raises
    torch.mode(k, {0|1|-1, True}), torch.msort(x), torch.mode(x)
    torch.nanmedian({x|n}), torch.nanmedian(n, {0|1|1, True})
    torch.quantile(x, {0.3|1.0|torch.tensor([0.1, 0.9], dtype=x.dtype)}, {0|1|dim=None}, keepdim={True|False})
    torch.quantile(x, 0.35, 1, interpolation={'lower'|'higher'|'nearest'|'midpoint'|'linear'})
    torch.{quantile|nanquantile}(n, {0.5|0.2, 1|torch.tensor([0.2, 0.7], dtype=x.dtype), 0, True})
    torch.quantile(x, {1.5|-0.1}), torch.quantile(k, 0.5)                    # raises
    torch.{cummax|cummin}({x|k|n|m}, {0|1|-1})
    torch.logcumsumexp({x|m}, {0|1}), torch.logcumsumexp(x * 3, 1)           # rough: its second derivative
    torch.aminmax({x|k}), torch.aminmax({x|k}, dim=1, keepdim=True)
    torch.count_nonzero({k|x}), torch.count_nonzero(k, {0|(0, 1)})
    torch.unique_consecutive({k|k, dim=0|k.sort(1).values}, return_inverse=True, return_counts=True)
    torch.isin(k, {torch.tensor([0, 2])|1}), torch.isin(k, torch.tensor([0]), invert=True)
    torch.renorm(m, 2, {0|1|2}, 1.5), torch.renorm(x, 1, 0, 0.7)
    torch.renorm(x[0], 2, 0, 1.0)                                            # raises
    torch.diff(x), torch.diff(x, {2|1, 0|9})
    torch.diff(x, prepend=x[:, :1], append=x[:, :2]), torch.diff(k > 1)
    torch.diff(x, -1), torch.diff(x[0, 0])                                   # raises
    torch.{trapezoid|trapz|cumulative_trapezoid}({x|x, dx=0.5|x, x.cumsum(1)|x, x[0]|x, dim=0})
    torch.gradient(x), torch.gradient(x, spacing={2.0|(0.5, 2.0)})
    torch.gradient(x, dim={0|1}), torch.gradient(m, edge_order=2)
    torch.gradient(x[0], spacing=(torch.tensor([0.0, 1.0, 3.0, 4.0], dtype=x.dtype),), edge_order={1|2})
    torch.cov({x|x[0]|k}), torch.cov(x, correction=0), torch.corrcoef({x|x[0].detach()})
    torch.cov(x, fweights=torch.tensor([1, 2, 1, 3]), aweights=torch.tensor([0.1, 0.2, 0.3, 0.9]).to(x))

    torch.dist(x, x.flip(0), {2|1|3}), torch.vander(x[0].detach()), torch.vander(k[0], {0|1|3}, True)
    torch.broadcast_tensors(x[:, :1], x[0]), tuple(torch.broadcast_shapes((2, 1), (3,)))
    torch.broadcast_shapes((2,), (3,))                                       # raises
x = real(4, 6); v = real(4); m = real(4, 4, 4); k = ints(3, below=4)
    torch.rot90(x, {0|1|2|3|-1}), torch.rot90(m, 1, {(0, 2)|(2, 1)})
    torch.fliplr(x), torch.flipud(v), torch.ravel(m)
    torch.rot90(v)                                                           # raises
    torch.fliplr(v)                                                          # raises
    torch.unflatten(x, 1, {(2, 3)|(-1, 2)}), x.unflatten(0, (2, 2))
    torch.unflatten(x, 1, {(4, 2)|(-1, 4)})                                  # raises
    torch.tensor_split(x, {3|5|(1, 3)|(2, 1)|9}), torch.tensor_split(x, {4|(1, -1)}, dim=1)
    torch.{hsplit|vsplit}(x, {2|(1, 3)}), torch.dsplit(m, 2)
    torch.hsplit(v, 2), torch.split_with_sizes(x, [1, 3])
    torch.hsplit(x, 4)                                                       # raises
    torch.vsplit(v, 2)                                                       # raises
    torch.select(x, 1, {0|-1}), x.select(0, 1), x.unfold(1, 3, {1|2}), v.unfold(0, 4, 1), m.unfold(0, 2, 2)
    torch.select(x, 1, 6)                                                    # raises
    x.unfold(1, 7, 1)                                                        # raises
    x.clone(memory_format=torch.contiguous_format).as_strided((2, 3), {(6, 1)|(1, 1)|(0, 2)}, 1)
    torch.diag_embed({v|x}, {0|1|-1}), torch.diag_embed(x, 0, {0, 2|1, 0|0, 1}), torch.diagflat(x[:2, :2], 1)
    torch.select_scatter(x, v, 1, {0|-1})
    torch.slice_scatter(x, x[:2] * 2, 0, 1, 3), torch.slice_scatter(x, x[:2] * 2, 0, 0, 4, 2)
    torch.diagonal_scatter(x, v * 2)
    torch.diagonal_scatter(x, v[:3], -1), torch.diagonal_scatter(m, x[:, :4], 0, 0, 2)
    torch.select_scatter(x, v, 0, 0)                                         # raises
    torch.block_diag(x, v, x[0, 0]), torch.combinations(v, {0|1|2|3}), torch.combinations(v, 2, True)
    x.sum_to_size({1, 6|6|4, 1}), torch.unravel_index(torch.tensor([3, 7]), (2, 4))
    x.sum_to_size(3)                                                         # raises
    torch.swapdims(x, 0, 1), torch.row_stack([v, v])
x = real(3, 4); y = real(3, 4); k = ints(2, 4, below=3); f = ints(5, low=-12, below=12); b = bools(3, 4);
i = ints(3, 4)
    torch.take(x, f), x.put(f[:1], y[0, :1]), x.put(f, y.reshape(-1)[:5], accumulate=True)
    torch.take(x, torch.tensor([12]))                                        # raises
    x.put(f, y[0])                                                           # complains
    torch.index_copy(x, 0, torch.tensor([2, 0]), y[:2]), x.index_copy(1, torch.tensor([3]), y[:, :1])
    torch.index_put(x, (torch.tensor([0, 2]),), y[:2])
    torch.index_put(x, (torch.tensor([0, 0]), torch.tensor([1, 1])), y[0, :2], accumulate=True)
    torch.index_put(x, (b,), y[0, 0])
    torch.masked_select(x, {b|b[0]|x > 9}), torch.masked_scatter(x, b, y), torch.masked_scatter(x, b[0], y)
    torch.masked_scatter(x, torch.ones_like(b), y[0])                        # raises
    torch.scatter_reduce(x, 0, k, y[:2], {'sum'|'prod'|'mean'|'amax'|'amin'}, include_self={True|False})
    torch.scatter_reduce(i, 0, k, i.flip(0), {'sum'|'prod'|'mean'|'amax'|'amin'}, include_self={True|False})
    x.scatter_reduce(1, k % 2, y, 'prod'), torch.scatter_reduce(x, 0, k, y[:1], 'sum')  # complains
    x.index_reduce(0, torch.tensor([1, 1, 0]), y, {'prod'|'mean'|'amax'|'amin'}, include_self={True|False})

    x.scatter(0, k, y[:2], reduce={'add'|'multiply'})  # raises
    x.detach().scatter(0, k, y.detach(), reduce={'add'|'multiply'})
    x.detach().scatter(0, k, 2.0, reduce='add')
a = real(2, 3); c = real(3, 4); v = real(3); w = real(2); z = real(5, 2, 3); t = real(5, 3, 4); g = real(2, 4)
    torch.addmv(w, a, v, beta={1|0|0.5}, alpha=2), torch.addr(a, w, v, beta={1|2}, alpha={1|3})
    torch.baddbmm(g, z, t, beta={1|0}, alpha=2), torch.addbmm(g, z, t, beta=2, alpha=3)
    torch.addmv(w, a, w)                                                     # raises
    torch.inner({v, v|a, v|a, a|v[0], a}), torch.vdot(v, v), torch.ger(w, v), torch.chain_matmul(a, c, g.T)
    torch.inner(a, w)                                                        # raises
    torch.logspace(0, 2, {0|1|5}, {10|2.0})
    torch.tril_indices(3, 4, {0|1|-1}), torch.triu_indices(3, 4, {0|1|-1})
    torch.{hann_window|hamming_window|blackman_window|bartlett_window|kaiser_window}({0|1|2|7}, {True|False})
    torch.range(1, 2.5, 0.5), torch.scalar_tensor(3)
    torch.asarray([1.0, 2.0]), torch.frombuffer(bytearray(8), dtype=torch.int32)
    torch.layer_norm(a, (3,))
    torch.dropout(a, 0.5, False), torch.batch_norm(a, v, v, None, None, True, 0.1, 1e-5, False)
    torch.embedding(a, torch.tensor([1, 0]), {-1|1}), torch.conv1d(z, t[:4, :2, :1])
    torch.{selu|celu}(a), torch.group_norm(z, 2)
x = real(2, 3); p = between(0.1, 0.9, 2, 3); y = real(2, 3)
    torch.special.{expit|exp2|erf|erfc|erfinv|gammaln|logit|sinc|entr|ndtr|ndtri|log1p|round}(p)
    torch.special.{psi|digamma}(p), torch.special.multigammaln(p + 2, 2)     # rough: its trigamma
    torch.special.{ndtr|expit|expm1}(x), torch.special.entr(torch.tensor([0.0, -1.0, 1.0]))
    torch.special.{xlogy|xlog1py}(x, p)
    torch.special.xlog1py(torch.zeros(2), torch.tensor([-1.0, nan]))
    torch.special.logsumexp(x, 1), torch.special.{softmax|log_softmax}(x, 1)
a = real(3, 3); b = real(3, 3); i = ints(3, 3)
    o = a.detach() * 0; r = torch.{add|mul|sub|div|matmul|mm}(a.detach(), b.detach(), out=o); o, r is o
    o = torch.zeros(0, dtype=a.dtype); torch.{add|matmul|pow}(a.detach(), b.detach().abs(), out=o); o
    o = torch.zeros(0); torch.{zeros|ones|rand|randn}(2, 3, out=o); tuple(o.shape)
    o = torch.zeros(0, dtype=a.dtype); torch.{cat|stack}([a.detach(), b.detach()], out=o); o
    o = torch.zeros(3, 3); torch.add(i, i, out=o); o
    o = torch.zeros(3, 3); torch.eye(3, out=o); torch.arange(0.0, 9.0, out=torch.empty(9)), o
    torch.add(a, b, out=torch.zeros(3, 3, dtype=a.dtype))                    # raises
    torch.matmul(a, b, out=torch.zeros(3, 3, dtype=a.dtype))                 # raises
    torch.add(a.detach(), b.detach(), out=i)                                 # raises
    torch.matmul(a.detach(), b.detach(), out=torch.zeros(3, 3, dtype=torch.float16))  # raises
    torch.add(i, i, out=torch.zeros(3, 3, dtype=a.dtype, requires_grad=True))  # raises
x = real(2, 3); y = real(2, 3); p = positive(2, 3); i = ints(2, 3, low=1)
    z = x * 1; z.{trunc_|frac_|exp2_|erfc_|sinc_|sgn_|rad2deg_|fix_}(); z * 2
    z = x * 1; z.{fmod_|copysign_|hypot_|clamp_min_|eq_|lt_|greater_|ldexp_}(y); z
    z = x * 1; w = z * 2; z.{unsqueeze_(1)|squeeze_()|t_()|transpose_(0, 1)|swapaxes_(0, 1)}; (z * z, w)
    z = x[:, :1] * 1; z.squeeze_(1); z.exp()
    z = (x * 1)[0:1]; z.t_(); z.mul_(2); z * z
    z = x * 1; q = z[0]; z.t_(); z.mul_(2); (q * q, z * z)
    z = x * 1; z.{index_copy_(0, torch.tensor([1]), y[:1])|index_fill_(0, torch.tensor([1]), 2.0)}; z * z
    z = x * 1; z.masked_scatter_(x > 0, y); z * z
    z = x * 1; z.{put_(torch.tensor([1, 2]), y[0, :2])|index_put_((torch.tensor([1]),), y[0])}; z * z
    z = x * 1; z.scatter_reduce_(0, i % 2, y, 'amax'); z * z
    z = x * 1; z.{fill_diagonal_(2.0)|renorm_(2, 0, 0.5)}; z
    x.{unsqueeze_(0)|t_()|trunc_()}                                          # raises
    z = torch.zeros(2); torch.{exp_|cos_|relu_|sigmoid_}(z); z
    x.new([1, 2]), x.new_empty(0), tuple(x.new(2, 3).shape), x.ndimension()
    x.storage_offset(), x.real, x.H, x.mH
    x.is_mps, x.is_sparse, x.is_quantized, x.name, x.output_nr, x.is_pinned(), x.is_shared()
    x.pin_memory()                                                           # raises
    torch.{softmax|log_softmax}(x)                                           # raises
    F.{mse_loss|l1_loss|smooth_l1_loss}(x, y, {True|False|reduce=False|size_average=False, reduce=True})
    torch.nn.{MSELoss|L1Loss|KLDivLoss|BCEWithLogitsLoss}({size_average=False|reduce=False})(x, p)
    torch.nn.CrossEntropyLoss(size_average=False)(x, i[:, 0] % 3)
    F.cross_entropy(x, i[:, 0] % 3, None, False)
    F.{softmax|log_softmax|softmin}({x|x[0]|x[0, 0]|p.reshape(2, 1, 3)|p.reshape(1, 2, 1, 3)})
"""


def test_rarer_functions(case, compare):
    compare(case)
