"""Losses as modules: a number that says how far predictions are from targets.

`reduction` is "mean" (the default), "sum", or "none" for one value per element or sample; `size_average` and
`reduce` are its older spelling, taken with a warning.

The arguments `input` and `target` of a call are floating tensors of one shape, where no other is given.
"""

from __future__ import annotations

import warnings

from minigrad._tensor.tensor import Tensor
from minigrad.nn import functional as F
from minigrad.nn.functional.checks import older_reduction
from minigrad.nn.module import Layer

_REDUCTIONS = ("none", "mean", "sum", "batchmean")


class _Loss(Layer):
    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in _REDUCTIONS:
            raise ValueError(f"reduction must be 'mean', 'sum' or 'none', not {reduction!r}")
        self.reduction = reduction


class MSELoss(_Loss):
    """(input - target)², for tensors of one shape.

    Arguments:
        reduction: "mean", "sum" or "none", one value per element.

    >>> import minigrad as torch
    >>> torch.nn.MSELoss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """|input - target|, for tensors of one shape.

    Arguments:
        reduction: "mean", "sum" or "none", one value per element.

    >>> import minigrad as torch
    >>> torch.nn.L1Loss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """d²/(2·beta) where d = |input - target| is below beta, d - beta/2 above.

    Arguments:
        reduction: "mean", "sum" or "none", one value per element.
        beta: where the parabola ends; 0 gives L1Loss.

    Source: Girshick, "Fast R-CNN" (2015), equation 3, with beta for its 1.

    >>> import minigrad as torch
    >>> torch.nn.SmoothL1Loss(reduction="none")(torch.tensor([1.0, 3.0]), torch.zeros(2))
    tensor([0.5000, 2.5000])
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """d²/2 where d = |input - target| is below delta, delta·(d - delta/2) above.

    Arguments:
        reduction: "mean", "sum" or "none", one value per element.
        delta: where the parabola ends; positive.

    Source: Huber, "Robust estimation of a location parameter" (1964).

    >>> import minigrad as torch
    >>> torch.nn.HuberLoss(reduction="none", delta=2.0)(torch.tensor([1.0, 3.0]), torch.zeros(2))
    tensor([0.5000, 4.0000])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class _WeightedLoss(_Loss):
    weight: Tensor | None

    def __init__(self, weight: Tensor | None, reduction: str) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)


class CrossEntropyLoss(_WeightedLoss):
    """-log softmax(input) at the target: the usual loss of a classifier that ends in scores (logits).

    `input` is (N, C), (C) or (N, C, d1, ...); `target` holds class indices (int64, without the C) or,
    with the input's shape, probabilities. `weight` (C) weighs the classes; a target equal to
    `ignore_index` counts for nothing; `label_smoothing` spreads that share of each target over all classes.

    Arguments:
        weight, ignore_index, label_smoothing: as above.
        reduction: "mean" (weighted by `weight`), "sum" or "none", one value per sample.

    >>> import minigrad as torch
    >>> torch.nn.CrossEntropyLoss()(torch.zeros(2, 10), torch.tensor([3, 7]))
    tensor(2.3026)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, older_reduction(size_average, reduce, reduction))
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """Minus the input at the target, for inputs that are log probabilities: cross entropy after log_softmax.

    Arguments:
        weight: a factor per class, (C).
        ignore_index: a target that counts for nothing.
        reduction: "mean" (weighted by `weight`), "sum" or "none", one value per sample.

    >>> import minigrad as torch
    >>> torch.nn.NLLLoss()(torch.log_softmax(torch.zeros(2, 10), 1), torch.tensor([3, 7]))
    tensor(2.3026)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, older_reduction(size_average, reduce, reduction))
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(
            input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class NLLLoss2d(NLLLoss):
    """The older name of `NLLLoss`, taken with a warning."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        warnings.warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class BCELoss(_WeightedLoss):
    """-(t·log p + (1-t)·log(1-p)) for probabilities p and targets t in [0, 1]; logarithms are cut at -100.

    Arguments:
        weight: a factor per element, which broadcasts to the input.
        reduction: "mean", "sum" or "none", one value per element.

    Raises:
        RuntimeError: in the call, for an input or a target outside [0, 1].

    >>> import minigrad as torch
    >>> torch.nn.BCELoss()(torch.tensor([0.5, 0.5]), torch.tensor([0.0, 1.0]))
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
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """BCELoss of sigmoid(input), finite for any score; `pos_weight` weighs the positive targets.

    Arguments:
        weight: a factor per element, which broadcasts to the input.
        reduction: "mean", "sum" or "none", one value per element.
        pos_weight: a factor of the positive targets, which broadcasts to the input.

    >>> import minigrad as torch
    >>> torch.nn.BCEWithLogitsLoss()(torch.tensor([1000.0]), torch.tensor([0.0]))
    tensor(1000.)
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, older_reduction(size_average, reduce, reduction))
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, weight=self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(_Loss):
    """target·(log target - input), the input being log probabilities; with `log_target` so is the target.

    The reduction "batchmean" divides the sum by the batch size, which is the divergence's definition; "mean"
    divides by the number of elements.

    Arguments:
        reduction: "mean", "batchmean", "sum" or "none", one value per element.
        log_target: whether the target holds log probabilities.

    >>> import minigrad as torch
    >>> p = torch.tensor([[0.25, 0.75]])
    >>> torch.nn.KLDivLoss(reduction="batchmean")(p.log(), p)
    tensor(0.)
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(older_reduction(size_average, reduce, reduction))
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
