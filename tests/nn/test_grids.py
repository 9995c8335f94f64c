"""Images read at places between their pixels."""

import functools
import itertools
import warnings

import numpy as np
import pytest

import minigrad as torch
from minigrad.nn import functional as F
from minigrad.testing import check_grads

IMAGE = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
VOLUME = np.random.default_rng(1).normal(size=(2, 1, 3, 2, 4))
CASES = list(
    itertools.product(["bilinear", "nearest", "bicubic"], ["zeros", "border", "reflection"], [True, False])
)


def places(*shape):
    drawn = np.random.default_rng(2).uniform(-1.6, 1.6, shape)
    drawn.reshape(-1)[:6] = [-1, 1, 0, 1, 1.25, 4]
    return drawn


def read(image, x, y, mode, padding, aligned):
    """The value of one channel at one place, by the definition."""

    def pixel(row, column):
        at = []
        for start, size in ((row, image.shape[0]), (column, image.shape[1])):
            i, (low, high) = start, (0, size - 1) if aligned else (-0.5, size - 0.5)
            while padding == "reflection" and not low <= i <= high:
                i = 2 * low - i if i < low else 2 * high - i
            at.append(i if padding == "zeros" else np.clip(i, 0, size - 1))
        return at

    def value(row, column):
        row, column = (int(i) for i in pixel(row, column))
        inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
        return image[row, column] if inside else 0.0

    row, column = (
        (p + 1) / 2 * (n - 1) if aligned else ((p + 1) * n - 1) / 2
        for p, n in ((y, image.shape[0]), (x, image.shape[1]))
    )
    if mode != "bicubic":
        row, column = pixel(row, column)
    if mode == "nearest":
        return value(np.rint(row), np.rint(column))
    r, c = np.floor(row), np.floor(column)

    def weight(t):
        t = abs(t)
        if mode == "bilinear":
            return max(0.0, 1 - t)
        near = 1.25 * t**3 - 2.25 * t**2 + 1
        return near if t <= 1 else -0.75 * t**3 + 3.75 * t**2 - 6 * t + 3 if t < 2 else 0.0

    around = range(-1, 3)
    return sum(
        weight(row - r - i) * weight(column - c - j) * value(r + i, c + j) for i in around for j in around
    )


