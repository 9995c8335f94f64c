"""PyTorch's names for the nodes of a graph, as its tensors show them: `grad_fn=<NllLossBackward0>`.

PyTorch names a node after the function of its own that computed the value, and some of its functions are
several: `x.sum()` is SumBackward0, `x.sum(1)` SumBackward1. The saved values tell which one it was. Once a
backward has freed them, the name is that of the most usual one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops.op import REGISTRY
from minigrad.ops.refusal import flat, refusing

_RENAMED = {
    "cast": "ToCopyBackward0", "cholesky": "LinalgCholeskyExBackward0", "clamp": "ClampBackward1",
    "contiguous": "CloneBackward0", "convolution_back": "ConvolutionBackward0", "det": "LinalgDetBackward0",
    "dropout": "MulBackward0", "eigh": "LinalgEighBackward0", "embed_diagonal": "DiagEmbedBackward0",
    "entr": "SpecialEntrBackward0", "erfcx": "SpecialErfcxBackward0", "floor_divide": "DivBackward2",
    "fold": "Col2ImBackward0", "huber": "HuberLossBackward0", "i0e": "SpecialI0EBackward0",
    "i1": "SpecialI1Backward0", "i1e": "SpecialI1EBackward0", "inv": "LinalgInvExBackward0",
    "log1p": "Log1PBackward0", "logabsdet": "LinalgSlogdetBackward0", "logsigmoid": "LogSigmoidBackward0",
    "lu": "LinalgLuFactorExBackward0", "max": "MaxBackward1", "max_dim": "MaxBackward0",
    "median_dim": "MedianBackward1",
    "min": "MinBackward1", "min_dim": "MinBackward0", "ndtri": "SpecialNdtriBackward0",
    "pad": "ConstantPadNdBackward0", "pinv": "LinalgPinvBackward0", "prelu": "PreluKernelBackward0",
    "qr": "LinalgQrBackward0", "repeat_each": "ViewBackward0", "reshape": "ViewBackward0",
    "selu": "EluBackward0",
    "solve": "LinalgSolveExBackward0", "solve_triangular": "LinalgSolveTriangularBackward0",
    "square": "PowBackward0", "svd": "LinalgSvdBackward0", "tile": "RepeatBackward0",
    "trunc_divide": "DivBackward2", "vector_norm": "LinalgVectorNormBackward0",
    "zeta": "SpecialZetaBackward0",
}  # fmt: skip


def name_of(node: Any) -> str:
    """PyTorch's name for it: `TanhBackward0`, and `AccumulateGrad` for a leaf."""
    if node.op is None:
        return "AccumulateGrad"
    name: str = node.op.name
    if node.op is refusing:
        return "NotImplemented"
    if node.op is flat:
        return f"{(_saved(node, 1) or ('flat',))[-1].capitalize()}Backward0"
    if REGISTRY.get(name) is not node.op:  # a user's Function
        return f"{name}Backward"
    if name in _TOLD:
        return _TOLD[name](node)
    return _RENAMED.get(name) or "".join(part.capitalize() for part in name.split("_")) + "Backward0"


def _saved(node: Any, edge: int = 0) -> tuple[Any, ...]:
    """The saved values of an edge; () where there is none, or no longer."""
    edges = node.edges
    return edges[edge][1:] if edges and edges[edge] else ()


def _reduced(name: str) -> Callable[[Any], str]:
    """Over all elements, or over axes."""

    def told(node: Any) -> str:
        saved = _saved(node)
        over_axes = saved[-2] is not None if saved else bool(node.shape)  # they end with dim, keepdim
        return f"{name}Backward{int(over_axes)}"

    return told


