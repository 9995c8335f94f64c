"""Functions with right gradients, which `check_grads` must pass, and with wrong ones, which it must find."""

from __future__ import annotations

import numpy as np

import minigrad as torch

F = torch.nn.functional
S = torch.softmax


def op_of(forward, backward):
    """An op of a user's own: forward of tensors, backward(*incoming gradients, *inputs)."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *xs):
            ctx.save_for_backward(*xs)
            return forward(*xs)

        @staticmethod
        def backward(ctx, *g):
            return backward(*g, *ctx.saved_tensors)

    return Own.apply


def mean_kept(x):
    return x.mean(-1, keepdim=True)


def written(x, w):
    y = torch.sin(x).clone()
    y[1:] *= w[1:]
    y[:, 0] = w.sum()
    return y


# Name: (function, the sizes of its inputs' shapes, the size of their values, order).
MATRIX, PAIR = ((3, 3),), ((3, 3), (3, 3))
RIGHT = {
    "softmax": (lambda x: S(x, -1), MATRIX, 1, 2),
    "softmax, saturated": (lambda x: S(x, -1), ((4,),), 20, 2),
    "softmax of 0 and 30": (lambda x: S(x * 1e-9 + torch.tensor([0.0, 30.0]).double(), 0), ((2,),), 1, 2),
    "sigmoid, saturated": (torch.sigmoid, ((4,),), 20, 2),
    "tanh, saturated": (torch.tanh, ((4,),), 10, 2),
    "softplus, saturated": (F.softplus, ((4,),), 20, 2),
    "log_softmax, saturated": (lambda x: torch.log_softmax(x, -1), ((4,),), 20, 2),
    "logsumexp, saturated": (lambda x: torch.logsumexp(x, -1), MATRIX, 20, 2),
    "gelu": (F.gelu, MATRIX, 3, 2),
    "silu, saturated": (F.silu, ((4,),), 20, 2),
    "cross entropy, saturated": (lambda x: F.cross_entropy(x, torch.tensor([0, 2, 1])), MATRIX, 20, 2),
    "layer norm": (lambda x, w: F.layer_norm(x, (3,), w[0], w[1]), PAIR, 1, 2),
    "batch norm of a layer": (lambda x, w: F.batch_norm(x @ w + w[0], None, None, training=True), PAIR, 1, 2),
    "attention": (lambda q, k: S(q @ k.mT / 2, -1) @ k, PAIR, 1, 2),
    "attention, saturated": (lambda q, k: S(q @ k.mT, -1) @ k, PAIR, 10, 2),
    "sorted": (lambda x: torch.sort(torch.abs(x), -1)[0].cumsum(-1), MATRIX, 1, 2),
    "extremes": (lambda x, w: (torch.maximum(x, w).amax(0), torch.minimum(x, w).mean(1)), PAIR, 1, 2),
    "hinge": (lambda x, w: torch.clamp(1 - x * w, 0.0, 2.0).mean(), PAIR, 1, 2),
    "relu of products": (lambda x, w: torch.relu(x @ w) @ w.T, PAIR, 1, 2),
    "norms": (lambda x, w: x / torch.linalg.vector_norm(x) * w.std(), PAIR, 1, 2),
    "distances": (lambda x, w: torch.sqrt(((x[:, None] - w[None]) ** 2).sum(-1) + 1e-6), PAIR, 1, 2),
    "a thousand beside": (lambda x: (x + 1e3) - 1e3, MATRIX, 1, 2),
    "tiny": (lambda x: torch.sin(x) * 1e-9, MATRIX, 1, 2),
    "huge": (lambda x: torch.sin(x) * 1e9, MATRIX, 1, 2),
    "tiny beside huge": (lambda x: torch.sin(x) * torch.tensor([1e6, 1.0, 1e-6]).double(), MATRIX, 1, 2),
    "steep": (lambda x: torch.sin(x * 100), MATRIX, 1, 2),
    "powers": (lambda x: x**3 + torch.full_like(x, 2.0) ** x, MATRIX, 1, 2),
    "products": (lambda x: torch.prod(x, -1), MATRIX, 1, 2),
    "variance": (lambda x: (x.var(-1), x.std(0)), MATRIX, 1, 2),
    "huber": (lambda x, w: F.huber_loss(x @ w, x), PAIR, 1, 2),
    "erf and exp": (lambda x: torch.erf(x) * torch.exp(-x * x), MATRIX, 2, 2),
    "written": (written, PAIR, 1, 2),
    "no dependence": (lambda x: x.detach() * 0 + 1.0, MATRIX, 1, 2),
    "one entry": (lambda x: torch.sin(x) * x, ((1,),), 1, 2),
    "no axis": (torch.exp, ((),), 1, 2),
}  # fmt: skip


def float32_inside(f):
    return lambda x: f(x.float()).double()


def rounded_backward(x):
    return op_of(torch.sin, lambda g, x: (g * torch.cos(x)).float().double())(x)


ONE, ROW = ((1,),), ((4,),)
WRONG = {
    "a sign": (op_of(torch.sin, lambda g, x: -g * torch.cos(x)), MATRIX, 1, 1),
    "a factor of 1 + 1e-4": (op_of(torch.exp, lambda g, x: g * torch.exp(x) * (1 + 1e-4)), MATRIX, 1, 1),
    "a factor of 1 + 3e-6": (op_of(torch.exp, lambda g, x: g * torch.exp(x) * (1 + 3e-6)), MATRIX, 1, 1),
    "a factor of 1 + 1e-7": (op_of(torch.exp, lambda g, x: g * torch.exp(x) * (1 + 1e-7)), MATRIX, 1, 1),
    "a factor of 1 + 1e-8": (op_of(torch.sin, lambda g, x: g * torch.cos(x) * (1 + 1e-8)), MATRIX, 1, 1),
    "a term of 1e-7": (op_of(torch.exp, lambda g, x: g * (torch.exp(x) + 1e-7 * x)), MATRIX, 1, 1),
    "half": (lambda x: x * x.detach(), ONE, 1, 1),
    "cut": (lambda x: x.detach() * 2 + x * 0, MATRIX, 1, 1),
    "float32, one entry": (float32_inside(torch.sin), ONE, 1, 1),
    "float32 and 1 + 1e-4, one entry": (
        op_of(lambda x: torch.exp(x.float()).double(), lambda g, x: g * torch.exp(x) * (1 + 1e-4)), ONE, 1, 1
    ),
    "float32, no axis": (float32_inside(lambda x: x * x * 3.1), ((),), 1, 1),
    "float32 in one of two terms": (lambda x: torch.sin(x) + (x.float() * 0.01).exp().double(), ONE, 1, 1),
    "float32 in backward, one entry": (rounded_backward, ONE, 1, 1),
    "float32 in backward": (rounded_backward, MATRIX, 1, 1),
    "positive cotangents only, one entry": (
        op_of(torch.exp, lambda g, x: torch.relu(g) * torch.exp(x)), ONE, 1, 1
    ),
    "positive cotangents only": (op_of(torch.exp, lambda g, x: torch.relu(g) * torch.exp(x)), ROW, 1, 1),
    "cotangents clipped at 1": (
        op_of(torch.exp, lambda g, x: torch.clamp(g, -1.0, 1.0) * torch.exp(x)), ONE, 1, 1
    ),
    "absolute cotangents, one entry": (op_of(torch.exp, lambda g, x: g.abs() * torch.exp(x)), ONE, 1, 1),
    "outputs exchanged": (
        op_of(lambda x: (torch.sin(x), x * x), lambda g, h, x: h * torch.cos(x) + 2 * g * x), MATRIX, 1, 1
    ),
    "inputs exchanged": (op_of(lambda a, b: a * b, lambda g, a, b: (g * a, g * b)), PAIR, 1, 1),
    "one of many entries": (
        op_of(torch.sin, lambda g, x: g * torch.cos(x) * (1 + 1e-4 * (torch.arange(400) == 7).double())),
        ((400,),), 1, 1,
    ),
    "softmax without mixing": (op_of(lambda x: S(x, -1), lambda g, x: g * S(x, -1)), MATRIX, 1, 1),
    "softmax, saturated, a factor": (
        op_of(lambda x: S(x, -1), lambda g, x: 1.01 * S(x, -1) * (g - (g * S(x, -1)).sum(-1, keepdim=True))),
        ROW, 5, 1,
    ),
    "second order of sin": (op_of(torch.sin, lambda g, x: g * torch.cos(x).detach()), MATRIX, 1, 2),
    "second order, 1 + 1e-5": (
        op_of(torch.exp, lambda g, x: g * (torch.exp(x) + 1e-5 * (torch.exp(x) - torch.exp(x.detach())))),
        ROW, 1, 2,
    ),
    "second order of a cotangent": (op_of(torch.exp, lambda g, x: g.detach() * torch.exp(x)), ROW, 1, 2),
    "a missing mean": (op_of(lambda x: x - mean_kept(x), lambda g, _x: g), MATRIX, 1, 1),
    "too wide a mean": (op_of(lambda x: x - mean_kept(x), lambda g, _x: g - g.mean()), MATRIX, 1, 1),
    "a cumsum not turned": (op_of(lambda x: x.cumsum(0), lambda g, _x: g.cumsum(0)), MATRIX, 1, 1),
    "a sum over rows left out": (op_of(lambda x, b: x + b[0], lambda g, _x, b: (g, b * 0 + g)), PAIR, 1, 1),
    "input for output": (op_of(torch.tanh, lambda g, x: g * (1 - x * x)), MATRIX, 1, 1),
    "a constant beside": (op_of(torch.exp, lambda g, x: g * torch.exp(x) + 1e-6), MATRIX, 1, 1),
    "few digits": (op_of(torch.log2, lambda g, x: g / (x * 0.6931471)), ((1,),), 0, 1),
    "small beside large": (
        op_of(lambda x: x * torch.tensor([1.0, 1e-8]).double(),
              lambda g, _x: g * torch.tensor([1.0, 9e-7]).double()), ((2,),), 1, 1,
    ),
    "absolute value's other side": (op_of(torch.abs, lambda g, x: g * x / (x.abs() + 1e-6)), MATRIX, 1, 1),
    "tied maxima that each take all": (op_of(torch.amax, lambda g, x: g * (x == x.amax())), ((3,),), 0, 1),
}  # fmt: skip


def inputs(shapes, size, seed):
    """Drawn from a normal distribution of that size; of size 0, ones."""
    random = np.random.default_rng(seed)
    return [np.asarray(random.normal(size=shape) * size if size else np.ones(shape)) for shape in shapes]
