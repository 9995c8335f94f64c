"""Windows that begin at drawn places, norms over three axes, maxima with places, and methods of tensors."""

import inspect

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn import functional as F

RNG = np.random.default_rng(3)


def x_of(*shape):
    return RNG.permutation(np.arange(np.prod(shape), dtype=np.float64)).reshape(shape) / 7


CASES = {
    "two axes": (2, (2, 3, 8, 9), 2, {"output_size": (5, 6)}),
    "a fraction": (2, (2, 3, 8, 9), (2, 3), {"output_ratio": (0.5, 0.7)}),
    "no batch": (2, (3, 7, 7), 3, {"output_size": 4}),
    "one window": (2, (1, 2, 5, 5), 3, {"output_size": (1, 3)}),
    "three axes": (3, (2, 2, 6, 7, 8), 2, {"output_size": (3, 4, 5)}),
    "a fraction of three": (3, (2, 6, 7, 8), (2, 1, 3), {"output_ratio": 0.5}),
}


def samples(axes, shape):
    return np.random.default_rng(5).random(
        (shape[0] if len(shape) == axes + 2 else 1, shape[-axes - 1], axes)
    )


def pooled(lib, case, array, **more):
    axes, shape, size, how = CASES[case]
    pool = getattr(lib.nn.functional, f"fractional_max_pool{axes}d")
    return pool(array, size, **how, _random_samples=lib.tensor(samples(axes, shape)), **more)


@pytest.mark.parametrize("case", CASES)
def test_each_result_is_the_maximum_of_a_window_and_stands_at_its_place(case):
    axes, shape, size, _ = CASES[case]
    x = torch.tensor(x_of(*shape), requires_grad=True)
    out, places = pooled(torch, case, x, return_indices=True)
    assert torch.equal(x.flatten(-axes).gather(-1, places.flatten(-axes)).reshape(out.shape), out)
    sizes = size if isinstance(size, tuple) else (size,) * axes
    ends = np.unravel_index(places.numpy(), shape[-axes:])
    for axis, (end, n, k) in enumerate(zip(ends, shape[-axes:], sizes, strict=True)):
        last = np.moveaxis(end, end.ndim - axes + axis, -1)
        assert (np.diff(last, axis=-1) > -k).all() and (last[..., -1] >= n - k).all()
    weights = torch.tensor(x_of(*out.shape))
    (first,) = torch.autograd.grad((out * out * weights).sum(), x, create_graph=True)
    expected = np.zeros((np.prod(shape[:-axes], dtype=int), int(np.prod(shape[-axes:]))))
    flat = places.flatten(-axes).reshape(len(expected), -1).numpy()
    for row, where, of in zip(
        expected, flat, (2 * out * weights).detach().reshape(len(expected), -1).numpy(), strict=True
    ):
        np.add.at(row, where, of)
    np.testing.assert_allclose(first.detach().numpy().reshape(expected.shape), expected)
    assert torch.autograd.gradgradcheck(lambda x: pooled(torch, case, x), x)


def test_without_samples_they_are_drawn():
    x = torch.tensor(x_of(2, 3, 9, 9))
    torch.manual_seed(0)
    a = F.fractional_max_pool2d(x, 2, output_size=5)
    b = nn.FractionalMaxPool2d(2, output_size=5)(x)
    torch.manual_seed(0)
    assert torch.equal(F.fractional_max_pool2d(x, 2, output_size=5), a) and not torch.equal(a, b)
    assert nn.FractionalMaxPool3d(2, output_ratio=0.5)(torch.rand(1, 6, 6, 6)).shape == (1, 3, 3, 3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.FractionalMaxPool2d(2), ValueError, "either an output size, or a pooling ratio"),
        (lambda: nn.FractionalMaxPool2d(2, 3, 0.5), ValueError, "only one of"),
        (lambda: nn.FractionalMaxPool3d(2, output_ratio=(0.5, 1.5, 0.5)), ValueError, "between 0 and 1"),
        (lambda: F.fractional_max_pool2d(torch.ones(1, 4, 4), 2), ValueError, "either an output_size or"),
        (
            lambda: F.fractional_max_pool2d(torch.ones(1, 4, 4), 2, 4),
            RuntimeError,
            "4 windows of size 2 do not fit",
        ),
        (lambda: F.fractional_max_pool2d(torch.ones(4, 4), 2, 2), RuntimeError, "Expected 3D"),
        (lambda: F.fractional_max_pool2d(torch.ones(1, 4, 4).long(), 2, 2), RuntimeError, "float"),
        (
            lambda: F.fractional_max_pool2d(torch.ones(1, 4, 4), 2, 2, _random_samples=torch.ones(1)),
            RuntimeError,
            r"shape \(1, 1, 2\), not \(1,\)",
        ),
    ],
)
def test_bad_windows_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_norms_of_windows_over_three_axes():
    x = torch.tensor(x_of(1, 2, 4, 4, 4))
    blocks = x.numpy().reshape(1, 2, 2, 2, 2, 2, 2, 2)
    expected = (blocks**2).sum((3, 5, 7)) ** 0.5
    np.testing.assert_allclose(F.lp_pool3d(x, 2, 2).numpy(), expected)
    np.testing.assert_allclose(nn.LPPool3d(2, 2)(x).numpy(), expected)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_maxima_with_their_places(axes):
    x = torch.tensor(x_of(2, 2, *[4] * axes))
    found = getattr(F, f"max_pool{axes}d_with_indices")(x, 2)
    for a, b in zip(found, getattr(F, f"max_pool{axes}d")(x, 2, return_indices=True), strict=True):
        assert torch.equal(a, b)
    assert "kernel_size" in inspect.signature(getattr(F, f"max_pool{axes}d_with_indices")).parameters


def test_thresholds_are_methods_too():
    x, weight = torch.tensor([-2.0, 0.2, 2.0], requires_grad=True), torch.tensor([0.25])
    assert x.hardshrink().tolist() == torch.hardshrink(x).tolist() == [-2, 0, 2]
    assert x.hardshrink(3.0).tolist() == [0, 0, 0]
    y = x.prelu(weight)
    assert torch.equal(y, F.prelu(x, weight)) and torch.equal(y, torch.prelu(x, weight))
    y.sum().backward()
    assert x.grad.tolist() == [0.25, 1, 1]


@pytest.mark.parity
@pytest.mark.parametrize("case", CASES)
def test_pytorch_finds_the_same_windows(case):
    pytorch = pytest.importorskip("torch")
    array = x_of(*CASES[case][1])
    results = []
    for lib in (torch, pytorch):
        x = lib.tensor(array, requires_grad=True)
        out, places = pooled(lib, case, x, return_indices=True)
        (first,) = lib.autograd.grad((out * out).sum(), x)
        results.append([t.detach().numpy() for t in (out, places, first)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b)
    x = array[..., None] if array.ndim == 3 else array
    if array.ndim > 4:
        ours, theirs = (lib.nn.LPPool3d(3, 2, 1)(lib.tensor(x)).numpy() for lib in (torch, pytorch))
        np.testing.assert_allclose(ours, theirs)
