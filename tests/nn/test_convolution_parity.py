"""Convolutions, pooling, padding, interpolation, layers of channels beside PyTorch's, at orders 1 and 2."""

# ruff: noqa: ARG005 (each function of a table takes the same)

import itertools

import numpy as np
import pytest

import minigrad

pytestmark = pytest.mark.parity


def x_of(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def both(pytorch, fn, *arrays):
    """Values, first gradients, and gradients of their squares, in both libraries."""
    results = []
    for lib in (minigrad, pytorch):
        xs = [lib.tensor(a.copy(), requires_grad=True) for a in arrays]
        out = fn(lib, *xs)
        weights = lib.tensor(x_of(*out.shape, seed=9).astype(out.detach().numpy().dtype))
        first = lib.autograd.grad((out * weights).sum(), xs, create_graph=True)
        total = (out * out).sum() + sum((g * g).sum() for g in first)
        second = lib.autograd.grad(total, xs)
        results.append([t.detach().numpy() for t in (out, *first, *second)])
    return results


def same(pytorch, fn, *arrays, rtol=1e-10):
    for ours, theirs in zip(*both(pytorch, fn, *arrays), strict=True):
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * max(1, np.abs(theirs).max(initial=0)))


HOW = [
    {},
    {"stride": 2, "padding": 1},
    {"padding": 2, "dilation": 2},
    {"groups": 2, "padding": 1},
    {"stride": 3, "padding": 1, "dilation": 2, "groups": 2},
    {"padding": "same"},
    {"padding": "valid", "groups": 4},
    {"padding": "same", "dilation": 3},
]


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("even", [0, 1])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_conv(pytorch, axes, how, even):
    x = x_of(2, 4, *(7, 8, 6)[:axes])
    size = (3, 2 + even, 1 + even)[:axes]
    weight, bias = x_of(8, 4 // how.get("groups", 1), *size, seed=1), x_of(8, seed=2)

    def fn(lib, *xs):
        return getattr(lib.nn.functional, f"conv{axes}d")(*xs, **how)

    same(pytorch, fn, x, weight, bias)


TRANSPOSED = [
    {},
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"padding": 1, "dilation": 2},
    {"groups": 2, "stride": 3},
    {"dilation": 3, "output_padding": 2, "padding": 1},
    {"dilation": 3, "output_padding": 2, "stride": 2, "groups": 4},
]


@pytest.mark.parametrize("how", TRANSPOSED, ids=str)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_conv_transpose(pytorch, axes, how):
    x = x_of(2, 4, *(4, 5, 3)[:axes])
    groups = how.get("groups", 1)
    weight, bias = x_of(4, 2, *(3, 2, 2)[:axes], seed=1), x_of(2 * groups, seed=2)

    def fn(lib, *xs):
        return getattr(lib.nn.functional, f"conv_transpose{axes}d")(*xs, **how)

    same(pytorch, fn, x, weight, bias)


def test_conv_in_float32_is_as_accurate_as_pytorchs(pytorch):
    """Against float64: the error of ours is at most twice that of theirs."""
    x, weight = x_of(8, 16, 20, 20), x_of(32, 16, 5, 5, seed=1)
    results = {}
    for lib, dtype in itertools.product((minigrad, pytorch), (np.float32, np.float64)):
        xs = [lib.tensor(a.astype(np.float32).astype(dtype), requires_grad=True) for a in (x, weight)]
        out = lib.nn.functional.conv2d(*xs, padding=2)
        grads = lib.autograd.grad((out * out).sum(), xs)
        results[lib, dtype] = [t.detach().numpy().astype(np.float64) for t in (out, *grads)]
    for k in range(3):
        exact = results[pytorch, np.float64][k]
        off = [np.sqrt(np.mean((results[lib, np.float32][k] - exact) ** 2)) for lib in (minigrad, pytorch)]
        assert off[0] <= 2 * off[1], k


