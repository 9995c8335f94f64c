"""Distances and similarities of vectors, and the losses made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad._tensor.compositions.differences import broadcast_tensors
from minigrad._tensor.gradient import overwrite
from minigrad._tensor.tensor import Tensor

from .checks import check_reduction, check_tensor, older_reduction, reduced
from .sizes import check_floating


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1·x2 / (max(‖x1‖, eps) max(‖x2‖, eps)) along `dim`.

    Arguments:
        x1, x2: floating tensors that broadcast.
        dim: the axis of the vectors.
        eps: the least norm.

    >>> import minigrad as torch
    >>> torch.nn.functional.cosine_similarity(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0]), dim=0)
    tensor(0.7071)
    """
    for argument, x in (("x1", x1), ("x2", x2)):
        check_tensor("cosine_similarity", argument, x)
        check_floating("cosine_similarity", x)
    if x1.shape != x2.shape:  # the norm is that of all the elements that a vector has then
        x1, x2 = broadcast_tensors(x1, x2)
    return (_over_norm(x1, dim, eps) * _over_norm(x2, dim, eps)).sum(dim)


def _over_norm(x: Tensor, dim: int, eps: float) -> Tensor:
    norm = x.norm(2, dim, keepdim=True).clone()
    overwrite(norm, norm.detach().clamp(min=eps))  # the gradient is that of the norm, as in PyTorch
    return x / norm


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The norm of order `p` of x1 - x2 + eps along the last axis.

    Arguments:
        x1, x2: floating tensors that broadcast.
        p: the order of the norm.
        eps: is added to each difference, so that the norm has a derivative.
        keepdim: whether the last axis stays, with size 1.

    >>> import minigrad as torch
    >>> torch.nn.functional.pairwise_distance(torch.tensor([3.0, 4.0]), torch.zeros(2))
    tensor(5.0000)
    """
    check_tensor("pairwise_distance", "x1", x1)
    check_tensor("pairwise_distance", "x2", x2)
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """1 - cos of two vectors where the target is 1, max(0, cos - margin) where it is -1.

    Arguments:
        input1, input2: (N, D), or (D) for one pair.
        target: (N) or (), of 1 and -1.
        margin: how alike two vectors may be that should differ.

    >>> import minigrad as torch
    >>> x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> torch.nn.functional.cosine_embedding_loss(x, y, torch.tensor([1]))
    tensor(1.)
    """
    reduction = older_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    if target.ndim > 1 or input1.ndim != target.ndim + 1 or input1.shape != input2.shape:
        raise RuntimeError(
            "cosine_embedding_loss: expected inputs (N, D) and a target (N), or (D) and (), but got "
            f"{tuple(input1.shape)}, {tuple(input2.shape)} and {tuple(target.shape)}"
        )
    products = (input1 * input2).sum(-1)
    cosine = products / (((input1 * input1).sum(-1) + 1e-12) * ((input2 * input2).sum(-1) + 1e-12)).sqrt()
    alike = (1 - cosine).masked_fill(target != 1, 0.0)
    apart = (cosine - margin).clamp(min=0).masked_fill(target != -1, 0.0)
    return reduced(alike + apart, reduction)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), d being `pairwise_distance`.

    Arguments:
        anchor, positive, negative: (N, D) or (D).
        margin: how much farther the negative should be.
        p, eps: of the distance.
        swap: take the distance from positive to negative where it is smaller.

    Source: Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses" (2016).

    >>> import minigrad as torch
    >>> x, y = torch.zeros(1, 2), torch.ones(1, 2)
    >>> torch.nn.functional.triplet_margin_loss(x, x, y, margin=2.0)
    tensor(0.5858)
    """
    reduction = older_reduction(size_average, reduce, reduction)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=distance, margin=margin, swap=swap, reduction=reduction
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of your own.

    Arguments:
        anchor, positive, negative: tensors of one rank.
        distance_function: of two of them; `pairwise_distance` where it is None.
        margin: how much farther the negative should be.
        swap: take the distance from positive to negative where it is smaller.

    >>> import minigrad as torch
    >>> x, y = torch.zeros(1, 2), torch.ones(1, 2)
    >>> torch.nn.functional.triplet_margin_with_distance_loss(x, x, y, margin=2.0)
    tensor(0.5858)
    """
    check_reduction(reduction)
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            f"but got: {anchor.ndim}D, {positive.ndim}D and {negative.ndim}D"
        )
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((margin + near - far).clamp(min=0), reduction)
