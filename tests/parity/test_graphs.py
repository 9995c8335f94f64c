"""The same small programs in PyTorch and in minigrad: leaves, writes, aliases, retained graphs, hooks."""

import warnings

import numpy as np
import pytest

import minigrad

X = "x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)\n"

# Each leaves its results in r. Both libraries give the same, or both raise a RuntimeError.
PROGRAMS = [
    # leaves and aliases
    "y = x * 2; z = y.detach().requires_grad_(); (z * 3).sum().backward(); r = z.grad, x.grad",
    "y = x.clone().detach().requires_grad_(True); (y**2).sum().backward(); r = y.grad, x.grad, y.is_leaf",
    "r = x.is_leaf, x.detach().is_leaf, x.data.is_leaf, (x * 1).is_leaf, x.clone().is_leaf",
    "r = (x.detach() * x).sum().backward(), x.grad",
    "x.data.fill_(3.0); x.data = x.data * 2; r = x, x.requires_grad, x.is_leaf",
    "y = x * 1; y.requires_grad_(); y.add_(1); r = y.is_leaf, y",
    "y = (x * 2).requires_grad_(False)",
    "torch.arange(3).requires_grad_()",
    "y = (x * 3).sum(); x.requires_grad_(False); x.requires_grad_(True); y.backward(); r = x.grad",
    "y = (x * 3).sum(); x.requires_grad_(False); y.backward(); r = x.grad",
    # accumulation
    "(x * x + x).sum().backward(); g = x.grad; (x * 2).sum().backward(); r = g, x.grad, g is x.grad",
    "x.grad = torch.ones(3, dtype=torch.float64); g = x.grad; (x * 2).sum().backward(); r = g, x.grad",
    "y = x * 2; y.retain_grad(); y.sum().backward(None, True); y.norm().backward(); r = y.grad, x.grad",
    "y = x.view(3); y.retain_grad(); (y * 3).sum().backward(); r = y.grad",
    "y = x * 2; y.backward(torch.ones(3), inputs=[y]); r = y.grad, x.grad",
    "y = x * 2; z = (y * y).sum(); z.backward(inputs=[y], retain_graph=True); r = y.grad.clone(), x.grad; "
    "z.backward(); r = *r, y.grad, x.grad, y.retains_grad",
    "y = x * 2; y.retain_grad(); z = (y * y).sum(); z.backward(inputs=[y]); r = y.grad, x.grad",
    "y = x * 2; y.retain_grad(); r = *torch.autograd.grad((y * y).sum(), x), y.grad, x.grad",
    "y = x * 2; y.retain_grad(); r = *torch.autograd.grad((y * y).sum(), [y, x]), y.grad, x.grad",
    "y = x * 2; y.retain_grad(); (y * y).sum().backward(inputs=[x]); r = y.grad, x.grad",
    "y = x * 2; y.retain_grad(); g, = torch.autograd.grad((y**3).sum(), y, create_graph=True); "
    "r = g, y.grad.requires_grad, *torch.autograd.grad(y.grad.sum(), x)",
    "y = x * 2; w = x * 3; w.retain_grad(); r = *torch.autograd.grad((y + w).sum(), y), w.grad",
    "y = x * 2; w = x * 3; h = []; w.register_hook(h.append); w.retain_grad(); "
    "r = *torch.autograd.grad([y.sum(), w.sum()], y), w.grad, len(h)",
    "r = torch.autograd.grad((x * x).sum(), [x, x])",
    "y = x * 2; r = torch.autograd.grad([y, y.sum()], [x, y], [torch.ones(3), None])",
    "y = x.exp(); g, = torch.autograd.grad((y * y).sum(), y); y.backward(g); r = x.grad",
    "y = x.float(); y.sum().backward(); r = x.grad, x.grad.dtype == torch.float64",
    "(x * 2).backward()",
    "(x * 2).backward(torch.ones(1))",
    "(x * 2).backward(torch.ones(3, 1))",
    "y = x.exp().sum(); y.backward(); y.backward()",
    "torch.autograd.grad(x.sum(), [x, torch.ones(1, requires_grad=True)])",
    # higher order
    "y = (x**2).sum(); y.backward(create_graph=True); x.grad.sum().backward(); r = x.grad",
    "g, = torch.autograd.grad((x**3).sum(), x, create_graph=True); (g**2 + x).sum().backward(); r = x.grad",
    "x.sum().backward(create_graph=True); r = x.grad.requires_grad",
    "s = torch.tensor(2.0, requires_grad=True); (s**3).backward(create_graph=True); (s * 2).backward()\n"
    "with torch.no_grad(): s.grad.mul_(2)\nr = s.grad",
    # writes
    "y = x * 1; y[0] = y[1]; y.sum().backward(); r = y, x.grad",
    "y = x * 1; y[:] = y * 3; y.sum().backward(); r = y, x.grad",
    "y = x * 1; y += y; y.sum().backward(); r = y, x.grad",
    "y = x * 1; y.mul_(x); y.sum().backward(); r = y, x.grad",
    "y = x * 2; y.sigmoid_(); (y * y).sum().backward(); r = y, x.grad",
    "y = x.exp(); y.add_(1); y.sum().backward()",
    "y = x.exp(); y[0:1].add_(1); y.sum().backward()",
    "y = x * 2; y[y > 3] = 0.0; y.sum().backward(); r = y, x.grad",
    "y = x * 2; y[[0, 0]] = x[1:]; y[1] = 5.0; y.sum().backward(); r = x.grad[0]",
    "b = x.new_zeros(3); b.copy_(x); b.mul_(x); b.sum().backward(); r = b, b.is_leaf, x.grad",
    "b = x.new_zeros(3); b.index_add_(0, torch.tensor([0, 0, 1]), x); b.norm().backward(); r = x.grad",
    "b = x.new_zeros(2, 3); b[:, 0] = x[:2]; b[1] = x; b[..., -1] *= 2; b.norm().backward(); r = x.grad",
    "b = x.new_zeros(3); b += x * 2; b.sum().backward(); r = x.grad, b.is_leaf",
    "y = x * 2; z = (y * y).sum(); y.data[0] = 100.0; z.backward(); r = x.grad",
    "y = x * 2; z = (y * y).sum(); y.detach()[0] = 100.0; z.backward()",
    "y = x * 2\nwith torch.no_grad(): y[0] = 100.0\n(y * y).sum().backward(); r = x.grad",
    "with torch.no_grad(): y = x * 2; y[0] = x[1]\nr = y.requires_grad, y",
    "with torch.no_grad(): x.add_(1); x[0] = 9.0\n(x * x).sum().backward(); r = x, x.grad",
    "x.add_(1)",
    "x[0] = 1.0",
    "x[0:1].mul_(2)",
    "x.detach().mul_(2); r = x",
    "y = x.expand(2, 3).reshape(-1); y[0] = 9.0; y.sum().backward(); r = x, x.grad",
    "y = x[None].expand(2, 3).contiguous(); y[0] *= 2; y.sum().backward(); r = x.grad",
    "a, b = x[:1], x[1:]; c = torch.cat([b, a]); c[0] = 0; (c * c).sum().backward(); r = x.grad",
    "y = x * 1\nwith torch.no_grad(): v = y[:1]\nv.mul_(2)",
    # hooks
    "x.register_hook(lambda g: g * 2); x.register_hook(lambda g: g + 1); x.norm().backward(); r = x.grad",
    "y = x * 1; h = []; y.register_hook(lambda g: h.append(g.tolist())); y.mul_(2); "
    "y.register_hook(lambda g: h.append(g.tolist())); y.sum().backward(); r = h",
    "h = []; k = x.register_hook(h.append); k.remove(); x.sum().backward(); r = len(h)",
    "h = []; x.register_post_accumulate_grad_hook(lambda p: h.append(p.grad.tolist())); "
    "x.sum().backward(); x.sum().backward(); r = h",
    "y = x * 2; y.retain_grad(); y.register_hook(lambda g: g * 10); y.sum().backward(); r = y.grad, x.grad",
    # training
    "o = torch.optim.SGD([x], lr=0.1)\n"
    "for _ in range(3):\n    o.zero_grad(); (x * x).sum().backward(); o.step()\nr = x",
    "o = torch.optim.SGD([x], lr=0.1); a = x.norm(); b = x @ x; a.backward(); o.step(); b.backward()",
    "s = x.new_zeros(3)\nfor _ in range(2):\n    s = (s + x).tanh(); s.sum().backward()",
    "s = x.new_zeros(3)\nfor _ in range(2):\n    s = (s.detach() + x).tanh(); s.sum().backward()\nr = x.grad",
]


def plain(result):
    if isinstance(result, (tuple, list)):
        return [plain(part) for part in result]
    return np.asarray(result.tolist()) if hasattr(result, "tolist") else result


def outcome(lib, program):
    scope = {"torch": lib}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of the cycle that create_graph makes
        try:
            exec(X + program, scope)
        except RuntimeError as error:
            return error
    return plain(scope.get("r"))


def same(mine, theirs):
    if isinstance(theirs, list):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(theirs, np.ndarray):
        return (
            isinstance(mine, np.ndarray)
            and mine.shape == theirs.shape
            and np.allclose(mine, theirs, rtol=1e-12)
        )
    return mine == theirs


@pytest.mark.parity
@pytest.mark.parametrize("program", PROGRAMS)
def test_pytorch_does_the_same(pytorch, program):
    mine, theirs = outcome(minigrad, program), outcome(pytorch, program)
    if isinstance(theirs, RuntimeError) or isinstance(mine, RuntimeError):
        assert isinstance(mine, RuntimeError) and isinstance(theirs, RuntimeError), (mine, theirs)
    else:
        assert same(mine, theirs), (mine, theirs)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_ends_otherwise_than_with_a_result_or_a_runtime_error(program):
    outcome(minigrad, program)
