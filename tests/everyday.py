"""Functions and layers as scripts call them, each with its inputs: for tests that go through all of them."""

import numpy as np

import minigrad as torch
from minigrad import nn

F = nn.functional


def _draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def _unit(*shape):
    return np.random.default_rng(3).uniform(0.1, 0.9, shape).astype(np.float32)


WORDS, ROW, VOLUME, IMAGE = _draw(2, 8, 16), _draw(6, 5), _draw(2, 3, 4, 4, 4), _draw(2, 3, 8, 8)
CLASSES = np.array([0, 4, 1, 2, 2, 3])
TOKENS = np.array([[1, 2, 3], [9, 0, 2]])


def _layers():
    """Layers of torch.nn by name, with what makes them and what they are given."""
    activations = [
        *("ReLU", "LeakyReLU", "GELU", "SiLU", "Mish", "ELU", "SELU", "CELU", "Softplus", "Softsign", "Tanh"),
        *("Sigmoid", "LogSigmoid", "Hardtanh", "Hardswish", "Hardsigmoid", "Hardshrink", "Softshrink"),
        *("Tanhshrink", "ReLU6", "PReLU", "GLU", "RReLU"),
    ]
    yield from ((name, (), (WORDS,)) for name in activations)
    yield from ((name, (-1,), (WORDS,)) for name in ("Softmax", "LogSoftmax", "Softmin"))
    for name, args, *inputs in [
        ("Linear", (16, 4), WORDS),
        ("Bilinear", (5, 5, 3), ROW, _draw(6, 5, seed=1)),
        ("LayerNorm", (16,), WORDS),
        ("RMSNorm", (16,), WORDS),
        ("GroupNorm", (1, 3), IMAGE),
        ("BatchNorm1d", (5,), ROW),
        ("BatchNorm2d", (3,), IMAGE),
        ("InstanceNorm2d", (3,), IMAGE),
        ("LocalResponseNorm", (2,), IMAGE),
        ("Embedding", (10, 4), TOKENS),
        ("Dropout", (), WORDS),
        ("Dropout2d", (), IMAGE),
        ("AlphaDropout", (), WORDS),
        ("Conv1d", (3, 4, 3), _draw(2, 3, 9)),
        ("Conv2d", (3, 4, 3), IMAGE),
        ("Conv3d", (3, 2, 2), VOLUME),
        ("ConvTranspose2d", (3, 2, 3), IMAGE),
        ("MaxPool2d", (2,), IMAGE),
        ("AvgPool2d", (2,), IMAGE),
        ("AdaptiveAvgPool2d", (3,), IMAGE),
        ("Upsample", (None, 2), IMAGE),
        ("ZeroPad2d", (1,), IMAGE),
        ("ReflectionPad2d", (1,), IMAGE),
        ("Unfold", (2,), IMAGE),
        ("CosineSimilarity", (), ROW, _draw(6, 5, seed=1)),
        ("PairwiseDistance", (), ROW, _draw(6, 5, seed=1)),
        ("LSTMCell", (5, 3), ROW),
        ("GRUCell", (5, 3), ROW),
        ("RNNCell", (5, 3), ROW),
    ]:
        yield name, args, tuple(inputs)
    regression = ["MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCEWithLogitsLoss", "PoissonNLLLoss"]
    yield from ((name, (), (ROW, _unit(6, 5))) for name in regression)
    yield from ((name, (), (_unit(6, 5), _unit(6, 5)[::-1].copy())) for name in ("BCELoss", "KLDivLoss"))
    yield from ((name, (), (ROW, CLASSES)) for name in ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"))
    yield "TripletMarginLoss", (), (ROW, _draw(6, 5, seed=1), _draw(6, 5, seed=2))
    yield "SoftMarginLoss", (), (ROW, np.sign(_draw(6, 5, seed=1)))


def _functions():
    weights = _unit(5)
    mask = np.tril(np.ones((8, 8), bool))
    heads = _draw(2, 4, 8, 4)
    yield "attention", lambda q: F.scaled_dot_product_attention(q, q, q), (heads,)
    yield "causal attention", lambda q: F.scaled_dot_product_attention(q, q, q, is_causal=True), (heads,)
    yield (
        "masked attention", lambda q, m: F.scaled_dot_product_attention(q, q, q, attn_mask=m), (heads, mask)
    )  # fmt: skip
    yield (
        "masked softmax",
        lambda x, m: (x @ x.transpose(-2, -1)).masked_fill(~m, float("-inf")).softmax(-1),
        (WORDS, mask),
    )
    yield "weighted cross entropy", lambda x, t, w: F.cross_entropy(x, t, w.detach()), (ROW, CLASSES, weights)
    yield "smoothed", lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), (ROW, CLASSES)
    yield "ignored", lambda x, t: F.cross_entropy(x, t, ignore_index=2), (ROW, CLASSES)
    yield "one_hot", lambda x, t: x * F.one_hot(t, 5), (ROW, CLASSES)
    yield "gather", lambda x, t: x.gather(1, t[:, None]), (ROW, CLASSES)
    yield "scatter", lambda x, t: torch.zeros_like(x).scatter(1, t[:, None], x), (ROW, CLASSES)
    yield "scatter_add", lambda x, t: torch.zeros_like(x).scatter_add(1, t[:, None], x), (ROW, CLASSES)
    yield "index_select", lambda x, t: x.index_select(0, t), (ROW, CLASSES)
    yield "index_add", lambda x, t: torch.zeros_like(x).index_add(0, t, x), (ROW, CLASSES)
    yield "rows", lambda x, t: x[t], (ROW, CLASSES)
    yield "take_along_dim", lambda x, t: torch.take_along_dim(x, t[:, None], 1), (ROW, CLASSES)
    yield "split", lambda x: sum(x.split(4, dim=2)), (WORDS,)
    yield "chunk", lambda x: torch.cat(x.chunk(2, -1)[::-1], -1), (WORDS,)
    yield "cat", lambda x: torch.cat([x, 2 * x], 1), (ROW,)
    yield "stack", lambda x: torch.stack([x, 2 * x]), (ROW,)
    yield "where", lambda x: torch.where(x > 0, x, -x), (ROW,)
    yield "clamp", lambda x: x.clamp(-0.5, 0.5), (ROW,)
    yield "sort", lambda x: x.sort()[0], (ROW,)
    yield "topk", lambda x: x.topk(2)[0], (ROW,)
    yield "max", lambda x: x.max(1)[0], (ROW,)
    yield "cumsum", lambda x: x.cumsum(0), (ROW,)
    yield "norm", lambda x: x.norm(dim=1), (ROW,)
    yield "normalize", lambda x: F.normalize(x, dim=1), (ROW,)
    yield "std", lambda x: x.std(0) + x.var(0), (ROW,)
    yield "logsumexp", lambda x: x.logsumexp(1), (ROW,)
    yield "einsum", lambda x: torch.einsum("ij,kj->ik", x, x), (ROW,)
    yield "bmm", lambda x: torch.bmm(x, x.transpose(1, 2)), (WORDS,)
    yield "cdist", lambda x: torch.cdist(x, x + 1), (ROW,)
    yield "outer", lambda x: torch.outer(x[0], x[1]), (ROW,)
    yield "pad", lambda x: F.pad(x, (1, 1)), (ROW,)
    yield "roll", lambda x: torch.roll(x, 1, 0) + torch.flip(x, (1,)), (ROW,)
    yield "interpolate", lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), (IMAGE,)
    yield "tril", lambda x: torch.tril(x) + torch.triu(x), (ROW,)
    yield "repeat", lambda x: x.repeat(2, 1) + x.expand(2, 6, 5).reshape(12, 5), (ROW,)


def _seeded(name, args):
    torch.manual_seed(0)
    return getattr(nn, name)(*args)


# By name: a function that makes the function, and its inputs.
EVERYDAY = {
    **{name: (lambda name=name, args=args: _seeded(name, args), inputs) for name, args, inputs in _layers()},
    **{name: (lambda function=function: function, inputs) for name, function, inputs in _functions()},
}