@pytest.mark.parametrize("shape", [(4, 9, 8), (3, 4, 9, 8)])
@pytest.mark.parametrize(
    "how",
    [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 3, "stride": 2, "ceil_mode": True},
        {"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0), "ceil_mode": True},
        {"kernel_size": 2, "dilation": 2, "padding": 1},
        {"kernel_size": 3, "stride": 1, "dilation": (1, 2), "padding": 1},
        {"kernel_size": 2, "stride": 5, "padding": 1, "ceil_mode": True},
    ],
    ids=str,
)
def test_max_pool(pytorch, how, shape):
    def fn(lib, x):
        return lib.nn.functional.max_pool2d(x, **how)

    x = x_of(*shape)
    same(pytorch, fn, x)
    ties = np.random.default_rng(1).integers(0, 3, shape).astype(float)
    ties[..., 0, 0] = -np.inf
    ties[..., 2, 2] = np.nan
    for values in (x, ties, np.full(shape, -np.inf), (x * 3).astype(np.int64)):
        pair = [
            lib.nn.functional.max_pool2d(lib.tensor(values), **how, return_indices=True)
            for lib in (minigrad, pytorch)
        ]
        for ours, theirs in zip(*pair, strict=True):
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
            assert str(ours.dtype).endswith(str(theirs.dtype).removeprefix("torch."))


@pytest.mark.parametrize("axes", [1, 3])
def test_max_pool_over_other_axes(pytorch, axes):
    def fn(lib, x):
        return getattr(lib.nn.functional, f"max_pool{axes}d")(x, 3, 2, 1, ceil_mode=True)

    same(pytorch, fn, x_of(2, 3, *(8, 7, 6)[:axes]))
    pair = [
        getattr(lib.nn.functional, f"max_pool{axes}d")(
            lib.tensor(x_of(2, 3, *(8, 7, 6)[:axes])), 2, padding=1, return_indices=True
        )[1].numpy()
        for lib in (minigrad, pytorch)
    ]
    np.testing.assert_array_equal(*pair)


@pytest.mark.parametrize(
    "how",
    [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
        {"kernel_size": 3, "stride": 2, "ceil_mode": True},
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
        {"kernel_size": 2, "padding": 1, "divisor_override": 3},
    ],
    ids=str,
)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_avg_pool(pytorch, axes, how):
    if axes == 1 and "divisor_override" in how:
        return
    same(
        pytorch,
        lambda lib, x: getattr(lib.nn.functional, f"avg_pool{axes}d")(x, **how),
        x_of(2, 3, *(8, 7, 6)[:axes]),
    )


@pytest.mark.parametrize("size", [1, 2, 3, 5, (4, 3), (None, 2)], ids=str)
def test_adaptive_pools(pytorch, size):
    F = "adaptive_avg_pool2d", "adaptive_max_pool2d"
    for name in F:
        same(pytorch, lambda lib, x, name=name: getattr(lib.nn.functional, name)(x, size), x_of(2, 3, 8, 7))
    pair = [
        lib.nn.functional.adaptive_max_pool2d(lib.tensor(x_of(3, 8, 7)), size, return_indices=True)
        for lib in (minigrad, pytorch)
    ]
    for ours, theirs in zip(*pair, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("axes", [1, 3])
def test_adaptive_pools_over_other_axes(pytorch, kind, axes):
    def fn(lib, x):
        return getattr(lib.nn.functional, f"adaptive_{kind}_pool{axes}d")(x, (2, 3, 4)[:axes])

    same(pytorch, fn, x_of(2, 3, *(7, 9, 5)[:axes]))


def test_lp_pool(pytorch):
    x = np.abs(x_of(2, 3, 8, 7)) + 0.1
    same(pytorch, lambda lib, x: lib.nn.functional.lp_pool2d(x, 2, 3, 2), x)
    same(pytorch, lambda lib, x: lib.nn.functional.lp_pool2d(x, 3.0, (2, 3)), x)
    same(pytorch, lambda lib, x: lib.nn.functional.lp_pool1d(x, 2, 2), x[0])


def test_max_unpool(pytorch):
    def fn(lib, x):
        out, indices = lib.nn.functional.max_pool2d(x, 2, return_indices=True)
        return lib.nn.functional.max_unpool2d(out, indices, 2, output_size=(9, 7))

    same(pytorch, fn, x_of(2, 3, 9, 7))


@pytest.mark.parametrize(
    "how",
    [{"kernel_size": 2}, {"kernel_size": (3, 2), "dilation": 2, "padding": 1, "stride": (1, 2)}],
    ids=str,
)
@pytest.mark.parametrize("lead", [(2, 3), (3,)])
def test_unfold_and_fold(pytorch, how, lead):
    def there_and_back(lib, x):
        columns = lib.nn.functional.unfold(x, **how)
        return lib.nn.functional.fold(columns * columns, (7, 8), **how)

    same(pytorch, lambda lib, x: lib.nn.functional.unfold(x, **how), x_of(*lead, 7, 8))
    same(pytorch, there_and_back, x_of(*lead, 7, 8))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("lead", [(2, 3), (3,)])
def test_pad(pytorch, mode, lead):
    for axes, widths in ((1, (2, 3)), (2, (1, 2, 3, 0)), (2, (0, 0, 3, 3)), (3, (1, 2, 0, 1, 3, 2))):
        same(
            pytorch,
            lambda lib, x, w=widths: lib.nn.functional.pad(x, w, mode),
            x_of(*lead, *(4, 5, 6)[:axes]),
        )
    same(pytorch, lambda lib, x: lib.nn.functional.pad(x, (-1, 2), mode), x_of(*lead, 6))


MODES = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}


