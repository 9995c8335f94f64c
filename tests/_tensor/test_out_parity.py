"""Each function that takes `out=` in PyTorch takes it here, for the same dtypes and with the same numbers."""

import warnings

import numpy as np
import pytest

import minigrad
from minigrad._tensor import out

M = np.array([[0.3, 0.7, 0.45], [0.6, 0.35, 0.5], [0.4, 0.55, 0.65]], np.float32)
V, EYE, BATCH = M[0], np.eye(3, dtype=np.float32), np.stack([M, M + 1])
INTS, ROWS, PLACES = np.array([3, 1, 2]), np.array([0, 2]), np.array([[0, 1, 2], [2, 0, 1], [1, 1, 0]])
POSITIVE, UPPER, PIVOTS = M @ M.T + EYE, np.triu(M), np.array([1, 2, 3], np.int32)
SQUARES = """inverse diag tril triu trunc linalg.cond linalg.det linalg.inv linalg.inv_ex linalg.matrix_norm
linalg.matrix_rank linalg.norm linalg.pinv linalg.vector_norm linalg.svdvals"""
TWO = """add arctan2 atan2 clamp_max clamp_min copysign cross div divide eq float_power floor_divide fmax
fmin fmod ge greater greater_equal gt heaviside hypot igamma igammac kron ldexp le less
less_equal logaddexp logaddexp2 logical_and logical_or logical_xor lt matmul maximum minimum mm
mul multiply ne nextafter not_equal pow remainder sub subtract true_divide xlogy max min
special.xlog1py linalg.cross linalg.matmul linalg.solve linalg.solve_ex linalg.vecdot"""
ALONG = """amax amin argmax argmin cummax cummin cumprod cumsum kthvalue log_softmax logcumsumexp logsumexp
max mean median min mode nanmean nanmedian nansum prod softmax sum"""
STACKING = [
    "cat",
    "concat",
    "concatenate",
    "stack",
    "hstack",
    "vstack",
    "dstack",
    "column_stack",
    "row_stack",
]
INTEGERS = "bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor gcd lcm"
CALLS = {
    **{name: (M, M.T.copy()) for name in TWO.split()},
    **dict.fromkeys(ALONG.split(), (M, 1)),
    **{name: (INTS, INTS[::-1].copy()) for name in INTEGERS.split()},
    **{f"{name} of all": (M,) for name in ("max", "min", "mean", "all", "any", "argmax", "std", "var")},
    **dict.fromkeys(("acosh", "arccosh"), (M + 1,)),
    **dict.fromkeys(("dot", "inner", "outer", "ger", "vdot"), (V, V)),
    **dict.fromkeys(("addmm", "addcmul", "addcdiv"), (M, M, M)),
    **{name: ([M, M],) for name in STACKING},
    **dict.fromkeys(["cholesky", "linalg.cholesky", "linalg.cholesky_ex", "linalg.eigvalsh"], (POSITIVE,)),
    **dict.fromkeys(("index_add", "index_copy"), (M, 0, ROWS, M[:2])),
    **dict.fromkeys(("scatter", "scatter_add"), (M, 0, PLACES, M)),
    **dict.fromkeys(("quantile", "nanquantile"), (M, 0.3)),
    "addmv": (V, M, V), "addr": (M, V, V), "addbmm": (M, BATCH, BATCH), "baddbmm": (BATCH, BATCH, BATCH),
    "bmm": (BATCH, BATCH), "mv": (M, V), "lerp": (M, M + 1, 0.25), "chain_matmul": (M, M), "arange": (3,),
    "bucketize": (M, np.sort(V)), "searchsorted": (np.sort(V), M), "cholesky_inverse": (UPPER + EYE,),
    "cholesky_solve": (M, EYE), "triangular_solve": (M, UPPER), "clamp": (M, 0.4, 0.5), "clip": (M, 0.4, 0.5),
    "gather": (M, 0, PLACES), "index_select": (M, 0, ROWS), "masked_select": (M, M > 0.5), "topk": (M, 2),
    "index_reduce": (M, 0, ROWS, M[:2], "prod"), "scatter_reduce": (M, 0, PLACES, M, "sum"),
    "take": (M, ROWS), "take_along_dim": (M, PLACES, 0), "where": (M > 0.5, M, -M), "tensordot": (M, M, 1),
    "bitwise_not": (INTS,), "eye": (3,), "ones": (3,), "zeros": (3,), "full": ((3,), 2.0), "range": (0, 3),
    "linspace": (0, 1, 3), "logspace": (0, 1, 3), "isin": (M, V), "histogram": (M, 3), "mvlgamma": (M + 1, 2),
    "polygamma": (1, M), "renorm": (M, 2, 0, 0.5), "matrix_power": (M, 2), "linalg.matrix_power": (M, 2),
    "linalg.multi_dot": ([M, M, M],), "linalg.tensorinv": (M[:2, :2], 1), "linalg.tensorsolve": (M, V),
    "special.xlog1py": (M, M), "special.zeta": (M + 2, M), "norm": (M,), "frexp": (M,), "orgqr": (M, V),
    "linalg.householder_product": (M, V), "ormqr": (M, V, M), "lu_unpack": (M + EYE, PIVOTS),
    "lu_solve": (M, M + EYE, PIVOTS), "linalg.lu_solve": (M + EYE, PIVOTS, M),
    "linalg.ldl_solve": (POSITIVE, PIVOTS, M),
}  # fmt: skip
DRAWN = ["bernoulli", "empty", "multinomial", "normal", "rand", "randint", "randn", "randperm"]
SKIP = {
    *DRAWN,
    "linalg.solve_triangular",
    "linalg.eigh",
    "qr",
    "svd",
    "slogdet",
    "linalg.qr",
    "linalg.svd",
    "linalg.slogdet",
}


