"""torch.func and torch.vmap beside PyTorch's, where they meet the graph around them."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(3, 4); y = real(3, 4); w = real(4); m = real(4, 4)
    torch.vmap({torch.sin|torch.sum|lambda a: a.softmax(0)|lambda a: a[1:] * a[0]|lambda a: a @ m})(x)
    torch.vmap({torch.dot|torch.mul|torch.outer|torch.maximum|lambda a, b: torch.stack([a, b, w])})(x, y)
    torch.vmap(torch.dot, in_dims={(0, None)|(0, -1)|(None, 0)|None})(x, w.expand(3, 4))       # raises
    torch.vmap(torch.mul, in_dims={(0, None)|(None, 0)|(1, 1)|(-2, 0)|0|-1})(x, y[:, :4])
    torch.vmap(torch.mul, in_dims=(1, 0))(x, w)
    torch.vmap(torch.mul, in_dims={(0, 1)|(2, 0)|(0,)|'a'|(0, 0.5)|None|[0, 0]})(x, w)        # raises
    torch.vmap(lambda a: a @ m @ a, out_dims={0|-1})(x)
    torch.vmap(lambda a: a @ m @ a, out_dims={1|-2|'a'|(0, 0)})(x)                          # raises
    torch.vmap(lambda a: (a * 2, a.sum(), m[0]), out_dims={0|(1, 0, 0)|(-1, 0, None)})(x)
    torch.vmap(lambda a: (a * 2, a.sum(), m[0]), out_dims=(1, 0, 1))(x)                     # extra
    torch.vmap(lambda a: (a * 2, a.sum(), m[0]), out_dims={(0, 0)|(0, 1)|(2, 0, 0)})(x)     # raises
    torch.vmap(lambda d: d[0] * d[1][0], in_dims=((0, [None]),))((x, [w]))
    torch.vmap(lambda a: torch.ones(2), out_dims={0|None})(x)
    torch.vmap(lambda a: {3|None|a.shape})(x)                                            # raises
    torch.vmap(lambda a: {a.sum().item()|float(a[0])|a.tolist()|a.numpy()|bool(a[0] > 0)})(x)  # raises
    torch.vmap(lambda a: {a if a.sum() > 0 else -a|a[a > 0]|a.nonzero()|a.unique()})(x)   # raises
    torch.vmap(lambda a: torch.tensor([a[0], a[1]]))(x.detach())                            # raises
    torch.vmap(torch.sin, chunk_size={1|2|3|7|None})(x)
    torch.vmap(torch.sin, chunk_size={0|-1})(x)                                           # raises
    torch.vmap(torch.sin, randomness='other')(x)                                          # raises
    torch.vmap(lambda a: torch.rand(2))(x)                                                # raises
    torch.vmap(lambda a: torch.bernoulli(a.sigmoid()), randomness='same')(x.detach())     # raises
    torch.vmap(lambda a: torch.zeros(2).to(x.dtype) * torch.rand(2), randomness={'same'|'different'})(x)
    torch.vmap(torch.vmap(torch.mul, in_dims={(0, None)|(None, 0)|0}), in_dims=(0, None))(x, w)
    torch.vmap(torch.vmap(torch.mul, in_dims=(0, None)))(x, w[:3])
    torch.vmap(torch.vmap(torch.mul, in_dims={(None, 0)|0}))(x, w[:3])                      # raises
    torch.vmap(torch.vmap(lambda a, b: a * b), in_dims=(1, 1), out_dims={0|1})(x, y)
    torch.vmap(torch.func.{grad|grad_and_value}(lambda a: (a @ m @ a).sin()))(x)
    torch.vmap(torch.func.grad(lambda p, a: (p @ a).sin(), argnums={0|1|(0, 1)}), in_dims=(None, 0))(w, x)
    torch.vmap(torch.func.{jacrev|jacfwd}(lambda a: torch.tanh(m @ a)))(x)
    torch.vmap(torch.func.hessian(lambda a: (m @ a).exp().sum()))(x)
    torch.vmap(lambda a, b: torch.func.vjp(torch.sin, a)[1](b)[0])(x, y)
    torch.vmap(lambda a, b: torch.func.jvp(torch.tanh, (a,), (b,)))(x, y)
    torch.func.{jacrev|jacfwd|hessian}(lambda p: torch.vmap(lambda a: (a @ p).sin())(x){|.sum()})(w)
    torch.func.grad(lambda p: torch.vmap(torch.func.grad(lambda a: (a @ p).exp()))(x).square().sum())(w)
    _, pull = torch.func.vjp(lambda a: torch.tanh(m @ a), w); torch.vmap(pull)(x)
    torch.vmap(lambda v: torch.func.jvp(torch.vmap(torch.sin), (x,), (v,))[1])(torch.stack([x, y]))
    z = x * 1; torch.vmap(lambda a: a.mul_(2))(z); z
    z = x * 1; torch.vmap(lambda a: a.add_(w).sum())(z), z
    torch.vmap(lambda a: torch.zeros_like(a).index_fill(0, torch.tensor([1]), 2.0) * a)(x)
    torch.vmap(lambda a: torch.zeros(4, dtype=a.dtype).add_(a))(x)                        # raises
    torch.vmap(lambda a, b: a * b)(x, b=y[0])                                             # values
    torch.vmap(lambda: 1)()                                                               # raises
    torch.vmap(torch.sin)({3.0|x.sum()|[x, 2.0]|None})                                      # raises
    torch.vmap(lambda a: torch.func.debug_unwrap(a).shape[0] * a)(x)
x = real(0, 3)
    torch.vmap({torch.sin|torch.sum|lambda a: a.softmax(0)})(x)
x = real(3, 4); y = real(4, 2); t = ints(3, below=4); k = ints(2, 3, below=4)
    torch.vmap(F.cross_entropy)(x, t)
    torch.vmap(lambda a, i: a[i])(x, t)
    torch.vmap(lambda i: y[i])(k)
    torch.vmap(lambda a, i: {a[i]|a.index_select(0, i)|a.gather(0, i)|a.take(i)})(x[:2], k)
    torch.vmap(lambda a, i: F.one_hot(i, 4).to(a.dtype) @ a)(x[:2], k)
    torch.vmap(F.embedding, in_dims=(0, None))(k, y)
    torch.vmap(lambda a, i: torch.zeros_like(a).{scatter_add|index_add}(0, i, a[:3]))(x[:2], k)
x = real(3); s = real(3); u = real(2)
    torch.func.jacrev(lambda a, b: (a * b, b.sum()), argnums={0|1|(0, 1)|-1|(1,)})(x, s)
    torch.func.jacfwd(lambda a, b: (a * a * b, b.sin() * a), argnums={0|1|(0, 1)|(1,)})(x, s)
    torch.func.{jacrev|jacfwd}(lambda a, b: a * b, argnums={2|(0, 0)|(0, 3)})(x, s)         # raises
    torch.func.{jacrev|jacfwd}(lambda a: {a.prod()|torch.outer(a, a)|a[:0]})(x)
    torch.func.{jacrev|jacfwd}(lambda a: torch.ones(2, dtype=a.dtype))(x.detach())
    torch.func.jacfwd(lambda a: {a.argmax()|a > 0})(x.detach())
    torch.func.jacrev(lambda a: {a.argmax()|a > 0})(x.detach())                           # raises
    torch.func.jacrev(torch.sin, chunk_size={1|2|5})(x)
    torch.func.jacrev(torch.sin, chunk_size={0|-1})(x)                                       # raises
    torch.func.{jacrev|jacfwd}(lambda a: (a * a, a.detach()), has_aux=True)(x)
    torch.func.{jacrev|jacfwd}(lambda a: a * 2, has_aux=True)(x)                          # raises
    torch.func.hessian(lambda a, b: (a**3 * b**3).sum(), argnums={0|1|(0, 1)})(x, s)
    torch.func.{grad|grad_and_value}(lambda a, b: (a * a * b).sum(), argnums={0|1|(0, 1)|-1})(x, s)
    torch.func.{grad|grad_and_value}(lambda a, b: (a * a * b).sum(), argnums={3|(0, 0)|-3})(x, s)  # raises
    torch.func.grad({lambda a: a|lambda a: a.sum().item()|lambda a: 3.0})(x)              # raises
    torch.func.grad(torch.sum)(torch.arange(3))                                           # raises
    torch.func.vjp(lambda a, b: (a * b, a.sum()), x, s)[1]((x, {s.sum()|s[0]}))
    torch.func.vjp(lambda a, b: (a * b, a.sum()), x, s)[1]({(x, s)|x})                    # raises
    torch.func.vjp(lambda a: a * 2, x)[1](s)
    torch.func.vjp(lambda a: a * 2, x, has_aux=True)[1](s)                                # raises
    torch.func.jvp(lambda a, b: (a * b, a.sum()), (x, s), (s, x))
    torch.func.jvp(lambda a, b: (a * b, a.sum()), (x, s), {(s,)|s|(s, u)})                # raises
    torch.func.jvp(lambda a: torch.ones(2), (x,), (s,), strict=True)                      # raises
    torch.func.jvp(lambda a: torch.ones(2), (x.detach(),), (s.detach(),), strict=False)
    torch.func.jvp(lambda a: (a * 2, a.detach() + 1), (x,), (s,), has_aux=True)
    torch.func.linearize(lambda a: a.sin() * a, x.detach())[1](s.detach())                # values
    torch.func.linearize(lambda a, b: a * b, x.detach(), s.detach())[1](s.detach())       # raises
    torch.func.functionalize(lambda a: a.clone().mul_(2))(x)
    torch.func.grad(lambda a: torch.func.grad(lambda b: (a * b * b).sum())(a).sum())(x)
    torch.func.grad(lambda a: torch.func.vjp(torch.sin, a)[1](a)[0].sum())(x)
x = real(3); s = real(3); u = real(2); one = real(1)
    torch.autograd.functional.jacobian(lambda a: a**3 * s, x, create_graph={True|False})
    torch.autograd.functional.jacobian(lambda a: a**3 * s, x, vectorize=True, create_graph={True|False})
    torch.autograd.functional.jacobian(lambda a: a**3, x.detach(), False, False, True, 'forward-mode')
    torch.autograd.functional.jacobian(lambda a, b: (a * b, a.sum()), (x, s), vectorize={True|False})
    torch.autograd.functional.jacobian(lambda a, b: (a.sin() * b, b.sum()), (x, s), create_graph=True)
    torch.autograd.functional.jacobian(lambda a: a * 2, x, strategy='forward-mode')          # raises
    torch.autograd.functional.jacobian(lambda a: a * 2, x, vectorize=True, strategy='other')  # complains
    torch.autograd.functional.jacobian(lambda a: a * 2, x, strict=True, vectorize=True)      # raises
    torch.autograd.functional.jacobian(lambda a, b: a * 2, (x, s), strict=True)              # raises
    torch.autograd.functional.jacobian(lambda a: a * 2, x, create_graph=True, strict=True)   # raises
    torch.autograd.functional.jacobian(lambda a, b: a * 2, (x, s), vectorize={True|False})
    torch.autograd.functional.hessian(lambda a: (a**4).sum(), x, create_graph={True|False})
    torch.autograd.functional.hessian(lambda a: (a**4).sum(), x, {True|False}, False, True)
    torch.autograd.functional.hessian(lambda a: (a**4).sum(), x, True, False, True, 'forward-mode')  # extra
    torch.autograd.functional.hessian(lambda a, b: (a**2 * b**2).sum(), (x, s), vectorize={True|False})
    torch.autograd.functional.hessian(lambda a: a, x)                                        # raises
    torch.autograd.functional.{hvp|vhp}(lambda a: (a**3).sum(), x, s, create_graph={True|False})
    torch.autograd.functional.{hvp|vhp}(lambda a, b: (a**2 * b**2).sum(), (x, s), (s, x))
    torch.autograd.functional.{hvp|vhp}(lambda a: (a**3).sum(), one)
    torch.autograd.functional.{hvp|vhp}(lambda a: (a**3).sum(), x)                           # raises
    torch.autograd.functional.{hvp|vhp}(lambda a: (a * 3).sum(), x, s, strict=True)          # raises
    torch.autograd.functional.{hvp|vhp}(lambda a: (a * 3).sum(), x, s)
    torch.autograd.functional.{vjp|jvp}(lambda a: a**3, x, s, create_graph={True|False})
    torch.autograd.functional.{vjp|jvp}(lambda a: a**3, x, u)                                # raises
    torch.autograd.functional.{vjp|jvp}(lambda a: a * 3, x, s, True, True)
    torch.autograd.functional.{vjp|jvp}(lambda a: a * 3, x, s.detach(), True, True)         # raises
    torch.autograd.functional.vjp(lambda a, b: (a * b, b.exp()), (x, s), (s, x), create_graph=True)
    torch.autograd.functional.jvp(lambda a, b: (a * b, b.exp()), (x, s), (s, x), create_graph=True)
    torch.autograd.grad(x**3, x, torch.stack([s, x]).detach(), is_grads_batched=True)
    torch.autograd.grad(x**3, x, torch.stack([s, x]), create_graph=True, is_grads_batched=True)
    g = torch.stack([s, x]), u; torch.autograd.grad((x**3, x.sum()), x, g, is_grads_batched=True)
    torch.autograd.grad(x**3, x, s, is_grads_batched=True)                                          # raises
"""


def test_func(case, compare):
    compare(case)