@pytest.mark.parametrize(
    "size",
    [
        {"size": 3},
        {"size": 11},
        {"scale_factor": 2},
        {"scale_factor": 1.7},
        {"scale_factor": 0.6},
        {"scale_factor": 1.3, "recompute_scale_factor": True},
        {"size": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_interpolate(pytorch, axes, size, dtype):
    x = x_of(2, 3, *(5, 6, 7)[:axes], dtype=dtype)
    rtol = 1e-10 if dtype == np.float64 else 2e-5
    for mode in ("nearest", "nearest-exact", "area", *MODES[axes]):
        for align in (None, False, True) if mode in MODES[axes] else (None,):

            def fn(lib, x, mode=mode, align=align):
                return lib.nn.functional.interpolate(x, **size, mode=mode, align_corners=align)

            same(pytorch, fn, x, rtol=rtol)


def test_interpolate_each_axis_by_its_own(pytorch):
    for how in ({"size": (3, 9)}, {"scale_factor": (2, 0.5)}):
        for mode in ("nearest", "bilinear", "bicubic"):
            same(
                pytorch,
                lambda lib, x, m=mode, h=how: lib.nn.functional.interpolate(x, **h, mode=m),
                x_of(2, 3, 5, 6),
            )


def test_interpolate_long_axes_and_what_is_not_finite(pytorch):
    x = x_of(1, 2, 130, 7, dtype=np.float32)
    for how in ({"size": (300, 5)}, {"scale_factor": (0.4, 2)}):
        for mode in ("nearest", "nearest-exact", "bilinear", "bicubic"):

            def fn(lib, x, m=mode, h=how):
                return lib.nn.functional.interpolate(x, **h, mode=m)

            same(pytorch, fn, x, rtol=2e-5)
            holed = x.copy()
            holed[0, 0, 3, 3], holed[0, 1, 100, 0] = np.inf, np.nan
            mine, theirs = (fn(lib, lib.tensor(holed)).numpy() for lib in (minigrad, pytorch))
            np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=1e-5)


def test_pixel_shuffle_group_norm_instance_norm(pytorch):
    same(pytorch, lambda lib, x: lib.nn.functional.pixel_shuffle(x, 2), x_of(2, 8, 3, 4))
    same(pytorch, lambda lib, x: lib.nn.functional.pixel_unshuffle(x, 2), x_of(2, 2, 6, 4))
    same(
        pytorch,
        lambda lib, *xs: lib.nn.functional.group_norm(xs[0], 2, *xs[1:]),
        x_of(2, 4, 3, 5),
        x_of(4),
        x_of(4),
        rtol=1e-8,
    )
    same(pytorch, lambda lib, x: lib.nn.functional.instance_norm(x), x_of(2, 4, 3, 5), rtol=1e-8)


LAYERS = {
    "Conv2d, all": (lambda nn: nn.Conv2d(4, 6, (3, 5), 2, 1, 2, 2, False, "reflect"), (2, 4, 11, 12)),
    "Conv2d": (lambda nn: nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), (2, 3, 6, 7)),
    "Conv2d, same": (
        lambda nn: nn.Conv2d(3, 4, (3, 2), padding="same", padding_mode="replicate"),
        (2, 3, 6, 7),
    ),
    "Conv1d": (lambda nn: nn.Conv1d(4, 4, 3, padding="same", groups=4), (2, 4, 9)),
    "Conv1d, reflect": (
        lambda nn: nn.Conv1d(4, 4, 4, padding="same", dilation=2, padding_mode="reflect"),
        (2, 4, 9),
    ),
    "Conv3d, one sample": (lambda nn: nn.Conv3d(2, 4, 2, stride=2), (2, 6, 5, 4)),
    "ConvTranspose1d": (lambda nn: nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2), (2, 4, 5)),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(4, 3, 3, 2, 1, 1), (2, 4, 5, 6)),
    "ConvTranspose3d": (lambda nn: nn.ConvTranspose3d(4, 3, 2, bias=False), (4, 3, 3, 3)),
    "MaxPool1d": (lambda nn: nn.MaxPool1d(2), (2, 3, 9)),
    "MaxPool2d": (lambda nn: nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 3, 8, 8)),
    "MaxPool3d": (lambda nn: nn.MaxPool3d(2), (2, 3, 4, 4, 4)),
    "AvgPool1d": (lambda nn: nn.AvgPool1d(2), (2, 3, 9)),
    "AvgPool2d": (lambda nn: nn.AvgPool2d(3, 2, 1, count_include_pad=False), (2, 3, 8, 8)),
    "AvgPool3d": (lambda nn: nn.AvgPool3d(2), (2, 3, 4, 4, 4)),
    "LPPool2d": (lambda nn: nn.LPPool2d(2, 3), (2, 3, 9, 9)),
    "AdaptiveAvgPool1d": (lambda nn: nn.AdaptiveAvgPool1d(4), (2, 3, 9)),
    "AdaptiveAvgPool2d": (lambda nn: nn.AdaptiveAvgPool2d((1, None)), (2, 3, 8, 7)),
    "AdaptiveMaxPool2d": (lambda nn: nn.AdaptiveMaxPool2d(3), (2, 3, 8, 7)),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(3), (4, 3, 5, 5)),
    "BatchNorm2d, plain": (lambda nn: nn.BatchNorm2d(3, affine=False, momentum=None), (4, 3, 5, 5)),
    "BatchNorm2d, eval": (lambda nn: nn.BatchNorm2d(3).eval(), (4, 3, 5, 5)),
    "BatchNorm3d": (lambda nn: nn.BatchNorm3d(3, eps=1e-3), (4, 3, 3, 3, 3)),
    "GroupNorm": (lambda nn: nn.GroupNorm(2, 4), (3, 4, 5, 5)),
    "GroupNorm, no bias": (lambda nn: nn.GroupNorm(4, 4, bias=False), (3, 4, 5)),
    "InstanceNorm1d": (lambda nn: nn.InstanceNorm1d(3), (3, 5)),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(3, affine=True, track_running_stats=True), (2, 3, 5, 5)),
    "InstanceNorm2d, eval": (lambda nn: nn.InstanceNorm2d(3, track_running_stats=True).eval(), (2, 3, 5, 5)),
    "InstanceNorm3d": (lambda nn: nn.InstanceNorm3d(3), (2, 3, 3, 3, 3)),
    "Dropout2d": (lambda nn: nn.Dropout2d(0.3).eval(), (2, 3, 5, 5)),
    "AlphaDropout": (lambda nn: nn.AlphaDropout(0.3).eval(), (2, 3)),
    "Upsample": (lambda nn: nn.Upsample(scale_factor=2), (2, 3, 5, 5)),
    "Upsample, bilinear": (lambda nn: nn.Upsample((7, 3), mode="bilinear", align_corners=True), (2, 3, 5, 5)),
    "UpsamplingNearest2d": (lambda nn: nn.UpsamplingNearest2d(scale_factor=2), (2, 3, 5, 5)),
    "UpsamplingBilinear2d": (lambda nn: nn.UpsamplingBilinear2d((7, 8)), (2, 3, 5, 5)),
    "Unfold": (lambda nn: nn.Unfold(3), (2, 3, 5, 5)),
    "Fold": (lambda nn: nn.Fold((4, 4), 2), (2, 12, 9)),
    "ZeroPad1d": (lambda nn: nn.ZeroPad1d(2), (2, 3, 5)),
    "ZeroPad2d": (lambda nn: nn.ZeroPad2d((1, -1, 2, 0)), (2, 3, 5, 5)),
    "ConstantPad2d": (lambda nn: nn.ConstantPad2d(1, 2.5), (2, 3, 5, 5)),
    "ConstantPad3d": (lambda nn: nn.ConstantPad3d(1, 2.5), (2, 3, 5, 5, 5)),
    "ReflectionPad1d": (lambda nn: nn.ReflectionPad1d(2), (2, 3, 5)),
    "ReflectionPad2d": (lambda nn: nn.ReflectionPad2d((1, 2, 0, 1)), (2, 3, 5, 5)),
    "ReplicationPad2d": (lambda nn: nn.ReplicationPad2d(7), (2, 3, 5, 5)),
    "ReplicationPad3d": (lambda nn: nn.ReplicationPad3d(1), (2, 3, 2, 2, 2)),
    "CircularPad2d": (lambda nn: nn.CircularPad2d(3), (2, 3, 5, 5)),
    "PixelShuffle": (lambda nn: nn.PixelShuffle(2), (2, 8, 3, 3)),
    "PixelUnshuffle": (lambda nn: nn.PixelUnshuffle(2), (2, 2, 4, 6)),
    "Softmax2d": (lambda nn: nn.Softmax2d(), (2, 3, 5, 5)),
    "LeNet": (
        lambda nn: nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Sigmoid(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 4, 5),
        ),
        (3, 1, 16, 16),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.filterwarnings("ignore")
