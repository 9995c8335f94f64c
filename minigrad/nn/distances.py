"""Distances and similarities of vectors, and the losses made of them, as modules."""

from __future__ import annotations

from collections.abc import Callable

from minigrad._tensor.tensor import Tensor
from minigrad.nn.functional import distances as F
from minigrad.nn.functional.checks import older_reduction
from minigrad.nn.loss import _Loss
from minigrad.nn.module import Layer


class CosineSimilarity(Layer):
    """x1·x2 / (max(‖x1‖, eps)·max(‖x2‖, eps)) along dim.

    Arguments:
        dim: the axis of the vectors.
        eps: the least norm.

    >>> import minigrad as torch
    >>> torch.nn.CosineSimilarity(dim=0)(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0]))
    tensor(0.7071)
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Layer):
    """The norm of order p of x1 - x2 + eps along the last axis.

    Arguments:
        p: the order of the norm.
        eps: is added to each difference.
        keepdim: whether the last axis stays, with size 1.

    >>> import minigrad as torch
    >>> torch.nn.PairwiseDistance()(torch.tensor([3.0, 4.0]), torch.zeros(2))
    tensor(5.0000)
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineEmbeddingLoss(_Loss):
    """1 - cos of two vectors where the target is 1, max(0, cos - margin) where it is -1.

    Arguments:
        margin: how alike two vectors may be that should differ.
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> torch.nn.CosineEmbeddingLoss()(x, y, torch.tensor([1]))
    tensor(1.)
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), d being `PairwiseDistance`.

    Arguments:
        margin: how much farther the negative should be.
        p, eps: of the distance.
        swap: take the distance from positive to negative where it is smaller.
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> x, y = torch.zeros(1, 2), torch.ones(1, 2)
    >>> torch.nn.TripletMarginLoss(margin=2.0)(x, x, y)
    tensor(0.5858)
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """`TripletMarginLoss` with a distance of your own.

    Arguments:
        distance_function: of two tensors; `PairwiseDistance` where it is None.
        margin: how much farther the negative should be.
        swap: take the distance from positive to negative where it is smaller.
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> x, y = torch.zeros(1, 2), torch.ones(1, 2)
    >>> torch.nn.TripletMarginWithDistanceLoss(margin=2.0)(x, x, y)
    tensor(0.5858)
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.distance_function = distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
