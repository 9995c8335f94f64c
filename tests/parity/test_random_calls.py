"""Random calls beside PyTorch: shapes from none to thousands of elements, all dtypes, layouts and axes.

The kernels take other ways for long arrays, for views and for whole numbers. A call that PyTorch refuses is
not compared; one that it takes must give its values, shapes, dtypes and gradients.
"""

import random

import numpy as np
import pytest

pytestmark = pytest.mark.parity

SHAPES = [
    (), (0,), (1,), (3,), (200,), (5000,), (3, 4), (130, 70), (2, 3, 4), (0, 3), (3, 0), (64, 64), (1, 300),
    (300, 1), (2, 1, 3), (2, 40, 50), (2, 2, 3, 4), (1, 1, 1),
]  # fmt: skip
DTYPES = ["float64"] * 6 + ["int64", "int64", "int32", "int16", "uint8", "bool"]
ONE = """
abs asinh atan ceil cos cosh deg2rad erf erfc exp exp2 expm1 floor frac isfinite isinf isnan log1p
logical_not neg positive rad2deg relu round sgn sigmoid sign signbit sin sinc sinh square tan tanh trunc
log sqrt rsqrt reciprocal
"""
TWO = """
add sub mul div fmod maximum minimum fmax fmin atan2 hypot copysign xlogy logaddexp eq ne lt le gt ge
logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor float_power isclose
"""
OVER = """
sum mean prod amax amin std var logsumexp any all
"""
ALONG = """
cumsum cumprod softmax log_softmax diff unbind count_nonzero nansum
"""
# x and y: tensors whose shapes broadcast; m: a mask, i: places along the first axis, j: places of x's shape.
CALLS = [
    *(f"torch.{name}(x)" for name in ONE.split()),
    *(f"torch.{name}(x, {other})" for name in TWO.split() for other in ("y", "{n}")),
    *(f"x {sign} {other}" for sign in ("+", "-", "*", "/", "==", "<", "&", "|") for other in ("y", "{n}")),
    *(f"x.{name}{how}" for name in OVER.split() for how in ("()", "({d})", "({dd}, keepdim={b})")),
    *(f"x.{name}({{d}})" for name in ALONG.split()),
    *(f"x[{index}]" for index in """
        {k}; {k}:; ::2; ..., {k}; None; m; ~m; ..., m; i; ..., i; i, None; i[:, None]; [0]; 0, i; i, i;
        :, i; -1; i, ..., 0; m, None; True
    """.replace("\n", " ").split(";")),
    *"""
    x.max({d})[0]; x.min({d})[0]; x.max(); x.min(); x.max(y); x.norm({p}, {d}); x.norm({p});
    x.aminmax(dim={d}); x.cummax({d})[0]; x.logcumsumexp({d}); x.std({d}, correction=0);
    x.var(correction=0); x.sum({d}, dtype=torch.float64); x.reshape(-1); x.flatten(); x.unsqueeze({d});
    x.squeeze(); x.squeeze({d}); x.transpose({d}, {e}); x.movedim({d}, {e}); x.expand(2, *x.shape);
    x.repeat(2, *[1] * x.ndim); x.repeat_interleave(2, {d}); x.roll(1, {d}); x.roll({k}); x.flip({d});
    x.chunk(2, {d}); x.split(2, {d}); x.tensor_split(3, {d}); x.narrow({d}, 0, 1); x.select({d}, {k});
    x.diagonal({k}); x.diag(); x.tril({k}); x.triu({k}); torch.stack([x, x], {d}); torch.cat([x, x], {d});
    torch.hstack([x, x]); x.unfold({d}, 2, 1); torch.masked_select(x, m); x.masked_fill(m, {k});
    torch.where(m, x, y); torch.where(m, x, 1.0); x.index_select({d}, i); x.take(i); x.gather({d}, j);
    x.scatter_add({d}, j, x); x.index_add({d}, i, x); x.index_fill({d}, i, 3); x.take_along_dim(j, {d});
    x.masked_scatter(m, x); x.clone(); x.contiguous(); x.to(torch.float32); x.long(); x.bool();
    x.clamp(0, 1); x.clamp(min=0.5); x.clamp(max=y); torch.lerp(x, y, 0.3); torch.addcmul(x, x, y);
    torch.add(x, y, alpha=2); torch.outer(x, x); torch.inner(x, y); x @ x.mT;
    torch.einsum("...i,...i->...", x, x); torch.tensordot(x, x, 1); F.pad(x, (1, 2)); F.pad(x, (-1, 1));
    F.normalize(x, dim={d}); F.cosine_similarity(x, x * 2 + 1, {d}); F.glu(x, {d});
    F.layer_norm(x, x.shape[-1:]); F.group_norm(x, 1); F.mse_loss(x, y.expand_as(x)); F.softplus(x);
    F.gelu(x); F.silu(x); F.elu(x); F.leaky_relu(x); F.hardtanh(x); F.logsigmoid(x); F.softmin(x, {d});
    F.avg_pool1d(x, 2); F.max_pool1d(x, 2); torch.trapezoid(x, dim={d}); torch.gradient(x, dim={d});
    torch.kron(x, x[:2]); torch.vander(x); torch.dist(x, x * 2); torch.nan_to_num(x);
    torch.broadcast_tensors(x, y); torch.block_diag(x, y); torch.atleast_2d(x); torch.round(x, decimals=1)
    """.replace("\n", ";").split(";"),
    "z = x * 1; z[m] = 2; z",
    "z = x * 1; z[i] = 0; z",
    "z = x * 1; z += y; z",
    "z = x * 1; z.clamp_(0, 1); z",
]  # fmt: skip