def _picked(node: Any) -> str:
    """The last step of an index: an integer, a slice, a new axis; or tensors, which PyTorch takes at once."""
    index = [part for part in (_saved(node) or (0, (0,)))[-1] if part is not Ellipsis]
    if any(isinstance(part, (np.ndarray, list, bool, np.bool_)) for part in index):
        return "IndexBackward0"
    cut = [part for part in index if not (isinstance(part, slice) and part == slice(None))]
    if not cut:
        return "SliceBackward0" if len(index) == 1 else "AliasBackward0"
    if isinstance(cut[-1], slice):
        return "SliceBackward0"
    return "UnsqueezeBackward0" if cut[-1] is None else "SelectBackward0"


def _by_operand(name: str) -> Callable[[Any], str]:
    """The second operand is a tensor of the graph, or else something without a gradient."""

    def told(node: Any) -> str:
        edges = node.edges or (None, None)
        return f"{name}Backward{int(len(edges) > 1 and edges[1] is not None)}"

    return told


def _power(node: Any) -> str:
    base, exponent = (*(node.edges or ((), None)),)[:2]
    return f"PowBackward{2 if base is None else int(exponent is not None)}"


def _linear(node: Any) -> str:
    edges = node.edges or ((), (), ())
    biased = len(edges) > 2 and edges[2] is not None
    if len(node.shape) == 2:
        return "AddmmBackward0" if biased else "MmBackward0"
    if biased:
        return "ViewBackward0"
    return "UnsafeViewBackward0" if node.shape[1:] else "SqueezeBackward4"


def _product(node: Any) -> str:
    edges = node.edges or (None, None)
    sizes = [_axes_of(edge) for edge in edges[:2]]
    ndim = len(node.shape)
    if ndim > 2:
        return "UnsafeViewBackward0"
    if ndim == 2:
        return "UnsafeViewBackward0" if 3 in sizes else "MmBackward0"
    if not ndim:
        return "DotBackward0"
    return "SqueezeBackward4" if sizes[0] == 1 or sizes[1] == 2 else "MvBackward0"


def _axes_of(edge: Any) -> int | None:
    return len(edge[0].shape) if edge else None


def _cross_entropy(node: Any) -> str:
    saved = _saved(node)
    if saved and saved[-1]:  # the smoothing
        return "AddBackward0"
    return f"NllLoss{'2D' if saved and len(node.edges[0][0].shape) > 2 else ''}Backward0"


def _max_pool(node: Any) -> str:
    return "MaxPool2DWithIndicesBackward0" if len(node.shape) == 4 else "SqueezeBackward1"


def _resampled(node: Any) -> str:
    """Images in another size: by the mode, and the number of their axes."""
    mode = next((part for part in _saved(node) if isinstance(part, str)), "nearest")
    axes = len(node.shape) - 2
    if mode == "area":
        return f"AdaptiveAvgPool{axes}DBackward0"
    weighted = {"linear": ("Linear", "Bilinear", "Trilinear")[axes - 1], "cubic": "Bicubic"}
    kind = weighted.get(mode) or "".join(part.capitalize() for part in mode.split("-"))
    return f"Upsample{kind}{axes}DBackward0"


def _standardised(node: Any) -> str:
    """Batch normalisation goes over the first axis, group normalisation over the last of three."""
    saved = next((_saved(node, edge) for edge in (0, 1) if len(_saved(node, edge)) > 3), ())
    axes = saved[-4] if saved else (-1,)  # they end with dim, eps, seen, at
    return f"Native{'Batch' if 0 in axes else 'Group' if axes == (2,) else 'Layer'}NormBackward0"


_TOLD: dict[str, Callable[[Any], str]] = {
    "cross_entropy": _cross_entropy, "fmod": _by_operand("Fmod"), "getitem": _picked,
    "linear": _linear,
    "matmul": _product, "max_pool": _max_pool, "mean": _reduced("Mean"), "pow": _power,
    "prod": _reduced("Prod"), "remainder": _by_operand("Remainder"), "resample": _resampled,
    "sample_grid": lambda node: f"GridSampler{len(node.shape) - 2}DBackward0", "spread_windows": _resampled,
    "standardize": _standardised, "sum": _reduced("Sum"),
}  # fmt: skip