@pytest.mark.parametrize(("mode", "padding", "aligned"), CASES)
def test_values_are_those_of_the_definition(mode, padding, aligned):
    grid = places(2, 3, 2, 2)
    out = F.grid_sample(torch.tensor(IMAGE), torch.tensor(grid), mode, padding, aligned)
    want = [
        [[read(IMAGE[n, c], *place, mode, padding, aligned) for place in grid[n].reshape(-1, 2)]
         for c in range(3)]
        for n in range(2)
    ]  # fmt: skip
    assert out.shape == (2, 3, 3, 2)
    np.testing.assert_allclose(out.numpy().reshape(2, 3, -1), want, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_gradients(mode, padding, order):
    grid = torch.tensor(np.random.default_rng(3).uniform(-1.3, 1.3, (1, 2, 2, 2)))
    check_grads(
        lambda x, g: F.grid_sample(x, g, mode, padding, False), torch.tensor(IMAGE[:1, :1]), grid, order=order
    )


def test_a_grid_of_the_affine_map_that_changes_nothing_gives_the_image():
    for image in (IMAGE, VOLUME):
        axes = image.ndim - 2
        theta = torch.eye(axes, axes + 1, dtype=torch.float64).expand(2, -1, -1)
        for aligned in (True, False):
            grid = F.affine_grid(theta, image.shape, aligned)
            assert grid.shape == (2, *image.shape[2:], axes)
            same = F.grid_sample(torch.tensor(image), grid, align_corners=aligned)
            np.testing.assert_allclose(same.numpy(), image, atol=1e-12)


def test_an_affine_map_turns_and_moves():
    theta = torch.tensor([[[0.0, -1.0, 0.5], [1.0, 0.0, 0.0]]], requires_grad=True)
    grid = F.affine_grid(theta, (1, 1, 3, 3), align_corners=True)
    assert grid[0, 0, 0].tolist() == [1.5, -1.0] and grid[0, 2, 1].tolist() == [-0.5, 0.0]
    grid.sum().backward()
    assert theta.grad.tolist() == [[[0.0, 0.0, 9.0], [0.0, 0.0, 9.0]]]


def test_places_that_are_no_numbers_or_far_away_are_outside():
    grid = torch.tensor([[[[float("nan"), 0.0], [1e30, 0.0]]]])
    out = F.grid_sample(torch.ones(1, 1, 2, 2), grid, mode="nearest", align_corners=True)
    assert out[0, 0, 0, 1] == 0


def test_pixels_beyond_the_edge_are_zeros_also_beside_an_inf():
    x = torch.tensor([[[[float("inf"), 1.0], [2.0, 3.0]]]], requires_grad=True)
    grid = torch.tensor([[[[0.5, 1.5], [-1.5, 5.0], [1.0, 1.0]]]])
    out = F.grid_sample(x, grid, align_corners=False)
    assert out.tolist() == [[[[0.0, 0.0, 0.75]]]]  # as recorded from PyTorch
    out.sum().backward()
    assert x.grad.tolist() == [[[[0.0, 0.0], [0.0, 0.25]]]]


def test_many_places_on_one_pixel_add_up_in_float64():
    x = torch.zeros(1, 2, 1, 1, requires_grad=True)
    out = F.grid_sample(x, torch.zeros(1, 1000, 1000, 2), align_corners=False)
    out.backward(torch.full(out.shape, 0.1))
    np.testing.assert_allclose(x.grad.numpy().ravel(), 1e5, rtol=2e-6)


def test_either_operand_may_be_a_constant():
    image, grid = torch.tensor(IMAGE), torch.tensor(np.random.default_rng(3).uniform(-1, 1, (2, 2, 2, 2)))
    sample = functools.partial(F.grid_sample, align_corners=False)
    check_grads(lambda x: sample(x, grid) ** 2, image, order=2, max_entries=0, projections=1)
    check_grads(lambda g: sample(image, g) ** 2, grid, order=2, max_entries=0, projections=1)
    half = sample(image.half(), grid.half())
    assert half.dtype == torch.float16
    np.testing.assert_allclose(half.numpy(), sample(image, grid).numpy(), atol=0.02)


def test_misuse():
    x, g = torch.ones(1, 1, 2, 2), torch.zeros(1, 2, 2, 2)
    sample, affine = (functools.partial(f, align_corners=False) for f in (F.grid_sample, F.affine_grid))
    for call, kind, words in [
        (lambda: sample(x, g, mode="cubic"), ValueError, "mode is one of bilinear"),
        (lambda: sample(x, g, padding_mode="wrap"), ValueError, "padding_mode is one of zeros"),
        (lambda: sample(x, g.double()), RuntimeError, "not float32 and float64"),
        (lambda: sample(x.long(), g.long()), RuntimeError, "a floating tensor"),
        (lambda: sample(x[0], g), RuntimeError, r"not \(1, 2, 2\) with \(1, 2, 2, 2\)"),
        (lambda: sample(x, g[..., :1]), RuntimeError, r"with \(1, 2, 2, 1\)"),
        (lambda: sample(x[:, :, :0], g), RuntimeError, "no pixels"),
        (lambda: sample(x[None], torch.zeros(1, 2, 2, 2, 3), "bicubic"), RuntimeError, "for images"),
        (lambda: affine(torch.ones(1, 2, 3), (1, 1, 2)), NotImplementedError, r"not \(1, 1, 2\)"),
        (lambda: affine(torch.ones(1, 2, 3), (1, 1, 0, 2)), ValueError, "positive"),
        (lambda: affine(torch.ones(1, 2, 2), (1, 1, 2, 2)), ValueError, r"shape \(1, 2, 3\), not"),
        (lambda: affine(torch.ones(1, 2, 3).long(), (1, 1, 2, 2)), ValueError, "floating"),
    ]:
        with pytest.raises(kind, match=words):
            call()


def test_a_choice_that_is_left_open_is_told():
    theta = torch.ones(1, 2, 3)
    with pytest.warns(UserWarning, match="affine_grid takes align_corners=False where it is not given"):
        grid = F.affine_grid(theta, (1, 1, 2, 2))
    assert grid.equal(F.affine_grid(theta, (1, 1, 2, 2), align_corners=False))
    with pytest.warns(UserWarning, match="grid_sample takes align_corners=False"):
        F.grid_sample(torch.ones(1, 1, 2, 2), grid)


@pytest.mark.parity
@pytest.mark.parametrize(("mode", "padding", "aligned"), CASES)
def test_the_same_as_pytorchs(pytorch, mode, padding, aligned):
    for image, shape in ((IMAGE, (2, 3, 2, 2)), (VOLUME, (2, 2, 1, 3, 3))):
        if mode == "bicubic" and image.ndim == 5:
            continue
        found = []
        for library in (torch, pytorch):
            x = library.tensor(image, requires_grad=True)
            grid = library.tensor(places(*shape), requires_grad=True)
            out = library.nn.functional.grid_sample(x, grid, mode, padding, aligned)
            weights = library.tensor(np.cos(np.arange(out.numel())).reshape(tuple(out.shape)))
            (out * weights).sum().backward()
            found.append([out.detach().numpy(), x.grad.numpy(), grid.grad.numpy()])
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parity
def test_affine_grids_are_pytorchs(pytorch):
    for size in ((2, 1, 3, 4), (1, 1, 1, 5), (2, 1, 2, 3, 1)):
        theta = np.random.default_rng(4).normal(size=(size[0], len(size) - 2, len(size) - 1))
        for aligned in (True, False):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PyTorch's, of one pixel
                ours, theirs = (
                    library.nn.functional.affine_grid(library.tensor(theta), size, aligned).numpy()
                    for library in (torch, pytorch)
                )
            np.testing.assert_allclose(ours, theirs, atol=1e-14)
