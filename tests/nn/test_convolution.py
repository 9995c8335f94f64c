"""Convolutions, pooling, padding and interpolation by loops in float64, and what the layers promise."""

import itertools

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.testing import check_grads

F = nn.functional


def values(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def cross_correlation(x, weight, bias, stride, padding, dilation, groups):
    """The definition, one product at a time."""
    axes = x.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    n, out_channels, seen = len(x), len(weight), weight.shape[1]
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
    places = [(m - k) // s + 1 for m, k, s in zip(x.shape[2:], spans, stride, strict=True)]
    out = np.zeros((n, out_channels, *places))
    for o, place in itertools.product(range(out_channels), np.ndindex(*places)):
        first = o // (out_channels // groups) * seen
        for c, k in itertools.product(range(seen), np.ndindex(*weight.shape[2:])):
            at = tuple(place[i] * stride[i] + k[i] * dilation[i] for i in range(axes))
            out[(slice(None), o, *place)] += weight[(o, c, *k)] * x[(slice(None), first + c, *at)]
        out[(slice(None), o, *place)] += bias[o]
    return out


CASES = [
    ((5,), (2,), (1,), (0,), (1,), 1),
    ((7,), (3,), (2,), (1,), (2,), 2),
    ((5, 6), (3, 2), (1, 2), (1, 0), (1, 2), 1),
    ((4, 5), (1, 3), (3, 1), (2, 1), (1, 1), 2),
    ((3, 4, 5), (2, 1, 2), (1, 2, 2), (1, 0, 1), (2, 1, 1), 2),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolution_is_its_definition(case):
    lengths, size, stride, padding, dilation, groups = case
    x, weight = values(2, 4, *lengths), values(6, 4 // groups, *size, seed=1)
    bias = values(6, seed=2)
    convolve = getattr(F, f"conv{len(size)}d")
    out = convolve(*map(torch.from_numpy, (x, weight, bias)), stride, padding, dilation, groups)
    expected = cross_correlation(x, weight, bias, stride, padding, dilation, groups)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_transposed_convolution_is_the_transpose(case):
    """<conv(x), g> = <x, conv_transpose(g)>."""
    lengths, size, stride, padding, dilation, groups = case
    x, weight = values(2, 4, *lengths), values(6, 4 // groups, *size, seed=1)
    forward = cross_correlation(x, weight, np.zeros(6), stride, padding, dilation, groups)
    g = values(*forward.shape, seed=3)
    each = zip(lengths, forward.shape[2:], size, stride, padding, dilation, strict=True)
    more = tuple(n - ((m - 1) * s - 2 * p + d * (k - 1) + 1) for n, m, k, s, p, d in each)
    transposed = getattr(F, f"conv_transpose{len(size)}d")
    back = transposed(*map(torch.from_numpy, (g, weight)), None, stride, padding, more, groups, dilation)
    assert back.shape == x.shape
    assert np.sum(back.numpy() * x) == pytest.approx(np.sum(forward * g), rel=1e-12)


def test_many_samples_are_convolved_in_parts():
    x, weight = values(40, 3, 40, 40).astype(np.float32), values(2, 3, 5, 5).astype(np.float32)
    whole, some = torch.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    w = torch.tensor(weight, requires_grad=True)
    out = F.conv2d(whole, w)
    one_by_one = torch.cat([F.conv2d(some[i : i + 1], w) for i in range(40)])
    np.testing.assert_allclose(out.detach().numpy(), one_by_one.detach().numpy(), rtol=1e-4, atol=1e-5)
    g = torch.tensor(values(*out.shape, seed=1).astype(np.float32))
    first = torch.autograd.grad(out, [whole, w], g)
    second = torch.autograd.grad(one_by_one, [some, w], g)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-3)


def test_the_result_of_a_convolution_may_be_viewed():
    out = F.conv2d(torch.ones(2, 3, 8, 8), torch.ones(4, 3, 3, 3), padding=1)
    assert out.is_contiguous() and out.view(2, -1).shape == (2, 256)


def test_same_padding_puts_the_odd_one_behind():
    x, weight = torch.arange(4.0).reshape(1, 1, 4), torch.tensor([[[1.0, 10.0]]])
    assert F.conv1d(x, weight, padding="same").tolist() == [[[10.0, 21.0, 32.0, 3.0]]]


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: F.conv2d(x, x[:, :, :2, :3].transpose(0, 1), padding=1),
        lambda x: F.conv_transpose2d(x, x[:2, :, :2, :2].transpose(0, 1), stride=2),
        lambda x: F.max_pool2d(x, 2, 1, 1),
        lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
        lambda x: F.adaptive_avg_pool2d(x, (3, 2)),
        lambda x: F.adaptive_max_pool2d(x, (3, 2)),
        lambda x: F.unfold(x, 2, padding=1),
        lambda x: F.pad(x, (1, 2, 3, 0), "reflect") * F.pad(x, (2, 1, 0, 3), "circular"),
        lambda x: F.interpolate(x, size=(3, 7), mode="bicubic"),
        lambda x: F.interpolate(x, scale_factor=2.5, mode="nearest") ** 2,
        lambda x: F.group_norm(x, 1),
        lambda x: F.pixel_shuffle(x.reshape(1, 4, 5, 4), 2) ** 2,
    ],
)
def test_gradients_of_compositions(fn):
    x = np.random.default_rng(0).permutation(40).reshape(2, 2, 5, 2).repeat(1, -1) / 10.0
    x = np.concatenate([x, x[..., ::-1] + 0.05], -1)[:, :, :, :4]
    check_grads(fn, torch.tensor(x, dtype=torch.float64), order=2, max_entries=0, projections=1)


def test_max_pool_tells_where_and_takes_the_first_of_equals():
    x = torch.tensor([[[1.0, 3.0, 3.0, 2.0]]], requires_grad=True)
    out, indices = F.max_pool1d(x, 2, 1, return_indices=True)
    assert (out.tolist(), indices.tolist()) == ([[[3.0, 3.0, 3.0]]], [[[1, 1, 2]]])
    out.sum().backward()
    assert x.grad.tolist() == [[[0.0, 2.0, 1.0, 0.0]]]
    nan = float("nan")
    out, indices = F.max_pool1d(torch.tensor([[[nan, 1.0, nan, 2.0]]]), 4, return_indices=True)
    assert np.isnan(out.item()) and indices.item() == 2  # PyTorch's: the last nan
    out, indices = F.max_pool1d(torch.full((1, 1, 4), -np.inf), 3, 2, 1, return_indices=True)
    assert indices.tolist() == [[[0, 1]]]  # no place in the padding


def test_means_over_uneven_windows_are_pytorchs():
    x = torch.arange(7.0).reshape(1, 7)
    assert F.adaptive_avg_pool1d(x, 3).tolist() == [[1.0, 3.0, 5.0]]
    found = F.avg_pool1d(x, 3, 2, 1, ceil_mode=True).numpy()
    np.testing.assert_allclose(found, [[1 / 3, 2, 4, 11 / 3]], rtol=1e-6)
    assert F.avg_pool1d(x, 3, 2, 1, count_include_pad=False).tolist() == [[0.5, 2.0, 4.0, 5.5]]


def test_an_inf_beside_a_window_does_not_reach_into_its_mean():
    x = torch.tensor([[1.0, 2.0, 3.0, float("inf"), 5.0]])
    assert F.adaptive_avg_pool1d(x, 3).tolist() == [[1.5, np.inf, np.inf]]
    x = torch.tensor([[1.0, float("inf"), 3.0, 4.0, 5.0]])  # the last of a shorter window
    assert F.adaptive_avg_pool1d(x, 3).tolist() == [[np.inf, np.inf, 4.5]]


def test_pools_of_no_pixels_and_of_integers():
    empty = torch.zeros(1, 2, 0, 4)
    for pool in (F.adaptive_avg_pool2d, F.adaptive_max_pool2d):
        with pytest.raises(RuntimeError, match=r"non-zero size for non-batch dimensions.*\(1, 2, 0, 4\)"):
            pool(empty, 2)
        assert pool(torch.zeros(0, 2, 4, 4), 3).shape == (0, 2, 3, 3)
    assert np.isnan(F.adaptive_avg_pool2d(empty, 1).numpy()).all()
    below = -torch.arange(1, 10).reshape(1, 1, 3, 3)  # all below the padding's zero, which does not count
    out, places = F.max_pool2d(below, 2, 2, 1, return_indices=True)
    assert out.tolist() == [[[[-1, -2], [-4, -5]]]] and places.tolist() == [[[[0, 1], [3, 4]]]]


def test_the_place_of_a_maximum_among_nans_and_minus_infs():
    nan, low = float("nan"), -float("inf")
    x = torch.tensor(
        [[[[low, low, 1.0, nan], [low, low, nan, 2.0], [3.0, 3.0, low, low], [3.0, 0.0, low, low]]]]
    )
    out, places = F.max_pool2d(x, 2, return_indices=True)
    np.testing.assert_array_equal(out.numpy().ravel(), [low, nan, 3.0, low])
    assert places.ravel().tolist() == [0, 6, 8, 10]  # as recorded from PyTorch
    out, places = F.max_pool2d(x, 3, 2, 1, return_indices=True)
    np.testing.assert_array_equal(out.numpy().ravel(), [low, nan, 3.0, nan])
    assert places.ravel().tolist() == [0, 6, 8, 6]


def test_interpolation_at_known_points():
    x = torch.tensor([[[0.0, 10.0, 20.0]]])
    assert F.interpolate(x, 6).tolist() == [[[0.0, 0.0, 10.0, 10.0, 20.0, 20.0]]]
    assert F.interpolate(x, 5, mode="linear", align_corners=True).tolist() == [[[0.0, 5.0, 10.0, 15.0, 20.0]]]
    assert F.interpolate(x, 6, mode="linear").tolist() == [[[0.0, 2.5, 7.5, 12.5, 17.5, 20.0]]]


@pytest.mark.parametrize(("n", "m"), [(300, 731), (731, 300), (1000, 7)])
@pytest.mark.parametrize("aligned", [False, True])
def test_long_axes_are_interpolated_run_by_run(n, m, aligned):
    x = np.random.default_rng(0).standard_normal((2, 3, n))
    places = np.linspace(0, n - 1, m) if aligned else np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)
    right = np.array([[np.interp(places, np.arange(n), row) for row in rows] for rows in x])
    leaf = torch.tensor(x, requires_grad=True)
    out = F.interpolate(leaf, m, mode="linear", align_corners=aligned)
    np.testing.assert_allclose(out.detach().numpy(), right, rtol=1e-10, atol=1e-10)
    out.backward(torch.tensor(right))
    unit = np.array([np.interp(places, np.arange(n), row) for row in np.eye(n)])
    np.testing.assert_allclose(leaf.grad.numpy(), right @ unit.T, rtol=1e-9, atol=1e-9)
    planes = torch.tensor(x[:, None].repeat(2, 1).swapaxes(2, 3))  # the long axis is not the last
    found = F.interpolate(planes, (m, 3), mode="bilinear", align_corners=aligned)
    np.testing.assert_allclose(found.numpy()[:, 1].swapaxes(1, 2), right, rtol=1e-10, atol=1e-10)


def test_an_inf_reaches_only_the_pixels_that_see_it():
    x = torch.tensor([[[[0.0, 1, 2, float("inf"), 4, 5, 6, 7]]]], requires_grad=True)
    out = F.interpolate(x, (1, 4), mode="bilinear", align_corners=False)
    assert out.tolist() == [[[[0.5, float("inf"), 4.5, 6.5]]]]
    out.backward(torch.tensor([[[[1.0, float("nan"), 2, 4]]]]))
    found = x.grad.numpy().ravel()
    assert found[[0, 1, 4, 5, 6, 7]].tolist() == [0.5, 0.5, 1, 1, 2, 2] and np.isnan(found[2:4]).all()
    signs = np.signbit(F.interpolate(torch.tensor([[[-0.0, 1]]]), 3).numpy())
    assert signs.tolist() == [[[True, True, False]]]


def test_first_values_lie_within_one_over_the_root_of_what_a_window_sees():
    layer = nn.Conv2d(8, 64, 5, groups=2)
    bound = 1 / np.sqrt(4 * 25)
    for p in layer.parameters():
        found = np.abs(p.detach().numpy())
        assert 0.9 * bound < found.max() <= bound
    assert layer.weight.shape == (64, 4, 5, 5)
    assert nn.ConvTranspose2d(8, 64, 5, groups=2).weight.shape == (8, 32, 5, 5)


def test_channels_are_dropped_whole():
    torch.manual_seed(0)
    out = nn.Dropout2d(0.25)(torch.ones(20, 30, 3, 3)).numpy()
    kept = out[:, :, 0, 0] != 0
    assert (out == out[:, :, :1, :1]).all() and abs(kept.mean() - 0.75) < 0.05
    np.testing.assert_allclose(out[kept], 1 / 0.75, rtol=1e-6)
    assert torch.equal(nn.Dropout3d(1.0)(torch.ones(2, 2, 2, 2, 2)), torch.zeros(2, 2, 2, 2, 2))


def test_alpha_dropout_keeps_mean_and_variance():
    torch.manual_seed(0)
    x = torch.randn(100_000)
    out = nn.AlphaDropout(0.3)(x).numpy()
    assert abs(out.mean()) < 0.02 and abs(out.var() - 1) < 0.02


def test_batch_norm_of_images_remembers_each_channel():
    layer = nn.BatchNorm2d(2)
    x = torch.tensor(values(4, 2, 3, 3).astype(np.float32))
    out = layer(x).detach().numpy()
    np.testing.assert_allclose(out.mean((0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.1 * x.numpy().mean((0, 2, 3)), rtol=1e-4)
    with pytest.raises(ValueError, match=r"BatchNorm2d takes \(N, C, H, W\), not a tensor of shape \(2, 3\)"):
        layer(torch.ones(2, 3))


def test_half_precision_is_convolved_in_single():
    """A sum of 4096 ones, each product rounded once: in float16 it would stop at 2048."""
    x, weight = torch.ones(1, 1, 64, 64).half(), torch.ones(1, 1, 64, 64).half()
    assert F.conv2d(x, weight).item() == 4096


def test_empty_batches_pass():
    x = torch.zeros(0, 3, 8, 8, requires_grad=True)
    layer = nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.AvgPool2d(3))
    out = layer(x)
    assert out.shape == (0, 4, 1, 1)
    out.sum().backward()
    assert x.grad.shape == x.shape and torch.equal(layer[0].weight.grad, torch.zeros(4, 3, 3, 3))


def test_names_that_load_later_are_listed_and_a_misspelt_one_is_told():
    assert {"Conv2d", "Linear"} <= set(dir(nn)) and {"conv2d", "linear"} <= set(dir(F))
    with pytest.raises(AttributeError, match=r"module 'minigrad\.nn' has no attribute 'Conv4d'"):
        nn.Conv4d
