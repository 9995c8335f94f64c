"""A sample of every op, and of functions that are made of ops: the call, and the arrays it is given.

An elementwise op says by its domain where its inputs lie, so it needs no line here if PyTorch has a function
of its name: `of_registry` adds those. `without_sample` names an op that has neither, and a test fails.
"""
# ruff: noqa: ARG005 (a call takes the library, whether or not it needs it)

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import minigrad.ops.tables  # noqa: F401 (it loads the ops that load late)
from minigrad.ops.op import NONZERO, POSITIVE, REAL, REGISTRY, Interval

SIZES = ((256, 1000), (32, 16))
Draw = np.random.Generator
Maker = Callable[[Draw, int, int], Any]  # of a generator, rows and columns: one array


class Sample(NamedTuple):
    """A call on tensors of a library in PyTorch's interface, and what makes its inputs.

    An Interval stands for a matrix of values from it. Floating inputs require a gradient, unless their place
    is among `constants`. `same` is False for a call that draws at random.
    """

    call: Callable[..., Any]
    inputs: tuple[Interval | Maker, ...] = (REAL,)
    constants: tuple[int, ...] = ()
    same: bool = True

    def arrays(self, rows: int, columns: int) -> list[Any]:
        """The inputs, the same ones each time."""
        draw = np.random.default_rng(0)
        return [
            within(draw, kind, (rows, columns)) if isinstance(kind, Interval) else kind(draw, rows, columns)
            for kind in self.inputs
        ]


def within(draw: Draw, interval: Interval, shape: tuple[int, ...]) -> Any:
    """float32 values of an interval."""
    return draw.uniform(interval.low, interval.high, shape).astype(np.float32)


