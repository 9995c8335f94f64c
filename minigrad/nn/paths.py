"""The CTC loss as a module."""

from __future__ import annotations

from typing import Any

from minigrad._tensor.tensor import Tensor
from minigrad.nn.functional.paths import ctc_loss
from minigrad.nn.loss import _Loss


class CTCLoss(_Loss):
    """Minus the logarithm of the probability of all alignments that read as the labels.

    Arguments:
        blank: the class that reads as nothing.
        reduction: "mean" (over the batch, each loss divided by its number of labels), "sum" or "none".
        zero_infinity: count a sequence as 0 where no alignment is long enough and the loss is inf.

    The module takes `log_probs`, `targets`, `input_lengths` and `target_lengths`; see
    `nn.functional.ctc_loss` for their shapes.

    Source: Graves et al., "Connectionist temporal classification" (2006).

    >>> import minigrad as torch
    >>> log_probs = torch.full((2, 1, 2), 0.5).log()
    >>> torch.nn.CTCLoss()(log_probs, torch.tensor([[1]]), torch.tensor([2]), torch.tensor([1]))
    tensor(0.2877)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        return ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
