"""A node has the name of the function of PyTorch that computes the value (the names are recorded from it)."""

import pytest

import minigrad as torch
from minigrad.nn import functional as F

W = torch.ones(3, 2, requires_grad=True)
x = torch.ones(2, requires_grad=True)
IMAGE = torch.ones(1, 2, 4, 4, requires_grad=True)
CLASSES = torch.tensor([0, 1, 0])
NAMES = {
    "SelectBackward0": [lambda: W[0], lambda: W[:, 0], lambda: W[1:, 0], lambda: W[None, 0]],
    "SliceBackward0": [lambda: W[1:], lambda: W[0, 1:], lambda: W[:], lambda: W.narrow(0, 0, 1)],
    "UnsqueezeBackward0": [lambda: W[..., None], lambda: W.unsqueeze(0)],
    "AliasBackward0": [lambda: W[:, :], lambda: W[...]],
    "IndexBackward0": [lambda: W[[0, 1]], lambda: W[W > 0], lambda: W[0, [1]], lambda: W[True]],
    "SumBackward0": [W.sum, x.sum],
    "SumBackward1": [lambda: W.sum(1), lambda: W.sum((0, 1)), lambda: x.sum(0)],
    "MeanBackward0": [W.mean],
    "MeanBackward1": [lambda: W.mean(0, keepdim=True), lambda: F.adaptive_avg_pool2d(IMAGE, 1)],
    "FmodBackward1": [lambda: torch.fmod(x, x)],
    "RemainderBackward1": [lambda: x % (x + 1)],
    "DivBackward2": [lambda: torch.div(x, x, rounding_mode="floor")],
    "LinalgSolveExBackward0": [lambda: torch.linalg.solve(torch.eye(2), W.T)],
    "LinalgSolveTriangularBackward0": [lambda: torch.linalg.solve_triangular(torch.eye(2), W.T, upper=True)],
    "SpecialEntrBackward0": [lambda: torch.special.entr(x)],
    "NotImplemented": [lambda: x // 2, lambda: torch.heaviside(x, x)],
    "ProdBackward0": [W.prod],
    "ProdBackward1": [lambda: W.prod(0)],
    "MaxBackward1": [W.max],
    "MaxBackward0": [lambda: W.max(0).values],
    "PowBackward0": [lambda: x**2.0, x.square],
    "PowBackward1": [lambda: x**x],
    "PowBackward2": [lambda: 2**x],
    "AddmmBackward0": [lambda: F.linear(W, W, torch.ones(3, requires_grad=True))],
    "MmBackward0": [lambda: F.linear(W, W), lambda: W @ W.T],
    "MvBackward0": [lambda: W @ x],
    "DotBackward0": [lambda: x @ x],
    "SqueezeBackward4": [lambda: F.linear(x, W), lambda: x @ W.T],
    "UnsafeViewBackward0": [lambda: F.linear(IMAGE, torch.ones(3, 4)), lambda: IMAGE @ IMAGE.mT],
    "ViewBackward0": [
        W.flatten, lambda: W.view(6),
        lambda: F.linear(IMAGE, torch.ones(3, 4), torch.ones(3, requires_grad=True)),
    ],
    "NllLossBackward0": [lambda: F.cross_entropy(W, CLASSES), lambda: F.nll_loss(W, CLASSES)],
    "NllLoss2DBackward0": [lambda: F.cross_entropy(IMAGE, torch.zeros(1, 4, 4, dtype=torch.int64))],
    "AddBackward0": [lambda: F.cross_entropy(W, CLASSES, label_smoothing=0.1), lambda: W + 1],
    "NativeLayerNormBackward0": [
        lambda: F.layer_norm(W, (2,)),
        lambda: torch.nn.LayerNorm(2)(W), lambda: torch.nn.LayerNorm((4, 4))(IMAGE),
    ],
    "NativeBatchNormBackward0": [lambda: torch.nn.BatchNorm1d(2)(W), lambda: torch.nn.BatchNorm2d(2)(IMAGE)],
    "NativeGroupNormBackward0": [lambda: torch.nn.GroupNorm(2, 2)(IMAGE), lambda: F.group_norm(IMAGE, 1)],
    "MaxPool2DWithIndicesBackward0": [lambda: F.max_pool2d(IMAGE, 2)],
    "UpsampleNearest2DBackward0": [lambda: F.interpolate(IMAGE, 8), lambda: F.interpolate(IMAGE, 5)],
    "UpsampleNearestExact2DBackward0": [lambda: F.interpolate(IMAGE, 5, mode="nearest-exact")],
    "UpsampleLinear1DBackward0": [lambda: F.interpolate(IMAGE[0], 8, mode="linear")],
    "UpsampleBilinear2DBackward0": [lambda: F.interpolate(IMAGE, 8, mode="bilinear")],
    "UpsampleBicubic2DBackward0": [lambda: F.interpolate(IMAGE, 8, mode="bicubic")],
    "UpsampleTrilinear3DBackward0": [lambda: F.interpolate(IMAGE[None], 8, mode="trilinear")],
    "GridSampler2DBackward0": [lambda: F.grid_sample(IMAGE, torch.zeros(1, 1, 1, 2), align_corners=True)],
    "AdaptiveAvgPool2DBackward0": [lambda: F.adaptive_avg_pool2d(IMAGE, 2)],
    "ToCopyBackward0": [W.double],
    "ClampBackward1": [lambda: W.clamp(0)],
    "RepeatBackward0": [lambda: W.repeat(2, 2)],
    "LinalgVectorNormBackward0": [W.norm],
    "ConvolutionBackward0": [
        lambda: F.conv2d(IMAGE, IMAGE),
        lambda: F.conv_transpose2d(IMAGE, torch.ones(2, 1, 1, 1))],
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_node_has_the_name_of_the_function_of_pytorch(name):
    for call in NAMES[name]:
        result = call()
        assert result.grad_fn.name() == name
        assert f"grad_fn=<{name}>" in repr(result)


def test_a_users_function_names_its_node_after_its_class():
    class MyCube3(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x**3

        @staticmethod
        def backward(ctx, g):
            return g

    assert "grad_fn=<MyCube3Backward>" in repr(MyCube3.apply(x))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: F.cross_entropy(W, CLASSES), "NllLossBackward0"),
        (W.mean, "MeanBackward0"),
        (lambda: (x @ x) ** 2, "PowBackward0"),
        (lambda: W[0, 0], "SelectBackward0"),
    ],
)
def test_a_node_keeps_its_name_after_the_backward(call, name):
    result = call()
    result.backward()
    assert result.grad_fn.name() == name