def real(*shape: int | str) -> Maker:
    """Normal values; "n" and "m" in a shape stand for the rows and columns, "s" and "q" for less."""

    def make(draw: Draw, rows: int, columns: int) -> Any:
        known = {"n": rows, "m": columns, "s": rows // 4, "q": rows // 16}
        sizes = [known[n] if isinstance(n, str) else n for n in shape]
        return draw.standard_normal(sizes).astype(np.float32)

    return make


def labels(draw: Draw, rows: int, columns: int) -> Any:
    return draw.integers(0, columns, rows)


def weights_of_classes(draw: Draw, _: int, columns: int) -> Any:
    return within(draw, POSITIVE, (columns,))


def places(draw: Draw, rows: int, columns: int) -> Any:
    return draw.integers(0, columns, (rows, columns))


def ordered_places(draw: Draw, rows: int, columns: int) -> Any:
    return draw.permuted(np.tile(np.arange(columns), (rows, 1)), axis=1)


def distinct(draw: Draw, rows: int, columns: int) -> Any:
    return (draw.permutation(rows * columns) / rows / columns).astype(np.float32).reshape(rows, columns)


def some_rows(draw: Draw, rows: int, columns: int) -> Any:
    return draw.integers(0, rows, rows)


def ordered_rows(draw: Draw, rows: int, columns: int) -> Any:
    return draw.permutation(rows)


def sentences(draw: Draw, rows: int, columns: int) -> Any:
    """Places of rows, as of words in a table of vectors."""
    return draw.integers(0, rows, (rows // 2, 4))


def mask(draw: Draw, rows: int, columns: int) -> Any:
    return draw.random((rows, columns)) < 0.5


def integers(draw: Draw, rows: int, columns: int) -> Any:
    return draw.integers(0, 100, (rows, columns))


def positive_definite(draw: Draw, rows: int, _: int) -> Any:
    a = draw.standard_normal((rows // 4, rows // 4))
    return (a @ a.T / len(a) + np.eye(len(a))).astype(np.float32)


def well_conditioned(draw: Draw, rows: int, _: int) -> Any:
    a = draw.standard_normal((rows // 4, rows // 4))
    return (a / math.sqrt(len(a)) + 2 * np.eye(len(a))).astype(np.float32)


def images(draw: Draw, rows: int, columns: int) -> Any:
    """A batch of images, of about as many elements as the matrices."""
    side = 8 if rows * columns < 4096 else 32
    return draw.standard_normal((side // 4, side // 2, side, side)).astype(np.float32)


def image_places(draw: Draw, rows: int, columns: int) -> Any:
    n, _, *sides = images(draw, rows, columns).shape
    return draw.uniform(-1.1, 1.1, (n, *sides, 2)).astype(np.float32)


def pixel_labels(draw: Draw, rows: int, columns: int) -> Any:
    n, classes, *sides = images(draw, rows, columns).shape
    return draw.integers(0, classes, (n, *sides))


def filters(draw: Draw, rows: int, columns: int) -> Any:
    side = 8 if rows * columns < 4096 else 32
    return (draw.standard_normal((side // 2, side // 2, 3, 3)) / side).astype(np.float32)


def heads(draw: Draw, rows: int, columns: int) -> Any:
    """Queries, keys or values of attention: (batch, heads, length, width)."""
    sizes = (1, 2, 16, 16) if rows * columns < 4096 else (4, 8, 128, 64)
    return draw.standard_normal(sizes).astype(np.float32)


def scaled(weight: Maker, by: float) -> Maker:
    return lambda draw, rows, columns: weight(draw, rows, columns) * np.float32(by)


def lstm_cell(t: Any, x: Any, w: Any, u: Any, b: Any) -> Any:
    """One step of an LSTM, as a user writes it."""
    h = t.zeros(x.shape[0], u.shape[1])
    i, f, g, o = (x @ w.T + h @ u.T + b).chunk(4, 1)
    c = t.sigmoid(f) + t.sigmoid(i) * t.tanh(g)
    return t.sigmoid(o) * t.tanh(c)


def of_module(make: Callable[..., Any], run: Callable[..., Any]) -> Callable[..., Any]:
    """A call of a module, which is made once for each library, with the same parameters in all."""
    made: dict[Any, Any] = {}

    def call(t: Any, x: Any) -> Any:
        key = t, x.shape
        if key not in made:
            made[key] = make(t, x)
            draw = np.random.default_rng(1)
            with t.no_grad():
                for parameter in made[key].parameters():
                    values = draw.standard_normal(tuple(parameter.shape)) / 8
                    parameter.copy_(t.tensor(values.astype(np.float32)))
        made[key].zero_grad()
        return run(made[key], x)

    return call


PROBABILITY = Interval(0.05, 0.95)
MATRICES = (REAL, REAL)
SQUARE = (well_conditioned,)
ROW = real("m")

# Ops of the registry that no elementwise domain describes, or that PyTorch calls otherwise.
OPS: dict[str, Sample] = {
    # activations
    "leaky_relu": Sample(lambda t, x: t.nn.functional.leaky_relu(x)),
    "elu": Sample(lambda t, x: t.nn.functional.elu(x)),
    "celu": Sample(lambda t, x: t.celu(x)),
    "gelu": Sample(lambda t, x: t.nn.functional.gelu(x)),
    "silu": Sample(lambda t, x: t.nn.functional.silu(x)),
    "softplus": Sample(lambda t, x: t.nn.functional.softplus(x)),
    "logsigmoid": Sample(lambda t, x: t.nn.functional.logsigmoid(x)),
    "hardtanh": Sample(lambda t, x: t.nn.functional.hardtanh(x)),
    "prelu": Sample(lambda t, x, w: t.prelu(x, w), (REAL, real(1))),
    "hardshrink": Sample(lambda t, x: t.nn.functional.hardshrink(x)),
    "softshrink": Sample(lambda t, x: t.nn.functional.softshrink(x)),
    "hardswish": Sample(lambda t, x: t.nn.functional.hardswish(x)),
    "hardsigmoid": Sample(lambda t, x: t.nn.functional.hardsigmoid(x)),
    "threshold": Sample(lambda t, x: t.nn.functional.threshold(x, 0.1, 20.0)),
    "dropout": Sample(lambda t, x: t.nn.functional.dropout(x, 0.5), same=False),
    "softmax": Sample(lambda t, x: t.softmax(x, 1)),
    "log_softmax": Sample(lambda t, x: t.log_softmax(x, 1)),
    # choosing and comparing
    "maximum": Sample(lambda t, a, b: t.maximum(a, b), MATRICES),
    "minimum": Sample(lambda t, a, b: t.minimum(a, b), MATRICES),
    "where": Sample(lambda t, c, a, b: t.where(c, a, b), (mask, REAL, REAL)),
    "clamp": Sample(lambda t, x: x.clamp(-1.0, 1.0)),
    "bitwise_and": Sample(lambda t, a, b: a & b, (integers, integers)),
    "bitwise_or": Sample(lambda t, a, b: a | b, (integers, integers)),
    "bitwise_xor": Sample(lambda t, a, b: a ^ b, (integers, integers)),
    "bitwise_not": Sample(lambda t, a: ~a, (integers,)),
    # arithmetic
    "pow": Sample(lambda t, a, b: a**b, (POSITIVE, REAL)),
    "remainder": Sample(lambda t, a, b: t.remainder(a, b), (REAL, POSITIVE)),
    "floor_divide": Sample(lambda t, a, b: t.floor_divide(a, b), (REAL, POSITIVE), (0, 1)),
    "trunc_divide": Sample(lambda t, a, b: t.div(a, b, rounding_mode="trunc"), (REAL, POSITIVE)),
    "fmod": Sample(lambda t, a, b: t.fmod(a, b), (REAL, POSITIVE)),
    "entr": Sample(lambda t, x: t.special.entr(x), (POSITIVE,)),
    "copysign": Sample(lambda t, a, b: t.copysign(a, b), (REAL, NONZERO), constants=(1,)),
    "nextafter": Sample(lambda t, a, b: t.nextafter(a, b), MATRICES),
    "logit": Sample(lambda t, x: t.logit(x), (PROBABILITY,)),
    "polygamma": Sample(lambda t, x: t.polygamma(1, x), (POSITIVE,)),
    "xlogy": Sample(lambda t, a, b: t.xlogy(a, b), (REAL, POSITIVE)),
    # indexing
    "getitem": Sample(lambda t, x: x[::2, 1:]),
    "scatter_index": Sample(
        lambda t, i, g: t.zeros(*g.shape).index_put((i,), g, accumulate=True),
        (ordered_rows, REAL),
    ),
    "index_put": Sample(lambda t, x, i, v: x.index_put((i,), v), (REAL, ordered_rows, REAL)),
    "gather": Sample(lambda t, x, i: x.gather(1, i), (REAL, places)),
    "add_along": Sample(lambda t, x, i, src: x.scatter_add(1, i, src), (REAL, places, REAL)),
    "scatter": Sample(lambda t, x, i, src: x.scatter(1, i, src), (REAL, ordered_places, REAL)),
    "sort": Sample(lambda t, x: x.sort(1)[0], (distinct,)),
    "cdist": Sample(lambda t, a, b: t.cdist(a, b), (real("s", 32), real("s", 32))),
    "repeat_each": Sample(lambda t, x: x.repeat_interleave(2, 1)),
    "cummax": Sample(lambda t, x: x.cummax(1)[0]),
    "cummin": Sample(lambda t, x: x.cummin(1)[0]),
    "kthvalue": Sample(lambda t, x: x.kthvalue(3, 1)[0]),
    "median_dim": Sample(lambda t, x: x.median(1)[0]),
    "topk": Sample(lambda t, x: x.topk(5, 1)[0], (distinct,)),
    "argsort": Sample(lambda t, x: x.argsort(1), (distinct,)),
    "cast": Sample(lambda t, x: x.double()),
    "clone": Sample(lambda t, x: x.clone()),
    "contiguous": Sample(lambda t, x: x.T.contiguous()),
    # products
    "matmul": Sample(lambda t, a, b: a @ b, (REAL, real("m", "s"))),
    "linear": Sample(
        lambda t, x, w, b: t.nn.functional.linear(x, w, b), (REAL, real("s", "m"), real("s"))
    ),
    "einsum": Sample(lambda t, q, k: t.einsum("bhqd,bhkd->bhqk", q, k), (heads, heads)),
    # losses
    "mse_loss": Sample(lambda t, x, y: t.nn.functional.mse_loss(x, y), MATRICES, (1,)),
    "huber": Sample(lambda t, x, y: t.nn.functional.huber_loss(x, y), MATRICES, (1,)),
    "binary_cross_entropy": Sample(
        lambda t, x, y: t.nn.functional.binary_cross_entropy(x, y), (PROBABILITY, PROBABILITY), (1,)
    ),
    "binary_cross_entropy_with_logits": Sample(
        lambda t, x, y: t.nn.functional.binary_cross_entropy_with_logits(x, y), (REAL, PROBABILITY), (1,)
    ),
    "cross_entropy": Sample(lambda t, x, y: t.nn.functional.cross_entropy(x, y), (REAL, labels)),
    "nll_loss": Sample(lambda t, x, y: t.nn.functional.nll_loss(x, y), (REAL, labels)),
    "trellis_loss": Sample(
        lambda t, x, y: t.nn.functional.ctc_loss(
            x.log_softmax(2), y, t.full((y.shape[0],), x.shape[0]), t.full((y.shape[0],), y.shape[1])
        ),
        (real("q", 8, "m"), lambda draw, n, m: draw.integers(1, m, (8, max(n // 64, 1)))),
    ),
    "standardize": Sample(lambda t, x: t.nn.functional.layer_norm(x, x.shape[1:])),
    "lstm": Sample(
        of_module(lambda t, x: t.nn.LSTM(x.shape[2], 64), lambda m, x: m(x)[0]), (real(16, "q", 32),)
    ),
    # scans and reductions
    "cumsum": Sample(lambda t, x: x.cumsum(1)),
    "cumprod": Sample(lambda t, x: x.cumprod(1), (Interval(-1.1, 1.1),)),
    "logcumsumexp": Sample(lambda t, x: x.logcumsumexp(1)),
    "sum": Sample(lambda t, x: x.sum()),
    "mean": Sample(lambda t, x: x.mean(1)),
    "prod": Sample(lambda t, x: x.prod(1), (Interval(0.9, 1.1),)),
    "amax": Sample(lambda t, x: x.amax(1)),
    "amin": Sample(lambda t, x: x.amin(1)),
    "max": Sample(lambda t, x: x.max()),
    "min": Sample(lambda t, x: x.min()),
    "max_dim": Sample(lambda t, x: x.max(1)[0]),
    "min_dim": Sample(lambda t, x: x.min(1)[0]),
    "argmax": Sample(lambda t, x: x.argmax(1)),
    "argmin": Sample(lambda t, x: x.argmin(1)),
    "var": Sample(lambda t, x: x.var(1)),
    "std": Sample(lambda t, x: x.std(1)),
    "logsumexp": Sample(lambda t, x: x.logsumexp(1)),
    "vector_norm": Sample(lambda t, x: x.norm(dim=1)),
    "all": Sample(lambda t, x: x.all(1), (mask,)),
    "any": Sample(lambda t, x: x.any(1), (mask,)),
    "trace": Sample(lambda t, x: x.trace()),
    # shapes
    "reshape": Sample(lambda t, x: x.reshape(-1)),
    "permute": Sample(lambda t, x: x.permute(1, 0)),
    "transpose": Sample(lambda t, x: x.transpose(0, 1)),
    "squeeze": Sample(lambda t, x: x.squeeze(0), (real(1, "n", "m"),)),
    "unsqueeze": Sample(lambda t, x: x.unsqueeze(0)),
    "expand": Sample(lambda t, x: x.expand(64, -1), (real(1, "m"),)),
    "cat": Sample(lambda t, a, b: t.cat([a, b], 1), MATRICES),
    "stack": Sample(lambda t, a, b: t.stack([a, b]), MATRICES),
    "flip": Sample(lambda t, x: x.flip(1)),
    "roll": Sample(lambda t, x: x.roll(3, 1)),
    "tile": Sample(lambda t, x: x.tile(2, 2)),
    "tril": Sample(lambda t, x: x.tril()),
    "triu": Sample(lambda t, x: x.triu()),
    "pad": Sample(lambda t, x: t.nn.functional.pad(x, (1, 1, 1, 1))),
    "diagonal": Sample(lambda t, x: x.diagonal()),
    "embed_diagonal": Sample(lambda t, x: t.diag_embed(x), (real("s", "s"),)),
    # windows
    "convolution": Sample(
        lambda t, x, w: t.nn.functional.conv2d(x, w, padding=1), (images, filters)
    ),
    "convolution_back": Sample(
        lambda t, x, w: t.nn.functional.conv_transpose2d(x, w, padding=1), (images, filters)
    ),
    "unfold": Sample(lambda t, x: t.nn.functional.unfold(x, 3), (images,)),
    "fold": Sample(
        lambda t, x: t.nn.functional.fold(x, (16, 16), 2, stride=2),
        (real("q", "m", 64),),
    ),
    "sum_windows": Sample(lambda t, x: t.nn.functional.avg_pool2d(x, 2), (images,)),
    "max_pool": Sample(lambda t, x: t.nn.functional.max_pool2d(x, 2), (images,)),
    "sample_grid": Sample(
        lambda t, x, grid: t.nn.functional.grid_sample(x, grid, align_corners=False), (images, image_places)
    ),
    "resample": Sample(
        lambda t, x: t.nn.functional.interpolate(x, scale_factor=2, mode="bilinear"), (images,)
    ),
    # matrices
    "inv": Sample(lambda t, a: t.linalg.inv(a), SQUARE),
    "det": Sample(lambda t, a: t.linalg.det(a / 2), SQUARE),
    "logabsdet": Sample(lambda t, a: t.linalg.slogdet(a)[1], SQUARE),
    "pinv": Sample(lambda t, a: t.linalg.pinv(a), SQUARE),
    "solve": Sample(lambda t, a, b: t.linalg.solve(a, b), (well_conditioned, real("s", 8))),
    "solve_triangular": Sample(
        lambda t, a, b: t.linalg.solve_triangular(a.tril(), b, upper=False), (well_conditioned, real("s", 8))
    ),
    "cholesky": Sample(lambda t, a: t.linalg.cholesky(a), (positive_definite,)),
    "eigh": Sample(lambda t, a: t.linalg.eigh(a)[0], (positive_definite,)),
    "svd": Sample(lambda t, a: t.linalg.svd(a)[1], SQUARE),
    "qr": Sample(lambda t, a: t.linalg.qr(a)[1], SQUARE),
    "lu": Sample(lambda t, a: t.linalg.lu(a)[2], SQUARE),
    # without gradients
    "geqrf": Sample(lambda t, a: t.geqrf(a.detach())[0], SQUARE),
    "ldl_factor": Sample(lambda t, a: t.linalg.ldl_factor(a.detach())[0], (positive_definite,)),
    "ldl_solve": Sample(
        lambda t, a, b: t.linalg.ldl_solve(*t.linalg.ldl_factor(a.detach()), b.detach()),
        (positive_definite, real("s", 8)),
    ),
    **{
        name: Sample(lambda t, x, name=name: getattr(t.special, name)(x.detach(), 5), (PROBABILITY,))
        for kind in ("chebyshev_polynomial_", "shifted_chebyshev_polynomial_")
        for name in (f"{kind}{letter}" for letter in "tuvw")
    },
    **{
        name: Sample(lambda t, x, name=name: getattr(t.special, name)(x.detach(), 5))
        for name in ("hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l",
                     "legendre_polynomial_p")
    },
}  # fmt: skip

# Ops that PyTorch has no name for. They run in the rule of another, whose sample times them.
IN_RULES = {
    "keep": "where",
    "reverse_scan": "cumprod",
    "convolution_weight": "convolution",
    "spread_windows": "sum_windows",
}

# Functions, losses and layers that are made of ops.
COMPOSED: dict[str, Sample] = {
    "x + row": Sample(lambda t, x, b: x + b, (REAL, ROW)),
    "x * row": Sample(lambda t, x, b: x * b, (REAL, ROW)),
    "x * column": Sample(lambda t, x, b: x * b, (REAL, real("n", 1))),
    "2 * x + 1": Sample(lambda t, x: 2 * x + 1),
    "1 / x": Sample(lambda t, x: 1 / x, (POSITIVE,)),
    "x**2": Sample(lambda t, x: x**2),
    "x**3": Sample(lambda t, x: x**3),
    "x**0.5": Sample(lambda t, x: x**0.5, (POSITIVE,)),
    "x**-1": Sample(lambda t, x: x**-1, (POSITIVE,)),
    "x**2.5": Sample(lambda t, x: x**2.5, (POSITIVE,)),
    "2**x": Sample(lambda t, x: 2**x),
    "sum(0)": Sample(lambda t, x: x.sum(0)),
    "sum(1)": Sample(lambda t, x: x.sum(1)),
    "mean()": Sample(lambda t, x: x.mean()),
    "max(0)": Sample(lambda t, x: x.max(0)[0]),
    "var(0)": Sample(lambda t, x: x.var(0)),
    "norm()": Sample(lambda t, x: x.norm()),
    "norm(1, dim=1)": Sample(lambda t, x: x.norm(1, dim=1)),
    "norm(3, dim=1)": Sample(lambda t, x: x.norm(3, dim=1)),
    "cumsum(0)": Sample(lambda t, x: x.cumsum(0)),
    "cumprod(0)": Sample(lambda t, x: x.cumprod(0), (Interval(-1.1, 1.1),)),
    "softmax(0)": Sample(lambda t, x: x.softmax(0)),
    "sort(0)": Sample(lambda t, x: x.sort(0)[0], (distinct,)),
    "gelu, tanh": Sample(lambda t, x: t.nn.functional.gelu(x, approximate="tanh")),
    "mish": Sample(lambda t, x: t.nn.functional.mish(x)),
    "relu6": Sample(lambda t, x: t.nn.functional.relu6(x)),
    "softsign": Sample(lambda t, x: t.nn.functional.softsign(x)),
    "tanhshrink": Sample(lambda t, x: t.nn.functional.tanhshrink(x)),
    "glu": Sample(lambda t, x: t.nn.functional.glu(x, 1)),
    "normalize": Sample(lambda t, x: t.nn.functional.normalize(x, dim=1)),
    "cosine_similarity": Sample(lambda t, a, b: t.nn.functional.cosine_similarity(a, b), MATRICES),
    "pairwise_distance": Sample(lambda t, a, b: t.nn.functional.pairwise_distance(a, b), MATRICES),
    "lerp": Sample(lambda t, a, b: t.lerp(a, b, 0.3), MATRICES),
    "addcmul": Sample(lambda t, x, a, b: t.addcmul(x, a, b), (REAL, REAL, REAL)),
    "addcdiv": Sample(lambda t, x, a, b: t.addcdiv(x, a, b), (REAL, REAL, POSITIVE)),
    "masked_fill": Sample(lambda t, x, m: x.masked_fill(m, 1.0), (REAL, mask)),
    "masked_select": Sample(lambda t, x, m: x[m], (REAL, mask)),
    "index_select": Sample(lambda t, x, i: x.index_select(0, i), (REAL, some_rows)),
    "x[rows]": Sample(lambda t, x, i: x[i], (REAL, some_rows)),
    "x[rows, columns]": Sample(
        lambda t, x, i, j: x[i, j], (REAL, some_rows, labels)
    ),
    "index_add": Sample(
        lambda t, x, i, y: x.index_add(0, i, y), (REAL, some_rows, REAL)
    ),
    "split": Sample(lambda t, x: x.split(x.shape[1] // 4, 1)[1]),
    "unbind": Sample(lambda t, x: x.unbind(0)[1]),
    "repeat": Sample(lambda t, x: x.repeat(2, 2)),
    "diff": Sample(lambda t, x: x.diff(dim=1)),
    "outer": Sample(lambda t, a, b: t.outer(a, b), (real("n"), real("m"))),
    "bmm": Sample(lambda t, a, b: a @ b.mT, (heads, heads)),
    "x.T @ y": Sample(lambda t, a, b: a.T @ b, (REAL, real("n", "s"))),
    "matrix @ vector": Sample(lambda t, a, b: a @ b, (REAL, real("m"))),
    "l1_loss": Sample(lambda t, x, y: t.nn.functional.l1_loss(x, y), MATRICES, (1,)),
    "smooth_l1_loss": Sample(lambda t, x, y: t.nn.functional.smooth_l1_loss(x, y), MATRICES, (1,)),
    "kl_div": Sample(
        lambda t, x, y: t.nn.functional.kl_div(x, y, reduction="batchmean"), (REAL, PROBABILITY), (1,)
    ),
    "soft_margin_loss": Sample(
        lambda t, x, y: t.nn.functional.soft_margin_loss(x, y.sign()), MATRICES, (1,)
    ),
    "poisson_nll_loss": Sample(
        lambda t, x, y: t.nn.functional.poisson_nll_loss(x, y), (REAL, POSITIVE), (1,)
    ),
    "cross_entropy, smoothed": Sample(
        lambda t, x, y: t.nn.functional.cross_entropy(x, y, label_smoothing=0.1), (REAL, labels)
    ),
    "cross_entropy, weighted": Sample(
        lambda t, x, y, w: t.nn.functional.cross_entropy(x, y, weight=w),
        (REAL, labels, weights_of_classes), (2,),
    ),
    "cross_entropy, of images": Sample(
        lambda t, x, y: t.nn.functional.cross_entropy(x, y),
        (images, pixel_labels),
    ),
    "layer_norm": Sample(
        lambda t, x, w, b: t.nn.functional.layer_norm(x, x.shape[1:], w, b), (REAL, ROW, ROW)
    ),
    "batch_norm": Sample(
        lambda t, x, w, b: t.nn.functional.batch_norm(x, None, None, w, b, training=True), (REAL, ROW, ROW)
    ),
    "batch_norm, of images": Sample(
        lambda t, x: t.nn.functional.batch_norm(x, None, None, training=True), (images,)
    ),
    "group_norm": Sample(lambda t, x: t.nn.functional.group_norm(x, 2), (images,)),
    "embedding": Sample(
        lambda t, i, w: t.nn.functional.embedding(i, w), (sentences, REAL)
    ),
    "one_hot": Sample(lambda t, i: t.nn.functional.one_hot(i), (labels,)),
    "attention": Sample(
        lambda t, q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v), (heads, heads, heads)
    ),
    "attention, causal": Sample(
        lambda t, q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        (heads, heads, heads),
    ),
    "attention by einsum": Sample(
        lambda t, q, k, v: t.einsum(
            "bhqk,bhkd->bhqd", (t.einsum("bhqd,bhkd->bhqk", q, k) / 8).softmax(-1), v
        ),
        (heads, heads, heads),
    ),
    "conv1d": Sample(
        lambda t, x, w: t.nn.functional.conv1d(x.flatten(2), w.flatten(2), padding=4), (images, filters)
    ),
    "conv2d, stride 2": Sample(lambda t, x, w: t.nn.functional.conv2d(x, w, stride=2), (images, filters)),
    "conv2d, depthwise": Sample(
        lambda t, x, w: t.nn.functional.conv2d(x, w[:, :1], padding=1, groups=x.shape[1]), (images, filters)
    ),
    "max_pool2d, overlapping": Sample(
        lambda t, x: t.nn.functional.max_pool2d(x, 3, stride=2, padding=1), (images,)
    ),
    "adaptive_avg_pool2d": Sample(lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, 1), (images,)),
    "adaptive_avg_pool2d, uneven": Sample(
        lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, 7), (images,)
    ),
    "interpolate, bicubic": Sample(
        lambda t, x: t.nn.functional.interpolate(x, scale_factor=2, mode="bicubic"), (images,)
    ),
    "interpolate, nearest": Sample(lambda t, x: t.nn.functional.interpolate(x, scale_factor=2), (images,)),
    "LSTM cell, by hand": Sample(
        lstm_cell,
        (REAL, scaled(real("s", "m"), 0.03), scaled(real("s", "q"), 0.1), real("s")),
    ),
    "nn.LSTMCell": Sample(of_module(lambda t, x: t.nn.LSTMCell(x.shape[1], 64), lambda m, x: m(x)[0])),
    "nn.GRU": Sample(
        of_module(lambda t, x: t.nn.GRU(x.shape[2], 64), lambda m, x: m(x)[0]), (real(16, "q", 32),)
    ),
    "nn.MultiheadAttention": Sample(
        of_module(lambda t, x: t.nn.MultiheadAttention(x.shape[2], 4), lambda m, x: m(x, x, x)[0]),
        (real("s", 8, 64),),
    ),
    "nn.TransformerEncoderLayer": Sample(
        of_module(
            lambda t, x: t.nn.TransformerEncoderLayer(x.shape[2], 4, 128, dropout=0.0), lambda m, x: m(x)
        ),
        (real("s", 8, 64),),
    ),
}  # fmt: skip


def of_registry() -> dict[str, Sample]:
    """A sample of each op of the registry that has one: of OPS, or drawn from the domain of the op."""
    found = {}
    for name, op in _own_ops().items():
        domain = (op.domain,) if isinstance(op.domain, Interval) else op.domain
        if name in OPS:
            found[name] = OPS[name]
        elif isinstance(domain, tuple) and all(isinstance(interval, Interval) for interval in domain):
            unruled = tuple(i for i, n in enumerate(op.inputs) if n not in op.rules)
            found[name] = Sample(_by_name(name), domain, constants=unruled)
    return found


def without_sample() -> list[str]:
    """The ops that nothing here times."""
    return [name for name in _own_ops() if name not in of_registry() and name not in IN_RULES]


def _own_ops() -> dict[str, Any]:
    """The registry, without ops that a user has added."""
    return {
        name: op
        for name, op in REGISTRY.items()
        if op.ours and all(rule.__module__.startswith("minigrad.ops.") for rule in op.rules.values())
    }


def _by_name(name: str) -> Callable[..., Any]:
    @functools.cache
    def function_of(t: Any) -> Any:
        return getattr(t if hasattr(t, name) else t.special, name)

    return lambda t, *inputs: function_of(t)(*inputs)
