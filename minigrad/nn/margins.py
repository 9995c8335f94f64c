"""Losses of likelihoods, and losses that are 0 beyond a margin, as modules."""

from __future__ import annotations

from minigrad._tensor.tensor import Tensor
from minigrad.nn.functional import margins as F
from minigrad.nn.functional.checks import older_reduction
from minigrad.nn.loss import _Loss, _WeightedLoss


class PoissonNLLLoss(_Loss):
    """exp(x) - t·x, minus the logarithm of Poisson's likelihood up to a constant of the target.

    Arguments:
        log_input: whether the input is the logarithm of the rate.
        full: add Stirling's approximation of log(t!) for t > 1.
        eps: is added to a rate before its logarithm.
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> torch.nn.PoissonNLLLoss()(torch.tensor([0.0]), torch.tensor([2.0]))
    tensor(1.)
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """(log var + (x - t)² / var) / 2, minus the logarithm of a normal likelihood up to a constant.

    Arguments:
        full: add the constant log(2π)/2.
        eps: the least variance.
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> one, two = torch.tensor([1.0]), torch.tensor([3.0])
    >>> torch.nn.GaussianNLLLoss()(one, two, one)
    tensor(2.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class MarginRankingLoss(_Loss):
    """max(0, margin - t·(x1 - x2)): t = 1 wants x1 to be larger by the margin, t = -1 x2.

    Arguments:
        margin: how much larger.
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> one, two = torch.tensor([1.0]), torch.tensor([2.0])
    >>> torch.nn.MarginRankingLoss()(one, two, torch.tensor([1.0]))
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
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(_Loss):
    """x where the target is 1, max(0, margin - x) where it is -1: for x a distance.

    Arguments:
        margin: how far apart two should be.
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> torch.nn.HingeEmbeddingLoss()(torch.tensor([0.25, 0.25]), torch.tensor([1, -1]))
    tensor(0.5000)
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """log(1 + exp(-t·x)) for targets t of 1 and -1; finite for every finite x, where PyTorch has inf.

    Arguments:
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> torch.nn.SoftMarginLoss()(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The binary cross entropy of sigmoid(x), averaged over the classes, the last axis.

    Arguments:
        weight: a factor per class, (C), or None.
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> torch.nn.MultiLabelSoftMarginLoss()(torch.zeros(1, 2), torch.tensor([[0.0, 1.0]]))
    tensor(0.6931)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, older_reduction(size_average, reduce, reduction))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """The mean over the classes c other than the target t of max(0, margin - x_t + x_c)^p.

    Arguments:
        p: 1 or 2.
        margin: by how much the target's score should exceed the others.
        weight: a factor per class, (C), or None.
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> torch.nn.MultiMarginLoss()(torch.tensor([[0.0, 0.5]]), torch.tensor([0]))
    tensor(0.7500)
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, older_reduction(size_average, reduce, reduction))
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(_Loss):
    """The sum over targets t and other classes c of max(0, 1 - x_t + x_c), over the number of classes.

    Arguments:
        reduction: "mean", "sum" or "none", one value per element or sample.

    >>> import minigrad as torch
    >>> torch.nn.MultiLabelMarginLoss()(torch.tensor([0.0, 0.5]), torch.tensor([0, -1]))
    tensor(0.7500)
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)