def cases():
    names = sorted({*CALLS, *(name for name in out._RULES if name not in SKIP)} - {"zeta"})
    return [f"special.{name}" if _in_special_alone(name) else name for name in names]


def _in_special_alone(name):
    return "." not in name and " " not in name and not hasattr(minigrad, name)


def _arguments(name):
    return (M, 3) if "_polynomial_" in name else CALLS.get(name, (M,))


def results(engine, name, wanted):
    """What a call wrote into tensors of wanted (shape, dtype); None for an error."""
    place = engine
    for part in name.removesuffix(" of all").split("."):
        place = getattr(place, part)
    lift = lambda x: (  # noqa: E731
        engine.from_numpy(x.copy())
        if isinstance(x, np.ndarray)
        else [*map(lift, x)]
        if isinstance(x, list)
        else x
    )
    args = [*map(lift, _arguments(name))]
    if wanted is None:
        return place(*args)
    outs = [engine.empty(shape, dtype=getattr(engine, dtype)) for shape, dtype in wanted]
    try:
        place(*args, out=outs[0] if len(outs) == 1 else tuple(outs))
    except (RuntimeError, TypeError):
        return None
    return [x.numpy() for x in outs]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", cases())
def test_every_out_holds_the_result(name):
    made = results(minigrad, name, None)
    parts = made if isinstance(made, tuple) else (made,)
    written = results(minigrad, name, [(tuple(x.shape), str(x.dtype)[6:]) for x in parts])
    for a, b in zip(written, parts, strict=True):
        np.testing.assert_array_equal(a, b.numpy())


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", cases())
def test_every_out_is_written_as_in_pytorch(name):
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = results(torch, name, None)
        parts = made if isinstance(made, tuple) else (made,)
        right = [(tuple(x.shape), str(x.dtype)[6:]) for x in parts]
        for change in (
            lambda _, dtype: ((0,), dtype),
            lambda shape, dtype: (shape, dtype),
            lambda _, dtype: ((7,), dtype),
            lambda shape, _: (shape, "float64"),
            lambda shape, _: (shape, "int32"),
        ):
            wanted = [change(*pair) for pair in right]
            theirs, ours = results(torch, name, wanted), results(minigrad, name, wanted)
            assert (ours is None) == (theirs is None), wanted
            for a, b in zip(ours or (), theirs or (), strict=True):
                assert a.dtype == b.dtype and a.shape == b.shape
                np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