def drawn(rng, shape, dtype):
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if dtype == "float64":
        return np.asarray(rng.normal(size=shape) * rng.choice([1.0, 3.0]))
    return np.asarray(rng.integers(0 if dtype == "uint8" else -5, 6, shape)).astype(dtype)


def call(seed):
    """A call's code and arrays."""
    choose, rng = random.Random(seed), np.random.default_rng(seed)
    shape, dtype = choose.choice(SHAPES), choose.choice(DTYPES)
    x = drawn(rng, shape, dtype)
    if choose.random() < 0.5 and x.ndim > 1:
        x = np.ascontiguousarray(x.T).T
    other = choose.choice([shape, shape, shape[1:], (), tuple(choose.choice([1, n]) for n in shape)])
    length, axes = max(1, shape[0] if shape else 1), max(1, len(shape))
    arrays = {
        "x": x,
        # PyTorch negates bytes in derivatives, and they wrap around: they meet no floats here.
        "y": drawn(rng, other, dtype if dtype == "uint8" else choose.choice([dtype] * 5 + DTYPES[:10])),
        "m": np.asarray(rng.random(shape) < choose.choice([0.5, 0.5, 0.0, 1.0])),
        "i": rng.permutation(length)[: choose.choice([length, 3, 1])],
        "j": rng.integers(0, max(1, min(shape, default=1)), shape),
    }
    axis = lambda: str(choose.randrange(-axes, axes))  # noqa: E731
    code = choose.choice([c.strip() for c in CALLS if c.strip()])
    for name, value in {
        "{dd}": str(tuple(choose.sample(range(axes), choose.randint(1, axes)))), "{d}": axis(), "{e}": axis(),
        "{b}": choose.choice(["True", "False"]), "{k}": choose.choice(["0", "1", "-1", "2"]),
        "{n}": choose.choice(["2", "-3", "1.5", "True", "0.5"]),
        "{p}": choose.choice(["1", "2", "3", "float('inf')"]),
    }.items():  # fmt: skip
        code = code.replace(name, value)
    return code, arrays


@pytest.mark.parametrize("seed", range(20))
def test_a_random_call_is_pytorchs(compare_call, seed):
    for number in range(100):
        compare_call(*call(1000 * seed + number))