def test_layer(pytorch, name):
    make, shape = LAYERS[name]
    theirs, ours = make(pytorch.nn), make(minigrad.nn)
    assert repr(ours) == repr(theirs)
    state = {k: v.numpy() for k, v in theirs.state_dict().items()}
    assert {k: tuple(v.shape) for k, v in ours.state_dict().items()} == {k: v.shape for k, v in state.items()}
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict({k: minigrad.tensor(v) for k, v in state.items()})
    for turn in range(2):
        x = x_of(*shape, seed=turn, dtype=np.float32)
        results = []
        for lib, layer in ((minigrad, ours), (pytorch, theirs)):
            leaf = lib.tensor(x, requires_grad=True)
            out = layer(leaf)
            layer.zero_grad()
            (out * out * out).sum().backward()
            grads = [p.grad for p in layer.parameters()]
            results.append([t.detach().numpy() for t in (out, leaf.grad, *grads, *layer.buffers())])
        for a, b in zip(*results, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * max(1, np.abs(b).max(initial=0)))


def test_first_values_have_pytorchs_spread(pytorch):
    for make in (
        lambda nn: nn.Conv2d(6, 40, 5, groups=2),
        lambda nn: nn.ConvTranspose2d(6, 40, 5),
        lambda nn: nn.Conv1d(3, 90, 9),
    ):  # fmt: skip
        for p, q in zip(make(minigrad.nn).parameters(), make(pytorch.nn).parameters(), strict=True):
            ours, theirs = np.abs(p.detach().numpy()), np.abs(q.detach().numpy())
            if p.ndim == 1:  # few numbers
                continue
            assert abs(ours.max() / theirs.max() - 1) < 0.1
            assert abs(ours.mean() / theirs.mean() - 1) < 0.2


def refused(pytorch, fn):
    kinds = []
    for lib in (minigrad, pytorch):
        try:
            fn(lib, lib.nn.functional, lib.nn)
        except Exception as error:
            kinds.append(type(error))
        else:
            kinds.append(None)
    return kinds


REFUSED = {
    "channels": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 5, 3, 3)),
    "window": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 4, 9, 9)),
    "weight": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 4, 9)),
    "rank": lambda t, F, nn: F.conv2d(t.ones(8, 8), t.ones(3, 4, 3, 3)),
    "bias": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 4, 3, 3), t.ones(4)),
    "stride": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 4, 3, 3), stride=0),
    "strides": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 4, 3, 3), stride=(1, 1, 1)),
    "padding": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 4, 3, 3), padding=-1),
    "a name": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 4, 3, 3), padding="all"),
    "same": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 4, 3, 3), padding="same", stride=2),
    "groups": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8), t.ones(3, 2, 3, 3), groups=2),
    "dtype": lambda t, F, nn: F.conv2d(t.ones(2, 4, 8, 8).double(), t.ones(3, 4, 3, 3)),
    "output_padding": lambda t, F, nn: F.conv_transpose2d(
        t.ones(2, 4, 8, 8), t.ones(4, 4, 3, 3), output_padding=1
    ),
    "transposed": lambda t, F, nn: F.conv_transpose2d(t.ones(2, 4, 8, 8), t.ones(3, 4, 3, 3)),
    "pool": lambda t, F, nn: F.max_pool2d(t.ones(2, 4, 8, 8), 9),
    "pool padding": lambda t, F, nn: F.max_pool2d(t.ones(2, 4, 8, 8), 2, padding=2),
    "pool rank": lambda t, F, nn: F.max_pool2d(t.ones(8, 8), 2),
    "mean padding": lambda t, F, nn: F.avg_pool2d(t.ones(2, 4, 8, 8), 2, padding=2),
    "divisor": lambda t, F, nn: F.avg_pool2d(t.ones(2, 4, 8, 8), 2, divisor_override=0),
    "adaptive": lambda t, F, nn: F.adaptive_avg_pool2d(t.ones(2, 4, 8, 8), (2, 2, 2)),
    "unfold": lambda t, F, nn: F.unfold(t.ones(2, 4, 8, 8), 9),
    "fold": lambda t, F, nn: F.fold(t.ones(2, 12, 10), (4, 4), (2, 2)),
    "fold rows": lambda t, F, nn: F.fold(t.ones(2, 13, 9), (4, 4), (2, 2)),
    "reflect": lambda t, F, nn: F.pad(t.ones(2, 4, 8, 8), (8, 0, 0, 0), "reflect"),
    "circular": lambda t, F, nn: F.pad(t.ones(2, 4, 8, 8), (9, 0, 0, 0), "circular"),
    "pad axes": lambda t, F, nn: F.pad(t.ones(2, 4, 8, 8), (1, 1), "reflect"),
    "pad mode": lambda t, F, nn: F.pad(t.ones(2, 4, 8, 8), (1, 1), "mirror"),
    "pad value": lambda t, F, nn: F.pad(t.ones(2, 4, 8, 8), (1, 1, 1, 1), "reflect", 3.0),
    "no size": lambda t, F, nn: F.interpolate(t.ones(2, 4, 8, 8)),
    "two sizes": lambda t, F, nn: F.interpolate(t.ones(2, 4, 8, 8), 3, 2),
    "linear": lambda t, F, nn: F.interpolate(t.ones(2, 4, 8, 8), 2, mode="linear"),
    "mode": lambda t, F, nn: F.interpolate(t.ones(2, 4, 8, 8), 2, mode="best"),
    "corners": lambda t, F, nn: F.interpolate(t.ones(2, 4, 8, 8), 2, align_corners=True),
    "sizes": lambda t, F, nn: F.interpolate(t.ones(2, 4, 8, 8), (2, 2, 2)),
    "Conv2d groups": lambda t, F, nn: nn.Conv2d(3, 4, 3, groups=2),
    "Conv2d groups out": lambda t, F, nn: nn.Conv2d(4, 3, 3, groups=2),
    "Conv2d no groups": lambda t, F, nn: nn.Conv2d(4, 3, 3, groups=0),
    "Conv2d padding": lambda t, F, nn: nn.Conv2d(4, 3, 3, padding="all"),
    "Conv2d same": lambda t, F, nn: nn.Conv2d(4, 3, 3, padding="same", stride=2),
    "Conv2d mode": lambda t, F, nn: nn.Conv2d(4, 3, 3, padding_mode="mirror"),
    "ConvTranspose2d mode": lambda t, F, nn: nn.ConvTranspose2d(4, 3, 3, padding_mode="reflect"),
    "output_size": lambda t, F, nn: nn.ConvTranspose2d(4, 3, 3, 2)(t.ones(2, 4, 8, 8), output_size=(5, 5)),
    "BatchNorm2d": lambda t, F, nn: nn.BatchNorm2d(4)(t.ones(4, 8, 8)),
    "GroupNorm": lambda t, F, nn: nn.GroupNorm(3, 4),
    "group_norm": lambda t, F, nn: F.group_norm(t.ones(2, 4, 8, 8), 3),
    "instance_norm": lambda t, F, nn: F.instance_norm(t.ones(2, 3, 1, 1)),
    "pixel_shuffle": lambda t, F, nn: F.pixel_shuffle(t.ones(2, 4, 8, 8), 3),
    "Softmax2d": lambda t, F, nn: nn.Softmax2d()(t.ones(8, 8)),
    "dropout1d": lambda t, F, nn: F.dropout1d(t.ones(3)),
    "dropout2d": lambda t, F, nn: F.dropout2d(t.ones(2, 4, 8, 8), 2.0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_refuses_is_refused_with_the_same_kind_of_error(pytorch, name):
    ours, theirs = refused(pytorch, REFUSED[name])
    assert ours is theirs is not None
